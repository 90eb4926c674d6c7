/**
 * What the biases of a window of height x width tokens share (Swin, SwinV2, BEiT, MaxViT, LeViT): a number per head for every
 * difference of rows and columns, spread over all pairs of tokens, optionally with a CLS token in front. A window of several
 * frames has such a table for every difference of frames.
 */
import { own, size } from '../../runtime/arguments.ts';
import { headCount, rowRange } from '../../runtime/block.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import type { Call, Floats, Place } from '../../runtime/gate.ts';
import type { EngineOption, OutOption } from '../../runtime/options.ts';
import type { Tensor } from '../../runtime/tensor.ts';

/** [height, width] of a window, in tokens. */
export type WindowSize = readonly [number, number];

export interface GridOptions extends OutOption, EngineOption {
  /** Only the query tokens [from, to), row-major, a CLS token being number 0. */
  readonly rows?: readonly [number, number];
  /** Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Floats;
}

export const GRID_OPTIONS = ['rows', 'addTo', 'out', 'engine'] as const;

/** [frames, height, width] of a window, in tokens. */
export type VideoWindowSize = readonly [number, number, number];

/** A table in place, its entries ordered by key minus query: frame, row and column 0 are the most negative differences. */
export interface GridTable {
  /** Bytes of the arena it needs, a multiple of 16. */
  readonly scratchBytes: number;
  /** Called once a call with the arena. */
  prepare(pointer: number): void;
  /** Writes `entries` entries from number `first` for heads [head, head + heads), rows of heads, contiguous. */
  load(to: number, head: number, heads: number, first: number, entries: number): void;
  /** Pointers of the numbers CLS-CLS, CLS-token and token-CLS of head 0, with a CLS token. */
  readonly classToken?: readonly [number, number, number];
}

export interface GridEncoding {
  readonly heads: number;
  readonly window: WindowSize;
  /** Frames of the window, and of the window that the table is for. Default 1. */
  readonly frames?: number;
  readonly tableFrames?: number;
  /** Queries stand at every stride-th row and column of the window; all its cells are keys. Default 1. */
  readonly stride?: number;
  readonly classToken?: boolean;
  readonly dtype?: 'float32' | 'int32';
  /** The result has no dimension of heads. */
  readonly squeeze?: boolean;
  /** Called while the call computes: nothing may fail here. */
  bind(engine: Engine): GridTable;
}

/** Tokens along an axis of a window. */
export const MAX_SIDE = 2048;

/** @throws ERR_SHAPE */
export function windowSize(call: Call, option: string, value: unknown): WindowSize {
  const list = call.numbers(option, value, 2).data;
  return [size(`${option}[0]`, list[0], 1, MAX_SIDE), size(`${option}[1]`, list[1], 1, MAX_SIDE)];
}

/** Number of entries of a window's table. */
export function entriesOf([height, width]: WindowSize, frames = 1): number {
  return (2 * frames - 1) * (2 * height - 1) * (2 * width - 1);
}

/** float32 [heads, tokens, tokens], or the rows asked for; or addTo. @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY */
export function gridBias(call: Call, encoding: GridEncoding, o: GridOptions): Tensor {
  const { heads } = encoding;
  const [height, width] = encoding.window;
  const stride = own(encoding, 'stride') ?? 1;
  const frames = own(encoding, 'frames') ?? 1;
  const prefix = own(encoding, 'classToken') ? 1 : 0;
  const keys = frames * height * width + prefix;
  const queries = frames * Math.ceil(height / stride) * Math.ceil(width / stride) + prefix;
  const [from, to] = rowRange(call, o.rows, queries);
  const sizes = [heads, to - from, keys];
  const { place, repeats, mode } = destinationOf(
    call,
    o,
    own(encoding, 'squeeze') ? sizes.slice(1) : sizes,
    own(encoding, 'dtype'),
  );
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const matrices = { pointer: place.pointer, repeats, from, to, keys, mode };
    writeMatrices(engine, encoding, encoding.bind(engine), matrices);
    return place.tensor;
  });
}

interface Matrices {
  readonly pointer: number;
  readonly repeats: number;
  readonly from: number;
  readonly to: number;
  readonly keys: number;
  readonly mode: number;
}

/** In groups of heads, frame by frame, and in parts of a frame's table where not even one head's fits the arena. */
function writeMatrices(engine: Engine, encoding: GridEncoding, table: GridTable, to: Matrices): void {
  const { heads, window } = encoding;
  const frames = own(encoding, 'frames') ?? 1;
  const centre = (own(encoding, 'tableFrames') ?? frames) - 1;
  const [height, width] = window;
  const arena = engine.scratch();
  table.prepare(arena);
  const at = arena + table.scratchBytes;
  const room = (engine.scratchBytes - table.scratchBytes) >>> 2;
  const [tall, breadth] = [2 * height - 1, 2 * width - 1];
  const group = Math.max(1, Math.min(heads, Math.floor(room / (tall * breadth))));
  const block = Math.min(tall, Math.floor(room / (group * breadth)));
  for (let head = 0; head < heads; head += group) {
    const n = Math.min(group, heads - head);
    for (let distance = 1 - frames; distance < frames; distance++) {
      for (let from = 0; from < tall; from += block) {
        const until = Math.min(tall, from + block);
        table.load(at, head, n, ((distance + centre) * tall + from) * breadth, (until - from) * breadth);
        const part = { at, head, heads: n, from, until };
        for (let frame = Math.max(0, -distance); frame < frames && frame + distance < frames; frame++) {
          writeFrames(engine, encoding, to, part, frame, frame + distance);
        }
      }
    }
  }
  const numbers = own(table, 'classToken');
  if (numbers === undefined) return;
  const [corner, row, column] = numbers;
  const rowStride = 4 * to.keys;
  const [rows, headStride] = [to.to - to.from, rowStride * (to.to - to.from)];
  for (let r = 0; r < to.repeats; r++) {
    const out = to.pointer + r * heads * headStride;
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.classRows(
      out, headStride, rowStride, corner, row, column, heads, height * width, to.from, rows, to.mode);
  }
}

/** Rows [from, until) of the table of one difference of frames, for heads [head, head + heads), in the arena. */
interface TablePart {
  readonly at: number;
  readonly head: number;
  readonly heads: number;
  readonly from: number;
  readonly until: number;
}

/** The bias of the queries of one frame against the keys of one frame. */
function writeFrames(
  engine: Engine,
  encoding: GridEncoding,
  to: Matrices,
  { at, head, heads, from, until }: TablePart,
  queryFrame: number,
  keyFrame: number,
): void {
  const [height, width] = encoding.window;
  const stride = own(encoding, 'stride') ?? 1;
  const across = Math.ceil(width / stride);
  const queries = Math.ceil(height / stride) * across;
  const classRow = own(encoding, 'classToken') ? 1 : 0;
  // the CLS row, number 0, is not a token of the grid
  const start = classRow + queryFrame * queries;
  const first = Math.max(to.from, start);
  const rows = Math.min(to.to, start + queries) - first;
  if (rows <= 0) return;
  const prefix = classRow + keyFrame * height * width;
  const rowStride = 4 * to.keys;
  const headStride = rowStride * (to.to - to.from);
  for (let r = 0; r < to.repeats; r++) {
    let out = to.pointer + (r * encoding.heads + head) * headStride + (first - to.from) * rowStride;
    if (stride === 1) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.gridRows(
        out, headStride, rowStride, at, heads, from, until, height, width, first - start, rows, prefix, to.mode);
      continue;
    }
    for (let q = first - start; q < first - start + rows; q++, out += rowStride) {
      const x = q % across;
      const cell = stride * (((q - x) / across) * width + x);
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.gridRows(
        out, headStride, rowStride, at, heads, from, until, height, width, cell, 1, prefix, to.mode);
    }
  }
}

/** A table [rows, heads]. @throws ERR_SHAPE */
export function tableOf(
  call: Call,
  table: Floats,
  shape: unknown,
  rows: number,
  words: string,
): { table: Place; heads: number } {
  const place = call.input('table', table, shape);
  const sizes = place.shape;
  if (sizes.length !== 2 || sizes[0] !== rows) {
    throw new PosencError('ERR_SHAPE', `table: expected [${rows}, heads], ${words}, got [${sizes.join(', ')}]`);
  }
  return { table: place, heads: headCount('table', sizes[1]) };
}

/** A table [entries, heads] in the order of Swin, query minus key: read backwards. `extra` rows for CLS follow the grid. */
export function swinTable(engine: Engine, pointer: number, heads: number, entries: number, extra: boolean): GridTable {
  const row = (t: number) => pointer + 4 * heads * t;
  return {
    scratchBytes: 0,
    prepare() {},
    load(to, head, n, first, count) {
      const source = row(entries - 1 - first) + 4 * head;
      engine.kernels.transposeEntries(to, 4 * count, source, -4 * heads, 4, n, count);
    },
    classToken: extra ? [row(entries + 2), row(entries), row(entries + 1)] : undefined,
  };
}
