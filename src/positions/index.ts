/**
 * `posenc/positions`: position ids: from masks and packed sequences, and the streams of M-RoPE. The engine and its Tensors come
 * along.
 *
 * @module positions
 */
export * from '../runtime/index.ts';
export { type CoarseGridIdsOptions, coarseGridIds } from './coarseGridIds.ts';
export { type PositionIdsOptions, positionIds } from './mask.ts';
export { type MropeIndexOptions, mropeIndex } from './mrope.ts';
export type { MropeModel } from './mropeClasses.ts';
export { type MropeDecodeOptions, mropeDecode } from './mropeDecode.ts';
export { visionPositions } from './visionPositions.ts';
