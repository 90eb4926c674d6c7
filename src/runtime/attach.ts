/** Engines on memory of the caller: the kernels alone, without a heap beside them. */
import { simd } from '#wasm';
import { integer, take } from './arguments.ts';
import { COEFFICIENT_SPACE, compile, Engine, instantiateKernels, MIN_SCRATCH } from './engine.ts';
import { PosencError, show } from './errors.ts';
import type { WasmMemory, WasmModule } from './platform.ts';

/**
 * An engine on memory that belongs to somebody else: the kernels run in place in it, nothing is allocated, and only
 * `scratch` is written besides the outputs that are named. Arrays are passed as views on that memory, results of every dtype go
 * to `out`, a typed array of that dtype on it. Nothing in `scratch` has to be kept between calls.
 * @param memory a WebAssembly.Memory that is not shared
 * @param given `scratch`, the `byteLength` bytes from `byteOffset` on it that calls may write between their inputs and outputs; `wasm`
 * @param given.wasm posenc.simd.wasm, compiled or its bytes. Default: the embedded one
 * @returns the engine, to be named as `engine` in calls
 * @throws ERR_OPTION for shared memory or a scratch range outside the memory or smaller than 64 KiB + 1 KiB
 * @example
 * const memory = new WebAssembly.Memory({ initial: 16 });
 * const engine = attach(memory, { scratch: { byteOffset: 0, byteLength: 1 << 17 } });
 * const out = new Float32Array(memory.buffer, 1 << 18, 4 * 8);
 * sinusoidal({ length: 4, dim: 8, out, engine });
 * console.log(out[8]); // 0.8414709568023682
 */
export function attach(
  memory: WasmMemory,
  given: {
    readonly scratch: { readonly byteOffset: number; readonly byteLength: number };
    readonly wasm?: WasmModule | ArrayBuffer | Uint8Array;
  },
): Engine {
  if (Object.prototype.toString.call(memory) !== '[object WebAssembly.Memory]') {
    throw new PosencError('ERR_OPTION', `memory: expected a WebAssembly.Memory, got ${show(memory)}`);
  }
  if (Object.prototype.toString.call(memory.buffer) === '[object SharedArrayBuffer]') {
    throw new PosencError(
      'ERR_OPTION',
      'memory: shared memory is not supported (the kernels are built for unshared memory); give a memory made without shared: true',
    );
  }
  const o = take('attach', given, ['scratch', 'wasm']);
  const scratch = take('scratch', o.scratch, ['byteOffset', 'byteLength']);
  const bytes = memory.buffer.byteLength;
  const least = MIN_SCRATCH + COEFFICIENT_SPACE;
  if (bytes < least) {
    throw new PosencError(
      'ERR_OPTION',
      `memory: has ${bytes} bytes, and scratch alone needs ${least}; give a memory of at least two pages`,
    );
  }
  const reserved = integer('scratch.byteOffset', scratch.byteOffset, 0, bytes - least);
  const reservedBytes = integer('scratch.byteLength', scratch.byteLength, least, bytes - reserved);
  if (reserved % 16 !== 0) {
    throw new PosencError('ERR_OPTION', `scratch.byteOffset: expected a multiple of 16, got ${reserved}`);
  }
  const kernels = instantiateKernels(compile(o.wasm ?? simd), memory);
  return new Engine({ memory, kernels, reserved, reservedBytes });
}
