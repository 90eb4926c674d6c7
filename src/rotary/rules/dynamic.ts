/**
 * Dynamic NTK scaling: the base grows with the sequence once it is longer than the model was trained for.
 * transformers `_compute_dynamic_ntk_parameters` and `dynamic_rope_update`; reddit.com/r/LocalLLaMA (emozilla, 2023).
 */
import * as dd from '../../phase/dd.ts';
import { PosencError } from '../../runtime/errors.ts';
import { sameRule } from './extend.ts';
import { changedBase, checkedBase, neededLength, positive } from './ladder.ts';
import type { FixedContext } from './options.ts';
import type { ConfigWords, RotaryRule, RuleWords, Widths } from './rule.ts';

/** `ropeType: 'dynamic'`. */
export interface DynamicSpec extends FixedContext {
  readonly ropeType: 'dynamic';
  /** How fast the base grows beyond maxPositionEmbeddings. */
  readonly factor: number;
  /** Positions the model was trained for: up to them nothing changes. */
  readonly maxPositionEmbeddings: number;
}

export const dynamic: RotaryRule<DynamicSpec> = {
  options: { factor: true, context: true },
  /** theta ((factor L / max) - (factor - 1))^(d / (d - 2)), L = max(length, max). */
  frequencies(widths, spec, length) {
    const factor = positive('factor', spec.factor);
    const trained = positive('maxPositionEmbeddings', spec.maxPositionEmbeddings);
    const reached = Math.max(neededLength('dynamic', length), trained);
    const growth = dd.addNumber(dd.divNumber(dd.twoProduct(factor, reached), trained), 1);
    return changedBase(widths, grownBase(widths, dd.addNumber(growth, -factor), 'dynamic'));
  },
  dependsOnLength: {
    how: 'grows',
    threshold: (spec) => positive('maxPositionEmbeddings', spec.maxPositionEmbeddings),
    // transformers: the longest length so far, until a call is shorter than the threshold
    next: (length, longest, threshold) => (length < threshold ? threshold : Math.max(longest, length)),
  },
};

/** theta growth^(d / (d - 2)). */
export function grownBase({ theta, width }: Widths, growth: dd.DD, ropeType: string): dd.DD {
  if (width <= 2) {
    throw new PosencError(
      'ERR_SHAPE',
      `rotaryDim: '${ropeType}' needs more than 2 rotated channels (its exponent is d / (d - 2)), got ${width}`,
    );
  }
  return checkedBase(dd.mulNumber(dd.pow(growth, dd.divNumber(dd.from(width), width - 2)), theta), ropeType);
}

export const dynamicConfig: ConfigWords<DynamicSpec> = {
  names: ['dynamic'],
  keys: { factor: 'factor' },
  harmless: ['original_max_position_embeddings'],
  read(block) {
    const factor = block.required('factor', { min: 1 });
    if (block.pairs < 2) block.refuse('rope_type', 'dynamic scaling needs at least two rotated pairs');
    const { maxPositionEmbeddings } = block;
    if (maxPositionEmbeddings === undefined) {
      return block.refuseOutside('max_position_embeddings', "required by rope type 'dynamic'");
    }
    return { ropeType: 'dynamic', factor, maxPositionEmbeddings };
  },
};

export const dynamicWords: RuleWords<DynamicSpec> = {
  docs: {
    frequencies: 'base θ (factor·L/max - (factor - 1))^(d/(d-2)), L = max(length, max)',
    options: '`factor`, `maxPositionEmbeddings`; `context` or `dynamicState` for L',
    source: 'transformers',
  },
  about: 'dynamic NTK of transformers, for a sequence of 8192',
  example: { headDim: 64, ropeTheta: 10000, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 2048 },
  exampleContext: 8192,
  llamaCpp: 'divisors',
  stretched: (factor, original) => ({ ropeType: 'dynamic', factor, maxPositionEmbeddings: original }),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: (where, last) => ({
    message: `the base grows beyond ${last} positions${where}: every cached key keeps the base it was made with`,
    fix: 'pass the largest context once, and keep its table for the whole generation',
  }),
  extend(spec, _, target) {
    const { maxPositionEmbeddings: trained, factor } = spec;
    return sameRule(trained, factor, target, trained * factor, {
      covered: 'dynamic scaling grows its base with the sequence: the factor serves maxPositionEmbeddings * factor',
    });
  },
};
