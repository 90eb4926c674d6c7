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

/**
 * out[t][i] = x[rows[s][t]][i], s being the stream of column i. rows: int32, stream s at rows + s x rowsStride.
 * masks: int32 [planes][width], all ones in the plane of the column's stream; planes: 3 or 4, those above `streams` empty.
 */
export function selectStreams(
  out: usize, outStride: usize, x: usize, xStride: usize, rows: usize, rowsStride: usize, streams: usize,
  masks: usize, planes: usize, n: usize, width: usize,
): void {
  const plane = width << 2;
  // an empty plane reads the rows of stream 0, and takes nothing from them
  const second = streams > 1 ? rowsStride : 0;
  const third = streams > 2 ? rowsStride << 1 : 0;
  const fourth = rowsStride * 3;
  for (; n; n--, out += outStride, rows += 4) {
    const a = x + <usize>load<i32>(rows) * xStride;
    selectThree(
      out, a, x + <usize>load<i32>(rows + second) * xStride, x + <usize>load<i32>(rows + third) * xStride,
      masks, masks + plane, masks + (plane << 1), plane,
    );
    if (planes > 3) addSelected(out, x + <usize>load<i32>(rows + fourth) * xStride, masks + plane * 3, plane);
  }
}

/** One row: the columns that each mask takes, two vectors a turn. */
// @ts-ignore: decorator
@inline
function selectThree(o: usize, a: usize, b: usize, c: usize, m0: usize, m1: usize, m2: usize, bytes: usize): void {
  const end = o + bytes;
  for (const whole = o + (bytes & ~31); o < whole; o += 32, a += 32, b += 32, c += 32, m0 += 32, m1 += 32, m2 += 32) {
    const low = v128.or(
      v128.or(v128.and(v128.load(a), v128.load(m0)), v128.and(v128.load(b), v128.load(m1))),
      v128.and(v128.load(c), v128.load(m2)),
    );
    const high = v128.or(
      v128.or(v128.and(v128.load(a, 16), v128.load(m0, 16)), v128.and(v128.load(b, 16), v128.load(m1, 16))),
      v128.and(v128.load(c, 16), v128.load(m2, 16)),
    );
    v128.store(o, low);
    v128.store(o, high, 16);
  }
  for (; o < end; o += 4, a += 4, b += 4, c += 4, m0 += 4, m1 += 4, m2 += 4) {
    store<i32>(o, (load<i32>(a) & load<i32>(m0)) | (load<i32>(b) & load<i32>(m1)) | (load<i32>(c) & load<i32>(m2)));
  }
}

/** Adds the columns of one mask more. */
function addSelected(o: usize, a: usize, m: usize, bytes: usize): void {
  for (const end = o + bytes; o < end; o += 4, a += 4, m += 4) store<i32>(o, load<i32>(o) | (load<i32>(a) & load<i32>(m)));
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
