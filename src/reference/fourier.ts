/** Fourier features of coordinates and the phases of complex-order embeddings, number by number. */
import { fixed, mul, pi } from './fixed.ts';
import { log, pow, quarterTurnRate, sincos, sincosAt } from './math.ts';
import { elements, type ReferenceTensor, type Shaped, shaped, tensor } from './result.ts';

export interface NerfEncodingOptions {
  readonly numFrequencies: number;
  readonly maxFrequencyLog2?: number;
  readonly logSampling?: boolean;
  readonly includeInput?: boolean;
  readonly timesPi?: boolean;
  readonly arrangement?: 'bands' | 'dimensions' | 'concat';
  readonly shape?: readonly number[];
}

/** [..., dims (2 n + 1)]: x, then sines and cosines: by band, by dimension, or all sines first. */
export function nerfEncoding(x: Float32Array | Shaped, options: NerfEncodingOptions): ReferenceTensor {
  const { numFrequencies: n, maxFrequencyLog2 = n - 1, logSampling = true, includeInput = true } = options;
  const { shape, data } = shaped('x', x, options.shape);
  const dims = shape[shape.length - 1];
  const bands = Array.from({ length: n }, (_, k) => {
    const step = n > 1 ? k / (n - 1) : 0;
    return logSampling ? pow(2, maxFrequencyLog2 * step) : 1 + step * (pow(2, maxFrequencyLog2) - 1);
  });
  const { timesPi = false, arrangement = 'bands' } = options;
  const rates = bands.map((f) => quarterTurnRate(timesPi ? mul(fixed(f), pi()) : fixed(f)));
  const values: number[] = [];
  for (let row = 0; row < data.length; row += dims) {
    const point = Array.from(data.subarray(row, row + dims));
    if (includeInput) values.push(...point);
    const of = (v: number, rate: bigint) => sincosAt(v, rate);
    if (arrangement === 'bands') {
      for (const rate of rates) values.push(...point.map((v) => of(v, rate).sin), ...point.map((v) => of(v, rate).cos));
    } else {
      const all = point.flatMap((v) => rates.map((rate) => of(v, rate)));
      if (arrangement === 'dimensions') values.push(...all.flatMap(({ sin, cos }) => [sin, cos]));
      else values.push(...all.map((p) => p.sin), ...all.map((p) => p.cos));
    }
  }
  const width = dims * (2 * n + (includeInput ? 1 : 0));
  return tensor([...shape.slice(0, -1), width], Float32Array.from(values));
}

/** Whole turns: 4 quarters. */
const TURN = 4n << 256n;

/** [..., 2 m]: sin and cos of 2 pi x B^T. */
export function fourierFeatures(
  x: Float32Array | Shaped,
  matrix: Float32Array | Shaped,
  options: { shape?: readonly number[]; matrixShape?: readonly number[]; order?: 'sin-cos' | 'cos-sin' } = {},
): ReferenceTensor {
  const { shape, data } = shaped('x', x, options.shape);
  const b = shaped('matrix', matrix, options.matrixShape);
  const [m, dims] = b.shape;
  const values: number[] = [];
  for (let row = 0; row < data.length; row += dims) {
    const turns = Array.from({ length: m }, (_, j) => {
      let sum = 0;
      for (let d = 0; d < dims; d++) sum += data[row + d] * b.data[j * dims + d];
      return sincosAt(sum, TURN);
    });
    const [sines, cosines] = [turns.map((t) => t.sin), turns.map((t) => t.cos)];
    values.push(...(options.order === 'cos-sin' ? [...cosines, ...sines] : [...sines, ...cosines]));
  }
  return tensor([...shape.slice(0, -1), 2 * m], Float32Array.from(values));
}

/** [n, 2 m]: sin and cos of 2 pi x w, x or its logarithm. */
export function gaussianFourier(
  x: Float32Array,
  weights: Float32Array,
  options: { log: boolean; flipSinToCos?: boolean },
): ReferenceTensor {
  const values: number[] = [];
  for (const value of x) {
    const turns = Array.from(weights, (w) => sincosAt((options.log ? log(value) : value) * w, TURN));
    const [sines, cosines] = [turns.map((t) => t.sin), turns.map((t) => t.cos)];
    values.push(...(options.flipSinToCos ? [...cosines, ...sines] : [...sines, ...cosines]));
  }
  return tensor([x.length, 2 * weights.length], Float32Array.from(values));
}

/** grid [..., axes, 1], sin and cos [..., axes, bands] of pi band coordinate. */
export function pixelBands(options: {
  grid: readonly number[];
  numBands?: number;
  maxRes?: number;
  linearBands?: boolean;
}): { grid: ReferenceTensor; sin: ReferenceTensor; cos: ReferenceTensor } {
  const { grid: sizes, numBands: n = 64, maxRes = 224, linearBands = false } = options;
  const bands = Array.from({ length: n }, (_, k) => {
    const step = n > 1 ? k / (n - 1) : 0;
    return linearBands ? 1 + step * (maxRes / 2 - 1) : pow(maxRes / 2, step);
  });
  const rates = bands.map((band) => quarterTurnRate(mul(fixed(band), pi())));
  const axes = sizes.length;
  const grid = tensor([...sizes, axes, 1]);
  const sin = tensor([...sizes, axes, n]);
  const cos = tensor([...sizes, axes, n]);
  for (let cell = 0; cell < elements(sizes); cell++) {
    for (let axis = 0, rest = cell; axis < axes; axis++) {
      const inner = elements(sizes.slice(axis + 1));
      const index = Math.floor(rest / inner);
      rest %= inner;
      const place = sizes[axis] > 1 ? (2 * index) / (sizes[axis] - 1) - 1 : -1;
      grid.data[cell * axes + axis] = place;
      rates.forEach((rate, k) => {
        const pair = sincosAt(place, rate);
        sin.data[(cell * axes + axis) * n + k] = pair.sin;
        cos.data[(cell * axes + axis) * n + k] = pair.cos;
      });
    }
  }
  return { grid, sin, cos };
}

/** real and imaginary [n, d] of r exp(i (omega position + phi)); frequency and phase [V, d], [V, 1] or [1, d]. */
export function complexOrder(options: {
  ids: ArrayLike<number>;
  positions: ArrayLike<number>;
  amplitude: Shaped;
  frequency: Shaped;
  phase?: Shaped;
}): { real: Float32Array; imaginary: Float32Array } {
  const { ids, positions, amplitude, frequency, phase } = options;
  const d = amplitude.shape[1];
  const at = (table: Shaped, word: number, k: number) => {
    const [rows, columns] = table.shape;
    return table.data[(rows === 1 ? 0 : word) * columns + (columns === 1 ? 0 : k)];
  };
  const real = new Float32Array(ids.length * d);
  const imaginary = new Float32Array(ids.length * d);
  for (let t = 0; t < ids.length; t++) {
    for (let k = 0; k < d; k++) {
      const angle = at(frequency, ids[t], k) * positions[t] + (phase ? at(phase, ids[t], k) : 0);
      const { sin, cos } = sincos(angle);
      real[t * d + k] = at(amplitude, ids[t], k) * cos;
      imaginary[t * d + k] = at(amplitude, ids[t], k) * sin;
    }
  }
  return { real, imaginary };
}

export interface PerceiverEncodingOptions {
  readonly grid?: readonly number[];
  /** [n][axes] flat. */
  readonly positions?: ArrayLike<number>;
  readonly maxResolution: number | readonly number[];
  readonly numBands: number;
  readonly concatPos?: boolean;
  readonly sineOnly?: boolean;
}

/** [cells, axes (1 + 2 bands)]: the coordinates, the sines axis after axis, the cosines. */
export function perceiverEncoding(options: PerceiverEncodingOptions): ReferenceTensor {
  const { grid, numBands, concatPos = true, sineOnly = false } = options;
  const given = options.maxResolution;
  const resolutions = typeof given === 'number' ? (grid ?? [1]).map(() => given) : given;
  const axes = resolutions.length;
  const cells = grid === undefined ? listed() : product(grid);
  const values = cells.flatMap((cell) => {
    const all = cell.flatMap((x, a) =>
      Array.from({ length: numBands }, (_, k) => {
        const band = 1 + (k * (resolutions[a] / 2 - 1)) / Math.max(1, numBands - 1);
        return sincosAt(x, quarterTurnRate(mul(fixed(band), pi())));
      }),
    );
    return [...(concatPos ? cell : []), ...all.map((p) => p.sin), ...(sineOnly ? [] : all.map((p) => p.cos))];
  });
  const width = axes * ((concatPos ? 1 : 0) + (sineOnly ? 1 : 2) * numBands);
  return tensor([cells.length, width], Float32Array.from(values));

  function listed(): number[][] {
    const flat = Array.from(options.positions ?? []);
    return Array.from({ length: flat.length / axes }, (_, i) => flat.slice(i * axes, (i + 1) * axes));
  }
}

function product(grid: readonly number[]): number[][] {
  if (grid.length === 0) return [[]];
  const [n, ...rest] = grid;
  const inner = product(rest);
  return Array.from({ length: n }, (_, i) => (n > 1 ? (2 * i) / (n - 1) - 1 : -1)).flatMap((x) =>
    inner.map((cell) => [x, ...cell]),
  );
}
