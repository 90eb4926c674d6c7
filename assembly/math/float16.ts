// float16 (IEEE 754 binary16): 1 sign, 5 exponent, 10 fraction bits. Rounding to nearest even; NaN stays a quiet NaN.

/** n float32 values at x as float16 codes at out. */
export function narrowFloat16(out: usize, x: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 4, out += 2) {
    const bits = load<u32>(x);
    const sign = (bits >> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    let code: u32;
    if (magnitude >= 0x47800000) {
      // from 65536 on: infinity, or a NaN
      code = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    } else if (magnitude < 0x38800000) {
      // below 2^-14 the codes count steps of 2^-24: adding 0.5 rounds to them
      code = reinterpret<u32>(reinterpret<f32>(magnitude) + 0.5) - 0x3f000000;
    } else {
      // a fraction that rounds up to 2 carries into the exponent, and from 65520 on into infinity
      code = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    }
    store<u16>(out, sign | code);
  }
}

/** Four float16 codes, sign-extended to 32 bits, as float32. scale: 2^112, limit: 2^16. */
// @ts-ignore: decorator
@inline
function widen4(codes: v128, scale: v128, limit: v128): v128 {
  // exponent and fraction in place, then rebiased by a multiplication, which also normalizes what was subnormal
  const value = f32x4.mul(i32x4.shr_u(i32x4.shl(codes, 17), 4), scale);
  const infinite = i32x4.shl(i32x4.shr_u(f32x4.ge(value, limit), 24), 23);
  return v128.or(v128.or(value, infinite), i32x4.shl(i32x4.shr_u(codes, 31), 31));
}

/**
 * Rows of `width` float16 codes as float32. Row t comes from row rows[t] (int32) of the codes, or from row t when rows is 0;
 * a negative row is left out. scale: 2^112, limit: 2^16.
 */
export function widenFloat16(
  out: usize, codes: usize, rows: usize, n: usize, width: usize, scale: f32, limit: f32,
): void {
  const s = f32x4.splat(scale);
  const l = f32x4.splat(limit);
  for (let t: usize = 0; t < n; t++, out += width << 2) {
    const row = rows ? load<i32>(rows + (t << 2)) : <i32>t;
    if (row < 0) continue;
    let from = codes + <usize>row * (width << 1);
    let to = out;
    const end = from + ((width >> 2) << 3);
    while (from < end) {
      v128.store(to, widen4(v128.load16x4_s(from), s, l));
      from += 8;
      to += 16;
    }
    for (let rest = width & 3; rest; rest--, from += 2, to += 4) {
      v128.store32_lane(to, widen4(i32x4.splat(load<i16>(from)), s, l), 0);
    }
  }
}
