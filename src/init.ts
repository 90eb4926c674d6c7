/** `posenc/init`: asynchronous loading, by default of the external .wasm file beside this module. */
import { initFrom, type WasmSource } from './runtime/init.ts';

/** The address of posenc.simd.wasm; a bundler that understands it copies the file. */
const external = () => new URL('./posenc.simd.wasm', import.meta.url);

/**
 * Compiles off the main path and makes the default engine of `posenc`. Call it before the first encoder.
 * @param source a URL, Response (or a promise of one), bytes or compiled module. Default: posenc.simd.wasm beside this file
 * @throws ERR_OPTION when the default engine exists already, ERR_NO_SIMD, ERR_WASM_BLOCKED
 */
export function init(source?: WasmSource): Promise<void> {
  return initFrom(source ?? external());
}
