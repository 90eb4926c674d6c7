// Hierarchical decomposition of a learned table: n rows serve n^2 positions. Su, kexue.fm/archives/7947.

/**
 * Hierarchical decomposition: row s = i n + j is p_j + ratio (p_i - p_0), ratio = alpha / (1 - alpha); which is
 * alpha u_i + (1 - alpha) u_j for u_k = (p_k - alpha p_0) / (1 - alpha), and p_s itself for s < n.
 */
export function hierarchicalRows(
  out: usize, table: usize, n: i32, width: usize, positions: usize, rows: usize, ratio: f32,
): void {
  const scale = f32x4.splat(ratio);
  const bytes = width << 2;
  for (; rows; rows--, positions += 4) {
    const s = load<i32>(positions);
    let zero = table;
    let high = table + <usize>(s / n) * bytes;
    let low = table + <usize>(s % n) * bytes;
    const end = low + ((width >> 2) << 4);
    while (low < end) {
      const step = f32x4.mul(scale, f32x4.sub(v128.load(high), v128.load(zero)));
      v128.store(out, f32x4.add(v128.load(low), step));
      low += 16;
      high += 16;
      zero += 16;
      out += 16;
    }
    for (let rest = width & 3; rest; rest--, low += 4, high += 4, zero += 4, out += 4) {
      store<f32>(out, load<f32>(low) + ratio * (load<f32>(high) - load<f32>(zero)));
    }
  }
}
