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

/**
 * scale ((q_i + u) . k_j + (q_i + v) . r[Lq - 1 - i + j]); r [H, rows, d], u, v [H, d]. Transformer-XL: causal, -Infinity after
 * the query, Lk rows. Conformer: keys on both sides, 2 Lk - 1 rows.
 */
export function transformerXlScores(
  q: Float32Array,
  k: Float32Array,
  r: Float32Array,
  u: Float32Array,
  v: Float32Array,
  scale: number,
  causal: boolean,
  sizes: Sizes,
  out: Float32Array,
): void {
  const { batch, heads, queryLength, keyLength, dim } = sizes;
  const rows = causal ? keyLength : 2 * keyLength - 1;
  let n = 0;
  for (let m = 0; m < batch * heads; m++) {
    const h = m % heads;
    const w = h * dim;
    for (let i = 0; i < queryLength; i++) {
      const x = (m * queryLength + i) * dim;
      const last = causal ? keyLength - queryLength + i : keyLength;
      for (let j = 0; j < keyLength; j++) {
        if (j > last) {
          out[n++] = Number.NEGATIVE_INFINITY;
          continue;
        }
        const y = (m * keyLength + j) * dim;
        const t = (h * rows + queryLength - 1 - i + j) * dim;
        let sum = 0;
        for (let c = 0; c < dim; c++) {
          sum += (q[x + c] + u[w + c]) * k[y + c] + (q[x + c] + v[w + c]) * r[t + c];
        }
        out[n++] = scale * sum;
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

/** scale q . k + q . rh[y - v + side - 1] + q . rw[x - u + side - 1] over a square grid; rh, rw [2 side - 1, d]. */
export function decomposedScores(
  q: Float32Array,
  k: Float32Array,
  rh: Float32Array,
  rw: Float32Array,
  side: number,
  scale: number,
  { batch, heads, queryLength, keyLength, dim }: Sizes,
  out: Float32Array,
): void {
  let n = 0;
  for (let m = 0; m < batch * heads; m++) {
    for (let i = 0; i < queryLength; i++) {
      const x = (m * queryLength + i) * dim;
      for (let j = 0; j < keyLength; j++) {
        const y = (m * keyLength + j) * dim;
        const a = (Math.floor(i / side) - Math.floor(j / side) + side - 1) * dim;
        const b = ((i % side) - (j % side) + side - 1) * dim;
        let content = 0;
        let position = 0;
        for (let c = 0; c < dim; c++) {
          content += q[x + c] * k[y + c];
          position += q[x + c] * (rh[a + c] + rw[b + c]);
        }
        out[n++] = scale * content + position;
      }
    }
  }
}

/** cap tanh((q_i . k_j + q_i . r[left - i + j]) / cap) in chunks of `width` queries with the `left` keys before each; r [H, left + 1, d]. */
export function localScores(
  q: Float32Array,
  k: Float32Array,
  r: Float32Array,
  left: number,
  width: number,
  cap: number,
  { batch, heads, queryLength, dim }: Sizes,
  out: Float32Array,
): void {
  const chunks = Math.ceil(queryLength / width);
  let n = 0;
  for (let m = 0; m < batch * heads; m++) {
    for (let i = 0; i < chunks * width; i++) {
      const first = Math.floor(i / width) * width - left;
      for (let j = first; j < first + width + left; j++) {
        if (j < 0 || j >= queryLength || j > i || j < i - left) {
          out[n++] = Number.NEGATIVE_INFINITY;
          continue;
        }
        const [x, y] = [(m * queryLength + i) * dim, (m * queryLength + j) * dim];
        const t = ((m % heads) * (left + 1) + left - i + j) * dim;
        let sum = 0;
        if (i < queryLength) for (let c = 0; c < dim; c++) sum += q[x + c] * (k[y + c] + r[t + c]);
        out[n++] = cap * Math.tanh(sum / cap);
      }
    }
  }
}

/** gate of (b, h, i) x bias[h, i, j]: the layer of eight outputs, two sums, two sigmoids. */
export function gatedBias(
  bias: Float32Array,
  hidden: Float32Array,
  weight: Float32Array,
  constant: Float32Array,
  { batch, heads, queryLength, keyLength, dim }: Sizes,
  out: Float32Array,
): void {
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queryLength; i++) {
        const x = ((b * queryLength + i) * heads + h) * dim;
        const sums = [0, 0];
        for (let t = 0; t < 8; t++) for (let c = 0; c < dim; c++) sums[t >> 2] += weight[t * dim + c] * hidden[x + c];
        const [a, c] = [1 / (1 + Math.exp(-sums[0])), 1 / (1 + Math.exp(-sums[1]))];
        const gate = a * (c * constant[h] - 1) + 2;
        for (let j = 0; j < keyLength; j++) out[n++] = gate * bias[(h * queryLength + i) * keyLength + j];
      }
    }
  }
}
