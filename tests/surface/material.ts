/**
 * What the calls of the surface suite are made of: arguments that can be realised in every form a caller may choose (plain
 * arrays, Tensors, views on the engine's memory), and results that can be compared bit for bit.
 */
import { type Engine, Tensor } from '../../src/index.ts';
import type { Random } from '../support/random.ts';

/** float32 numbers with a shape. */
export class Floats {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  /** Whether the call changes them in place. */
  readonly changed: boolean;
  /** Only a Tensor is taken there. */
  readonly tensorOnly: boolean;

  constructor(data: Float32Array, shape: readonly number[], changed = false, tensorOnly = false) {
    this.data = data;
    this.shape = shape;
    this.changed = changed;
    this.tensorOnly = tensorOnly;
  }
}

/** Integers, positions, masks: anything a list may be. */
export class List {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly kind: 'number' | 'integer' | 'mask';

  constructor(values: readonly number[], shape: readonly number[], kind: List['kind'] = 'integer') {
    this.values = values;
    this.shape = shape;
    this.kind = kind;
  }
}

/** An object that another public function makes on the engine of the call, such as a table. */
export class Made {
  readonly make: (engine: Engine) => object;

  constructor(make: (engine: Engine) => object) {
    this.make = make;
  }
}

export interface SurfaceCall {
  /** The arguments, tokens anywhere inside; the last one is the options object, which takes `engine` and `out`. */
  readonly args: readonly unknown[];
  /** 'one': option `out` for one Tensor; 'pair': for { cos, sin }. Default: none. */
  readonly out?: 'one' | 'pair';
  /** Whether the options take an engine. Default: yes, when there are options. */
  readonly engine?: boolean;
}

/** How arrays are handed over. */
export interface Form {
  floats(token: Floats): unknown;
  list(token: List): unknown;
  made(token: Made): unknown;
}

/** A value that is taken when all arrays of the call exist: making one may move the memory under a view of another. */
export class Late {
  readonly take: () => unknown;

  constructor(take: () => unknown) {
    this.take = take;
  }
}

/** The arguments with every token replaced. */
export function realise(args: readonly unknown[], form: Form): unknown[] {
  return settle(replace(args, form)) as unknown[];
}

function settle(value: unknown): unknown {
  if (value instanceof Late) return value.take();
  if (Array.isArray(value)) return value.map(settle);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, settle(item)]));
  return value;
}

function replace(value: unknown, form: Form): unknown {
  if (value instanceof Floats) return form.floats(value);
  if (value instanceof List) return form.list(value);
  if (value instanceof Made) return form.made(value);
  if (value instanceof Late) return value;
  if (Array.isArray(value)) return value.map((item) => replace(item, form));
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, form)]));
  }
  return value;
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}

/** Arrays of the caller's own. */
export function plainForm(engine: Engine, kept: object[]): Form {
  return {
    floats: (token) =>
      token.tensorOnly ? keep(kept, Tensor.from(token.data, token.shape, { engine })) : plainFloats(token),
    list: (token) =>
      token.shape.length > 1 ? { data: [...token.values], shape: [...token.shape] } : [...token.values],
    made: (token) => keep(kept, token.make(engine)),
  };
}

const plainFloats = ({ data, shape }: Floats) => ({ data: data.slice(), shape: [...shape] });

/** The Tensor of a view: where growth made the view stale, its numbers are still there. */
const owners = new WeakMap<object, Tensor>();

/** The numbers of an array argument as they are now. */
export function contents(value: unknown): unknown {
  const { data } = owners.get(value as object) ?? (value as { data: Float32Array });
  return { numbers: Float32Array.from(data) };
}

/** Tensors, views on the memory and plain arrays in turn; lists in every type. */
export function mixedForm(engine: Engine, kept: object[], random: Random): Form {
  const tensor = (token: Floats) => keep(kept, Tensor.from(token.data, token.shape, { engine }));
  return {
    floats(token) {
      const way = token.tensorOnly ? 0 : random.int(0, 2);
      if (way === 0) return tensor(token);
      if (way === 1) {
        const own = tensor(token);
        return new Late(() => {
          const view = { data: own.data, shape: [...token.shape] };
          owners.set(view, own);
          return view;
        });
      }
      return plainFloats(token);
    },
    list: (token) => listInSomeForm(token, engine, kept, random),
    made: (token) => keep(kept, token.make(engine)),
  };
}

function listInSomeForm({ values, shape, kind }: List, engine: Engine, kept: object[], random: Random): unknown {
  const whole = kind !== 'number';
  const small = values.every((v) => Math.abs(v) < 2 ** 31);
  const ways: (() => ArrayLike<unknown>)[] = [() => [...values], () => Float64Array.from(values)];
  if (whole) ways.push(() => BigInt64Array.from(values, (v) => BigInt(v)));
  if (whole && small) ways.push(() => Int32Array.from(values));
  if (kind === 'mask')
    ways.push(
      () => values.map((v) => v === 1),
      () => Uint8Array.from(values),
    );
  const way = random.int(0, ways.length + 1);
  if (way >= ways.length) {
    const dtype = whole && small && way === ways.length ? 'int32' : 'float64';
    const tensor = keep(kept, Tensor.zeros(shape, { engine, dtype }));
    tensor.data.set(values);
    return random.chance(0.5) || shape.length > 1 ? tensor : new Late(() => tensor.data);
  }
  const list = ways[way]();
  if (shape.length === 1) return list;
  if (shape.length === 2 && Array.isArray(list) && shape[0] > 0 && random.chance(0.5)) {
    return Array.from({ length: shape[0] }, (_, i) => list.slice(i * shape[1], (i + 1) * shape[1]));
  }
  return { data: list, shape: [...shape] };
}

function keep<T extends object>(kept: object[], object: T): T {
  kept.push(object);
  return object;
}

/** Everything a result holds, as text and bits, in a fixed order. */
export function digest(value: unknown, path = ''): string[] {
  if (value instanceof Tensor) return [`${path}:${value.dtype}[${value.shape}] ${bits(value.data)}`];
  if (ArrayBuffer.isView(value)) return [`${path}:${value.constructor.name} ${bits(value as Uint8Array)}`];
  if (Array.isArray(value))
    return [`${path}[${value.length}]`, ...value.flatMap((item, i) => digest(item, `${path}.${i}`))];
  if (value !== null && typeof value === 'object') {
    return Object.entries(value)
      .filter(([key]) => key !== 'engine' && key !== 'blocks' && key !== 'prepared')
      .flatMap(([key, item]) => digest(item, `${path}.${key}`));
  }
  return [`${path}=${Object.is(value, -0) ? '-0' : String(value)}`];
}

/** FNV-1a of the bytes, and the first few numbers to read. */
export function bits(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${(hash >>> 0).toString(16)}/${bytes.length}`;
}

/** Gives back every Tensor and table of a result. */
export function disposeAll(value: unknown, seen = new Set<unknown>()): void {
  if (value === null || typeof value !== 'object' || seen.has(value) || ArrayBuffer.isView(value)) return;
  seen.add(value);
  if (typeof (value as { dispose?: unknown }).dispose === 'function') {
    if (!(value as { memory?: unknown }).memory) (value as { dispose(): void }).dispose();
    return;
  }
  for (const item of Object.values(value)) disposeAll(item, seen);
}
