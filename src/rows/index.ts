/**
 * `posenc/rows`: rows of tables joined to vectors: learned, hierarchical, resized, merged, memory tokens. The engine and its
 * Tensors come along.
 *
 * @module rows
 */
export * from '../runtime/index.ts';
export { type HierarchicalPositionsOptions, hierarchicalPositions } from './hierarchical.ts';
export type { RowIds } from './ids.ts';
export {
  type LearnedPositions2dOptions,
  type LearnedPositionsOptions,
  learnedPositions,
  learnedPositions2d,
} from './learned.ts';
export { type MergeOptions, merge } from './merge.ts';
export { type ResizeMode, type ResizePositionTableOptions, resizePositionTable } from './resize.ts';
export { type ResizeRelativeTableOptions, resizeRelativeTable } from './resizeRelative.ts';
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
} from './rmt.ts';
