/**
 * `posenc/analysis`: what an encoding does: decay, decompositions, permutation error, the diagnosis of a rotation, and which
 * formula made a table. The engine and its Tensors come along.
 *
 * @module analysis
 */
export * from '../runtime/index.ts';
export { type DecayOptions, ropeDecayBound, sinusoidalGram } from './decay.ts';
export {
  type FourTermOptions,
  type FourTerms,
  fourTermDecomposition,
  type TaylorOptions,
  type TaylorTerms,
  taylorDecomposition,
} from './decomposition.ts';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './diagnose.ts';
export { type Identification, type Identified, type IdentifyOptions, identify } from './identify.ts';
export { permutationError, permuteRows } from './permutation.ts';
