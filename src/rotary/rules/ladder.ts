/**
 * What the frequency rules share: the plain ladder theta^(-2i/d) (RoFormer, arXiv 2104.09864, equation 15), a changed base,
 * and the lengths that a context extension is described by.
 */
import { type DD, from } from '../../phase/dd.ts';
import { ddToFloat32, reciprocals, torchPowers } from '../../phase/float32.ts';
import { powers } from '../../phase/ladder.ts';
import { finite } from '../../runtime/arguments.ts';
import { PosencError } from '../../runtime/errors.ts';
import type { RotaryCommon } from './options.ts';
import type { Frequencies, Widths } from './rule.ts';

/** A base or a factor: a positive number whose float32 value is neither 0 nor infinite, with room to multiply two. */
export function positive(option: string, value: unknown, fallback?: number): number {
  return finite(option, value, { min: 1e-18, max: 1e18 }, fallback);
}

/** theta^(-2i/d). `base` replaces theta. */
export function exactDefault({ theta, pairs, width }: Widths, base: DD = from(theta)): DD[] {
  return powers({ base, count: pairs, denominator: width / 2 });
}

/** theta^(2i/d) in float32. `base` replaces theta. */
export function torchPeriods({ theta, pairs, width }: Widths, base = theta): Float32Array {
  return torchPowers({ base, count: pairs, denominator: width });
}

export function plainFrequencies(widths: Widths): Frequencies {
  return {
    key: 'default',
    exact: () => exactDefault(widths),
    torch: () => reciprocals(torchPeriods(widths)),
    attentionFactor: 1,
    ggml: {},
  };
}

/** The plain ladder of another base. */
export function changedBase(widths: Widths, base: DD): Frequencies {
  return {
    key: `base ${base.hi} ${base.lo}`,
    exact: () => exactDefault(widths, base),
    torch: () => reciprocals(torchPeriods(widths, ddToFloat32(base))),
    attentionFactor: 1,
    ggml: { freqBase: base.hi },
  };
}

/** A grown base, which float32 has to hold. */
export function checkedBase(base: DD, ropeType: string): DD {
  if (base.hi >= 1e-30 && base.hi <= 1e30) return base;
  throw new PosencError(
    'ERR_OPTION',
    `ropeTheta: '${ropeType}' turns it into the base ${base.hi}, outside 1e-30 to 1e30; use a smaller factor or a larger rotaryDim`,
  );
}

/** The sequence length that a length-dependent rule cannot do without. */
export function neededLength(ropeType: string, length: number | undefined): number {
  if (length !== undefined) return length;
  throw new PosencError(
    'ERR_OPTION',
    `ropeType: '${ropeType}' frequencies depend on the length of the sequence; pass context: the highest position + 1`,
  );
}

type Lengths = Pick<RotaryCommon, 'maxPositionEmbeddings' | 'originalMaxPositionEmbeddings'>;

/** The positions before the extension. */
export function originalLength(spec: Lengths): number {
  return positive('originalMaxPositionEmbeddings', spec.originalMaxPositionEmbeddings ?? spec.maxPositionEmbeddings);
}

/** `factor`, or the ratio of the extended to the original context. */
export function contextFactor(spec: Lengths & { readonly factor?: number }): number {
  if (spec.factor !== undefined) return positive('factor', spec.factor);
  if (spec.maxPositionEmbeddings === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      'factor: expected a finite number > 0, or maxPositionEmbeddings and originalMaxPositionEmbeddings to divide',
    );
  }
  return positive('maxPositionEmbeddings', spec.maxPositionEmbeddings) / originalLength(spec);
}
