/**
 * What every door of the package carries, so that one import is enough to make Tensors, free them and tell errors apart. Whichever
 * door it comes through, it is the same class and the same default engine.
 *
 * @module engine
 */
export { attach } from './attach.ts';
export { createEngine, type Engine, type EngineOptions, type EngineUsage } from './engine.ts';
export { PosencError, type PosencErrorCode } from './errors.ts';
export type { Floats, Out } from './gate.ts';
export type { FlatNumbers, MaskList, NumberList, Positions } from './lists.ts';
export type { EngineOption, OutOption, PairOutOption, PrecisionOption } from './options.ts';
export { type Dtype, scope, Tensor } from './tensor.ts';
