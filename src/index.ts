/**
 * posenc: every positional encoding a transformer uses, computed by WebAssembly SIMD kernels, handed out as zero-copy
 * Float32Arrays. Nothing happens at import; the default engine is made on first use.
 */
export { type SinusoidalOptions, sinusoidal } from './absolute/sinusoidal.ts';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './analysis/diagnose.ts';
export { type AlibiOptions, alibi, alibiSlopes } from './bias/alibi.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './bias/diagonal.ts';
export { describe, describeExplanation } from './config/describe.ts';
export { type Explanation, explain, explainForm } from './config/explain.ts';
export { type FromGGUFOptions, fromGGUF, type GGUFTensors } from './config/gguf.ts';
export { type FromHFOptions, fromHF, toHF } from './config/hf.ts';
export { type LlamaCpp, toLlamaCpp } from './config/llamaCpp.ts';
export type { NormalForm, RotaryLayer } from './config/normalForm.ts';
export { type OnnxCaches, toOnnxCaches } from './config/onnx.ts';
export { fingerprint } from './fingerprint.ts';
export { type PositionIdsOptions, positionIds } from './positions/mask.ts';
export {
  type MropeDecodeOptions,
  type MropeIndexOptions,
  mropeDecode,
  mropeIndex,
  visionPositions,
} from './positions/mrope.ts';
export { type ApplyRotaryOptions, applyRotary } from './rotary/apply.ts';
export {
  type MropeFromTable,
  mropeTableFrom,
  type RotaryCaches,
  rotaryTableAs,
  rotaryTableFrom,
  type TableAsOptions,
  type TableLayout,
} from './rotary/caches.ts';
export { type PrepareDecodeOptions, prepareDecode, RotaryDecode } from './rotary/decode.ts';
export { type DynamicState, dynamicState } from './rotary/dynamic.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './rotary/frequencies.ts';
export { type GgmlRope, type GgmlTableOptions, ggmlRotaryTable } from './rotary/ggml-table.ts';
export { type ApplyRotaryQKVOptions, applyRotaryQKV } from './rotary/qkv.ts';
export { queryScale, type ScaleQueryOptions, scaleQuery, softmaxScale } from './rotary/scale.ts';
export type { MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './rotary/spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, type TableDtype } from './rotary/table.ts';
export { type MergeOptions, merge } from './rows/merge.ts';
export type { Positions } from './runtime/arguments.ts';
export { attach, createEngine, type Engine, type EngineOptions } from './runtime/engine.ts';
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
