/**
 * Every adapter of the golden runner. An adapter turns the parameters of one kind of record into calls of the public
 * API. To add one: write `adapters/<family>.ts` exporting an `Adapter[]`, and add its import and its spread below,
 * in alphabetical order. Nothing else changes.
 *
 * - `when` lists the discriminators (system, op, and method, variant, mode where an op has several behaviours).
 *   Two adapters must not fit the same record.
 * - `params` and `inputs` list everything the adapter honours. A record with anything else is `unsupported`; so is a
 *   known parameter with an unknown value (throw `Unsupported`). Do not declare what you ignore, unless it is prose.
 * - `run` computes through `context.api` in `context.precision` and returns the outputs by name; the runner compares.
 *   Plain index arithmetic, permutations and matrix products are fine; anything positional comes from the API.
 * - A family with a schema of its own (configs) gives `check` instead of `run` and reads `record.raw`.
 */
import type { Adapter } from '../types.ts';
import { alibi } from './alibi.ts';
import { analysis } from './analysis.ts';
import { biasDiagonal } from './bias-diagonal.ts';
import { biasGrid } from './bias-grid.ts';
import { clipped } from './clipped.ts';
import { cnn } from './cnn.ts';
import { coarseGridIds } from './coarse-grid-ids.ts';
import { compact } from './compact.ts';
import { configs } from './configs.ts';
import { deberta } from './deberta.ts';
import { extend } from './extend.ts';
import { fourier } from './fourier.ts';
import { gguf } from './gguf.ts';
import { hybrid } from './hybrid.ts';
import { interpolation } from './interpolation.ts';
import { kitaevKlein } from './kitaev-klein.ts';
import { learned } from './learned.ts';
import { llamaCpp } from './llama-cpp.ts';
import { lucidrains } from './lucidrains.ts';
import { merge } from './merge.ts';
import { mropeIndex } from './mrope-index.ts';
import { nezha } from './nezha.ts';
import { packedMasks } from './packed-masks.ts';
import { recurrent } from './recurrent.ts';
import { relativeResize } from './relative-resize.ts';
import { relativeScores } from './relative-scores.ts';
import { rmt } from './rmt.ts';
import { rotaryApply } from './rotary-apply.ts';
import { rotaryAxial } from './rotary-axial.ts';
import { rotaryComplex } from './rotary-complex.ts';
import { rotaryFrequencies } from './rotary-frequencies.ts';
import { rotaryGgml } from './rotary-ggml.ts';
import { rotaryMrope } from './rotary-mrope.ts';
import { rotaryOnnx } from './rotary-onnx.ts';
import { rotaryState } from './rotary-state.ts';
import { rotaryTables } from './rotary-tables.ts';
import { rotaryVision } from './rotary-vision.ts';
import { rotaryVllm } from './rotary-vllm.ts';
import { rotaryYarnRepo } from './rotary-yarn-repo.ts';
import { shaw } from './shaw.ts';
import { sincos } from './sincos.ts';
import { sinusoidal } from './sinusoidal.ts';
import { timestep } from './timestep.ts';
import { transformerXl } from './transformer-xl.ts';
import { tupe } from './tupe.ts';
import { xlnet } from './xlnet.ts';
import { xpos } from './xpos.ts';

export const adapters: readonly Adapter[] = [
  ...alibi,
  ...analysis,
  ...biasDiagonal,
  ...biasGrid,
  ...clipped,
  ...cnn,
  ...coarseGridIds,
  ...compact,
  ...configs,
  ...deberta,
  ...extend,
  ...fourier,
  ...gguf,
  ...hybrid,
  ...interpolation,
  ...kitaevKlein,
  ...learned,
  ...llamaCpp,
  ...lucidrains,
  ...merge,
  ...mropeIndex,
  ...nezha,
  ...packedMasks,
  ...recurrent,
  ...relativeResize,
  ...relativeScores,
  ...rmt,
  ...rotaryApply,
  ...rotaryAxial,
  ...rotaryComplex,
  ...rotaryFrequencies,
  ...rotaryGgml,
  ...rotaryMrope,
  ...rotaryOnnx,
  ...rotaryState,
  ...rotaryTables,
  ...rotaryVision,
  ...rotaryVllm,
  ...rotaryYarnRepo,
  ...shaw,
  ...sincos,
  ...sinusoidal,
  ...timestep,
  ...transformerXl,
  ...tupe,
  ...xlnet,
  ...xpos,
];
