/**
 * posenc: every positional encoding a transformer uses, computed by WebAssembly SIMD kernels, handed out as zero-copy
 * Float32Arrays. Nothing happens at import; the default engine is made on first use.
 */
export {
  type ComplexOrderFrequencyOptions,
  type ComplexOrderOptions,
  complexOrder,
  complexOrderFrequency,
} from './absolute/complexOrder.ts';
export {
  type ConvPositionalOptions,
  convPositional,
  type WeightNormOptions,
  weightNorm,
} from './absolute/convPositional.ts';
export { type FloaterPositionsOptions, type Flow, floaterPositions } from './absolute/floater.ts';
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
export { type PegOptions, peg } from './absolute/peg.ts';
export {
  type GruLayer,
  type GruPositionsOptions,
  gruPositions,
  type RecursivePositionsOptions,
  recursivePositions,
} from './absolute/recursive.ts';
export { type Sincos2dOptions, type Sincos3dOptions, sincos2d, sincos3d } from './absolute/sincos.ts';
export { type SinusoidalOptions, sinusoidal } from './absolute/sinusoidal.ts';
export { type TimestepEmbeddingOptions, type TimestepPreset, timestepEmbedding } from './absolute/timestep.ts';
export { type DecayOptions, ropeDecayBound, sinusoidalGram } from './analysis/decay.ts';
export {
  type FourTermOptions,
  type FourTerms,
  fourTermDecomposition,
  type TaylorOptions,
  type TaylorTerms,
  taylorDecomposition,
} from './analysis/decomposition.ts';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './analysis/diagnose.ts';
export { permutationError, permuteRows } from './analysis/permutation.ts';
export { type AlibiOptions, alibi, alibiSlopes } from './bias/alibi.ts';
export { type BeitBiasOptions, beitBias } from './bias/beit.ts';
export type { ScoreOptions, Shaped, ShapedIntegers, ValueOptions } from './bias/content.ts';
export {
  type DebertaBucketOptions,
  type DebertaRelativePositionOptions,
  type DebertaScoreOptions,
  debertaRelativePositions,
  debertaScores,
} from './bias/deberta.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './bias/diagonal.ts';
export { type DynamicBiasOptions, dynamicBias } from './bias/dynamicBias.ts';
export { type FactoredScoreOptions, factoredScores } from './bias/factored.ts';
export { type FireOptions, fire } from './bias/fire.ts';
export { hybridScores } from './bias/hybrid.ts';
export { type KerpleOptions, kerple } from './bias/kerple.ts';
export { type AttentionMaskOptions, attentionMask } from './bias/masks.ts';
export { type MaxvitBiasOptions, maxvitBias } from './bias/maxvit.ts';
export type { Layer } from './bias/mlp.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './bias/naive.ts';
export { type NezhaTableOptions, nezhaScores, nezhaTable, nezhaValues } from './bias/nezha.ts';
export { type SandwichOptions, sandwich } from './bias/sandwich.ts';
export {
  type ShawIndexOptions,
  type ShawScoreOptions,
  type ShawTableOptions,
  type ShawValueOptions,
  shawIndex,
  shawScores,
  shawValues,
} from './bias/shaw.ts';
export { type SwinBiasOptions, type SwinIndexOptions, swinBias, swinRelativePositionIndex } from './bias/swin.ts';
export { type SwinV2BiasOptions, type SwinV2CoordinateOptions, swinV2Bias, swinV2Coordinates } from './bias/swinV2.ts';
export { type T5BiasOptions, type T5BucketsOptions, t5Bias, t5Buckets } from './bias/t5.ts';
export {
  type TransformerXlScoreOptions,
  type TransformerXlTableOptions,
  transformerXlScores,
  transformerXlTable,
} from './bias/transformerXl.ts';
export { type TupeBucketOptions, type TupeOptions, type TupeProjection, tupe, tupeBuckets } from './bias/tupe.ts';
export { type XlnetPositionOptions, type XlnetScoreOptions, xlnetPositions, xlnetScores } from './bias/xlnet.ts';
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
  type AxialAnglesOptions,
  type AxialRows,
  type AxialTableOptions,
  axialAngles,
  axialTable,
} from './rotary/axial.ts';
export {
  AXIAL_PRESETS,
  type AxialCoordinates,
  type AxialFrequencies,
  type AxialPreset,
  type AxialSpec,
} from './rotary/axial-presets.ts';
export { type RetableOptions, retable, type ShiftKeysOptions, shiftKeys, unrotate } from './rotary/cached.ts';
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
export {
  type MixedAxialOptions,
  mixedAxialTable,
  type RotaryTableFromAnglesOptions,
  rotaryTableFromAngles,
} from './rotary/learned.ts';
export { type ApplyPopeOptions, applyPope, PopeTable, type PopeTableOptions, popeTable } from './rotary/pope.ts';
export { type ApplyRotaryQKVOptions, applyRotaryQKV } from './rotary/qkv.ts';
export { queryScale, softmaxScale } from './rotary/scale.ts';
export { type ScaleQueryOptions, scaleQuery } from './rotary/scaleQuery.ts';
export type { MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './rotary/spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, type TableDtype } from './rotary/table.ts';
export { type XposConvention, type XposOptions, xposCenter, xposTable } from './rotary/xpos.ts';
export { yarnMscale } from './rotary/yarn.ts';
export { type HierarchicalPositionsOptions, hierarchicalPositions } from './rows/hierarchical.ts';
export type { RowIds } from './rows/ids.ts';
export {
  type LearnedPositions2dOptions,
  type LearnedPositionsOptions,
  learnedPositions,
  learnedPositions2d,
} from './rows/learned.ts';
export { type MergeOptions, merge } from './rows/merge.ts';
export { type ResizePositionTableOptions, resizePositionTable } from './rows/resize.ts';
export {
  type RmtEncoderIdsOptions,
  type RmtInputOptions,
  type RmtMemoryOptions,
  type RmtOutputOptions,
  type RmtSegment,
  type RmtSegmentsOptions,
  rmtEncoderIds,
  rmtInput,
  rmtMask,
  rmtOutput,
  rmtPositionIds,
  rmtReadMemory,
  rmtSegments,
  rmtWriteMemory,
} from './rows/rmt.ts';
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
