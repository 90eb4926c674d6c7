/**
 * Biases over a window of tokens: Swin (arXiv 2103.14030), Video Swin (2106.13230), SwinV2 (2111.09883), BEiT (2106.08254), MaxViT
 * (2204.01697), LeViT (2104.01136), and the mask of shifted windows. Every pair of tokens by itself.
 */
import { log } from './math.ts';
import { type Layer, network, outputsOf, sigmoid, signedLog } from './mlp.ts';
import { onlyKeys, output, type ReferenceTensor, type Shaped, shaped } from './result.ts';

export interface GridOptions {
  /** [height, width] in tokens. */
  readonly windowSize: readonly [number, number];
  /** Only the query tokens [from, to). */
  readonly rows?: readonly [number, number];
  readonly shape?: readonly number[];
  readonly out?: Float32Array | Shaped;
}

const GRID_OPTIONS = ['windowSize', 'rows', 'shape', 'out'];

/** Row of Swin's table for query q and key k, or of BEiT's with a CLS token at 0: n - 3, n - 2, n - 1 for its pairs. */
export function swinIndex(
  [height, width]: readonly [number, number],
  q: number,
  k: number,
  classToken = false,
): number {
  const grid = (2 * height - 1) * (2 * width - 1);
  if (classToken && (q === 0 || k === 0)) return q === 0 && k === 0 ? grid + 2 : q === 0 ? grid : grid + 1;
  const [a, b] = classToken ? [q - 1, k - 1] : [q, k];
  const dy = Math.floor(a / width) - Math.floor(b / width);
  const dx = (a % width) - (b % width);
  return (dy + height - 1) * (2 * width - 1) + dx + width - 1;
}

function pairs(options: GridOptions, heads: number, extra: number, value: (h: number, q: number, k: number) => number) {
  const tokens = options.windowSize[0] * options.windowSize[1] + extra;
  const [from, to] = options.rows ?? [0, tokens];
  const result = output([heads, to - from, tokens], options.out);
  let at = 0;
  for (let h = 0; h < heads; h++) {
    for (let q = from; q < to; q++) for (let k = 0; k < tokens; k++) result.data[at++] = value(h, q, k);
  }
  return result;
}

export interface SwinBiasOptions extends Omit<GridOptions, 'windowSize'> {
  /** [height, width] or [frames, height, width]. */
  readonly windowSize: readonly number[];
  readonly frames?: number;
}

/** Table [(2 height - 1)(2 width - 1), heads], or [(2 frames - 1)(2 height - 1)(2 width - 1), heads]. */
export function swinBias(table: Float32Array | Shaped, options: SwinBiasOptions): ReferenceTensor {
  onlyKeys('swinBias', options, [...GRID_OPTIONS, 'frames']);
  const { data, shape } = shaped('table', table, options.shape);
  const [height, width] = options.windowSize.slice(-2);
  const tableFrames = options.windowSize.length === 3 ? options.windowSize[0] : 1;
  const frames = options.frames ?? tableFrames;
  const cells = height * width;
  const plane = (2 * height - 1) * (2 * width - 1);
  // frames under each other are rows of one window, but for the row of the table
  const window = [frames * height, width] as const;
  return pairs({ ...options, windowSize: window }, shape[1], 0, (h, q, k) => {
    const apart = Math.floor(q / cells) - Math.floor(k / cells) + tableFrames - 1;
    return data[(apart * plane + swinIndex([height, width], q % cells, k % cells)) * shape[1] + h];
  });
}

export interface OffsetBiasOptions {
  readonly resolution: readonly [number, number];
  readonly stride?: number;
  readonly rows?: readonly [number, number];
  readonly shape?: readonly number[];
  readonly out?: Float32Array | Shaped;
}

/** Table [heads, height x width]. */
export function offsetBias(table: Float32Array | Shaped, options: OffsetBiasOptions): ReferenceTensor {
  onlyKeys('offsetBias', options, ['resolution', 'stride', 'rows', 'shape', 'out']);
  const { data, shape } = shaped('table', table, options.shape);
  const [height, width] = options.resolution;
  const stride = options.stride ?? 1;
  const places: (readonly [number, number])[] = [];
  for (let y = 0; y < height; y += stride) for (let x = 0; x < width; x += stride) places.push([y, x]);
  const [from, to] = options.rows ?? [0, places.length];
  const result = output([shape[0], to - from, height * width], options.out);
  let at = 0;
  for (let h = 0; h < shape[0]; h++) {
    for (const [y, x] of places.slice(from, to)) {
      for (let ky = 0; ky < height; ky++) {
        for (let kx = 0; kx < width; kx++) {
          result.data[at++] = data[h * height * width + Math.abs(y - ky) * width + Math.abs(x - kx)];
        }
      }
    }
  }
  return result;
}

export interface ShiftedWindowMaskOptions {
  readonly gridSize: readonly number[];
  readonly windowSize: readonly number[];
  readonly shiftSize?: readonly number[];
  readonly maskValue?: number;
}

/** The mask of every window: cells of the rolled grid are painted by where they came from, windows are cut out of it. */
export function shiftedWindowMask(options: ShiftedWindowMaskOptions): ReferenceTensor {
  onlyKeys('shiftedWindowMask', options, ['gridSize', 'windowSize', 'shiftSize', 'maskValue']);
  const { windowSize, maskValue = -100 } = options;
  const shift = options.shiftSize ?? windowSize.map((n) => Math.floor(n / 2));
  const windows = options.gridSize.map((n, a) => Math.ceil(n / windowSize[a]));
  const cells = (sizes: readonly number[], n: number) => {
    const at: number[] = [];
    for (let a = sizes.length - 1; a >= 0; a--) {
      at[a] = n % sizes[a];
      n = Math.floor(n / sizes[a]);
    }
    return at;
  };
  const count = windows.reduce((a, b) => a * b, 1);
  const n = windowSize.reduce((a, b) => a * b, 1);
  const result = output([count, n, n], undefined);
  for (let w = 0; w < count; w++) {
    const corner = cells(windows, w).map((p, a) => p * windowSize[a]);
    const moved = (token: number) =>
      cells(windowSize, token).map((p, a) => shift[a] > 0 && corner[a] + p >= windows[a] * windowSize[a] - shift[a]);
    for (let x = 0; x < n; x++) {
      for (let y = 0; y < n; y++) {
        const [a, b] = [moved(x), moved(y)];
        result.data[(w * n + x) * n + y] = a.every((side, axis) => side === b[axis]) ? 0 : maskValue;
      }
    }
  }
  return result;
}

/** Table [(2 height - 1)(2 width - 1) + 3, heads]. */
export function beitBias(table: Float32Array | Shaped, options: GridOptions): ReferenceTensor {
  onlyKeys('beitBias', options, GRID_OPTIONS);
  const { data, shape } = shaped('table', table, options.shape);
  return pairs(options, shape[1], 1, (h, q, k) => data[swinIndex(options.windowSize, q, k, true) * shape[1] + h]);
}

/** Table [heads, 2 height - 1, 2 width - 1], key minus query. */
export function maxvitBias(table: Float32Array | Shaped, options: GridOptions): ReferenceTensor {
  onlyKeys('maxvitBias', options, GRID_OPTIONS);
  const { data, shape } = shaped('table', table, options.shape);
  const entries = shape[1] * shape[2];
  return pairs(options, shape[0], 0, (h, q, k) => data[h * entries + swinIndex(options.windowSize, k, q)]);
}

export interface SwinV2BiasOptions extends Omit<GridOptions, 'shape'> {
  readonly layers: readonly Layer[];
  readonly pretrainedWindowSize?: readonly [number, number];
  /** Default 'swin'. */
  readonly mode?: 'swin' | 'cr';
}

/** The coordinate of a difference d along an axis of `side` tokens. */
export function swinV2Coordinate(d: number, side: number, pretrained: number, mode: 'swin' | 'cr'): number {
  if (d === 0 || mode === 'cr') return Math.fround(signedLog(d));
  return Math.fround(signedLog((8 * d) / ((pretrained > 0 ? pretrained : side) - 1)) / log(2) / 3);
}

export function swinV2Bias(options: SwinV2BiasOptions): ReferenceTensor {
  onlyKeys('swinV2Bias', options, ['windowSize', 'rows', 'out', 'layers', 'pretrainedWindowSize', 'mode']);
  const { windowSize, layers, mode = 'swin', pretrainedWindowSize = [0, 0] } = options;
  const [height, width] = windowSize;
  const memo = new Map<number, number[]>();
  return pairs(options, outputsOf(layers, 2), 0, (h, q, k) => {
    const index = swinIndex(windowSize, q, k);
    let values = memo.get(index);
    if (values === undefined) {
      const y = swinV2Coordinate(
        Math.floor(index / (2 * width - 1)) - height + 1,
        height,
        pretrainedWindowSize[0],
        mode,
      );
      const x = swinV2Coordinate((index % (2 * width - 1)) - width + 1, width, pretrainedWindowSize[1], mode);
      values = network(layers, [y, x], 'relu').map((v) => (mode === 'swin' ? 16 * sigmoid(v) : v));
      memo.set(index, values);
    }
    return values[h];
  });
}
