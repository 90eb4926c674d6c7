/**
 * Engines on memory of the caller. A file of its own, so that a bundle that never attaches does not carry the second binary
 * (the kernels without a heap).
 */
import { byo } from '#wasm/byo';
import type { Kernels } from './abi.ts';
import { integer, options } from './arguments.ts';
import { COEFFICIENT_SPACE, compile, Engine, MIN_SCRATCH } from './engine.ts';
import { PosencError, show } from './errors.ts';
import type { WasmMemory, WasmModule } from './platform.ts';

/**
 * An engine on memory that belongs to somebody else: the kernels run in place in it, nothing is allocated, and only
 * `scratch` is written besides the outputs that are named. Arrays are passed as Float32Array views on that memory.
 * @param given.wasm posenc.byo.wasm, compiled or its bytes. Default: the embedded one; workerd has none, there it is required
 * @throws ERR_OPTION for shared memory or a scratch range outside the memory or smaller than 64 KiB + 1 KiB, ERR_WASM_BLOCKED
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
  const o = options('attach', given, ['scratch', 'wasm']);
  const scratch = options('scratch', o.scratch, ['byteOffset', 'byteLength']);
  const bytes = memory.buffer.byteLength;
  const reserved = integer('scratch.byteOffset', scratch.byteOffset, 0, bytes);
  const reservedBytes = integer(
    'scratch.byteLength',
    scratch.byteLength,
    MIN_SCRATCH + COEFFICIENT_SPACE,
    bytes - reserved,
  );
  if (reserved % 16 !== 0) {
    throw new PosencError('ERR_OPTION', `scratch.byteOffset: expected a multiple of 16, got ${reserved}`);
  }
  const wasm = o.wasm ?? (byo as typeof byo | undefined);
  if (wasm === undefined) {
    throw new PosencError(
      'ERR_WASM_BLOCKED',
      "wasm: workerd does not compile bytes, and bundles leave this binary out unless it is used; import byo from 'posenc/posenc.byo.wasm' and give wasm: byo",
    );
  }
  const instance = new WebAssembly.Instance(compile(wasm), { env: { memory } });
  return new Engine({ memory, kernels: instance.exports as unknown as Kernels, reserved, reservedBytes });
}
