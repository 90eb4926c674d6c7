// ln x and ln(1 + x) in float64, two lanes at a time: x = 2^e m with sqrt(1/2) <= m < sqrt(2), s = (m - 1) / (m + 1),
// ln m = 2 s + s^3 Q(s^2) (fdlibm e_log.c, own coefficients). Error below 1 ulp; ln 0 = -inf, negative numbers give NaN.
import {
  BIAS, FIFTY_FOUR, HALF, INF, LN2_HIGH, LN2_LOW, LOG_LEAST, LOG_SHIFT, LOG_TERMS, MANTISSA, MIN_NORMAL, ONE, TWO52, TWO54,
} from "../../src/runtime/constants";

/** s^2 Q(s^2), z = s^2. */
// @ts-ignore: decorator
@inline
export function tailOfLog(z: v128, constants: usize): v128 {
  let p = v128.load64_splat(constants, LOG_TERMS + 8 * 7);
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 6));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 5));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 4));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 3));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 2));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS + 8 * 1));
  p = f64x2.add(f64x2.mul(p, z), v128.load64_splat(constants, LOG_TERMS));
  return f64x2.mul(p, z);
}

/** The bits of x, moved so that exponent and mantissa part at sqrt(1/2); denormals (mask `tiny`) times 2^54. */
// @ts-ignore: decorator
@inline
export function shifted(x: v128, tiny: v128, constants: usize): v128 {
  const normal = v128.bitselect(f64x2.mul(x, v128.load64_splat(constants, TWO54)), x, tiny);
  return i64x2.add(normal, v128.load64_splat(constants, LOG_SHIFT));
}

// @ts-ignore: decorator
@inline
export function exponentOf(bits: v128, tiny: v128, constants: usize): v128 {
  const e = v128.or(i64x2.shr_u(bits, 52), v128.load64_splat(constants, TWO52));
  const bias = f64x2.add(v128.load64_splat(constants, BIAS), v128.and(v128.load64_splat(constants, FIFTY_FOUR), tiny));
  return f64x2.sub(e, bias);
}

/** m - 1, exact. */
// @ts-ignore: decorator
@inline
export function fractionOf(bits: v128, constants: usize): v128 {
  const m = i64x2.add(v128.and(bits, v128.load64_splat(constants, MANTISSA)), v128.load64_splat(constants, LOG_LEAST));
  return f64x2.sub(m, v128.load64_splat(constants, ONE));
}

/** `value` where 0 < x < inf, else the limit (-inf at 0, inf at inf) or NaN. */
// @ts-ignore: decorator
@inline
export function within(value: v128, x: v128, constants: usize): v128 {
  const zero = i64x2.splat(0);
  const inf = v128.load64_splat(constants, INF);
  const ordinary = v128.and(f64x2.gt(x, zero), f64x2.lt(x, inf));
  const limit = f64x2.sub(v128.or(x, f64x2.lt(x, zero)), v128.and(f64x2.eq(x, zero), inf));
  return v128.bitselect(value, limit, ordinary);
}

/** ln x + low, |low| below an ulp of 1, where 0 < x < inf; the limits elsewhere. */
function logSum(x: v128, low: v128, constants: usize): v128 {
  const tiny = f64x2.lt(x, v128.load64_splat(constants, MIN_NORMAL));
  const bits = shifted(x, tiny, constants);
  const e = exponentOf(bits, tiny, constants);
  const f = fractionOf(bits, constants);
  const one = v128.load64_splat(constants, ONE);
  const s = f64x2.div(f, f64x2.add(f64x2.add(one, one), f));
  const halfSquare = f64x2.mul(v128.load64_splat(constants, HALF), f64x2.mul(f, f));
  const tail = f64x2.mul(s, f64x2.add(halfSquare, tailOfLog(f64x2.mul(s, s), constants)));
  const rest = f64x2.add(tail, f64x2.add(f64x2.mul(e, v128.load64_splat(constants, LN2_LOW)), low));
  const value = f64x2.sub(f64x2.mul(e, v128.load64_splat(constants, LN2_HIGH)), f64x2.sub(f64x2.sub(halfSquare, rest), f));
  return within(value, x, constants);
}

/** ln x. */
// @ts-ignore: decorator
@inline
export function log64x2(x: v128, constants: usize): v128 {
  return logSum(x, i64x2.splat(0), constants);
}

/** ln(1 + x), relatively exact near 0; -0 stays -0. */
export function log1p64x2(x: v128, constants: usize): v128 {
  const one = v128.load64_splat(constants, ONE);
  const u = f64x2.add(one, x);
  // what the addition lost: x - (u - 1), or 1 - (u - x) for large x
  const lost = v128.bitselect(
    f64x2.sub(one, f64x2.sub(u, x)), f64x2.sub(x, f64x2.sub(u, one)), f64x2.gt(x, one),
  );
  const value = logSum(u, f64x2.div(lost, u), constants);
  return v128.bitselect(x, value, f64x2.eq(x, i64x2.splat(0)));
}

/** ln x of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function log64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(log64x2(f64x2.splat(x), constants), 0);
}

/** ln(1 + x) of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function log1p64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(log1p64x2(f64x2.splat(x), constants), 0);
}
