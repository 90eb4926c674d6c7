// Piecewise constant functions of the distance: T5 buckets (arXiv 1910.10683, mesh _relative_position_bucket). A diagonal is
// a few runs of one value, so it is filled, not computed.

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

/** The bits of a run's value: its bucket's entry of the table times scale, or the bucket itself without a table. */
// @ts-ignore: decorator
@inline
function bitsOf(bucket: i32, table: usize, tableStride: usize, scale: f32): i32 {
  if (table == 0) return bucket;
  return reinterpret<i32>(load<f32>(table + <usize>bucket * tableStride) * scale);
}

/**
 * out[h, t] = scale x table[bucket(distance), h] for the distances at `list` (float64) or consecutive from `first`.
 * Run r holds buckets[r] from starts[r] on. table: buckets x heads, tableStride bytes a bucket, pointing at the first head
 * wanted; 0 writes the bucket number as an int32.
 */
export function bucketRows(
  out: usize, stride: usize, heads: usize, starts: usize, buckets: usize, runs: usize, table: usize, tableStride: usize,
  scale: f32, first: f64, count: usize, list: usize,
): void {
  for (let h: usize = 0; h < heads; h++, out += stride, table += table ? 4 : 0) {
    if (list) {
      for (let t: usize = 0; t < count; t++) {
        const r = runOf(starts, runs, <i64>load<f64>(list + (t << 3)));
        store<i32>(out + (t << 2), bitsOf(load<i32>(buckets + (r << 2)), table, tableStride, scale));
      }
      continue;
    }
    const begin = <i64>first;
    let r = runOf(starts, runs, begin);
    let o = out;
    const last = out + (count << 2);
    const whole = last - 12; // a vector that starts below this ends inside the row
    while (o < last) {
      const word = bitsOf(load<i32>(buckets + (r << 2)), table, tableStride, scale);
      r++;
      let end = last;
      if (r < runs) end = min(last, out + (<usize>min<i64>(<i64>load<i32>(starts + (r << 2)) - begin, <i64>count) << 2));
      // past the end of a run comes the next one, which is written afterwards
      const v = i32x4.splat(word);
      const limit = min(end, whole);
      for (; o < limit; o += 16) v128.store(o, v);
      if (o > end) o = end;
      for (; o < end; o += 4) store<i32>(o, word);
    }
  }
}
