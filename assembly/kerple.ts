// KERPLE, arXiv 2205.09921: kernels of the distance to earlier keys.
import { KERPLE_LOG, KERPLE_WEIGHT } from "../src/runtime/codes";
import { pairAt, storePair } from "./distances";
import { exp64x2 } from "./math/exp";
import { log1p64x2 } from "./math/log";
import { pow64x2 } from "./math/pow";

/**
 * D = max(-distance, 0). form KERPLE_LOG: -p ln(1 + a D), KERPLE_POWER: -a D^p, KERPLE_WEIGHT: exp(-a D^p), a factor.
 * parameters: float64 (a, p) per head. Distances: see distances.ts.
 */
export function kerpleRows(
  out: usize, stride: usize, heads: usize, parameters: usize, form: i32, first: f64, count: usize, list: usize, constants: usize,
): void {
  const zero = f64x2.splat(0);
  // from distance 0 on D is 0, whose value is exactly 0, or 1 for the weight
  let computed = count;
  if (!list) computed = <usize>max(0.0, min(-first, <f64>count));
  const rest: f32 = form == KERPLE_WEIGHT ? 1.0 : 0.0;
  for (let h: usize = 0; h < heads; h++, out += stride, parameters += 16) {
    const a = v128.load64_splat(parameters);
    const p = v128.load64_splat(parameters, 8);
    let o = out;
    for (let t: usize = 0; t < computed; t += 2, o += 8) {
      const d = f64x2.max(f64x2.sub(zero, pairAt(first, list, t, count)), zero);
      let value: v128;
      if (form == KERPLE_LOG) {
        value = f64x2.sub(zero, f64x2.mul(p, log1p64x2(f64x2.mul(a, d), constants)));
      } else {
        value = f64x2.sub(zero, f64x2.mul(a, pow64x2(d, p, constants)));
        if (form == KERPLE_WEIGHT) value = exp64x2(value, constants);
      }
      storePair(o, value, t + 1 < computed);
    }
    for (let t = computed; t < count; t++) store<f32>(out + (t << 2), rest);
  }
}
