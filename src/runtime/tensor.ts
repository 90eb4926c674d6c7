/**
 * Tensor: a shape and a dtype over a block of an engine's memory. `data` is a zero-copy view; it goes stale when the memory
 * grows (reading `data` again gives a fresh one), so read it where you use it, or use an engine made with `fixed: true`.
 */
import { oneOf, take } from './arguments.ts';
import { disposable } from './dispose.ts';
import { ARRAYS, BYTES, type Dtype, type TensorData } from './dtypes.ts';
import { defaultEngine, Engine } from './engine.ts';
import { PosencError, show } from './errors.ts';
import { listOf, type NumberList } from './lists.ts';
import { checkShape, elementsOf } from './shapes.ts';
import { kindOf, viewAgain, viewOf } from './views.ts';

export type { Dtype, TensorData } from './dtypes.ts';

/** Tensors made inside one scope(); a Tensor knows which, so that what replaces it belongs there too. */
type Home = Set<Tensor<Dtype>>;
/** The innermost open scope. */
let innermost: Home | undefined;

/**
 * An array in the memory of an engine: its shape, its dtype, and `data`, a view without a copy. Row-major, disposed by hand.
 * @example
 * const x = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
 * console.log(x.shape, x.dtype, x.data[4]); // [ 2, 3 ] float32 5
 * x.dispose();
 */
export class Tensor<D extends Dtype = 'float32'> {
  /** Sizes of the axes, the slowest first. */
  readonly shape: readonly number[];
  /** What the elements are. */
  readonly dtype: D;
  /** Number of elements. */
  readonly length: number;
  /** Where the block starts in `engine.memory`. */
  readonly byteOffset: number;
  /** The engine whose memory this is a block of. */
  readonly engine: Engine;
  #owned: boolean;
  #owner: Tensor<Dtype> | undefined;
  #home: Home | undefined;
  #disposed = false;
  #view: TensorData<D> | undefined;

  /**
   * @internal use Tensor.zeros, Tensor.from or an encoder. The block holds whatever was there: write all of it.
   * @param borrowed byte offset of memory that belongs to somebody else
   * @param owner the Tensor that memory belongs to: it is asked at every use
   */
  constructor(engine: Engine, shape: readonly number[], dtype: D, borrowed?: number, owner?: Tensor<Dtype>) {
    this.engine = engine;
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.length = elementsOf(shape);
    this.#owned = borrowed === undefined && this.length > 0;
    this.#owner = owner;
    this.byteOffset = borrowed ?? (this.length > 0 ? engine.allocate(this.length * BYTES[dtype]) : 0);
    if (this.#owned && innermost !== undefined) this.#moveTo(innermost);
  }

  /** A new zeroed Tensor. @throws ERR_SHAPE, ERR_OUT_OF_MEMORY */
  static zeros<D extends Dtype = 'float32'>(
    shape: readonly number[],
    given: { readonly dtype?: D; readonly engine?: Engine } = {},
  ): Tensor<D> {
    const o = take('Tensor.zeros', given, ['dtype', 'engine']);
    const dtype = oneOf('dtype', o.dtype, Object.keys(BYTES) as Dtype[], 'float32') as D;
    const sizes = checkShape('shape', shape);
    const tensor = new Tensor(chooseEngine(o.engine), sizes, dtype);
    tensor.data.fill(0);
    return tensor;
  }

  /**
   * A new float32 Tensor holding a copy of `data`: numbers in any form that lists have, also on the engine's own memory. Numbers
   * are rounded to float32; a bigint is refused.
   * @throws ERR_SHAPE when the lengths differ; ERR_OPTION, ERR_OUT_OF_MEMORY
   */
  static from(data: NumberList, shape: readonly number[], given: { readonly engine?: Engine } = {}): Tensor {
    const o = take('Tensor.from', given, ['engine']);
    const sizes = checkShape('shape', shape);
    const length = elementsOf(sizes);
    const { values } = listOf('data', data);
    const view = viewOf('data', values);
    if ((view ?? values).length !== length) {
      throw new PosencError(
        'ERR_SHAPE',
        `data: shape [${sizes.join(', ')}] needs ${length} numbers, got ${(view ?? values).length}`,
      );
    }
    if (view?.kind.startsWith('Big')) {
      throw new PosencError('ERR_OPTION', `data: expected numbers, got a ${view.kind}; convert them with Number()`);
    }
    const source = view === undefined ? onlyNumbers(values, length) : (values as Float32Array);
    const engine = chooseEngine(o.engine);
    const within = view?.buffer === engine.memory.buffer;
    const tensor = new Tensor(engine, sizes, 'float32');
    // the block may have grown the memory and taken the caller's view with it: the numbers are where they were
    tensor.data.set(within ? viewAgain(view, engine.memory.buffer) : source);
    return tensor;
  }

  /** Size of the block, in bytes. */
  get byteLength(): number {
    return this.length * BYTES[this.dtype];
  }

  /** Whether its memory has been given back; `data` throws then. */
  get disposed(): boolean {
    return this.#disposed || this.engine.disposed || (this.#owner?.disposed ?? false);
  }

  /** The zero-copy view. Made again after memory growth. @throws ERR_DISPOSED */
  get data(): TensorData<D> {
    this.assertUsable();
    const view = this.#view;
    if (view !== undefined && view.byteLength !== 0) return view;
    const fresh = new ARRAYS[this.dtype](this.engine.memory.buffer as ArrayBuffer, this.byteOffset, this.length);
    return (this.#view = fresh as TensorData<D>);
  }

  /** A copy outside the engine's memory: float16 and bfloat16 are widened. */
  toFloat32Array(): Float32Array<ArrayBuffer> {
    const data = this.data;
    if (this.dtype === 'bfloat16') {
      const bits = Uint32Array.from(data, (code) => code << 16);
      return new Float32Array(bits.buffer);
    }
    if (this.dtype === 'float16') return Float32Array.from(data, halfToNumber);
    return Float32Array.from(data);
  }

  /** Gives the block back; idempotent. Later use of the Tensor throws ERR_DISPOSED. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#view = undefined;
    this.#home?.delete(this as unknown as Tensor<Dtype>);
    this.#home = undefined;
    if (this.#owned) this.engine.free(this.byteOffset);
  }

  /** @internal The Tensor whose memory this one borrows. */
  get owner(): Tensor<Dtype> | undefined {
    return this.#owner;
  }

  /** @internal Makes this Tensor belong where `other` belongs: to the same scope, or to none. */
  belongWhere(other: Tensor<Dtype>): void {
    this.#moveTo(other.#home);
  }

  #moveTo(home: Home | undefined): void {
    this.#home?.delete(this as unknown as Tensor<Dtype>);
    this.#home = home;
    home?.add(this as unknown as Tensor<Dtype>);
  }

  declare [Symbol.dispose]: () => void;

  static {
    disposable(Tensor.prototype);
  }

  /** @internal */
  assertUsable(): void {
    if (this.#disposed) throw new PosencError('ERR_DISPOSED', 'Tensor: used after dispose()');
    if (this.#owner === undefined) this.engine.assertUsable();
    else this.#owner.assertUsable();
  }

  /** @internal */
  static leaveScope(inner: Home, outer: Home | undefined, kept: ReadonlySet<unknown>): void {
    for (const tensor of [...inner]) {
      if (kept.has(tensor)) tensor.#moveTo(outer);
      else tensor.dispose();
    }
  }
}

function chooseEngine(given: unknown): Engine {
  if (given === undefined) return defaultEngine();
  if (given instanceof Engine) {
    given.assertUsable();
    return given;
  }
  throw new PosencError('ERR_OPTION', `engine: expected an engine made by createEngine or attach, got ${show(given)}`);
}

function onlyNumbers(values: ArrayLike<unknown>, length: number): number[] {
  const list = new Array<number>(length);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value !== 'number') {
      throw new PosencError('ERR_OPTION', `data[${i}]: expected a number, got ${show(value)}`);
    }
    list[i] = value;
  }
  return list;
}

function halfToNumber(code: number): number {
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  const magnitude =
    exponent === 31
      ? fraction
        ? Number.NaN
        : Number.POSITIVE_INFINITY
      : exponent
        ? (1 + fraction / 1024) * 2 ** (exponent - 15)
        : fraction * 2 ** -24;
  return code & 0x8000 ? -magnitude : magnitude;
}

/**
 * Runs `fn` and disposes every Tensor made inside, except those it returns: directly, or anywhere inside arrays, Maps, Sets,
 * plain objects and tables. What hides in closures or private fields is not seen: return it openly, or make it outside. What
 * replaces the blocks of a table that lives outside (extend) stays outside. With an asynchronous function, Tensors made before
 * its first await live until its promise settles; later ones are the caller's.
 * @param fn what to run; it may be asynchronous
 * @returns what `fn` returns
 * @throws ERR_OPTION when `fn` is no function; whatever `fn` throws, after disposing
 * @example
 * const row = scope(() => sinusoidal({ length: 512, dim: 8 }).data.slice(8, 10)); // the table is disposed
 * console.log(row); // Float32Array(2) [ 0.8414709568023682, 0.5403022766113281 ]
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw new PosencError('ERR_OPTION', `scope: expected a function, got ${show(fn)}`);
  const outer = innermost;
  const inner: Home = new Set();
  const finish = (result?: unknown) => {
    const kept = new Set<unknown>();
    try {
      keep(result, kept);
    } catch (error) {
      kept.clear();
      throw error;
    } finally {
      Tensor.leaveScope(inner, outer, kept);
    }
  };
  let result: T;
  innermost = inner;
  try {
    result = fn();
  } catch (error) {
    innermost = outer;
    finish();
    throw error;
  }
  innermost = outer;
  if (isThenable(result)) {
    return result.then(
      (value: unknown) => {
        finish(value);
        return value;
      },
      (error: unknown) => {
        finish();
        throw error;
      },
    ) as T;
  }
  finish(result);
  return result;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return value !== null && typeof value === 'object' && typeof (value as Promise<unknown>).then === 'function';
}

/** Collects everything reachable from a result, each object once. */
function keep(value: unknown, kept: Set<unknown>): void {
  if (value === null || typeof value !== 'object' || kept.has(value) || kindOf(value) !== undefined) return;
  kept.add(value);
  if (value instanceof Tensor) keep(value.owner, kept);
  if (value instanceof Tensor || value instanceof Engine) return;
  if (value instanceof Map) {
    for (const [key, child] of value) {
      keep(key, kept);
      keep(child, kept);
    }
  } else if (value instanceof Set) for (const child of value) keep(child, kept);
  else for (const child of Object.values(value)) keep(child, kept);
}
