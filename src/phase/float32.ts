/**
 * Float32 frequencies bit for bit as PyTorch computes them for a rotary embedding: 1.0 / (base ** (arange(0, d, 2) / d)),
 * every step rounded to float32. Powers are correctly rounded; PyTorch's own powf is 1-2 ulp off for about 1 % of all values.
 */
import { type DD, exp, from, ln, mulNumber } from './dd.ts';

const double = new Float64Array(1);
const bits = new BigUint64Array(double.buffer);

/**
 * hi + lo rounded once to the nearest float32, ties to even. Rounding to float64 first would round twice: so the float64 in
 * between is rounded to odd, which keeps the information on which side of a tie the number lies.
 */
export function roundToFloat32(hi: number, lo: number): number {
  if (lo === 0 || !Number.isFinite(hi)) return Math.fround(hi);
  double[0] = hi;
  if ((bits[0] & 1n) === 0n) {
    bits[0] += lo > 0 === hi > 0 ? 1n : -1n;
  }
  return Math.fround(double[0]);
}

export function ddToFloat32(a: DD): number {
  return roundToFloat32(a.hi, a.lo);
}

/** P[i] = base^(2i / d), i = 0 .. count-1: exponent and base in float32, the power rounded once. */
export function torchPowers(options: { base: number; count: number; denominator: number }): Float32Array {
  const { base, count, denominator } = options;
  const lnBase = ln(from(Math.fround(base)));
  return Float32Array.from({ length: count }, (_, i) =>
    ddToFloat32(exp(mulNumber(lnBase, Math.fround((2 * i) / Math.fround(denominator))))),
  );
}

/** The float32 frequencies 1 / P[i]. `denominator` is d, the rotary width. */
export function torchLadder(options: { base: number; count: number; denominator: number }): Float32Array {
  return reciprocals(torchPowers(options));
}

/** 1 / x in float32. */
export function reciprocals(values: Float32Array): Float32Array {
  return values.map((value) => 1 / value);
}
