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

/** Rows of selectStreams worked on at a time: what is read and written for them stays in the first cache. */
const SELECTED_ROWS: usize = 64;

/**
 * out[t][i] is the float at x + offsets[s][t] + 4 i, s being the stream of column i. offsets: uint32, bytes, stream s at
 * offsets + s x offsetsStride. masks: int32 [streams][width], all ones in the plane of the column's stream; at most 4 streams.
 */
export function selectStreams(
  out: usize, outStride: usize, x: usize, offsets: usize, offsetsStride: usize, streams: usize, masks: usize, n: usize, width: usize,
): void {
  const plane = width << 2;
  while (n) {
    const rows = min<usize>(n, SELECTED_ROWS);
    let at: usize = 0;
    while (at + 16 <= plane) {
      const m = masks + at;
      if (at + 32 <= plane && streams == 3 && mixed(m, plane, streams) && mixed(m + 16, plane, streams)) {
        selectEight(out + at, outStride, x + at, offsets, offsetsStride, m, plane, rows);
        at += 32;
      } else {
        selectFour(out + at, outStride, x + at, offsets, offsetsStride, streams, m, plane, rows);
        at += 16;
      }
    }
    for (; at < plane; at += 4) {
      let from = offsets;
      for (let mask = masks + at; !load<i32>(mask); mask += plane) from += offsetsStride;
      for (let o = out + at, end = from + (rows << 2); from < end; from += 4, o += outStride) {
        store<i32>(o, load<i32>(x + at + <usize>load<u32>(from)));
      }
    }
    n -= rows;
    out += rows * outStride;
    offsets += rows << 2;
  }
}

/** Whether four columns are of several streams. */
function mixed(masks: usize, plane: usize, streams: usize): bool {
  for (let s: usize = 0; s < streams; s++, masks += plane) if (i32x4.all_true(v128.load(masks))) return false;
  return true;
}

/** Columns of three streams: they are selected by masks that stay in registers. */
// @ts-ignore: decorator
@inline
function selectThree(a: usize, b: usize, c: usize, m0: v128, m1: v128, m2: v128): v128 {
  return v128.or(
    v128.or(v128.and(v128.load(a), m0), v128.and(v128.load(b), m1)), v128.and(v128.load(c), m2),
  );
}

/** Eight columns of three streams. */
function selectEight(
  o: usize, outStride: usize, x: usize, offsets: usize, offsetsStride: usize, masks: usize, plane: usize, rows: usize,
): void {
  const m0 = v128.load(masks);
  const m1 = v128.load(masks + plane);
  const m2 = v128.load(masks + (plane << 1));
  const n0 = v128.load(masks, 16);
  const n1 = v128.load(masks + plane, 16);
  const n2 = v128.load(masks + (plane << 1), 16);
  let second = offsets + offsetsStride;
  let third = second + offsetsStride;
  for (const end = offsets + (rows << 2); offsets < end; offsets += 4, second += 4, third += 4, o += outStride) {
    const a = x + <usize>load<u32>(offsets);
    const b = x + <usize>load<u32>(second);
    const c = x + <usize>load<u32>(third);
    v128.store(o, selectThree(a, b, c, m0, m1, m2));
    v128.store(o, selectThree(a + 16, b + 16, c + 16, n0, n1, n2), 16);
  }
}

/** Four columns: copied where all are of one stream. */
function selectFour(
  out: usize, outStride: usize, x: usize, offsets: usize, offsetsStride: usize, streams: usize, masks: usize, plane: usize, rows: usize,
): void {
  for (let s: usize = 0, from = offsets; s < streams; s++, from += offsetsStride) {
    if (!i32x4.all_true(v128.load(masks + s * plane))) continue;
    for (let o = out, end = from + (rows << 2); from < end; from += 4, o += outStride) {
      v128.store(o, v128.load(x + <usize>load<u32>(from)));
    }
    return;
  }
  const none = i32x4.splat(0);
  const m0 = v128.load(masks);
  const m1 = streams > 1 ? v128.load(masks + plane) : none;
  const m2 = streams > 2 ? v128.load(masks + (plane << 1)) : none;
  // a stream that is not there takes nothing from the rows of stream 0
  let b = streams > 1 ? offsets + offsetsStride : offsets;
  let c = streams > 2 ? b + offsetsStride : offsets;
  let o = out;
  for (let a = offsets, end = offsets + (rows << 2); a < end; a += 4, b += 4, c += 4, o += outStride) {
    v128.store(o, selectThree(x + <usize>load<u32>(a), x + <usize>load<u32>(b), x + <usize>load<u32>(c), m0, m1, m2));
  }
  if (streams < 4) return;
  const m3 = v128.load(masks + plane * 3);
  o = out;
  for (let d = offsets + offsetsStride * 3, last = d + (rows << 2); d < last; d += 4, o += outStride) {
    v128.store(o, v128.or(v128.load(o), v128.and(v128.load(x + <usize>load<u32>(d)), m3)));
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
