// A table rotates vectors: (x1, x2) -> (x1 c - x2 s, x2 c + x1 s), RoFormer arXiv 2104.09864 eq. 34.
//
// One source serves every rotary variant: how the two channels of a pair are loaded and stored (half: i and i + pairs;
// interleaved: 2i and 2i + 1), the direction, the strides of vectors and table over three loops, and whether the second
// channel of a pair has angles of its own (tables as wide as the rotated channels) are arguments.
// Both channels of a pair are loaded before either is stored, so out may be x when load and store pairing agree.
// Each product is rounded, then the sum: the order of the reference implementations.

/** The first channel of rotated pairs, four at a time. */
// @ts-ignore: decorator
@inline
function firstOf(a: v128, b: v128, c: v128, s: v128, inverse: bool): v128 {
  const ac = f32x4.mul(a, c);
  const bs = f32x4.mul(b, s);
  return inverse ? f32x4.add(ac, bs) : f32x4.sub(ac, bs);
}

// @ts-ignore: decorator
@inline
function secondOf(a: v128, b: v128, c: v128, s: v128, inverse: bool): v128 {
  const bc = f32x4.mul(b, c);
  const as_ = f32x4.mul(a, s);
  return inverse ? f32x4.sub(bc, as_) : f32x4.add(bc, as_);
}

/**
 * The rows of one vector whose channels are loaded and stored in the same pairing and share their angles: the constants
 * `interleaved` and `inverse` make four loops of one source. Sixteen pairs a turn, at literal offsets from a few pointers:
 * address arithmetic is what these loops are short of.
 */
// @ts-ignore: decorator
@inline
function rotateRuns(
  out: usize, x: usize, cos: usize, sin: usize, pairs: usize, interleaved: bool, inverse: bool,
): void {
  if (interleaved) {
    for (const end = cos + ((pairs >> 3) << 5); cos < end; cos += 32, sin += 32, x += 64, out += 64) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      const v2 = v128.load(x, 32);
      const v3 = v128.load(x, 48);
      const a = v128.shuffle<f32>(v0, v1, 0, 2, 4, 6);
      const b = v128.shuffle<f32>(v0, v1, 1, 3, 5, 7);
      const c = v128.load(cos);
      const s = v128.load(sin);
      const first = firstOf(a, b, c, s, inverse);
      const second = secondOf(a, b, c, s, inverse);
      v128.store(out, v128.shuffle<f32>(first, second, 0, 4, 1, 5));
      v128.store(out, v128.shuffle<f32>(first, second, 2, 6, 3, 7), 16);
      const d = v128.shuffle<f32>(v2, v3, 0, 2, 4, 6);
      const e = v128.shuffle<f32>(v2, v3, 1, 3, 5, 7);
      const c1 = v128.load(cos, 16);
      const s1 = v128.load(sin, 16);
      const third = firstOf(d, e, c1, s1, inverse);
      const fourth = secondOf(d, e, c1, s1, inverse);
      v128.store(out, v128.shuffle<f32>(third, fourth, 0, 4, 1, 5), 32);
      v128.store(out, v128.shuffle<f32>(third, fourth, 2, 6, 3, 7), 48);
    }
  } else {
    const half = pairs << 2;
    let y = x + half;
    let p = out + half;
    for (const end = cos + ((pairs >> 4) << 6); cos < end; cos += 64, sin += 64, x += 64, y += 64, out += 64, p += 64) {
      let c = v128.load(cos);
      let s = v128.load(sin);
      let a = v128.load(x);
      let b = v128.load(y);
      v128.store(out, firstOf(a, b, c, s, inverse));
      v128.store(p, secondOf(a, b, c, s, inverse));
      c = v128.load(cos, 16);
      s = v128.load(sin, 16);
      a = v128.load(x, 16);
      b = v128.load(y, 16);
      v128.store(out, firstOf(a, b, c, s, inverse), 16);
      v128.store(p, secondOf(a, b, c, s, inverse), 16);
      c = v128.load(cos, 32);
      s = v128.load(sin, 32);
      a = v128.load(x, 32);
      b = v128.load(y, 32);
      v128.store(out, firstOf(a, b, c, s, inverse), 32);
      v128.store(p, secondOf(a, b, c, s, inverse), 32);
      c = v128.load(cos, 48);
      s = v128.load(sin, 48);
      a = v128.load(x, 48);
      b = v128.load(y, 48);
      v128.store(out, firstOf(a, b, c, s, inverse), 48);
      v128.store(p, secondOf(a, b, c, s, inverse), 48);
    }
  }
}

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
  // same pairing on both sides and one angle a pair
  const runs = partner == 0 && (mode == 0 || mode == 3 || mode == 4 || mode == 7);
  const whole = mode & 1 ? pairs & ~7 : pairs & ~15;
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      let source = x + a * x0 + b * x1;
      let target = out + a * out0 + b * out1;
      let offset = a * t0 + b * t1;
      let index = rows + a * i0 + b * i1;
      for (let c: usize = 0; c < n2; c++) {
        let at = offset;
        let row: i32 = 0;
        if (rows) {
          row = load<i32>(index);
          at += <usize>row * rowBytes;
        }
        if (row >= 0) {
          const to = temp ? temp : target;
          let from: usize = 0;
          if (runs) {
            // a run loop per mode: the mode is a constant inside it
            if (mode == 0) rotateRuns(to, source, cos + at, sin + at, pairs, false, false);
            else if (mode == 3) rotateRuns(to, source, cos + at, sin + at, pairs, true, false);
            else if (mode == 4) rotateRuns(to, source, cos + at, sin + at, pairs, false, true);
            else rotateRuns(to, source, cos + at, sin + at, pairs, true, true);
            from = whole;
          }
          if (from < pairs) rotatePairs(to, source, cos + at, sin + at, partner, pairs, from, mode);
          if (temp) for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(target + i, load<u64>(temp + i));
        }
        source += x2;
        target += out2;
        offset += t2;
        index += i2;
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
