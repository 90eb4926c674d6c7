// The small dense algebra of all wings. Every element of a result is summed in one order that depends on its own row and
// column alone, so a block of rows or columns is bit-identical to the same part of the whole. Sizes in elements, strides
// (between rows) in bytes; the numbers of a row are contiguous.
//
// Dot products (linear, productTransposed), float32: lane l of four sums the terms i = l mod 4 in ascending i, then
// (lane 0 + lane 1) + (lane 2 + lane 3), x scale, + bias. Row combinations (product): terms in ascending order, from 0.
import { IDENTITY } from "../src/runtime/codes";
import { mapUnary } from "./math/unary";

/** Numbers of b in one panel of columns: 16 KiB, so that it stays in the first cache while all rows pass over it. */
const PANEL: usize = 4096;

/** The first `count` < 4 floats at p, the rest 0. */
function loadPart(p: usize, count: usize): v128 {
  if (count == 1) return v128.load32_zero(p);
  if (count == 2) return v128.load64_zero(p);
  return v128.load32_lane(p + 8, v128.load64_zero(p), 2);
}

/** Stores the first `count` < 4 floats of x. */
function storePart(p: usize, count: usize, x: v128): void {
  if (count == 1) v128.store32_lane(p, x, 0);
  else {
    v128.store64_lane(p, x, 0);
    if (count == 3) v128.store32_lane(p, x, 2, 8);
  }
}

/** (a0 + a1) + (a2 + a3) of four vectors, one in each lane. */
// @ts-ignore: decorator
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 2, 6);
  const ab1 = v128.shuffle<f32>(a, b, 1, 5, 3, 7);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 2, 6);
  const cd1 = v128.shuffle<f32>(c, d, 1, 5, 3, 7);
  const p = f32x4.add(ab, ab1);
  const q = f32x4.add(cd, cd1);
  return f32x4.add(v128.shuffle<i64>(p, q, 0, 2), v128.shuffle<i64>(p, q, 1, 3));
}

/** out[i, j] = scale x (a[i] . b[j]) + bias[j]: two rows times four columns at once. */
function dots(
  out: usize, a: usize, b: usize, bias: usize, m: usize, n: usize, d: usize,
  aStride: usize, bStride: usize, outStride: usize, scale: f32,
): void {
  const factor = f32x4.splat(scale);
  const run = (d >> 2) << 4;
  const rest = d & 3;
  const panel = max<usize>(4, (PANEL / max<usize>(d, 1)) & ~3);
  for (let from: usize = 0; from < n; from += panel) {
    const to = min(n, from + panel);
    for (let i: usize = 0; i < m; i += 2) {
      // a missing second row or a missing column is computed from the last one that exists, and not stored
      const second = i + 1 < m;
      const x0 = a + i * aStride;
      const x1 = second ? x0 + aStride : x0;
      const o = out + i * outStride;
      for (let j = from; j < to; j += 4) {
        const columns = min<usize>(4, to - j);
        let q0 = b + j * bStride;
        let q1 = columns > 1 ? q0 + bStride : q0;
        let q2 = columns > 2 ? q1 + bStride : q1;
        let q3 = columns > 3 ? q2 + bStride : q2;
        let p0 = x0;
        let p1 = x1;
        let s00 = i64x2.splat(0);
        let s01 = s00;
        let s02 = s00;
        let s03 = s00;
        let s10 = s00;
        let s11 = s00;
        let s12 = s00;
        let s13 = s00;
        for (const end = p0 + run; p0 < end; p0 += 16) {
          const u = v128.load(p0);
          const v = v128.load(p1);
          let w = v128.load(q0);
          s00 = f32x4.add(s00, f32x4.mul(u, w));
          s10 = f32x4.add(s10, f32x4.mul(v, w));
          w = v128.load(q1);
          s01 = f32x4.add(s01, f32x4.mul(u, w));
          s11 = f32x4.add(s11, f32x4.mul(v, w));
          w = v128.load(q2);
          s02 = f32x4.add(s02, f32x4.mul(u, w));
          s12 = f32x4.add(s12, f32x4.mul(v, w));
          w = v128.load(q3);
          s03 = f32x4.add(s03, f32x4.mul(u, w));
          s13 = f32x4.add(s13, f32x4.mul(v, w));
          p1 += 16;
          q0 += 16;
          q1 += 16;
          q2 += 16;
          q3 += 16;
        }
        if (rest) {
          const u = loadPart(p0, rest);
          const v = loadPart(p1, rest);
          let w = loadPart(q0, rest);
          s00 = f32x4.add(s00, f32x4.mul(u, w));
          s10 = f32x4.add(s10, f32x4.mul(v, w));
          w = loadPart(q1, rest);
          s01 = f32x4.add(s01, f32x4.mul(u, w));
          s11 = f32x4.add(s11, f32x4.mul(v, w));
          w = loadPart(q2, rest);
          s02 = f32x4.add(s02, f32x4.mul(u, w));
          s12 = f32x4.add(s12, f32x4.mul(v, w));
          w = loadPart(q3, rest);
          s03 = f32x4.add(s03, f32x4.mul(u, w));
          s13 = f32x4.add(s13, f32x4.mul(v, w));
        }
        let y0 = f32x4.mul(laneSums(s00, s01, s02, s03), factor);
        let y1 = f32x4.mul(laneSums(s10, s11, s12, s13), factor);
        if (bias) {
          const at = bias + (j << 2);
          const c = columns == 4 ? v128.load(at) : loadPart(at, columns);
          y0 = f32x4.add(y0, c);
          y1 = f32x4.add(y1, c);
        }
        const target = o + (j << 2);
        if (columns == 4) {
          v128.store(target, y0);
          if (second) v128.store(target + outStride, y1);
        } else {
          storePart(target, columns, y0);
          if (second) storePart(target + outStride, columns, y1);
        }
      }
    }
  }
}

/**
 * A linear layer: out[r] = activation(x[r] W^T + b). x: rows x inFeatures; w: outFeatures x inFeatures, contiguous (as
 * PyTorch keeps it); b: outFeatures, or 0 for none; out: rows x outFeatures, not overlapping x or w.
 * activation: an operation code of math/unary.ts, IDENTITY for none.
 */
export function linear(
  out: usize, x: usize, w: usize, b: usize, rows: usize, inFeatures: usize, outFeatures: usize,
  xStride: usize, outStride: usize, activation: i32, constants: usize,
): void {
  dots(out, x, w, b, rows, outFeatures, inFeatures, xStride, inFeatures << 2, outStride, 1.0);
  if (activation == IDENTITY) return;
  for (let r: usize = 0; r < rows; r++, out += outStride) mapUnary(out, out, outFeatures, activation, constants);
}

/** out = scale x A B^T. a: m x d, b: n x d, out: m x n, not overlapping a or b. */
export function productTransposed(
  out: usize, a: usize, b: usize, m: usize, n: usize, d: usize,
  aStride: usize, bStride: usize, outStride: usize, scale: f32,
): void {
  dots(out, a, b, 0, m, n, d, aStride, bStride, outStride, scale);
}

/**
 * out = A B, or out += A B with `accumulate` (the sum then starts from what out holds). a: m x d, b: d x n, out: m x n, not
 * overlapping a or b. Column j of a row: ((a0 b0j) + a1 b1j) + ..., in ascending order.
 */
export function product(
  out: usize, a: usize, b: usize, m: usize, n: usize, d: usize,
  aStride: usize, bStride: usize, outStride: usize, accumulate: i32,
): void {
  let j: usize = 0;
  for (; j + 16 <= n; j += 16) {
    for (let i: usize = 0; i < m; i += 2) {
      const second = i + 1 < m;
      const o0 = out + i * outStride + (j << 2);
      const o1 = second ? o0 + outStride : o0;
      let p0 = a + i * aStride;
      let p1 = second ? p0 + aStride : p0;
      let s00 = i64x2.splat(0);
      let s01 = s00;
      let s02 = s00;
      let s03 = s00;
      let s10 = s00;
      let s11 = s00;
      let s12 = s00;
      let s13 = s00;
      if (accumulate) {
        s00 = v128.load(o0);
        s01 = v128.load(o0, 16);
        s02 = v128.load(o0, 32);
        s03 = v128.load(o0, 48);
        s10 = v128.load(o1);
        s11 = v128.load(o1, 16);
        s12 = v128.load(o1, 32);
        s13 = v128.load(o1, 48);
      }
      let q = b + (j << 2);
      for (const end = p0 + (d << 2); p0 < end; p0 += 4) {
        const u = v128.load32_splat(p0);
        const v = v128.load32_splat(p1);
        let w = v128.load(q);
        s00 = f32x4.add(s00, f32x4.mul(u, w));
        s10 = f32x4.add(s10, f32x4.mul(v, w));
        w = v128.load(q, 16);
        s01 = f32x4.add(s01, f32x4.mul(u, w));
        s11 = f32x4.add(s11, f32x4.mul(v, w));
        w = v128.load(q, 32);
        s02 = f32x4.add(s02, f32x4.mul(u, w));
        s12 = f32x4.add(s12, f32x4.mul(v, w));
        w = v128.load(q, 48);
        s03 = f32x4.add(s03, f32x4.mul(u, w));
        s13 = f32x4.add(s13, f32x4.mul(v, w));
        p1 += 4;
        q += bStride;
      }
      v128.store(o0, s00);
      v128.store(o0, s01, 16);
      v128.store(o0, s02, 32);
      v128.store(o0, s03, 48);
      if (second) {
        v128.store(o1, s10);
        v128.store(o1, s11, 16);
        v128.store(o1, s12, 32);
        v128.store(o1, s13, 48);
      }
    }
  }
  for (; j < n; j += 4) {
    const columns = min<usize>(4, n - j);
    for (let i: usize = 0; i < m; i++) {
      const o = out + i * outStride + (j << 2);
      let p = a + i * aStride;
      let q = b + (j << 2);
      let s = i64x2.splat(0);
      if (accumulate) s = columns == 4 ? v128.load(o) : loadPart(o, columns);
      for (const end = p + (d << 2); p < end; p += 4, q += bStride) {
        const w = columns == 4 ? v128.load(q) : loadPart(q, columns);
        s = f32x4.add(s, f32x4.mul(v128.load32_splat(p), w));
      }
      if (columns == 4) v128.store(o, s);
      else storePart(o, columns, s);
    }
  }
}

/**
 * Layer normalisation of contiguous rows: (x - mean) / sqrt(variance + eps) x gamma + beta, the variance divided by width,
 * in float64 and rounded once. gamma, beta: width floats each, or 0 for none. out may be x. Sums: lane l of four takes
 * the elements i = l mod 4 in ascending i, then (0 + 2) + (1 + 3), then the width mod 4 last elements.
 */
export function layerNormRows(
  out: usize, x: usize, gamma: usize, beta: usize, rows: usize, width: usize, eps: f64,
): void {
  const run = (width >> 2) << 4;
  const rest = width & 3;
  const size = <f64>width;
  for (let r: usize = 0; r < rows; r++) {
    let a = i64x2.splat(0);
    let b = a;
    let p = x;
    const end = x + run;
    for (; p < end; p += 16) {
      a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load64_zero(p)));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load64_zero(p, 8)));
    }
    let sum = f64x2.add(a, b);
    let mean = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
    for (let i: usize = 0; i < rest; i++) mean += <f64>load<f32>(p + (i << 2));
    mean /= size;
    const centre = f64x2.splat(mean);
    a = i64x2.splat(0);
    b = a;
    for (p = x; p < end; p += 16) {
      const u = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p)), centre);
      const v = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p, 8)), centre);
      a = f64x2.add(a, f64x2.mul(u, u));
      b = f64x2.add(b, f64x2.mul(v, v));
    }
    sum = f64x2.add(a, b);
    let variance = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
    for (let i: usize = 0; i < rest; i++) {
      const u = <f64>load<f32>(p + (i << 2)) - mean;
      variance += u * u;
    }
    const scale = 1.0 / Math.sqrt(variance / size + eps);
    for (let i: usize = 0; i < width << 2; i += 4) {
      let y = (<f64>load<f32>(x + i) - mean) * scale;
      if (gamma) y *= <f64>load<f32>(gamma + i);
      if (beta) y += <f64>load<f32>(beta + i);
      store<f32>(out + i, <f32>y);
    }
    x += width << 2;
    out += width << 2;
  }
}
