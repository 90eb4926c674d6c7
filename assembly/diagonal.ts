// A diagonal becomes a matrix: bias[i, j] = diagonal[j - i], so row i is a contiguous window of one vector. An entry of the
// diagonal is one float, or `width` of them where the heads are the last dimension. Entries are moved as 32-bit words, so
// integers pass through unchanged unless they are added.
import { ADD, MULTIPLY, REPLACE } from "../src/runtime/codes";

/** Copies n words to o, or adds or multiplies n floats into it. */
// @ts-ignore: decorator
@inline
function move(o: usize, d: usize, n: usize, mode: i32): void {
  if (mode == REPLACE) {
    const moved = (n >> 4) << 6;
    const phase = d & 15;
    if (phase == 4) copyShifted(o, d - 4, moved, 4);
    else if (phase == 8) copyShifted(o, d - 8, moved, 8);
    else if (phase == 12) copyShifted(o, d - 12, moved, 12);
    else copyShifted(o, d, moved, 0);
    o += moved;
    d += moved;
    n &= 15;
  }
  for (; n >= 4; n -= 4, d += 16, o += 16) {
    const v = v128.load(d);
    if (mode == MULTIPLY) v128.store(o, f32x4.mul(v128.load(o), v));
    else if (mode == ADD) v128.store(o, f32x4.add(v128.load(o), v));
    else v128.store(o, v);
  }
  for (; n; n--, d += 4, o += 4) {
    const word = load<u32>(d);
    if (mode == MULTIPLY) store<f32>(o, load<f32>(o) * reinterpret<f32>(word));
    else if (mode == ADD) store<f32>(o, load<f32>(o) + reinterpret<f32>(word));
    else store<u32>(o, word);
  }
}

/**
 * Copies `bytes` (a multiple of 64) from d + phase, where d is a multiple of 16. An unaligned load that crosses two cache lines
 * costs two; so only aligned vectors are loaded, and each unaligned one is shuffled together from two neighbours.
 */
// @ts-ignore: decorator
@inline
function copyShifted(o: usize, d: usize, bytes: usize, phase: i32): void {
  if (phase == 0) {
    for (const end = d + bytes; d < end; d += 64, o += 64) {
      v128.store(o, v128.load(d));
      v128.store(o, v128.load(d, 16), 16);
      v128.store(o, v128.load(d, 32), 32);
      v128.store(o, v128.load(d, 48), 48);
    }
    return;
  }
  // every aligned vector that is loaded holds a byte that is copied, so no load can leave the memory
  let a = v128.load(d);
  for (const end = d + bytes; d < end; d += 64, o += 64) {
    const b = v128.load(d, 16);
    const c = v128.load(d, 32);
    const e = v128.load(d, 48);
    v128.store(o, shifted(a, b, phase));
    v128.store(o, shifted(b, c, phase), 16);
    v128.store(o, shifted(c, e, phase), 32);
    a = v128.load(d, 64);
    v128.store(o, shifted(e, a, phase), 48);
  }
}

/** Sixteen bytes of a and b from `phase` on. */
// @ts-ignore: decorator
@inline
function shifted(a: v128, b: v128, phase: i32): v128 {
  if (phase == 4) return v128.shuffle<i32>(a, b, 1, 2, 3, 4);
  if (phase == 8) return v128.shuffle<i32>(a, b, 2, 3, 4, 5);
  return v128.shuffle<i32>(a, b, 3, 4, 5, 6);
}

// @ts-ignore: decorator
@inline
function moveRows(
  out: usize, headStride: usize, rowStride: usize, diagonal: usize, diagonalStride: usize, heads: usize, step: usize,
  rows: usize, columns: usize, mode: i32,
): void {
  for (let h: usize = 0; h < heads; h++, diagonal += diagonalStride, out += headStride) {
    let d = diagonal;
    let o = out;
    for (let r: usize = 0; r < rows; r++, d -= step, o += rowStride) move(o, d, columns, mode);
  }
}

/**
 * out[h, r, :] = diagonal[h, - r step : - r step + columns], or with mode ADD or MULTIPLY added or multiplied into it. diagonal
 * points at the window of row 0; step (bytes) is how far the window moves back from row to row. Heads and rows of out are
 * headStride and rowStride apart.
 */
export function expandRows(
  out: usize, headStride: usize, rowStride: usize, diagonal: usize, diagonalStride: usize, heads: usize, step: usize,
  rows: usize, columns: usize, mode: i32,
): void {
  if (mode == MULTIPLY) moveRows(out, headStride, rowStride, diagonal, diagonalStride, heads, step, rows, columns, MULTIPLY);
  else if (mode == ADD) moveRows(out, headStride, rowStride, diagonal, diagonalStride, heads, step, rows, columns, ADD);
  else moveRows(out, headStride, rowStride, diagonal, diagonalStride, heads, step, rows, columns, REPLACE);
}

/**
 * Like expandRows for positions in any order: entry key - query of the diagonal, whose entry 0 stands for distance `first`.
 * Distances below low or above high take `mask`. Positions are int32 lists, or consecutive from query and key.
 */
export function gatherDistances(
  out: usize, headStride: usize, rowStride: usize, diagonal: usize, diagonalStride: usize, heads: usize, width: usize,
  rows: usize, columns: usize, queries: usize, query: i32, keys: usize, key: i32, first: f64, low: f64, high: f64,
  mask: f32, mode: i32,
): void {
  for (let h: usize = 0; h < heads; h++, diagonal += diagonalStride, out += headStride) {
    let row = out;
    for (let r: usize = 0; r < rows; r++, row += rowStride) {
      const i = queries ? <f64>load<i32>(queries + (r << 2)) : <f64>query + <f64>r;
      let o = row;
      for (let c: usize = 0; c < columns; c++) {
        const d = (keys ? <f64>load<i32>(keys + (c << 2)) : <f64>key + <f64>c) - i;
        const masked = d < low || d > high;
        let entry = masked ? diagonal : diagonal + <usize>(d - first) * (width << 2);
        for (let w: usize = 0; w < width; w++, entry += 4, o += 4) {
          const word = masked ? reinterpret<u32>(mask) : load<u32>(entry);
          if (mode == ADD) store<f32>(o, load<f32>(o) + reinterpret<f32>(word));
          else if (mode == MULTIPLY) store<f32>(o, load<f32>(o) * reinterpret<f32>(word));
          else store<u32>(o, word);
        }
      }
    }
  }
}

/** Distances key - query of one row as float64, clamped to [low, high]. Keys: int32 list, or consecutive from key. */
export function distanceRow(
  out: usize, query: i32, keys: usize, key: i32, columns: usize, low: f64, high: f64,
): void {
  for (let c: usize = 0; c < columns; c++) {
    const j = keys ? <f64>load<i32>(keys + (c << 2)) : <f64>key + <f64>c;
    store<f64>(out + (c << 3), max<f64>(low, min<f64>(j - <f64>query, high)));
  }
}

/** values[h, c, :] = mask where key - query is below low or above high. */
export function maskRow(
  values: usize, stride: usize, heads: usize, width: usize, query: i32, keys: usize, key: i32, columns: usize,
  low: f64, high: f64, mask: f32,
): void {
  for (let h: usize = 0; h < heads; h++, values += stride) {
    for (let c: usize = 0; c < columns; c++) {
      const d = (keys ? <f64>load<i32>(keys + (c << 2)) : <f64>key + <f64>c) - <f64>query;
      if (d >= low && d <= high) continue;
      for (let w: usize = 0; w < width; w++) store<f32>(values + ((c * width + w) << 2), mask);
    }
  }
}

/** Fills rows of n floats, stride bytes apart, with one value. */
export function fillRows(out: usize, stride: usize, rows: usize, n: usize, value: f32): void {
  const v = f32x4.splat(value);
  for (let r: usize = 0; r < rows; r++, out += stride) {
    let o = out;
    let rest = n;
    for (; rest >= 4; rest -= 4, o += 16) v128.store(o, v);
    for (; rest; rest--, o += 4) store<f32>(o, value);
  }
}

/**
 * out[h, i] = source[i entryStride + h headStride]: rows of heads become heads of rows. Strides in bytes, of any sign.
 */
export function transposeEntries(
  out: usize, outStride: usize, source: usize, entryStride: isize, headStride: isize, heads: usize, count: usize,
): void {
  for (let h: usize = 0; h < heads; h++, out += outStride, source += headStride) {
    let s = source;
    const end = out + (count << 2);
    for (let o = out; o < end; o += 4, s += entryStride) store<u32>(o, load<u32>(s));
  }
}

/** out[h, t, :] = `width` words at source + h headStride + list[t] entryStride, for whole float64 numbers at list. */
export function pickRows(
  out: usize, outStride: usize, source: usize, headStride: usize, heads: usize, entryStride: isize, width: usize,
  list: usize, count: usize,
): void {
  for (let h: usize = 0; h < heads; h++, out += outStride, source += headStride) {
    let o = out;
    for (let t: usize = 0; t < count; t++) {
      let s = source + <isize>load<f64>(list + (t << 3)) * entryStride;
      for (let w: usize = 0; w < width; w++, s += 4, o += 4) store<u32>(o, load<u32>(s));
    }
  }
}

/**
 * One row of a mask as bytes: 1 where low <= key position <= high and the column is in [from, to), else 0. Keys: int32 list
 * (from and to are then the whole row), or consecutive from key.
 */
export function maskBytes(
  out: usize, low: f64, high: f64, keys: usize, key: i32, columns: usize, from: usize, to: usize,
): void {
  if (keys) {
    for (let c: usize = 0; c < columns; c++) {
      const j = <f64>load<i32>(keys + (c << 2));
      store<u8>(out + c, j >= low && j <= high ? 1 : 0);
    }
    return;
  }
  const n = <f64>columns;
  const start = max(min(from, columns), <usize>max(0.0, min(low - <f64>key, n)));
  const end = max(start, min(to, <usize>max(0.0, min(high - <f64>key + 1.0, n))));
  memory.fill(out, 0, start);
  memory.fill(out + start, 1, end - start);
  memory.fill(out + end, 0, columns - end);
}
