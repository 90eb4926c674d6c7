/**
 * `posenc/scores`: attention scores that depend on content and position: Shaw, NEZHA, Transformer-XL, XLNet, DeBERTa, TUPE,
 * Conformer, SAM and MViTv2, Gemma's audio encoder, WavLM. The engine and its Tensors come along.
 *
 * @module scores
 */
export * from '../runtime/index.ts';
export { type ConformerScoreOptions, conformerScores } from './conformer.ts';
export type { ScoreOptions, Shaped, ShapedIntegers, ValueOptions } from './content.ts';
export {
  type DebertaBucketOptions,
  type DebertaRelativePositionOptions,
  type DebertaScoreOptions,
  debertaRelativePositions,
  debertaScores,
} from './deberta.ts';
export { type DecomposedRelativeScoreOptions, decomposedRelativeScores } from './decomposed.ts';
export { type FactoredScoreOptions, factoredScores } from './factored.ts';
export {
  type GatedRelativeBiasOptions,
  gatedRelativeBias,
  type RelativeGateOptions,
  relativeGate,
} from './gated.ts';
export { hybridScores } from './hybrid.ts';
export { type LocalRelativeScoreOptions, localRelativeScores } from './local.ts';
export { type NezhaTableOptions, nezhaScores, nezhaTable, nezhaValues } from './nezha.ts';
export {
  type ShawIndexOptions,
  type ShawScoreOptions,
  type ShawTableOptions,
  type ShawValueOptions,
  shawIndex,
  shawScores,
  shawValues,
} from './shaw.ts';
export {
  type TransformerXlScoreOptions,
  type TransformerXlTableOptions,
  transformerXlScores,
  transformerXlTable,
} from './transformerXl.ts';
export { type TupeBucketOptions, type TupeOptions, type TupeProjection, tupe, tupeBuckets } from './tupe.ts';
export { type XlnetPositionOptions, type XlnetScoreOptions, xlnetPositions, xlnetScores } from './xlnet.ts';
