// float16 (IEEE 754 binary16): 1 sign, 5 exponent, 10 fraction bits. Rounding to nearest even; NaN stays a quiet NaN.
// Why the loops test at their end: ../README.md.

/** Four float32 as codes in 32-bit lanes. */
// @ts-ignore: decorator
@inline
function narrow4(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(i32.MAX_VALUE));
  // below 2^-14 the codes count steps of 2^-24: adding 0.5 rounds to them
  const half = f32x4.splat(0.5);
  const steps = i32x4.sub(f32x4.add(magnitude, half), half);
  // a fraction that rounds up to 2 carries into the exponent, and from 65520 on into infinity, the code of 2^16
  const bits = i32x4.min_s(magnitude, f32x4.splat(65536));
  const odd = i32x4.shr_u(i32x4.shl(bits, 18), 31);
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(bits, i32x4.splat(0xfff - 0x38000000)), odd), 13);
  const code = v128.bitselect(steps, rounded, i32x4.lt_s(bits, i32x4.splat(0x38800000)));
  const quiet = v128.and(f32x4.ne(x, x), i32x4.splat(0x200));
  return v128.or(v128.or(code, quiet), i32x4.shr_u(v128.xor(x, magnitude), 16));
}

/** n float32 values at x as float16 codes at out. */
export function narrowFloat16(out: usize, x: usize, n: usize): void {
  if (n >= 8) {
    do {
      v128.store(out, i16x8.narrow_i32x4_u(narrow4(v128.load(x)), narrow4(v128.load(x, 16))));
      n -= 8;
      x += 32;
      out += 16;
    } while (n >= 8);
  }
  for (; n; n--, x += 4, out += 2) v128.store16_lane(out, narrow4(v128.load32_splat(x)), 0);
}

/** Four float16 codes, sign-extended to 32 bits, as float32. scale: 2^112, limit: 2^16. */
// @ts-ignore: decorator
@inline
function widen4(codes: v128, scale: v128, limit: v128): v128 {
  // exponent and fraction in place, then rebiased by a multiplication, which also normalizes what was subnormal
  const value = f32x4.mul(i32x4.shr_u(i32x4.shl(codes, 17), 4), scale);
  const infinite = v128.and(f32x4.ge(value, limit), f32x4.splat(Infinity));
  return v128.or(v128.or(value, infinite), v128.and(codes, i32x4.splat(i32.MIN_VALUE)));
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
    let rest = width;
    if (rest >= 4) {
      do {
        v128.store(to, widen4(v128.load16x4_s(from), s, l));
        rest -= 4;
        from += 8;
        to += 16;
      } while (rest >= 4);
    }
    for (; rest; rest--, from += 2, to += 4) {
      v128.store32_lane(to, widen4(i32x4.splat(load<i16>(from)), s, l), 0);
    }
  }
}
