// The error function in float64, two lanes at a time: erf x = x + x P(x^2) for |x| < 0.875, else 1 - erfc |x| with
// erfc x = e^(-x^2) (1 + R(q)) / (1 + 2 x), q = (x - 4) / (x + 4), a scaling after Shepherd and Laframboise (1981).
// Error below 1.25 ulp for erf, 6 ulp for GELU. GELU: Hendrycks and Gimpel, arXiv 1606.08415.
import {
  ERFC_MAX, ERFC_TERMS, ERF_SMALL, ERF_TERMS, FOUR, GELU_MAX, HALF, ONE, SIGN, SQRT_HALF, UPPER,
} from "../../src/runtime/constants";
import { expSum } from "./exp";

/** Horner's rule over the coefficients at constants + first .. constants + last, offsets in bytes. */
function horner(z: v128, constants: usize, first: usize, last: usize): v128 {
  let at = constants + last;
  let p = v128.load64_splat(at);
  for (const end = constants + first; at > end; ) {
    at -= 8;
    p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(at));
  }
  return p;
}

/** e^(-square - low) (1 + R(q)) / (1 + 2 a) for 0 <= a <= 30. */
function scaledTail(a: v128, square: v128, low: v128, constants: usize): v128 {
  const four = v128.load64_splat(constants, FOUR);
  const q = f64x2.div(f64x2.sub(a, four), f64x2.add(a, four));
  const p = horner(q, constants, ERFC_TERMS, ERFC_TERMS + 8 * 22);
  const one = v128.load64_splat(constants, ONE);
  const sign = v128.load64_splat(constants, SIGN);
  const e = expSum(v128.xor(square, sign), v128.xor(low, sign), constants);
  return f64x2.div(f64x2.mul(e, f64x2.add(one, p)), f64x2.add(one, f64x2.add(a, a)));
}

/** What a rounded `square` = a^2 lacks. */
// @ts-ignore: decorator
@inline
function squareError(a: v128, square: v128, constants: usize): v128 {
  const a1 = v128.and(a, v128.load64_splat(constants, UPPER));
  const a2 = f64x2.sub(a, a1);
  const cross = f64x2.mul(a1, a2);
  return f64x2.add(f64x2.add(f64x2.sub(f64x2.mul(a1, a1), square), f64x2.add(cross, cross)), f64x2.mul(a2, a2));
}

/** erf x; odd, +-1 at infinity. */
export function erf64x2(x: v128, constants: usize): v128 {
  const sign = v128.load64_splat(constants, SIGN);
  const a = f64x2.pmin(v128.andnot(x, sign), v128.load64_splat(constants, ERFC_MAX));
  const z = f64x2.mul(a, a);
  const p = horner(z, constants, ERF_TERMS, ERF_TERMS + 8 * 11);
  const small = f64x2.add(a, f64x2.mul(a, p));
  // what the rounding of z costs erfc is far below an ulp of 1
  const large = f64x2.sub(v128.load64_splat(constants, ONE), scaledTail(a, z, i64x2.splat(0), constants));
  const near = f64x2.lt(a, v128.load64_splat(constants, ERF_SMALL));
  return v128.or(v128.bitselect(small, large, near), v128.and(x, sign));
}

/** GELU: x/2 (1 + erf(x / sqrt 2)) = x/2 erfc(-x / sqrt 2), without the cancellation at negative x; -0 at -infinity. */
export function gelu64x2(x: v128, constants: usize): v128 {
  const sign = v128.load64_splat(constants, SIGN);
  const one = v128.load64_splat(constants, ONE);
  const half = v128.load64_splat(constants, HALF);
  const root = v128.load64_splat(constants, SQRT_HALF);
  // the result is -0 below -39: cutting at -42 keeps infinity times 0 away
  const limit = v128.load64_splat(constants, GELU_MAX);
  const b = f64x2.pmin(v128.andnot(x, sign), limit);
  const square = f64x2.mul(b, b);
  const low = f64x2.mul(squareError(b, square, constants), half);
  const c = f64x2.mul(half, scaledTail(f64x2.mul(b, root), f64x2.mul(square, half), low, constants));
  const negative = f64x2.lt(x, i64x2.splat(0));
  const y = v128.bitselect(f64x2.pmax(x, v128.xor(limit, sign)), x, negative);
  return f64x2.mul(y, v128.bitselect(c, f64x2.sub(one, c), negative));
}

/** erf x of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function erf64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(erf64x2(f64x2.splat(x), constants), 0);
}
