/** `posenc/init` in workerd, which has no file beside the module but imports the compiled module itself. */
import simd from './posenc.simd.wasm';
import { initFrom, type WasmSource } from './runtime/init.ts';

export function init(source?: WasmSource): Promise<void> {
  return initFrom(source ?? simd);
}
