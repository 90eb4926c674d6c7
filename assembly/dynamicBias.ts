// The inputs of a bias MLP over the distance (dynamic position bias). Distances: distances.ts.
import { pairAt, storePair } from "./distances";
import { log1p64x2 } from "./math/log";

/** out[t] = query minus key as float32, or with `logarithmic` sign(d) ln(|d| + 1): what a bias MLP is fed. */
export function signedDistances(
  out: usize, logarithmic: i32, first: f64, count: usize, list: usize, constants: usize,
): void {
  const zero = f64x2.splat(0);
  for (let t: usize = 0; t < count; t += 2, out += 8) {
    let d = f64x2.sub(zero, pairAt(first, list, t, count));
    if (logarithmic) {
      const l = log1p64x2(f64x2.abs(d), constants);
      d = v128.bitselect(f64x2.sub(zero, l), l, f64x2.lt(d, zero));
    }
    storePair(out, d, t + 1 < count);
  }
}
