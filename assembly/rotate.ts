// A table rotates vectors: (x1, x2) -> (x1 c - x2 s, x2 c + x1 s), RoFormer arXiv 2104.09864 eq. 34.
//
// One source serves every rotary variant: how the two channels of a pair are loaded and stored (half: i and i + pairs;
// interleaved: 2i and 2i + 1), the direction, the strides of vectors and table over three loops, and whether the second
// channel of a pair has angles of its own (tables as wide as the rotated channels) are arguments.
// Both channels of a pair are loaded before either is stored, so out may be x when load and store pairing agree.
// Each product is rounded, then the sum: the order of the reference implementations.
//
// The heads of a token use the same row of the table: sixteen pairs of the row are kept in registers while a loop runs over the
// heads (share...). Elsewhere, and where vectors come from memory rather than the cache, one vector is done after the other,
// each along its whole row (own...). What is kept in registers across a loop is the result of a load, or the loop tests at its
// end: V8 moves other computations into a loop that may end before its first pass (README.md, "Loops that test at their end").
import { INVERSE, LOAD_INTERLEAVED, STORE_INTERLEAVED } from "../src/runtime/codes";
import {
  CALL_OUT, CALL_X, CALL_COS, CALL_SIN, CALL_PARTNER, CALL_ROWS, CALL_PAIRS, CALL_ROW_BYTES, CALL_MODE, CALL_TEMP, CALL_N0,
  CALL_N1, CALL_N2, CALL_X0, CALL_X1, CALL_X2, CALL_OUT0, CALL_OUT1, CALL_OUT2, CALL_T0, CALL_T1, CALL_T2, CALL_I0, CALL_I1,
  CALL_I2, CALL_BYTES,
} from "../src/runtime/rotateCall";

// @ts-ignore: decorator
@inline
function first(a: v128, b: v128, c: v128, s: v128): v128 {
  return f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s));
}

// @ts-ignore: decorator
@inline
function second(a: v128, b: v128, c: v128, s: v128): v128 {
  return f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s));
}

/** Sixteen pairs of n vectors that share a row of the table; first channels at x and out, second ones `half` bytes on. */
// @ts-ignore: decorator
@inline
function shareHalf16(
  out: usize, x: usize, cos: usize, sin: usize, half: usize, n: usize, xStride: usize, outStride: usize, inPlace: bool,
): void {
  const c0 = v128.load(cos), c1 = v128.load(cos, 16), c2 = v128.load(cos, 32), c3 = v128.load(cos, 48);
  const s0 = v128.load(sin), s1 = v128.load(sin, 16), s2 = v128.load(sin, 32), s3 = v128.load(sin, 48);
  let y = x + half;
  let p = out + half;
  for (; n; n--, x += xStride, y += xStride, out += outStride, p += outStride) {
    const o = inPlace ? x : out;
    const q = inPlace ? y : p;
    let a = v128.load(x), b = v128.load(y);
    v128.store(o, first(a, b, c0, s0));
    v128.store(q, second(a, b, c0, s0));
    a = v128.load(x, 16), b = v128.load(y, 16);
    v128.store(o, first(a, b, c1, s1), 16);
    v128.store(q, second(a, b, c1, s1), 16);
    a = v128.load(x, 32), b = v128.load(y, 32);
    v128.store(o, first(a, b, c2, s2), 32);
    v128.store(q, second(a, b, c2, s2), 32);
    a = v128.load(x, 48), b = v128.load(y, 48);
    v128.store(o, first(a, b, c3, s3), 48);
    v128.store(q, second(a, b, c3, s3), 48);
  }
}

/** Four pairs likewise. */
// @ts-ignore: decorator
@inline
function shareHalf4(
  out: usize, x: usize, cos: usize, sin: usize, half: usize, n: usize, xStride: usize, outStride: usize,
): void {
  const c = v128.load(cos), s = v128.load(sin);
  for (; n; n--, x += xStride, out += outStride) {
    const a = v128.load(x), b = v128.load(x + half);
    v128.store(out, first(a, b, c, s));
    v128.store(out + half, second(a, b, c, s));
  }
}

/** n vectors that share a row, half pairing; gives back how many pairs of each are done: all whole fours. */
function shareHalf(
  out: usize, x: usize, cos: usize, sin: usize, pairs: usize, n: usize, xStride: usize, outStride: usize,
): usize {
  const half = pairs << 2;
  const whole = half & ~15;
  let at: usize = 0;
  if (out == x && outStride == xStride) {
    for (; at + 64 <= whole; at += 64) shareHalf16(x + at, x + at, cos + at, sin + at, half, n, xStride, xStride, true);
  } else {
    for (; at + 64 <= whole; at += 64) {
      shareHalf16(out + at, x + at, cos + at, sin + at, half, n, xStride, outStride, false);
    }
  }
  for (; at < whole; at += 16) shareHalf4(out + at, x + at, cos + at, sin + at, half, n, xStride, outStride);
  return whole >> 2;
}

/** Two interleaved pairs rotated: x c + (x with the channels of each pair exchanged) s, where s carries the signs. */
// @ts-ignore: decorator
@inline
function rotatedPairs(x: v128, c: v128, s: v128): v128 {
  return f32x4.add(f32x4.mul(x, c), f32x4.mul(v128.shuffle<f32>(x, x, 1, 0, 3, 2), s));
}

/** Two numbers of a row of the table, each twice: once for either channel of its pair. */
// @ts-ignore: decorator
@inline
function both(row: usize): v128 {
  const v = v128.load64_zero(row);
  return v128.shuffle<f32>(v, v, 0, 0, 1, 1);
}

/** n > 0 vectors that share a row, interleaved; gives back how many pairs of each are done: all whole twos. */
function shareInterleaved(
  out: usize, x: usize, cos: usize, sin: usize, pairs: usize, n: usize, xStride: usize, outStride: usize, inverse: bool,
): usize {
  // x1 c - x2 s and x2 c + x1 s: the sines of first channels are negated; for the inverse, those of second channels
  const sign = inverse ? i32x4(0, i32.MIN_VALUE, 0, i32.MIN_VALUE) : i32x4(i32.MIN_VALUE, 0, i32.MIN_VALUE, 0);
  const end = cos + ((pairs & ~1) << 2);
  for (; cos + 32 <= end; cos += 32, sin += 32, x += 64, out += 64) {
    const c0 = both(cos), c1 = both(cos + 8), c2 = both(cos + 16), c3 = both(cos + 24);
    const s0 = v128.xor(both(sin), sign), s1 = v128.xor(both(sin + 8), sign);
    const s2 = v128.xor(both(sin + 16), sign), s3 = v128.xor(both(sin + 24), sign);
    let a = x;
    let o = out;
    let m = n;
    do {
      v128.store(o, rotatedPairs(v128.load(a), c0, s0));
      v128.store(o, rotatedPairs(v128.load(a, 16), c1, s1), 16);
      v128.store(o, rotatedPairs(v128.load(a, 32), c2, s2), 32);
      v128.store(o, rotatedPairs(v128.load(a, 48), c3, s3), 48);
      a += xStride;
      o += outStride;
    } while (--m);
  }
  for (; cos < end; cos += 8, sin += 8, x += 16, out += 16) {
    const c = both(cos);
    const s = v128.xor(both(sin), sign);
    let a = x;
    let o = out;
    let m = n;
    do {
      v128.store(o, rotatedPairs(v128.load(a), c, s));
      a += xStride;
      o += outStride;
    } while (--m);
  }
  return pairs & ~1;
}

/**
 * From this many pairs on, the two halves of a vector are so far apart that hardware prefetch did not follow both reads.
 */
const WIDE: usize = 128;

/** A vector along its own row, half pairing; gives back how many pairs are done: all whole fours. */
// @ts-ignore: decorator
@inline
function ownHalf(out: usize, x: usize, cos: usize, sin: usize, pairs: usize): usize {
  const half = pairs << 2;
  let y = x + half;
  let p = out + half;
  if (pairs >= WIDE) {
    // touch one word of every 64-byte cache line in ascending order first: one stream, which prefetch follows
    for (let line = x; line + 256 <= y + half; line += 256) {
      load<u32>(line);
      load<u32>(line, 64);
      load<u32>(line, 128);
      load<u32>(line, 192);
    }
  }
  const last = cos + (half & ~15);
  for (const end = cos + (half & ~63); cos < end; cos += 64, sin += 64, x += 64, y += 64, out += 64, p += 64) {
    let a = v128.load(x), b = v128.load(y), c = v128.load(cos), s = v128.load(sin);
    v128.store(out, first(a, b, c, s));
    v128.store(p, second(a, b, c, s));
    a = v128.load(x, 16), b = v128.load(y, 16), c = v128.load(cos, 16), s = v128.load(sin, 16);
    v128.store(out, first(a, b, c, s), 16);
    v128.store(p, second(a, b, c, s), 16);
    a = v128.load(x, 32), b = v128.load(y, 32), c = v128.load(cos, 32), s = v128.load(sin, 32);
    v128.store(out, first(a, b, c, s), 32);
    v128.store(p, second(a, b, c, s), 32);
    a = v128.load(x, 48), b = v128.load(y, 48), c = v128.load(cos, 48), s = v128.load(sin, 48);
    v128.store(out, first(a, b, c, s), 48);
    v128.store(p, second(a, b, c, s), 48);
  }
  for (; cos < last; cos += 16, sin += 16, x += 16, y += 16, out += 16, p += 16) {
    const a = v128.load(x), b = v128.load(y), c = v128.load(cos), s = v128.load(sin);
    v128.store(out, first(a, b, c, s));
    v128.store(p, second(a, b, c, s));
  }
  return pairs & ~3;
}

/** The same, interleaved; all whole eights. */
// @ts-ignore: decorator
@inline
function ownInterleaved(out: usize, x: usize, cos: usize, sin: usize, pairs: usize): usize {
  for (const end = cos + ((pairs >> 3) << 5); cos < end; cos += 32, sin += 32, x += 64, out += 64) {
    let v = v128.load(x), w = v128.load(x, 16), c = v128.load(cos), s = v128.load(sin);
    let a = v128.shuffle<f32>(v, w, 0, 2, 4, 6), b = v128.shuffle<f32>(v, w, 1, 3, 5, 7);
    v = first(a, b, c, s), w = second(a, b, c, s);
    v128.store(out, v128.shuffle<f32>(v, w, 0, 4, 1, 5));
    v128.store(out, v128.shuffle<f32>(v, w, 2, 6, 3, 7), 16);
    v = v128.load(x, 32), w = v128.load(x, 48), c = v128.load(cos, 16), s = v128.load(sin, 16);
    a = v128.shuffle<f32>(v, w, 0, 2, 4, 6), b = v128.shuffle<f32>(v, w, 1, 3, 5, 7);
    v = first(a, b, c, s), w = second(a, b, c, s);
    v128.store(out, v128.shuffle<f32>(v, w, 0, 4, 1, 5), 32);
    v128.store(out, v128.shuffle<f32>(v, w, 2, 6, 3, 7), 48);
  }
  return pairs & ~7;
}

/**
 * Pairs [from, pairs) of a vector in any mode: what the other loops leave over, differing pairings, and channels with angles of
 * their own (partner). Four at a time, then one by one; the same operations in the same order.
 */
function rotatePairs(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize, from: usize, mode: i32,
): void {
  const inverse = (mode & INVERSE) != 0;
  const xStep: usize = mode & LOAD_INTERLEAVED ? 8 : 4;
  const outStep: usize = mode & STORE_INTERLEAVED ? 8 : 4;
  const xPartner: usize = mode & LOAD_INTERLEAVED ? 4 : pairs << 2;
  const outPartner: usize = mode & STORE_INTERLEAVED ? 4 : pairs << 2;
  x += from * xStep;
  out += from * outStep;
  cos += from << 2;
  sin += from << 2;
  // the inverse takes the sine of the other channel, negated
  const sign = inverse ? i32x4.splat(i32.MIN_VALUE) : i32x4.splat(0);
  const firstSine: usize = inverse ? partner : 0;
  const secondSine: usize = inverse ? 0 : partner;
  let rest = pairs - from;
  for (; rest >= 4; rest -= 4, cos += 16, sin += 16, x += xStep << 2, out += outStep << 2) {
    let a = v128.load(x);
    let b = v128.load(mode & LOAD_INTERLEAVED ? x + 16 : x + xPartner);
    if (mode & LOAD_INTERLEAVED) {
      const v = a;
      a = v128.shuffle<f32>(v, b, 0, 2, 4, 6);
      b = v128.shuffle<f32>(v, b, 1, 3, 5, 7);
    }
    const p = first(a, b, v128.load(cos), v128.xor(v128.load(sin + firstSine), sign));
    const q = second(a, b, v128.load(cos + partner), v128.xor(v128.load(sin + secondSine), sign));
    if (mode & STORE_INTERLEAVED) {
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
    const s1 = inverse ? -load<f32>(sin + firstSine) : load<f32>(sin + firstSine);
    const s2 = inverse ? -load<f32>(sin + secondSine) : load<f32>(sin + secondSine);
    store<f32>(out, a * load<f32>(cos) - b * s1);
    store<f32>(out + outPartner, b * load<f32>(cos + partner) + a * s2);
  }
}

/** From this many bytes on, vectors come from memory rather than the cache, and are fastest read in order. */
const FAR: usize = 1 << 24;

/** Writes the sines of a row negated to `row`, for the inverse rotation, and gives `row` back. */
function negate(row: usize, sin: usize, pairs: usize): usize {
  for (let i: usize = 0; i < pairs << 2; i += 4) store<f32>(row + i, -load<f32>(sin + i));
  return row;
}

/**
 * n vectors, strides in bytes. shared: vectors that use the same row of the table (tableStride 0) may be done together. The mode
 * is compared outside the loops, so that it is a constant inside each.
 */
function rotateVectors(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize, mode: i32, temp: usize, n: usize,
  xStride: usize, outStride: usize, tableStride: usize, shared: bool,
): void {
  const inverse = (mode & INVERSE) != 0;
  const pairing = mode & (LOAD_INTERLEAVED | STORE_INTERLEAVED);
  let from: usize = 0;
  if (shared && partner == 0 && tableStride == 0 && n > 1) {
    if (pairing == 0) {
      from = shareHalf(out, x, cos, inverse ? negate(temp, sin, pairs) : sin, pairs, n, xStride, outStride);
    } else if (pairing == (LOAD_INTERLEAVED | STORE_INTERLEAVED)) {
      from = shareInterleaved(out, x, cos, sin, pairs, n, xStride, outStride, inverse);
    }
    if (from == pairs) return;
  }
  const own = from == 0 && partner == 0;
  const held = out == x && (pairing == LOAD_INTERLEAVED || pairing == STORE_INTERLEAVED);
  for (; n; n--, x += xStride, out += outStride, cos += tableStride, sin += tableStride) {
    let done = from;
    if (own && pairing == 0) done = ownHalf(out, x, cos, inverse ? negate(temp, sin, pairs) : sin, pairs);
    else if (own && pairing == (LOAD_INTERLEAVED | STORE_INTERLEAVED)) {
      done = ownInterleaved(out, x, cos, inverse ? negate(temp, sin, pairs) : sin, pairs);
    }
    if (done < pairs) rotatePairs(held ? temp : out, x, cos, sin, partner, pairs, done, mode);
    if (held) for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(out + i, load<u64>(temp + i));
  }
}

/**
 * Rotates n0 x n1 x n2 vectors. Strides in bytes: x*, out* of the vectors, t* of the table, i* of the row indices.
 * rows: int32 row of the table per vector at rows + i*, or 0 when the table strides alone say it; a negative row leaves the
 * vector as it is (out must already hold it). mode: LOAD_INTERLEAVED | STORE_INTERLEAVED | INVERSE, or 0.
 * partner: bytes from a pair's first cos (sin) to the cos (sin) of its second channel, 0 when both share one angle:
 *   (x1, x2) -> (x1 c1 - x2 s1, x2 c2 + x1 s2), inverse: the transpose.
 * temp: scratch memory of 8 x pairs bytes: negated sines, or a vector whose pairing changes where it is.
 */
export function rotate(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, rows: usize, pairs: usize, rowBytes: usize, mode: i32,
  temp: usize, n0: usize, n1: usize, n2: usize, x0: usize, x1: usize, x2: usize, out0: usize, out1: usize, out2: usize,
  t0: usize, t1: usize, t2: usize, i0: usize, i1: usize, i2: usize,
): void {
  const near = n0 * n1 * n2 * (pairs << 3) < FAR;
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      const source = x + a * x0 + b * x1;
      const target = out + a * out0 + b * out1;
      const at = a * t0 + b * t1;
      const index = rows + a * i0 + b * i1;
      if (rows == 0) {
        rotateVectors(target, source, cos + at, sin + at, partner, pairs, mode, temp, n2, x2, out2, t2, near);
      } else if (i2 == 0) {
        // one row of the table for all the vectors of the inner loop
        const row = load<i32>(index);
        const from = at + <usize>row * rowBytes;
        if (row >= 0) rotateVectors(target, source, cos + from, sin + from, partner, pairs, mode, temp, n2, x2, out2, t2, near);
      } else {
        for (let c: usize = 0; c < n2; c++) {
          const row = load<i32>(index + c * i2);
          const from = at + c * t2 + <usize>row * rowBytes;
          if (row < 0) continue;
          rotateVectors(target + c * out2, source + c * x2, cos + from, sin + from, partner, pairs, mode, temp, 1, 0, 0, 0, false);
        }
      }
    }
  }
}

/**
 * Calls of `rotate` prepared beforehand: `calls` records of src/runtime/rotateCall.ts at `prepared`. The row of the table is
 * `row` for all vectors, or with a negative one what the row indices say.
 */
export function rotateStep(prepared: usize, calls: usize, row: i32): void {
  for (; calls; calls--, prepared += CALL_BYTES) {
    const at = row > 0 ? <usize>row * load<usize>(prepared, CALL_ROW_BYTES) : 0;
    rotate(
      load<usize>(prepared, CALL_OUT), load<usize>(prepared, CALL_X),
      load<usize>(prepared, CALL_COS) + at, load<usize>(prepared, CALL_SIN) + at, load<usize>(prepared, CALL_PARTNER),
      row < 0 ? load<usize>(prepared, CALL_ROWS) : 0, load<usize>(prepared, CALL_PAIRS),
      load<usize>(prepared, CALL_ROW_BYTES), load<i32>(prepared, CALL_MODE), load<usize>(prepared, CALL_TEMP),
      load<usize>(prepared, CALL_N0), load<usize>(prepared, CALL_N1), load<usize>(prepared, CALL_N2),
      load<usize>(prepared, CALL_X0), load<usize>(prepared, CALL_X1), load<usize>(prepared, CALL_X2),
      load<usize>(prepared, CALL_OUT0), load<usize>(prepared, CALL_OUT1), load<usize>(prepared, CALL_OUT2),
      load<usize>(prepared, CALL_T0), load<usize>(prepared, CALL_T1), load<usize>(prepared, CALL_T2),
      load<usize>(prepared, CALL_I0), load<usize>(prepared, CALL_I1), load<usize>(prepared, CALL_I2),
    );
  }
}
