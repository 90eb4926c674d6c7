/**
 * posenc: every positional encoding a transformer uses, computed by WebAssembly SIMD kernels, handed out as zero-copy
 * Float32Arrays. Nothing happens at import; the default engine is made on first use.
 */
export { type SinusoidalOptions, sinusoidal } from './absolute/sinusoidal.ts';
export { type AlibiOptions, alibi, alibiSlopes } from './bias/alibi.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './bias/diagonal.ts';
export { type FromHFOptions, fromHF } from './config/hf.ts';
export type { NormalForm, RotaryLayer } from './config/normalForm.ts';
export { fingerprint } from './fingerprint.ts';
export { type ApplyRotaryOptions, applyRotary } from './rotary/apply.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './rotary/frequencies.ts';
export type { MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './rotary/spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, rotaryTableFrom } from './rotary/table.ts';
export { type MergeOptions, merge } from './rows/merge.ts';
export type { Positions } from './runtime/arguments.ts';
export { attach } from './runtime/attach.ts';
export { createEngine, type Engine, type EngineOptions } from './runtime/engine.ts';
export { PosencError, type PosencErrorCode } from './runtime/errors.ts';
export { type Dtype, scope, Tensor } from './runtime/tensor.ts';

import { initFrom, type WasmSource } from './runtime/init.ts';

/**
 * Makes the default engine asynchronously, from the embedded binary or from `source`. Optional: without it the engine is
 * compiled synchronously on first use.
 * @throws ERR_OPTION when the default engine exists already, ERR_NO_SIMD, ERR_WASM_BLOCKED
 */
export function init(source?: WasmSource): Promise<void> {
  return initFrom(source);
}
