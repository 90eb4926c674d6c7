// Angles in float64, for what is combined before it is rounded: sums over axes (axial, mixed and polar embeddings), decayed
// rotations (xPos), and what takes vectors of one table to another (cached keys).
//
// A row of lanes holds, for np pairs (count padded to a multiple of 4), np / 2 groups of (sin f64x2, cos f64x2): 16 np bytes.
// A row of angles holds np float64 radians.
import { ONE } from "../src/runtime/constants";
import { exp64x2 } from "./math/exp";
import { sincosAngle } from "./angles";
import { seedRow } from "./phase";

/**
 * Lanes of position x frequency for n positions (float64), each seeded by itself.
 * plan: theta f64[np] | whole, high, low u64[np], as the phase plan begins (assembly/phase.ts).
 */
export function seedLanes(plan: usize, np: usize, positions: usize, n: usize, out: usize, constants: usize): void {
  for (; n; n--, positions += 8, out += np << 4) seedRow(plan, np, load<f64>(positions), 1.0, out, constants);
}

/**
 * Angles: sum over the axes of coordinate x frequency. frequencies: float64 [axes][np]; coordinates: float64 [n][axes].
 * single: float32 arithmetic, fl(fl(c0 f0) + fl(c1 f1)) ..., of operands that float32 holds.
 */
export function axisAngles(
  frequencies: usize, axes: usize, np: usize, coordinates: usize, n: usize, single: bool, out: usize,
): void {
  const row = np << 3;
  for (; n; n--, coordinates += axes << 3) {
    const end = out + row;
    for (let f = frequencies; out < end; out += 16, f += 16) {
      let angle = f64x2.mul(v128.load64_splat(coordinates), v128.load(f));
      if (single) angle = rounded(angle);
      let g = f + row;
      const last = coordinates + (axes << 3);
      for (let c = coordinates + 8; c < last; c += 8, g += row) {
        const term = f64x2.mul(v128.load64_splat(c), v128.load(g));
        angle = f64x2.add(angle, single ? rounded(term) : term);
        if (single) angle = rounded(angle);
      }
      v128.store(out, angle);
    }
  }
}

// @ts-ignore: decorator
@inline
function rounded(x: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x));
}

/** Lanes of `count` angles (a multiple of 2). */
export function angleLanes(angles: usize, count: usize, out: usize, constants: usize): void {
  for (const end = angles + (count << 3); angles < end; angles += 16, out += 32) {
    sincosAngle(v128.load(angles), constants, out);
  }
}

/** The first count of every np angles, rounded to float32. outStride in bytes. */
export function narrowAngles(angles: usize, np: usize, count: usize, n: usize, out: usize, outStride: usize): void {
  for (; n; n--, angles += np << 3, out += outStride) {
    for (let i: usize = 0; i < count; i++) store<f32>(out + (i << 2), <f32>load<f64>(angles + (i << 3)));
  }
}

/**
 * A table from lanes: cos and sin of count pairs times e^(exponent x rate), rounded to float32. Row t has the exponent
 * exponents[t] (float64), pair i the rate rates[i] (float64, np of them). exponents = 0: no factor.
 * single: cosine, sine and factor are rounded before the product is.
 */
export function lanesToTable(
  lanes: usize, np: usize, count: usize, n: usize, exponents: usize, rates: usize, single: bool,
  sin: usize, cos: usize, stride: usize, constants: usize,
): void {
  for (; n; n--, sin += stride, cos += stride) {
    const next = lanes + (np << 4);
    let rate = rates;
    let s = sin;
    let c = cos;
    for (let rest = <isize>count; rest > 0; rest -= 2, lanes += 32, rate += 16, s += 8, c += 8) {
      let sines = v128.load(lanes);
      let cosines = v128.load(lanes, 16);
      if (exponents) {
        let factor = exp64x2(f64x2.mul(v128.load64_splat(exponents), v128.load(rate)), constants);
        if (single) {
          factor = rounded(factor);
          sines = rounded(sines);
          cosines = rounded(cosines);
        }
        sines = f64x2.mul(sines, factor);
        cosines = f64x2.mul(cosines, factor);
      }
      const sf = f32x4.demote_f64x2_zero(sines);
      const cf = f32x4.demote_f64x2_zero(cosines);
      if (rest > 1) {
        v128.store64_lane(s, sf, 0);
        v128.store64_lane(c, cf, 0);
      } else {
        v128.store32_lane(s, sf, 0);
        v128.store32_lane(c, cf, 0);
      }
    }
    lanes = next;
    if (exponents) exponents += 8;
  }
}

/**
 * Lanes that re-rotate vectors of one table to another: to / from as complex numbers, which undoes
 * the amplitude of `from` too. Row t of the result is made of row from + fromRows[t] and to + toRows[t] (int32 indices; 0 for
 * consecutive rows). A `to` of 0 is the identity.
 * fromBytes, toBytes: bytes of a table row.
 */
export function reRotateLanes(
  fromCos: usize, fromSin: usize, fromRows: usize, fromBytes: usize,
  toCos: usize, toSin: usize, toRows: usize, toBytes: usize,
  np: usize, count: usize, n: usize, out: usize, constants: usize,
): void {
  const one = v128.load64_splat(constants, ONE);
  const zero = i64x2.splat(0);
  for (let t: usize = 0; t < n; t++) {
    const f = fromRows ? load<i32>(fromRows + (t << 2)) : <i32>t;
    const g = toRows ? load<i32>(toRows + (t << 2)) : <i32>t;
    const next = out + (np << 4);
    let fc = fromCos + <usize>f * fromBytes;
    let fs = fromSin + <usize>f * fromBytes;
    let tc = toCos + <usize>g * toBytes;
    let ts = toSin + <usize>g * toBytes;
    let rest = count;
    for (; rest >= 2; rest -= 2, out += 32, fc += 8, fs += 8, tc += 8, ts += 8) {
      ratioPair(
        wide(fc), wide(fs), toCos ? wide(tc) : one, toCos ? wide(ts) : zero, one, out,
      );
    }
    if (rest) {
      ratioPair(
        last(fc), last(fs), toCos ? last(tc) : one, toCos ? last(ts) : zero, one, out,
      );
    }
    out = next;
  }
}

/** (c + i s) / (a + i b), to `out`. */
// @ts-ignore: decorator
@inline
function ratioPair(a: v128, b: v128, c: v128, s: v128, one: v128, out: usize): void {
  const inverse = f64x2.div(one, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
  v128.store(out, f64x2.mul(f64x2.sub(f64x2.mul(s, a), f64x2.mul(c, b)), inverse));
  v128.store(out, f64x2.mul(f64x2.add(f64x2.mul(c, a), f64x2.mul(s, b)), inverse), 16);
}

/** Two float32 as float64. */
// @ts-ignore: decorator
@inline
function wide(p: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(p));
}

/** One float32 as float64; the other lane is 0. */
// @ts-ignore: decorator
@inline
function last(p: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load32_zero(p));
}
