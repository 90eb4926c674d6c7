/**
 * LongRoPE: every pair has its own divisor, from one list up to the original context and from another beyond it.
 * Ding et al., arXiv 2402.13753; transformers `_compute_longrope_parameters` (Phi-3), PhiMoE for the two magnitudes.
 */
import * as dd from '../../phase/dd.ts';
import { reciprocals } from '../../phase/float32.ts';
import { PosencError } from '../../runtime/errors.ts';
import { numbers } from '../../runtime/lists.ts';
import { noDropIn } from './extend.ts';
import { contextFactor, exactDefault, neededLength, originalLength, positive, torchPeriods } from './ladder.ts';
import type { FixedContext, OriginalLength } from './options.ts';
import type { ConfigWords, Given, RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'longrope'`: its own options. */
export interface LongropeOptions extends FixedContext {
  readonly ropeType: 'longrope';
  /** One divisor per pair, up to the original length. */
  readonly shortFactor: ArrayLike<number>;
  /** One divisor per pair, beyond it. */
  readonly longFactor: ArrayLike<number>;
  /** Makes the amplitude. Default: maxPositionEmbeddings / the original length. */
  readonly factor?: number;
}

/** Amplitudes of their own for the two lists (PhiMoE). */
interface OwnAmplitudes {
  /** Amplitude of the short list. */
  readonly shortMscale: number;
  /** Amplitude of the long list. */
  readonly longMscale: number;
}

export type LongropeSpec = LongropeOptions &
  OriginalLength &
  (OwnAmplitudes | { readonly shortMscale?: undefined; readonly longMscale?: undefined });

export const longrope: RotaryRule<LongropeSpec> = {
  options: { factor: true, shortFactor: true, longFactor: true, shortMscale: true, longMscale: true, context: true },
  frequencies(widths, spec, length) {
    const shortFactor = divisors('shortFactor', spec.shortFactor, widths.pairs);
    const longFactor = divisors('longFactor', spec.longFactor, widths.pairs);
    const original = originalLength(spec);
    // Strictly greater: a sequence of exactly the original length is short.
    const long = neededLength('longrope', length) > original;
    const list = long ? longFactor : shortFactor;
    const attentionFactor = magnitude(spec, original, long);
    return {
      key: `longrope ${list.join(' ')}`,
      exact: () => exactDefault(widths).map((value, i) => dd.divNumber(value, list[i])),
      torch: () => reciprocals(torchPeriods(widths).map((period, i) => Math.fround(list[i]) * period)),
      attentionFactor,
      ggml: { freqFactors: list },
    };
  },
  // transformers: each call decides by itself
  dependsOnLength: { how: 'switches', threshold: originalLength, next: (length) => length },
};

/** sqrt(1 + ln factor / ln original), the same for short and long; or PhiMoE's own two numbers. */
function magnitude(spec: Given<LongropeSpec>, original: number, long: boolean): number {
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

export const longropeConfig: ConfigWords<LongropeSpec> = {
  names: ['longrope', 'su'],
  legacy: { su: "'su' is the old name of 'longrope'" },
  keys: {
    factor: 'factor',
    original_max_position_embeddings: 'originalMaxPositionEmbeddings',
    attention_factor: 'attentionFactor',
    short_factor: 'shortFactor',
    long_factor: 'longFactor',
    short_mscale: 'shortMscale',
    long_mscale: 'longMscale',
  },
  read(block) {
    const original = block.original();
    const factor = block.number('factor', { min: 1 });
    const { maxPositionEmbeddings } = block;
    if (factor === undefined && maxPositionEmbeddings === undefined) block.impliedFactor(original);
    const ratio = maxPositionEmbeddings === undefined ? 1 : maxPositionEmbeddings / original;
    if (ratio < 1) {
      block.warn(
        'risk',
        'original_max_position_embeddings',
        `${original} is above max_position_embeddings ${maxPositionEmbeddings}`,
      );
    } else if (factor !== undefined && ratio !== 1 && ratio !== factor) {
      block.warn(
        'contradiction',
        'factor',
        `${factor}, but max_position_embeddings / original_max_position_embeddings is ${ratio}; the model uses ${factor}`,
      );
    }
    const shortFactor = block.divisors('short_factor');
    const longFactor = block.divisors('long_factor');
    const attentionFactor = block.number('attention_factor', { above: 0 });
    const magnitudes = {
      shortMscale: block.number('short_mscale', { above: 0 }),
      longMscale: block.number('long_mscale', { above: 0 }),
    } as { shortMscale: number; longMscale: number };
    return {
      ropeType: 'longrope',
      shortFactor,
      longFactor,
      factor,
      originalMaxPositionEmbeddings: original,
      maxPositionEmbeddings,
      attentionFactor,
      ...magnitudes,
    };
  },
};

export const longropeWords: RuleWords<LongropeSpec> = {
  docs: {
    frequencies: 'θ^(-2i/d) / shortFactor[i], or longFactor[i] when L > original',
    options:
      '`shortFactor`, `longFactor`, `originalMaxPositionEmbeddings`, `factor` or `maxPositionEmbeddings`, `shortMscale` and `longMscale` (PhiMoE); `context` for L',
    source: 'arXiv 2402.13753',
  },
  about: 'LongRoPE, arXiv 2402.13753: a divisor for each pair, the long list',
  example: {
    headDim: 16,
    ropeTheta: 10000,
    ropeType: 'longrope',
    shortFactor: [1, 1, 1, 1.05, 1.1, 1.2, 1.5, 2],
    longFactor: [1, 1.25, 1.5, 2.5, 5, 12, 30, 60],
    originalMaxPositionEmbeddings: 4096,
    maxPositionEmbeddings: 131072,
  },
  exampleContext: 131072,
  gguf: {
    type: 'longrope',
    tensors: 'rope_factors',
    fromLists: ({ short, long, original, maxPositionEmbeddings, attentionFactor }) => ({
      ropeType: 'longrope',
      shortFactor: short,
      longFactor: long,
      originalMaxPositionEmbeddings: original,
      maxPositionEmbeddings,
      attentionFactor,
    }),
  },
  llamaCpp: 'divisors',
  stretched: undefined,
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: (where, _, next) => ({
    message: `${next} positions or more use other frequencies${where}: keys cached before the crossing no longer fit`,
    fix: 'choose one list for a whole generation by passing context, and drop or re-rotate the cache at the crossing',
  }),
  extend(spec, length, target) {
    const original = originalLength(spec);
    const served = Math.max(length, spec.maxPositionEmbeddings ?? 0, original * (spec.factor ?? 1));
    return noDropIn(
      original,
      served,
      target,
      'the divisors were searched and trained for this length: no drop-in extension',
    );
  },
};
