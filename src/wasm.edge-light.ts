/** Vercel's edge runtime imports compiled modules by the `?module` suffix. Chosen by the `edge-light` condition. */
import byo from './posenc.byo.wasm?module';
import simd from './posenc.simd.wasm?module';

export { byo, simd };
