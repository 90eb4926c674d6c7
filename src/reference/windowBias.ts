/**
 * Biases over a window of tokens: Swin (arXiv 2103.14030), SwinV2 (2111.09883), BEiT (2106.08254), MaxViT (2204.01697). Every
 * pair of tokens by itself.
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

/** Table [(2 height - 1)(2 width - 1), heads]. */
export function swinBias(table: Float32Array | Shaped, options: GridOptions): ReferenceTensor {
  onlyKeys('swinBias', options, GRID_OPTIONS);
  const { data, shape } = shaped('table', table, options.shape);
  return pairs(options, shape[1], 0, (h, q, k) => data[swinIndex(options.windowSize, q, k) * shape[1] + h]);
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
  const known = new Map<number, number[]>();
  return pairs(options, outputsOf(layers, 2), 0, (h, q, k) => {
    const index = swinIndex(windowSize, q, k);
    let values = known.get(index);
    if (values === undefined) {
      const y = swinV2Coordinate(
        Math.floor(index / (2 * width - 1)) - height + 1,
        height,
        pretrainedWindowSize[0],
        mode,
      );
      const x = swinV2Coordinate((index % (2 * width - 1)) - width + 1, width, pretrainedWindowSize[1], mode);
      values = network(layers, [y, x], 'relu').map((v) => (mode === 'swin' ? 16 * sigmoid(v) : v));
      known.set(index, values);
    }
    return values[h];
  });
}
