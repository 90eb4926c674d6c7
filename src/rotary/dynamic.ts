/**
 * Dynamic NTK scaling: the base grows with the sequence once it is longer than the model was trained for.
 * transformers `_compute_dynamic_ntk_parameters` and `dynamic_rope_update`; reddit.com/r/LocalLLaMA (emozilla, 2023).
 */
import * as dd from '../phase/dd.ts';
import { ddToFloat32, reciprocals } from '../phase/float32.ts';
import { size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { exactDefault, neededLength, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';
import { originalLength } from './yarn.ts';

/** theta ((factor L / max) - (factor - 1))^(d / (d - 2)), L = max(length, max). */
export function dynamicRule(rotation: Rotation, spec: RotarySpec, length: number | undefined): Rule {
  const factor = positive('factor', spec.factor);
  const trained = positive('maxPositionEmbeddings', spec.maxPositionEmbeddings);
  const reached = Math.max(neededLength('dynamic', length), trained);
  const growth = dd.addNumber(dd.divNumber(dd.twoProduct(factor, reached), trained), 1);
  const base = grownBase(rotation, dd.addNumber(growth, -factor), 'dynamic');
  return changedBase(rotation, base);
}

/** theta growth^(d / (d - 2)). */
export function grownBase({ theta, width }: Rotation, growth: dd.DD, ropeType: string): dd.DD {
  if (width <= 2) {
    throw new PosencError(
      'ERR_SHAPE',
      `rotaryDim: '${ropeType}' needs more than 2 rotated channels (its exponent is d / (d - 2)), got ${width}`,
    );
  }
  return checkedBase(dd.mulNumber(dd.pow(growth, dd.divNumber(dd.from(width), width - 2)), theta), ropeType);
}

/** A grown base, which float32 has to hold. */
export function checkedBase(base: dd.DD, ropeType: string): dd.DD {
  if (base.hi >= 1e-30 && base.hi <= 1e30) return base;
  throw new PosencError(
    'ERR_OPTION',
    `ropeTheta: '${ropeType}' turns it into the base ${base.hi}, outside 1e-30 to 1e30; use a smaller factor or a larger rotaryDim`,
  );
}

/** The plain rule with another base. */
export function changedBase(rotation: Rotation, base: dd.DD): Rule {
  return {
    key: `base ${base.hi} ${base.lo}`,
    exact: () => exactDefault(rotation, base),
    torch: () => reciprocals(torchPeriods(rotation, ddToFloat32(base))),
    attentionFactor: 1,
    ggml: { freqBase: base.hi },
  };
}

/** The memory of a length-dependent rule over a series of calls. */
export interface DynamicState {
  /** Takes the length of the next call (its highest position + 1) and gives the length whose frequencies it uses. */
  next(length: number): number;
  /** Forgets all calls. */
  reset(): void;
}

/**
 * Which frequencies the stateful reference implementations use, call after call: `rotaryTable(spec, { length, context:
 * state.next(length) })`.
 * - dynamic (transformers): the longest length so far, until a call is shorter than maxPositionEmbeddings.
 * - dynamic-yarn (jquesnelle/yarn): the longest length so far.
 * - longrope (transformers): each call decides by itself.
 */
export function dynamicState(spec: RotarySpec): DynamicState {
  const { ropeType } = spec;
  if (ropeType !== 'dynamic' && ropeType !== 'dynamic-yarn' && ropeType !== 'longrope') {
    throw new PosencError(
      'ERR_OPTION',
      `ropeType: expected 'dynamic', 'dynamic-yarn' or 'longrope' (the others do not depend on the length), got '${ropeType ?? 'default'}'`,
    );
  }
  const trained =
    ropeType === 'dynamic'
      ? positive('maxPositionEmbeddings', spec.maxPositionEmbeddings)
      : (spec.maxPositionEmbeddings ?? originalLength(spec));
  let longest = trained;
  return {
    next(length) {
      size('length', length, 0, Number.MAX_SAFE_INTEGER);
      if (ropeType === 'longrope') return length;
      longest = ropeType === 'dynamic' && length < trained ? trained : Math.max(longest, length);
      return longest;
    },
    reset() {
      longest = trained;
    },
  };
}
