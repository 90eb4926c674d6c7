// tanh x and the logistic function in float64, two lanes at a time. Error below 2.5 ulp.
import { ONE, SIGN, TANH_MAX } from "../../src/runtime/constants";
import { exp64x2, expm1_64x2 } from "./exp";

/** tanh x = (e^2|x| - 1) / (e^2|x| + 1) with the sign of x; +-1 from |x| = 20 on. */
export function tanh64x2(x: v128, constants: usize): v128 {
  const sign = v128.load64_splat(constants, SIGN);
  const one = v128.load64_splat(constants, ONE);
  const a = f64x2.pmin(v128.andnot(x, sign), v128.load64_splat(constants, TANH_MAX));
  const t = expm1_64x2(f64x2.add(a, a), constants);
  return v128.or(f64x2.div(t, f64x2.add(t, f64x2.add(one, one))), v128.and(x, sign));
}

/** 1 / (1 + e^-x), through e^-|x|, so that neither end overflows. */
export function sigmoid64x2(x: v128, constants: usize): v128 {
  const one = v128.load64_splat(constants, ONE);
  const z = exp64x2(v128.or(x, v128.load64_splat(constants, SIGN)), constants);
  const above = v128.bitselect(z, one, f64x2.lt(x, i64x2.splat(0)));
  return f64x2.div(above, f64x2.add(one, z));
}

/** tanh x of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function tanh64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(tanh64x2(f64x2.splat(x), constants), 0);
}

/** 1 / (1 + e^-x) of one number, the same bits as the lanes. */
// @ts-ignore: decorator
@inline
export function sigmoid64(x: f64, constants: usize): f64 {
  return f64x2.extract_lane(sigmoid64x2(f64x2.splat(x), constants), 0);
}
