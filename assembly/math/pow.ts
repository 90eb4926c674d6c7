// x^y = e^(y ln x) for x >= 0 in float64, two lanes at a time, with ln x and the product carried as high + low parts (about
// 60 bits): below 1 ulp while |y ln x| < 104, the range of float32, whose results so round correctly but for one case in some
// 10^8; a few ulp at the ends of float64. As C's pow otherwise: x^0 = 1^y = 1 even for NaN, 0 and infinity to either
// sign of y; a negative x gives NaN (also for an integer y).
import { LN2_HIGH, LN2_LOW, MIN_NORMAL, ONE, POW_LIMIT, POW_MAX, SIGN, UPPER } from "../../src/runtime/constants";
import { expSum } from "./exp";
import { exponentOf, fractionOf, shifted, tailOfLog, within } from "./log";

/** x^y. */
export function pow64x2(x: v128, y: v128, constants: usize): v128 {
  const zero = i64x2.splat(0);
  const one = v128.load64_splat(constants, ONE);
  const upper = v128.load64_splat(constants, UPPER);
  const tiny = f64x2.lt(x, v128.load64_splat(constants, MIN_NORMAL));
  const bits = shifted(x, tiny, constants);
  const e = exponentOf(bits, tiny, constants);
  const f = fractionOf(bits, constants);
  // s = f / (2 + f) = s1 + s2, s1 and d1 of 26 bits
  const two = f64x2.add(one, one);
  const d = f64x2.add(two, f);
  const s = f64x2.div(f, d);
  const s1 = v128.and(s, upper);
  const d1 = v128.and(d, upper);
  const d2 = f64x2.sub(f, f64x2.sub(d1, two));
  const s2 = f64x2.div(f64x2.sub(f64x2.sub(f, f64x2.mul(s1, d1)), f64x2.mul(s1, d2)), d);
  // ln x = (e ln2 + 2 s1) + (2 s2 + s^3 Q)
  const a = f64x2.mul(e, v128.load64_splat(constants, LN2_HIGH));
  const b = f64x2.add(s1, s1);
  const sum = f64x2.add(a, b);
  const error = f64x2.add(f64x2.sub(a, sum), b);
  const tail = f64x2.add(f64x2.add(s2, s2), f64x2.mul(s, tailOfLog(f64x2.mul(s, s), constants)));
  const rest = f64x2.add(error, f64x2.add(f64x2.mul(e, v128.load64_splat(constants, LN2_LOW)), tail));
  const high = f64x2.add(sum, rest);
  const low = f64x2.add(f64x2.sub(sum, high), rest);
  const ln = within(high, x, constants);
  // y ln x = p + q; y is cut where every ln x but 0 overflows anyway, so that nothing below becomes infinite first
  const limit = v128.load64_splat(constants, POW_MAX);
  const w = f64x2.pmax(f64x2.pmin(y, limit), v128.xor(limit, v128.load64_splat(constants, SIGN)));
  const p = f64x2.mul(w, ln);
  const w1 = v128.and(w, upper);
  const w2 = f64x2.sub(w, w1);
  const h1 = v128.and(ln, upper);
  const h2 = f64x2.sub(ln, h1);
  const cross = f64x2.add(f64x2.mul(w1, h2), f64x2.mul(w2, h1));
  const exact = f64x2.add(f64x2.add(f64x2.sub(f64x2.mul(w1, h1), p), cross), f64x2.mul(w2, h2));
  const q = f64x2.add(exact, f64x2.mul(w, low));
  const ordinary = f64x2.lt(v128.andnot(p, v128.load64_splat(constants, SIGN)), v128.load64_splat(constants, POW_LIMIT));
  const power = expSum(p, v128.and(q, ordinary), constants);
  return v128.bitselect(one, power, v128.or(f64x2.eq(x, one), f64x2.eq(y, zero)));
}

/** x^y of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function pow64(x: f64, y: f64, constants: usize): f64 {
  return f64x2.extract_lane(pow64x2(f64x2.splat(x), f64x2.splat(y), constants), 0);
}
