/**
 * An engine: one instance of the kernels, its memory, its coefficient block and its scratch arena. The kernels neither own nor
 * allocate memory; an engine of its own has a second, small instance beside them that does, on the same memory. This is the only file
 * that knows @assemblyscript/loader, and the only one that makes views on WebAssembly memory.
 *
 * Blocks are pinned typed arrays made through the loader: owned, freeing one twice throws, and not zeroed (encoders write
 * all of their output; Tensor.zeros fills). Kernels are called through the raw instance exports, which cost a third of the
 * loader's wrapped ones.
 */

import { instantiateSync } from '@assemblyscript/loader';
import { heap as heapBinary, simd } from '#wasm';
import { boolean, integer, take } from './arguments.ts';
import { COEFFICIENT_BYTES, writeCoefficients } from './coefficients.ts';
import { disposable } from './dispose.ts';
import { ARRAYS, type Dtype, type TensorData } from './dtypes.ts';
import { PosencError, show } from './errors.ts';
import type { Kernels } from './kernels.ts';
import type { WasmMemory, WasmModule } from './platform.ts';

const PAGE = 65536;
const MAX_PAGES = 65536;
const DEFAULT_SCRATCH = 1 << 20;
/** @internal */
export const MIN_SCRATCH = 1 << 16;
/** Parts of the arena start on cache lines whatever fraction of it they take. */
const ARENA_STEP = 64;
/** The loader's runtime refuses a block of 2^30 bytes. */
const MAX_BLOCK = 2 ** 30 - 64;
/** Freed bytes are collected when they reach this, or before a block of this size is made. */
const COLLECT_BYTES = 1 << 18;

type HeapExports = {
  readonly Float32ArrayId: WebAssembly.Global;
};

export interface EngineOptions {
  /** Memory reserved at creation, in bytes; committed lazily by every known runtime. Default: 4 MiB. */
  readonly initialBytes?: number;
  /** Limit of growth in bytes. Default: 4 GiB. */
  readonly maximumBytes?: number;
  /** Never grow: views never go stale. `initialBytes` is then all there is. Default false. */
  readonly fixed?: boolean;
  /** Scratch arena of the kernels, reserved at creation, in bytes. At least 64 KiB; default 1 MiB. */
  readonly scratchBytes?: number;
  /** A compiled posenc.simd.wasm, or its bytes, instead of the embedded one. */
  readonly wasm?: WasmModule | ArrayBuffer | Uint8Array;
}

/** Pieces of memory a kernel call works with; pointers are byte offsets. */
export class Engine {
  readonly memory: WasmMemory;
  /** @internal */
  readonly kernels: Kernels;
  /** @internal pointer of the coefficient block */
  readonly coefficients: number;
  /** Size of the scratch arena in bytes. */
  readonly scratchBytes: number;

  #heap: Heap | undefined;
  readonly #reserved: number;
  readonly #reservedBytes: number;
  #scratch: number;
  #scratchHolds: unknown;
  #disposed = false;
  #f64!: Float64Array<ArrayBuffer>;
  #f32!: Float32Array<ArrayBuffer>;
  #i32!: Int32Array<ArrayBuffer>;
  #u64!: BigUint64Array<ArrayBuffer>;

  /** @internal use createEngine or attach */
  constructor(parts: EngineParts) {
    this.memory = parts.memory;
    // an ordinary object: the exports themselves are a dictionary, looked up by name at every call
    this.kernels = { ...parts.kernels };
    this.coefficients = parts.reserved;
    this.#reserved = parts.reserved;
    this.#reservedBytes = parts.reservedBytes;
    this.#scratch = parts.reserved + COEFFICIENT_SPACE;
    this.scratchBytes = Math.floor((parts.reservedBytes - COEFFICIENT_SPACE) / ARENA_STEP) * ARENA_STEP;
    this.#heap = parts.heap;
    writeCoefficients(this.memory.buffer as ArrayBuffer, this.coefficients);
  }

  /** Whether this engine can make Tensors; one attached to a caller's memory cannot. */
  get ownsMemory(): boolean {
    return this.#heap !== undefined;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Lets go of the memory: later use of the engine or its Tensors throws ERR_DISPOSED. Idempotent. Views already taken stay
   * readable until they are collected.
   */
  dispose(): void {
    this.#disposed = true;
    this.#heap = undefined;
  }

  declare [Symbol.dispose]: () => void;

  static {
    disposable(Engine.prototype);
  }

  /** @internal */
  assertUsable(): void {
    if (this.#disposed)
      throw new PosencError('ERR_DISPOSED', 'engine: used after dispose(); make one with createEngine()');
  }

  /** @internal A block of at least `bytes` bytes, contents undefined; may grow the memory. */
  allocate(bytes: number): number {
    this.assertUsable();
    if (!this.#heap) {
      throw new PosencError(
        'ERR_OPTION',
        "out: an engine attached to your memory makes no Tensors; give 'out', a Float32Array on that memory",
      );
    }
    if (bytes > MAX_BLOCK) {
      throw new PosencError(
        'ERR_OUT_OF_MEMORY',
        `a Tensor of ${bytes} bytes: one block holds at most ${MAX_BLOCK}; compute it in row blocks ('rows', 'offset') into a reused 'out'`,
      );
    }
    return this.#heap.allocate(bytes);
  }

  /** @internal */
  free(pointer: number): void {
    this.#heap?.free(pointer);
  }

  /**
   * What Tensors and tables hold at the moment, and the most they held at once: a leak shows as blocks that stay. The arena is
   * not counted; an engine on a caller's memory holds nothing.
   */
  usage(): EngineUsage {
    return this.#heap?.usage() ?? { blocks: 0, bytes: 0, peak: 0 };
  }

  /** @internal Fails unless the bytes belong to a block in use, or on a caller's memory lie outside the arena. */
  assertInBlock(option: string, pointer: number, bytes: number): void {
    if (this.#heap !== undefined) {
      if (this.#heap.holds(pointer, bytes)) return;
      throw new PosencError(
        'ERR_DISPOSED',
        `${option}: bytes ${pointer} to ${pointer + bytes} of the engine's memory belong to no Tensor in use; take the view from .data of a Tensor that is not disposed`,
      );
    }
    if (pointer >= this.#reserved + this.#reservedBytes || this.#reserved >= pointer + bytes) return;
    throw new PosencError('ERR_OPTION', `${option}: overlaps the scratch range given to attach; give a separate range`);
  }

  /** @internal Before the kernels of a call run: an arena that belongs to somebody else keeps nothing between calls. */
  beginCall(): void {
    if (this.#heap !== undefined) return;
    this.#scratchHolds = undefined;
    writeCoefficients(this.memory.buffer as ArrayBuffer, this.coefficients);
  }

  /**
   * @internal The scratch arena, for the duration of one call. `holds` is a token for what the caller leaves in it, so that
   * the same caller can find it again: see `scratchHolds`.
   */
  scratch(holds?: unknown): number {
    this.#scratchHolds = holds;
    return this.#scratch;
  }

  /** @internal The token of what is in the arena; undefined when nothing there can be relied on. */
  get scratchHolds(): unknown {
    return this.#scratchHolds;
  }

  /** @internal The whole memory as float64; index = pointer / 8. Likewise the others. */
  get f64(): Float64Array<ArrayBuffer> {
    if (!this.#f64?.length)
      this.#f64 = new Float64Array(this.memory.buffer as ArrayBuffer, 0, Math.floor(this.memory.buffer.byteLength / 8));
    return this.#f64;
  }
  /** @internal */
  get f32(): Float32Array<ArrayBuffer> {
    if (!this.#f32?.length) this.#f32 = new Float32Array(this.memory.buffer as ArrayBuffer);
    return this.#f32;
  }
  /** @internal */
  get i32(): Int32Array<ArrayBuffer> {
    if (!this.#i32?.length) this.#i32 = new Int32Array(this.memory.buffer as ArrayBuffer);
    return this.#i32;
  }
  /** @internal */
  get u64(): BigUint64Array<ArrayBuffer> {
    if (!this.#u64?.length)
      this.#u64 = new BigUint64Array(
        this.memory.buffer as ArrayBuffer,
        0,
        Math.floor(this.memory.buffer.byteLength / 8),
      );
    return this.#u64;
  }
  /** @internal Elements at a pointer, until the memory grows. */
  view<D extends Dtype>(dtype: D, pointer: number, length: number): TensorData<D> {
    return new ARRAYS[dtype](this.memory.buffer as ArrayBuffer, pointer, length) as TensorData<D>;
  }
}

export interface EngineUsage {
  /** Blocks in use. */
  readonly blocks: number;
  /** Bytes in them. */
  readonly bytes: number;
  /** The most bytes in use at once so far. */
  readonly peak: number;
}

interface Heap {
  allocate(bytes: number): number;
  free(pointer: number): void;
  /** Whether the bytes lie in one block. */
  holds(pointer: number, bytes: number): boolean;
  usage(): EngineUsage;
}

interface EngineParts {
  readonly memory: WasmMemory;
  readonly kernels: Kernels;
  /** Start and size of the reserved region: coefficient block, then arena. */
  readonly reserved: number;
  readonly reservedBytes: number;
  readonly heap?: Heap;
}

/** @internal Room of the coefficient block, rounded up so that the arena starts on a cache line. */
export const COEFFICIENT_SPACE = Math.ceil(COEFFICIENT_BYTES / 64) * 64;

/**
 * A separate engine with its own memory.
 * @param given sizes of its memory in bytes, whether it may grow, and the compiled kernels (EngineOptions)
 * @returns an engine; a call that names it, or owns its Tensors, runs on it
 * @throws ERR_OPTION, ERR_OUT_OF_MEMORY, ERR_NO_SIMD, ERR_WASM_BLOCKED
 * @example
 * const engine = createEngine({ initialBytes: 1 << 22, fixed: true });
 * console.log(sinusoidal({ length: 4, dim: 8, engine }).engine === engine); // true
 */
export function createEngine(given: EngineOptions = {}): Engine {
  const o = take('createEngine', given, ['initialBytes', 'maximumBytes', 'fixed', 'scratchBytes', 'wasm']);
  const scratchBytes = integer('scratchBytes', o.scratchBytes, MIN_SCRATCH, 2 ** 28, DEFAULT_SCRATCH);
  const least = PAGE * Math.ceil((scratchBytes + 2 * PAGE) / PAGE);
  const maximumBytes = integer('maximumBytes', o.maximumBytes, least, MAX_PAGES * PAGE, MAX_PAGES * PAGE);
  const initialBytes = integer(
    'initialBytes',
    o.initialBytes,
    least,
    maximumBytes,
    Math.min(maximumBytes, Math.max(1 << 22, least)),
  );
  const limit = Math.floor(maximumBytes / PAGE);
  const initial = Math.min(limit, Math.ceil(initialBytes / PAGE));
  const maximum = boolean('fixed', o.fixed, false) ? initial : limit;
  const module = compile(o.wasm ?? simd);
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial, maximum });
  } catch (cause) {
    throw new PosencError(
      'ERR_OUT_OF_MEMORY',
      `initialBytes: this runtime does not give ${initialBytes} bytes (maximum ${maximumBytes}); ask for less`,
      { cause },
    );
  }
  const kernels = instantiateKernels(module, memory);
  const heap = makeHeap(memory, maximum * PAGE);
  const reservedBytes = COEFFICIENT_SPACE + Math.ceil(scratchBytes / ARENA_STEP) * ARENA_STEP;
  return new Engine({ memory, kernels, heap, reserved: heap.reserve(reservedBytes), reservedBytes });
}

/** @internal @throws ERR_OPTION for a module that is not posenc's */
export function instantiateKernels(module: WebAssembly.Module, memory: WasmMemory): Kernels {
  let exports: Partial<Kernels> = {};
  let cause: unknown;
  try {
    exports = new WebAssembly.Instance(module, { env: { memory: memory as WebAssembly.Memory } }).exports;
  } catch (error) {
    cause = error;
  }
  if (typeof exports.phasePlan === 'function') return exports as Kernels;
  throw new PosencError('ERR_OPTION', 'wasm: expected the module posenc.simd.wasm of this version', { cause });
}

/** Blocks made by the loader's runtime, in an instance of its own on the same memory. */
function makeHeap(memory: WebAssembly.Memory, limit: number): Heap & { reserve(bytes: number): number } {
  const heapModule = compile(heapBinary);
  // the loader asks instanceof, which a module of another realm (Vercel's edge, node:vm, jest) does not answer
  if (!(heapModule instanceof WebAssembly.Module)) Object.setPrototypeOf(heapModule, WebAssembly.Module.prototype);
  const { instance, exports } = instantiateSync<HeapExports>(heapModule, { env: { memory } });
  const id = (instance.exports.Float32ArrayId as WebAssembly.Global).value as number;
  const { __newArray, __pin, __unpin, __collect } = exports;
  /** The loader's object of every block, and the block's bytes, by the block's pointer. */
  const blocks = new Map<number, { readonly object: number; readonly bytes: number }>();
  let pending = 0;
  let inUse = 0;
  let peak = 0;
  const collect = () => {
    pending = 0;
    __collect();
  };
  const make = (bytes: number) => {
    // pointers leave WebAssembly as signed numbers
    const object = __pin(__newArray(id, Math.max(1, Math.ceil(bytes / 4)))) >>> 0;
    // the loader's typed-array object: data pointer at 4
    return { object, pointer: new Uint32Array(memory.buffer, object + 4, 1)[0] };
  };
  return {
    reserve: (bytes) => make(bytes).pointer,
    allocate(bytes) {
      if (pending > 0 && (pending >= COLLECT_BYTES || bytes >= COLLECT_BYTES)) collect();
      let block: ReturnType<typeof make>;
      try {
        block = make(bytes);
      } catch {
        // at the limit the allocator traps before it changes anything; try once more without garbage
        try {
          collect();
          block = make(bytes);
        } catch (cause) {
          throw new PosencError(
            'ERR_OUT_OF_MEMORY',
            `no room for ${bytes} bytes in ${memory.buffer.byteLength} of memory (maximum ${limit}); dispose Tensors, raise maximumBytes, or compute row blocks into a reused 'out'`,
            { cause },
          );
        }
      }
      blocks.set(block.pointer, { object: block.object, bytes });
      inUse += bytes;
      if (inUse > peak) peak = inUse;
      return block.pointer;
    },
    free(pointer) {
      const block = blocks.get(pointer);
      if (block === undefined) throw new PosencError('ERR_DISPOSED', 'a block was freed twice');
      blocks.delete(pointer);
      inUse -= block.bytes;
      pending += block.bytes;
      __unpin(block.object);
    },
    holds(pointer, bytes) {
      const block = blocks.get(pointer);
      // nearly every view is .data of a Tensor and starts where its block does
      if (block !== undefined) return bytes <= block.bytes;
      for (const [start, { bytes: size }] of blocks) {
        if (pointer > start && pointer + bytes <= start + size) return true;
      }
      return false;
    },
    usage: () => ({ blocks: blocks.size, bytes: inUse, peak }),
  };
}

/** Embedded binaries are compiled once. */
const compiled = new Map<string, WebAssembly.Module>();

/** @internal */
export function compile(source: unknown): WebAssembly.Module {
  if (Object.prototype.toString.call(source) === '[object WebAssembly.Module]') return source as WebAssembly.Module;
  if (typeof source === 'string') {
    const known = compiled.get(source);
    if (known) return known;
    const module = compileBytes(decodeHex(source));
    compiled.set(source, module);
    return module;
  }
  const tag = Object.prototype.toString.call(source);
  if (tag === '[object ArrayBuffer]' || tag === '[object Uint8Array]')
    return compileBytes(source as Uint8Array<ArrayBuffer>);
  throw new PosencError(
    'ERR_OPTION',
    `wasm: expected a WebAssembly.Module, ArrayBuffer or Uint8Array, got ${show(source)}`,
  );
}

function compileBytes(bytes: BufferSource): WebAssembly.Module {
  if (typeof WebAssembly === 'undefined') throw blocked('WebAssembly does not exist in this runtime', undefined);
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw explainCompileFailure(bytes, cause);
  }
}

/** @internal Why a module did not compile: no SIMD, refused by policy, or not a module at all. */
export function explainCompileFailure(bytes: BufferSource, cause: unknown): PosencError {
  // (module (func (v128.const 0) (drop))): valid exactly where SIMD exists
  const probe = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 26, 11,
  ]);
  if (!WebAssembly.validate(probe)) {
    return new PosencError(
      'ERR_NO_SIMD',
      "this runtime has WebAssembly without SIMD; update it, or import the plain TypeScript twins from 'posenc/reference'",
      { cause },
    );
  }
  if (!WebAssembly.validate(bytes)) {
    return new PosencError('ERR_OPTION', 'wasm: the given bytes are not a valid WebAssembly module', { cause });
  }
  return blocked('this runtime refuses to compile WebAssembly from bytes', cause);
}

function blocked(what: string, cause: unknown): PosencError {
  return new PosencError(
    'ERR_WASM_BLOCKED',
    `${what}. Under a Content-Security-Policy add 'wasm-unsafe-eval' to script-src; in workerd (Cloudflare Workers) bundle with the 'workerd' condition, or pass a compiled module to init(); or import the plain TypeScript twins from 'posenc/reference'`,
    { cause },
  );
}

/** Whatever decodes natively comes first: a loop over 87,000 characters takes a cold engine longer than all the rest. */
function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const array = Uint8Array as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> };
  if (array.fromHex) return array.fromHex(text);
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: 'hex'): Uint8Array<ArrayBuffer> } };
  if (Buffer) return Buffer.from(text, 'hex');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (hexDigit(text, 2 * i) << 4) | hexDigit(text, 2 * i + 1);
  return bytes;
}

/** Of 0-9 and a-f: the letters are at 97 to 102, the digits at 48 to 57. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 15) + 9 * (code >> 6);
}

let shared: Engine | undefined;

/** @internal The default engine, compiled and made on first use; anew when it was disposed. */
export function defaultEngine(): Engine {
  if (shared === undefined || shared.disposed) shared = createEngine();
  return shared;
}

/** @internal */
export function setDefaultEngine(engine: Engine): void {
  shared = engine;
}

/** @internal */
export function hasDefaultEngine(): boolean {
  return shared !== undefined && !shared.disposed;
}
