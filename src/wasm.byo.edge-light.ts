/** Vercel's edge runtime imports compiled modules by the `?module` suffix. Chosen by the `edge-light` condition. */
export { default as byo } from './posenc.byo.wasm?module';
