// FIRE, arXiv 2310.04418: a small MLP of a logarithmic distance over the logarithm of the query's position. Distances:
// distances.ts.
import { pairAt } from "./distances";
import { log1p64x2 } from "./math/log";

/** out[t] = ln(|c distance| + 1) as float64: FIRE's numerator (arXiv 2310.04418, equation 19). */
export function logDistances(out: usize, c: f64, first: f64, count: usize, list: usize, constants: usize): void {
  const factor = f64x2.splat(c);
  for (let t: usize = 0; t < count; t += 2, out += 16) {
    const l = log1p64x2(f64x2.abs(f64x2.mul(factor, pairAt(first, list, t, count))), constants);
    if (t + 1 < count) v128.store(out, l);
    else v128.store64_lane(out, l, 0);
  }
}

/**
 * FIRE, one row: out[h, t] = b2[h] + sum_w w2[h, w] relu(w1[w] x + b1[w]) with x = numerators[t] / denominator (float64,
 * rounded to float32). w2 and b2 point at the first head. hidden: room for width x 16 bytes.
 */
export function fireRow(
  out: usize, stride: usize, heads: usize, numerators: usize, denominator: f64, count: usize,
  w1: usize, b1: usize, w2: usize, b2: usize, width: usize, hidden: usize,
): void {
  const d = f64x2.splat(denominator);
  const zero = f32x4.splat(0);
  for (let t: usize = 0; t < count; t += 4, numerators += 32, out += 16) {
    const n = min<usize>(4, count - t);
    // the numerators past the end belong to nobody, and their results are not stored
    const low = f32x4.demote_f64x2_zero(f64x2.div(v128.load(numerators), d));
    const high = f32x4.demote_f64x2_zero(f64x2.div(v128.load(numerators, 16), d));
    const x = v128.shuffle<i64>(low, high, 0, 2);
    for (let w: usize = 0; w < width; w++) {
      const y = f32x4.add(f32x4.mul(v128.load32_splat(w1 + (w << 2)), x), v128.load32_splat(b1 + (w << 2)));
      v128.store(hidden + (w << 4), f32x4.max(y, zero));
    }
    let o = out;
    let row = w2;
    for (let h: usize = 0; h < heads; h++, o += stride) {
      let sum = v128.load32_splat(b2 + (h << 2));
      for (let w: usize = 0; w < width; w++, row += 4) {
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(row), v128.load(hidden + (w << 4))));
      }
      if (n == 4) v128.store(o, sum);
      else {
        store<f32>(o, f32x4.extract_lane(sum, 0));
        if (n > 1) store<f32>(o, f32x4.extract_lane(sum, 1), 4);
        if (n > 2) store<f32>(o, f32x4.extract_lane(sum, 2), 8);
      }
    }
  }
}
