// A table rotates vectors: (x1, x2) -> (x1 c - x2 s, x2 c + x1 s), RoFormer arXiv 2104.09864 eq. 34.
//
// One source serves every rotary variant: how the two channels of a pair are loaded and stored (half: i and i + pairs;
// interleaved: 2i and 2i + 1), the direction, the strides of vectors and table over three loops, and whether the second
// channel of a pair has angles of its own (tables as wide as the rotated channels) are arguments.
// Both channels of a pair are loaded before either is stored, so out may be x when load and store pairing agree.
// Each product is rounded, then the sum: the order of the reference implementations.
import {
  half32, half40, half48, half64, half128, halfRun, halfRunBack, interleaved32, interleaved64, interleavedRun, interleavedRunBack,
} from "./generated/runs";

/**
 * Pairs [from, pairs) of a vector in any mode: what the runs leave over, differing pairings, and channels with angles of
 * their own (partner). Four at a time, then one by one; the same operations in the same order.
 */
function rotatePairs(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize, from: usize, mode: i32,
): void {
  const inverse = (mode & 4) != 0;
  const xStep: usize = mode & 1 ? 8 : 4;
  const outStep: usize = mode & 2 ? 8 : 4;
  const xPartner: usize = mode & 1 ? 4 : pairs << 2;
  const outPartner: usize = mode & 2 ? 4 : pairs << 2;
  x += from * xStep;
  out += from * outStep;
  cos += from << 2;
  sin += from << 2;
  // back: the sine of the other channel, negated
  const sign = inverse ? i32x4.splat(i32.MIN_VALUE) : i32x4.splat(0);
  const first: usize = inverse ? partner : 0;
  const second: usize = inverse ? 0 : partner;
  let rest = pairs - from;
  for (; rest >= 4; rest -= 4, cos += 16, sin += 16, x += xStep << 2, out += outStep << 2) {
    let a = v128.load(x);
    let b = v128.load(mode & 1 ? x + 16 : x + xPartner);
    if (mode & 1) {
      const v = a;
      a = v128.shuffle<f32>(v, b, 0, 2, 4, 6);
      b = v128.shuffle<f32>(v, b, 1, 3, 5, 7);
    }
    const s1 = v128.xor(v128.load(sin + first), sign);
    const s2 = v128.xor(v128.load(sin + second), sign);
    const p = f32x4.sub(f32x4.mul(a, v128.load(cos)), f32x4.mul(b, s1));
    const q = f32x4.add(f32x4.mul(b, v128.load(cos + partner)), f32x4.mul(a, s2));
    if (mode & 2) {
      v128.store(out, v128.shuffle<f32>(p, q, 0, 4, 1, 5));
      v128.store(out, v128.shuffle<f32>(p, q, 2, 6, 3, 7), 16);
    } else {
      v128.store(out, p);
      v128.store(out + outPartner, q);
    }
  }
  for (; rest; rest--, cos += 4, sin += 4, x += xStep, out += outStep) {
    const a = load<f32>(x);
    const b = load<f32>(x + xPartner);
    const s1 = inverse ? -load<f32>(sin + first) : load<f32>(sin + first);
    const s2 = inverse ? -load<f32>(sin + second) : load<f32>(sin + second);
    store<f32>(out, a * load<f32>(cos) - b * s1);
    store<f32>(out + outPartner, b * load<f32>(cos + partner) + a * s2);
  }
}

/**
 * n vectors, strides in bytes. A function of its own, so that its loops have the registers to themselves; the mode is told
 * apart outside them.
 */
function rotateVectors(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize, mode: i32, temp: usize, n: usize,
  xStride: usize, outStride: usize, tableStride: usize,
): void {
  if (partner == 0 && mode == 0 && (pairs == 32 || pairs == 40 || pairs == 48 || pairs == 64 || pairs == 128)) {
    // the common widths, straight through
    if (pairs == 64) half64(out, x, cos, sin, n, xStride, outStride, tableStride);
    else if (pairs == 32) half32(out, x, cos, sin, n, xStride, outStride, tableStride);
    else if (pairs == 128) half128(out, x, cos, sin, n, xStride, outStride, tableStride);
    else if (pairs == 48) half48(out, x, cos, sin, n, xStride, outStride, tableStride);
    else half40(out, x, cos, sin, n, xStride, outStride, tableStride);
  } else if (partner == 0 && mode == 3 && (pairs == 32 || pairs == 64)) {
    if (pairs == 64) interleaved64(out, x, cos, sin, n, xStride, outStride, tableStride);
    else interleaved32(out, x, cos, sin, n, xStride, outStride, tableStride);
  } else if (partner == 0 && mode == 0) {
    for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
      const from = halfRun(out, x, cos, sin, pairs);
      if (from < pairs) rotatePairs(out, x, cos, sin, 0, pairs, from, 0);
    }
  } else if (partner == 0 && mode == 3) {
    for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
      const from = interleavedRun(out, x, cos, sin, pairs);
      if (from < pairs) rotatePairs(out, x, cos, sin, 0, pairs, from, 3);
    }
  } else if (partner == 0 && mode == 4) {
    for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
      const from = halfRunBack(out, x, cos, sin, pairs);
      if (from < pairs) rotatePairs(out, x, cos, sin, 0, pairs, from, 4);
    }
  } else if (partner == 0 && mode == 7) {
    for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
      const from = interleavedRunBack(out, x, cos, sin, pairs);
      if (from < pairs) rotatePairs(out, x, cos, sin, 0, pairs, from, 7);
    }
  } else {
    for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
      rotatePairs(temp ? temp : out, x, cos, sin, partner, pairs, 0, mode);
      if (temp) for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(out + i, load<u64>(temp + i));
    }
  }
}

/**
 * Rotates n0 x n1 x n2 vectors. Strides in bytes: x*, out* of the vectors, t* of the table, i* of the row indices.
 * rows: int32 row of the table per vector at rows + i*, or 0 when the table strides alone say it; a negative row leaves the
 * vector as it is (out must already hold it). mode: bit 0 load interleaved, bit 1 store interleaved, bit 2 inverse.
 * partner: bytes from a pair's first cos (sin) to the cos (sin) of its second channel, 0 when both share one angle:
 *   (x1, x2) -> (x1 c1 - x2 s1, x2 c2 + x1 s2), inverse: the transpose.
 * temp: 8 x pairs bytes to hold a vector when load and store pairing differ and out is x, else 0.
 */
export function rotate(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, rows: usize, pairs: usize, rowBytes: usize, mode: i32,
  temp: usize, n0: usize, n1: usize, n2: usize, x0: usize, x1: usize, x2: usize, out0: usize, out1: usize, out2: usize,
  t0: usize, t1: usize, t2: usize, i0: usize, i1: usize, i2: usize,
): void {
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      const source = x + a * x0 + b * x1;
      const target = out + a * out0 + b * out1;
      const at = a * t0 + b * t1;
      const index = rows + a * i0 + b * i1;
      if (rows == 0) {
        rotateVectors(target, source, cos + at, sin + at, partner, pairs, mode, temp, n2, x2, out2, t2);
      } else if (i2 == 0) {
        // one row of the table for all the vectors of the inner loop
        const row = load<i32>(index);
        const from = at + <usize>row * rowBytes;
        if (row >= 0) rotateVectors(target, source, cos + from, sin + from, partner, pairs, mode, temp, n2, x2, out2, t2);
      } else {
        for (let c: usize = 0; c < n2; c++) {
          const row = load<i32>(index + c * i2);
          const from = at + c * t2 + <usize>row * rowBytes;
          if (row < 0) continue;
          rotateVectors(target + c * out2, source + c * x2, cos + from, sin + from, partner, pairs, mode, temp, 1, 0, 0, 0);
        }
      }
    }
  }
}

/**
 * Calls prepared beforehand: `calls` blocks of 25 int32 at `prepared`, each the parameters of `rotate` in their order. The
 * row of the table is `row` for all vectors, or with a negative one what the row indices say.
 */
export function rotateStep(prepared: usize, calls: usize, row: i32): void {
  for (; calls; calls--, prepared += 100) {
    const at = row > 0 ? <usize>row * word(prepared, 7) : 0;
    rotate(
      word(prepared, 0), word(prepared, 1), word(prepared, 2) + at, word(prepared, 3) + at, word(prepared, 4),
      row < 0 ? word(prepared, 5) : 0, word(prepared, 6), word(prepared, 7), <i32>word(prepared, 8), word(prepared, 9),
      word(prepared, 10), word(prepared, 11), word(prepared, 12), word(prepared, 13), word(prepared, 14), word(prepared, 15),
      word(prepared, 16), word(prepared, 17), word(prepared, 18), word(prepared, 19), word(prepared, 20), word(prepared, 21),
      word(prepared, 22), word(prepared, 23), word(prepared, 24),
    );
  }
}

// @ts-ignore: decorator
@inline
function word(prepared: usize, index: usize): usize {
  return <usize>load<u32>(prepared + (index << 2));
}
