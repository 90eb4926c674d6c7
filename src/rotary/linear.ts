/** Linear position interpolation: every frequency divided by `factor`. Chen et al., arXiv 2306.15595. */
import { divNumber } from '../phase/dd.ts';
import { reciprocals } from '../phase/float32.ts';
import { oneOf } from '../runtime/arguments.ts';
import { exactDefault, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';

export function linearRule(rotation: Rotation, spec: RotarySpec): Rule {
  const factor = positive('factor', spec.factor);
  const byPosition =
    oneOf('linearRounding', spec.linearRounding, ['frequency', 'position'], 'frequency') === 'position';
  return {
    key: `linear ${factor}${byPosition ? ' by position' : ''}`,
    exact: () => exactDefault(rotation).map((value) => divNumber(value, factor)),
    torch: () => {
      const plain = reciprocals(torchPeriods(rotation));
      return byPosition ? plain : plain.map((value) => value / Math.fround(factor));
    },
    attentionFactor: 1,
    ...(byPosition && { positionDivisor: factor }),
    ggml: { freqScale: 1 / factor },
  };
}
