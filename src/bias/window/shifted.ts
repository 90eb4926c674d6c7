/**
 * The attention mask of shifted windows: a grid padded to whole windows is rolled, so that the last window of an axis holds cells
 * of both of its ends, which do not see each other. Swin (arXiv 2103.14030, figure 4), Video Swin (2106.13230).
 */
import { boolean, oneOf, size, take } from '../../runtime/arguments.ts';
import { headCount, refuse, rowRange } from '../../runtime/block.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError, show } from '../../runtime/errors.ts';
import { type Call, type Floats, gate, type Out } from '../../runtime/gate.ts';
import type { EngineOption } from '../../runtime/options.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { MAX_SIDE, type VideoWindowSize, type WindowSize } from './grid.ts';

export interface ShiftedWindowMaskOptions extends EngineOption {
  /** [height, width] or [frames, height, width] of the grid, before it is padded to whole windows. */
  readonly gridSize: WindowSize | VideoWindowSize;
  /** The same of a window. */
  readonly windowSize: WindowSize | VideoWindowSize;
  /** How far each axis is rolled; 0: not at all. Default: half of the window, rounded down. */
  readonly shiftSize?: WindowSize | VideoWindowSize;
  /** What is added to masked scores. Default -100, as in all published code. */
  readonly maskValue?: number;
  /** 'float32': 0 or maskValue, to be added. 'uint8': 1 where attention is allowed, else 0. Default 'float32'. */
  readonly dtype?: 'float32' | 'uint8';
  /**
   * One mask for every kind of window instead of every window. Each axis that is shifted has two kinds, its last window being the
   * second; one kind where it has one window. [kinds, n, n], row-major over the axes. Default false.
   */
  readonly distinct?: boolean;
  /** Only the windows [from, to), row-major. */
  readonly windows?: readonly [number, number];
  /** Only the query tokens [from, to) of each window. */
  readonly rows?: readonly [number, number];
  /** Repeats the mask of a window for this many heads: [windows, heads, n, n]. Default: no such dimension. */
  readonly heads?: number;
  /** Scores [..., windows, heads, n, n] (or the shape without heads) that the mask is added to, in place, and what is returned. */
  readonly addTo?: Floats;
  /** Where the mask goes: a Tensor of `dtype`, or a Float32Array on the engine's memory; nothing is allocated. Default: a new Tensor. */
  readonly out?: Out | Out<'uint8'>;
}

const OPTIONS = [
  'gridSize',
  'windowSize',
  'shiftSize',
  'maskValue',
  'dtype',
  'distinct',
  'windows',
  'rows',
  'heads',
  'addTo',
  'out',
  'engine',
] as const;

/** One axis: windows along it, and the cells of its last window that came from the other end. */
interface Axis {
  readonly windows: number;
  readonly side: number;
  readonly shift: number;
}

/**
 * Tokens x and y of a window see each other if on every axis that is shifted both or neither are among its last `shift` cells.
 * Tokens and windows are row-major in the rolled grid; padding is cells like all others.
 * Values are exact: 0 and maskValue, or 1 and 0.
 * @param given the grid, the window, how far it is rolled
 * @returns float32 or uint8 [windows, n, n], n tokens of a window
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., Swin, arXiv 2103.14030, section 3.2
 * @example
 * console.log(shiftedWindowMask({ gridSize: [14, 14], windowSize: [7, 7] }).shape); // [ 4, 49, 49 ]
 */
export function shiftedWindowMask(given: ShiftedWindowMaskOptions & { readonly dtype: 'uint8' }): Tensor<'uint8'>;
export function shiftedWindowMask(given: ShiftedWindowMaskOptions): Tensor;
/**
 * Tokens x and y of a window see each other if on every axis that is shifted both or neither are among its last `shift` cells.
 * Tokens and windows are row-major in the rolled grid; padding is cells like all others.
 * @returns float32 or uint8 [windows, n, n], n tokens of a window
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function shiftedWindowMask(given: ShiftedWindowMaskOptions): Tensor | Tensor<'uint8'> {
  const o = take('shiftedWindowMask', given, OPTIONS);
  const dtype = oneOf('dtype', o.dtype, ['float32', 'uint8'], 'float32');
  if (dtype === 'uint8') refuse(o, "dtype 'uint8'", ['addTo', 'maskValue']);
  const maskValue = o.maskValue ?? -100;
  if (typeof maskValue !== 'number' || Number.isNaN(maskValue)) {
    throw new PosencError('ERR_OPTION', `maskValue: expected a number, got ${show(maskValue)}`);
  }
  const distinct = boolean('distinct', o.distinct, false);
  if (distinct) refuse(o, 'distinct', ['windows', 'addTo']);
  const heads = o.heads === undefined ? 1 : headCount('heads', o.heads);
  const call = gate('shiftedWindowMask', o.engine);
  const axes = axesOf(call, o, distinct);
  const count = axes.reduce((product, { windows }) => product * windows, 1);
  const tokens = axes.reduce((product, { side }) => product * side, 1);
  const [first, end] = windowRange(call, o.windows, count);
  const [from, to] = rowRange(call, o.rows, tokens);
  const inner = [to - from, tokens];
  const shape = o.heads === undefined ? [end - first, ...inner] : [end - first, heads, ...inner];
  const block = { axes, first, count: end - first, heads, tokens, from, to };
  if (dtype === 'uint8') {
    const mask = call.output('out', o.out, shape, 'uint8');
    return call.run((engine) => {
      if (mask.length > 0) writeBytes(engine.view('uint8', mask.pointer, mask.length), block);
      return mask.tensor as unknown as Tensor<'uint8'>;
    });
  }
  const { place, repeats, mode } = destinationOf(call, o, shape);
  return call.run((engine) => {
    if (place.length > 0) writeMasks(engine, place.pointer, repeats, mode, block, maskValue);
    return place.tensor;
  });
}

/** The axes; `distinct`: an axis has as many windows as kinds. @throws ERR_OPTION, ERR_SHAPE */
function axesOf(call: Call, o: ShiftedWindowMaskOptions, distinct: boolean): Axis[] {
  const grid = call.numbers('gridSize', o.gridSize).data;
  if (grid.length !== 2 && grid.length !== 3) {
    throw new PosencError(
      'ERR_SHAPE',
      `gridSize: expected [height, width] or [frames, height, width], got ${grid.length} numbers`,
    );
  }
  const sides = call.numbers('windowSize', o.windowSize, grid.length).data;
  const shifts = o.shiftSize === undefined ? undefined : call.numbers('shiftSize', o.shiftSize, grid.length).data;
  return Array.from(grid, (n, axis) => {
    const cells = size(`gridSize[${axis}]`, n, 1, 2 ** 20);
    const side = size(`windowSize[${axis}]`, sides[axis], 1, MAX_SIDE);
    const shift = size(`shiftSize[${axis}]`, shifts?.[axis], 0, side - 1, Math.floor(side / 2));
    const windows = Math.ceil(cells / side);
    return { windows: distinct ? Math.min(windows, shift > 0 ? 2 : 1) : windows, side, shift };
  });
}

function windowRange(call: Call, given: unknown, count: number): readonly [number, number] {
  if (given === undefined) return [0, count];
  const { data } = call.numbers('windows', given, 2);
  const from = size('windows[0]', data[0], 0, count);
  return [from, size('windows[1]', data[1], from, count)];
}

interface MaskBlock {
  readonly axes: readonly Axis[];
  /** Windows [first, first + count), query tokens [from, to) of `tokens`. */
  readonly first: number;
  readonly count: number;
  readonly heads: number;
  readonly tokens: number;
  readonly from: number;
  readonly to: number;
}

/** Bit a: the window is the last of axis a, and that axis is shifted. */
function kindOf(axes: readonly Axis[], window: number): number {
  let kind = 0;
  let rest = window;
  for (let a = axes.length - 1; a >= 0; a--) {
    const { windows, shift } = axes[a];
    const place = rest % windows;
    rest = (rest - place) / windows;
    if (shift > 0 && place === windows - 1) kind |= 1 << a;
  }
  return kind;
}

/** Bit a: in a window of that kind, the token is one of the cells that came from the other end of axis a. */
function regionOf(axes: readonly Axis[], kind: number, token: number): number {
  let region = 0;
  let rest = token;
  for (let a = axes.length - 1; a >= 0; a--) {
    const { side, shift } = axes[a];
    const place = rest % side;
    rest = (rest - place) / side;
    if (place >= side - shift) region |= 1 << a;
  }
  return region & kind;
}

/** Tokens [from, to) as runs of one region each: first token, count, region. */
function runsOf(axes: readonly Axis[], kind: number, from: number, to: number): number[] {
  const runs: number[] = [];
  for (let token = from; token < to; ) {
    const region = regionOf(axes, kind, token);
    let end = token + 1;
    while (end < to && regionOf(axes, kind, end) === region) end++;
    runs.push(token, end - token, region);
    token = end;
  }
  return runs;
}

/** A row of each region, in parts that fit the arena, is copied or added to all rows that have it. */
function writeMasks(
  engine: Engine,
  out: number,
  repeats: number,
  mode: number,
  { axes, first, count, heads, tokens, from, to }: MaskBlock,
  maskValue: number,
): void {
  const { kernels } = engine;
  const rowStride = 4 * tokens;
  const matrix = rowStride * (to - from);
  const arena = engine.scratch();
  const regions = 1 << axes.length;
  const part = Math.min(tokens, Math.floor(engine.scratchBytes / 4 / regions));
  const rows = new Array<number[] | undefined>(regions).fill(undefined);
  for (let column = 0; column < tokens; column += part) {
    const n = Math.min(part, tokens - column);
    let written = -1;
    for (let w = 0; w < count; w++) {
      const kind = kindOf(axes, first + w);
      if (kind !== written) writeRegions(engine, axes, kind, arena, column, n, maskValue);
      written = kind;
      const runs = (rows[kind] ??= runsOf(axes, kind, from, to));
      for (let r = 0; r < repeats; r++) {
        const at = out + (r * count + w) * heads * matrix + 4 * column;
        for (let t = 0; t < runs.length; t += 3) {
          const target = at + (runs[t] - from) * rowStride;
          const pattern = arena + 4 * n * runs[t + 2];
          // biome-ignore format: grouped as the kernel declares it
          kernels.expandRows(target, matrix, rowStride, pattern, 0, heads, 0, runs[t + 1], n, mode);
        }
      }
    }
  }
}

/** The row that each region of a kind of window has, columns [column, column + n). */
function writeRegions(
  engine: Engine,
  axes: readonly Axis[],
  kind: number,
  to: number,
  column: number,
  n: number,
  maskValue: number,
): void {
  const runs = runsOf(axes, kind, column, column + n);
  for (let region = 0; region < 1 << axes.length; region++) {
    for (let t = 0; t < runs.length; t += 3) {
      const value = runs[t + 2] === region ? 0 : maskValue;
      engine.kernels.fillRows(to + 4 * (n * region + runs[t] - column), 0, 1, runs[t + 1], value);
    }
  }
}

/** The masks as bytes: the first row of each region is written, all others are copies of it. */
function writeBytes(bytes: Uint8Array, { axes, first, count, heads, tokens, from, to }: MaskBlock): void {
  const matrix = tokens * (to - from);
  for (let w = 0; w < count; w++) {
    const kind = kindOf(axes, first + w);
    const start = w * heads * matrix;
    const rows = new Array<number>(1 << axes.length).fill(-1);
    for (let row = from; row < to; row++) {
      const at = start + (row - from) * tokens;
      const region = regionOf(axes, kind, row);
      if (rows[region] >= 0) bytes.copyWithin(at, rows[region], rows[region] + tokens);
      else {
        for (let t = 0; t < tokens; t++) bytes[at + t] = regionOf(axes, kind, t) === region ? 1 : 0;
        rows[region] = at;
      }
    }
    for (let h = 1; h < heads; h++) bytes.copyWithin(start + h * matrix, start, start + matrix);
  }
}
