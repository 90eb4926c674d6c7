/**
 * Llama 3.1: short wavelengths keep their frequency, long ones are divided by `factor`, those between are blended.
 * meta-llama/llama-models `apply_scaling`; transformers `_compute_llama3_parameters`.
 */
import { add, compare, div, divNumber, from, mul, ONE, sub, TWO_PI } from '../phase/dd.ts';
import { reciprocals } from '../phase/float32.ts';
import { PosencError } from '../runtime/errors.ts';
import { exactDefault, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';

export function llama3Rule(rotation: Rotation, spec: RotarySpec): Rule {
  const factor = positive('factor', spec.factor);
  const low = positive('lowFreqFactor', spec.lowFreqFactor);
  const high = positive('highFreqFactor', spec.highFreqFactor);
  // Equal factors are published (Llama-4-Scout): nothing lies between, so nothing is blended.
  if (high < low) {
    throw new PosencError('ERR_OPTION', `highFreqFactor: expected at least lowFreqFactor (${low}), got ${high}`);
  }
  const original = positive(
    'originalMaxPositionEmbeddings',
    spec.originalMaxPositionEmbeddings ?? spec.maxPositionEmbeddings,
  );
  return {
    key: `llama3 ${factor} ${low} ${high} ${original}`,
    exact: () => {
      const longest = divNumber(from(original), low);
      const shortest = divNumber(from(original), high);
      return exactDefault(rotation).map((frequency) => {
        const wavelength = div(TWO_PI, frequency);
        const scaled = divNumber(frequency, factor);
        if (compare(wavelength, shortest) < 0) return frequency;
        if (compare(wavelength, longest) > 0) return scaled;
        if (high === low) return frequency;
        const smooth = div(sub(div(from(original), wavelength), from(low)), sub(from(high), from(low)));
        return add(mul(sub(ONE, smooth), scaled), mul(smooth, frequency));
      });
    },
    torch: () => {
      const f32 = Math.fround;
      const longest = f32(original / low);
      const shortest = f32(original / high);
      const [divisor, offset, range] = [f32(factor), f32(low), f32(high - low)];
      return reciprocals(torchPeriods(rotation)).map((frequency) => {
        const wavelength = f32(f32(2 * Math.PI) / frequency);
        if (wavelength < shortest) return frequency;
        const scaled = f32(frequency / divisor);
        if (wavelength > longest) return scaled;
        if (high === low) return frequency;
        const smooth = f32(f32(f32(f32(original) / wavelength) - offset) / range);
        return f32(f32(f32(f32(1 - smooth) * frequency) / divisor) + f32(smooth * frequency));
      });
    },
    attentionFactor: 1,
  };
}
