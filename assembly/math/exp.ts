// e^x and e^x - 1 in float64, two lanes at a time: x = n ln 2 + r (Cody and Waite), polynomial on |r| <= ln 2 / 2, 2^n.
// Error below 1 ulp (e^x - 1: 1.25); overflow gives infinity, underflow passes through the denormals to 0, NaN stays NaN.
import {
  EXPM1_MIN, EXP_MAX, EXP_MIN, EXP_TERMS, HALF, LN2_HIGH, LN2_LOW, LOG2E, MIN_NORMAL, ONE, ROUND, SIGN,
} from "../../src/runtime/constants";

/** r^2 (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2. */
// @ts-ignore: decorator
@inline
function tailOfExp(r: v128, constants: usize): v128 {
  let p = v128.load64_splat(constants, EXP_TERMS + 8 * 10);
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 9));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 8));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 7));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 6));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 5));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 4));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 3));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 2));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS + 8 * 1));
  p = f64x2.add(f64x2.mul(p, r), v128.load64_splat(constants, EXP_TERMS));
  return f64x2.mul(f64x2.mul(r, r), p);
}

/** 2^n for integers -1022 <= n <= 1023. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128, constants: usize): v128 {
  return i64x2.add(i64x2.shl(f64x2.add(n, v128.load64_splat(constants, ROUND)), 52), v128.load64_splat(constants, ONE));
}

/** e^(x + low), |low| far below |x| (or both zero). */
export function expSum(x: v128, low: v128, constants: usize): v128 {
  // pmin and pmax keep a NaN in their first operand
  x = f64x2.pmax(f64x2.pmin(x, v128.load64_splat(constants, EXP_MAX)), v128.load64_splat(constants, EXP_MIN));
  const n = f64x2.nearest(f64x2.mul(x, v128.load64_splat(constants, LOG2E)));
  const high = f64x2.sub(x, f64x2.mul(n, v128.load64_splat(constants, LN2_HIGH)));
  const rest = f64x2.sub(low, f64x2.mul(n, v128.load64_splat(constants, LN2_LOW)));
  const tail = tailOfExp(f64x2.add(high, rest), constants);
  const p = f64x2.add(v128.load64_splat(constants, ONE), f64x2.add(high, f64x2.add(rest, tail)));
  // two factors: 2^n alone may be out of range where the result is not, and the second one rounds a denormal once
  const n1 = f64x2.nearest(f64x2.mul(n, v128.load64_splat(constants, HALF)));
  return f64x2.mul(f64x2.mul(p, powerOfTwo(n1, constants)), powerOfTwo(f64x2.sub(n, n1), constants));
}

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp64x2(x: v128, constants: usize): v128 {
  return expSum(x, i64x2.splat(0), constants);
}

/** e^x - 1, relatively exact near 0; -0 stays -0. */
export function expm1_64x2(x: v128, constants: usize): v128 {
  const y = f64x2.pmax(f64x2.pmin(x, v128.load64_splat(constants, EXP_MAX)), v128.load64_splat(constants, EXPM1_MIN));
  const n = f64x2.nearest(f64x2.mul(y, v128.load64_splat(constants, LOG2E)));
  const high = f64x2.sub(y, f64x2.mul(n, v128.load64_splat(constants, LN2_HIGH)));
  const rest = f64x2.mul(n, v128.load64_splat(constants, LN2_LOW));
  const tail = f64x2.sub(tailOfExp(f64x2.sub(high, rest), constants), rest);
  // (2^n - 1) + 2^n (high + tail), everything halved so that n = 1024 is in range; the large pair is added without error
  const one = v128.load64_splat(constants, ONE);
  const half = v128.load64_splat(constants, HALF);
  const scale = powerOfTwo(f64x2.sub(n, one), constants);
  const a = f64x2.sub(scale, half);
  const b = f64x2.mul(scale, high);
  const sum = f64x2.add(a, b);
  const error = f64x2.add(f64x2.sub(a, sum), b);
  const result = f64x2.add(sum, f64x2.add(error, f64x2.mul(scale, tail)));
  const tiny = f64x2.lt(v128.andnot(x, v128.load64_splat(constants, SIGN)), v128.load64_splat(constants, MIN_NORMAL));
  return v128.bitselect(x, f64x2.add(result, result), tiny);
}

/** e^x of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function exp64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(exp64x2(f64x2.splat(x), constants), 0);
}
