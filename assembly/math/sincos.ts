// sin and cos of position x frequency, two lanes at a time, for one rounding to float32 afterwards.
//
// Below 0.7 rad the angle is the plain float64 product. Above it the phase is formed in turns as a 64-bit fixed-point
// fraction (position x 128-bit fraction of frequency / 2 pi, wrapping multiplication is the range reduction), because a
// float64 angle misrounds float32 sines from positions near 10^5 on. Polynomials: fdlibm __kernel_sin / __kernel_cos.
import {
  COS_TERMS, DIRECT_LIMIT, EIGHTH_TURN, HALF, HALF_PI, LOW32, ONE, ONE_AND_HALF, SIGN, SIN_TERMS,
} from "../../src/runtime/constants";

/** High 64 bits of the unsigned product of each lane pair. */
// @ts-ignore: decorator
@inline
export function mulHigh(a: v128, b: v128, low32: v128): v128 {
  const a0 = v128.and(a, low32);
  const a1 = i64x2.shr_u(a, 32);
  const b0 = v128.and(b, low32);
  const b1 = i64x2.shr_u(b, 32);
  const m1 = i64x2.add(i64x2.mul(a1, b0), i64x2.shr_u(i64x2.mul(a0, b0), 32));
  const m2 = i64x2.add(i64x2.mul(a0, b1), v128.and(m1, low32));
  return i64x2.add(i64x2.add(i64x2.mul(a1, b1), i64x2.shr_u(m1, 32)), i64x2.shr_u(m2, 32));
}

/**
 * (sin, cos) of p x theta -> out[0..15], out[16..31].
 * p: f64x2, any sign. n, f: |p| split into integer part and 64-bit fraction. turns: frequency / 2 pi as
 * whole . high low (three i64x2, of |frequency|). theta: the same frequency as f64x2, any sign.
 */
export function sincos(
  p: v128, n: v128, f: v128, theta: v128, whole: v128, high: v128, low: v128, constants: usize, out: usize,
): void {
  const low32 = v128.load64_splat(constants, LOW32);
  const signBit = v128.load64_splat(constants, SIGN);
  // phase in turns, modulo one
  const turns = i64x2.add(
    i64x2.add(i64x2.mul(n, high), mulHigh(n, low, low32)),
    i64x2.add(i64x2.mul(f, whole), mulHigh(f, high, low32)),
  );
  const direct = v128.andnot(f64x2.mul(p, theta), signBit);
  const small = f64x2.lt(direct, v128.load64_splat(constants, DIRECT_LIMIT));
  const q = v128.andnot(i64x2.add(turns, v128.load64_splat(constants, EIGHTH_TURN)), small);
  const one = v128.load64_splat(constants, ONE);
  // quarter turn in [-0.5, 0.5) from the 62 bits below the quadrant
  const quarter = f64x2.sub(v128.or(i64x2.shr_u(i64x2.shl(q, 2), 12), one), v128.load64_splat(constants, ONE_AND_HALF));
  const x = v128.bitselect(direct, f64x2.mul(quarter, v128.load64_splat(constants, HALF_PI)), small);

  const z = f64x2.mul(x, x);
  let s = v128.load64_splat(constants, SIN_TERMS + 8 * 5);
  s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants, SIN_TERMS + 8 * 4));
  s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants, SIN_TERMS + 8 * 3));
  s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants, SIN_TERMS + 8 * 2));
  s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants, SIN_TERMS + 8 * 1));
  s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants, SIN_TERMS));
  s = f64x2.add(x, f64x2.mul(f64x2.mul(x, z), s));
  let c = v128.load64_splat(constants, COS_TERMS + 8 * 5);
  c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants, COS_TERMS + 8 * 4));
  c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants, COS_TERMS + 8 * 3));
  c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants, COS_TERMS + 8 * 2));
  c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants, COS_TERMS + 8 * 1));
  c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants, COS_TERMS));
  const half = f64x2.mul(z, v128.load64_splat(constants, HALF));
  const w = f64x2.sub(one, half);
  c = f64x2.add(w, f64x2.add(f64x2.sub(f64x2.sub(one, w), half), f64x2.mul(f64x2.mul(z, z), c)));

  const swap = i64x2.shr_s(i64x2.shl(q, 1), 63);
  const sinSign = v128.and(v128.xor(q, v128.xor(p, theta)), signBit);
  const cosSign = v128.and(v128.xor(q, i64x2.shl(q, 1)), signBit);
  v128.store(out, v128.xor(v128.bitselect(c, s, swap), sinSign));
  v128.store(out, v128.xor(v128.bitselect(s, c, swap), cosSign), 16);
}
