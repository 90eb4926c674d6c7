/**
 * Validation shared by every encoder: each function returns the checked value or throws a `PosencError` that names
 * the option. Nothing here allocates memory of the engine, so a rejected call leaves no trace.
 */
import { PosencError, show } from './errors.ts';

/**
 * An object without a prototype that pollution could reach, made by a constructor so that its properties stay as fast as those
 * of any other object (Object.create(null) makes a hash table).
 */
const Taken = function Taken() {} as unknown as new () => Record<string, unknown>;
Taken.prototype = Object.freeze(Object.create(null));

const ownsKey = Object.prototype.hasOwnProperty;

/**
 * The first step of a call: one snapshot of the own options, each read once, so that what was checked is what is used.
 * Inherited names are no options. @throws ERR_OPTION for a name that is not in `allowed`, with the nearest that is
 */
export function take<T extends object>(name: string, value: T | undefined, allowed: readonly string[]): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw new PosencError('ERR_OPTION', `${name}: expected one options object, got ${show(value)}`);
  }
  const taken = new Taken();
  // for-in makes no list of the keys; engines know hasOwnProperty inside it, Object.hasOwn they look up
  for (const key in value) {
    if (!ownsKey.call(value, key)) continue;
    if (!allowed.includes(key)) throw unknownOption(name, key, allowed);
    taken[key] = (value as Record<string, unknown>)[key];
  }
  return taken as T;
}

/** A snapshot with some options decided by the call itself; like `take`, beyond the reach of inherited names. */
export function amend<T extends object, U extends object>(taken: T, decided: U): Omit<T, keyof U> & U {
  return Object.assign(new Taken(), taken, decided) as unknown as Omit<T, keyof U> & U;
}

/** Fails unless the value is an object with named members: a specification, a form. @throws ERR_OPTION */
export function object<T>(name: string, value: T): T {
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value)) return value;
  throw new PosencError('ERR_OPTION', `${name}: expected an object, got ${show(value)}`);
}

/** A member that an object of ours may leave out, never one that it inherits. */
export function own<T extends object, K extends keyof T>(value: T, key: K): T[K] | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function unknownOption(name: string, key: string, allowed: readonly string[]): PosencError {
  const near = nearest(key, allowed);
  const hint = near === undefined ? ';' : `; did you mean '${near}'?`;
  return new PosencError('ERR_OPTION', `${name}: unknown option ${show(key)}${hint} allowed: ${allowed.join(', ')}`);
}

/** The word most like `word`: the same without case and underscores, or at most a third of its letters different. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '').replaceAll('-', '');
  const short = plain(word.slice(0, 64));
  let best: string | undefined;
  let least = Math.max(1, Math.floor(short.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(short, plain(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Letters to put in, take out or change. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
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

/** Fails when both options are given. */
export function exclusive(name: string, a: string, b: string, object: object): void {
  const has = (key: string) => (object as Record<string, unknown>)[key] !== undefined;
  if (has(a) && has(b)) throw new PosencError('ERR_OPTION', `${name}: give either '${a}' or '${b}', not both`);
}
