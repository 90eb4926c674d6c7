// ALiBi, arXiv 2108.12409: slope x distance. It needs no stored diagonal: a row is at most four segments, each an arithmetic
// progression times a slope.
import { LANE_NUMBERS } from "../src/runtime/constants";

/** Four vectors of r x m. */
// @ts-ignore: decorator
@inline
function storeRamp(o: usize, r0: v128, r1: v128, r2: v128, r3: v128, m: v128): void {
  v128.store(o, f32x4.mul(r0, m));
  v128.store(o, f32x4.mul(r1, m), 16);
  v128.store(o, f32x4.mul(r2, m), 32);
  v128.store(o, f32x4.mul(r3, m), 48);
}

/** Any four columns: slope by the sign of the distance r, mask outside [low, high]. */
// @ts-ignore: decorator
@inline
function mixed(r: v128, below: v128, above: v128, low: v128, high: v128, mask: v128): v128 {
  const value = f32x4.mul(r, v128.bitselect(above, below, f32x4.gt(r, i32x4.splat(0))));
  return v128.bitselect(mask, value, v128.or(f32x4.lt(r, low), f32x4.gt(r, high)));
}

/** Columns [c, columns) one by one from integer distances: the ends of rows, and distances past 2^24, which float32 steps over. */
function scalarRow(
  o: usize, c: i32, columns: i32, first: i64, below: f32, above: f32, low: i64, high: i64, mask: f32,
): void {
  for (; c < columns; c++) {
    const d = first + c;
    store<f32>(o + (<usize>c << 2), d < low || d > high ? mask : <f32>d * (d <= 0 ? below : above));
  }
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
  left: i32, right: i32, maskValue: f32, constants: usize,
): void {
  // 4 and 16 are computed from the loaded lane numbers 0 1 2 3: literals would be built anew in every pass
  const i0 = v128.load(constants, LANE_NUMBERS);
  const one = v128.shuffle<f32>(i0, i0, 1, 1, 1, 1);
  const four = f32x4.add(one, v128.shuffle<f32>(i0, i0, 3, 3, 3, 3));
  const step = f32x4.mul(four, four);
  const i1 = f32x4.add(i0, four);
  const i2 = f32x4.add(i1, four);
  const i3 = f32x4.add(i2, four);
  const mask = f32x4.splat(maskValue);
  const quads = columns & ~3;
  for (let h: usize = 0; h < heads; h++, slopes += 8, out += headStride) {
    const belowSlope = load<f32>(slopes);
    const aboveSlope = load<f32>(slopes, 4);
    const below = f32x4.splat(belowSlope);
    const above = f32x4.splat(aboveSlope);
    let row = out;
    for (let r: usize = 0; r < rows; r++, row += rowStride) {
      const i = <i64>(queries ? load<i32>(queries + (r << 2)) : query + <i32>r);
      const zero = centred ? i : <i64>centre;
      // distances allowed; 2^31 - 1 is unlimited, for positions may be further apart than that
      const low = (left == i32.MAX_VALUE ? i - 0x200000000 : i - left) - zero;
      const high = (right == i32.MAX_VALUE ? i + 0x200000000 : i + right) - zero;
      if (keys) {
        for (let c = 0; c < columns; c++) {
          const d = <i64>load<i32>(keys + (<usize>c << 2)) - zero;
          store<f32>(row + (<usize>c << 2), d < low || d > high ? maskValue : <f32>d * (d <= 0 ? belowSlope : aboveSlope));
        }
        continue;
      }
      const first = <i64>key - zero;
      if (first <= -16777216 || first + columns >= 16777216) {
        scalarRow(row, 0, columns, first, belowSlope, aboveSlope, low, high, maskValue);
        continue;
      }
      // Four segments: [0, from) masked, [from, split) left slope, [split, to) right slope, [to, columns) masked. 16 columns that
      // lie inside one segment take its formula; four columns across a border choose by lane (mixed).
      const to = clamp(high - first + 1, columns);
      const from = min(clamp(low - first, columns), to);
      const split = min(max(clamp(1 - first, columns), from), to);
      const lowest = f32x4.splat(<f32>low);
      const highest = f32x4.splat(<f32>high);
      let c = 0;
      let o = row;
      while (c + 16 <= columns) {
        const start = f32x4.splat(<f32>(<i32>first + c));
        let r0 = f32x4.add(start, i0);
        let r1 = f32x4.add(start, i1);
        let r2 = f32x4.add(start, i2);
        let r3 = f32x4.add(start, i3);
        const inRamp = c >= from && c < to;
        const until = (c < from ? from : c < split ? split : c < to ? to : columns) - 15;
        if (c >= until) {
          v128.store(o, mixed(r0, below, above, lowest, highest, mask));
          c += 4;
          o += 16;
        } else if (inRamp) {
          const m = c < split ? below : above;
          for (; c < until; c += 16, o += 64) {
            storeRamp(o, r0, r1, r2, r3, m);
            r0 = f32x4.add(r0, step);
            r1 = f32x4.add(r1, step);
            r2 = f32x4.add(r2, step);
            r3 = f32x4.add(r3, step);
          }
        } else {
          for (; c < until; c += 16, o += 64) {
            v128.store(o, mask);
            v128.store(o, mask, 16);
            v128.store(o, mask, 32);
            v128.store(o, mask, 48);
          }
        }
      }
      for (; c < quads; c += 4, o += 16) {
        v128.store(o, mixed(f32x4.add(f32x4.splat(<f32>(<i32>first + c)), i0), below, above, lowest, highest, mask));
      }
      scalarRow(row, c, columns, first, belowSlope, aboveSlope, low, high, maskValue);
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
