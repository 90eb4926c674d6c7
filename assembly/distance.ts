// Functions of the distance that have to be computed: KERPLE, Sandwich, the inputs of MLP biases, FIRE. Distances (key minus
// query) are float64 numbers at `list`, or consecutive from `first` when it is 0; a value depends on its distance alone.
import { KERPLE_LOG, KERPLE_WEIGHT } from "../src/runtime/codes";
import { exp64x2 } from "./math/exp";
import { log1p64x2 } from "./math/log";
import { pow64x2 } from "./math/pow";
import { sincos } from "./math/sincos";

/** Distances t and t + 1; past the end of a list the last one again. */
// @ts-ignore: decorator
@inline
function pairAt(first: f64, list: usize, t: usize, count: usize): v128 {
  if (list) {
    const a = list + (t << 3);
    return f64x2.replace_lane(f64x2.splat(load<f64>(a)), 1, load<f64>(t + 1 < count ? a + 8 : a));
  }
  const d = first + <f64>t;
  return f64x2.replace_lane(f64x2.splat(d), 1, d + 1.0);
}

/** Rounds two lanes to float32 and stores them, or the first alone at the end of a row. */
// @ts-ignore: decorator
@inline
function storePair(out: usize, value: v128, both: bool): void {
  const rounded = f32x4.demote_f64x2_zero(value);
  if (both) v128.store64_lane(out, rounded, 0);
  else v128.store32_lane(out, rounded, 0);
}

/**
 * KERPLE with D = max(-distance, 0): form KERPLE_LOG -p ln(1 + a D), KERPLE_POWER -a D^p, KERPLE_WEIGHT exp(-a D^p). parameters: float64 (a, p) per head.
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
