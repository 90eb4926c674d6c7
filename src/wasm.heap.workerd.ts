/** workerd refuses to compile bytes: there the binary is imported as a compiled module. Chosen by the `workerd` condition. */
export { default as heap } from './posenc.heap.wasm';
