/**
 * LongRoPE: every pair has its own divisor, from one list up to the original context and from another beyond it.
 * Ding et al., arXiv 2402.13753; transformers `_compute_longrope_parameters` (Phi-3), PhiMoE for the two magnitudes.
 */
import * as dd from '../phase/dd.ts';
import { reciprocals } from '../phase/float32.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import { exactDefault, neededLength, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';
import { contextFactor, originalLength } from './yarn.ts';

export function longropeRule(rotation: Rotation, spec: RotarySpec, length: number | undefined): Rule {
  const shortFactor = divisors('shortFactor', spec.shortFactor, rotation.pairs);
  const longFactor = divisors('longFactor', spec.longFactor, rotation.pairs);
  const original = originalLength(spec);
  // Strictly greater: a sequence of exactly the original length is short.
  const long = neededLength('longrope', length) > original;
  const list = long ? longFactor : shortFactor;
  const attentionFactor = magnitude(spec, original, long);
  return {
    key: `longrope ${list.join(' ')}`,
    exact: () => exactDefault(rotation).map((value, i) => dd.divNumber(value, list[i])),
    torch: () => reciprocals(torchPeriods(rotation).map((period, i) => Math.fround(list[i]) * period)),
    attentionFactor,
    ggml: { freqFactors: list },
  };
}

/** sqrt(1 + ln factor / ln original), the same for short and long; or PhiMoE's own two numbers. */
function magnitude(spec: RotarySpec, original: number, long: boolean): number {
  if (spec.shortMscale !== undefined || spec.longMscale !== undefined) {
    const short = positive('shortMscale', spec.shortMscale);
    return long ? positive('longMscale', spec.longMscale) : short;
  }
  if (spec.attentionFactor !== undefined) return spec.attentionFactor;
  const factor = contextFactor(spec);
  if (factor <= 1) return 1;
  if (original <= 1) {
    throw new PosencError(
      'ERR_OPTION',
      `originalMaxPositionEmbeddings: expected a number > 1 (its logarithm is divided by), got ${original}`,
    );
  }
  const ratio = dd.div(dd.ln(dd.from(factor)), dd.ln(dd.from(original)));
  return dd.sqrt(dd.addNumber(ratio, 1)).hi;
}

function divisors(option: string, value: unknown, pairs: number): number[] {
  const list = Array.from(numbers(option, value, pairs));
  for (let i = 0; i < list.length; i++) positive(`${option}[${i}]`, list[i]);
  return list;
}
