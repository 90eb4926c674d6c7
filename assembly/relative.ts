// Scores that depend on content and distance: a product with the rows of a relative table, g[i, t] = x_i . R_t, is shifted or
// gathered onto the scores, out[i, j] += g[i, index(j - i)]. Neither [q, k, d] nor a padded and reshaped g ever exists.
// Row r and column c of a block have t = first - r + c.

// @ts-ignore: decorator
@inline
function addConstant(o: usize, count: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; count >= 4; count -= 4, o += 16) v128.store(o, f32x4.add(v128.load(o), v));
  for (; count > 0; count--, o += 4) store<f32>(o, load<f32>(o) + value);
}

// @ts-ignore: decorator
@inline
function within(t: i64, from: i32, to: i32): i32 {
  return <i32>max<i64>(from, min<i64>(t, to));
}

/**
 * Relative shift by direct indexing: out[r, c] += g[r, t - low] for low <= t < high. Beyond, the edge value is added when
 * `clip`, else nothing. Strides in bytes; gStride 0 adds one row everywhere.
 */
export function shiftAdd(
  out: usize, outStride: usize, g: usize, gStride: usize, rows: i32, columns: i32, first: i32, low: i32, high: i32,
  clip: i32,
): void {
  const last: usize = <usize>(high - low - 1) << 2;
  for (let r = 0; r < rows; r++, out += outStride, g += gStride) {
    const t = <i64>first - r;
    const from = within(<i64>low - t, 0, columns);
    const to = within(<i64>high - t, from, columns);
    if (clip) addConstant(out, from, load<f32>(g));
    let o = out + (<usize>from << 2);
    let a = g + (<usize>(t + from - low) << 2);
    let count = to - from;
    for (; count >= 8; count -= 8, o += 32, a += 32) {
      v128.store(o, f32x4.add(v128.load(o), v128.load(a)));
      v128.store(o, f32x4.add(v128.load(o, 16), v128.load(a, 16)), 16);
    }
    for (; count > 0; count--, o += 4, a += 4) store<f32>(o, load<f32>(o) + load<f32>(a));
    if (clip) addConstant(o, columns - to, load<f32>(g + last));
  }
}

/**
 * Gather through a distance lookup: out[r, c] += the float at g + r gRow + c gColumn + lut[first - r + c]; lut holds byte
 * offsets. gColumn 0: products of the queries; gRow 0: products of the keys.
 */
export function gatherAdd(
  out: usize, outStride: usize, g: usize, gRow: usize, gColumn: usize, rows: usize, columns: usize, lut: usize,
  first: usize,
): void {
  let window = lut + (first << 2);
  const two = gColumn << 1;
  const three = two + gColumn;
  const four = gColumn << 2;
  for (let r: usize = 0; r < rows; r++, out += outStride, g += gRow, window -= 4) {
    let o = out;
    let l = window;
    let a = g;
    const end = o + ((columns >> 2) << 4);
    for (; o < end; o += 16, l += 16, a += four) {
      let v = v128.load_zero<f32>(a + <usize>load<u32>(l));
      v = v128.load_lane<f32>(a + gColumn + <usize>load<u32>(l, 4), v, 1);
      v = v128.load_lane<f32>(a + two + <usize>load<u32>(l, 8), v, 2);
      v = v128.load_lane<f32>(a + three + <usize>load<u32>(l, 12), v, 3);
      v128.store(o, f32x4.add(v128.load(o), v));
    }
    for (let rest = columns & 3; rest; rest--, o += 4, l += 4, a += gColumn) {
      store<f32>(o, load<f32>(o) + load<f32>(a + <usize>load<u32>(l)));
    }
  }
}

function fill(o: usize, count: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; count >= 4; count -= 4, o += 16) v128.store(o, v);
  for (; count > 0; count--, o += 4) store<f32>(o, value);
}

// @ts-ignore: decorator
@inline
function copy(o: usize, a: usize, count: i32): void {
  for (; count >= 4; count -= 4, o += 16, a += 16) v128.store(o, v128.load(a));
  for (; count > 0; count--, o += 4, a += 4) store<f32>(o, load<f32>(a));
}

/** Sum of `count` floats: four lanes, then their sum, then the tail. */
function sum(a: usize, count: i32): f32 {
  let s = f32x4.splat(0.0);
  for (; count >= 4; count -= 4, a += 16) s = f32x4.add(s, v128.load(a));
  let total = (f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1))
    + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; count > 0; count--, a += 4) total += load<f32>(a);
  return total;
}

/**
 * Probabilities by distance, the shift backwards: w[r, t - low] = the sum of p[r, c] over the columns c whose index is t,
 * for low <= t < high; a t without a column is zero. With lowEdge, columns below `low` count as low; with highEdge, columns
 * from `high` on count as high - 1. Every sum runs over the whole row, in the order of its columns.
 */
export function bucketWeights(
  w: usize, wStride: usize, p: usize, pStride: usize, rows: i32, columns: i32, first: i32, low: i32, high: i32,
  lowEdge: i32, highEdge: i32,
): void {
  const width = high - low;
  for (let r = 0; r < rows; r++, w += wStride, p += pStride) {
    const t = <i64>first - r;
    const from = within(<i64>low - t, 0, columns);
    const to = within(<i64>high - t, from, columns);
    fill(w, width, 0.0);
    copy(w + (<usize>(t + from - low) << 2), p + (<usize>from << 2), to - from);
    if (lowEdge) store<f32>(w, load<f32>(w) + sum(p, from));
    if (highEdge) {
      const edge = w + (<usize>(width - 1) << 2);
      store<f32>(edge, load<f32>(edge) + sum(p + (<usize>to << 2), columns - to));
    }
  }
}

/** out[r, c] += e[r, segments[r, c] != 0]; e: two floats a row, segments int32. */
export function segmentAdd(
  out: usize, outStride: usize, e: usize, segments: usize, segmentStride: usize, rows: usize, columns: usize,
): void {
  for (let r: usize = 0; r < rows; r++, out += outStride, segments += segmentStride, e += 8) {
    const same = load<f32>(e);
    const other = load<f32>(e, 4);
    for (let c: usize = 0; c < columns; c++) {
      const o = out + (c << 2);
      store<f32>(o, load<f32>(o) + (load<i32>(segments + (c << 2)) ? other : same));
    }
  }
}

/** Cells whose key is before query - left or after query + right become `value`; row r has query + r, column c key c. */
export function maskBand(
  out: usize, outStride: usize, rows: i32, columns: i32, query: i32, left: i32, right: i32, value: f32,
): void {
  for (let r = 0; r < rows; r++, out += outStride) {
    const i = <i64>query + r;
    const to = within(i + right + 1, 0, columns);
    const from = within(i - left, 0, to);
    fill(out, from, value);
    fill(out + (<usize>to << 2), columns - to, value);
  }
}

/** Cells where the int32 mask is zero become `value`. maskStride 0 uses one mask row for all. */
export function maskCells(
  out: usize, outStride: usize, mask: usize, maskStride: usize, rows: usize, columns: usize, value: f32,
): void {
  for (let r: usize = 0; r < rows; r++, out += outStride, mask += maskStride) {
    for (let c: usize = 0; c < columns; c++) {
      if (!load<i32>(mask + (c << 2))) store<f32>(out + (c << 2), value);
    }
  }
}
