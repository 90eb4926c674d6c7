/** workerd refuses to compile bytes: there the binaries are imported as compiled modules. Chosen by the `workerd` condition. */
import byo from './posenc.byo.wasm';
import simd from './posenc.simd.wasm';

export { byo, simd };
