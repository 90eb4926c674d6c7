/**
 * `posenc/reference`: the foundation of the package in plain TypeScript, without WebAssembly. Slower and simple enough to
 * be checked on reading; the tests measure the kernels against it. Results are { shape, dtype: 'float32', data }. Bad input is
 * a RangeError or TypeError that names the option, not a PosencError: this entry shares no code with the rest.
 */

export { type AlibiOptions, type AlibiSlopesOptions, alibi, alibiSlopes } from './alibi.ts';
export { axialTable, mixedAxialTable, type ReferenceAxialSpec, rotaryTableFromAngles } from './axial.ts';
export { type RetableOptions, retable, type ShiftKeysOptions, shiftKeys, unrotate } from './cached.ts';
export { type ClippedRelativeBiasOptions, clippedRelativeBias } from './clipped.ts';
export { type CompactRelativeTableOptions, compactRelativeTable } from './compact.ts';
export { conformerScores } from './conformer.ts';
export { convPositional, peg, weightNorm } from './conv.ts';
export { debertaRelativePositions, debertaScores } from './deberta.ts';
export { decomposedRelativeScores } from './decomposed.ts';
export { type DynamicBiasOptions, dynamicBias } from './dynamicBias.ts';
export { factoredScores } from './factored.ts';
export { type FireOptions, fire } from './fire.ts';
export {
  complexOrder,
  fourierFeatures,
  gaussianFourier,
  nerfEncoding,
  perceiverEncoding,
  pixelBands,
} from './fourier.ts';
export { type InvFreq, invFreq } from './frequencies.ts';
export {
  type GatedRelativeBiasOptions,
  gatedRelativeBias,
  type RelativeGateOptions,
  relativeGate,
} from './gated.ts';
export { type GoldenGateOptions, goldenGateFrequencies } from './goldenGate.ts';
export { ropeDecayBound, sincosDetr, sincosGrid, sinusoidalGram, timestepEmbedding } from './grid.ts';
export { hybridScores } from './hybrid.ts';
export { type KerpleOptions, kerple } from './kerple.ts';
export { localRelativeScores } from './local.ts';
export { type AttentionMaskOptions, attentionMask } from './masks.ts';
export { type MergeOptions, merge } from './merge.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './naive.ts';
export { nezhaScores, nezhaTable, nezhaValues } from './nezha.ts';
export { type PopeOptions, pope } from './pope.ts';
export { type ResizePositionTableOptions, resizePositionTable, resizeRelativeTable } from './resize.ts';
export type { ReferenceTensor, Shaped } from './result.ts';
export { type ApplyRotaryOptions, applyRotary, applyRotaryQKV } from './rotary.ts';
export {
  convFlow,
  floaterPositions,
  gruPositions,
  hierarchicalPositions,
  learnedPositions,
  linearFlow,
  recursivePositions,
} from './rows.ts';
export { type SandwichOptions, sandwich } from './sandwich.ts';
export { dynamicState, queryScale, softmaxScale, yarnMscale } from './scale.ts';
export { shawIndex, shawScores, shawValues } from './shaw.ts';
export { type SinusoidalOptions, sinusoidal, sinusoidalFrequencies } from './sinusoidal.ts';
export { type T5BucketOptions, t5Bias, t5Bucket } from './t5.ts';
export {
  type GgmlRope,
  ggmlRotaryTable,
  mropeTableFrom,
  type ReferenceRotaryTable,
  type RotaryTableFromOptions,
  type RotaryTableOptions,
  rotaryTable,
  rotaryTableAs,
  rotaryTableFrom,
  type TableLayout,
} from './table.ts';
export { transformerXlScores, transformerXlTable } from './transformerXl.ts';
export { type TupeOptions, tupe, tupeBucket } from './tupe.ts';
export {
  beitBias,
  maxvitBias,
  type OffsetBiasOptions,
  offsetBias,
  type ShiftedWindowMaskOptions,
  type SwinV2BiasOptions,
  shiftedWindowMask,
  swinBias,
  swinIndex,
  swinV2Bias,
} from './windowBias.ts';
export { xlnetPositions, xlnetScores } from './xlnet.ts';
export { type XposOptions, xposCachedTables, xposTable } from './xpos.ts';
