/**
 * `posenc/reference`: the foundation of the package in plain TypeScript, without WebAssembly. Slower and simple enough to
 * be checked on reading; the tests measure the kernels against it. Results are { shape, dtype: 'float32', data }.
 */
export { type AlibiOptions, type AlibiSlopesOptions, alibi, alibiSlopes } from './alibi.ts';
export { type DynamicBiasOptions, dynamicBias } from './dynamicBias.ts';
export { type FireOptions, fire } from './fire.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './frequencies.ts';
export {
  beitBias,
  type GridOptions,
  maxvitBias,
  type SwinV2BiasOptions,
  swinBias,
  swinIndex,
  swinV2Bias,
} from './grid.ts';
export { type KerpleOptions, kerple } from './kerple.ts';
export { type AttentionMaskOptions, attentionMask } from './masks.ts';
export { type MergeOptions, merge } from './merge.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './naive.ts';
export { type ResizePositionTableOptions, resizePositionTable } from './resize.ts';
export type { ReferenceTensor, Shaped } from './result.ts';
export {
  type ApplyRotaryOptions,
  applyRotary,
  type ReferenceRotaryTable,
  type RotaryTableFromOptions,
  type RotaryTableOptions,
  rotaryTable,
  rotaryTableFrom,
} from './rotary.ts';
export { type SandwichOptions, sandwich } from './sandwich.ts';
export { type SinusoidalOptions, sinusoidal } from './sinusoidal.ts';
export { type T5BucketOptions, t5Bias, t5Bucket } from './t5.ts';
export { type TupeOptions, tupe, tupeBucket } from './tupe.ts';
