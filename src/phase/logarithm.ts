/**
 * Logarithms rounded to float32, for procedures that round every step to it (buckets of T5 and DeBERTa), and powers of two in
 * float64. A float64 estimate with a known error nearly always tells which float32 number is the nearest; where two are in
 * reach, double-double decides. So the result is the correctly rounded one, at the price of some thirty multiplications instead
 * of microseconds. Nothing but + - * / is used: the same bits on every engine.
 */
import { from, ln } from './dd.ts';
import { ddToFloat32 } from './float32.ts';

// made by calls alone: a bundle that does not use this file drops those, but neither loops nor properties
const float = new Float64Array(1);
const words = wordsOf(float);
/** The high word of a float64 on this machine: 1 where the low one comes first. */
const HIGH = firstByte(1);

function wordsOf(numbers: Float64Array): Uint32Array {
  return new Uint32Array(numbers.buffer);
}

function firstByte(number: number): number {
  return new Uint8Array(new Uint16Array([number]).buffer)[0];
}

/** The relative error of the estimate is below 2^-50: a series cut at 2^-60 and fewer than eight roundings of 2^-53. */
const ERROR = 2 ** -48;

/** 1 / (2 n + 1): a division costs as much as all else in a step. */
const ODD = Float64Array.from({ length: 11 }, (_, n) => 1 / (2 * n + 1));

/**
 * The polynomial with an odd number of coefficients, lowest first: even and odd terms apart, two short chains of operations that
 * do not wait for each other.
 */
function inTwoChains(coefficients: Float64Array, x: number): number {
  const square = x * x;
  let even = coefficients[coefficients.length - 1];
  let odd = 0;
  for (let n = coefficients.length - 2; n > 0; n -= 2) {
    odd = odd * square + coefficients[n];
    even = even * square + coefficients[n - 1];
  }
  return even + odd * x;
}

/** ln x rounded once to float32, for a normal float64 x > 0. */
export function lnFloat32(x: number): number {
  // x = m 2^k with m from sqrt(1/2) to sqrt(2): ln m = 2 atanh s with s = (m - 1) / (m + 1), |s| < 0.1716
  float[0] = x;
  let k = (words[HIGH] >>> 20) - 1023;
  words[HIGH] -= k << 20;
  let m = float[0];
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const sum = inTwoChains(ODD, z);
  const estimate = k * Math.LN2 + 2 * s * sum;
  // the terms never cancel: |k ln 2| is 0, or at least twice |ln m|
  const error = (Math.abs(k) + Math.abs(s)) * ERROR;
  const below = Math.fround(estimate - error);
  return below === Math.fround(estimate + error) ? below : ddToFloat32(ln(from(x)));
}

const TERMS = exponentialTerms(15);

/** ln(2)^n / n!, n = 1 .. count. */
function exponentialTerms(count: number): Float64Array {
  const terms = new Float64Array(count);
  for (let n = 0, term = 1; n < count; n++) {
    term *= Math.LN2 / (n + 1);
    terms[n] = term;
  }
  return terms;
}

/** 2^x in float64, off by less than 2^-49 of itself; |x| at most 1000. */
export function exp2Estimate(x: number): number {
  const whole = Math.round(x);
  const f = x - whole;
  const sum = inTwoChains(TERMS, f);
  words[HIGH] = (whole + 1023) << 20;
  words[1 - HIGH] = 0;
  return (1 + sum * f) * float[0];
}
