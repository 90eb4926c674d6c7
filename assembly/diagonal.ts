// Functions of key position minus query position. The linear bias (ALiBi, arXiv 2108.12409) needs no stored diagonal: a row
// is at most four segments, each an arithmetic progression times a slope.

/** Stores value into [from, to) of a row; may write past `to` but never past `columns`, so fill segments left to right. */
// @ts-ignore: decorator
@inline
function fill(row: usize, from: i32, to: i32, columns: i32, value: f32): void {
  let c = from;
  const v = f32x4.splat(value);
  const limit = min(to, columns - 3);
  for (; c < limit; c += 4) v128.store(row + (<usize>c << 2), v);
  for (; c < to; c++) store<f32>(row + (<usize>c << 2), value);
}

/** Stores slope x (first + column) into [from, to); `first` + column is exact in float32. Overshoots like fill. */
// @ts-ignore: decorator
@inline
function ramp(row: usize, from: i32, to: i32, columns: i32, first: i32, slope: f32, k: usize): void {
  let c = from;
  const m = f32x4.splat(slope);
  const step = f32x4.splat(16.0);
  let r0 = f32x4.add(f32x4.splat(<f32>(first + c)), v128.load(k, 192));
  let r1 = f32x4.add(r0, f32x4.splat(4.0));
  let r2 = f32x4.add(r0, f32x4.splat(8.0));
  let r3 = f32x4.add(r0, f32x4.splat(12.0));
  let o = row + (<usize>c << 2);
  for (const limit = to - 15; c < limit; c += 16, o += 64) {
    v128.store(o, f32x4.mul(r0, m));
    v128.store(o, f32x4.mul(r1, m), 16);
    v128.store(o, f32x4.mul(r2, m), 32);
    v128.store(o, f32x4.mul(r3, m), 48);
    r0 = f32x4.add(r0, step);
    r1 = f32x4.add(r1, step);
    r2 = f32x4.add(r2, step);
    r3 = f32x4.add(r3, step);
  }
  const four = f32x4.splat(4.0);
  for (const limit = min(to, columns - 3); c < limit; c += 4, o += 16) {
    v128.store(o, f32x4.mul(r0, m));
    r0 = f32x4.add(r0, four);
  }
  for (; c < to; c++, o += 4) store<f32>(o, slope * <f32>(first + c));
}

/** Like ramp where distances pass 2^24: every distance is converted from its integer. */
function rampFar(row: usize, from: i32, to: i32, first: i64, slope: f32): void {
  for (let c = from; c < to; c++) store<f32>(row + (<usize>c << 2), slope * <f32>(first + c));
}

// @ts-ignore: decorator
@inline
function clamp(x: i64, columns: i32): i32 {
  return <i32>max<i64>(0, min<i64>(x, columns));
}

/**
 * Linear bias. out[h, r, c] = d x (d <= 0 ? left slope : right slope) with d = key - centre, and maskValue where
 * key < query - left or key > query + right (2^31 - 1: no limit).
 *
 * slopes: heads x (left, right) float32. query: position of row 0, or int32 positions at `queries`. key: position of
 * column 0, or int32 positions at `keys`. centred: centre is the row's query; else the fixed `centre`.
 * Rows of out are rowStride bytes apart, heads headStride.
 */
export function alibiRows(
  out: usize, headStride: usize, rowStride: usize, slopes: usize, heads: usize, rows: usize, columns: i32,
  query: i32, queries: usize, key: i32, keys: usize, centred: i32, centre: i32,
  left: i32, right: i32, maskValue: f32, k: usize,
): void {
  for (let h: usize = 0; h < heads; h++, slopes += 8, out += headStride) {
    const below = load<f32>(slopes);
    const above = load<f32>(slopes, 4);
    let o = out;
    for (let r: usize = 0; r < rows; r++, o += rowStride) {
      const i = <i64>(queries ? load<i32>(queries + (r << 2)) : query + <i32>r);
      const zero = centred ? i : <i64>centre;
      // 2^31 - 1 is unlimited: positions may be further apart than that
      const low = left == i32.MAX_VALUE ? i - 0x200000000 : i - left;
      const high = right == i32.MAX_VALUE ? i + 0x200000000 : i + right;
      if (keys) {
        for (let c = 0; c < columns; c++) {
          const j = <i64>load<i32>(keys + (<usize>c << 2));
          const d = j - zero;
          store<f32>(o + (<usize>c << 2), j < low || j > high ? maskValue : <f32>d * (d <= 0 ? below : above));
        }
        continue;
      }
      // columns [0, from) masked, [from, turn) left slope, [turn, to) right slope, [to, columns) masked
      const first = <i64>key - zero;
      const to = clamp(high - key + 1, columns);
      const from = min(clamp(low - key, columns), to);
      const turn = min(max(clamp(1 - first, columns), from), to);
      fill(o, 0, from, columns, maskValue);
      if (first > -16777216 && first + columns < 16777216) {
        ramp(o, from, turn, columns, <i32>first, below, k);
        ramp(o, turn, to, columns, <i32>first, above, k);
      } else {
        rampFar(o, from, turn, first, below);
        rampFar(o, turn, to, first, above);
      }
      fill(o, to, columns, columns, maskValue);
    }
  }
}

/**
 * Linear bias at a list of float64 distances: out[h, t] = d x (d <= 0 ? left slope : right slope), maskValue where d < -left or
 * d > right. slopes: heads x (left, right) float32.
 */
export function slopeDistances(
  out: usize, stride: usize, slopes: usize, heads: usize, list: usize, count: usize, left: f64, right: f64, maskValue: f32,
): void {
  for (let h: usize = 0; h < heads; h++, slopes += 8, out += stride) {
    const below = load<f32>(slopes);
    const above = load<f32>(slopes, 4);
    for (let t: usize = 0; t < count; t++) {
      const d = load<f64>(list + (t << 3));
      store<f32>(out + (t << 2), d < -left || d > right ? maskValue : <f32>d * (d <= 0 ? below : above));
    }
  }
}
