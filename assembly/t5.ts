// T5, arXiv 1910.10683 (mesh-tensorflow's _relative_position_bucket): a table entry per bucket of distances. A diagonal is a few
// runs of one value each, so it is filled, not computed.

/** The run that holds distance d: the last whose start is not above it. starts[0] counts as minus infinity. */
// @ts-ignore: decorator
@inline
function runOf(starts: usize, runs: usize, d: i64): usize {
  let low: usize = 0;
  let high = runs;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (<i64>load<i32>(starts + (middle << 2)) <= d) low = middle;
    else high = middle;
  }
  return low;
}

/** The value of a run in every lane: its bucket's entry of the table times scale, or the bucket itself without a table. */
// @ts-ignore: decorator
@inline
function valueOf(bucket: i32, table: usize, tableStride: usize, scale: f32): v128 {
  if (table == 0) return i32x4.splat(bucket);
  return f32x4.mul(v128.load32_splat(table + <usize>bucket * tableStride), f32x4.splat(scale));
}

/** Runs up to this many bytes are written to four rows side by side. */
const SHORT: usize = 64;

/**
 * out[h, t] = scale x table[bucket(distance), h] for the distances at `list` (float64) or consecutive from `first`.
 * Run r holds buckets[r] from starts[r] on. table: buckets x heads, tableStride bytes a bucket, pointing at the first head
 * wanted; 0 writes the bucket number as an int32, of one head.
 */
export function bucketRows(
  out: usize, stride: usize, heads: usize, starts: usize, buckets: usize, runs: usize, table: usize, tableStride: usize,
  scale: f32, first: f64, count: usize, list: usize,
): void {
  if (list) {
    for (let h: usize = 0; h < heads; h++, out += stride, table += table ? 4 : 0) {
      for (let t: usize = 0; t < count; t++) {
        const r = runOf(starts, runs, <i64>load<f64>(list + (t << 3)));
        v128.store32_lane(out + (t << 2), valueOf(load<i32>(buckets + (r << 2)), table, tableStride, scale), 0);
      }
    }
    return;
  }
  const begin = <i64>first;
  const start = runOf(starts, runs, begin);
  const bytes = count << 2;
  while (heads) {
    const four = heads >= 4 && table != 0;
    let r = start;
    for (let from: usize = 0, to: usize = 0; from < bytes; from = to) {
      const bucket = load<i32>(buckets + (r << 2));
      r++;
      to = bytes;
      if (r < runs) to = <usize>min<i64>(<i64>load<i32>(starts + (r << 2)) - begin, <i64>count) << 2;
      let values = four
        ? f32x4.mul(v128.load(table + <usize>bucket * tableStride), f32x4.splat(scale))
        : valueOf(bucket, table, tableStride, scale);
      // the last vector may write past its run: the next run is written later and covers it
      if (four && to - from <= SHORT && to + 12 <= bytes) {
        const a = v128.shuffle<i32>(values, values, 0, 0, 0, 0);
        const b = v128.shuffle<i32>(values, values, 1, 1, 1, 1);
        const c = v128.shuffle<i32>(values, values, 2, 2, 2, 2);
        const d = v128.shuffle<i32>(values, values, 3, 3, 3, 3);
        const end = out + to;
        for (let o = out + from; o < end; o += 16) {
          v128.store(o, a);
          v128.store(o + stride, b);
          v128.store(o + 2 * stride, c);
          v128.store(o + 3 * stride, d);
        }
        continue;
      }
      let row = out;
      for (let rest = four ? 4 : 1; rest; rest--, row += stride) {
        const v = v128.shuffle<i32>(values, values, 0, 0, 0, 0);
        const end = row + to;
        const whole = min(end, row + bytes - 12); // a vector that starts below this ends inside the row
        let o = row + from;
        for (; o < whole; o += 16) v128.store(o, v);
        for (; o < end; o += 4) v128.store32_lane(o, v, 0);
        values = v128.shuffle<i32>(values, values, 1, 2, 3, 0);
      }
    }
    const done: usize = four ? 4 : 1;
    heads -= done;
    out += done * stride;
    if (table) table += done << 2;
  }
}
