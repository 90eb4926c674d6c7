/**
 * A learned number for every distance up to a limit, and the outermost one for all beyond: the clipped scalar bias of
 * Phi-4-multimodal's audio encoder, transformers modeling_phi4_multimodal.py, and AlphaFold's relpos (Jumper et al., Nature 596,
 * and AlphaFold-Multimer), which has one more row for residues of different chains.
 */
import { boolean, integer, oneOf, size, take } from '../../runtime/arguments.ts';
import { BATCH_OPTIONS, type Block, blockOf, headCount, refuse } from '../../runtime/block.ts';
import { JOIN_ADD, REPLACE } from '../../runtime/codes.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Call, type Floats, gate } from '../../runtime/gate.ts';
import type { NumberList } from '../../runtime/lists.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { encodingOf, type Filler, type HeadRows, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface ClippedRelativeBiasOptions extends ToeplitzOptions {
  /** Which way distances count: 'key-query' (Phi-4), 'query-key' (AlphaFold). Default 'key-query'. */
  readonly direction?: 'key-query' | 'query-key';
  /** Row of distance 0. Default: the middle one, of an even number the one after it. */
  readonly centre?: number;
  /** The table has a row for every distance without its sign, 0 first. Default false. */
  readonly symmetric?: boolean;
  /**
   * The chain (asym_id), or another group, that each query belongs to. Pairs of different groups take the table's last row,
   * whatever their distance; the other rows are those of the distances.
   */
  readonly queryGroups?: NumberList;
  /** The same of the keys. Default: queryGroups. */
  readonly keyGroups?: NumberList;
  /** 'hqk': heads first, as scores have them; 'qkh': heads last, as AlphaFold's pair representation. Default 'hqk'. */
  readonly layout?: 'hqk' | 'qkh';
  /** [rows, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const OPTIONS = [
  ...TOEPLITZ_OPTIONS,
  'direction',
  'centre',
  'symmetric',
  'queryGroups',
  'keyGroups',
  'layout',
  'shape',
] as const;

/** A table in place, and which row a distance has. */
interface ClippedTable {
  readonly pointer: number;
  readonly rows: number;
  readonly heads: number;
  readonly headsLast: boolean;
  /** Sign of key minus query in the row's number; 0: without its sign. */
  readonly sign: number;
  readonly centre: number;
  /** The row of the largest distances. */
  readonly last: number;
}

/**
 * bias[h, i, j] = table[clip(j - i + centre, 0, rows - 1), h], with the positions of keys and queries; symmetric:
 * table[min(|j - i|, rows - 1), h], where keys that lie `rows` or more before their query are an error, as in the published code.
 * Numbers of the table are copied.
 * @param table float32 [rows, heads]
 * @param given lengths or positions, the direction, the row of distance 0
 * @returns float32 [heads, queryLength, keyLength], or [queryLength, keyLength, heads] for layout 'qkh', or what
 * `diagonal`, `rows`, batches, packed sequences and `addTo` make of it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see transformers modeling_phi4_multimodal; Jumper et al., AlphaFold, Nature 596, algorithm 4
 * @example
 * const table = Tensor.from([-1, 0, 1], [3, 1]);
 * console.log(clippedRelativeBias(table, { queryLength: 1, keyLength: 4 }).data); // Float32Array(4) [ -1, -1, -1, 0 ]
 */
export function clippedRelativeBias(table: Floats, given: ClippedRelativeBiasOptions): Tensor {
  const o = take('clippedRelativeBias', given, OPTIONS);
  const headsLast = oneOf('layout', o.layout, ['hqk', 'qkh'], 'hqk') === 'qkh';
  const symmetric = boolean('symmetric', o.symmetric, false);
  const direction = oneOf('direction', o.direction, ['key-query', 'query-key'], 'key-query');
  if (symmetric) refuse(o, 'symmetric', ['direction', 'centre']);
  const call = gate('clippedRelativeBias', o.engine);
  const place = call.input('table', table, o.shape);
  const { shape } = place;
  const grouped = o.queryGroups !== undefined || o.keyGroups !== undefined;
  const extra = grouped ? 1 : 0;
  if (shape.length !== 2 || shape[0] < 1 + extra || shape[1] === 0) {
    const words = grouped ? 'a row for every distance, then one for different groups' : 'a row for every distance';
    throw new PosencError('ERR_SHAPE', `table: expected [rows, heads], ${words}, got [${shape.join(', ')}]`);
  }
  const rows = size('table', shape[0], 1);
  const heads = headCount('table', shape[1]);
  const last = rows - 1 - extra;
  const centre = integer('centre', o.centre, 0, last, Math.floor((last + 1) / 2));
  const sign = symmetric ? 0 : direction === 'key-query' ? 1 : -1;
  const bind = () => ({ pointer: place.pointer, rows, heads, headsLast, sign, centre, last });
  if (grouped) return groupedBias(call, o, bind, heads, symmetric ? -last : undefined);
  return toeplitz(
    call,
    encodingOf(headsLast ? 1 : heads, (engine) => clippedFiller(engine, bind()), {
      headsLast,
      width: headsLast ? heads : 1,
      range: symmetric ? { low: -last, high: 2 ** 32, option: 'table' } : undefined,
    }),
    o,
  );
}

/** Columns whose rows of the table are listed at a time. */
const PART = 512;

function clippedFiller(engine: Engine, table: ClippedTable): Filler {
  let ids = 0;
  return {
    scratchBytes: 4 * PART,
    directRows: 1,
    rows: undefined,
    diagonal: undefined,
    load(pointer) {
      ids = pointer;
    },
    fill(to, { first, count, list }) {
      for (let t = 0; t < count; t += PART) {
        const n = Math.min(PART, count - t);
        const from = list === 0 ? 0 : list + 8 * t;
        writeIds(engine, table, ids, from, first + t, n, 0, 0);
        gatherRows(engine, table, to, t, n, ids);
      }
    },
  };
}

/** Rows of the table of n distances, at `ids`; by head where heads come first, so that they count numbers, not rows. */
function writeIds(
  engine: Engine,
  { rows, heads, headsLast, sign, centre, last }: ClippedTable,
  ids: number,
  list: number,
  first: number,
  n: number,
  groups: number,
  group: number,
): void {
  const stride = headsLast ? 1 : heads;
  engine.kernels.clippedRows(ids, list, first, n, sign, centre, last, stride, groups, group, rows - 1);
}

/** The numbers of n columns from number t on. */
function gatherRows(engine: Engine, table: ClippedTable, to: HeadRows, t: number, n: number, ids: number): void {
  const { kernels } = engine;
  const { pointer, rows, heads } = table;
  if (table.headsLast) {
    kernels.lookupRows(to.pointer + 4 * t * heads, 4 * heads, pointer, rows, heads, ids, n, 1);
  } else {
    kernels.gatherColumns(to.pointer + 4 * t, to.stride, 4, pointer + 4 * to.head, 4, to.heads, n, ids);
  }
}

/** The bias where queries and keys belong to groups: row by row, for no distance has the same value everywhere. */
function groupedBias(
  call: Call,
  o: ClippedRelativeBiasOptions,
  bind: () => ClippedTable,
  heads: number,
  nearest: number | undefined,
): Tensor {
  refuse(o, 'queryGroups', ['causal', 'window', 'maskValue', 'cuSeqlens', 'cuSeqlensK', 'diagonal', ...BATCH_OPTIONS]);
  if (o.queryGroups === undefined) throw new PosencError('ERR_OPTION', 'keyGroups: needs queryGroups');
  const block = blockOf(call, o);
  const queryGroups = groupsOf(call, 'queryGroups', o.queryGroups, block.queryLength);
  const keyGroups = groupsOf(call, 'keyGroups', o.keyGroups ?? o.queryGroups, block.columns);
  if (nearest !== undefined) checkBehind(block, queryGroups, keyGroups, nearest);
  const { rows, columns } = block;
  const headsLast = o.layout === 'qkh';
  const shape = headsLast ? [rows, columns, heads] : [heads, rows, columns];
  const { place, repeats, mode } = destinationOf(call, o, shape);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const table = bind();
    const whole = { heads, headsLast, repeats, mode, out: place.pointer };
    for (let row = 0; row < rows; row++) writeGroupedRow(engine, table, block, whole, row, queryGroups, keyGroups);
    return place.tensor;
  });
}

interface Whole {
  readonly heads: number;
  readonly headsLast: boolean;
  readonly repeats: number;
  readonly mode: number;
  readonly out: number;
}

function writeGroupedRow(
  engine: Engine,
  table: ClippedTable,
  { rows, columns, from, pieces }: Block,
  { heads, headsLast, repeats, mode, out }: Whole,
  row: number,
  queryGroups: Int32Array,
  keyGroups: Int32Array,
): void {
  const { kernels } = engine;
  const { query, queryPositions, keyPositions } = pieces[0];
  const position = queryPositions === undefined ? query + row : queryPositions[row];
  const matrix = 4 * rows * columns * heads;
  const ids = engine.scratch();
  const groups = ids + 4 * PART;
  const keys = groups + 4 * PART;
  const list = keys + 4 * PART;
  const tile = list + 8 * PART;
  // a number of each head, or all heads of a number of columns, fit the tile
  const room = (engine.scratchBytes - 20 * PART) >>> 2;
  const part = headsLast ? Math.max(1, Math.min(PART, Math.floor(room / heads))) : PART;
  for (let column = 0; column < columns; column += part) {
    const n = Math.min(part, columns - column);
    engine.i32.set(keyGroups.subarray(column, column + n), groups >>> 2);
    if (keyPositions !== undefined) engine.i32.set(keyPositions.subarray(column, column + n), keys >>> 2);
    const listed = keyPositions === undefined ? 0 : keys;
    kernels.distanceRow(list, position, listed, column, n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    writeIds(engine, table, ids, list, 0, n, groups, queryGroups[from + row]);
    const cell = 4 * (row * columns + column);
    for (let r = 0; r < repeats; r++) {
      for (let h = 0; h < (headsLast ? 1 : heads); h++) {
        const at = out + r * matrix + (headsLast ? heads * cell : 4 * h * rows * columns + cell);
        const pointer = mode === REPLACE ? at : tile;
        gatherRows(engine, table, { pointer, stride: 0, head: h, heads: 1 }, 0, n, ids);
        if (mode !== REPLACE) kernels.joinRows(at, at, tile, 1, headsLast ? n * heads : n, 1, JOIN_ADD);
      }
    }
  }
}

/** @throws ERR_OPTION, ERR_SHAPE */
function groupsOf(call: Call, option: string, given: unknown, length: number): Int32Array {
  const { data } = call.integers(option, given, -(2 ** 31), 2 ** 31 - 1);
  if (data.length === length) return Int32Array.from(data);
  throw new PosencError('ERR_SHAPE', `${option}: expected ${length} numbers, got ${data.length}`);
}

/** A table of distances without their sign has no row for keys `rows` or more before their query, when both are of one group. */
function checkBehind(block: Block, queryGroups: Int32Array, keyGroups: Int32Array, nearest: number): void {
  const { query, queryPositions, keyPositions } = block.pieces[0];
  const first = new Map<number, number>();
  for (let j = 0; j < block.columns; j++) {
    const p = keyPositions?.[j] ?? j;
    first.set(keyGroups[j], Math.min(p, first.get(keyGroups[j]) ?? p));
  }
  for (let r = 0; r < block.rows; r++) {
    const key = first.get(queryGroups[block.from + r]);
    if (key === undefined) continue;
    const distance = key - (queryPositions?.[r] ?? query + r);
    if (distance >= nearest) continue;
    throw new PosencError(
      'ERR_POSITION',
      `table: clippedRelativeBias covers key minus query from ${nearest} on, the lengths or positions reach ${distance}`,
    );
  }
}
