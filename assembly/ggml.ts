// Angles by repeated multiplication in float32: the angle of a pair is that of the pair before it times one factor, so it
// is no product of position and frequency. Every step is rounded, as ggml_rope_ext does it on a CPU without contraction.

/**
 * float32 angles of n rows and `pairs` columns: theta = fl(p factor^i) step by step; e = theta / factors[i];
 * out = freqScale e, or with `mix` (freqScale e)(1 - mix[i]) + e mix[i]. Strides in bytes.
 * positions: float32, row t of stream s at positions + s x streamBytes + 4 t. factors, mix: float32 or 0.
 * plan: 0, or a byte a pair: bits 0-1 the stream, bits 4-7 which streams start again at their position here.
 */
export function iteratedAngles(
  out: usize, stride: usize, positions: usize, streamBytes: usize, n: usize, pairs: usize, factor: f32, freqScale: f32,
  factors: usize, mix: usize, plan: usize,
): void {
  for (let t: usize = 0; t < n; t++, positions += 4, out += stride) {
    const p0 = load<f32>(positions);
    const p1 = load<f32>(positions + streamBytes);
    const p2 = load<f32>(positions + 2 * streamBytes);
    const p3 = load<f32>(positions + 3 * streamBytes);
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
        theta1 *= factor;
        theta2 *= factor;
        theta3 *= factor;
      }
      if (factors) e = e / load<f32>(factors + (i << 2));
      let angle = freqScale * e;
      if (mix) {
        const m = load<f32>(mix + (i << 2));
        angle = angle * (<f32>1.0 - m) + e * m;
      }
      store<f32>(out + (i << 2), angle);
      theta0 *= factor;
    }
  }
}
