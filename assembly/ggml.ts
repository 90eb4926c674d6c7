// Angles by repeated multiplication in float32: the angle of a pair is that of the pair before it times one factor, so it
// is no product of position and frequency. Every step is rounded, as ggml_rope_ext does it on a CPU without contraction.
// Four rows at a time: a step waits for the one before it, and four wait together.
import { SIN_AND_COS } from "../src/runtime/codes";
import { emitReduced } from "./angles";

/**
 * sin and cos of n rows and `pairs` columns of float32 angles, rounded once, times a float32 amplitude.
 * theta = fl(p factor^i) step by step; e = theta / factors[i]; angle = freqScale e, or with `mix` (freqScale e)(1 - mix[i]) + e mix[i].
 * positions: float32, row t of stream s at positions + s x streamBytes + 4 t, with room for n rounded up to a multiple of 4.
 * factors, mix: float32 or 0. plan: 0, or a byte a pair: bits 0-1 the stream, bits 4-7 which streams start again at their position
 * here. Strides in bytes. scratch: 96 bytes.
 */
export function iteratedRows(
  sin: usize, cos: usize, stride: usize, positions: usize, streamBytes: usize, n: usize, pairs: usize, factor: f32, freqScale: f32,
  factors: usize, mix: usize, plan: usize, amplitude: f32, scratch: usize, constants: usize,
): void {
  const step = f32x4.splat(factor);
  const scale = f32x4.splat(freqScale);
  const one = f32x4.splat(1.0);
  const a = f32x4.splat(amplitude);
  const columns = scratch + 32;
  for (let t: usize = 0; t < n; t += 4, positions += 16, sin += stride << 2, cos += stride << 2) {
    const p0 = v128.load(positions);
    const p1 = v128.load(positions + streamBytes);
    const p2 = v128.load(positions + 2 * streamBytes);
    const p3 = v128.load(positions + 3 * streamBytes);
    let theta0 = p0;
    let theta1 = p1;
    let theta2 = p2;
    let theta3 = p3;
    for (let i: usize = 0; i < pairs; i++) {
      let e = theta0;
      if (plan) {
        const what = load<u8>(plan + i);
        if (what >> 4) {
          if (what & 16) theta0 = p0;
          if (what & 32) theta1 = p1;
          if (what & 64) theta2 = p2;
          if (what & 128) theta3 = p3;
        }
        const stream = what & 3;
        e = stream == 0 ? theta0 : stream == 1 ? theta1 : stream == 2 ? theta2 : theta3;
        theta1 = f32x4.mul(theta1, step);
        theta2 = f32x4.mul(theta2, step);
        theta3 = f32x4.mul(theta3, step);
      }
      if (factors) e = f32x4.div(e, v128.load32_splat(factors + (i << 2)));
      let angle = f32x4.mul(scale, e);
      if (mix) {
        const m = v128.load32_splat(mix + (i << 2));
        angle = f32x4.add(f32x4.mul(angle, f32x4.sub(one, m)), f32x4.mul(e, m));
      }
      theta0 = f32x4.mul(theta0, step);
      v128.store(columns + ((i & 3) << 4), angle);
      if ((i & 3) == 3 || i + 1 == pairs) {
        const first = i & ~3;
        emitColumns(columns, n - t, a, pairs - first, sin + (first << 2), cos + (first << 2), stride, scratch, constants);
      }
    }
  }
}

/** Up to four rows of up to four columns. */
function emitColumns(
  columns: usize, rows: usize, amplitude: v128, rest: usize, sin: usize, cos: usize, stride: usize, scratch: usize, constants: usize,
): void {
  const a = v128.load(columns);
  const b = v128.load(columns, 16);
  const c = v128.load(columns, 32);
  const d = v128.load(columns, 48);
  const none = i64x2.splat(0);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const left = <isize>rest;
  emitReduced(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), none, none, none, amplitude, left, sin, cos, SIN_AND_COS, scratch, constants);
  if (rows < 2) return;
  sin += stride;
  cos += stride;
  emitReduced(v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), none, none, none, amplitude, left, sin, cos, SIN_AND_COS, scratch, constants);
  if (rows < 3) return;
  sin += stride;
  cos += stride;
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  emitReduced(v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5), none, none, none, amplitude, left, sin, cos, SIN_AND_COS, scratch, constants);
  if (rows < 4) return;
  sin += stride;
  cos += stride;
  emitReduced(v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7), none, none, none, amplitude, left, sin, cos, SIN_AND_COS, scratch, constants);
}
