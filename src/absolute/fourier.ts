/**
 * Fourier features of coordinates. NeRF's encoding (Mildenhall et al., arXiv 2003.08934: the paper's with a factor pi, the
 * code's without), random Fourier features (Tancik et al., arXiv 2006.10739), their one-dimensional form in diffusion models, and the pixel
 * bands of the Perceiver as timm computes them.
 */

import { divNumber, from, mul, mulNumber, PI, pow } from '../phase/dd.ts';
import { type Ladder, ladderFrom } from '../phase/ladder.ts';
import { checkFrequencies } from '../phase/plan.ts';
import { stridedPhases } from '../phase/strided.ts';
import { boolean, exclusive, finite, oneOf, size, take } from '../runtime/arguments.ts';
import { LOG } from '../runtime/codes.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import { type NumberList, numbers } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import { checkShape, elementsOf, rowsIn } from '../runtime/shapes.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { axesOf, PLAIN, repeatAxis, splitAxis, writeColumns } from './axes.ts';

interface InputOptions extends OutOption, EngineOption {
  /** Shape of x, [..., dims]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

export interface NerfEncodingOptions extends InputOptions {
  /** Bands. NeRF: 10 for places, 4 for directions. */
  readonly numFrequencies: number;
  /** Largest frequency is 2 to this. Default numFrequencies - 1. */
  readonly maxFrequencyLog2?: number;
  /** Powers of two; otherwise evenly spaced from 1. Default true. */
  readonly logSampling?: boolean;
  /** x itself in front. Default true. */
  readonly includeInput?: boolean;
  /** Frequencies times pi: the paper, tiny-cuda-nn, Hunyuan3D's include_pi. Default false (NeRF's code). */
  readonly timesPi?: boolean;
  /**
   * 'bands': sin(f0 x), cos(f0 x), sin(f1 x) ..., each as wide as x (NeRF's code); 'dimensions': sin(f0 x0), cos(f0 x0),
   * sin(f1 x0) ..., then x1 (the paper, tiny-cuda-nn); 'concat': all sines, f0 x0, f1 x0 ..., then all cosines (Hunyuan3D,
   * Michelangelo). Default 'bands'.
   */
  readonly arrangement?: 'bands' | 'dimensions' | 'concat';
}

/**
 * [x | sines and cosines of x in 2^k radians], in the order of `arrangement`; the factor pi is multiplied in exactly.
 * Each value is the sine or cosine of the exact angle, rounded once.
 * @param x coordinates [..., dims]: a Tensor, or a flat array with `shape`
 * @param given `numFrequencies`, and what the code at hand does otherwise
 * @returns float32 [..., dims (2 numFrequencies + 1)]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Mildenhall et al., NeRF, arXiv 2003.08934, eq. 4
 * @example
 * console.log(nerfEncoding(Tensor.from([0.5], [1, 1]), { numFrequencies: 2 }).data); // Float32Array(5) [ 0.5, 0.4794255495071411, 0.8775825500488281, 0.8414709568023682, 0.5403022766113281 ]
 */
export function nerfEncoding(x: Floats, given: NerfEncodingOptions): Tensor {
  const o = take('nerfEncoding', given, [
    'numFrequencies',
    'maxFrequencyLog2',
    'logSampling',
    'includeInput',
    'timesPi',
    'arrangement',
    'shape',
    'out',
    'engine',
  ]);
  const bands = size('numFrequencies', o.numFrequencies, 1, 4096);
  const most = finite('maxFrequencyLog2', o.maxFrequencyLog2, { min: -64, max: 40 }, bands - 1);
  const logSampling = boolean('logSampling', o.logSampling, true);
  const include = boolean('includeInput', o.includeInput, true) ? 1 : 0;
  const timesPi = boolean('timesPi', o.timesPi, false);
  const arrangement = oneOf('arrangement', o.arrangement, ['bands', 'dimensions', 'concat'], 'bands');
  const call = gate('nerfEncoding', o.engine);
  const source = call.input('x', x, o.shape);
  const { rows, dims } = vectors(source.shape);
  const width = dims * (2 * bands + include);
  const frequencies = nerfBands(bands, most, logSampling, timesPi);
  checkFrequencies(frequencies);
  finiteData(source);
  const result = call.output('out', o.out, [...source.shape.slice(0, -1), width]);
  return call.run((engine) => {
    if (result.length === 0) return result.tensor;
    const [to, stride] = [result.pointer, 4 * width];
    if (include) engine.kernels.copyRows(to, stride, source.pointer, 4 * dims, rows, dims, rows);
    const list = engine.view('float32', source.pointer, rows * dims);
    for (let d = 0; d < dims; d++) {
      const first = to + 4 * include * dims;
      const target = { ...placesOf(arrangement, first, d, dims, bands), rowStride: stride };
      stridedPhases(engine, frequencies, list, target, d, dims);
    }
    return result.tensor;
  });
}

/** Where dimension d has its sines and cosines, and how far apart those of two bands are. */
function placesOf(arrangement: string, first: number, d: number, dims: number, bands: number) {
  if (arrangement === 'concat') {
    const sin = first + 4 * d * bands;
    return { sin, cos: sin + 4 * dims * bands, columnStride: 4 };
  }
  if (arrangement === 'dimensions') {
    const sin = first + 8 * d * bands;
    return { sin, cos: sin + 4, columnStride: 8 };
  }
  const sin = first + 4 * d;
  return { sin, cos: sin + 4 * dims, columnStride: 8 * dims };
}

/** 2^linspace(0, most, n), or linspace(1, 2^most, n), times pi. */
function nerfBands(n: number, most: number, logSampling: boolean, timesPi: boolean): Ladder {
  const plain = powersOfTwo(n, most, logSampling);
  if (!timesPi) return plain;
  return ladderFrom(`pi times ${plain.key}`, () => Array.from(plain.hi, (hi, i) => mul({ hi, lo: plain.lo[i] }, PI)));
}

function powersOfTwo(n: number, most: number, logSampling: boolean): Ladder {
  return ladderFrom(`nerf ${n} ${most} ${logSampling}`, () => {
    const last = Math.max(1, n - 1);
    const top = pow(from(2), from(most));
    return Array.from({ length: n }, (_, k) => {
      if (logSampling) return pow(from(2), divNumber(from(k * most), last));
      const step = divNumber({ hi: top.hi - 1, lo: top.lo }, last);
      const risen = mulNumber(step, k);
      const hi = 1 + risen.hi;
      return { hi, lo: 1 - hi + risen.hi + risen.lo };
    });
  });
}

export interface FourierFeaturesOptions extends InputOptions {
  /** Shape of the matrix, [features, dims]; needed for a plain Float32Array. */
  readonly matrixShape?: readonly number[];
  /** Default 'sin-cos'. */
  readonly order?: 'sin-cos' | 'cos-sin';
}

/**
 * Random Fourier features [sin(2 pi x B^T) | cos(2 pi x B^T)], whole turns removed exactly.
 * The product is float64, sines and cosines are rounded once.
 * @param x coordinates [..., dims]: a Tensor, or a flat array with `shape`
 * @param matrix B, [features, dims]
 * @param given `shape` of x and B where they are plain arrays
 * @returns float32 [..., 2 features]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Tancik et al., Fourier features, arXiv 2006.10739
 * @example
 * const x = Tensor.from([0.25, 0.5], [1, 2]);
 * const B = Tensor.from([1, 0, 0, 1], [2, 2]);
 * console.log(fourierFeatures(x, B).data); // Float32Array(4) [ 1, -0, -0, -1 ]
 */
export function fourierFeatures(x: Floats, matrix: Floats, given: FourierFeaturesOptions = {}): Tensor {
  const o = take('fourierFeatures', given, ['shape', 'matrixShape', 'order', 'out', 'engine']);
  const order = oneOf('order', o.order, ['sin-cos', 'cos-sin'], 'sin-cos');
  const call = gate('fourierFeatures', o.engine);
  const source = call.input('x', x, o.shape);
  const table = call.input('matrix', matrix, o.matrixShape, 'float32', 'matrixShape');
  const { dims } = vectors(source.shape);
  if (table.shape.length !== 2 || table.shape[1] !== dims) {
    throw new PosencError('ERR_SHAPE', `matrix: expected [features, ${dims}], got [${table.shape.join(', ')}]`);
  }
  finiteData(source);
  return project(call, source, table, dims, source.shape.slice(0, -1), order === 'cos-sin', false, o.out);
}

export interface GaussianFourierOptions extends OutOption, EngineOption {
  /** The natural logarithm of x first, as diffusers does for noise levels. */
  readonly log: boolean;
  /** Cosines first. Default false. */
  readonly flipSinToCos?: boolean;
}

/**
 * Gaussian Fourier projection of scalars, [sin(2 pi x w) | cos(2 pi x w)] (diffusers GaussianFourierProjection; Song et al.,
 * arXiv 2011.13456). The weights carry their scale.
 * Whole turns are removed exactly, sines and cosines are rounded once.
 * @param x [n] numbers, of time steps their logarithm
 * @param weights w, [features], with their scale
 * @param given the order of sines and cosines
 * @returns float32 [n, 2 weights]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Song et al., arXiv 2011.13456; diffusers GaussianFourierProjection
 * @example
 * console.log(gaussianFourier(Tensor.from([0.5], [1]), Tensor.from([1, 0.5], [2]), { log: false }).data); // Float32Array(4) [ -0, 1, -1, -0 ]
 */
export function gaussianFourier(x: Floats, weights: Floats, given: GaussianFourierOptions): Tensor {
  const o = take('gaussianFourier', given, ['log', 'flipSinToCos', 'out', 'engine']);
  if (typeof o.log !== 'boolean') {
    throw new PosencError('ERR_OPTION', `log: expected true (of x first, as diffusers) or false, got ${show(o.log)}`);
  }
  const flip = boolean('flipSinToCos', o.flipSinToCos, false);
  const call = gate('gaussianFourier', o.engine);
  const source = call.flat('x', x);
  const table = call.flat('weights', weights);
  finiteData(source, o.log);
  return project(call, source, table, 1, [source.length], flip, o.log, o.out);
}

/** Rows of `dims` numbers times the rows of a matrix, in turns: sines, then cosines, or the other way round. */
function project(
  call: Call,
  source: Place,
  table: Place,
  dims: number,
  leading: readonly number[],
  flip: boolean,
  log: boolean,
  out: unknown,
): Tensor {
  const features = table.length / dims;
  if (features < 1) throw new PosencError('ERR_SHAPE', `${call.name}: needs at least one feature`);
  finiteData(table);
  const result = call.output('out', out, [...leading, 2 * features]);
  const room = Math.floor((call.engine.scratchBytes - 32) / (8 * dims));
  if (room < 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `x: ${dims} dimensions do not fit the scratch arena; createEngine({ scratchBytes })`,
    );
  }
  return call.run((engine) => {
    const { kernels, coefficients } = engine;
    const scratch = engine.scratch();
    const list = scratch + 32;
    const rows = source.length / dims;
    const stride = 8 * features;
    const values = engine.view('float32', source.pointer, source.length);
    for (let row = 0; row < rows; row += room) {
      const n = Math.min(room, rows - row);
      engine.f64.set(values.subarray(row * dims, (row + n) * dims), list >>> 3);
      if (log) kernels.mapUnary64(list, list, n * dims, LOG, coefficients);
      const sin = result.pointer + row * stride + (flip ? 4 * features : 0);
      const cos = result.pointer + row * stride + (flip ? 0 : 4 * features);
      kernels.projectedPhase(list, dims, table.pointer, features, n, sin, cos, stride, scratch, coefficients);
    }
    return result.tensor;
  });
}

export interface PixelBandsOptions extends EngineOption {
  /** Sizes of the axes, such as [H, W]. */
  readonly grid: readonly number[];
  /** Default 64. */
  readonly numBands?: number;
  /** Twice the highest band. Default 224. */
  readonly maxRes?: number;
  /** Bands evenly spaced from 1 to maxRes / 2 (true), or in powers of two (false). Default false. */
  readonly linearBands?: boolean;
}

/**
 * sin and cos of pi band coordinate for every axis, coordinates from -1 to 1 (timm build_fourier_pos_embed in pixels).
 * Each value is the sine or cosine of the exact angle, rounded once.
 * @param given the `grid` of cells, `numBands`, the highest band
 * @returns grid [..., axes, 1] (the coordinates), sin and cos [..., axes, numBands]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see timm build_fourier_pos_embed
 * @example
 * const { grid, sin } = pixelBands({ grid: [2, 3], numBands: 4 });
 * console.log(grid.shape, sin.shape); // [ 2, 3, 2, 1 ] [ 2, 3, 2, 4 ]
 */
export function pixelBands(given: PixelBandsOptions): { grid: Tensor; sin: Tensor; cos: Tensor } {
  const o = take('pixelBands', given, ['grid', 'numBands', 'maxRes', 'linearBands', 'engine']);
  const sizes = checkShape('grid', o.grid);
  if (sizes.length < 1 || sizes.length > 3) {
    throw new PosencError('ERR_SHAPE', `grid: expected one to three sizes, got ${show(o.grid)}`);
  }
  for (const [i, n] of sizes.entries()) size(`grid[${i}]`, n, 1, 2 ** 24);
  const bands = size('numBands', o.numBands, 1, 2 ** 16, 64);
  const maxRes = finite('maxRes', o.maxRes, { above: 0 }, 224);
  const linear = boolean('linearBands', o.linearBands, false);
  const call = gate('pixelBands', o.engine);
  const axes = sizes.length;
  const frequencies = pixelLadder(bands, maxRes, linear);
  checkFrequencies(frequencies);
  const grid = call.output('grid', undefined, [...sizes, axes, 1]);
  const sin = call.output('sin', undefined, [...sizes, axes, bands]);
  const cos = call.output('cos', undefined, [...sizes, axes, bands]);
  const rows = sizes.map((n) => ({ positions: centred(n) }));
  return call.run((engine) => {
    const view = engine.view('float32', grid.pointer, grid.length);
    axesOf(rows).forEach((axis, a) => {
      const at = 4 * a * bands;
      const stride = 4 * axes * bands;
      splitAxis(engine, frequencies, axis, PLAIN, sin.pointer + at, cos.pointer + at, stride);
      rows[a].positions.forEach((value, i) => {
        view[i * axis.inner * axes + a] = value;
      });
      repeatAxis(engine, axis, grid.pointer + 4 * a, 4 * axes, 1);
    });
    return { grid: grid.tensor, sin: sin.tensor, cos: cos.tensor };
  });
}

export interface PerceiverEncodingOptions extends OutOption, EngineOption {
  /** Sizes of the axes, [H, W], [T, H, W] ...: coordinates run from -1 to 1 along each. Or give `positions`. */
  readonly grid?: readonly number[];
  /** Coordinates instead of a grid, [n, axes] flat. */
  readonly positions?: NumberList;
  /** Twice the highest band, of each axis or of all: the axis' size in the Perceiver's code. */
  readonly maxResolution: number | readonly number[];
  /** Bands of an axis, evenly spaced from 1 to maxResolution / 2. */
  readonly numBands: number;
  /** The coordinates in front. Default true. */
  readonly concatPos?: boolean;
  /** Sines alone. Default false. */
  readonly sineOnly?: boolean;
}

/**
 * The Perceiver's Fourier features [coordinates | sin | cos] of pi band coordinate, every axis with bands up to its own
 * resolution, axis after axis (Jaegle et al., arXiv 2103.03206; transformers generate_fourier_features).
 * Each value is the sine or cosine of the exact angle, rounded once.
 * @param given the `grid` of cells, `numBands`, the resolution
 * @returns float32 [cells, axes (1 + 2 numBands)]; less without concatPos, with sineOnly
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Jaegle et al., Perceiver, arXiv 2103.03206, section 3.2
 * @example
 * console.log(perceiverEncoding({ grid: [2, 3], numBands: 4, maxResolution: [2, 3] }).shape); // [ 6, 18 ]
 */
export function perceiverEncoding(given: PerceiverEncodingOptions): Tensor {
  const o = take('perceiverEncoding', given, [
    'grid',
    'positions',
    'maxResolution',
    'numBands',
    'concatPos',
    'sineOnly',
    'out',
    'engine',
  ]);
  exclusive('perceiverEncoding', 'grid', 'positions', o);
  const bands = size('numBands', o.numBands, 1, 2 ** 16);
  const concat = boolean('concatPos', o.concatPos, true) ? 1 : 0;
  const halves = boolean('sineOnly', o.sineOnly, false) ? 1 : 2;
  const call = gate('perceiverEncoding', o.engine);
  const listed = o.positions === undefined ? undefined : call.positions('positions', o.positions).data;
  const shape = listed === undefined ? gridOf(o.grid) : undefined;
  const resolutions =
    typeof o.maxResolution === 'number' && shape !== undefined
      ? shape.map(() => o.maxResolution as number)
      : Array.from(numbers('maxResolution', o.maxResolution, shape?.length));
  const axes = resolutions.length;
  const count = listed === undefined ? elementsOf(shape!) : listed.length / axes;
  if (!Number.isInteger(count)) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${axes} coordinates a token, got ${listed!.length} numbers`,
    );
  }
  const ladders = resolutions.map((resolution, a) => {
    const frequencies = pixelLadder(bands, finite(`maxResolution[${a}]`, resolution, { above: 0 }), true);
    checkFrequencies(frequencies);
    return frequencies;
  });
  const width = axes * (concat + halves * bands);
  const output = call.output('out', o.out, [count, width]);
  return call.run((engine) => {
    if (count === 0) return output.tensor;
    const stride = 4 * width;
    const cells = shape === undefined ? undefined : axesOf(shape.map((n) => ({ positions: centred(n) })));
    const view = engine.view('float32', output.pointer, output.length);
    for (let a = 0; a < axes; a++) {
      const rows = cells?.[a].rows ?? { positions: everyNth(listed!, a, axes) };
      const axis = cells?.[a] ?? { rows, outer: 1, inner: 1 };
      const list = (rows as { positions: Float64Array }).positions;
      if (concat) {
        list.forEach((value, i) => {
          view[i * axis.inner * width + a] = value;
        });
        repeatAxis(engine, axis, output.pointer + 4 * a, stride, 1);
      }
      const sines = output.pointer + 4 * (concat * axes + a * bands);
      const own = axis.inner * stride;
      writeColumns(engine, ladders[a], rows, PLAIN, { store: 'sin', first: sines, stride: own }, 0, bands);
      repeatAxis(engine, axis, sines, stride, bands);
      if (halves === 1) continue;
      const cosines = sines + 4 * axes * bands;
      writeColumns(engine, ladders[a], rows, PLAIN, { store: 'cos', first: cosines, stride: own }, 0, bands);
      repeatAxis(engine, axis, cosines, stride, bands);
    }
    return output.tensor;
  });
}

function gridOf(given: unknown): readonly number[] {
  const sizes = checkShape('grid', given);
  if (sizes.length < 1) throw new PosencError('ERR_SHAPE', `grid: expected at least one size, got ${show(given)}`);
  let cells = 1;
  for (const [a, n] of sizes.entries()) {
    cells *= size(`grid[${a}]`, n, 0, 2 ** 24);
    size('grid', cells, 0, 2 ** 28);
  }
  return sizes;
}

/** linspace(-1, 1, n); a single cell sits at -1. */
function centred(n: number): Float64Array {
  const list = new Float64Array(n);
  for (let i = 0; i < n; i++) list[i] = n > 1 ? (2 * i) / (n - 1) - 1 : -1;
  return list;
}

function everyNth(list: Float64Array, from: number, step: number): Float64Array {
  const part = new Float64Array(list.length / step);
  for (let i = 0; i < part.length; i++) part[i] = list[i * step + from];
  return part;
}

/** pi linspace(1, maxRes / 2, n), or pi (maxRes / 2)^linspace(0, 1, n). */
function pixelLadder(n: number, maxRes: number, linear: boolean): Ladder {
  return ladderFrom(`pixel ${n} ${maxRes} ${linear}`, () => {
    const last = Math.max(1, n - 1);
    return Array.from({ length: n }, (_, k) => {
      if (linear) return mulNumber(PI, 1 + (k * (maxRes / 2 - 1)) / last);
      const band = pow(from(maxRes / 2), divNumber(from(k), last));
      const high = mulNumber(PI, band.hi);
      return { hi: high.hi, lo: high.lo + PI.hi * band.lo };
    });
  });
}

function vectors(shape: readonly number[]): { rows: number; dims: number } {
  const dims = shape[shape.length - 1];
  if (shape.length < 1 || !(dims > 0)) {
    throw new PosencError('ERR_SHAPE', `x: expected [..., dims] with dims > 0, got [${shape.join(', ')}]`);
  }
  return { rows: rowsIn(shape), dims };
}

/** Coordinates are positions: a NaN or an infinity has no phase. */
function finiteData({ option, values }: Place, positive = false): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]) || (positive && !(values[i] > 0))) {
      throw new PosencError(
        'ERR_OPTION',
        `${option}[${i}]: expected a finite number${positive ? ' > 0' : ''}, got ${values[i]}`,
      );
    }
  }
}
