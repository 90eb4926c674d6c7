/**
 * Which length a stateful implementation computes its frequencies for, call after call: transformers `dynamic_rope_update`,
 * jquesnelle/yarn.
 */
import { oneOf, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type RotaryInput, specOf } from './form.ts';
import { ruleOf } from './frequencies.ts';
import { RULES } from './rules/index.ts';
import type { RopeType } from './spec.ts';

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
 * - LongRoPE (transformers): each call decides by itself.
 * Contexts are integers.
 * @param model a specification, or a model's form, whose frequencies depend on the length; the error names their types
 * @returns an object with next(length): the `context` that belongs to this call
 * @throws ERR_OPTION
 * @see transformers dynamic_rope_update; jquesnelle/yarn
 * @example
 * const state = dynamicState({ headDim: 64, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 2048 });
 * console.log(state.next(4096), state.next(3000), state.next(10)); // 4096 4096 2048
 */
export function dynamicState(model: RotaryInput): DynamicState {
  const spec = specOf('dynamicState', model);
  const types = Object.keys(RULES) as RopeType[];
  const ropeType = oneOf('ropeType', spec.ropeType, types, 'default');
  const how = ruleOf(ropeType).dependsOnLength;
  if (!how) {
    const dependent = types.filter((type) => RULES[type].dependsOnLength);
    throw new PosencError(
      'ERR_OPTION',
      `ropeType: expected ${dependent.map((type) => `'${type}'`).join(', ')} (the others do not depend on the length), got '${ropeType}'`,
    );
  }
  const threshold = how.threshold(spec);
  let longest = threshold;
  return {
    next(length) {
      size('length', length, 0, Number.MAX_SAFE_INTEGER);
      longest = how.next(length, longest, threshold);
      return longest;
    },
    reset() {
      longest = threshold;
    },
  };
}
