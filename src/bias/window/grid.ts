/**
 * What the biases of a window of height x width tokens share (Swin, SwinV2, BEiT, MaxViT): a number per head for every
 * difference of rows and columns, spread over all pairs of tokens, optionally with a CLS token in front.
 */
import { integer, size } from '../../runtime/arguments.ts';
import { ADD, REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { numbers } from '../../runtime/lists.ts';
import { checkOut, checkOverlap, engineOf, type Operand, operand, output } from '../../runtime/operands.ts';
import { Tensor } from '../../runtime/tensor.ts';
import { inMemory, repeatsOf } from '../target.ts';

/** [height, width] of a window, in tokens. */
export type WindowSize = readonly [number, number];

export interface GridOptions {
  /** Only the query tokens [from, to), row-major, a CLS token being number 0. */
  readonly rows?: readonly [number, number];
  /** Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Tensor | Float32Array;
  readonly out?: Tensor | Float32Array;
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
  readonly tables?: readonly (readonly [string, Tensor | Float32Array])[];
  bind(engine: Engine, tables: readonly number[]): GridTable;
}

const MAX_SIDE = 2048;

/** @throws ERR_SHAPE */
export function windowSize(option: string, value: unknown): WindowSize {
  const list = numbers(option, value, 2);
  return [size(`${option}[0]`, list[0], 1, MAX_SIDE), size(`${option}[1]`, list[1], 1, MAX_SIDE)];
}

/** Number of entries of a window's table. */
export function entriesOf([height, width]: WindowSize): number {
  return (2 * height - 1) * (2 * width - 1);
}

/** float32 [heads, tokens, tokens], or the rows asked for; or addTo. @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY */
export function gridBias(encoding: GridEncoding, o: GridOptions): Tensor {
  const { heads, window, tables = [], dtype = 'float32' } = encoding;
  const [height, width] = window;
  const prefix = encoding.classToken ? 1 : 0;
  const tokens = height * width;
  const [from, to] = rowRange(o.rows, tokens + prefix);
  if (o.addTo !== undefined && o.out !== undefined) {
    throw new PosencError('ERR_OPTION', 'out: has no meaning beside addTo');
  }
  const engine = engineOf(o.engine, [...tables.map(([, table]) => table), o.out, o.addTo]);
  const sizes = [heads, to - from, tokens + prefix];
  const shape = encoding.squeeze ? sizes.slice(1) : sizes;
  if (o.addTo === undefined) checkOut(engine, o.out, shape, dtype);
  const repeats = o.addTo === undefined ? 1 : repeatsOf(o.addTo, shape);
  for (const [name, table] of tables) {
    checkOverlap(name, 'out', table, o.out, false);
    checkOverlap(name, 'addTo', table, o.addTo, false);
  }
  if (o.addTo !== undefined && !inMemory(engine, o.addTo)) {
    const scores = o.addTo as Float32Array;
    const staged = Tensor.from(scores, repeats === 1 ? shape : [repeats, ...shape], { engine });
    gridBias(encoding, { ...o, addTo: staged });
    scores.set(staged.data);
    return staged;
  }
  const leading = repeats === 1 ? shape : [repeats, ...shape];
  const target =
    o.addTo instanceof Tensor ? o.addTo : output(engine, o.addTo ?? o.out, leading, o.addTo ? 'float32' : dtype);
  if (target.length === 0) return target as Tensor;
  const staged: Operand[] = [];
  try {
    for (const [name, table] of tables) staged.push(operand(name, engine, table));
    const table = encoding.bind(
      engine,
      staged.map((operand) => operand.pointer),
    );
    const place = { pointer: target.byteOffset, repeats, from, to, mode: o.addTo === undefined ? REPLACE : ADD };
    write(engine, encoding, table, place);
  } finally {
    for (const table of staged) table.finish();
  }
  return target as Tensor;
}

function rowRange(given: GridOptions['rows'], tokens: number): readonly [number, number] {
  if (given === undefined) return [0, tokens];
  const list = numbers('rows', given, 2);
  const from = integer('rows[0]', list[0], 0, tokens);
  return [from, integer('rows[1]', list[1], from, tokens)];
}

interface Place {
  readonly pointer: number;
  readonly repeats: number;
  readonly from: number;
  readonly to: number;
  readonly mode: number;
}

/** In groups of heads, and of table rows where not even one head's table fits the arena. */
function write(engine: Engine, encoding: GridEncoding, table: GridTable, place: Place): void {
  const { heads, window, classToken } = encoding;
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
  const [rows, headStride] = [place.to - place.from, rowStride * (place.to - place.from)];
  // the CLS row is not a token of the grid
  const skip = classToken && place.from === 0 && rows > 0 ? 1 : 0;
  const first = Math.max(0, place.from - prefix);
  for (let head = 0; head < heads; head += group) {
    const n = Math.min(group, heads - head);
    for (let from = 0; from < tall; from += block) {
      const to = Math.min(tall, from + block);
      table.load(at, head, n, from * breadth, (to - from) * breadth);
      for (let r = 0; r < place.repeats; r++) {
        const out = place.pointer + (r * heads + head) * headStride + skip * rowStride;
        // biome-ignore format: grouped as the kernel declares it
        kernels.gridRows(
          out, headStride, rowStride, at, n, from, to, height, width, first, rows - skip, prefix, place.mode);
      }
    }
  }
  if (table.classToken === undefined) return;
  const [corner, row, column] = table.classToken;
  for (let r = 0; r < place.repeats; r++) {
    const out = place.pointer + r * heads * headStride;
    // biome-ignore format: grouped as the kernel declares it
    kernels.classRows(
      out, headStride, rowStride, corner, row, column, heads, height * width, place.from, rows, place.mode);
  }
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
