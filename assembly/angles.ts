// sin and cos of float32 angles, as PyTorch and ggml form them: the float32 number fl32(p x frequency) is the angle, and its sine
// and cosine are rounded to float32 once. How far that is from a correctly rounded one: npm run accuracy (0.51 ulp).
//
// Three ways, chosen by the angle alone, so that a value is the same in every row, block and column:
//   below 2^16 rad, where a plan is at hand: the exact phase of phase.ts, turned by the rounding of the product, which below 512
//   rad is so small that its sine is itself;
//   below 2^19 rad: reduced by multiples of pi / 2 in float64, then polynomials that are as good as float32 needs (math/short.ts);
//   above: reduced in 128-bit turns (math/sincos.ts).
import { COS_ONLY, COS_SIN_PAIRS, SIN_AND_COS, SIN_COS_PAIRS } from "../src/runtime/codes";
import {
  COS_TERMS, HALF, NEAR_ANGLE, ONE, SIGN, SIN_TERMS, TURN_HIGH, TURN_LOW, TWO52,
} from "../src/runtime/constants";
import { quarters, reduced, shortCos, shortSin } from "./math/short";
import { sincos } from "./math/sincos";
import { addAngles, seedRow } from "./phase";

/** Stores the first `rest` of four frequencies, or all four, as the mode says. */
// @ts-ignore: decorator
@inline
function storeFour(s: v128, c: v128, rest: isize, out0: usize, out1: usize, mode: i32): void {
  if (mode == SIN_COS_PAIRS || mode == COS_SIN_PAIRS) {
    const first = mode == SIN_COS_PAIRS ? s : c;
    const second = mode == SIN_COS_PAIRS ? c : s;
    const low = v128.shuffle<f32>(first, second, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(first, second, 2, 6, 3, 7);
    if (rest == 1) v128.store64_lane(out0, low, 0);
    else v128.store(out0, low);
    if (rest == 3) v128.store64_lane(out0, high, 0, 16);
    else if (rest > 3) v128.store(out0, high, 16);
  } else {
    storeFloats(mode == COS_ONLY ? c : s, rest, out0);
    if (mode == SIN_AND_COS) storeFloats(c, rest, out1);
  }
}

// @ts-ignore: decorator
@inline
function storeFloats(value: v128, rest: isize, out: usize): void {
  if (rest > 3) {
    v128.store(out, value);
    return;
  }
  if (rest == 1) v128.store32_lane(out, value, 0);
  else v128.store64_lane(out, value, 0);
  if (rest == 3) v128.store32_lane(out, value, 2, 8);
}

/** Bytes that four frequencies take up at out0. */
// @ts-ignore: decorator
@inline
function stepOf(mode: i32): usize {
  return mode == SIN_COS_PAIRS || mode == COS_SIN_PAIRS ? 32 : 16;
}

/** From it on angles are reduced in 128-bit turns: 2^19 rad. */
const FAR: f32 = 524288;

/** Four float64 numbers as float32. */
// @ts-ignore: decorator
@inline
function asFloats(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/**
 * sin and cos of four float32 angles, rounded, times the amplitude, the first `rest` of them stored. Lanes of `known` are in s and
 * c already. scratch: 32 bytes.
 */
export function emitReduced(
  angles: v128, known: v128, s: v128, c: v128, amplitude: v128, rest: isize, out0: usize, out1: usize, mode: i32,
  scratch: usize, constants: usize,
): void {
  const a0 = f64x2.promote_low_f32x4(angles);
  const a1 = f64x2.promote_low_f32x4(v128.shuffle<f32>(angles, angles, 2, 3, 2, 3));
  const q0 = quarters(a0, constants);
  const q1 = quarters(a1, constants);
  const x0 = reduced(a0, q0, constants);
  const x1 = reduced(a1, q1, constants);
  const z0 = f64x2.mul(x0, x0);
  const z1 = f64x2.mul(x1, x1);
  const w0 = f64x2.mul(z0, z0);
  const w1 = f64x2.mul(z1, z1);
  const sin0 = shortSin(x0, z0, w0, constants);
  const sin1 = shortSin(x1, z1, w1, constants);
  const cos0 = shortCos(z0, w0, constants);
  const cos1 = shortCos(z1, w1, constants);
  const nearSines = asFloats(sin0, sin1);
  const nearCosines = asFloats(cos0, cos1);
  // the number of quarter turns: where it is odd, sine and cosine change places; its bit 1 is the sign of the sine, bit 1 of the
  // next number that of the cosine
  const q = v128.shuffle<i32>(q0, q1, 0, 2, 4, 6);
  const bit0 = i32x4.shl(q, 31);
  const bit1 = i32x4.shl(q, 30);
  const odd = i32x4.shr_s(bit0, 31);
  const top = i32x4.splat(i32.MIN_VALUE);
  let sines = v128.xor(v128.bitselect(nearCosines, nearSines, odd), v128.and(bit1, top));
  let cosines = v128.xor(v128.bitselect(nearSines, nearCosines, odd), v128.and(v128.xor(bit1, bit0), top));
  const far = f32x4.ge(f32x4.abs(angles), f32x4.splat(FAR));
  if (v128.any_true(far)) {
    sincosAngle(a0, constants, scratch);
    const s0 = v128.load(scratch);
    const c0 = v128.load(scratch, 16);
    sincosAngle(a1, constants, scratch);
    sines = v128.bitselect(asFloats(s0, v128.load(scratch)), sines, far);
    cosines = v128.bitselect(asFloats(c0, v128.load(scratch, 16)), cosines, far);
  }
  storeFour(
    f32x4.mul(amplitude, v128.bitselect(s, sines, known)), f32x4.mul(amplitude, v128.bitselect(c, cosines, known)),
    rest, out0, out1, mode,
  );
}

/** Below it the rounding of a float32 angle is below 2^-9. */
const MIDDLE: f32 = 65536;

/** sin delta, |delta| < 2^-9, to delta^5: 2^-52 at most. */
// @ts-ignore: decorator
@inline
function sinSmall(delta: v128, square: v128, constants: usize): v128 {
  return f64x2.add(delta, f64x2.mul(f64x2.mul(delta, square), v128.load64_splat(constants, SIN_TERMS)));
}

/** cos delta - 1, of the same, to delta^6. */
// @ts-ignore: decorator
@inline
function cosSmallMinusOne(square: v128, constants: usize): v128 {
  return f64x2.mul(
    square, f64x2.sub(f64x2.mul(square, v128.load64_splat(constants, COS_TERMS)), v128.load64_splat(constants, HALF)),
  );
}

/**
 * Four angles of a plan that are not all near: s + i c of their exact phases, of two angles each, turned by delta; beyond MIDDLE
 * reduced. Lanes of `near` are in sines and cosines already.
 */
function emitFar(
  angles: v128, near: v128, sines: v128, cosines: v128, s0: v128, c0: v128, delta0: v128, s1: v128, c1: v128, delta1: v128,
  amplitude: v128, rest: isize, out0: usize, out1: usize, mode: i32, scratch: usize, constants: usize,
): void {
  const square0 = f64x2.mul(delta0, delta0);
  const square1 = f64x2.mul(delta1, delta1);
  const sin0 = sinSmall(delta0, square0, constants);
  const sin1 = sinSmall(delta1, square1, constants);
  const cos0 = cosSmallMinusOne(square0, constants);
  const cos1 = cosSmallMinusOne(square1, constants);
  const turnedSines = asFloats(
    f64x2.add(s0, f64x2.add(f64x2.mul(c0, sin0), f64x2.mul(s0, cos0))),
    f64x2.add(s1, f64x2.add(f64x2.mul(c1, sin1), f64x2.mul(s1, cos1))),
  );
  const turnedCosines = asFloats(
    f64x2.add(c0, f64x2.sub(f64x2.mul(c0, cos0), f64x2.mul(s0, sin0))),
    f64x2.add(c1, f64x2.sub(f64x2.mul(c1, cos1), f64x2.mul(s1, sin1))),
  );
  sines = v128.bitselect(sines, turnedSines, near);
  cosines = v128.bitselect(cosines, turnedCosines, near);
  const known = f32x4.lt(f32x4.abs(angles), f32x4.splat(MIDDLE));
  if (i32x4.all_true(known)) {
    storeFour(f32x4.mul(amplitude, sines), f32x4.mul(amplitude, cosines), rest, out0, out1, mode);
  } else emitReduced(angles, known, sines, cosines, amplitude, rest, out0, out1, mode, scratch, constants);
}

/** One row of float32 angles p x frequency. */
function emitAngles(
  frequencies: usize, count: usize, p: f32, amplitude: v128, out0: usize, out1: usize, mode: i32, scratch: usize, constants: usize,
): void {
  const pv = f32x4.splat(p);
  const none = i64x2.splat(0);
  const step = stepOf(mode);
  for (let rest = <isize>count; rest > 0; rest -= 4, frequencies += 16, out0 += step, out1 += 16) {
    let f: v128;
    if (rest > 3) f = v128.load(frequencies);
    else {
      f = rest == 1 ? v128.load32_zero(frequencies) : v128.load64_zero(frequencies);
      if (rest == 3) f = v128.load32_lane(frequencies, f, 2, 8);
    }
    emitReduced(f32x4.mul(pv, f), none, none, none, amplitude, rest, out0, out1, mode, scratch, constants);
  }
}

/**
 * One row of float32 angles fl32(scale x angle): cos and sin of that float32 number rounded once, times a float32 amplitude.
 * scratch: 32 bytes.
 */
export function sincosTorch(
  angles: usize, count: usize, scale: f32, amplitude: f32, mode: i32, out0: usize, out1: usize, scratch: usize, constants: usize,
): void {
  emitAngles(angles, count, scale, f32x4.splat(amplitude), out0, out1, mode, scratch, constants);
}

/**
 * One row of a plan: adds to the angles a (x) b the rounding of their float32 product p x frequency. delta = fl32(p f) - p f is
 * exact in float64, and below NEAR_ANGLE at most 2^-16: what sin delta = delta, cos delta = 1 neglect is 1/500 ulp.
 */
// @ts-ignore: decorator
@inline
function emitTorchRow(
  a: usize, b: usize, theta: usize, frequencies: usize, count: usize, p: f32, amplitude: v128, limit: v128,
  out0: usize, out1: usize, mode: i32, scratch: usize, constants: usize,
): void {
  const narrow = f32x4.splat(p);
  const wide = f64x2.splat(<f64>p);
  const step = stepOf(mode);
  for (let rest = <isize>count; rest > 0; rest -= 4) {
    const angles = f32x4.mul(narrow, v128.load(frequencies));
    let sa = v128.load(a);
    let ca = v128.load(a, 16);
    let sb = v128.load(b);
    let cb = v128.load(b, 16);
    const s0 = f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb));
    const c0 = f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb));
    const delta0 = f64x2.sub(f64x2.promote_low_f32x4(angles), f64x2.mul(wide, v128.load(theta)));
    sa = v128.load(a, 32);
    ca = v128.load(a, 48);
    sb = v128.load(b, 32);
    cb = v128.load(b, 48);
    const s1 = f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb));
    const c1 = f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb));
    const delta1 = f64x2.sub(
      f64x2.promote_low_f32x4(v128.shuffle<f32>(angles, angles, 2, 3, 2, 3)), f64x2.mul(wide, v128.load(theta, 16)),
    );
    const sines = asFloats(f64x2.add(s0, f64x2.mul(c0, delta0)), f64x2.add(s1, f64x2.mul(c1, delta1)));
    const cosines = asFloats(f64x2.sub(c0, f64x2.mul(s0, delta0)), f64x2.sub(c1, f64x2.mul(s1, delta1)));
    const near = f32x4.lt(f32x4.abs(angles), limit);
    if (rest > 3 && i32x4.all_true(near)) {
      storeFour(f32x4.mul(amplitude, sines), f32x4.mul(amplitude, cosines), 4, out0, out1, mode);
    } else {
      emitFar(
        angles, near, sines, cosines, s0, c0, delta0, s1, c1, delta1, amplitude, rest, out0, out1, mode, scratch, constants,
      );
    }
    out0 += step;
    out1 += 16;
    a += 64;
    b += 64;
    theta += 32;
    frequencies += 16;
  }
}

/**
 * Rows of float32 angles fl32(fl32(fl32(p) x scale) x frequency): cos and sin of that float32 number rounded once, times a float32
 * amplitude. Positions: float64 at `positions`, or start + row when that is 0. At whole float32 positions an angle below 2^16
 * costs a rotation and a product or a short series instead of a reduction. The plan holds the float32 frequencies as exact
 * numbers; the same np floats, padded with zeros, follow it, then 32 bytes of scratch.
 */
export function torchRows(
  plan: usize, np: usize, count: usize, positions: usize, start: f64, n: usize, scale: f32, amplitude: f32, mode: i32,
  out0: usize, out1: usize, stride: usize, constants: usize,
): void {
  const rowBytes = np << 4;
  const tableB = plan + (np << 5);
  const tableC = tableB + (rowBytes << 5);
  const seed = tableC + (rowBytes << 4);
  const block = seed + rowBytes;
  const frequencies = block + (rowBytes << 2);
  const scratch = frequencies + (np << 2);
  const a = f32x4.splat(amplitude);
  const limit = f32x4.splat(<f32>load<f64>(constants, NEAR_ANGLE));
  let heldSeed: i64 = i64.MIN_VALUE;
  let heldBlock: i64 = i64.MIN_VALUE;
  for (let t: usize = 0; t < n; t++, out0 += stride, out1 += stride) {
    const position = positions ? load<f64>(positions + (t << 3)) : start + <f64>t;
    const q = <f32>position * scale;
    const p = <i64>q;
    if (<f32>p != q || p == 0 || abs<f32>(q) > 9007199254740992.0) {
      emitAngles(frequencies, count, q, a, out0, out1, mode, scratch, constants);
      continue;
    }
    if (p >> 5 != heldBlock) {
      heldBlock = p >> 5;
      if (p >> 9 != heldSeed) {
        heldSeed = p >> 9;
        seedRow(plan, np, <f64>(heldSeed << 9), 1.0, seed, constants);
      }
      addAngles(block, seed, tableC + <usize>(heldBlock & 15) * rowBytes, rowBytes);
    }
    const b = tableB + <usize>(p & 31) * rowBytes;
    // the mode of tables is a constant in a copy of its own
    if (mode == SIN_AND_COS) {
      emitTorchRow(block, b, plan, frequencies, count, q, a, limit, out0, out1, SIN_AND_COS, scratch, constants);
    } else emitTorchRow(block, b, plan, frequencies, count, q, a, limit, out0, out1, mode, scratch, constants);
  }
}

/** (sin, cos) of an angle in radians that is a float32 number: its fraction fits 52 bits wherever the turns are used. */
export function sincosAngle(p: v128, constants: usize, out: usize): void {
  const two52 = v128.load64_splat(constants, TWO52);
  const magnitude = v128.andnot(p, v128.load64_splat(constants, SIGN));
  const floor = f64x2.floor(magnitude);
  const n = v128.xor(f64x2.add(floor, two52), two52);
  const f = i64x2.shl(f64x2.add(f64x2.mul(f64x2.sub(magnitude, floor), two52), two52), 12);
  // frequency 1
  const one = v128.load64_splat(constants, ONE);
  const high = v128.load64_splat(constants, TURN_HIGH);
  const low = v128.load64_splat(constants, TURN_LOW);
  sincos(p, n, f, one, i64x2.splat(0), high, low, constants, out);
}
