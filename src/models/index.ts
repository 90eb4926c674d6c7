/**
 * `posenc/models`: a model's own configuration, read and explained: fromHF, fromGGUF, explain, and what other engines want. The
 * engine and its Tensors come along.
 *
 * @module models
 */
export * from '../runtime/index.ts';
export { describe, describeExplanation } from './describe.ts';
export { ENGINES, type Engine as EngineName, type EngineLine, type EngineLines, forEngine } from './engines.ts';
export { type Explanation, explain, explainForm } from './explain.ts';
export { type Extended, type ExtendOptions, extend } from './extend.ts';
export { type Extension, extendForm } from './extension.ts';
export { type FromGGUFOptions, fromGGUF, type GGUFTensors } from './gguf.ts';
export { type FromHFOptions, fromHF, toHF } from './hf.ts';
export { type KnownModel, knownModels } from './known.ts';
export { type LlamaCpp, toLlamaCpp } from './llamaCpp.ts';
export type { NormalForm, RotaryLayer } from './normalForm.ts';
export { type OnnxCaches, toOnnxCaches } from './onnx.ts';
