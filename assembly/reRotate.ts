// Rotates vectors that are rotated already to other positions or another table: cached keys. Like rotate.ts, but cosines and
// sines are float64 lanes (lanes.ts) and the arithmetic is float64, so that each rotation rounds once. With float32 tables a
// hundred equal rotations would add up a hundred equal errors of the table.
import { LOAD_INTERLEAVED, STORE_INTERLEAVED } from "../src/runtime/codes";

// @ts-ignore: decorator
@inline
function reRotateRow(x: usize, lanes: usize, pairs: usize, interleaved: bool): void {
  const half = pairs << 2;
  const step: usize = interleaved ? 16 : 8;
  const end = x + (pairs >> 1) * step;
  for (; x < end; x += step, lanes += 32) {
    const s = v128.load(lanes);
    const c = v128.load(lanes, 16);
    if (interleaved) reRotateInterleaved(x, s, c);
    else reRotateHalf(x, x + half, s, c);
  }
  if (pairs & 1) {
    const y = x + (interleaved ? 4 : half);
    const s = load<f64>(lanes);
    const c = load<f64>(lanes, 16);
    const a = <f64>load<f32>(x);
    const b = <f64>load<f32>(y);
    store<f32>(x, <f32>(a * c - b * s));
    store<f32>(y, <f32>(b * c + a * s));
  }
}

/**
 * Two pairs, first channels at x, second ones at y. The time goes into conversions between float32 and float64 (eight for four
 * pairs) and additions: both use the same execution ports. So nothing else here needs those ports: load64_zero with
 * promote is one instruction, and two 8-byte stores replace a shuffle and one 16-byte store.
 */
// @ts-ignore: decorator
@inline
function reRotateHalf(x: usize, y: usize, s: v128, c: v128): void {
  const a = f64x2.promote_low_f32x4(v128.load64_zero(x));
  const b = f64x2.promote_low_f32x4(v128.load64_zero(y));
  v128.store64_lane(x, f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, s))), 0);
  v128.store64_lane(y, f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(b, c), f64x2.mul(a, s))), 0);
}

/** Two pairs side by side. */
// @ts-ignore: decorator
@inline
function reRotateInterleaved(x: usize, s: v128, c: v128): void {
  const v = v128.load(x);
  const a = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 0, 2, 0, 2));
  const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 1, 3, 1, 3));
  const p = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, s)));
  const q = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(b, c), f64x2.mul(a, s)));
  v128.store(x, v128.shuffle<f32>(p, q, 0, 4, 1, 5));
}

/** Four pairs of n vectors that use the same row of lanes: the lanes stay in registers, the loop runs over the vectors. */
function reRotateFour(x: usize, y: usize, lanes: usize, n: usize, stride: usize): void {
  const s0 = v128.load(lanes), c0 = v128.load(lanes, 16), s1 = v128.load(lanes, 32), c1 = v128.load(lanes, 48);
  for (; n; n--, x += stride, y += stride) {
    reRotateHalf(x, y, s0, c0);
    reRotateHalf(x + 8, y + 8, s1, c1);
  }
}

/** Reorders the channels of one rotated vector between the two pairings, through temp (8 x pairs bytes). */
function changePairing(x: usize, pairs: usize, temp: usize, toInterleaved: bool): void {
  const half = pairs << 2;
  for (let i: usize = 0; i < pairs; i++) {
    const inHalves = x + (i << 2);
    const interleaved = x + (i << 3);
    const first = toInterleaved ? load<f32>(inHalves) : load<f32>(interleaved);
    const second = toInterleaved ? load<f32>(inHalves + half) : load<f32>(interleaved + 4);
    store<f32>(temp + (toInterleaved ? i << 3 : i << 2), first);
    store<f32>(temp + (toInterleaved ? (i << 3) + 4 : half + (i << 2)), second);
  }
  for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(x + i, load<u64>(temp + i));
}

/**
 * Rotates n0 x n1 x n2 rotated vectors in place. Strides in bytes: x* of the vectors, l* of the lanes, i* of the row indices.
 * rows: int32 row of lanes per vector at rows + i*, or 0 when the lane strides alone say it.
 * laneBytes: bytes of a row of lanes. mode: LOAD_INTERLEAVED (before) | STORE_INTERLEAVED (after), 0 for half.
 * near: the vectors fit the cache. Then those that use the same row of lanes are rotated four pairs at a time, vector after
 * vector; from memory that order is slower, and interleaved it gains nothing. temp: 8 x pairs bytes when the pairing changes.
 */
export function reRotate(
  x: usize, lanes: usize, rows: usize, pairs: usize, laneBytes: usize, mode: i32, near: i32, temp: usize,
  n0: usize, n1: usize, n2: usize, x0: usize, x1: usize, x2: usize, l0: usize, l1: usize, l2: usize,
  i0: usize, i1: usize, i2: usize,
): void {
  const half = pairs << 2;
  const shared = near && n2 > 1 && l2 == 0 && (rows == 0 || i2 == 0) && (pairs & 3) == 0 && mode == 0;
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      let vector = x + a * x0 + b * x1;
      let lane = lanes + a * l0 + b * l1;
      let index = rows + a * i0 + b * i1;
      if (shared) {
        if (rows) lane += <usize>load<i32>(index) * laneBytes;
        for (const end = vector + half; vector < end; vector += 16, lane += 64) reRotateFour(vector, vector + half, lane, n2, x2);
        continue;
      }
      for (let c: usize = 0; c < n2; c++, vector += x2, lane += l2, index += i2) {
        const at = rows ? lane + <usize>load<i32>(index) * laneBytes : lane;
        if (mode & LOAD_INTERLEAVED) reRotateRow(vector, at, pairs, true);
        else reRotateRow(vector, at, pairs, false);
        if (mode == LOAD_INTERLEAVED || mode == STORE_INTERLEAVED) {
          changePairing(vector, pairs, temp, mode == STORE_INTERLEAVED);
        }
      }
    }
  }
}
