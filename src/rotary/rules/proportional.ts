/**
 * Proportional RoPE (p-RoPE): the table covers the whole head, the lowest frequencies are replaced by 0. Unlike partial
 * rotation the exponent's denominator is the head and channel i's partner is i + headDim/2.
 * Barbero et al., arXiv 2410.06205; transformers `_compute_proportional_rope_parameters` (Gemma 4).
 */
import { divNumber, ZERO } from '../../phase/dd.ts';
import { reciprocals } from '../../phase/float32.ts';
import { finite } from '../../runtime/arguments.ts';
import { noDropIn } from './extend.ts';
import { exactDefault, positive, torchPeriods } from './ladder.ts';
import type { ConfigWords, RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'proportional'`; `partialRotaryFactor` is the share of the pairs that turn. */
export interface ProportionalSpec {
  readonly ropeType: 'proportional';
  /** Channels of a head. */
  readonly headDim: number;
  /** Divides the frequencies of the pairs that turn. Default 1. */
  readonly factor?: number;
}

export const proportional: RotaryRule<ProportionalSpec> = {
  options: { factor: true },
  wholeHead: true,
  frequencies(widths, spec) {
    const factor = positive('factor', spec.factor, 1);
    const proportion = finite('partialRotaryFactor', spec.partialRotaryFactor, { min: 0, max: 1 }, 1);
    const turning = Math.floor((proportion * widths.width) / 2);
    return {
      key: `proportional ${factor} ${turning}`,
      exact: () => exactDefault(widths).map((value, i) => (i < turning ? divNumber(value, factor) : ZERO)),
      torch: () => reciprocals(torchPeriods(widths)).map((value, i) => (i < turning ? value / Math.fround(factor) : 0)),
      attentionFactor: 1,
    };
  },
};

export const proportionalConfig: ConfigWords<ProportionalSpec> = {
  names: ['proportional'],
  keys: { factor: 'factor' },
  // headDim comes from the widths of the model
  read: (block) => ({ ropeType: 'proportional', factor: block.number('factor', { min: 1 }) }) as ProportionalSpec,
};

export const proportionalWords: RuleWords<ProportionalSpec> = {
  docs: {
    frequencies: 'the whole head is paired, only the first `partialRotaryFactor` of the pairs turn',
    options: '`partialRotaryFactor`, `factor` 1',
    source: 'arXiv 2410.06205, Gemma 4',
  },
  about: 'p-RoPE, arXiv 2410.06205: a quarter of the pairs turn, as in Gemma 4',
  example: { headDim: 64, ropeTheta: 1000000, ropeType: 'proportional', partialRotaryFactor: 0.25 },
  gguf: { type: 'none', tensors: 'rope_freqs' },
  dividesBy: 'factor',
  llamaCpp: 'divisors',
  stretched: undefined,
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: undefined,
  extend: (_, length, target) =>
    noDropIn(
      length,
      length,
      target,
      'part of the pairs turn, trained to this length; no published extension (YaRN would turn pairs that stand still)',
    ),
};
