/** What the reference takes and hands out: plain float32 arrays with a shape, positions as float64. */
import type { NumberList } from '../runtime/lists.ts';

export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32';
  readonly data: Float32Array;
}

/** An input: anything with a shape and float32 data, a Tensor of the package included. */
export interface Shaped {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function tensor(
  shape: readonly number[],
  data: Float32Array = new Float32Array(elements(shape)),
): ReferenceTensor {
  return { shape, dtype: 'float32', data };
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Throws when `options` is no object or has a key that is not meant: a misspelt option must not pass as its default. */
export function onlyKeys(name: string, options: object, keys: readonly string[]): void {
  if (options === null || typeof options !== 'object') throw new TypeError(`${name}: expected an options object`);
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) throw new RangeError(`${name}: unknown option '${key}'; allowed: ${keys.join(', ')}`);
  }
}

/** Throws unless `value` is an integer of at least `min`. */
export function integerAtLeast(option: string, value: unknown, min: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw new RangeError(`${option}: expected an integer >= ${min}, got ${String(value)}`);
  }
  return value as number;
}

export function finiteNumber(option: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new RangeError(`${option}: expected a finite number, got ${String(value)}`);
  }
  return value;
}

export function positiveNumber(option: string, value: unknown): number {
  if (!(finiteNumber(option, value) > 0))
    throw new RangeError(`${option}: expected a number > 0, got ${String(value)}`);
  return value as number;
}

export function word<const T extends string>(option: string, value: T, words: readonly T[]): T {
  if (!words.includes(value)) {
    throw new RangeError(`${option}: expected one of ${words.join(', ')}, got ${String(value)}`);
  }
  return value;
}

export function asNumbers(option: string, values: NumberList): number[] {
  const list = values !== null && typeof values === 'object' && 'data' in values ? values.data : values;
  const flat = Array.isArray(list) ? list.flat(32) : (list as ArrayLike<number | bigint>);
  if (typeof flat?.length !== 'number') throw new TypeError(`${option}: expected an array of numbers`);
  return Array.from(flat as ArrayLike<number | bigint>, (p, i) => {
    const value = Number(p);
    if (!(Math.abs(value) <= 2 ** 53)) {
      throw new RangeError(`${option}[${i}]: expected a finite position of magnitude at most 2^53, got ${String(p)}`);
    }
    return value;
  });
}

export interface PositionOptions {
  /** Number of consecutive positions. */
  readonly length?: number;
  /** The positions themselves, in any order, instead of `length` and `offset`. */
  readonly positions?: NumberList;
  /** First of the consecutive positions. Default 0. */
  readonly offset?: number;
}

/** The list of positions meant by `length` and `offset`, or by `positions`. */
export function positionList({ length, positions, offset }: PositionOptions): number[] {
  if (positions !== undefined) {
    if (length !== undefined || offset !== undefined) {
      throw new RangeError('positions: give either positions, or length and offset');
    }
    return asNumbers('positions', positions);
  }
  const n = integerAtLeast('length', length, 0);
  const start = finiteNumber('offset', offset ?? 0);
  return asNumbers(
    'positions',
    Array.from({ length: n }, (_, i) => start + i),
  );
}

/** `out`, checked, or a new tensor of that shape. */
export function output(shape: readonly number[], out?: Float32Array | Shaped): ReferenceTensor {
  if (out === undefined) return tensor(shape);
  const data = out instanceof Float32Array ? out : out.data;
  if (data.length !== elements(shape)) {
    throw new RangeError(`out: expected ${elements(shape)} elements for shape [${shape}], got ${data.length}`);
  }
  return tensor(shape, data);
}

/** An input with its shape: its own, or `shape` for a plain Float32Array. */
export function shaped(option: string, value: Float32Array | Shaped, shape?: readonly number[]): Shaped {
  if (!(value instanceof Float32Array)) {
    if (!(value?.data instanceof Float32Array)) throw new TypeError(`${option}: expected float32 data with a shape`);
    return { shape: shape ?? value.shape, data: value.data };
  }
  if (shape === undefined) throw new TypeError(`${option}: a plain Float32Array needs the option 'shape'`);
  return { shape, data: value };
}
