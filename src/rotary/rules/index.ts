/** The numbers of every rope type. A type that is missing here, or has options its rule does not list, does not compile. */
import type { RopeType, SpecOf } from '../spec.ts';
import { plain } from './default.ts';
import { dynamic } from './dynamic.ts';
import { dynamicYarn } from './dynamicYarn.ts';
import { linear } from './linear.ts';
import { llama3 } from './llama3.ts';
import { longrope } from './longrope.ts';
import { ntk } from './ntk.ts';
import { ntkByParts } from './ntkByParts.ts';
import { proportional } from './proportional.ts';
import type { RotaryRule } from './rule.ts';
import { yarn } from './yarn.ts';

export const RULES: { readonly [T in RopeType]: RotaryRule<SpecOf<T>> } = {
  default: plain,
  linear,
  dynamic,
  ntk,
  'ntk-by-parts': ntkByParts,
  yarn,
  'dynamic-yarn': dynamicYarn,
  longrope,
  llama3,
  proportional,
};
