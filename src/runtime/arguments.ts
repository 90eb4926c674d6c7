/**
 * Validation shared by every encoder: each function returns the checked value or throws a `PosencError` that names
 * the option. Nothing here allocates memory of the engine, so a rejected call leaves no trace.
 */
import { PosencError, show } from './errors.ts';

/** Positions are float64 integers or fractions up to this magnitude; above it neighbours are no longer distinct. */
export const MAX_POSITION = 2 ** 53;

/** The options object itself: a plain object whose every key is one of `allowed`. */
export function options<T extends object>(name: string, value: T | undefined, allowed: readonly string[]): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw new PosencError('ERR_OPTION', `${name}: expected one options object, got ${show(value)}`);
  }
  // for-in makes no list of the keys; what it inherits is no option
  for (const key in value) {
    if (!allowed.includes(key) && Object.hasOwn(value, key)) {
      throw new PosencError('ERR_OPTION', `${name}: unknown option '${key}'; allowed: ${allowed.join(', ')}`);
    }
  }
  return value;
}

/** An integer in [min, max]; `fallback` when undefined (required when there is no fallback). */
export function integer(option: string, value: unknown, min: number, max: number, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new PosencError('ERR_OPTION', `${option}: expected an integer from ${min} to ${max}, got ${show(value)}`);
  }
  return value;
}

/** A size: like `integer`, but out of range is a matter of shape. */
export function size(option: string, value: unknown, min: number, max = 2 ** 31 - 1, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new PosencError('ERR_SHAPE', `${option}: expected an integer from ${min} to ${max}, got ${show(value)}`);
  }
  return value;
}

/** A finite number, by default of any sign; `above` is an exclusive and `min` an inclusive lower bound. */
export function finite(
  option: string,
  value: unknown,
  bounds: { above?: number; min?: number; max?: number } = {},
  fallback?: number,
): number {
  if (value === undefined && fallback !== undefined) return fallback;
  const { above, min, max } = bounds;
  if (
    typeof value !== 'number' ||
    !Number.isFinite(value) ||
    (above !== undefined && !(value > above)) ||
    (min !== undefined && value < min) ||
    (max !== undefined && value > max)
  ) {
    const range = [
      above !== undefined ? `> ${above}` : '',
      min !== undefined ? `>= ${min}` : '',
      max !== undefined ? `<= ${max}` : '',
    ].filter(Boolean);
    const allowed = range.length ? ` ${range.join(' and ')}` : '';
    throw new PosencError('ERR_OPTION', `${option}: expected a finite number${allowed}, got ${show(value)}`);
  }
  return value;
}

/** One of a fixed set of words. */
export function oneOf<const T extends string>(
  option: string,
  value: unknown,
  words: readonly T[],
  fallback?: NoInfer<T>,
): T {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== 'string' || !(words as readonly string[]).includes(value)) {
    const allowed = words.map((word) => `'${word}'`).join(', ');
    throw new PosencError('ERR_OPTION', `${option}: expected one of ${allowed}, got ${show(value)}`);
  }
  return value as T;
}

export function boolean(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') {
    throw new PosencError('ERR_OPTION', `${option}: expected true or false, got ${show(value)}`);
  }
  return value;
}

/** A list of finite numbers (array or any typed array of numbers), optionally of a fixed length. */
export function numbers(option: string, value: unknown, length?: number): ArrayLike<number> {
  const list = value as ArrayLike<number>;
  const ok =
    Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value && !(value instanceof BigInt64Array));
  if (!ok) throw new PosencError('ERR_OPTION', `${option}: expected an array of numbers, got ${show(value)}`);
  if (length !== undefined && list.length !== length) {
    throw new PosencError('ERR_SHAPE', `${option}: expected ${length} numbers, got ${list.length}`);
  }
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== 'number' || !Number.isFinite(list[i])) {
      throw new PosencError('ERR_OPTION', `${option}[${i}]: expected a finite number, got ${show(list[i])}`);
    }
  }
  return list;
}

/** What a caller may pass as positions. */
export type Positions =
  | readonly number[]
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** Positions as float64, every one finite and of magnitude at most 2^53. The result may be the caller's own array. */
export function positions(option: string, value: unknown): Float64Array {
  let out: Float64Array;
  if (value instanceof Float64Array) out = value;
  else if (value instanceof BigInt64Array || value instanceof BigUint64Array) {
    out = new Float64Array(value.length);
    for (let i = 0; i < out.length; i++) {
      const p = value[i];
      if (p > 9007199254740992n || p < -9007199254740992n) throw outOfRange(option, i, p);
      out[i] = Number(p);
    }
    return out;
  } else if (
    value instanceof Int32Array ||
    value instanceof Uint32Array ||
    value instanceof Float32Array ||
    (Array.isArray(value) && value.every((p) => typeof p === 'number'))
  ) {
    out = Float64Array.from(value as ArrayLike<number>);
  } else {
    throw new PosencError(
      'ERR_OPTION',
      `${option}: expected numbers, an Int32Array, Uint32Array, BigInt64Array, Float32Array or Float64Array, got ${show(value)}`,
    );
  }
  for (let i = 0; i < out.length; i++) if (!(Math.abs(out[i]) <= MAX_POSITION)) throw outOfRange(option, i, out[i]);
  return out;
}

function outOfRange(option: string, index: number, got: number | bigint): PosencError {
  return new PosencError(
    'ERR_POSITION',
    `${option}[${index}]: expected a finite position of magnitude at most 2^53, got ${show(got)}`,
  );
}

/** Fails when an object carries a key that its reader does not know: a misspelt option is never ignored. */
export function exclusive(name: string, a: string, b: string, object: object): void {
  const has = (key: string) => (object as Record<string, unknown>)[key] !== undefined;
  if (has(a) && has(b)) throw new PosencError('ERR_OPTION', `${name}: give either '${a}' or '${b}', not both`);
}
