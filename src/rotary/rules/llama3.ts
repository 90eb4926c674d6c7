/**
 * Llama 3.1: short wavelengths keep their frequency, long ones are divided by `factor`, those between are blended.
 * meta-llama/llama-models `apply_scaling`; transformers `_compute_llama3_parameters`.
 */
import { add, compare, div, divNumber, from, mul, ONE, sub, TWO_PI } from '../../phase/dd.ts';
import { reciprocals } from '../../phase/float32.ts';
import { PosencError } from '../../runtime/errors.ts';
import { noDropIn } from './extend.ts';
import { exactDefault, originalLength, positive, torchPeriods } from './ladder.ts';
import type { OriginalLength } from './options.ts';
import type { ConfigWords, RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'llama3'`: its own options. */
export interface Llama3Options {
  readonly ropeType: 'llama3';
  /** Divides the frequencies of long wavelengths. */
  readonly factor: number;
  /** Wavelengths above the original length / lowFreqFactor are long. */
  readonly lowFreqFactor: number;
  /** Wavelengths below the original length / highFreqFactor are short. */
  readonly highFreqFactor: number;
}

export type Llama3Spec = Llama3Options & OriginalLength;

export const llama3: RotaryRule<Llama3Spec> = {
  options: { factor: true, lowFreqFactor: true, highFreqFactor: true },
  frequencies(widths, spec) {
    const factor = positive('factor', spec.factor);
    const low = positive('lowFreqFactor', spec.lowFreqFactor);
    const high = positive('highFreqFactor', spec.highFreqFactor);
    // Equal factors are published (Llama-4-Scout): nothing lies between, so nothing is blended.
    if (high < low) {
      throw new PosencError('ERR_OPTION', `highFreqFactor: expected at least lowFreqFactor (${low}), got ${high}`);
    }
    const original = originalLength(spec);
    return {
      key: `llama3 ${factor} ${low} ${high} ${original}`,
      exact: () => {
        const longest = divNumber(from(original), low);
        const shortest = divNumber(from(original), high);
        return exactDefault(widths).map((frequency) => {
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
        return reciprocals(torchPeriods(widths)).map((frequency) => {
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
  },
};

export const llama3Config: ConfigWords<Llama3Spec> = {
  names: ['llama3'],
  keys: {
    factor: 'factor',
    low_freq_factor: 'lowFreqFactor',
    high_freq_factor: 'highFreqFactor',
    original_max_position_embeddings: 'originalMaxPositionEmbeddings',
  },
  read(block) {
    const lowFreqFactor = block.required('low_freq_factor', { above: 0 });
    const highFreqFactor = block.required('high_freq_factor', { above: 0 });
    if (lowFreqFactor > highFreqFactor) {
      block.refuse(
        'low_freq_factor',
        `${lowFreqFactor} is above high_freq_factor ${highFreqFactor}; the band would be reversed`,
      );
    }
    const original = block.original();
    const { maxPositionEmbeddings } = block;
    if (maxPositionEmbeddings !== undefined && original > maxPositionEmbeddings) {
      block.warn(
        'risk',
        'original_max_position_embeddings',
        `${original} is above max_position_embeddings ${maxPositionEmbeddings}`,
      );
    }
    return {
      ropeType: 'llama3',
      factor: block.required('factor', { min: 1 }),
      lowFreqFactor,
      highFreqFactor,
      originalMaxPositionEmbeddings: original,
    };
  },
};

export const llama3Words: RuleWords<Llama3Spec> = {
  docs: {
    frequencies: 'long waves divided by factor, short ones kept, a ramp between',
    options: '`factor`, `lowFreqFactor`, `highFreqFactor`, `originalMaxPositionEmbeddings`',
    source: 'Llama 3.1',
  },
  about: 'Llama 3.1: slow pairs divided by 8',
  example: {
    headDim: 128,
    ropeTheta: 500000,
    ropeType: 'llama3',
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: 8192,
  },
  gguf: { type: 'none', tensors: 'rope_freqs' },
  dividesBy: 'factor',
  llamaCpp: 'divisors',
  stretched: (factor, original) => ({
    ropeType: 'llama3',
    factor,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: original,
  }),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: undefined,
  extend(spec, length, target) {
    const original = originalLength(spec);
    return noDropIn(
      original,
      Math.max(length, original * spec.factor),
      target,
      'the frequencies were trained with this ramp; another factor, or YaRN over it, changes pairs that were never trained so: no drop-in extension',
    );
  },
};
