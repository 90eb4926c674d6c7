// bfloat16: the upper half of a float32, rounded to nearest even; NaN stays a quiet NaN.

// @ts-ignore: decorator
@inline
function round(bits: u32): u32 {
  const rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
  return (bits & 0x7fffffff) > 0x7f800000 ? (bits & 0xffff0000) | 0x00400000 : rounded;
}

/** Rounds n float32 values to bfloat16 precision in place. */
export function roundBfloat16(x: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 4) store<u32>(x, round(load<u32>(x)));
}

/** n float32 values at x as bfloat16 codes at out. */
export function narrowBfloat16(out: usize, x: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 4, out += 2) store<u16>(out, round(load<u32>(x)) >> 16);
}

/**
 * Rows of `width` bfloat16 codes as float32. Row t comes from row rows[t] (int32) of the codes, or from row t when rows is 0;
 * a negative row is left out.
 */
export function widenBfloat16(out: usize, codes: usize, rows: usize, n: usize, width: usize): void {
  for (let t: usize = 0; t < n; t++, out += width << 2) {
    const row = rows ? load<i32>(rows + (t << 2)) : <i32>t;
    if (row < 0) continue;
    let from = codes + <usize>row * (width << 1);
    let to = out;
    const end = from + ((width >> 2) << 3);
    while (from < end) {
      v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
      from += 8;
      to += 16;
    }
    for (let rest = width & 3; rest; rest--, from += 2, to += 4) store<u32>(to, <u32>load<u16>(from) << 16);
  }
}
