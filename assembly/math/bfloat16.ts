// bfloat16: the upper half of a float32, rounded to nearest even; NaN stays a quiet NaN.
// Loops whose bodies hold constants test at their end: ../README.md.

/** Eight float32, none of them NaN, as codes. */
// @ts-ignore: decorator
@inline
function narrowNumbers(a: v128, b: v128): v128 {
  const high = i16x8.narrow_i32x4_u(i32x4.shr_u(a, 16), i32x4.shr_u(b, 16));
  const low = i16x8.narrow_i32x4_u(v128.and(a, i32x4.splat(0xffff)), v128.and(b, i32x4.splat(0xffff)));
  // Round half to even: the low 16 bits round up from 0x8000 where the code is odd, from 0x8001 where it is even. One is
  // subtracted for even codes; then bit 15 alone says whether to round up.
  const up = i16x8.sub_sat_u(low, v128.andnot(i16x8.splat(1), high));
  return i16x8.add(high, i16x8.shr_u(up, 15));
}

/** Eight float32 as codes. */
function narrow8(a: v128, b: v128): v128 {
  const nan = i16x8.narrow_i32x4_s(f32x4.ne(a, a), f32x4.ne(b, b));
  const quiet = v128.or(i16x8.narrow_i32x4_u(i32x4.shr_u(a, 16), i32x4.shr_u(b, 16)), i16x8.splat(0x40));
  return v128.bitselect(quiet, narrowNumbers(a, b), nan);
}

/** n float32 values at x as bfloat16 codes at out, NaN among them. */
function narrowAny(out: usize, x: usize, n: usize): void {
  for (; n >= 8; n -= 8, x += 32, out += 16) v128.store(out, narrow8(v128.load(x), v128.load(x, 16)));
  for (; n; n--, x += 4, out += 2) {
    const v = v128.load32_splat(x);
    v128.store16_lane(out, narrow8(v, v), 0);
  }
}

/** n float32 values at x as bfloat16 codes at out. */
export function narrowBfloat16(out: usize, x: usize, n: usize): void {
  if (n >= 32) {
    do {
      const a = v128.load(x);
      const b = v128.load(x, 16);
      const c = v128.load(x, 32);
      const d = v128.load(x, 48);
      const e = v128.load(x, 64);
      const f = v128.load(x, 80);
      const g = v128.load(x, 96);
      const h = v128.load(x, 112);
      // If one is NaN, the sum is NaN. Infinities of both signs make it NaN too: narrowAny is right for them as well.
      const sum = f32x4.add(
        f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)),
      );
      if (i32x4.bitmask(f32x4.ne(sum, sum))) {
        narrowAny(out, x, 32);
      } else {
        v128.store(out, narrowNumbers(a, b));
        v128.store(out, narrowNumbers(c, d), 16);
        v128.store(out, narrowNumbers(e, f), 32);
        v128.store(out, narrowNumbers(g, h), 48);
      }
      n -= 32;
      x += 128;
      out += 64;
    } while (n >= 32);
  }
  narrowAny(out, x, n);
}

/** Rounds n float32 values to bfloat16 precision in place. */
export function roundBfloat16(x: usize, n: usize): void {
  if (n >= 8) {
    do {
      const codes = narrow8(v128.load(x), v128.load(x, 16));
      v128.store(x, i32x4.shl(i32x4.extend_low_i16x8_u(codes), 16));
      v128.store(x, i32x4.shl(i32x4.extend_high_i16x8_u(codes), 16), 16);
      n -= 8;
      x += 32;
    } while (n >= 8);
  }
  for (; n; n--, x += 4) {
    const v = v128.load32_splat(x);
    v128.store32_lane(x, i32x4.shl(narrow8(v, v), 16), 0);
  }
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
    for (const end = from + ((width >> 3) << 4); from < end; from += 16, to += 32) {
      v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
      v128.store(to, i32x4.shl(v128.load16x4_u(from, 8), 16), 16);
    }
    for (let rest = width & 7; rest; rest--, from += 2, to += 4) store<u32>(to, <u32>load<u16>(from) << 16);
  }
}
