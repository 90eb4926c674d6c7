/**
 * `posenc/reference`: the foundation of the package in plain TypeScript, without WebAssembly. Slower and simple enough to
 * be checked on reading; the tests measure the kernels against it. Results are { shape, dtype: 'float32', data }.
 */
export { type AlibiOptions, type AlibiSlopesOptions, alibi, alibiSlopes } from './alibi.ts';
export { debertaRelativePositions, debertaScores } from './deberta.ts';
export { factoredScores } from './factored.ts';
export { type RotaryFrequencies, rotaryFrequencies } from './frequencies.ts';
export { hybridScores } from './hybrid.ts';
export { type MergeOptions, merge } from './merge.ts';
export { nezhaScores, nezhaTable, nezhaValues } from './nezha.ts';
export type { ReferenceTensor, Shaped } from './result.ts';
export { type ApplyRotaryOptions, applyRotary, applyRotaryQKV, queryScale } from './rotary.ts';
export { shawIndex, shawScores, shawValues } from './shaw.ts';
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
export { transformerXlScores, transformerXlTable } from './transformerXl.ts';
export { xlnetPositions, xlnetScores } from './xlnet.ts';
