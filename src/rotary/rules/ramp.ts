/**
 * Ramps over the pairs, between frequencies that are kept and frequencies that are scaled: what YaRN and NTK-by-parts share.
 * Peng et al., arXiv 2309.00071, section 3.2; jquesnelle/yarn.
 */
import * as dd from '../../phase/dd.ts';
import { PosencError } from '../../runtime/errors.ts';
import type { Widths } from './rule.ts';

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
  widths: Widths,
  options: { fast: number; slow: number; original: number; truncate: boolean },
): Range {
  const { theta, width } = widths;
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

/** A ramp over the pairs needs an even width and a base whose logarithm is not 0. */
export function requireRamp({ theta, width }: Widths, ropeType: string): void {
  if (theta === 1) {
    throw new PosencError('ERR_OPTION', `ropeTheta: '${ropeType}' needs a base other than 1 (ln 1 = 0), got 1`);
  }
  if (width % 2 !== 0) {
    throw new PosencError('ERR_SHAPE', `rotaryDim: '${ropeType}' needs an even rotary width, got ${width}`);
  }
}
