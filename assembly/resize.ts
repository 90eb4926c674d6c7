// Separable resizing of a grid of vectors: out[y, x] = sum_a sum_b Wh[y, a] Ww[x, b] table[a, b].
// The taps of an axis are contiguous: for each output cell { start i32, count i32, weights f32[maxTaps] }.
// For each output row the rows of the table are blended first (one run over w cells), then the cells of that row.

/** out[0 .. width) = sum over count taps of weights[t] x row t, rows `stride` apart. Sizes in floats, strides in bytes. */
function blend(out: usize, x: usize, stride: usize, weights: usize, count: usize, width: usize): void {
  const last = weights + (count << 2);
  const end16 = x + ((width >> 4) << 6);
  while (x < end16) {
    let w = v128.load32_splat(weights);
    let a = f32x4.mul(w, v128.load(x));
    let b = f32x4.mul(w, v128.load(x, 16));
    let c = f32x4.mul(w, v128.load(x, 32));
    let d = f32x4.mul(w, v128.load(x, 48));
    let row = x + stride;
    for (let t = weights + 4; t < last; t += 4, row += stride) {
      w = v128.load32_splat(t);
      a = f32x4.add(a, f32x4.mul(w, v128.load(row)));
      b = f32x4.add(b, f32x4.mul(w, v128.load(row, 16)));
      c = f32x4.add(c, f32x4.mul(w, v128.load(row, 32)));
      d = f32x4.add(d, f32x4.mul(w, v128.load(row, 48)));
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    x += 64;
    out += 64;
  }
  for (let rest = width & 15; rest; rest--, x += 4, out += 4) {
    let sum = load<f32>(weights) * load<f32>(x);
    let row = x + stride;
    for (let t = weights + 4; t < last; t += 4, row += stride) sum += load<f32>(t) * load<f32>(row);
    store<f32>(out, sum);
  }
}

/**
 * One block of `channels` of a grid [h, w] to [height, width]. Strides in bytes; the cells of a row are cellStride apart.
 * line: 4 x w x channels bytes.
 */
export function resizeGrid(
  out: usize, outRowStride: usize, outCellStride: usize, height: usize, width: usize,
  table: usize, rowStride: usize, cellStride: usize, w: usize, channels: usize,
  tapsH: usize, maxH: usize, tapsW: usize, maxW: usize, line: usize,
): void {
  const bytes = channels << 2;
  const stepH: usize = 8 + (maxH << 2);
  const stepW: usize = 8 + (maxW << 2);
  for (; height; height--, tapsH += stepH, out += outRowStride) {
    const x = table + <usize>load<i32>(tapsH) * rowStride;
    const countH = <usize>load<i32>(tapsH, 4);
    if (cellStride == bytes) blend(line, x, rowStride, tapsH + 8, countH, w * channels);
    else for (let b: usize = 0; b < w; b++) blend(line + b * bytes, x + b * cellStride, rowStride, tapsH + 8, countH, channels);
    let o = out;
    let tap = tapsW;
    for (let b: usize = 0; b < width; b++, tap += stepW, o += outCellStride) {
      blend(o, line + <usize>load<i32>(tap) * bytes, bytes, tap + 8, <usize>load<i32>(tap, 4), channels);
    }
  }
}
