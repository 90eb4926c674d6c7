/**
 * `posenc/reference`: the foundation of the package in plain TypeScript, without WebAssembly. Slower and simple enough to
 * be checked on reading; the tests measure the kernels against it. Results are { shape, dtype: 'float32', data }.
 */
export { type AlibiOptions, type AlibiSlopesOptions, alibi, alibiSlopes } from './alibi.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './frequencies.ts';
export { type MergeOptions, merge } from './merge.ts';
export type { ReferenceTensor, Shaped } from './result.ts';
export { type ApplyRotaryOptions, applyRotary, applyRotaryQKV } from './rotary.ts';
export { dynamicState, queryScale, softmaxScale, yarnMscale } from './scale.ts';
export { type SinusoidalOptions, sinusoidal } from './sinusoidal.ts';
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
