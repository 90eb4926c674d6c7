// Decomposed relative positions of a grid (SAM, ViTDet, MViTv2): a number for the difference of rows and one for the difference of
// columns are added to every pair of cells. Both are picked from the products of a query with all rows of two tables.

/**
 * out[r, v kw + u] += a[r, h(y, v)] + b[r, w(x, u)] for the queries (y, x) = first + r of a grid `width` wide and keys (v, u) of a
 * grid kh x kw. An index is the whole part of position queryStep - key keyStep + origin, in float32 as published code has it.
 * temp: 4 kw bytes.
 */
export function decomposedAdd(
  out: usize, outStride: usize, a: usize, aStride: usize, b: usize, bStride: usize, rows: i32, first: i32, width: i32,
  kh: i32, kw: i32, queryStepH: f32, keyStepH: f32, originH: f32, queryStepW: f32, keyStepW: f32, originW: f32, temp: usize,
): void {
  for (let n = first; n < first + rows; n++, out += outStride, a += aStride, b += bStride) {
    const y = n / width;
    const x = n - y * width;
    for (let u = 0; u < kw; u++) {
      const t = <usize>(<i32>(<f32>x * queryStepW - <f32>u * keyStepW + originW));
      store<f32>(temp + (<usize>u << 2), load<f32>(b + (t << 2)));
    }
    let o = out;
    for (let v = 0; v < kh; v++) {
      const t = <usize>(<i32>(<f32>y * queryStepH - <f32>v * keyStepH + originH));
      const h = load<f32>(a + (t << 2));
      const four = f32x4.splat(h);
      let s = temp;
      let rest = kw;
      for (; rest >= 4; rest -= 4, o += 16, s += 16) {
        v128.store(o, f32x4.add(v128.load(o), f32x4.add(four, v128.load(s))));
      }
      for (; rest; rest--, o += 4, s += 4) store<f32>(o, load<f32>(o) + (h + load<f32>(s)));
    }
  }
}
