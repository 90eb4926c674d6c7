// bfloat16: the upper half of a float32, rounded to nearest even; NaN stays a quiet NaN.

/** Rounds n float32 values to bfloat16 precision in place. */
export function roundBfloat16(x: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 4) {
    const bits = load<u32>(x);
    const rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
    store<u32>(x, (bits & 0x7fffffff) > 0x7f800000 ? (bits & 0xffff0000) | 0x00400000 : rounded);
  }
}
