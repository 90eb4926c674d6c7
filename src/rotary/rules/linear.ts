/** Linear position interpolation: every frequency divided by `factor`. Chen et al., arXiv 2306.15595. */
import { divNumber } from '../../phase/dd.ts';
import { reciprocals } from '../../phase/float32.ts';
import { oneOf } from '../../runtime/arguments.ts';
import { sameRule } from './extend.ts';
import { exactDefault, positive, torchPeriods } from './ladder.ts';
import type { ConfigWords, RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'linear'`. */
export interface LinearSpec {
  readonly ropeType: 'linear';
  /** Divides every frequency. */
  readonly factor: number;
  /**
   * In torch precision: what `factor` divides and rounds. 'frequency' (transformers) or 'position' (vLLM, jquesnelle/yarn).
   * The same in exact precision. Default 'frequency'.
   */
  readonly linearRounding?: 'frequency' | 'position';
}

export const linear: RotaryRule<LinearSpec> = {
  options: { factor: true, linearRounding: true },
  frequencies(widths, spec) {
    const factor = positive('factor', spec.factor);
    const byPosition =
      oneOf('linearRounding', spec.linearRounding, ['frequency', 'position'], 'frequency') === 'position';
    return {
      key: `linear ${factor}${byPosition ? ' by position' : ''}`,
      exact: () => exactDefault(widths).map((value) => divNumber(value, factor)),
      torch: () => {
        const plain = reciprocals(torchPeriods(widths));
        return byPosition ? plain : plain.map((value) => value / Math.fround(factor));
      },
      attentionFactor: 1,
      ...(byPosition && { positionDivisor: factor }),
      ggml: { freqScale: 1 / factor },
    };
  },
};

export const linearConfig: ConfigWords<LinearSpec> = {
  names: ['linear'],
  keys: { factor: 'factor' },
  read: (block) => ({ ropeType: 'linear', factor: block.required('factor', { min: 1 }) }),
};

export const linearWords: RuleWords<LinearSpec> = {
  docs: {
    frequencies: 'invFreq / factor',
    options:
      "`factor`, `linearRounding: 'frequency'` (transformers) or `'position'` (vLLM, jquesnelle/yarn: the position is divided and rounded; the same formula, other float32 bits)",
    source: 'arXiv 2306.15595',
  },
  about: 'position interpolation, arXiv 2306.15595',
  example: { headDim: 64, ropeTheta: 10000, ropeType: 'linear', factor: 4 },
  gguf: {
    type: 'linear',
    read(header) {
      const factor = header.number('scaling.factor', { min: 0 }) || header.number('scale_linear', { above: 0 });
      return factor === undefined ? undefined : { ropeType: 'linear', factor };
    },
  },
  llamaCpp: ({ factor }) => ({
    freqScale: 1 / factor,
    flags: ['--rope-scaling', 'linear', '--rope-scale', String(factor)],
    amplitude: 1,
    overwritten: [],
    notes: [],
  }),
  stretched: (factor) => ({ ropeType: 'linear', factor }),
  // some files give max_position_embeddings before the scaling, some after
  maxCounts: 'unsaid',
  shortTexts: undefined,
  cachedKeys: undefined,
  dividesBy: 'factor',
  extend: (spec, length, target) => sameRule(length, spec.factor, target, length * spec.factor),
};
