/** Position rows [S, D] joined to x [B, S, D] in JavaScript with typed arrays. */

type Mode = 'add' | 'mul' | 'mulPlusOne';

export function typed(mode: Mode, x: Float32Array, p: Float32Array) {
  const period = p.length;
  const loops: Record<Mode, (out: Float32Array) => void> = {
    add(out) {
      for (let at = 0; at < x.length; at += period) for (let i = 0; i < period; i++) out[at + i] = x[at + i] + p[i];
    },
    mul(out) {
      for (let at = 0; at < x.length; at += period) for (let i = 0; i < period; i++) out[at + i] = x[at + i] * p[i];
    },
    mulPlusOne(out) {
      const shifted = p.map((value) => 1 + value);
      for (let at = 0; at < x.length; at += period) {
        for (let i = 0; i < period; i++) out[at + i] = x[at + i] * shifted[i];
      }
    },
  };
  return loops[mode];
}
