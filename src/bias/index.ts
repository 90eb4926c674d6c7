/**
 * `posenc/bias`: what is added to attention scores by distance or by window: ALiBi, T5, KERPLE, Sandwich, FIRE, masks, Swin,
 * BEiT, MaxViT, LeViT, shifted windows. The engine and its Tensors come along.
 *
 * @module bias
 */
export * from '../runtime/index.ts';
export { type AlibiOptions, alibi } from './distance/alibi.ts';
export { type AlibiSlopeOptions, alibiSlopes } from './distance/alibiSlopes.ts';
export { type ClippedRelativeBiasOptions, clippedRelativeBias } from './distance/clipped.ts';
export { type ExpandDiagonalOptions, expandDiagonal } from './distance/diagonal.ts';
export { type DynamicBiasOptions, dynamicBias } from './distance/dynamicBias.ts';
export { type FireOptions, fire } from './distance/fire.ts';
export { type KerpleOptions, kerple } from './distance/kerple.ts';
export { type AttentionMaskOptions, attentionMask } from './distance/masks.ts';
export { type NaiveRelativeBiasOptions, naiveRelativeBias } from './distance/naive.ts';
export { type SandwichOptions, sandwich } from './distance/sandwich.ts';
export { type T5BiasOptions, type T5BucketsOptions, t5Bias, t5Buckets } from './distance/t5.ts';
export type { Layer } from './mlp.ts';
export { type BeitBiasOptions, beitBias } from './window/beit.ts';
export { type MaxvitBiasOptions, maxvitBias } from './window/maxvit.ts';
export { type OffsetBiasOptions, offsetBias } from './window/offset.ts';
export { type ShiftedWindowMaskOptions, shiftedWindowMask } from './window/shifted.ts';
export {
  type SwinBiasOptions,
  type SwinIndexOptions,
  swinBias,
  swinRelativePositionIndex,
} from './window/swin.ts';
export {
  type SwinV2BiasOptions,
  type SwinV2CoordinateOptions,
  swinV2Bias,
  swinV2Coordinates,
} from './window/swinV2.ts';
