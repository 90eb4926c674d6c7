/** Vercel's edge runtime imports compiled modules by the `?module` suffix. Chosen by the `edge-light` condition. */
export { default as heap } from './posenc.heap.wasm?module';
export { default as simd } from './posenc.simd.wasm?module';
