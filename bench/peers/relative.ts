/**
 * The content-relative scores as one writes them by hand over typed arrays: every cell its own dot products, no table
 * product shared, no SIMD. q [B, H, Lq, d], k [B, H, Lk, d], out [B, H, Lq, Lk], all row-major float32.
 */

export interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queryLength: number;
  readonly keyLength: number;
  readonly dim: number;
}

/** scale (q_i . k_j + q_i . table[clip(j - i, -clip, clip) + clip]); the queries are the last positions. */
export function shawScores(
  q: Float32Array,
  k: Float32Array,
  table: Float32Array,
  clip: number,
  scale: number,
  sizes: Sizes,
  out: Float32Array,
): void {
  const { batch, heads, queryLength, keyLength, dim } = sizes;
  let n = 0;
  for (let m = 0; m < batch * heads; m++) {
    for (let i = 0; i < queryLength; i++) {
      const x = (m * queryLength + i) * dim;
      const position = keyLength - queryLength + i;
      for (let j = 0; j < keyLength; j++) {
        const y = (m * keyLength + j) * dim;
        const t = (Math.max(-clip, Math.min(clip, j - position)) + clip) * dim;
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += q[x + c] * (k[y + c] + table[t + c]);
        out[n++] = scale * sum;
      }
    }
  }
}

/** out_i = sum_j P_ij (v_j + table[clip(j - i, -clip, clip) + clip]); p [B, H, Lq, Lk], out [B, H, Lq, d]. */
export function shawValues(
  p: Float32Array,
  v: Float32Array,
  table: Float32Array,
  clip: number,
  sizes: Sizes,
  out: Float32Array,
): void {
  const { batch, heads, queryLength, keyLength, dim } = sizes;
  for (let m = 0; m < batch * heads; m++) {
    for (let i = 0; i < queryLength; i++) {
      const o = (m * queryLength + i) * dim;
      const position = keyLength - queryLength + i;
      out.fill(0, o, o + dim);
      for (let j = 0; j < keyLength; j++) {
        const weight = p[(m * queryLength + i) * keyLength + j];
        const y = (m * keyLength + j) * dim;
        const t = (Math.max(-clip, Math.min(clip, j - position)) + clip) * dim;
        for (let c = 0; c < dim; c++) out[o + c] += weight * (v[y + c] + table[t + c]);
      }
    }
  }
}

/** scale ((q_i + u) . k_j + (q_i + v) . r[Lk - 1 - (i + mem - j)]), -Infinity after the query; r [H, Lk, d], u, v [H, d]. */
export function transformerXlScores(
  q: Float32Array,
  k: Float32Array,
  r: Float32Array,
  u: Float32Array,
  v: Float32Array,
  scale: number,
  sizes: Sizes,
  out: Float32Array,
): void {
  const { batch, heads, queryLength, keyLength, dim } = sizes;
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const m = b * heads + h;
      for (let i = 0; i < queryLength; i++) {
        const x = (m * queryLength + i) * dim;
        const last = keyLength - queryLength + i;
        for (let j = 0; j < keyLength; j++) {
          if (j > last) {
            out[n++] = Number.NEGATIVE_INFINITY;
            continue;
          }
          const y = (m * keyLength + j) * dim;
          const t = (h * keyLength + keyLength - 1 - (last - j)) * dim;
          const w = h * dim;
          let sum = 0;
          for (let c = 0; c < dim; c++) {
            sum += (q[x + c] + u[w + c]) * k[y + c] + (q[x + c] + v[w + c]) * r[t + c];
          }
          out[n++] = scale * sum;
        }
      }
    }
  }
}

/**
 * scale (q_i . k_j + q_i . posKey[t] + posQuery[t] . k_j), t = index[i - j + Lk - 1]; posKey, posQuery [H, 2s, d]; index:
 * clamp(bucket + s, 0, 2s - 1) by distance, computed beforehand.
 */
export function debertaScores(
  q: Float32Array,
  k: Float32Array,
  posKey: Float32Array,
  posQuery: Float32Array,
  span: number,
  index: Int32Array,
  scale: number,
  sizes: Sizes,
  out: Float32Array,
): void {
  const { batch, heads, queryLength, keyLength, dim } = sizes;
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const m = b * heads + h;
      for (let i = 0; i < queryLength; i++) {
        const x = (m * queryLength + i) * dim;
        for (let j = 0; j < keyLength; j++) {
          const y = (m * keyLength + j) * dim;
          const t = (h * 2 * span + index[i - j + keyLength - 1]) * dim;
          let sum = 0;
          for (let c = 0; c < dim; c++) sum += q[x + c] * (k[y + c] + posKey[t + c]) + posQuery[t + c] * k[y + c];
          out[n++] = scale * sum;
        }
      }
    }
  }
}

/** debertaScores with the buckets of the Hugging Face code, in its float32 steps, computed beforehand. */
export function debertaTyped(
  q: Float32Array,
  k: Float32Array,
  posKey: Float32Array,
  posQuery: Float32Array,
  span: number,
  maxRelativePositions: number,
  scale: number,
  sizes: Sizes,
) {
  const middle = span / 2;
  const bottom = Math.fround(Math.log(Math.fround((maxRelativePositions - 1) / middle)));
  const bucket = (distance: number) => {
    const n = Math.abs(distance);
    if (n <= middle) return distance;
    const top = Math.fround(Math.log(Math.fround(n / middle)));
    return Math.sign(distance) * (Math.ceil(Math.fround(Math.fround(top / bottom) * (middle - 1))) + middle);
  };
  const { queryLength, keyLength } = sizes;
  const index = Int32Array.from({ length: queryLength + keyLength - 1 }, (_, t) =>
    Math.min(Math.max(bucket(t - keyLength + 1) + span, 0), 2 * span - 1),
  );
  return (out: Float32Array): void => debertaScores(q, k, posKey, posQuery, span, index, scale, sizes, out);
}
