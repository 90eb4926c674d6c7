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

/** Distances key minus query in runs of one bucket each: `length` of them. loadRuns puts them where kernels read them. */
export interface BucketRuns {
  readonly buckets: number;
  readonly length: number;
  readonly starts: Starts;
  /** Added to the buckets of keys after the query; 0: those keys count as distance 0. */
  readonly ahead: number;
}

/** Runs share the arena with a diagonal. */
const MAX_BUCKETS = 2048;

/**
 * Puts runs into the memory: first the distances they begin at, ascending, of which the first stands for minus infinity; then
 * their buckets. `at`: an index of 32-bit words.
 */
export function loadRuns(words: Int32Array, at: number, { length, starts, ahead }: BucketRuns): void {
  const { from, ids, length: behind } = starts;
  // keys before the query first, from far to near; the nearest run ends with distance 0
  for (let i = behind - 1, r = at; i >= 0; i--, r++) {
    words[r] = i === behind - 1 ? -(2 ** 31) : 1 - from[i + 1];
    words[r + length] = ids[i];
  }
  // from 1 on; bucket 0 is empty there where bucket 1 starts at 1 too
  for (let i = 2 * behind - length, r = at + behind; r < at + length; i++, r++) {
    words[r] = i === 0 ? 1 : from[i];
    words[r + length] = ids[i] + ahead;
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
  const starts = bucketStarts(count, maxExact, maxDistance);
  if (!bidirectional) return { buckets, length: starts.length, starts, ahead: 0 };
  const empty = starts.length > 1 && starts.from[1] === 1 ? 1 : 0;
  return { buckets, length: 2 * starts.length - empty, starts, ahead: count };
}

interface Starts {
  /** Bucket ids[i] holds from distance from[i] >= 0 on. */
  readonly from: readonly number[];
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
  const from = new Array<number>(count);
  const ids = new Array<number>(count);
  for (let n = 0; n <= maxExact; n++) {
    from[n] = n;
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
    if (from[last] !== start) last++;
    from[last] = start;
    ids[last] = bucket;
  }
  return { from, ids, length: last + 1 };
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
