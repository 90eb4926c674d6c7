// Sandwich, arXiv 2212.10356: the inner product of two sinusoidal rows, a sum of cosines of the distance. Distances: distances.ts.
import { storePair } from "./distances";
import { sincos } from "./math/sincos";

/**
 * sums[t] = sum of cos(distance x frequency) over n frequencies, less `subtract`; distances above `limit` count as 0.
 * plan: theta f64, whole, high, low u64, np of each (turns of a ladder, np = n rounded up to even); room for 32 bytes at temp.
 */
export function cosineSums(
  sums: usize, plan: usize, np: usize, n: usize, subtract: f64, limit: f64, first: f64, count: usize, list: usize,
  temp: usize, constants: usize,
): void {
  const column = np << 3;
  for (let t: usize = 0; t < count; t++) {
    const d = list ? load<f64>(list + (t << 3)) : first + <f64>t;
    const magnitude = d > limit ? 0.0 : abs<f64>(d);
    const p = f64x2.splat(magnitude);
    const whole = i64x2.splat(<i64>magnitude);
    const fraction = i64x2.splat(0);
    let sum = f64x2.splat(0);
    let at = plan;
    for (const end = plan + ((n >> 1) << 4); at < end; at += 16) {
      const high = at + 2 * column;
      sincos(p, whole, fraction, v128.load(at), v128.load(at + column), v128.load(high), v128.load(high + column), constants, temp);
      sum = f64x2.add(sum, v128.load(temp, 16));
    }
    let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
    if (n & 1) {
      const high = at + 2 * column;
      sincos(p, whole, fraction, v128.load(at), v128.load(at + column), v128.load(high), v128.load(high + column), constants, temp);
      total += load<f64>(temp, 16);
    }
    store<f64>(sums + (t << 3), total - subtract);
  }
}

/** out[h, t] = values[t] / divisors[h], rounded once; values and divisors float64. */
export function divideRows(
  out: usize, stride: usize, heads: usize, values: usize, divisors: usize, count: usize,
): void {
  for (let h: usize = 0; h < heads; h++, out += stride, divisors += 8) {
    const divisor = v128.load64_splat(divisors);
    let o = out;
    for (let t: usize = 0; t < count; t += 2, o += 8) {
      const at = values + (t << 3);
      const both = t + 1 < count;
      storePair(o, f64x2.div(both ? v128.load(at) : v128.load64_zero(at), divisor), both);
    }
  }
}
