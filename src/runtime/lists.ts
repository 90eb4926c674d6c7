/**
 * Lists of numbers as callers pass them: positions, ids, masks, lengths, sizes. Whatever is accepted in one place is accepted
 * in all: any typed array (BigInt64 included, of any realm), a plain array, nested arrays where the shape is plain, a Tensor,
 * or { data, shape }. Every function here returns a private copy, so later changes of the caller's array, or of the memory it
 * lies in, cannot reach a call. What a call is made of: gate.ts. A Tensor is known by its members, so that reading lists does not
 * load the engine.
 */
import { PosencError, show } from './errors.ts';
import { checkShape, elementsOf } from './shapes.ts';
import { kindOf, viewOf } from './views.ts';

/** Numbers with a shape. */
export interface List {
  /** Typed arrays are the caller's own; plain arrays are copies. */
  readonly values: ArrayLike<unknown>;
  readonly shape: readonly number[];
  /** The engine of a Tensor. */
  readonly owner: unknown;
}

/** More entries than any call can use: refused before they are looked at. */
const MAX_LIST = 2 ** 28;

/** Numbers that a call makes one by one from sizes alone; more are refused before the first is made. */
export const MAX_MADE = 2 ** 24;

const EXPECTED = 'numbers, a typed array, a Tensor or { data, shape }';

/** @throws ERR_OPTION, ERR_SHAPE, ERR_DISPOSED */
export function listOf(option: string, value: unknown): List {
  const view = viewOf(option, value);
  if (view !== undefined) return { values: value as ArrayLike<unknown>, shape: [view.length], owner: undefined };
  if (Array.isArray(value)) return nested(option, value);
  if (value !== null && typeof value === 'object') {
    const { data, shape, engine, dtype } = value as Record<string, unknown>;
    if (data !== undefined && shape !== undefined) {
      const bits = dtype === 'float16' || dtype === 'bfloat16';
      const list = listOf(
        `${option}.data`,
        bits ? (value as { toFloat32Array(): Float32Array }).toFloat32Array() : data,
      );
      const sizes = checkShape(`${option}.shape`, shape);
      const length = elementsOf(list.shape);
      if (elementsOf(sizes) === length) return { values: list.values, shape: sizes, owner: engine ?? list.owner };
      throw new PosencError(
        'ERR_SHAPE',
        `${option}.shape: [${sizes.join(', ')}] does not hold the ${length} numbers of ${option}.data`,
      );
    }
  }
  throw new PosencError('ERR_OPTION', `${option}: expected ${EXPECTED}, got ${show(value)}`);
}

/** A plain array, or arrays of arrays that all have the same lengths. Every element is read once. */
function nested(option: string, value: readonly unknown[]): List {
  const length = value.length;
  if (length > MAX_LIST) {
    throw new PosencError('ERR_SHAPE', `${option}: expected at most ${MAX_LIST} numbers, got ${length}`);
  }
  const values = new Array<unknown>(length);
  for (let i = 0; i < length; i++) values[i] = value[i];
  if (length === 0 || !(Array.isArray(values[0]) || kindOf(values[0]) !== undefined))
    return { values, shape: [length], owner: undefined };
  const rows = values.map((row, i) => {
    const part = listOf(`${option}[${i}]`, row);
    return { values: Array.from(part.values), shape: part.shape };
  });
  const { shape } = rows[0];
  for (let i = 1; i < length; i++) {
    if (rows[i].shape.length !== shape.length || rows[i].shape.some((n, axis) => n !== shape[axis])) {
      throw new PosencError(
        'ERR_SHAPE',
        `${option}[${i}]: expected ${shape.join(' x ')} numbers as in ${option}[0], got ${rows[i].shape.join(' x ')}; pad rows to one length`,
      );
    }
  }
  return { values: rows.flatMap((row) => row.values), shape: [length, ...shape], owner: undefined };
}

/** Positions are float64 integers or fractions up to this magnitude; above it neighbours are no longer distinct. */
export const MAX_POSITION = 2 ** 53;

/** Numbers in one row. */
export type FlatNumbers =
  | readonly number[]
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** What a caller may pass as positions, ids or lengths; the last form, flat `data` with its `shape`, is that of a Tensor, too. */
export type NumberList =
  | FlatNumbers
  | readonly bigint[]
  | readonly (readonly number[])[]
  | { readonly data: ArrayLike<number> | ArrayLike<bigint>; readonly shape: readonly number[] };

/** What a caller may pass as a mask: numbers 0 and 1, or booleans; flat `data` with its `shape`, too. */
export type MaskList =
  | NumberList
  | readonly boolean[]
  | readonly (readonly boolean[])[]
  | { readonly data: ArrayLike<boolean>; readonly shape: readonly number[] };

/** Numbers as float64, in a copy of their own, with their shape. */
export interface Numbers {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly owner: unknown;
}

/** What is asked of the numbers of a list. */
interface Wanted {
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
  readonly code: 'ERR_OPTION' | 'ERR_POSITION';
  /** In words, for messages; made where one is needed: text of a number costs more than a short list. */
  readonly words?: string;
}

const POSITIONS: Wanted = {
  integer: false,
  min: -MAX_POSITION,
  max: MAX_POSITION,
  code: 'ERR_POSITION',
  words: 'a finite position of magnitude at most 2^53',
};
const FINITE: Wanted = {
  integer: false,
  min: -Number.MAX_VALUE,
  max: Number.MAX_VALUE,
  code: 'ERR_OPTION',
  words: 'a finite number',
};

function convert(option: string, value: unknown, wanted: Wanted): Numbers {
  const { values, shape, owner } = listOf(option, value);
  const kind = kindOf(values);
  const length = elementsOf(shape);
  const typed = kind !== undefined && !kind.startsWith('Big');
  const data = typed ? new Float64Array(values as Float64Array) : new Float64Array(length);
  const { integer, min, max } = wanted;
  if (typed) {
    // a loop over numbers alone: half the time a number
    for (let i = 0; i < length; i++) {
      const n = data[i];
      if (!(n >= min && n <= max && (!integer || Math.floor(n) === n))) {
        throw unwanted(wanted.code, option, i, n, wanted);
      }
    }
    return { data, shape, owner };
  }
  for (let i = 0; i < length; i++) {
    const given = values[i];
    const n = typeof given === 'number' ? given : fromBigint(option, i, given, wanted);
    if (!(n >= min && n <= max && (!integer || Number.isInteger(n))))
      throw unwanted(wanted.code, option, i, given, wanted);
    data[i] = n;
  }
  return { data, shape, owner };
}

/** A bigint above 2^53 would lose its last digits: it is no position, and refused as one. */
function fromBigint(option: string, i: number, given: unknown, wanted: Wanted): number {
  if (typeof given !== 'bigint') throw unwanted('ERR_OPTION', option, i, given, wanted);
  return given > 9007199254740992n || given < -9007199254740992n ? Number.NaN : Number(given);
}

function unwanted(
  code: Wanted['code'],
  option: string,
  i: number,
  got: unknown,
  { words, min, max }: Wanted,
): PosencError {
  const what = words ?? `an integer from ${min} to ${max}`;
  return new PosencError(code, `${option}[${i}]: expected ${what}, got ${show(got)}`);
}

/** Positions: finite, of magnitude at most 2^53, fractions allowed. @throws ERR_OPTION, ERR_POSITION, ERR_SHAPE */
export function positionList(option: string, value: unknown): Numbers {
  return convert(option, value, POSITIONS);
}

/** Finite numbers. @throws ERR_OPTION, ERR_SHAPE when their number is not `length` */
export function numberList(option: string, value: unknown, length?: number): Numbers {
  const list = convert(option, value, FINITE);
  if (length !== undefined && list.data.length !== length) {
    throw new PosencError('ERR_SHAPE', `${option}: expected ${length} numbers, got ${list.data.length}`);
  }
  return list;
}

/** Integers in [min, max]. @throws `code` outside the range */
export function integerList(
  option: string,
  value: unknown,
  min: number,
  max: number,
  code: 'ERR_OPTION' | 'ERR_POSITION' = 'ERR_OPTION',
): Numbers {
  return convert(option, value, { integer: true, min, max, code });
}

/** A mask: 1 or true keeps, 0 or false leaves out. */
export interface Mask {
  readonly data: Uint8Array;
  readonly shape: readonly number[];
  readonly owner: unknown;
}

/** @throws ERR_OPTION for anything but 0, 1, false, true; ERR_SHAPE */
export function maskList(option: string, value: unknown): Mask {
  const { values, shape, owner } = listOf(option, value);
  const data = new Uint8Array(elementsOf(shape));
  for (let i = 0; i < data.length; i++) {
    const given = values[i];
    if (given === 0 || given === false) continue;
    if (given === 1 || given === true || given === 1n) data[i] = 1;
    else if (given !== 0n) {
      throw new PosencError('ERR_OPTION', `${option}[${i}]: expected 0, 1, false or true, got ${show(given)}`);
    }
  }
  return { data, shape, owner };
}

/** A few of many numbers, for messages. */
export function showList(list: ArrayLike<number>): string {
  const shown = Array.from({ length: Math.min(list.length, 8) }, (_, i) => list[i]).join(', ');
  return list.length > 8 ? `[${shown}, ... ${list.length} in all]` : `[${shown}]`;
}

/** What a caller may pass as positions. */
export type Positions = NumberList;

/** Positions as float64. */
export function positions(option: string, value: unknown): Float64Array {
  return positionList(option, value).data;
}

/** Finite numbers, optionally of a fixed length. */
export function numbers(option: string, value: unknown, length?: number): Float64Array {
  return numberList(option, value, length).data;
}
