/**
 * Buckets of distances, exact when short and logarithmic when long: Raffel et al., arXiv 1910.10683; mesh
 * `_relative_position_bucket`. Here and not in a wing, because a bias and a score need them, and wings do not import each other.
 */
import { boolean, integer } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { exp2Estimate, lnFloat32 } from './logarithm.ts';

export interface BucketOptions {
  /** Default 32. */
  readonly numBuckets?: number;
  /** Distance from which on the last bucket holds. Default 128. */
  readonly maxDistance?: number;
  /** Encoder: the upper half of the buckets is for keys after the query. Decoder: false, they count as distance 0. Default true. */
  readonly bidirectional?: boolean;
}

/** Distances key minus query in runs: bucket of[r] from distance firsts[r] on; firsts[0] stands for minus infinity. */
export interface BucketRuns {
  readonly buckets: number;
  readonly firsts: readonly number[];
  readonly of: readonly number[];
}

/** Runs share the arena with a diagonal. */
const MAX_BUCKETS = 2048;

/** Puts runs into the memory: the first distances, then the buckets. `at`: an index of 32-bit words. */
export function loadRuns(words: Int32Array, at: number, { firsts, of }: BucketRuns): void {
  const n = firsts.length;
  for (let r = 0; r < n; r++) {
    words[at + r] = firsts[r];
    words[at + n + r] = of[r];
  }
}

/** @throws ERR_OPTION */
export function bucketRuns(o: BucketOptions): BucketRuns {
  const buckets = integer('numBuckets', o.numBuckets, 1, MAX_BUCKETS, 32);
  const maxDistance = integer('maxDistance', o.maxDistance, 1, 2 ** 31 - 1, 128);
  const bidirectional = boolean('bidirectional', o.bidirectional, true);
  const count = bidirectional ? Math.floor(buckets / 2) : buckets;
  const maxExact = Math.floor(count / 2);
  if (maxExact < 1) {
    throw new PosencError(
      'ERR_OPTION',
      `numBuckets: expected at least ${bidirectional ? 4 : 2} so that distance 0 has a bucket of its own, got ${buckets}`,
    );
  }
  if (maxDistance <= maxExact) {
    throw new PosencError(
      'ERR_OPTION',
      `maxDistance: expected more than the ${maxExact} exact buckets of numBuckets ${buckets}, got ${maxDistance}`,
    );
  }
  const { starts, ids, length } = bucketStarts(count, maxExact, maxDistance);
  // from 1 on bucket 0 of the side behind is empty where bucket 1 starts there too
  const skipped = length > 1 && starts[1] === 1 ? 1 : 0;
  const firsts = new Array<number>(bidirectional ? 2 * length - skipped : length);
  const of = new Array<number>(firsts.length);
  // keys before the query first, from far to near; the nearest run ends with distance 0
  firsts[0] = -(2 ** 31);
  of[0] = ids[length - 1];
  for (let r = length - 2; r >= 0; r--) {
    firsts[length - 1 - r] = 1 - starts[r + 1];
    of[length - 1 - r] = ids[r];
  }
  for (let r = skipped, n = length; n < firsts.length; r++, n++) {
    firsts[n] = r === 0 ? 1 : starts[r];
    of[n] = ids[r] + count;
  }
  return { buckets, firsts, of };
}

interface Starts {
  /** Bucket ids[r] holds from distance starts[r] >= 0 on. */
  readonly starts: readonly number[];
  readonly ids: readonly number[];
  /** How many there are; what follows in the lists means nothing. */
  readonly length: number;
}

/**
 * Where the bucket of a distance n >= 0 changes. The published procedure rounds every step to float32, and checkpoints depend
 * on it: plain float64 puts some exact powers (20 buckets, maxDistance 160, n = 20) one bucket lower. Without rounding, bucket
 * maxExact + j would begin at maxExact (maxDistance / maxExact)^(j / rest); rounding moves that by less than FAR of it, so only
 * where an integer is that near the procedure itself must decide.
 */
function bucketStarts(count: number, maxExact: number, maxDistance: number): Starts {
  const rest = count - maxExact;
  const quotient = maxDistance / maxExact;
  const span = lnFloat32(quotient);
  const bucketOf = (n: number): number => {
    const ratio = Math.fround(lnFloat32(Math.fround(n / maxExact)) / span);
    return Math.min(maxExact + Math.trunc(Math.fround(ratio * rest)), count - 1);
  };
  const starts = new Array<number>(count);
  const ids = new Array<number>(count);
  for (let n = 0; n <= maxExact; n++) {
    starts[n] = n;
    ids[n] = n;
  }
  let last = maxExact;
  const step = exp2Estimate(span / Math.LN2 / rest);
  let real = maxExact;
  for (let bucket = maxExact + 1; bucket < count; bucket++) {
    real *= step;
    const near = FAR * real;
    let start = Math.ceil(real);
    const clear = start - real > near && real - start + 1 > near;
    if (!clear) {
      const guess = Math.round(real);
      // one integer in reach: the procedure says on which side of the boundary it is
      if (near < 0.5) start = bucketOf(guess) >= bucket ? guess : guess + 1;
      else start = firstOf(bucketOf, bucket, guess, Math.max(1, Math.ceil(near)));
    }
    // where distances are fewer than buckets, several begin at the same one: the last of them holds it
    if (starts[last] !== start) last++;
    starts[last] = start;
    ids[last] = bucket;
  }
  return { starts, ids, length: last + 1 };
}

/** More than the roundings of four float32 steps can move a boundary, relative to it; their share of it is at most 2^-24 ln n. */
const FAR = 2 ** -17;

/** The first distance in `bucket` or above, near `guess`. Buckets never fall with n. */
function firstOf(bucketOf: (n: number) => number, bucket: number, guess: number, reach: number): number {
  if (bucketOf(guess) >= bucket && bucketOf(guess - 1) < bucket) return guess;
  let [below, above] = [guess - reach, guess + reach];
  while (bucketOf(below) >= bucket) below -= reach;
  while (bucketOf(above) < bucket) above += reach;
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2);
    if (bucketOf(middle) >= bucket) above = middle;
    else below = middle;
  }
  return above;
}
