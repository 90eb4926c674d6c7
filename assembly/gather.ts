// Rows and columns of tables moved: copied with other strides, reordered for another storage order, taken from different rows
// where position streams mix, transposed, scaled. Sizes in floats, strides and steps in bytes.

/** out[t][i] = x[t][indices[i]]; indices: int32; outStep bytes between neighbours of an output row. */
export function gatherColumns(
  out: usize, outStride: usize, outStep: usize, x: usize, xStride: usize, n: usize, width: usize, indices: usize,
): void {
  const end = indices + (width << 2);
  for (; n; n--, out += outStride, x += xStride) {
    let to = out;
    for (let at = indices; at < end; at += 4, to += outStep) store<f32>(to, load<f32>(x + (<usize>load<i32>(at) << 2)));
  }
}

/** out[t][i] = x[rows[streams[i]][t]][i]; streams: a byte a column; rows: int32, stream s at rows + s x rowsStride. */
export function selectStreams(
  out: usize, outStride: usize, x: usize, xStride: usize, rows: usize, rowsStride: usize, streams: usize, n: usize, width: usize,
): void {
  for (; n; n--, out += outStride, rows += 4) {
    for (let i: usize = 0; i < width; i++) {
      const row = <usize>load<i32>(rows + load<u8>(streams + i) * rowsStride);
      store<f32>(out + (i << 2), load<f32>(x + row * xStride + (i << 2)));
    }
  }
}

/** Row t of x, n rows of `width` floats, times the float32 at scales + 4 t, in place. */
export function scaleRows(x: usize, stride: usize, scales: usize, n: usize, width: usize): void {
  for (; n; n--, x += stride, scales += 4) {
    const scale = load<f32>(scales);
    const s = f32x4.splat(scale);
    let at = x;
    const end = x + ((width >> 2) << 4);
    for (; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), s));
    for (let rest = width & 3; rest; rest--, at += 4) store<f32>(at, load<f32>(at) * scale);
  }
}

/** Copies rows of `width` floats; row t comes from x + (t mod period) x xStride and goes to out + t x outStride. */
export function copyRows(
  out: usize, outStride: usize, x: usize, xStride: usize, rows: usize, width: usize, period: usize,
): void {
  let from = x;
  for (let t: usize = 0, phase: usize = 0; t < rows; t++, out += outStride) {
    let a = from;
    let o = out;
    const end = a + ((width >> 2) << 4);
    while (a < end) {
      v128.store(o, v128.load(a));
      a += 16;
      o += 16;
    }
    for (let rest = width & 3; rest; rest--, a += 4, o += 4) store<f32>(o, load<f32>(a));
    if (++phase == period) {
      phase = 0;
      from = x;
    } else {
      from += xStride;
    }
  }
}

/** Columns become planes: out[c x planeStride + r x repeat ...] holds `repeat` copies of x[r][c]. */
export function transposeRows(
  out: usize, planeStride: usize, x: usize, xStride: usize, rows: usize, width: usize, repeat: usize,
): void {
  for (let c: usize = 0; c < width; c++, out += planeStride, x += 4) {
    let a = x;
    let o = out;
    for (let r: usize = 0; r < rows; r++, a += xStride) {
      const value = load<f32>(a);
      for (let t: usize = 0; t < repeat; t++, o += 4) store<f32>(o, value);
    }
  }
}
