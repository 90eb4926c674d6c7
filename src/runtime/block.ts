/**
 * The options every bias, mask and score shares: lengths, positions, blocks of rows, windows, batches and packed sequences.
 * Rows are queries, columns are keys. What they come to is a list of pieces, each a rectangle of the result whose queries and
 * keys belong together; cells outside every piece are masked. One sequence is one piece, a batch has one piece a matrix, and
 * packed sequences (flash-attention's cu_seqlens) have one each.
 */
import { boolean, integer, size } from './arguments.ts';
import { PosencError, show } from './errors.ts';
import type { Call } from './gate.ts';
import { type NumberList, showList } from './lists.ts';
import type { EngineOption, OutOption } from './options.ts';

export interface BiasOptions extends OutOption, EngineOption {
  /** Default: keyLength. */
  readonly queryLength?: number;
  /** Default: queryLength. */
  readonly keyLength?: number;
  /** Position of query row 0. Default: keyLength - queryLength, so that the last query meets the last key. */
  readonly queryOffset?: number;
  /** Positions of the queries, instead of queryLength and queryOffset. Integers. */
  readonly queryPositions?: NumberList;
  /** Positions of the keys, instead of keyLength. Integers. */
  readonly keyPositions?: NumberList;
  /** Packed sequences: where each begins among the rows, and at last where they end, [0, ..., queryLength]. Positions start again in every sequence, and sequences do not see each other. */
  readonly cuSeqlens?: NumberList;
  /** The same among the columns, [0, ..., keyLength]. Default: cuSeqlens. */
  readonly cuSeqlensK?: NumberList;
  /** Only the query rows [from, to): the same bits as those rows of the whole. */
  readonly rows?: readonly [number, number];
  /** Keys after the query get maskValue. Default false. */
  readonly causal?: boolean;
  /** Limits [left, right]: keys further away than this get maskValue; -1 is unlimited. */
  readonly window?: readonly [number, number];
  /** Default -Infinity. */
  readonly maskValue?: number;
}

export const BIAS_OPTIONS = [
  'queryLength',
  'keyLength',
  'queryOffset',
  'queryPositions',
  'keyPositions',
  'cuSeqlens',
  'cuSeqlensK',
  'rows',
  'causal',
  'window',
  'maskValue',
  'out',
  'engine',
] as const;

/** A batch of sequences of different lengths; the result gets a leading [B]. */
export interface BatchOptions {
  /** Valid queries per batch. Query row i is at i + keyLengths - queryLengths. Default: queryLength. */
  readonly queryLengths?: NumberList;
  /** Valid keys per batch. Default: keyLength - keyLeftPad. */
  readonly keyLengths?: NumberList;
  /** Padding in front of the keys per batch: column j is the key at j - keyLeftPad, columns before that get maskValue. */
  readonly keyLeftPad?: NumberList;
}

export const BATCH_OPTIONS = ['queryLengths', 'keyLengths', 'keyLeftPad'] as const;

/** What becomes of keys beyond keyLengths: masked, or as flash-attention's construct_local_mask has it. */
export type KeyPadding = 'mask' | 'flash';

/** Positions are int32 in the kernels; distances then fit an int64. */
const MAX = 2 ** 31 - 1;
/** A window's side that masks nothing. */
export const UNLIMITED = MAX;

/** Parameters of this many heads fit the smallest arena beside a diagonal. */
export const MAX_HEADS = 1024;

/** @throws ERR_SHAPE */
export function headCount(option: string, heads: unknown): number {
  return size(option, heads, 1, MAX_HEADS);
}

/** Which distances are masked: key < query - left, key > query + right. */
export interface Window {
  readonly left: number;
  readonly right: number;
  readonly maskValue: number;
}

/** A rectangle of the result: rows [row, row + rows) of matrix `batch`, columns [start, end). */
export interface Piece {
  readonly batch: number;
  readonly row: number;
  readonly rows: number;
  /** Number of its first row within its sequence, and the row's position where positions are consecutive. */
  readonly index: number;
  readonly query: number;
  readonly queryPositions: Int32Array | undefined;
  /** Its columns have the positions 0, 1, ... or keyPositions; all other columns are masked in its rows. */
  readonly start: number;
  readonly end: number;
  readonly keyPositions: Int32Array | undefined;
  /** Keys that are no padding. */
  readonly keys: number;
}

/** The rows of the matrix that a call asks for. */
export interface Block extends Window {
  /** Rows of the block, the first of them, columns, and rows of the whole matrix. */
  readonly rows: number;
  readonly from: number;
  readonly columns: number;
  readonly queryLength: number;
  /** Position of row 0 of the whole, where there is one sequence. */
  readonly queryOffset: number;
  /** Matrices of the result; undefined where it has no such dimension. */
  readonly batch: number | undefined;
  /** In the order of rows; together they have all rows. */
  readonly pieces: readonly Piece[];
}

/**
 * `keyPadding`: undefined where keys beyond keyLengths are like all others. `fromZero`: query 0 of a packed sequence is at 0,
 * instead of its last query meeting its last key.
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION
 */
export function blockOf(call: Call, o: BiasOptions & BatchOptions, keyPadding?: KeyPadding, fromZero = false): Block {
  const { left, right, maskValue } = windowOf(call, o);
  const packed = o.cuSeqlens !== undefined || o.cuSeqlensK !== undefined;
  const batched = o.queryLengths !== undefined || o.keyLengths !== undefined || o.keyLeftPad !== undefined;
  if (packed) refuse(o, 'cuSeqlens', BATCH_OPTIONS);
  if (packed || batched) {
    const beside = packed ? 'cuSeqlens' : BATCH_OPTIONS.find((name) => o[name] !== undefined)!;
    refuse(o, beside, ['queryPositions', 'keyPositions', 'queryOffset']);
  }
  const queryPositions = positionsOf(call, 'queryPositions', o.queryPositions);
  const keyPositions = positionsOf(call, 'keyPositions', o.keyPositions);
  const queryStarts = packed ? starts(call, 'cuSeqlens', o.cuSeqlens) : undefined;
  const keyStarts = o.cuSeqlensK === undefined ? queryStarts : starts(call, 'cuSeqlensK', o.cuSeqlensK);
  if (packed && queryStarts!.length !== keyStarts!.length) {
    throw new PosencError(
      'ERR_SHAPE',
      `cuSeqlensK: expected ${queryStarts!.length} numbers as in cuSeqlens, got ${keyStarts!.length}`,
    );
  }
  let queryLength = lengthOf('queryLength', o.queryLength, queryPositions?.length ?? queryStarts?.at(-1));
  let keyLength = lengthOf('keyLength', o.keyLength, keyPositions?.length ?? keyStarts?.at(-1));
  if (queryLength === undefined && keyLength === undefined) {
    throw new PosencError('ERR_SHAPE', `${call.name}: give keyLength, queryLength or both`);
  }
  queryLength ??= keyLength!;
  keyLength ??= queryLength;
  if (queryPositions !== undefined && o.queryOffset !== undefined) {
    throw new PosencError('ERR_OPTION', "queryOffset: give it or 'queryPositions', not both");
  }
  const queryOffset = integer('queryOffset', o.queryOffset, -MAX, MAX, keyLength - queryLength);
  if (queryPositions === undefined && queryOffset + queryLength > MAX) {
    throw new PosencError('ERR_POSITION', `queryOffset: ${queryOffset} + ${queryLength} rows pass position 2^31 - 1`);
  }
  const [from, to] = rowRange(call, o.rows, queryLength);
  let batch: number | undefined;
  let pieces: readonly Piece[];
  if (packed) pieces = sequences(queryStarts!, keyStarts!, from, to, fromZero);
  else if (batched) {
    pieces = batches(call, o, from, to, queryLength, keyLength, left, keyPadding);
    batch = pieces.length;
  } else {
    const piece: Piece = {
      batch: 0,
      row: 0,
      rows: to - from,
      index: from,
      query: queryOffset + from,
      queryPositions: queryPositions?.subarray(from, to),
      start: 0,
      end: keyLength,
      keyPositions,
      keys: keyLength,
    };
    pieces = [piece];
  }
  return {
    rows: to - from,
    from,
    columns: keyLength,
    queryLength,
    queryOffset: batched ? 0 : queryOffset,
    left,
    right,
    maskValue,
    batch,
    pieces,
  };
}

/** Rows [from, to) of every sequence; `starts` end with the total. */
function sequences(
  queryStarts: Int32Array,
  keyStarts: Int32Array,
  from: number,
  to: number,
  fromZero: boolean,
): Piece[] {
  const pieces: Piece[] = [];
  for (let s = 0; s + 1 < queryStarts.length; s++) {
    const first = Math.max(from, queryStarts[s]);
    const rows = Math.min(to, queryStarts[s + 1]) - first;
    if (rows <= 0) continue;
    const index = first - queryStarts[s];
    const keys = keyStarts[s + 1] - keyStarts[s];
    const offset = fromZero ? 0 : keys - (queryStarts[s + 1] - queryStarts[s]);
    const [start, end] = [keyStarts[s], keyStarts[s + 1]];
    pieces.push({
      batch: 0,
      row: first - from,
      rows,
      index,
      query: offset + index,
      queryPositions: undefined,
      start,
      end,
      keyPositions: undefined,
      keys,
    });
  }
  return pieces;
}

/** @throws ERR_OPTION unless the list is 0, then ends that do not fall */
function starts(call: Call, option: string, given: unknown): Int32Array {
  if (given === undefined) throw new PosencError('ERR_OPTION', `${option}: cuSeqlensK alone does not say which rows`);
  const { data } = call.integers(option, given, 0, MAX);
  let rising = data.length > 1 && data[0] === 0;
  for (let s = 1; s < data.length; s++) rising &&= data[s] >= data[s - 1];
  if (rising) return Int32Array.from(data);
  throw new PosencError('ERR_OPTION', `${option}: expected 0, then ascending ends, got ${showList(data)}`);
}

/** The rows [from, to) of every matrix. */
function batches(
  call: Call,
  o: BatchOptions,
  from: number,
  to: number,
  queryLength: number,
  keyLength: number,
  left: number,
  keyPadding: KeyPadding | undefined,
): Piece[] {
  let count: number | undefined;
  const list = (name: (typeof BATCH_OPTIONS)[number], max: number) => {
    if (o[name] === undefined) return undefined;
    const { data } = call.integers(name, o[name], 0, max);
    count ??= data.length;
    if (data.length === count) return data;
    throw new PosencError('ERR_SHAPE', `${name}: expected ${count} numbers, got ${data.length}`);
  };
  const queries = list('queryLengths', queryLength);
  const keyLengths = list('keyLengths', keyLength);
  const pads = list('keyLeftPad', keyLength);
  const pieces = new Array<Piece>(count!);
  for (let b = 0; b < pieces.length; b++) {
    const start = pads?.[b] ?? 0;
    const keys = keyLengths?.[b] ?? keyLength - start;
    const query = keys - (queries?.[b] ?? queryLength) + from;
    const end = Math.max(start, keyEnd(keyPadding, left, keyLength, start + keys));
    pieces[b] = {
      batch: b,
      row: 0,
      rows: to - from,
      index: from,
      query,
      queryPositions: undefined,
      start,
      end,
      keyPositions: undefined,
      keys,
    };
  }
  return pieces;
}

/** The column from which on keys are masked as padding; `end` is where the valid ones end. */
function keyEnd(keyPadding: KeyPadding | undefined, left: number, columns: number, end: number): number {
  const unlimited = keyPadding === undefined || (keyPadding === 'flash' && left === UNLIMITED);
  return unlimited ? columns : Math.min(columns, keyPadding === 'flash' ? end + 1 : end);
}

/** @throws ERR_OPTION, ERR_SHAPE */
function windowOf(call: Call, o: Pick<BiasOptions, 'causal' | 'window' | 'maskValue'>): Window {
  let left = UNLIMITED;
  let right = UNLIMITED;
  if (o.window !== undefined) {
    const { data } = call.numbers('window', o.window, 2);
    left = limit('window[0]', data[0]);
    right = limit('window[1]', data[1]);
  }
  if (boolean('causal', o.causal, false)) right = 0;
  const maskValue = o.maskValue ?? Number.NEGATIVE_INFINITY;
  if (typeof maskValue !== 'number' || Number.isNaN(maskValue)) {
    throw new PosencError('ERR_OPTION', `maskValue: expected a number, got ${show(maskValue)}`);
  }
  return { left, right, maskValue };
}

/** Rows [from, to) of `length`. @throws ERR_OPTION, ERR_SHAPE */
export function rowRange(call: Call, rows: unknown, length: number): readonly [number, number] {
  if (rows === undefined) return [0, length];
  const { data } = call.numbers('rows', rows, 2);
  const from = integer('rows[0]', data[0], 0, length);
  return [from, integer('rows[1]', data[1], from, length)];
}

/** @throws ERR_OPTION for options that another one leaves no meaning */
export function refuse<T extends object>(o: T, beside: string, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    if (o[name] !== undefined) throw new PosencError('ERR_OPTION', `${name}: has no meaning beside ${beside}`);
  }
}

function lengthOf(option: string, length: unknown, listed: number | undefined): number | undefined {
  if (listed === undefined) return length === undefined ? undefined : integer(option, length, 0, MAX);
  if (length !== undefined && length !== listed) {
    throw new PosencError('ERR_SHAPE', `${option}: ${show(length)} contradicts the ${listed} positions given`);
  }
  return listed;
}

function limit(option: string, value: number): number {
  const n = integer(option, value, -1, MAX);
  return n === -1 ? UNLIMITED : n;
}

/** Positions as int32. @throws ERR_OPTION, ERR_POSITION */
export function positionsOf(call: Call, option: string, given: unknown): Int32Array | undefined {
  return given === undefined
    ? undefined
    : Int32Array.from(call.integers(option, given, -MAX, MAX, 'ERR_POSITION').data);
}

/** The smallest and largest of consecutive positions, or of a list. */
export function spread(list: Int32Array | undefined, first: number, count: number): readonly [number, number] {
  if (!list) return [first, first + count - 1];
  let [low, high] = [list[0], list[0]];
  for (const p of list) {
    if (p < low) low = p;
    if (p > high) high = p;
  }
  return [low, high];
}

/** The smallest and largest distance key minus query of a piece, before masks; undefined when it is empty. */
export function extremes(piece: Piece): readonly [number, number] | undefined {
  const columns = piece.end - piece.start;
  if (piece.rows === 0 || columns === 0) return undefined;
  const [q0, q1] = spread(piece.queryPositions, piece.query, piece.rows);
  const [k0, k1] = spread(piece.keyPositions, 0, columns);
  return [k0 - q1, k1 - q0];
}

/** The distances that are not masked. */
export function allowed({ left, right }: Pick<Window, 'left' | 'right'>): readonly [number, number] {
  return [
    left === UNLIMITED ? Number.NEGATIVE_INFINITY : -left,
    right === UNLIMITED ? Number.POSITIVE_INFINITY : right,
  ];
}
