// The parts of a sine and cosine that is good enough for float32, of angles below 2^19 rad: multiples of pi / 2 are taken away in
// float64, the rest goes into polynomials with relative errors below 2^-37 (sine) and 2^-33 (cosine). Coefficients: FreeBSD msun,
// k_sinf.c and k_cosf.c.
import {
  HALF_PI_HIGH, HALF_PI_LOW, ONE, ROUND, SHORT_COS_TERMS, SHORT_SIN_TERMS, TWO_OVER_PI,
} from "../../src/runtime/constants";

/** The angle in quarter turns, rounded: in the low bits of 1.5 x 2^52 + it. */
// @ts-ignore: decorator
@inline
export function quarters(angle: v128, constants: usize): v128 {
  return f64x2.add(f64x2.mul(angle, v128.load64_splat(constants, TWO_OVER_PI)), v128.load64_splat(constants, ROUND));
}

/** What is left of the angle: the first product is exact, HALF_PI_HIGH has 33 bits. */
// @ts-ignore: decorator
@inline
export function reduced(angle: v128, q: v128, constants: usize): v128 {
  const n = f64x2.sub(q, v128.load64_splat(constants, ROUND));
  return f64x2.sub(
    f64x2.sub(angle, f64x2.mul(n, v128.load64_splat(constants, HALF_PI_HIGH))),
    f64x2.mul(n, v128.load64_splat(constants, HALF_PI_LOW)),
  );
}

/** sin x, |x| <= pi / 4; z = x^2, w = z^2. */
// @ts-ignore: decorator
@inline
export function shortSin(x: v128, z: v128, w: v128, constants: usize): v128 {
  const high = f64x2.add(
    f64x2.mul(z, v128.load64_splat(constants, SHORT_SIN_TERMS + 8 * 3)), v128.load64_splat(constants, SHORT_SIN_TERMS + 8 * 2),
  );
  const low = f64x2.add(
    f64x2.mul(z, v128.load64_splat(constants, SHORT_SIN_TERMS + 8 * 1)), v128.load64_splat(constants, SHORT_SIN_TERMS),
  );
  return f64x2.add(x, f64x2.mul(f64x2.mul(x, z), f64x2.add(low, f64x2.mul(w, high))));
}

/** cos x, of the same z and w. */
// @ts-ignore: decorator
@inline
export function shortCos(z: v128, w: v128, constants: usize): v128 {
  const high = f64x2.add(
    f64x2.mul(z, v128.load64_splat(constants, SHORT_COS_TERMS + 8 * 3)), v128.load64_splat(constants, SHORT_COS_TERMS + 8 * 2),
  );
  const low = f64x2.add(
    f64x2.mul(z, v128.load64_splat(constants, SHORT_COS_TERMS + 8 * 1)), v128.load64_splat(constants, SHORT_COS_TERMS),
  );
  return f64x2.add(v128.load64_splat(constants, ONE), f64x2.mul(z, f64x2.add(low, f64x2.mul(w, high))));
}

/** All ones where the number of quarter turns is odd: there sine and cosine change places. */
// @ts-ignore: decorator
@inline
export function oddQuarters(q: v128): v128 {
  const sign = i32x4.shr_s(i32x4.shl(q, 31), 31);
  return v128.shuffle<i32>(sign, sign, 0, 0, 2, 2);
}
