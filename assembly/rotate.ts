// A table rotates vectors: (x1, x2) -> (x1 c - x2 s, x2 c + x1 s), RoFormer arXiv 2104.09864 eq. 34.
//
// One source serves every rotary variant: how the two channels of a pair are loaded and stored (half: i and i + pairs;
// interleaved: 2i and 2i + 1), the direction, the strides of vectors and table over three loops, and whether the second
// channel of a pair has angles of its own (tables as wide as the rotated channels) are arguments.
// Both channels of a pair are loaded before either is stored, so out may be x when load and store pairing agree.
// Each product is rounded, then the sum: the order of the reference implementations.

// @ts-ignore: decorator
@inline
function rotate4(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, half: usize, load: bool, store: bool, inverse: bool, split: bool,
): void {
  const c = v128.load(cos);
  const s = v128.load(sin);
  const c2 = split ? v128.load(cos + partner) : c;
  const s2 = split ? v128.load(sin + partner) : s;
  let a: v128, b: v128;
  if (load) {
    const v0 = v128.load(x);
    const v1 = v128.load(x, 16);
    a = v128.shuffle<f32>(v0, v1, 0, 2, 4, 6);
    b = v128.shuffle<f32>(v0, v1, 1, 3, 5, 7);
  } else {
    a = v128.load(x);
    b = v128.load(x + half);
  }
  const ac = f32x4.mul(a, c);
  const bs = f32x4.mul(b, inverse ? s2 : s);
  const bc = f32x4.mul(b, c2);
  const as_ = f32x4.mul(a, inverse ? s : s2);
  const first = inverse ? f32x4.add(ac, bs) : f32x4.sub(ac, bs);
  const second = inverse ? f32x4.sub(bc, as_) : f32x4.add(bc, as_);
  if (store) {
    v128.store(out, v128.shuffle<f32>(first, second, 0, 4, 1, 5));
    v128.store(out, v128.shuffle<f32>(first, second, 2, 6, 3, 7), 16);
  } else {
    v128.store(out, first);
    v128.store(out + half, second);
  }
}

// @ts-ignore: decorator
@inline
function rotateRow(
  out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize,
  loadInterleaved: bool, storeInterleaved: bool, inverse: bool, split: bool,
): void {
  const half = pairs << 2;
  const xStep: usize = loadInterleaved ? 2 : 1;
  const outStep: usize = storeInterleaved ? 2 : 1;
  const xPartner: usize = loadInterleaved ? 4 : half;
  const outPartner: usize = storeInterleaved ? 4 : half;
  const quads = cos + ((pairs >> 2) << 4);
  if (!loadInterleaved && !storeInterleaved && !split) {
    // sixteen pairs a turn at literal offsets from six pointers: address arithmetic is what this loop is short of
    const whole = cos + ((pairs >> 4) << 6);
    if (cos < whole) {
      let y = x + half;
      let p = out + half;
      while (cos < whole) {
        let c = v128.load(cos);
        let s = v128.load(sin);
        let a = v128.load(x);
        let b = v128.load(y);
        v128.store(out, inverse ? f32x4.add(f32x4.mul(a, c), f32x4.mul(b, s)) : f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
        v128.store(p, inverse ? f32x4.sub(f32x4.mul(b, c), f32x4.mul(a, s)) : f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
        c = v128.load(cos, 16);
        s = v128.load(sin, 16);
        a = v128.load(x, 16);
        b = v128.load(y, 16);
        v128.store(out, inverse ? f32x4.add(f32x4.mul(a, c), f32x4.mul(b, s)) : f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)), 16);
        v128.store(p, inverse ? f32x4.sub(f32x4.mul(b, c), f32x4.mul(a, s)) : f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)), 16);
        c = v128.load(cos, 32);
        s = v128.load(sin, 32);
        a = v128.load(x, 32);
        b = v128.load(y, 32);
        v128.store(out, inverse ? f32x4.add(f32x4.mul(a, c), f32x4.mul(b, s)) : f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)), 32);
        v128.store(p, inverse ? f32x4.sub(f32x4.mul(b, c), f32x4.mul(a, s)) : f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)), 32);
        c = v128.load(cos, 48);
        s = v128.load(sin, 48);
        a = v128.load(x, 48);
        b = v128.load(y, 48);
        v128.store(out, inverse ? f32x4.add(f32x4.mul(a, c), f32x4.mul(b, s)) : f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)), 48);
        v128.store(p, inverse ? f32x4.sub(f32x4.mul(b, c), f32x4.mul(a, s)) : f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)), 48);
        cos += 64;
        sin += 64;
        x += 64;
        y += 64;
        out += 64;
        p += 64;
      }
    }
  }
  while (cos < quads) {
    rotate4(out, x, cos, sin, partner, half, loadInterleaved, storeInterleaved, inverse, split);
    cos += 16;
    sin += 16;
    x += xStep << 4;
    out += outStep << 4;
  }
  for (let rest = pairs & 3; rest; rest--) {
    const c = load<f32>(cos);
    const s = load<f32>(sin);
    const c2 = split ? load<f32>(cos + partner) : c;
    const s2 = split ? load<f32>(sin + partner) : s;
    const a = load<f32>(x);
    const b = load<f32>(x + xPartner);
    store<f32>(out, inverse ? a * c + b * s2 : a * c - b * s);
    store<f32>(out + outPartner, inverse ? b * c2 - a * s : b * c2 + a * s2);
    cos += 4;
    sin += 4;
    x += xStep << 2;
    out += outStep << 2;
  }
}

/** A vector whose way to go is not worth a copy of its own: the mode is told apart here. */
function rotateOther(out: usize, x: usize, cos: usize, sin: usize, partner: usize, pairs: usize, mode: i32): void {
  if (partner) {
    if (mode == 0) rotateRow(out, x, cos, sin, partner, pairs, false, false, false, true);
    else if (mode == 1) rotateRow(out, x, cos, sin, partner, pairs, true, false, false, true);
    else if (mode == 2) rotateRow(out, x, cos, sin, partner, pairs, false, true, false, true);
    else if (mode == 3) rotateRow(out, x, cos, sin, partner, pairs, true, true, false, true);
    else if (mode == 4) rotateRow(out, x, cos, sin, partner, pairs, false, false, true, true);
    else if (mode == 5) rotateRow(out, x, cos, sin, partner, pairs, true, false, true, true);
    else if (mode == 6) rotateRow(out, x, cos, sin, partner, pairs, false, true, true, true);
    else rotateRow(out, x, cos, sin, partner, pairs, true, true, true, true);
  } else {
    if (mode == 1) rotateRow(out, x, cos, sin, 0, pairs, true, false, false, false);
    else if (mode == 2) rotateRow(out, x, cos, sin, 0, pairs, false, true, false, false);
    else if (mode == 5) rotateRow(out, x, cos, sin, 0, pairs, true, false, true, false);
    else rotateRow(out, x, cos, sin, 0, pairs, false, true, true, false);
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
  const plain = partner ? -1 : mode;
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
          if (plain == 0) rotateRow(target, source, cos + at, sin + at, 0, pairs, false, false, false, false);
          else if (plain == 3) rotateRow(target, source, cos + at, sin + at, 0, pairs, true, true, false, false);
          else if (plain == 4) rotateRow(target, source, cos + at, sin + at, 0, pairs, false, false, true, false);
          else if (plain == 7) rotateRow(target, source, cos + at, sin + at, 0, pairs, true, true, true, false);
          else {
            rotateOther(temp ? temp : target, source, cos + at, sin + at, partner, pairs, mode);
            if (temp) for (let i: usize = 0; i < pairs << 3; i += 8) store<u64>(target + i, load<u64>(temp + i));
          }
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
