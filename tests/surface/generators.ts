/** One generator for every public function: a random valid call. A new export without one fails the suite. */
import type * as api from '../../src/index.ts';
import type { Random } from '../support/random.ts';
import { absolute } from './absolute.ts';
import { bias } from './bias.ts';
import type { SurfaceCall } from './material.ts';
import { plain } from './plain.ts';
import { rotary } from './rotary.ts';
import { rows } from './rows.ts';
import { scores } from './scores.ts';

export type Generator = (random: Random) => SurfaceCall;

/** What is no function of arguments: classes, constants, and what makes or ends engines. */
export const NOT_CALLED: Readonly<Record<string, string>> = {
  AXIAL_PRESETS: 'a constant',
  ENGINES: 'a constant',
  ROPE_EXAMPLES: 'a constant',
  PosencError: 'a class',
  Tensor: 'a class; its static functions are called as Tensor.zeros and Tensor.from',
  RotaryTable: 'a class made by rotaryTable',
  PopeTable: 'a class made by popeTable',
  RotaryDecode: 'a class made by prepareDecode',
  attach: 'makes an engine: tests/runtime',
  createEngine: 'makes an engine: tests/runtime',
  init: 'makes the default engine: tests/runtime',
  fingerprint: 'takes nothing',
  scope: 'takes a function: tests/runtime',
};

export const GENERATORS: Readonly<Record<string, Generator>> = {
  ...absolute,
  ...rotary,
  ...bias,
  ...scores,
  ...rows,
  ...plain,
};

export type PublicName = keyof typeof api;
