/**
 * Proportional RoPE (p-RoPE): the table covers the whole head, the lowest frequencies are replaced by 0. Unlike partial
 * rotation the exponent's denominator is the head and channel i's partner is i + headDim/2.
 * Barbero et al., arXiv 2410.06205; transformers `_compute_proportional_rope_parameters` (Gemma 4).
 */
import { divNumber, ZERO } from '../phase/dd.ts';
import { reciprocals } from '../phase/float32.ts';
import { finite } from '../runtime/arguments.ts';
import { exactDefault, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';

export function proportionalRule(rotation: Rotation, spec: RotarySpec): Rule {
  const factor = positive('factor', spec.factor, 1);
  const proportion = finite('partialRotaryFactor', spec.partialRotaryFactor, { min: 0, max: 1 }, 1);
  const turning = Math.floor((proportion * rotation.width) / 2);
  return {
    key: `proportional ${factor} ${turning}`,
    exact: () => exactDefault(rotation).map((value, i) => (i < turning ? divNumber(value, factor) : ZERO)),
    torch: () => reciprocals(torchPeriods(rotation)).map((value, i) => (i < turning ? value / Math.fround(factor) : 0)),
    attentionFactor: 1,
  };
}
