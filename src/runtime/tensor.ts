/**
 * Tensor: a shape and a dtype over a block of an engine's memory. `data` is a zero-copy view; it goes stale when the memory
 * grows (reading `data` again gives a fresh one), so read it where you use it, or use an engine made with `fixed: true`.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { size } from './arguments.ts';
import { disposable } from './dispose.ts';
import { defaultEngine, type Engine } from './engine.ts';
import { PosencError, show } from './errors.ts';

/** float16 and bfloat16 are carried as their bits in a Uint16Array. */
export type Dtype = 'float32' | 'float64' | 'int32' | 'uint8' | 'float16' | 'bfloat16';

export type TensorData<D extends Dtype> = {
  float32: Float32Array<ArrayBuffer>;
  float64: Float64Array<ArrayBuffer>;
  int32: Int32Array<ArrayBuffer>;
  uint8: Uint8Array<ArrayBuffer>;
  float16: Uint16Array<ArrayBuffer>;
  bfloat16: Uint16Array<ArrayBuffer>;
}[D];

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const;

/** Tensors made inside the innermost scope(). */
let made: Tensor<Dtype>[] | undefined;

export class Tensor<D extends Dtype = 'float32'> {
  readonly shape: readonly number[];
  readonly dtype: D;
  /** Number of elements. */
  readonly length: number;
  /** Where the block starts in `engine.memory`. */
  readonly byteOffset: number;
  readonly engine: Engine;
  #owned: boolean;
  #disposed = false;
  #view: TensorData<D> | undefined;

  /** @internal use Tensor.zeros, Tensor.from or an encoder. The block holds whatever was there: write all of it. */
  constructor(engine: Engine, shape: readonly number[], dtype: D, borrowed?: number) {
    this.engine = engine;
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.length = elementsOf(shape);
    this.#owned = borrowed === undefined && this.length > 0;
    this.byteOffset =
      borrowed ?? (this.length > 0 ? engine.allocate(this.length * ARRAYS[dtype].BYTES_PER_ELEMENT) : 0);
    if (this.#owned) made?.push(this as unknown as Tensor<Dtype>);
  }

  /** A new zeroed Tensor. @throws ERR_SHAPE, ERR_OUT_OF_MEMORY */
  static zeros<D extends Dtype = 'float32'>(
    shape: readonly number[],
    given: { readonly dtype?: D; readonly engine?: Engine } = {},
  ): Tensor<D> {
    const dtype = given.dtype ?? ('float32' as D);
    if (!Object.hasOwn(ARRAYS, dtype)) {
      throw new PosencError(
        'ERR_OPTION',
        `dtype: expected one of ${Object.keys(ARRAYS).join(', ')}, got ${show(dtype)}`,
      );
    }
    const tensor = new Tensor(given.engine ?? defaultEngine(), checkShape('shape', shape), dtype);
    tensor.data.fill(0);
    return tensor;
  }

  /** A new float32 Tensor holding a copy of `data`. @throws ERR_SHAPE when the lengths differ */
  static from(data: ArrayLike<number>, shape: readonly number[], given: { readonly engine?: Engine } = {}): Tensor {
    const checked = checkShape('shape', shape);
    const length = elementsOf(checked);
    if (data === null || typeof data !== 'object' || data.length !== length) {
      throw new PosencError(
        'ERR_SHAPE',
        `data: shape [${checked.join(', ')}] needs ${length} numbers, got ${show(data)}`,
      );
    }
    const tensor = new Tensor(given.engine ?? defaultEngine(), checked, 'float32');
    tensor.data.set(data);
    return tensor;
  }

  get byteLength(): number {
    return this.length * ARRAYS[this.dtype].BYTES_PER_ELEMENT;
  }

  get disposed(): boolean {
    return this.#disposed || this.engine.disposed;
  }

  /** The zero-copy view. Made again after memory growth. @throws ERR_DISPOSED */
  get data(): TensorData<D> {
    this.assertUsable();
    const view = this.#view;
    if (view !== undefined && (view.byteLength !== 0 || this.length === 0)) return view;
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
    if (this.#owned) this.engine.free(this.byteOffset);
  }

  declare [Symbol.dispose]: () => void;

  static {
    disposable(Tensor.prototype);
  }

  /** @internal */
  assertUsable(): void {
    if (this.#disposed) throw new PosencError('ERR_DISPOSED', 'Tensor: used after dispose()');
    this.engine.assertUsable();
  }
}

/** A shape: a list of non-negative integers whose product is below 2^31. */
export function checkShape(option: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape) && !(shape instanceof Int32Array)) {
    throw new PosencError('ERR_SHAPE', `${option}: expected a list of sizes, got ${show(shape)}`);
  }
  const sizes: readonly number[] = Array.isArray(shape) ? shape : Array.from(shape);
  let length = 1;
  for (let i = 0; i < sizes.length; i++) {
    const n = sizes[i];
    // the common case without making the option's name
    if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31)) size(`${option}[${i}]`, n, 0);
    length *= n;
  }
  if (length > 2 ** 31 - 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `${option}: [${sizes.join(', ')}] has more than 2^31 - 1 elements; compute row blocks`,
    );
  }
  return sizes;
}

/** Number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  let length = 1;
  for (let i = 0; i < shape.length; i++) length *= shape[i];
  return length;
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
 * Runs `fn` and disposes every Tensor made inside, except those it returns (directly, in an array, or as the values of a
 * plain object or table). With an asynchronous function, those made before its first await live until its promise settles; later
 * ones are the caller's.
 */
export function scope<T>(fn: () => T): T {
  const outer = made;
  const inner: Tensor<Dtype>[] = [];
  made = inner;
  const finish = (result?: unknown) => {
    const kept = new Set<Tensor<Dtype>>();
    keep(result, kept, 0);
    for (const tensor of inner) {
      if (kept.has(tensor)) outer?.push(tensor);
      else tensor.dispose();
    }
  };
  let result: T;
  try {
    result = fn();
  } catch (error) {
    finish();
    throw error;
  } finally {
    made = outer;
  }
  if (result instanceof Promise) {
    return result.then(
      (value) => {
        finish(value);
        return value;
      },
      (error) => {
        finish();
        throw error;
      },
    ) as T;
  }
  finish(result);
  return result;
}

function keep(value: unknown, kept: Set<Tensor<Dtype>>, depth: number): void {
  if (value instanceof Tensor) kept.add(value as Tensor<Dtype>);
  else if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value) && depth < 4) {
    for (const child of Object.values(value)) keep(child, kept, depth + 1);
  }
}
