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
import { cnn } from './cnn.ts';
import { configs } from './configs.ts';
import { fourier } from './fourier.ts';
import { interpolation } from './interpolation.ts';
import { learned } from './learned.ts';
import { merge } from './merge.ts';
import { mropeIndex } from './mrope-index.ts';
import { recurrent } from './recurrent.ts';
import { rmt } from './rmt.ts';
import { rotaryApply } from './rotary-apply.ts';
import { rotaryFrequencies } from './rotary-frequencies.ts';
import { rotaryTables } from './rotary-tables.ts';
import { sincos } from './sincos.ts';
import { sinusoidal } from './sinusoidal.ts';
import { timestep } from './timestep.ts';

export const adapters: readonly Adapter[] = [
  ...alibi,
  ...analysis,
  ...cnn,
  ...configs,
  ...fourier,
  ...interpolation,
  ...learned,
  ...merge,
  ...mropeIndex,
  ...recurrent,
  ...rmt,
  ...rotaryApply,
  ...rotaryFrequencies,
  ...rotaryTables,
  ...sincos,
  ...sinusoidal,
  ...timestep,
];
