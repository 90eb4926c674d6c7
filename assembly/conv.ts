// Convolutions that carry position through their zero padding: depthwise 3 x 3 over a grid of tokens, grouped 1-D over a
// sequence, and the weight normalisation of the latter. Sizes in elements, strides in bytes.

/**
 * Weights [channels, 3, 3] and bias as the next kernel reads them: for each four channels nine vectors of weights and one of
 * bias, what lies beyond the last channel is 0. bias 0 = none.
 */
export function packDepthwise(out: usize, weight: usize, bias: usize, channels: usize): void {
  for (let c: usize = 0; c < channels; c += 4, out += 160) {
    memory.fill(out, 0, 160);
    for (let lane: usize = 0; lane < min<usize>(4, channels - c); lane++) {
      const w = weight + (c + lane) * 36;
      for (let t: usize = 0; t < 9; t++) store<f32>(out + (t << 4) + (lane << 2), load<f32>(w + (t << 2)));
      if (bias) store<f32>(out + 144 + (lane << 2), load<f32>(bias + ((c + lane) << 2)));
    }
  }
}

/** Four channels of one output cell: taps whose bit in `inside` is set. centre: the cell's own column of the middle row. */
// @ts-ignore: decorator
@inline
function cell4(x: usize, rowStride: usize, cellStride: usize, pack: usize, inside: i32): v128 {
  let sum = v128.load(pack, 144);
  if (inside == 511) {
    let a = x - rowStride - cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack), v128.load(a)));
    a += cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 16), v128.load(a)));
    a += cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 32), v128.load(a)));
    a = x - cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 48), v128.load(a)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 64), v128.load(x)));
    a = x + cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 80), v128.load(a)));
    a = x + rowStride - cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 96), v128.load(a)));
    a += cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack, 112), v128.load(a)));
    a += cellStride;
    return f32x4.add(sum, f32x4.mul(v128.load(pack, 128), v128.load(a)));
  }
  for (let t: i32 = 0; t < 9; t++) {
    if (!(inside & (1 << t))) continue;
    const at = x + <usize>(t / 3 - 1) * rowStride + <usize>(t % 3 - 1) * cellStride;
    sum = f32x4.add(sum, f32x4.mul(v128.load(pack + (<usize>t << 4)), v128.load(at)));
  }
  return sum;
}

/** The same for one channel. */
function cell1(x: usize, rowStride: usize, cellStride: usize, pack: usize, inside: i32): f32 {
  let sum = load<f32>(pack, 144);
  for (let t: i32 = 0; t < 9; t++) {
    if (!(inside & (1 << t))) continue;
    const at = x + <usize>(t / 3 - 1) * rowStride + <usize>(t % 3 - 1) * cellStride;
    sum += load<f32>(pack + (<usize>t << 4)) * load<f32>(at);
  }
  return sum;
}

/**
 * Depthwise 3 x 3, zero padding 1, over `channels` of tokens [batch, h w, .] whose cells are cellStride apart; step 1 or 2 ...;
 * residual: + x (step 1). out: cells outStride apart.
 */
export function depthwise3x3(
  out: usize, outStride: usize, x: usize, cellStride: usize, pack: usize, batch: usize, h: i32, w: i32, channels: usize,
  step: i32, residual: i32,
): void {
  const rowStride = <usize>w * cellStride;
  const full = channels >> 2;
  for (; batch; batch--, x += <usize>h * rowStride) {
    for (let y = 0; y < h; y += step) {
      const rows = (y > 0 ? 7 : 0) | 56 | (y + 1 < h ? 448 : 0);
      for (let c = 0; c < w; c += step, out += outStride) {
        const inside = rows & ((c > 0 ? 73 : 0) | 146 | (c + 1 < w ? 292 : 0));
        let a = x + <usize>y * rowStride + <usize>c * cellStride;
        let p = pack;
        let o = out;
        for (let i: usize = 0; i < full; i++, a += 16, p += 160, o += 16) {
          const sum = cell4(a, rowStride, cellStride, p, inside);
          v128.store(o, residual ? f32x4.add(sum, v128.load(a)) : sum);
        }
        for (let rest = channels & 3; rest; rest--, a += 4, p += 4, o += 4) {
          const sum = cell1(a, rowStride, cellStride, p, inside);
          store<f32>(o, residual ? sum + load<f32>(a) : sum);
        }
      }
    }
  }
}

/** One channel of the first four of `rows` positions; 0 beyond. */
function loadColumn(p: usize, stride: usize, rows: isize): v128 {
  let v: v128 = i64x2.splat(0);
  if (rows > 0) v = v128.load32_zero(p);
  if (rows > 1) v = v128.load32_lane(p + stride, v, 1);
  if (rows > 2) v = v128.load32_lane(p + 2 * stride, v, 2);
  if (rows > 3) v = v128.load32_lane(p + 3 * stride, v, 3);
  return v;
}

/** Stores the sums of four neighbouring channels, lane = position, as up to `rows` rows of `columns` channels. */
function storeTransposed(
  out: usize, stride: usize, a: v128, b: v128, c: v128, d: v128, rows: usize, columns: usize,
): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  for (let r: usize = 0; r < rows; r++, out += stride) {
    const low = r < 2 ? ab : ab1;
    const high = r < 2 ? cd : cd1;
    const v = r & 1 ? v128.shuffle<i64>(low, high, 1, 3) : v128.shuffle<i64>(low, high, 0, 2);
    if (columns == 4) {
      v128.store(out, v);
      continue;
    }
    v128.store32_lane(out, v, 0);
    if (columns > 1) v128.store32_lane(out, v, 1, 4);
    if (columns > 2) v128.store32_lane(out, v, 2, 8);
  }
}

/**
 * One group of a 1-D convolution at `length` positions: out[l, o] = sum_c sum_t weight[o, c, t] x[c, l + t] (+ bias[o]).
 * x: `inputs` channels of length + taps - 1 positions, padding included, each row followed by 7 readable floats. weight rows
 * of one output weightStride apart, channels contiguous. accumulate: the sums go on
 * from what out holds (a further block of channels), so that blocks do not change a bit.
 */
export function groupedConv1d(
  out: usize, outStride: usize, x: usize, xStride: usize, weight: usize, weightStride: usize, bias: usize,
  inputs: usize, outputs: usize, taps: usize, length: usize, accumulate: i32,
): void {
  const bytes = taps << 2;
  for (let o: usize = 0; o < outputs; o += 4, out += 16) {
    const columns = min<usize>(4, outputs - o);
    const w0 = weight + o * weightStride;
    const w1 = columns > 1 ? w0 + weightStride : w0;
    const w2 = columns > 2 ? w1 + weightStride : w1;
    const w3 = columns > 3 ? w2 + weightStride : w2;
    const b = bias + (o << 2);
    const b0 = bias ? v128.load32_splat(b) : i64x2.splat(0);
    const b1 = bias && columns > 1 ? v128.load32_splat(b, 4) : b0;
    const b2 = bias && columns > 2 ? v128.load32_splat(b, 8) : b0;
    const b3 = bias && columns > 3 ? v128.load32_splat(b, 12) : b0;
    for (let l: usize = 0; l < length; l += 8) {
      let s0 = b0;
      let s1 = b1;
      let s2 = b2;
      let s3 = b3;
      let s4 = b0;
      let s5 = b1;
      let s6 = b2;
      let s7 = b3;
      const rows = length - l;
      const target = out + l * outStride;
      if (accumulate) {
        const below = target + 4 * outStride;
        const more = <isize>rows - 4;
        s0 = loadColumn(target, outStride, rows);
        s4 = loadColumn(below, outStride, more);
        if (columns > 1) {
          s1 = loadColumn(target + 4, outStride, rows);
          s5 = loadColumn(below + 4, outStride, more);
        }
        if (columns > 2) {
          s2 = loadColumn(target + 8, outStride, rows);
          s6 = loadColumn(below + 8, outStride, more);
        }
        if (columns > 3) {
          s3 = loadColumn(target + 12, outStride, rows);
          s7 = loadColumn(below + 12, outStride, more);
        }
      }
      let channel = x + (l << 2);
      let at: usize = 0;
      for (let c: usize = 0; c < inputs; c++, channel += xStride) {
        let p = channel;
        for (const end = at + bytes; at < end; at += 4, p += 4) {
          const u = v128.load(p);
          const v = v128.load(p, 16);
          let w = v128.load32_splat(w0 + at);
          s0 = f32x4.add(s0, f32x4.mul(w, u));
          s4 = f32x4.add(s4, f32x4.mul(w, v));
          w = v128.load32_splat(w1 + at);
          s1 = f32x4.add(s1, f32x4.mul(w, u));
          s5 = f32x4.add(s5, f32x4.mul(w, v));
          w = v128.load32_splat(w2 + at);
          s2 = f32x4.add(s2, f32x4.mul(w, u));
          s6 = f32x4.add(s6, f32x4.mul(w, v));
          w = v128.load32_splat(w3 + at);
          s3 = f32x4.add(s3, f32x4.mul(w, u));
          s7 = f32x4.add(s7, f32x4.mul(w, v));
        }
      }
      storeTransposed(target, outStride, s0, s1, s2, s3, min<usize>(4, rows), columns);
      if (rows > 4) {
        storeTransposed(target + 4 * outStride, outStride, s4, s5, s6, s7, min<usize>(4, rows - 4), columns);
      }
    }
  }
}

/** Weight normalisation over the last axis: out[., t] = g[t] v[., t] / |v[., t]|; tmp: taps float64. */
export function normalizeTaps(out: usize, v: usize, g: usize, rows: usize, taps: usize, tmp: usize): void {
  memory.fill(tmp, 0, taps << 3);
  let p = v;
  for (let r: usize = 0; r < rows; r++) {
    for (let t: usize = 0; t < taps; t++, p += 4) {
      const value = <f64>load<f32>(p);
      store<f64>(tmp + (t << 3), load<f64>(tmp + (t << 3)) + value * value);
    }
  }
  for (let t: usize = 0; t < taps; t++) {
    store<f64>(tmp + (t << 3), <f64>load<f32>(g + (t << 2)) / Math.sqrt(load<f64>(tmp + (t << 3))));
  }
  for (let r: usize = 0; r < rows; r++) {
    for (let t: usize = 0; t < taps; t++, v += 4, out += 4) {
      store<f32>(out, <f32>(<f64>load<f32>(v) * load<f64>(tmp + (t << 3))));
    }
  }
}
