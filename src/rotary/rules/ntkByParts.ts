/**
 * NTK by parts: two ramps, linear to NTK and on to the plain frequencies; the step before YaRN.
 * jquesnelle/yarn LlamaPartNTKScaledRotaryEmbedding; Peng et al., arXiv 2309.00071, section 3.2.
 */
import * as dd from '../../phase/dd.ts';
import { ddToFloat32, reciprocals } from '../../phase/float32.ts';
import { finite } from '../../runtime/arguments.ts';
import { grownBase } from './dynamic.ts';
import { sameRule } from './extend.ts';
import { contextFactor, exactDefault, originalLength, torchPeriods } from './ladder.ts';
import type { ContextFactor } from './options.ts';
import { blendExact, blendTorch, correctionRange, requireRamp } from './ramp.ts';
import type { RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'ntk-by-parts'`. */
export type NtkByPartsSpec = {
  readonly ropeType: 'ntk-by-parts';
  /** Weight of the plain frequencies inside the outer ramp. Default 1. */
  readonly extrapolationFactor?: number;
  /** Weight of the NTK frequencies inside the inner ramp. Default 1. */
  readonly ntkFactor?: number;
} & ContextFactor;

/** The constants of the reference, in turns: linear to NTK between 1.25 and 0.75, NTK to plain between 16 and 2. */
const BETAS = { fast: 1.25, slow: 0.75 };
const GAMMAS = { fast: 16, slow: 2 };

export const ntkByParts: RotaryRule<NtkByPartsSpec> = {
  options: { factor: true, extrapolationFactor: true, ntkFactor: true },
  frequencies(widths, spec) {
    const original = originalLength(spec);
    const factor = contextFactor(spec);
    const weight = finite('extrapolationFactor', spec.extrapolationFactor, {}, 1);
    const ntkWeight = finite('ntkFactor', spec.ntkFactor, {}, 1);
    requireRamp(widths, 'ntk-by-parts');
    const base = grownBase(widths, dd.from(factor), 'ntk-by-parts');
    const inner = correctionRange(widths, { ...BETAS, original, truncate: true });
    const outer = correctionRange(widths, { ...GAMMAS, original, truncate: true });
    return {
      key: `ntk-by-parts ${factor} ${original} ${weight} ${ntkWeight}`,
      exact: () => {
        const plain = exactDefault(widths);
        const linear = plain.map((value) => dd.divNumber(value, factor));
        return blendExact(blendExact(linear, exactDefault(widths, base), inner, ntkWeight), plain, outer, weight);
      },
      torch: () => {
        const periods = torchPeriods(widths);
        const linear = reciprocals(periods.map((period) => Math.fround(factor) * period));
        const ntk = reciprocals(torchPeriods(widths, ddToFloat32(base)));
        return blendTorch(blendTorch(linear, ntk, inner, ntkWeight), reciprocals(periods), outer, weight);
      },
      attentionFactor: 1,
    };
  },
};

export const ntkByPartsWords: RuleWords<NtkByPartsSpec> = {
  docs: {
    frequencies: 'two ramps: linear, NTK, plain',
    options: '`factor`, `originalMaxPositionEmbeddings`, `extrapolationFactor` 1, `ntkFactor` 1',
    source: 'jquesnelle/yarn',
  },
  about: 'NTK by parts, as jquesnelle/yarn has it: the step before YaRN',
  example: { headDim: 64, ropeTheta: 10000, ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 2048 },
  dividesBy: 'factor',
  llamaCpp: 'divisors',
  stretched: (factor, original) => ({
    ropeType: 'ntk-by-parts',
    factor,
    originalMaxPositionEmbeddings: original,
  }),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: undefined,
  extend(spec, length, target) {
    const original = originalLength(spec);
    const factor = contextFactor(spec);
    return sameRule(original, factor, target, Math.max(length, original * factor));
  },
};
