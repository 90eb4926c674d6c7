/**
 * posenc: every positional encoding a transformer uses, computed by WebAssembly SIMD kernels, handed out as zero-copy
 * Float32Arrays. Nothing happens at import; the default engine is made on first use.
 *
 * Everything the doors give (posenc/rotary is src/rotary/index.ts, and so on), and `init` and `fingerprint`, which belong to the
 * whole.
 *
 * @module posenc
 */
export * from './absolute/index.ts';
export * from './analysis/index.ts';
export * from './bias/index.ts';
export { fingerprint } from './fingerprint.ts';
export * from './models/index.ts';
export * from './positions/index.ts';
export * from './rotary/index.ts';
export * from './rows/index.ts';
export * from './runtime/index.ts';
export * from './scores/index.ts';

import { initFrom, type WasmSource } from './runtime/init.ts';

/**
 * Makes the default engine asynchronously, from the embedded binary or from `source`. Optional: without it the engine is
 * compiled synchronously on first use.
 * @param source a compiled module, bytes, a URL or a Response of posenc.simd.wasm. Default: the embedded binary
 * @returns a promise that is kept when the default engine is there
 * @throws ERR_OPTION when the default engine exists already, ERR_NO_SIMD, ERR_WASM_BLOCKED
 * @example
 * await init(); // before the first call
 * console.log(sinusoidal({ length: 2, dim: 4 }).data[4]); // 0.8414709568023682
 */
export function init(source?: WasmSource): Promise<void> {
  return initFrom(source);
}
