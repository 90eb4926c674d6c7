/** workerd refuses to compile bytes: there the binaries are imported as compiled modules. Chosen by the `workerd` condition. */
export { default as heap } from './posenc.heap.wasm';
export { default as simd } from './posenc.simd.wasm';
