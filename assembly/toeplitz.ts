// A diagonal becomes a matrix: bias[i, j] = diagonal[j - i], so row i is a contiguous window of one vector.

/**
 * out[h, r, :] = diagonal[h, last - r : last - r + columns] for r = 0 .. rows - 1.
 * diagonal: heads x diagonalLength floats; `last` is the window start of row 0. Rows of out are contiguous; heads are headStride bytes apart.
 */
export function expandRows(
  out: usize, headStride: usize, diagonal: usize, diagonalLength: usize, heads: usize, last: usize, rows: usize, columns: usize,
): void {
  const whole = (columns >> 4) << 6;
  for (let h: usize = 0; h < heads; h++, diagonal += diagonalLength << 2, out += headStride) {
    let window = diagonal + (last << 2);
    let o = out;
    for (let r: usize = 0; r < rows; r++, window -= 4) {
      let d = window;
      const end = d + whole;
      while (d < end) {
        v128.store(o, v128.load(d));
        v128.store(o, v128.load(d, 16), 16);
        v128.store(o, v128.load(d, 32), 32);
        v128.store(o, v128.load(d, 48), 48);
        d += 64;
        o += 64;
      }
      let rest = columns & 15;
      for (; rest >= 4; rest -= 4, d += 16, o += 16) v128.store(o, v128.load(d));
      for (; rest; rest--, d += 4, o += 4) store<f32>(o, load<f32>(d));
    }
  }
}
