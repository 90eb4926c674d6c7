/**
 * YaRN: pairs that turn often within the original context keep their frequency, those that turn less than once are
 * interpolated, with a linear ramp between; the amplitude grows with the logarithm of the factor.
 * Peng et al., arXiv 2309.00071, section 3; transformers `_compute_yarn_parameters`; DeepSeek (two coefficients of amplitude).
 */
import * as dd from '../../phase/dd.ts';
import { reciprocals } from '../../phase/float32.ts';
import { boolean, finite } from '../../runtime/arguments.ts';
import { PosencError } from '../../runtime/errors.ts';
import { sameRule } from './extend.ts';
import { contextFactor, exactDefault, originalLength, positive, torchPeriods } from './ladder.ts';
import type { ContextFactor, RotaryCommon } from './options.ts';
import { blendExact, blendTorch, correctionRange, requireRamp } from './ramp.ts';
import type { ConfigWords, Frequencies, RopeFields, RotaryRule, RuleWords, Widths } from './rule.ts';

/** What yarn and dynamic-yarn read besides the lengths. */
export interface YarnRamp {
  /** Pairs that turn more often within the original length keep their frequency. Default 32. */
  readonly betaFast?: number;
  /** Pairs that turn less often are divided by the factor. Default 1. */
  readonly betaSlow?: number;
  /**
   * Amplitude (0.1 mscale ln factor + 1) / (0.1 mscaleAllDim ln factor + 1); one alone is ignored, as transformers does.
   * Default 0, none: 0.1 ln factor + 1.
   */
  readonly mscale?: number;
  /** Beside `mscale`; `softmaxScale` reads it too. Default 0, none. */
  readonly mscaleAllDim?: number;
  /** Round the ramp's ends to whole pairs. Default true. */
  readonly truncate?: boolean;
  /** Multiplied into the amplitude of the rule (jquesnelle/yarn, vLLM `attn_factor`). Default 1. */
  readonly attnFactor?: number;
  /** Weight of the unscaled frequencies inside the ramp. Default 1. */
  readonly extrapolationFactor?: number;
}

/** `ropeType: 'yarn'`: its own options. */
export interface YarnOptions extends YarnRamp {
  readonly ropeType: 'yarn';
}

export type YarnSpec = YarnOptions & ContextFactor;

/** @internal */
export const YARN_RAMP: Readonly<Record<keyof YarnRamp, true>> = {
  betaFast: true,
  betaSlow: true,
  mscale: true,
  mscaleAllDim: true,
  truncate: true,
  attnFactor: true,
  extrapolationFactor: true,
};

export const yarn: RotaryRule<YarnSpec> = {
  options: { factor: true, ...YARN_RAMP },
  frequencies: (widths, spec) => yarnFrequencies(widths, spec, contextFactor(spec)),
};

/** @internal The frequencies for a factor, which dynamic YaRN finds by the length. */
export function yarnFrequencies(widths: Widths, spec: RotaryCommon & YarnRamp, factor: number): Frequencies {
  const original = originalLength(spec);
  const fast = positive('betaFast', spec.betaFast, 32);
  const slow = positive('betaSlow', spec.betaSlow, 1);
  if (fast < slow) {
    throw new PosencError('ERR_OPTION', `betaFast: expected at least betaSlow (${slow}), got ${fast}`);
  }
  const truncate = boolean('truncate', spec.truncate, true);
  const weight = finite('extrapolationFactor', spec.extrapolationFactor, {}, 1);
  const attnFactor = finite('attnFactor', spec.attnFactor, {}, 1);
  requireRamp(widths, 'yarn');

  const attentionFactor = dd.mulNumber(ownAmplitude(spec, factor), attnFactor).hi;

  const range = () => correctionRange(widths, { fast, slow, original, truncate });
  return {
    key: `yarn ${factor} ${original} ${fast} ${slow} ${truncate} ${weight}`,
    exact: () => {
      const plain = exactDefault(widths);
      const scaled = plain.map((value) => dd.divNumber(value, factor));
      return blendExact(scaled, plain, range(), weight);
    },
    torch: () => {
      const periods = torchPeriods(widths);
      const scaled = reciprocals(periods.map((period) => Math.fround(factor) * period));
      return blendTorch(scaled, reciprocals(periods), range(), weight);
    },
    attentionFactor,
    // ggml always rounds the ramp outwards; other ramps go through freqFactors.
    ...(truncate && {
      ggml: {
        freqScale: 1 / factor,
        extFactor: weight,
        nCtxOrig: original,
        betaFast: fast,
        betaSlow: slow,
      },
    }),
  };
}

/** Both coefficients, or none: one alone is ignored, as transformers does. */
function ownAmplitude(spec: YarnRamp, factor: number): dd.DD {
  const coefficient = finite('mscale', spec.mscale, {}, 0);
  const allDim = finite('mscaleAllDim', spec.mscaleAllDim, {}, 0);
  return coefficient && allDim ? dd.div(mscale(factor, coefficient), mscale(factor, allDim)) : mscale(factor, 1);
}

/**
 * YaRN's amplitude 0.1 coefficient ln(scale) + 1, and 1 when scale <= 1.
 * @param scale how much longer the context is
 * @param coefficient default 1
 * @returns the number, float64
 * @throws ERR_OPTION
 * @see Peng et al., YaRN, arXiv 2309.00071, section 3.4
 * @example
 * console.log(yarnMscale(4)); // 1.138629436111989
 */
export function yarnMscale(scale: number, coefficient = 1): number {
  return mscale(finite('scale', scale), finite('coefficient', coefficient)).hi;
}

function mscale(scale: number, coefficient: number): dd.DD {
  if (scale <= 1) return dd.ONE;
  return dd.addNumber(dd.divNumber(dd.mulNumber(dd.ln(dd.from(scale)), coefficient), 10), 1);
}

export const yarnConfig: ConfigWords<YarnSpec> = {
  // vLLM's name for the blocks of DeepSeek
  names: ['yarn', 'deepseek_yarn'],
  keys: {
    factor: 'factor',
    original_max_position_embeddings: 'originalMaxPositionEmbeddings',
    attention_factor: 'attentionFactor',
    beta_fast: 'betaFast',
    beta_slow: 'betaSlow',
    mscale: 'mscale',
    mscale_all_dim: 'mscaleAllDim',
    truncate: 'truncate',
  },
  harmless: ['finetuned'],
  read: readBlock,
};

export const yarnWords: RuleWords<YarnSpec> = {
  docs: {
    frequencies: 'ramp between invFreq/factor and invFreq; amplitude 0.1 ln(factor) + 1',
    options:
      '`factor`, `originalMaxPositionEmbeddings`, `betaFast` 32, `betaSlow` 1, `truncate` true, `mscale` with `mscaleAllDim` (one alone: none), `attnFactor` 1, `extrapolationFactor` 1',
    source: 'arXiv 2309.00071',
  },
  about: 'YaRN, arXiv 2309.00071, as Qwen2.5 sets it',
  example: { headDim: 128, ropeTheta: 1000000, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 32768 },
  gguf: {
    type: 'yarn',
    computesAmplitude: true,
    read(header) {
      const factor = header.number('scaling.factor', { min: 0 }) || header.number('scale_linear', { above: 0 });
      if (factor === undefined) return header.refuse('scaling.factor', "required by scaling type 'yarn'");
      const original = header.number('scaling.original_context_length', { integer: true, min: 1 });
      return {
        ropeType: 'yarn',
        factor,
        originalMaxPositionEmbeddings:
          original ?? header.refuse('scaling.original_context_length', "required by scaling type 'yarn'"),
        betaFast: header.number('scaling.yarn_beta_fast', { above: 0 }),
        betaSlow: header.number('scaling.yarn_beta_slow', { above: 0 }),
        extrapolationFactor: header.number('scaling.yarn_ext_factor'),
        attnFactor:
          header.number('scaling.attn_factor', { above: 0 }) ?? header.number('scaling.yarn_attn_factor', { above: 0 }),
      };
    },
  },
  llamaCpp(spec, original) {
    const factor = contextFactor(spec);
    const { betaFast = 32, betaSlow = 1 } = spec;
    return {
      freqScale: 1 / factor,
      extFactor: spec.extrapolationFactor ?? 1,
      flags: [
        ...['--rope-scaling', 'yarn', '--rope-scale', String(factor), '--yarn-orig-ctx', String(original)],
        ...(betaFast === 32 ? [] : ['--yarn-beta-fast', String(betaFast)]),
        ...(betaSlow === 1 ? [] : ['--yarn-beta-slow', String(betaSlow)]),
      ],
      amplitude: yarnMscale(factor, 1),
      overwritten: ['--yarn-attn-factor'],
      ...(spec.truncate === false && {
        instead: {
          options: { truncate: true },
          why: 'truncate is false, and llama.cpp always rounds the ends of the ramp',
        },
      }),
      notes: [
        'llama.cpp computes the amplitude from the factor whenever YaRN is on: --yarn-attn-factor is overwritten',
      ],
    };
  },
  stretched: (factor, original) => ({ ropeType: 'yarn', factor, originalMaxPositionEmbeddings: original }),
  maxCounts: 'before',
  shortTexts: {
    covered:
      'it already serves this many positions; YaRN changes short texts as well, and a model trained with it keeps it',
    engines: 'YaRN is static here: texts within the trained length are changed as well; leave it out for those',
    warning: (trained, where) => ({
      message: `YaRN is static${where}: it changes texts shorter than ${trained} positions as well`,
      fix: 'a model trained with it (DeepSeek, gpt-oss) keeps it; where it was added to a plain model (Qwen2.5, Qwen3), leave the block out for short texts',
    }),
  },
  cachedKeys: undefined,
  dividesBy: 'factor',
  extend(spec, length, target) {
    const original = originalLength(spec);
    const factor = contextFactor(spec);
    const answer = sameRule(original, factor, target, Math.max(length, original * factor));
    const own = spec.attentionFactor;
    if (answer.outcome !== 'rescaled' || own === undefined) return answer;
    const followed = Number(ownAmplitude(spec, answer.options.factor).hi.toPrecision(6));
    const note = `the amplitude stays ${own}, which attention_factor sets whatever the factor is: without that key it would follow the factor, ${followed}`;
    return { ...answer, note };
  },
};

/** transformers `_compute_yarn_parameters`, with what it takes without a word said aloud. */
function readBlock(block: RopeFields): YarnSpec & RotaryCommon {
  const { maxPositionEmbeddings } = block;
  const original = block.original();
  const factor = block.number('factor', { min: 1 }) ?? block.impliedFactor(original);
  if (factor < 1) block.refuse('factor', `max_position_embeddings / original length is ${factor}, below 1`);
  const ratio = maxPositionEmbeddings === undefined ? factor : maxPositionEmbeddings / original;
  if (ratio !== 1 && ratio !== factor) {
    block.warn(
      'contradiction',
      'factor',
      `${factor}, but max_position_embeddings / original_max_position_embeddings is ${ratio}; the model uses ${factor}`,
    );
  }
  if (block.theta === 1) {
    block.refuseOutside('rope_theta', "1 has no logarithm to divide by; rope type 'yarn' needs a base above 1");
  }
  const betaFast = block.number('beta_fast', { min: 0 }) || undefined;
  const betaSlow = block.number('beta_slow', { min: 0 }) || undefined;
  if ((betaFast ?? 32) < (betaSlow ?? 1)) {
    block.refuse('beta_fast', `${betaFast ?? 32} is below beta_slow ${betaSlow ?? 1}; the ramp would be reversed`);
  }
  const attentionFactor = block.number('attention_factor', { above: 0 });
  const mscale = block.number('mscale', { min: 0 }) || undefined;
  const mscaleAllDim = block.number('mscale_all_dim', { min: 0 }) || undefined;
  if (attentionFactor !== undefined && (mscale || mscaleAllDim)) {
    block.warn('no-effect', 'mscale', 'attention_factor is given and wins');
  } else if (mscale !== undefined && mscaleAllDim === undefined) {
    block.warn(
      'no-effect',
      'mscale',
      'a lone mscale is ignored: without mscale_all_dim the amplitude is 0.1 ln(factor) + 1',
    );
  } else if (mscale === undefined && mscaleAllDim !== undefined) {
    block.warn(
      'no-effect',
      'mscale_all_dim',
      'without mscale it does not change the amplitude, which is 0.1 ln(factor) + 1',
    );
  }
  return {
    ropeType: 'yarn',
    factor,
    originalMaxPositionEmbeddings: original,
    betaFast,
    betaSlow,
    attentionFactor,
    ...(mscale !== undefined && mscaleAllDim !== undefined ? { mscale, mscaleAllDim } : {}),
    truncate: block.boolean('truncate'),
  };
}
