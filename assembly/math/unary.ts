// Elementwise functions over contiguous numbers. float32 goes through the float64 lanes and is rounded once, so its results
// are the nearest float32 in practice. GELU is the erf form.
import {
  ERF, EXP, EXPM1, GELU, IDENTITY, LOG, LOG1P, RELU, SIGMOID, SILU, SOFTPLUS, TANH,
} from "../../src/runtime/codes";
import { SIGN, SILU_MIN } from "../../src/runtime/constants";
import { erf64x2, gelu64x2 } from "./erf";
import { exp64x2, expm1_64x2 } from "./exp";
import { log1p64x2, log64x2 } from "./log";
import { pow64x2 } from "./pow";
import { sigmoid64x2, tanh64x2 } from "./tanh";

/** x sigmoid(x); -0 at -infinity. */
// @ts-ignore: decorator
@inline
function silu64x2(x: v128, constants: usize): v128 {
  return f64x2.mul(f64x2.pmax(x, v128.load64_splat(constants, SILU_MIN)), sigmoid64x2(x, constants));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). */
// @ts-ignore: decorator
@inline
function softplus64x2(x: v128, constants: usize): v128 {
  const z = exp64x2(v128.or(x, v128.load64_splat(constants, SIGN)), constants);
  return f64x2.add(f64x2.pmax(x, i64x2.splat(0)), log1p64x2(z, constants));
}

/** The function `op` of two float64 lanes. */
export function unary64x2(x: v128, op: i32, constants: usize): v128 {
  switch (op) {
    case RELU: return f64x2.pmax(x, i64x2.splat(0));
    case SIGMOID: return sigmoid64x2(x, constants);
    case SILU: return silu64x2(x, constants);
    case GELU: return gelu64x2(x, constants);
    case TANH: return tanh64x2(x, constants);
    case EXP: return exp64x2(x, constants);
    case EXPM1: return expm1_64x2(x, constants);
    case LOG: return log64x2(x, constants);
    case LOG1P: return log1p64x2(x, constants);
    case SOFTPLUS: return softplus64x2(x, constants);
    case ERF: return erf64x2(x, constants);
    default: return x;
  }
}

/** The function `op` of four float32 lanes. */
export function unary32x4(x: v128, op: i32, constants: usize): v128 {
  if (op == IDENTITY) return x;
  if (op == RELU) return f32x4.pmax(x, i64x2.splat(0));
  const low = unary64x2(f64x2.promote_low_f32x4(x), op, constants);
  const high = unary64x2(f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)), op, constants);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** out[i] = op(x[i]) for n float32; out may be x. */
export function mapUnary(out: usize, x: usize, n: usize, op: i32, constants: usize): void {
  for (; n >= 4; n -= 4, x += 16, out += 16) v128.store(out, unary32x4(v128.load(x), op, constants));
  for (; n; n--, x += 4, out += 4) v128.store32_lane(out, unary32x4(v128.load32_zero(x), op, constants), 0);
}

/** out[i] = op(x[i]) for n float64; out may be x. */
export function mapUnary64(out: usize, x: usize, n: usize, op: i32, constants: usize): void {
  for (; n >= 2; n -= 2, x += 16, out += 16) v128.store(out, unary64x2(v128.load(x), op, constants));
  if (n) v128.store64_lane(out, unary64x2(v128.load64_zero(x), op, constants), 0);
}

/** out[i] = x[i]^exponent for n float32, x >= 0 (see pow.ts); out may be x. */
export function mapPow(out: usize, x: usize, n: usize, exponent: f64, constants: usize): void {
  const y = f64x2.splat(exponent);
  for (; n >= 4; n -= 4, x += 16, out += 16) {
    const a = v128.load(x);
    const low = pow64x2(f64x2.promote_low_f32x4(a), y, constants);
    const high = pow64x2(f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 1)), y, constants);
    v128.store(out, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
  }
  for (; n; n--, x += 4, out += 4) {
    const power = pow64x2(f64x2.promote_low_f32x4(v128.load32_zero(x)), y, constants);
    v128.store32_lane(out, f32x4.demote_f64x2_zero(power), 0);
  }
}

/** out[i] = x[i]^exponent for n float64, x >= 0 (see pow.ts); out may be x. */
export function mapPow64(out: usize, x: usize, n: usize, exponent: f64, constants: usize): void {
  const y = f64x2.splat(exponent);
  for (; n >= 2; n -= 2, x += 16, out += 16) v128.store(out, pow64x2(v128.load(x), y, constants));
  if (n) v128.store64_lane(out, pow64x2(v128.load64_zero(x), y, constants), 0);
}
