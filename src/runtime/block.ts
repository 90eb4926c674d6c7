/** The options every bias shares: lengths, positions, row blocks, masks. Rows are queries, columns are keys. */
import { integer } from './arguments.ts';
import type { Engine } from './engine.ts';
import { PosencError, show } from './errors.ts';
import { numbers, type Positions, positions } from './lists.ts';
import type { Tensor } from './tensor.ts';

export interface BiasOptions {
  /** Default: keyLength. */
  readonly queryLength?: number;
  /** Default: queryLength. */
  readonly keyLength?: number;
  /** Position of query row 0. Default: keyLength - queryLength, so that the last query meets the last key. */
  readonly queryOffset?: number;
  /** Positions of the queries, instead of queryLength and queryOffset. Integers. */
  readonly queryPositions?: Positions;
  /** Positions of the keys, instead of keyLength. Integers. */
  readonly keyPositions?: Positions;
  /** Only the query rows [from, to): the same bits as those rows of the whole. */
  readonly rows?: readonly [number, number];
  /** Keys after the query get maskValue. Default false. */
  readonly causal?: boolean;
  /** [left, right]: keys further away than this get maskValue; -1 is unlimited. */
  readonly window?: readonly [number, number];
  /** Default -Infinity. */
  readonly maskValue?: number;
  /** A Tensor, or a Float32Array on the engine's memory: nothing is allocated. */
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
}

export const BIAS_OPTIONS = [
  'queryLength',
  'keyLength',
  'queryOffset',
  'queryPositions',
  'keyPositions',
  'rows',
  'causal',
  'window',
  'maskValue',
  'out',
  'engine',
] as const;

/** Positions are int32 in the bias kernels; distances then fit an int64. */
const MAX = 2 ** 31 - 1;
/** A window's side that masks nothing. */
export const UNLIMITED = MAX;

/** The block of the matrix a call asks for. */
export interface Block {
  /** Rows of the block, columns, and rows of the whole matrix. */
  readonly rows: number;
  readonly columns: number;
  readonly queryLength: number;
  /** Position of the block's first row, when consecutive, and of the first row of the whole. */
  readonly query: number;
  readonly queryOffset: number;
  readonly queryPositions?: Int32Array;
  readonly keyPositions?: Int32Array;
  /** Distances masked: key < query - left, key > query + right; 2^31 - 1 is unlimited. */
  readonly left: number;
  readonly right: number;
  readonly maskValue: number;
}

/** @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION */
export function blockOf(name: string, o: BiasOptions): Block {
  const queryPositions = o.queryPositions === undefined ? undefined : int32('queryPositions', o.queryPositions);
  const keyPositions = o.keyPositions === undefined ? undefined : int32('keyPositions', o.keyPositions);
  let queryLength = lengthOf('queryLength', o.queryLength, queryPositions);
  let keyLength = lengthOf('keyLength', o.keyLength, keyPositions);
  if (queryLength === undefined && keyLength === undefined) {
    throw new PosencError('ERR_SHAPE', `${name}: give keyLength, queryLength or both`);
  }
  queryLength ??= keyLength!;
  keyLength ??= queryLength;
  if (queryPositions && o.queryOffset !== undefined) {
    throw new PosencError('ERR_OPTION', "queryOffset: give it or 'queryPositions', not both");
  }
  const offset = integer('queryOffset', o.queryOffset, -MAX, MAX, keyLength - queryLength);
  if (!queryPositions && offset + queryLength > MAX) {
    throw new PosencError('ERR_POSITION', `queryOffset: ${offset} + ${queryLength} rows pass position 2^31 - 1`);
  }
  let from = 0;
  let to = queryLength;
  if (o.rows !== undefined) {
    const list = numbers('rows', o.rows, 2);
    from = integer('rows[0]', list[0], 0, queryLength);
    to = integer('rows[1]', list[1], from, queryLength);
  }
  let left = UNLIMITED;
  let right = UNLIMITED;
  if (o.window !== undefined) {
    const list = numbers('window', o.window, 2);
    left = limit('window[0]', list[0]);
    right = limit('window[1]', list[1]);
  }
  if (o.causal !== undefined && typeof o.causal !== 'boolean') {
    throw new PosencError('ERR_OPTION', `causal: expected true or false, got ${show(o.causal)}`);
  }
  if (o.causal) right = 0;
  const maskValue = o.maskValue ?? Number.NEGATIVE_INFINITY;
  if (typeof maskValue !== 'number' || Number.isNaN(maskValue)) {
    throw new PosencError('ERR_OPTION', `maskValue: expected a number, got ${show(maskValue)}`);
  }
  return {
    rows: to - from,
    columns: keyLength,
    queryLength,
    query: offset + from,
    queryOffset: offset,
    queryPositions: queryPositions?.subarray(from, to),
    keyPositions,
    left,
    right,
    maskValue,
  };
}

function lengthOf(option: string, length: unknown, list: Int32Array | undefined): number | undefined {
  if (list === undefined) return length === undefined ? undefined : integer(option, length, 0, MAX);
  if (length !== undefined && length !== list.length) {
    throw new PosencError('ERR_SHAPE', `${option}: ${show(length)} contradicts the ${list.length} positions given`);
  }
  return list.length;
}

function limit(option: string, value: number): number {
  const n = integer(option, value, -1, MAX);
  return n === -1 ? UNLIMITED : n;
}

/** Positions as int32. @throws ERR_OPTION, ERR_POSITION */
export function int32(option: string, given: Positions): Int32Array {
  const list = positions(option, given);
  return Int32Array.from(list, (p, i) => {
    if (Number.isInteger(p) && Math.abs(p) <= MAX) return p;
    throw new PosencError('ERR_POSITION', `${option}[${i}]: expected an integer of magnitude below 2^31, got ${p}`);
  });
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

/** The distances that are not masked. */
export function allowed({ left, right }: Block): readonly [number, number] {
  return [
    left === UNLIMITED ? Number.NEGATIVE_INFINITY : -left,
    right === UNLIMITED ? Number.POSITIVE_INFINITY : right,
  ];
}
