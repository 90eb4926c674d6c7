/** T5 relative position buckets and bias, Raffel et al. 2020 (arXiv 1910.10683), mesh `_relative_position_bucket`. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { log } from './math.ts';
import { integerAtLeast, onlyKeys, type ReferenceTensor, type Shaped, shaped } from './result.ts';

export interface T5BucketOptions {
  /** Default 32. */
  readonly numBuckets?: number;
  /** Default 128. */
  readonly maxDistance?: number;
  /** Default true. */
  readonly bidirectional?: boolean;
}

const f = Math.fround;
const BUCKET_OPTIONS = ['numBuckets', 'maxDistance', 'bidirectional'];

/** The bucket of a distance, key minus query; every step rounded to float32 as the published code does. */
export function t5Bucket(distance: number, options: T5BucketOptions = {}): number {
  onlyKeys('t5Bucket', options, BUCKET_OPTIONS);
  const { numBuckets = 32, maxDistance = 128, bidirectional = true } = options;
  let count = integerAtLeast('numBuckets', numBuckets, 2);
  let bucket = 0;
  let n = -distance;
  if (bidirectional) {
    count = Math.floor(count / 2);
    if (n < 0) bucket += count;
    n = Math.abs(n);
  } else n = Math.max(n, 0);
  const exact = Math.floor(count / 2);
  if (n < exact) return bucket + n;
  const ratio = f(f(log(f(n / exact))) / f(log(maxDistance / exact)));
  return bucket + Math.min(exact + Math.trunc(f(ratio * (count - exact))), count - 1);
}

/** bias[h, i, j] = scale * table[bucket(j - i), h]; table [numBuckets, heads]. */
export function t5Bias(
  table: Float32Array | Shaped,
  options: BiasOptions & T5BucketOptions & { readonly scale?: number; readonly shape?: readonly number[] },
): ReferenceTensor {
  onlyKeys('t5Bias', options, [...BIAS_OPTIONS, ...BUCKET_OPTIONS, 'scale', 'shape']);
  const { numBuckets, maxDistance, bidirectional, scale = 1 } = options;
  const { data, shape } = shaped('table', table, options.shape);
  const heads = shape[1];
  const memo = new Map<number, number>();
  return biasMatrix(options, heads, ({ head, i, j }) => {
    let bucket = memo.get(j - i);
    if (bucket === undefined) memo.set(j - i, (bucket = t5Bucket(j - i, { numBuckets, maxDistance, bidirectional })));
    return f(f(scale) * data[bucket * heads + head]);
  });
}
