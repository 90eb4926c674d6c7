// A bias over a grid of tokens: the number of a pair depends on the difference of their rows and of their columns, so a
// query's bias against one row of keys is a contiguous run of the table (Swin, BEiT, MaxViT).
import { ADD } from "../src/runtime/codes";

/**
 * out[h, q, prefix + (ky, kx)] = table[h, ky - qy + height - 1 - from, kx - qx + width - 1] for those rows of the table that
 * are there: [from, to) of its 2 height - 1, each of 2 width - 1 floats, rows of one head contiguous. Query tokens
 * [first, first + rows) of the grid, row-major; out points at the first of them. mode: REPLACE or ADD.
 */
export function gridRows(
  out: usize, headStride: usize, rowStride: usize, table: usize, heads: usize, from: i32, to: i32, height: i32, width: i32,
  first: i32, rows: i32, prefix: usize, mode: i32,
): void {
  const breadth = 2 * width - 1;
  const tableStride = <usize>(to - from) * <usize>breadth << 2;
  for (let h: usize = 0; h < heads; h++, out += headStride, table += tableStride) {
    let row = out + (prefix << 2);
    for (let q = first; q < first + rows; q++, row += rowStride) {
      const qy = q / width;
      const qx = q - qy * width;
      // key rows whose difference is among those of the table
      const low = max(0, from + qy - height + 1);
      const high = min(height, to + qy - height + 1);
      for (let ky = low; ky < high; ky++) {
        let s = table + (<usize>((ky - qy + height - 1 - from) * breadth + width - 1 - qx) << 2);
        let o = row + (<usize>(ky * width) << 2);
        let n = width;
        if (mode == ADD) {
          for (; n >= 4; n -= 4, s += 16, o += 16) v128.store(o, f32x4.add(v128.load(o), v128.load(s)));
          for (; n; n--, s += 4, o += 4) store<f32>(o, load<f32>(o) + load<f32>(s));
        } else {
          for (; n >= 4; n -= 4, s += 16, o += 16) v128.store(o, v128.load(s));
          for (; n; n--, s += 4, o += 4) store<u32>(o, load<u32>(s));
        }
      }
    }
  }
}

/**
 * The rows and columns of a CLS token in front of `tokens` others: out[h, 0, 0] = corner, out[h, 0, 1..] = row, and
 * out[h, r, 0] = column, h apart as words at corner, row, column + 4 h. Rows [first, first + rows) of tokens + 1.
 */
export function classRows(
  out: usize, headStride: usize, rowStride: usize, corner: usize, row: usize, column: usize, heads: usize,
  tokens: usize, first: usize, rows: usize, mode: i32,
): void {
  for (let h: usize = 0; h < heads; h++, out += headStride, corner += 4, row += 4, column += 4) {
    let o = out;
    for (let r = first; r < first + rows; r++, o += rowStride) {
      put(o, load<u32>(r == 0 ? corner : column), mode);
      if (r == 0) for (let c: usize = 1; c <= tokens; c++) put(o + (c << 2), load<u32>(row), mode);
    }
  }
}

// @ts-ignore: decorator
@inline
function put(o: usize, word: u32, mode: i32): void {
  if (mode == ADD) store<f32>(o, load<f32>(o) + reinterpret<f32>(word));
  else store<u32>(o, word);
}

/** out[t] = first + t step, as int32: the number of a table entry in each of its places. */
export function indexRow(out: usize, first: i32, step: i32, count: usize): void {
  for (let t: usize = 0; t < count; t++) store<i32>(out + (t << 2), first + <i32>t * step);
}

/** Pairs (ys[e / breadth], xs[e mod breadth]) of the table entries e = first .. first + count - 1. */
export function gridCoordinates(out: usize, ys: usize, xs: usize, breadth: usize, first: usize, count: usize): void {
  for (let e = first; e < first + count; e++, out += 8) {
    const y = e / breadth;
    store<f32>(out, load<f32>(ys + (y << 2)));
    store<f32>(out, load<f32>(xs + ((e - y * breadth) << 2)), 4);
  }
}

/** x times factor, in place. */
export function scaleFloats(x: usize, n: usize, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n >= 4; n -= 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), f));
  for (; n; n--, x += 4) store<f32>(x, load<f32>(x) * factor);
}
