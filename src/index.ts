/**
 * posenc: every positional encoding a transformer uses, computed by WebAssembly SIMD kernels, handed out as zero-copy
 * Float32Arrays. Nothing happens at import; the default engine is made on first use.
 */
export {
  type FourierFeaturesOptions,
  fourierFeatures,
  type GaussianFourierOptions,
  gaussianFourier,
  type NerfEncodingOptions,
  nerfEncoding,
  type PixelBandsOptions,
  pixelBands,
} from './absolute/fourier.ts';
export { type Sincos2dOptions, type Sincos3dOptions, sincos2d, sincos3d } from './absolute/sincos.ts';
export { type SinusoidalOptions, sinusoidal } from './absolute/sinusoidal.ts';
export { type TimestepEmbeddingOptions, type TimestepPreset, timestepEmbedding } from './absolute/timestep.ts';
export { type AlibiOptions, alibi, alibiSlopes } from './bias/alibi.ts';
export { type BeitBiasOptions, beitBias } from './bias/beit.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './bias/diagonal.ts';
export { type DynamicBiasOptions, dynamicBias } from './bias/dynamicBias.ts';
export { type FireOptions, fire } from './bias/fire.ts';
export { type KerpleOptions, kerple } from './bias/kerple.ts';
export { type AttentionMaskOptions, attentionMask } from './bias/masks.ts';
export { type MaxvitBiasOptions, maxvitBias } from './bias/maxvit.ts';
export type { Layer } from './bias/mlp.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './bias/naive.ts';
export { type SandwichOptions, sandwich } from './bias/sandwich.ts';
export { type SwinBiasOptions, type SwinIndexOptions, swinBias, swinRelativePositionIndex } from './bias/swin.ts';
export {
  type SwinV2BiasOptions,
  type SwinV2CoordinateOptions,
  swinV2Bias,
  swinV2Coordinates,
} from './bias/swinV2.ts';
export { type T5BiasOptions, type T5BucketsOptions, t5Bias, t5Buckets } from './bias/t5.ts';
export { type TupeBucketOptions, type TupeOptions, type TupeProjection, tupe, tupeBuckets } from './bias/tupe.ts';
export { fingerprint } from './fingerprint.ts';
export { type ApplyRotaryOptions, applyRotary } from './rotary/apply.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './rotary/frequencies.ts';
export type { MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './rotary/spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, rotaryTableFrom } from './rotary/table.ts';
export { type MergeOptions, merge } from './rows/merge.ts';
export { type ResizePositionTableOptions, resizePositionTable } from './rows/resize.ts';
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
