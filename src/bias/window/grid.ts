/**
 * What the biases of a window of height x width tokens share (Swin, SwinV2, BEiT, MaxViT): a number per head for every
 * difference of rows and columns, spread over all pairs of tokens, optionally with a CLS token in front.
 */
import { own, size } from '../../runtime/arguments.ts';
import { headCount, rowRange } from '../../runtime/block.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import type { Call, Floats, Out, Place } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';

/** [height, width] of a window, in tokens. */
export type WindowSize = readonly [number, number];

export interface GridOptions {
  /** Only the query tokens [from, to), row-major, a CLS token being number 0. */
  readonly rows?: readonly [number, number];
  /** Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Floats;
  readonly out?: Out;
  readonly engine?: Engine;
}

export const GRID_OPTIONS = ['rows', 'addTo', 'out', 'engine'] as const;

/** A table in place, its entries ordered by key minus query: row 0 and column 0 are the most negative differences. */
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
  readonly classToken?: boolean;
  readonly dtype?: 'float32' | 'int32';
  /** The result has no dimension of heads. */
  readonly squeeze?: boolean;
  /** Called while the call computes: nothing may fail here. */
  bind(engine: Engine): GridTable;
}

const MAX_SIDE = 2048;

/** @throws ERR_SHAPE */
export function windowSize(call: Call, option: string, value: unknown): WindowSize {
  const list = call.numbers(option, value, 2).data;
  return [size(`${option}[0]`, list[0], 1, MAX_SIDE), size(`${option}[1]`, list[1], 1, MAX_SIDE)];
}

/** Number of entries of a window's table. */
export function entriesOf([height, width]: WindowSize): number {
  return (2 * height - 1) * (2 * width - 1);
}

/** float32 [heads, tokens, tokens], or the rows asked for; or addTo. @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY */
export function gridBias(call: Call, encoding: GridEncoding, o: GridOptions): Tensor {
  const { heads, window } = encoding;
  const tokens = window[0] * window[1] + (own(encoding, 'classToken') ? 1 : 0);
  const [from, to] = rowRange(call, o.rows, tokens);
  const sizes = [heads, to - from, tokens];
  const { place, repeats, mode } = destinationOf(
    call,
    o,
    own(encoding, 'squeeze') ? sizes.slice(1) : sizes,
    own(encoding, 'dtype'),
  );
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const matrices = { pointer: place.pointer, repeats, from, to, mode };
    writeMatrices(engine, encoding, encoding.bind(engine), matrices);
    return place.tensor;
  });
}

interface Matrices {
  readonly pointer: number;
  readonly repeats: number;
  readonly from: number;
  readonly to: number;
  readonly mode: number;
}

/** In groups of heads, and of table rows where not even one head's table fits the arena. */
function writeMatrices(engine: Engine, encoding: GridEncoding, table: GridTable, to: Matrices): void {
  const { heads, window } = encoding;
  const classToken = own(encoding, 'classToken');
  const [height, width] = window;
  const { kernels } = engine;
  const arena = engine.scratch();
  table.prepare(arena);
  const at = arena + table.scratchBytes;
  const room = (engine.scratchBytes - table.scratchBytes) >>> 2;
  const [tall, breadth] = [2 * height - 1, 2 * width - 1];
  const group = Math.max(1, Math.min(heads, Math.floor(room / (tall * breadth))));
  const block = Math.min(tall, Math.floor(room / (group * breadth)));
  const prefix = classToken ? 1 : 0;
  const rowStride = 4 * (height * width + prefix);
  const [rows, headStride] = [to.to - to.from, rowStride * (to.to - to.from)];
  // the CLS row is not a token of the grid
  const skip = classToken && to.from === 0 && rows > 0 ? 1 : 0;
  const first = Math.max(0, to.from - prefix);
  for (let head = 0; head < heads; head += group) {
    const n = Math.min(group, heads - head);
    for (let from = 0; from < tall; from += block) {
      const until = Math.min(tall, from + block);
      table.load(at, head, n, from * breadth, (until - from) * breadth);
      for (let r = 0; r < to.repeats; r++) {
        const out = to.pointer + (r * heads + head) * headStride + skip * rowStride;
        // biome-ignore format: grouped as the kernel declares it
        kernels.gridRows(
          out, headStride, rowStride, at, n, from, until, height, width, first, rows - skip, prefix, to.mode);
      }
    }
  }
  const numbers = own(table, 'classToken');
  if (numbers === undefined) return;
  const [corner, row, column] = numbers;
  for (let r = 0; r < to.repeats; r++) {
    const out = to.pointer + r * heads * headStride;
    // biome-ignore format: grouped as the kernel declares it
    kernels.classRows(
      out, headStride, rowStride, corner, row, column, heads, height * width, to.from, rows, to.mode);
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
export function swinTable(
  engine: Engine,
  pointer: number,
  heads: number,
  window: WindowSize,
  extra: boolean,
): GridTable {
  const entries = entriesOf(window);
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
