/**
 * `posenc/absolute`: encodings that are added to embeddings: sinusoidal, timesteps, 2-D and 3-D, Fourier, recursive,
 * convolutional. The engine and its Tensors come along.
 *
 * @module absolute
 */
export * from '../runtime/index.ts';
export { type CompactRelativeTableOptions, compactRelativeTable } from './compact.ts';
export {
  type ComplexOrderFrequencyOptions,
  type ComplexOrderOptions,
  complexOrder,
  complexOrderFrequency,
} from './complexOrder.ts';
export {
  type ConvPositionalOptions,
  convPositional,
  type WeightNormOptions,
  weightNorm,
} from './convPositional.ts';
export { type FloaterPositionsOptions, type Flow, floaterPositions } from './floater.ts';
export {
  type FourierFeaturesOptions,
  fourierFeatures,
  type GaussianFourierOptions,
  gaussianFourier,
  type NerfEncodingOptions,
  nerfEncoding,
  type PerceiverEncodingOptions,
  type PixelBandsOptions,
  perceiverEncoding,
  pixelBands,
} from './fourier.ts';
export type { FrequencyRule } from './frequencies.ts';
export { type PegOptions, peg } from './peg.ts';
export {
  type GruLayer,
  type GruPositionsOptions,
  gruPositions,
  type RecursivePositionsOptions,
  recursivePositions,
} from './recursive.ts';
export { type Sincos2dOptions, type Sincos3dOptions, sincos2d, sincos3d } from './sincos.ts';
export {
  type SinusoidalFrequenciesOptions,
  type SinusoidalOptions,
  type SinusoidalPreset,
  sinusoidal,
  sinusoidalFrequencies,
} from './sinusoidal.ts';
export { type TimestepEmbeddingOptions, type TimestepPreset, timestepEmbedding } from './timestep.ts';
