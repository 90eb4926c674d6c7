/** TUPE, Ke et al. 2021 (arXiv 2006.15595): untied position products, T5's relative bias, CLS reset. */
import { onlyKeys, type ReferenceTensor, tensor } from './result.ts';
import { t5Bucket } from './t5.ts';

export interface TupeOptions {
  readonly length: number;
  readonly heads: number;
  readonly dim: number;
  readonly positions: Float32Array;
  readonly norm: { readonly weight: Float32Array; readonly bias: Float32Array };
  readonly query: { readonly weight: Float32Array; readonly bias: Float32Array };
  readonly key: { readonly weight: Float32Array; readonly bias: Float32Array };
  readonly relativeTable?: Float32Array;
  /** Default 'sum'. */
  readonly part?: 'sum' | 'absolute' | 'relative';
  /** Default 32. */
  readonly numBuckets?: number;
  /** Default 128. */
  readonly maxDistance?: number;
  /** Default 2. */
  readonly scaleFactor?: number;
  /** Default 1e-5. */
  readonly eps?: number;
}

/** Bucket of a pair of tokens, CLS being token 0: the reset of its column, then of its row. */
export function tupeBucket(i: number, j: number, numBuckets: number, maxDistance: number): number {
  if (i === 0) return numBuckets / 2;
  return j === 0 ? numBuckets : t5Bucket(j - i, { numBuckets, maxDistance });
}

export function tupe(options: TupeOptions): ReferenceTensor {
  onlyKeys('tupe', options, [
    'length',
    'heads',
    'dim',
    'positions',
    'norm',
    'query',
    'key',
    'relativeTable',
    'part',
    'numBuckets',
    'maxDistance',
    'scaleFactor',
    'eps',
  ]);
  const { length, heads, dim, positions, norm, query, key, relativeTable } = options;
  const { numBuckets = 32, maxDistance = 128, scaleFactor = 2, eps = 1e-5, part = 'sum' } = options;
  const width = dim / heads;
  const rows = Array.from({ length: length + 1 }, (_, r) => {
    const x = Array.from(positions.subarray(r * dim, (r + 1) * dim));
    const mean = x.reduce((a, b) => a + b, 0) / dim;
    const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / dim;
    return x.map((v, c) => ((v - mean) / Math.sqrt(variance + eps)) * norm.weight[c] + norm.bias[c]);
  });
  const projected = ({ weight, bias }: { weight: Float32Array; bias: Float32Array }) =>
    rows.map((x) =>
      Array.from({ length: dim }, (_, out) => x.reduce((sum, v, c) => sum + v * weight[out * dim + c], bias[out])),
    );
  const [q, k] = [projected(query), projected(key)];
  const product = (h: number, a: number, b: number) => {
    let sum = 0;
    for (let c = h * width; c < (h + 1) * width; c++) sum += q[a][c] * k[b][c];
    return sum / Math.sqrt(scaleFactor * width);
  };
  const result = tensor([heads, length, length]);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < length; j++) {
        const absolute = i === 0 ? product(h, 0, 0) : j === 0 ? product(h, 1, 1) : product(h, i + 1, j + 1);
        const relative = relativeTable?.[tupeBucket(i, j, numBuckets, maxDistance) * heads + h] ?? 0;
        result.data[(h * length + i) * length + j] =
          (part === 'relative' ? 0 : absolute) + (part === 'absolute' ? 0 : relative);
      }
    }
  }
  return result;
}
