/**
 * Dynamic YaRN: plain frequencies up to maxPositionEmbeddings, beyond it YaRN with the factor that the length needs.
 * jquesnelle/yarn LlamaDynamicYaRNScaledRotaryEmbedding; Peng et al., arXiv 2309.00071, section 3.3.
 */
import { neededLength, originalLength, plainFrequencies, positive } from './ladder.ts';
import type { FixedContext, OriginalLength, RotaryCommon } from './options.ts';
import type { RotaryRule, RuleWords } from './rule.ts';
import { YARN_RAMP, type YarnRamp, yarnFrequencies } from './yarn.ts';

/** `ropeType: 'dynamic-yarn'`: its own options. */
export interface DynamicYarnOptions extends YarnRamp, FixedContext {
  readonly ropeType: 'dynamic-yarn';
}

export type DynamicYarnSpec = DynamicYarnOptions & OriginalLength;

/** The length up to which nothing is scaled. */
const trainedLength = (spec: RotaryCommon): number =>
  positive('maxPositionEmbeddings', spec.maxPositionEmbeddings ?? originalLength(spec));

export const dynamicYarn: RotaryRule<DynamicYarnSpec> = {
  options: { ...YARN_RAMP, context: true },
  frequencies(widths, spec, length) {
    const original = originalLength(spec);
    const trained = trainedLength(spec);
    const reached = neededLength('dynamic-yarn', length);
    const scaled = yarnFrequencies(widths, spec, Math.max(reached, trained) / original);
    return reached > trained ? scaled : plainFrequencies(widths);
  },
  // jquesnelle/yarn: the longest length so far
  dependsOnLength: { how: 'grows', threshold: trainedLength, next: (length, longest) => Math.max(longest, length) },
};

export const dynamicYarnWords: RuleWords<DynamicYarnSpec> = {
  docs: {
    frequencies: 'plain up to `maxPositionEmbeddings`, then YaRN with factor L / original',
    options: 'as yarn, without `factor`; `context` or `dynamicState` for L',
    source: 'jquesnelle/yarn',
  },
  about: 'dynamic YaRN of jquesnelle/yarn, for a sequence of 8192',
  example: { headDim: 64, ropeTheta: 10000, ropeType: 'dynamic-yarn', originalMaxPositionEmbeddings: 2048 },
  exampleContext: 8192,
  llamaCpp: 'divisors',
  stretched: (_, original) => ({ ropeType: 'dynamic-yarn', originalMaxPositionEmbeddings: original }),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: (where, last) => ({
    message: `the ramp moves with the length beyond ${last} positions${where}: every cached key keeps the frequencies it was made with`,
    fix: 'pass the largest context once, and keep its table for the whole generation',
  }),
  extend(spec, _, target) {
    const reason = 'it takes the factor that the length of the sequence needs: nothing is to be set';
    return { outcome: 'covered', trained: originalLength(spec), supported: target, reason };
  },
};
