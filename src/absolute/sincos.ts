/**
 * Sinusoidal tables over two and three axes, as public code lays them out: tatp22/multidim-positional-encoding, MAE, diffusers
 * (2-D, SD3's crops, and CogVideoX's 3-D), timm, tensor2tensor, DETR, V-JEPA, Prithvi-EO. Each axis has its own sinusoidal table (Vaswani et al., arXiv
 * 1706.03762); the tables are written once and copied over the grid.
 */
import { type Ladder, ladder, MAX_COLUMNS } from '../phase/ladder.ts';
import { checkFrequencies, type Rows } from '../phase/plan.ts';
import { boolean, finite, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import { numbers } from '../runtime/lists.ts';
import type { EngineOption, OutOption, PrecisionOption } from '../runtime/options.ts';
import { checkShape } from '../runtime/shapes.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { axesOf, cutAxis, interleavedAxis, type Manner, splitAxis, zeroColumns } from './axes.ts';
import { type DetrOptions, detrSine } from './detr.ts';

interface Common extends PrecisionOption, OutOption, EngineOption {
  /** Columns of the whole table. */
  readonly dim: number;
}

interface Grid<A> {
  /** Cells of each axis, [H, W] or [T, H, W]. */
  readonly grid: A;
  /** Index of the first cell of each axis: a tile of a larger grid. Default 0. */
  readonly offset?: A;
}
interface Base {
  /** Base of the frequencies. Default 10000. */
  readonly base?: number;
}
interface Prefixed {
  /** Rows of zeros in front, for a class token and registers. Default 0. */
  readonly prefixTokens?: number;
}
interface Timescales {
  /** Multiplied into every frequency, the first of which is 1 radian per cell. Default 1. */
  readonly minTimescale?: number;
  /** The last frequency is minTimescale / maxTimescale of the first. Default 10000. */
  readonly maxTimescale?: number;
}
type Two = readonly [number, number];
type Three = readonly [number, number, number];

/** Table [x, y, dim] or [x, y, z, dim]: interleaved, an even width for every axis but the last, which takes the rest. */
interface Tatp22<A> extends Common, Grid<A>, Base {
  readonly variant: 'tatp22';
}
/** Table [prefixTokens + H W, dim]: columns x first, then rows y, each [sin | cos]. */
interface Mae extends Common, Grid<Two>, Base, Prefixed {
  readonly variant: 'mae';
}
/** As MAE, coordinate = index / (reference / baseSize) / interpolationScale. */
interface Diffusers extends Common, Grid<Two>, Base, Prefixed {
  readonly variant: 'diffusers';
  /** The size of the grid whose coordinates are the indices. Default 16. */
  readonly baseSize?: number;
  /** Divides every coordinate. Default 1. */
  readonly interpolationScale?: number;
  /** The grid that indices are divided by, [H, W]: SD3 crops its tiles from 192 x 192. Default: the grid itself. */
  readonly referenceGrid?: Two;
}
/** Table [H W, dim]: [sin y | sin x | cos y | cos x], or with interleaveSinCos [sin y | cos y | sin x | cos x]. */
interface Timm extends Common, Grid<Two>, Base {
  readonly variant: 'timm';
  /** x before y, and the tokens run over the transposed grid. Default false. */
  readonly reverseCoord?: boolean;
  /** Sine and cosine of an axis side by side. Default false. */
  readonly interleaveSinCos?: boolean;
}
/** [H, W, dim] or [T, H, W, dim]: as many frequencies for every axis, rows first, each [sin | cos], left-over columns zero. */
interface T2t<A> extends Common, Grid<A>, Timescales {
  readonly variant: 't2t';
}
/** Planes [B, dim, H, W] that count the valid cells of a mask. */
interface Detr extends Common, DetrOptions {
  readonly variant: 'detr';
}
/** Table [T, H W, dim]: dim / 4 columns for time, then 3 dim / 4 as MAE; coordinates divided by the scales. */
interface CogVideoX extends Common, Grid<Three>, Base {
  readonly variant: 'cogvideox';
  /** Divides rows and columns. Default 1. */
  readonly spatialInterpolationScale?: number;
  /** Divides frames. Default 1. */
  readonly temporalInterpolationScale?: number;
}
/** Table [prefixTokens + T H W, dim]: dim / 2 columns of time, dim / 4 of y, dim / 4 of x, each [sin | cos]. */
interface VJepa extends Common, Grid<Three>, Base, Prefixed {
  readonly variant: 'vjepa';
  /** Three blocks of 2 ceil(dim / 6) columns, cut off at dim. Default false. */
  readonly uniformPower?: boolean;
}
/** Table [prefixTokens + T H W, dim]: 6 dim / 16 columns of x, as many of y, 4 dim / 16 of time, each [sin | cos]. */
interface Prithvi extends Common, Grid<Three>, Base, Prefixed {
  readonly variant: 'prithvi';
}

export type Sincos2dOptions = Tatp22<Two> | Mae | Diffusers | Timm | T2t<Two> | Detr;
export type Sincos3dOptions = Tatp22<Three> | CogVideoX | VJepa | Prithvi | T2t<Three>;

const SHARED = ['variant', 'dim', 'grid', 'offset', 'precision', 'out', 'engine'];
const ALLOWED_2D: Readonly<Record<string, readonly string[]>> = {
  tatp22: ['base'],
  mae: ['base', 'prefixTokens'],
  diffusers: ['base', 'prefixTokens', 'baseSize', 'interpolationScale', 'referenceGrid'],
  timm: ['base', 'reverseCoord', 'interleaveSinCos'],
  t2t: ['minTimescale', 'maxTimescale'],
};
const ALLOWED_3D: Readonly<Record<string, readonly string[]>> = {
  tatp22: ['base'],
  cogvideox: ['base', 'spatialInterpolationScale', 'temporalInterpolationScale'],
  vjepa: ['base', 'prefixTokens', 'uniformPower'],
  prithvi: ['base', 'prefixTokens'],
  t2t: ['minTimescale', 'maxTimescale'],
};

/**
 * A table over a grid of two axes; the variant says in which order the columns and the cells lie (see its options).
 * Correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic of the variant's code.
 * @param given the `variant`, its `grid` [H, W], `dim` columns, and what the variant takes
 * @returns float32; 'tatp22' and 't2t' [H, W, dim], 'mae', 'diffusers' and 'timm' [cells, dim], 'detr' [B, dim, H, W]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see He et al., MAE, arXiv 2111.06377; Carion et al., DETR, arXiv 2005.12872; the code each variant is named after
 * @example
 * const table = sincos2d({ variant: 'mae', grid: [14, 14], dim: 768, prefixTokens: 1 });
 * console.log(table.shape); // [ 197, 768 ]
 */
export function sincos2d(given: Sincos2dOptions): Tensor {
  const variant = variantOf('sincos2d', given, [...Object.keys(ALLOWED_2D), 'detr']);
  if (given.variant === 'detr') return detrSine(given);
  const o = take('sincos2d', given as unknown as Flat, [...SHARED, ...ALLOWED_2D[variant]]);
  const dim = size('dim', o.dim, 1, MAX_COLUMNS);
  const grid = sizes(o.grid, 2);
  const start = offsets(o.offset, 2);
  const base = finite('base', o.base, { above: 0 }, 10000);
  if (variant === 'tatp22') return tatp22(o, grid, start, dim, base);
  if (variant === 't2t') return tensor2tensor(o, grid, start, dim);
  if (dim % 4 !== 0) throw new PosencError('ERR_OPTION', `dim: '${variant}' needs a multiple of 4, got ${dim}`);
  const quarter = dim / 4;
  if (variant === 'timm') {
    const reversed = boolean('reverseCoord', o.reverseCoord, false);
    const interleaved = boolean('interleaveSinCos', o.interleaveSinCos, false);
    const order = reversed ? [1, 0] : [0, 1];
    const rows = order.map((axis) => ({ start: start[axis], count: grid[axis] }));
    const columns = rows.map((_, axis) => {
      const sines = interleaved ? 2 * axis * quarter : axis * quarter;
      return { sines, cosines: sines + (interleaved ? quarter : 2 * quarter) };
    });
    return planar(o, rows, columns, quarter, base, [grid[0] * grid[1], dim], 0);
  }
  const baseSize = finite('baseSize', o.baseSize, { above: 0 }, 16);
  const scale = finite('interpolationScale', o.interpolationScale, { above: 0 }, 1);
  const reference = variant === 'mae' ? grid : referenceOf(o, grid, start);
  const rows = grid.map((n, axis): Rows => {
    if (variant === 'mae') return { start: start[axis], count: n };
    return coordinates(n, start[axis], (index) => index / (reference[axis] / baseSize) / scale);
  });
  const prefix = size('prefixTokens', o.prefixTokens, 0, undefined, 0);
  return planar(o, rows, columnFirst(0, quarter), quarter, base, [prefix + grid[0] * grid[1], dim], prefix);
}

/**
 * A table over a grid of three axes.
 * Correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic of the variant's code.
 * @param given the `variant`, its `grid` [T, H, W], `dim` columns, and what the variant takes
 * @returns float32; 'tatp22' and 't2t' [T, H, W, dim], 'cogvideox' [T, H W, dim], 'vjepa' and 'prithvi' [cells, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Yang et al., CogVideoX, arXiv 2408.06072; Bardes et al., V-JEPA, arXiv 2404.08471; the code each variant is named after
 * @example
 * console.log(sincos3d({ variant: 'cogvideox', grid: [2, 4, 4], dim: 64 }).shape); // [ 2, 16, 64 ]
 */
export function sincos3d(given: Sincos3dOptions): Tensor {
  const variant = variantOf('sincos3d', given, Object.keys(ALLOWED_3D));
  const o = take('sincos3d', given as unknown as Flat, [...SHARED, ...ALLOWED_3D[variant]]);
  const dim = size('dim', o.dim, 1, MAX_COLUMNS);
  const grid = sizes(o.grid, 3);
  const start = offsets(o.offset, 3);
  const base = finite('base', o.base, { above: 0 }, 10000);
  if (variant === 'tatp22') return tatp22(o, grid, start, dim, base);
  if (variant === 't2t') return tensor2tensor(o, grid, start, dim);
  if (variant === 'vjepa' || variant === 'prithvi') return video(o, variant, grid, start, dim, base);
  if (dim % 16 !== 0) throw new PosencError('ERR_OPTION', `dim: 'cogvideox' needs a multiple of 16, got ${dim}`);
  const spatial = finite('spatialInterpolationScale', o.spatialInterpolationScale, { above: 0 }, 1);
  const temporal = finite('temporalInterpolationScale', o.temporalInterpolationScale, { above: 0 }, 1);
  const how = mannerOf(o);
  const call = gate('sincos3d', o.engine);
  const table = call.output('out', o.out, [grid[0], grid[1] * grid[2], dim]);
  const axes = axesOf(
    grid.map((n, axis) => coordinates(n, start[axis], (index) => index / (axis === 0 ? temporal : spatial))),
  );
  const time = ladder({ base, count: dim / 8, denominator: dim / 8 });
  const space = ladder({ base, count: (3 * dim) / 16, denominator: (3 * dim) / 16 });
  checkFrequencies(time);
  checkFrequencies(space);
  return call.run((engine) => {
    if (table.length === 0) return table.tensor;
    const at = (column: number) => table.pointer + 4 * column;
    splitAxis(engine, time, axes[0], how, at(0), at(dim / 8), 4 * dim);
    const columns = columnFirst(dim / 4, (3 * dim) / 16);
    for (const axis of [0, 1]) {
      const { sines, cosines } = columns[axis];
      splitAxis(engine, space, axes[1 + axis], how, at(sines), at(cosines), 4 * dim);
    }
    return table.tensor;
  });
}

/** Options once their keys are checked against the variant's. */
type Flat = Common & { readonly [key: string]: unknown };

function variantOf(name: string, given: unknown, names: readonly string[]): string {
  if (given === null || typeof given !== 'object') {
    throw new PosencError('ERR_OPTION', `${name}: expected one options object, got ${show(given)}`);
  }
  return oneOf('variant', (given as { variant?: unknown }).variant, names);
}

function sizes(value: unknown, axes: number, option = 'grid'): readonly number[] {
  const grid = checkShape(option, value);
  if (grid.length !== axes) {
    throw new PosencError('ERR_SHAPE', `${option}: expected ${axes} sizes, got ${show(value)}`);
  }
  for (let axis = 0; axis < axes; axis++) size(`${option}[${axis}]`, grid[axis], 0, 2 ** 24);
  return grid;
}

function offsets(value: unknown, axes: number): readonly number[] {
  if (value === undefined) return new Array<number>(axes).fill(0);
  const list = Array.from(numbers('offset', value, axes));
  return list.map((n, axis) => finite(`offset[${axis}]`, n, { min: -(2 ** 40), max: 2 ** 40 }));
}

/** The grid that diffusers divides indices by; a tile has to say which grid it is cut from. */
function referenceOf(o: Flat, grid: readonly number[], start: readonly number[]): readonly number[] {
  if (o.referenceGrid === undefined) {
    if (start.every((n) => n === 0)) return grid;
    throw new PosencError(
      'ERR_OPTION',
      `offset: 'diffusers' divides indices by the size of the whole grid; say it: referenceGrid: [H, W]`,
    );
  }
  const reference = sizes(o.referenceGrid, 2, 'referenceGrid');
  for (let axis = 0; axis < 2; axis++) {
    if (start[axis] >= 0 && start[axis] + grid[axis] <= reference[axis]) continue;
    throw new PosencError(
      'ERR_SHAPE',
      `offset[${axis}]: ${grid[axis]} cells from ${start[axis]} leave a referenceGrid of ${reference[axis]}`,
    );
  }
  return reference;
}

/** V-JEPA and Prithvi: tokens t, y, x; every axis a block of [sin | cos], the last block cut at dim. */
function video(
  o: Flat,
  variant: 'vjepa' | 'prithvi',
  grid: readonly number[],
  start: readonly number[],
  dim: number,
  base: number,
): Tensor {
  const uniform = boolean('uniformPower', o.uniformPower, false);
  const multiple = variant === 'prithvi' ? 16 : uniform ? 1 : 8;
  if (dim % multiple !== 0) {
    throw new PosencError('ERR_OPTION', `dim: '${variant}' needs a multiple of ${multiple}, got ${dim}`);
  }
  const third = 2 * Math.ceil(dim / 6);
  // [axis, width] in the order of the columns; axes are t, y, x
  const widths =
    variant === 'prithvi'
      ? ([
          [2, (6 * dim) / 16],
          [1, (6 * dim) / 16],
          [0, dim / 4],
        ] as const)
      : uniform
        ? ([
            [0, third],
            [1, third],
            [2, third],
          ] as const)
        : ([
            [0, dim / 2],
            [1, dim / 4],
            [2, dim / 4],
          ] as const);
  const prefix = size('prefixTokens', o.prefixTokens, 0, undefined, 0);
  const how = mannerOf(o);
  const call = gate('sincos3d', o.engine);
  const cells = grid[0] * grid[1] * grid[2];
  const table = call.output('out', o.out, [prefix + cells, dim]);
  let from = 0;
  const blocks = widths.map(([axis, width]) => {
    const frequencies = ladder({ base, count: width / 2, denominator: width / 2 });
    checkFrequencies(frequencies);
    const block = { axis, frequencies, from, width: Math.max(0, Math.min(width, dim - from)) };
    from += width;
    return block;
  });
  const axes = axesOf(grid.map((count, axis) => ({ start: start[axis], count })));
  return call.run((engine) => {
    const stride = 4 * dim;
    zeroColumns(engine, table.pointer, stride, prefix, dim);
    if (cells === 0) return table.tensor;
    const first = table.pointer + prefix * stride;
    for (const block of blocks) {
      cutAxis(engine, block.frequencies, axes[block.axis], how, first + 4 * block.from, stride, block.width);
    }
    return table.tensor;
  });
}

function mannerOf(o: Common): Manner {
  return { precision: oneOf('precision', o.precision, ['exact', 'torch'], 'exact'), scale: 1, amplitude: 1 };
}

function coordinates(count: number, start: number, value: (index: number) => number): Rows {
  return { positions: Float64Array.from({ length: count }, (_, i) => value(start + i)) };
}

/** Columns of the two axes [rows, columns] when the column index is encoded first. */
function columnFirst(from: number, n: number): { sines: number; cosines: number }[] {
  return [
    { sines: from + 2 * n, cosines: from + 3 * n },
    { sines: from, cosines: from + n },
  ];
}

/** Tokens in rows, every axis with `count` sines and cosines at its own columns, `prefix` zero rows in front. */
function planar(
  o: Common,
  rows: readonly Rows[],
  columns: readonly { sines: number; cosines: number }[],
  count: number,
  base: number,
  shape: readonly number[],
  prefix: number,
): Tensor {
  const how = mannerOf(o);
  const call = gate('sincos2d', o.engine);
  const table = call.output('out', o.out, shape);
  const frequencies = ladder({ base, count, denominator: count });
  checkFrequencies(frequencies);
  return call.run((engine) => {
    const stride = 4 * shape[1];
    zeroColumns(engine, table.pointer, stride, prefix, shape[1]);
    if (shape[0] === prefix) return table.tensor;
    const at = (column: number) => table.pointer + prefix * stride + 4 * column;
    axesOf(rows).forEach((axis, i) => {
      splitAxis(engine, frequencies, axis, how, at(columns[i].sines), at(columns[i].cosines), stride);
    });
    return table.tensor;
  });
}

function tatp22(o: Common, grid: readonly number[], start: readonly number[], dim: number, base: number): Tensor {
  const how = mannerOf(o);
  const call = gate('sincos2d', o.engine);
  const table = call.output('out', o.out, [...grid, dim]);
  const width = 2 * Math.ceil(dim / (2 * grid.length));
  const frequencies: Ladder = ladder({ base, count: width / 2, denominator: width / 2 });
  checkFrequencies(frequencies);
  return call.run((engine) => {
    if (table.length === 0) return table.tensor;
    axesOf(grid.map((count, axis) => ({ start: start[axis], count }))).forEach((axis, i) => {
      const columns = Math.max(0, Math.min(width, dim - i * width));
      interleavedAxis(engine, frequencies, axis, how, table.pointer + 4 * i * width, 4 * dim, columns);
    });
    return table.tensor;
  });
}

function tensor2tensor(o: Flat, grid: readonly number[], start: readonly number[], dim: number): Tensor {
  const minTimescale = finite('minTimescale', o.minTimescale, { above: 0 }, 1);
  const maxTimescale = finite('maxTimescale', o.maxTimescale, { above: 0 }, 10000);
  const n = Math.floor(dim / (2 * grid.length));
  if (n < 2) {
    throw new PosencError('ERR_OPTION', `dim: 't2t' divides by zero below ${4 * grid.length} columns, got ${dim}`);
  }
  const how = mannerOf(o);
  const call = gate('sincos2d', o.engine);
  const table = call.output('out', o.out, [...grid, dim]);
  const frequencies = ladder({
    base: maxTimescale / minTimescale,
    count: n,
    denominator: n - 1,
    scale: minTimescale,
  });
  checkFrequencies(frequencies);
  return call.run((engine) => {
    if (table.length === 0) return table.tensor;
    const at = (column: number) => table.pointer + 4 * column;
    axesOf(grid.map((count, axis) => ({ start: start[axis], count }))).forEach((axis, i) => {
      splitAxis(engine, frequencies, axis, how, at(2 * i * n), at((2 * i + 1) * n), 4 * dim);
    });
    const used = 2 * n * grid.length;
    zeroColumns(engine, at(used), 4 * dim, table.length / dim, dim - used);
    return table.tensor;
  });
}
