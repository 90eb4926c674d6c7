// Turns vectors that are rotated already: like assembly/rotate.ts, but cosines and sines are float64 lanes (assembly/lanes.ts)
// and the arithmetic is float64, so that every turn rounds once and nothing grows from one turn to the next: with float32
// tables a hundred equal turns drift by a hundred equal errors of the table.

// @ts-ignore: decorator
@inline
function turnRow(x: usize, lanes: usize, pairs: usize, interleaved: bool): void {
  const half = pairs << 2;
  const step: usize = interleaved ? 32 : 16;
  const end = x + (pairs >> 2) * step;
  for (; x < end; x += step, lanes += 64) {
    let a0: v128, a1: v128, b0: v128, b1: v128;
    if (interleaved) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      const a = v128.shuffle<f32>(v0, v1, 0, 2, 4, 6);
      const b = v128.shuffle<f32>(v0, v1, 1, 3, 5, 7);
      a0 = f64x2.promote_low_f32x4(a);
      b0 = f64x2.promote_low_f32x4(b);
      a1 = f64x2.promote_low_f32x4(v128.shuffle<f64>(a, a, 1, 1));
      b1 = f64x2.promote_low_f32x4(v128.shuffle<f64>(b, b, 1, 1));
    } else {
      // a load of two that are widened at once is one instruction
      const y = x + half;
      a0 = f64x2.promote_low_f32x4(v128.load64_zero(x));
      b0 = f64x2.promote_low_f32x4(v128.load64_zero(y));
      a1 = f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
      b1 = f64x2.promote_low_f32x4(v128.load64_zero(y, 8));
    }
    let s = v128.load(lanes);
    let c = v128.load(lanes, 16);
    const p0 = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(a0, c), f64x2.mul(b0, s)));
    const q0 = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(b0, c), f64x2.mul(a0, s)));
    s = v128.load(lanes, 32);
    c = v128.load(lanes, 48);
    const p1 = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(a1, c), f64x2.mul(b1, s)));
    const q1 = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(b1, c), f64x2.mul(a1, s)));
    if (interleaved) {
      v128.store(x, v128.shuffle<f32>(p0, q0, 0, 4, 1, 5));
      v128.store(x, v128.shuffle<f32>(p1, q1, 0, 4, 1, 5), 16);
    } else {
      v128.store(x, v128.shuffle<f64>(p0, p1, 0, 2));
      v128.store(x + half, v128.shuffle<f64>(q0, q1, 0, 2));
    }
  }
  const partner: usize = interleaved ? 4 : half;
  const next: usize = interleaved ? 8 : 4;
  for (let i: usize = 0; i < (pairs & 3); i++, x += next) {
    const lane = lanes + ((i >> 1) << 5) + ((i & 1) << 3);
    const s = load<f64>(lane);
    const c = load<f64>(lane, 16);
    const a = <f64>load<f32>(x);
    const b = <f64>load<f32>(x + partner);
    store<f32>(x, <f32>(a * c - b * s));
    store<f32>(x + partner, <f32>(b * c + a * s));
  }
}

/** A vector whose pairing changes: turned where it is, then its channels are moved through temp (8 x pairs bytes). */
function repair(x: usize, pairs: usize, temp: usize, toInterleaved: bool): void {
  const half = pairs << 2;
  for (let i: usize = 0; i < pairs; i++) {
    const apart = x + (i << 2);
    const together = x + (i << 3);
    store<f32>(temp + (toInterleaved ? i << 3 : i << 2), load<f32>(toInterleaved ? apart : together));
    store<f32>(temp + (toInterleaved ? (i << 3) + 4 : half + (i << 2)), load<f32>(toInterleaved ? apart + half : together + 4));
  }
  for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(x + i, load<u64>(temp + i));
}

/**
 * Turns n0 x n1 x n2 vectors in place. Strides in bytes: x* of the vectors, l* of the lanes, i* of the row indices.
 * rows: int32 row of lanes per vector at rows + i*, or 0 when the lane strides alone say it.
 * laneBytes: bytes of a row of lanes. load, store: pairing before and after, 0 half, 1 interleaved.
 * temp: 8 x pairs bytes when they differ.
 */
export function turn(
  x: usize, lanes: usize, rows: usize, pairs: usize, laneBytes: usize, load_: i32, store_: i32, temp: usize,
  n0: usize, n1: usize, n2: usize, x0: usize, x1: usize, x2: usize, l0: usize, l1: usize, l2: usize,
  i0: usize, i1: usize, i2: usize,
): void {
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      let vector = x + a * x0 + b * x1;
      let lane = lanes + a * l0 + b * l1;
      let index = rows + a * i0 + b * i1;
      for (let c: usize = 0; c < n2; c++, vector += x2, lane += l2, index += i2) {
        const at = rows ? lane + <usize>load<i32>(index) * laneBytes : lane;
        if (load_) turnRow(vector, at, pairs, true);
        else turnRow(vector, at, pairs, false);
        if (load_ != store_) repair(vector, pairs, temp, store_ != 0);
      }
    }
  }
}
