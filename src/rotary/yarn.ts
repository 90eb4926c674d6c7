/**
 * YaRN: pairs that turn often within the original context keep their frequency, those that turn less than once are
 * interpolated, with a linear ramp between; the amplitude grows with the logarithm of the factor.
 * Peng et al., arXiv 2309.00071, section 3; transformers `_compute_yarn_parameters`; jquesnelle/yarn (also dynamic YaRN).
 */
import * as dd from '../phase/dd.ts';
import { reciprocals } from '../phase/float32.ts';
import { boolean, finite } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { defaultRule, exactDefault, neededLength, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';

/** The ends of the ramp, in pairs. */
export interface Range {
  readonly low: dd.DD;
  readonly high: dd.DD;
}

/**
 * The pairs that make `fast` and `slow` turns within `original` positions: d ln(original / (2 pi turns)) / (2 ln theta),
 * rounded outwards when `truncate`, clamped to [0, d - 1], and never equal.
 */
export function correctionRange(
  rotation: Rotation,
  options: { fast: number; slow: number; original: number; truncate: boolean },
): Range {
  const { theta, width } = rotation;
  const { fast, slow, original, truncate } = options;
  const pair = (turns: number) => {
    const ratio = dd.div(dd.from(original), dd.mulNumber(dd.TWO_PI, turns));
    return dd.div(dd.mulNumber(dd.ln(ratio), width), dd.mulNumber(dd.ln(dd.from(theta)), 2));
  };
  let low = pair(fast);
  let high = pair(slow);
  if (truncate) {
    low = dd.from(dd.floor(low));
    high = dd.from(dd.ceil(high));
  }
  if (low.hi < 0) low = dd.ZERO;
  if (dd.compare(high, dd.from(width - 1)) > 0) high = dd.from(width - 1);
  if (dd.compare(low, high) === 0) high = dd.add(high, dd.divNumber(dd.ONE, 1000));
  return { low, high };
}

/** The blend (1 - m) scaled + m plain, m = (1 - ramp) * weight, with the real-valued ramp. */
export function blendExact(
  scaled: readonly dd.DD[],
  plain: readonly dd.DD[],
  { low, high }: Range,
  weight: number,
): dd.DD[] {
  const width = dd.sub(high, low);
  return scaled.map((value, i) => {
    const ramp = dd.div(dd.sub(dd.from(i), low), width);
    const clamped = ramp.hi <= 0 ? dd.ZERO : ramp.hi >= 1 ? dd.ONE : ramp;
    const mix = dd.mulNumber(dd.sub(dd.ONE, clamped), weight);
    return dd.add(dd.mul(value, dd.sub(dd.ONE, mix)), dd.mul(plain[i], mix));
  });
}

/** The same blend in PyTorch's float32 operations. */
export function blendTorch(
  scaled: Float32Array,
  plain: Float32Array,
  { low, high }: Range,
  weight: number,
): Float32Array {
  const f32 = Math.fround;
  const start = f32(low.hi);
  const width = f32(high.hi - low.hi);
  return scaled.map((value, i) => {
    const ramp = Math.min(1, Math.max(0, f32(f32(i - start) / width)));
    const mix = f32(f32(1 - ramp) * f32(weight));
    return f32(f32(value * f32(1 - mix)) + f32(plain[i] * mix));
  });
}

/** YaRN's amplitude 0.1 coefficient ln(scale) + 1, and 1 when scale <= 1. */
export function yarnMscale(scale: number, coefficient = 1): number {
  return mscale(scale, coefficient).hi;
}

function mscale(scale: number, coefficient: number): dd.DD {
  if (scale <= 1) return dd.ONE;
  return dd.addNumber(dd.divNumber(dd.mulNumber(dd.ln(dd.from(scale)), coefficient), 10), 1);
}

/** The lengths a context extension is described by. */
export type Extension = Pick<RotarySpec, 'factor' | 'maxPositionEmbeddings' | 'originalMaxPositionEmbeddings'>;

/** The positions before the extension. */
export function originalLength(spec: Extension): number {
  return positive('originalMaxPositionEmbeddings', spec.originalMaxPositionEmbeddings ?? spec.maxPositionEmbeddings);
}

/** `factor`, or the ratio of the extended to the original context. */
export function contextFactor(spec: Extension): number {
  if (spec.factor !== undefined) return positive('factor', spec.factor);
  if (spec.maxPositionEmbeddings === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      'factor: expected a finite number > 0, or maxPositionEmbeddings and originalMaxPositionEmbeddings to divide',
    );
  }
  return positive('maxPositionEmbeddings', spec.maxPositionEmbeddings) / originalLength(spec);
}

export function yarnRule(rotation: Rotation, spec: RotarySpec): Rule {
  return withFactor(rotation, spec, contextFactor(spec));
}

/** YaRN with the factor that `length` needs, and plain frequencies up to maxPositionEmbeddings. */
export function dynamicYarnRule(rotation: Rotation, spec: RotarySpec, length: number | undefined): Rule {
  const original = originalLength(spec);
  const trained = positive('maxPositionEmbeddings', spec.maxPositionEmbeddings ?? original);
  const scaled = withFactor(rotation, spec, Math.max(neededLength('dynamic-yarn', length), trained) / original);
  return length! > trained ? scaled : defaultRule(rotation);
}

function withFactor(rotation: Rotation, spec: RotarySpec, factor: number): Rule {
  const original = originalLength(spec);
  const fast = positive('betaFast', spec.betaFast, 32);
  const slow = positive('betaSlow', spec.betaSlow, 1);
  if (fast < slow) {
    throw new PosencError('ERR_OPTION', `betaFast: expected at least betaSlow (${slow}), got ${fast}`);
  }
  const truncate = boolean('truncate', spec.truncate, true);
  const weight = finite('extrapolationFactor', spec.extrapolationFactor, {}, 1);
  const attnFactor = finite('attnFactor', spec.attnFactor, {}, 1);
  requireRamp(rotation, 'yarn');

  // Both coefficients, or none: one alone is ignored, as transformers does.
  const coefficient = finite('mscale', spec.mscale, {}, 0);
  const allDim = finite('mscaleAllDim', spec.mscaleAllDim, {}, 0);
  const amplitude =
    coefficient && allDim ? dd.div(mscale(factor, coefficient), mscale(factor, allDim)) : mscale(factor, 1);
  const attentionFactor = dd.mulNumber(amplitude, attnFactor).hi;

  const range = () => correctionRange(rotation, { fast, slow, original, truncate });
  return {
    key: `yarn ${factor} ${original} ${fast} ${slow} ${truncate} ${weight}`,
    exact: () => {
      const plain = exactDefault(rotation);
      const scaled = plain.map((value) => dd.divNumber(value, factor));
      return blendExact(scaled, plain, range(), weight);
    },
    torch: () => {
      const periods = torchPeriods(rotation);
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

/** A ramp over the pairs needs an even width and a base whose logarithm is not 0. */
export function requireRamp({ theta, width }: Rotation, ropeType: string): void {
  if (theta === 1) {
    throw new PosencError('ERR_OPTION', `ropeTheta: '${ropeType}' needs a base other than 1 (ln 1 = 0), got 1`);
  }
  if (width % 2 !== 0) {
    throw new PosencError('ERR_SHAPE', `rotaryDim: '${ropeType}' needs an even rotary width, got ${width}`);
  }
}
