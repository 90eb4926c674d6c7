/** Rotation of [S, H, D] (arXiv 2104.09864) in JavaScript: the best effort with typed arrays, and as people write it. */

type Pairing = 'half' | 'interleaved';

/** cos and sin [S, D / 2] are computed before; everything is hoisted out of the inner loop. */
export function typed(shape: readonly number[], cos: Float32Array, sin: Float32Array, pairing: Pairing) {
  const [length, heads, dim] = shape;
  const pairs = dim / 2;
  return pairing === 'half'
    ? (x: Float32Array): void => {
        for (let s = 0, at = 0; s < length; s++) {
          const row = s * pairs;
          for (let h = 0; h < heads; h++, at += dim) {
            for (let k = 0, i = at, j = at + pairs; k < pairs; k++, i++, j++) {
              const c = cos[row + k];
              const n = sin[row + k];
              const a = x[i];
              const b = x[j];
              x[i] = a * c - b * n;
              x[j] = b * c + a * n;
            }
          }
        }
      }
    : (x: Float32Array): void => {
        for (let s = 0, at = 0; s < length; s++) {
          const row = s * pairs;
          for (let h = 0; h < heads; h++) {
            for (let k = 0; k < pairs; k++, at += 2) {
              const c = cos[row + k];
              const n = sin[row + k];
              const a = x[at];
              const b = x[at + 1];
              x[at] = a * c - b * n;
              x[at + 1] = b * c + a * n;
            }
          }
        }
      };
}

/** Every angle computed where it is needed, as in most ports of the reference code. */
export function asWritten(shape: readonly number[], start: number, pairing: Pairing) {
  const [length, heads, dim] = shape;
  return (x: Float32Array): void => {
    for (let s = 0; s < length; s++) {
      for (let h = 0; h < heads; h++) {
        for (let k = 0; k < dim / 2; k++) {
          const angle = (start + s) * 10000 ** ((-2 * k) / dim);
          const base = (s * heads + h) * dim;
          const first = pairing === 'half' ? base + k : base + 2 * k;
          const second = pairing === 'half' ? base + k + dim / 2 : base + 2 * k + 1;
          const [a, b] = [x[first], x[second]];
          x[first] = a * Math.cos(angle) - b * Math.sin(angle);
          x[second] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  };
}
