// Phases that are no rows of one table: strided planes of cos and sin (NeRF, DETR), projections (random Fourier features),
// angles of a word (complex-order), sums over frequencies (decay curves). Their values are those of math/sincos.ts, rounded once.
// Sizes in elements, strides in bytes. Frequencies as a plan holds them: theta f64[np] | whole, high, low u64[np] each.
import {
  COS_TERMS, FAR_ANGLE, HALF, HALF_PI, ONE, SIGN, SIN_TERMS, TWO52, TWO_TO_MINUS_50,
} from "../src/runtime/constants";
import { MEAN_MODULUS, ORDER_APART, ORDER_PAIRS } from "../src/runtime/codes";
import { sincosAngle } from "./angles";
import { oddQuarters, quarters, reduced } from "./math/short";
import { sincos } from "./math/sincos";

/** sincos of position p times the two frequencies at `plan`; (sin, cos) to out[0..31]. |p| < 2^52 or an integer. */
// @ts-ignore: decorator
@inline
function sincosPair(p: f64, plan: usize, column: usize, constants: usize, out: usize): void {
  const magnitude = abs<f64>(p);
  const floor = Math.floor(magnitude);
  const n = i64x2.splat(<i64>floor);
  const f = i64x2.splat(<i64>(<u64>((magnitude - floor) * 18446744073709551616.0)));
  const whole = plan + column;
  const high = whole + column;
  sincos(f64x2.splat(p), n, f, v128.load(plan), v128.load(whole), v128.load(high), v128.load(high + column), constants, out);
}

/** Two numbers to out and out + step, or the first alone. */
// @ts-ignore: decorator
@inline
function storeTwo(values: v128, out: usize, step: usize, both: bool): void {
  v128.store32_lane(out, values, 0);
  if (both) v128.store32_lane(out + step, values, 1);
}

/** Two columns at a time: how often before a sine is computed anew, since every doubling doubles its error. */
const DOUBLED = 5;

/** Whether each frequency is twice the one before it. */
function doubles(plan: usize, count: usize): bool {
  for (const end = plan + ((count - 1) << 3); plan < end; plan += 8) if (load<f64>(plan, 8) != 2.0 * load<f64>(plan)) return false;
  return count > 1;
}

/**
 * sin of position x frequency to out0, cos to out1; row t and column c are t x rowStride + c x columnStride away.
 * Positions are float64. scratch: 32 bytes.
 *
 * A short way is taken where it decides the float32 number: where both ends of its error, to which that of sincos is added, round to
 * the same. So the bits are always those of sincos, in a fraction of its time. The angle is reduced in float64, with an error of
 * 2^-51; and where every frequency is twice the one before it (NeRF), sin 2x = 2 sin x cos x and cos 2x = cos^2 x - sin^2 x, eight
 * times at most, each of which doubles the error.
 */
export function phaseStrided(
  plan: usize, np: usize, count: usize, positions: usize, positionStride: usize, rows: usize,
  out0: usize, out1: usize, rowStride: usize, columnStride: usize, scratch: usize, constants: usize,
): void {
  const column = np << 3;
  const sign = v128.load64_splat(constants, SIGN);
  const small = v128.load64_splat(constants, TWO_TO_MINUS_50);
  const doubled = doubles(plan, count);
  const error = doubled ? f64x2.mul(small, f64x2.splat(512.0)) : small;
  const most = doubled ? DOUBLED - 1 : 0;
  for (; rows; rows--, positions += positionStride, out0 += rowStride, out1 += rowStride) {
    const p = load<f64>(positions);
    const pv = f64x2.splat(p);
    let o0 = out0;
    let o1 = out1;
    let at = plan;
    let sin = pv;
    let cos = pv;
    let known = 0;
    for (let rest = <isize>count; rest > 0; rest -= 2, at += 16, o0 += columnStride << 1, o1 += columnStride << 1) {
      const angle = f64x2.mul(pv, v128.load(at));
      if (known) {
        for (let twice = 0; twice < 2; twice++) {
          const product = f64x2.mul(sin, cos);
          cos = f64x2.sub(f64x2.mul(cos, cos), f64x2.mul(sin, sin));
          sin = f64x2.add(product, product);
        }
        known--;
      } else {
        const q = quarters(angle, constants);
        const x = reduced(angle, q, constants);
        const z = f64x2.mul(x, x);
        let s = v128.load64_splat(constants, SIN_TERMS + 8 * 5);
        let c = v128.load64_splat(constants, COS_TERMS + 8 * 5);
        for (let power: usize = 5; power--; ) {
          s = f64x2.add(f64x2.mul(s, z), v128.load64_splat(constants + (power << 3), SIN_TERMS));
          c = f64x2.add(f64x2.mul(c, z), v128.load64_splat(constants + (power << 3), COS_TERMS));
        }
        s = f64x2.add(x, f64x2.mul(f64x2.mul(x, z), s));
        c = f64x2.add(
          f64x2.sub(v128.load64_splat(constants, ONE), f64x2.mul(z, v128.load64_splat(constants, HALF))),
          f64x2.mul(f64x2.mul(z, z), c),
        );
        const odd = oddQuarters(q);
        const second = i64x2.shl(q, 62);
        sin = v128.xor(v128.bitselect(c, s, odd), v128.and(second, sign));
        cos = v128.xor(v128.bitselect(s, c, odd), v128.and(v128.xor(second, i64x2.shl(q, 63)), sign));
        known = most;
      }
      // what sine and cosine may be off by: a share of the angle for its rounding, and the error of the way
      const size = v128.andnot(angle, sign);
      const within = f64x2.add(f64x2.mul(size, small), error);
      let sines = f32x4.demote_f64x2_zero(f64x2.add(sin, within));
      let cosines = f32x4.demote_f64x2_zero(f64x2.add(cos, within));
      const differs = v128.or(
        v128.xor(sines, f32x4.demote_f64x2_zero(f64x2.sub(sin, within))),
        v128.xor(cosines, f32x4.demote_f64x2_zero(f64x2.sub(cos, within))),
      );
      if (v128.any_true(v128.or(differs, f64x2.ge(size, v128.load64_splat(constants, FAR_ANGLE))))) {
        sincosPair(p, at, column, constants, scratch);
        sines = f32x4.demote_f64x2_zero(v128.load(scratch));
        cosines = f32x4.demote_f64x2_zero(v128.load(scratch, 16));
      }
      storeTwo(sines, o0, columnStride, rest > 1);
      storeTwo(cosines, o1, columnStride, rest > 1);
    }
  }
}

/**
 * sin and cos of 2 pi x . b for every row x (float64 [rows, dim]) and every b of `matrix` (float32 [count, dim]).
 * scratch: 32 bytes.
 */
export function projectedPhase(
  x: usize, dim: usize, matrix: usize, count: usize, rows: usize, out0: usize, out1: usize, stride: usize,
  scratch: usize, constants: usize,
): void {
  // in turns the frequency is one, and the whole turns of x . b fall away
  const theta = f64x2.mul(v128.load64_splat(constants, HALF_PI), f64x2.splat(4.0));
  const whole = i64x2.splat(1);
  const zero = i64x2.splat(0);
  const two52 = v128.load64_splat(constants, TWO52);
  const signBit = v128.load64_splat(constants, SIGN);
  const bytes = dim << 2;
  for (; rows; rows--, x += dim << 3, out0 += stride, out1 += stride) {
    let b = matrix;
    let o0 = out0;
    let o1 = out1;
    for (let rest = <isize>count; rest > 0; rest -= 2, o0 += 8, o1 += 8) {
      const second = rest > 1 ? bytes : 0;
      let t0: f64 = 0;
      let t1: f64 = 0;
      for (let d: usize = 0; d < dim; d++, b += 4) {
        const v = load<f64>(x + (d << 3));
        t0 += v * <f64>load<f32>(b);
        t1 += v * <f64>load<f32>(b + second);
      }
      b += second;
      const p = f64x2.replace_lane(f64x2.splat(t0), 1, t1);
      const magnitude = v128.andnot(p, signBit);
      const fraction = f64x2.sub(magnitude, f64x2.floor(magnitude));
      const f = i64x2.shl(f64x2.add(f64x2.mul(fraction, two52), two52), 12);
      sincos(p, zero, f, theta, whole, zero, zero, constants, scratch);
      const s = f32x4.demote_f64x2_zero(v128.load(scratch));
      const c = f32x4.demote_f64x2_zero(v128.load(scratch, 16));
      if (rest > 1) {
        v128.store64_lane(o0, s, 0);
        v128.store64_lane(o1, c, 0);
      } else {
        v128.store32_lane(o0, s, 0);
        v128.store32_lane(o1, c, 0);
      }
    }
  }
}

/**
 * amplitude x (cos, sin) of frequency x position + phase, the three of word `ids[t]`: row strides are 0 for what all words
 * share, column strides 0 for what all dimensions share; phase 0 = none.
 * mode ORDER_APART: cos to out0, sin to out1; ORDER_PAIRS: cos, sin pairs to out0; ORDER_SUM: their sum to out0. scratch: 32 bytes.
 */
export function complexOrderRows(
  out0: usize, out1: usize, stride: usize, amplitude: usize, amplitudeStride: usize, frequency: usize,
  frequencyStride: usize, frequencyStep: usize, phase: usize, phaseStride: usize, phaseStep: usize, ids: usize,
  positions: usize, rows: usize, width: usize, mode: i32, scratch: usize, constants: usize,
): void {
  for (; rows; rows--, ids += 4, positions += 8, out0 += stride, out1 += stride) {
    const word = <usize>load<i32>(ids);
    const position = load<f64>(positions);
    let a = amplitude + word * amplitudeStride;
    let w = frequency + word * frequencyStride;
    let f = phase + word * phaseStride;
    let o0 = out0;
    let o1 = out1;
    for (let rest = <isize>width; rest > 0; rest -= 2) {
      const more: usize = rest > 1 ? 1 : 0;
      let angle0 = <f64>load<f32>(w) * position;
      let angle1 = <f64>load<f32>(w + frequencyStep * more) * position;
      if (phase) {
        angle0 += <f64>load<f32>(f);
        angle1 += <f64>load<f32>(f + phaseStep * more);
      }
      sincosAngle(f64x2.replace_lane(f64x2.splat(angle0), 1, angle1), constants, scratch);
      for (let lane: usize = 0; lane <= more; lane++) {
        const r = <f64>load<f32>(a + (lane << 2));
        const c = <f32>(r * load<f64>(scratch + (lane << 3), 16));
        const s = <f32>(r * load<f64>(scratch + (lane << 3)));
        if (mode == ORDER_APART) {
          store<f32>(o0, c);
          store<f32>(o1, s);
          o0 += 4;
          o1 += 4;
        } else if (mode == ORDER_PAIRS) {
          store<f32>(o0, c);
          store<f32>(o0, s, 4);
          o0 += 8;
        } else {
          store<f32>(o0, c + s);
          o0 += 4;
        }
      }
      a += 8;
      w += 2 * frequencyStep;
      f += 2 * phaseStep;
    }
  }
}

/** out[v] = v x row, v = 0 .. rows - 1: row float64, out float32. */
export function multiplesOfRow(out: usize, row: usize, width: usize, rows: usize): void {
  for (let v: usize = 0; v < rows; v++) {
    for (let c: usize = 0; c < width; c++, out += 4) store<f32>(out, <f32>(<f64>v * load<f64>(row + (c << 3))));
  }
}

/**
 * Sums over frequencies at each distance, float64. mode SUM_OF_COSINES, or MEAN_MODULUS: the mean over j = 1 .. count of the
 * modulus of the sum of the first j unit vectors exp(i distance frequency). scratch: 32 bytes.
 */
export function phaseSums(
  plan: usize, np: usize, count: usize, distances: usize, n: usize, out: usize, mode: i32, scratch: usize, constants: usize,
): void {
  const column = np << 3;
  for (; n; n--, distances += 8, out += 8) {
    const p = load<f64>(distances);
    let re: f64 = 0;
    let im: f64 = 0;
    let total: f64 = 0;
    for (let j: usize = 0; j < count; j++) {
      const lane = (j & 1) << 3;
      if (!lane) sincosPair(p, plan + (j << 3), column, constants, scratch);
      re += load<f64>(scratch + lane, 16);
      im += load<f64>(scratch + lane);
      if (mode == MEAN_MODULUS) total += Math.sqrt(re * re + im * im);
    }
    store<f64>(out, mode == MEAN_MODULUS ? total / <f64>count : re);
  }
}
