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
export { type AlibiOptions, alibi, alibiSlopes } from './bias/distance/alibi.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './bias/distance/diagonal.ts';
export { type DynamicBiasOptions, dynamicBias } from './bias/distance/dynamicBias.ts';
export { type FireOptions, fire } from './bias/distance/fire.ts';
export { type KerpleOptions, kerple } from './bias/distance/kerple.ts';
export { type AttentionMaskOptions, attentionMask } from './bias/distance/masks.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './bias/distance/naive.ts';
export { type SandwichOptions, sandwich } from './bias/distance/sandwich.ts';
export { type T5BiasOptions, type T5BucketsOptions, t5Bias, t5Buckets } from './bias/distance/t5.ts';
export type { Layer } from './bias/mlp.ts';
export { type BeitBiasOptions, beitBias } from './bias/window/beit.ts';
export { type MaxvitBiasOptions, maxvitBias } from './bias/window/maxvit.ts';
export {
  type SwinBiasOptions,
  type SwinIndexOptions,
  swinBias,
  swinRelativePositionIndex,
} from './bias/window/swin.ts';
export {
  type SwinV2BiasOptions,
  type SwinV2CoordinateOptions,
  swinV2Bias,
  swinV2Coordinates,
} from './bias/window/swinV2.ts';
export { fingerprint } from './fingerprint.ts';
export { describe, describeExplanation } from './models/describe.ts';
export { type Explanation, explain, explainForm } from './models/explain.ts';
export { type FromGGUFOptions, fromGGUF, type GGUFTensors } from './models/gguf.ts';
export { type FromHFOptions, fromHF, toHF } from './models/hf.ts';
export { type LlamaCpp, toLlamaCpp } from './models/llamaCpp.ts';
export type { NormalForm, RotaryLayer } from './models/normalForm.ts';
export { type OnnxCaches, toOnnxCaches } from './models/onnx.ts';
export { type CoarseGridIdsOptions, coarseGridIds } from './positions/coarseGridIds.ts';
export { type PositionIdsOptions, positionIds } from './positions/mask.ts';
export { type MropeIndexOptions, mropeIndex } from './positions/mrope.ts';
export type { MropeModel } from './positions/mropeClasses.ts';
export { type MropeDecodeOptions, mropeDecode } from './positions/mropeDecode.ts';
export { visionPositions } from './positions/visionPositions.ts';
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
} from './rotary/axialPresets.ts';
export { type PrepareDecodeOptions, prepareDecode, RotaryDecode } from './rotary/decode.ts';
export { type DynamicState, dynamicState } from './rotary/dynamic.ts';
export { type InvFreq, invFreq, type RotaryFrequencies, rotaryFrequencies } from './rotary/frequencies.ts';
export { type GgmlRope, type GgmlTableOptions, ggmlRotaryTable } from './rotary/ggmlTable.ts';
export { type RetableOptions, retable, type ShiftKeysOptions, shiftKeys, unrotate } from './rotary/keys.ts';
export {
  type MixedAxialOptions,
  mixedAxialTable,
  type RotaryTableFromAnglesOptions,
  rotaryTableFromAngles,
} from './rotary/learned.ts';
export { type ApplyPopeOptions, applyPope, PopeTable, type PopeTableOptions, popeTable } from './rotary/pope.ts';
export { type ApplyRotaryQKVOptions, applyRotaryQKV } from './rotary/qkv.ts';
export { type ScaleQueryOptions, scaleQuery } from './rotary/queryTemperature.ts';
export { queryScale, softmaxScale } from './rotary/softmaxScale.ts';
export type { MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './rotary/spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, type TableDtype } from './rotary/table.ts';
export {
  type MropeFromTable,
  mropeTableFrom,
  type RotaryCaches,
  rotaryTableAs,
  rotaryTableFrom,
  type TableAsOptions,
  type TableLayout,
} from './rotary/tableLayouts.ts';
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
export { attach } from './runtime/attach.ts';
export { createEngine, type Engine, type EngineOptions, type EngineUsage } from './runtime/engine.ts';
export { PosencError, type PosencErrorCode } from './runtime/errors.ts';
export type { Floats, Out } from './runtime/gate.ts';
export type { FlatNumbers, MaskList, NumberList, Positions } from './runtime/lists.ts';
export { type Dtype, scope, Tensor } from './runtime/tensor.ts';
export type { ScoreOptions, Shaped, ShapedIntegers, ValueOptions } from './scores/content.ts';
export {
  type DebertaBucketOptions,
  type DebertaRelativePositionOptions,
  type DebertaScoreOptions,
  debertaRelativePositions,
  debertaScores,
} from './scores/deberta.ts';
export { type FactoredScoreOptions, factoredScores } from './scores/factored.ts';
export { hybridScores } from './scores/hybrid.ts';
export { type NezhaTableOptions, nezhaScores, nezhaTable, nezhaValues } from './scores/nezha.ts';
export {
  type ShawIndexOptions,
  type ShawScoreOptions,
  type ShawTableOptions,
  type ShawValueOptions,
  shawIndex,
  shawScores,
  shawValues,
} from './scores/shaw.ts';
export {
  type TransformerXlScoreOptions,
  type TransformerXlTableOptions,
  transformerXlScores,
  transformerXlTable,
} from './scores/transformerXl.ts';
export { type TupeBucketOptions, type TupeOptions, type TupeProjection, tupe, tupeBuckets } from './scores/tupe.ts';
export { type XlnetPositionOptions, type XlnetScoreOptions, xlnetPositions, xlnetScores } from './scores/xlnet.ts';

import { initFrom, type WasmSource } from './runtime/init.ts';

/**
 * Makes the default engine asynchronously, from the embedded binary or from `source`. Optional: without it the engine is
 * compiled synchronously on first use.
 * @throws ERR_OPTION when the default engine exists already, ERR_NO_SIMD, ERR_WASM_BLOCKED
 */
export function init(source?: WasmSource): Promise<void> {
  return initFrom(source);
}
