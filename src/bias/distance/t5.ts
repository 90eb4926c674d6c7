/**
 * T5's relative position bias: distances fall into buckets, exact when short and logarithmic when long, and every bucket has
 * a learned number per head. Raffel et al., arXiv 1910.10683; buckets of mesh `_relative_position_bucket`.
 */
import { cache } from '../../phase/cache.ts';
import { type DD, divNumber, from, ln } from '../../phase/dd.ts';
import { ddToFloat32 } from '../../phase/float32.ts';
import { boolean, finite, integer, options } from '../../runtime/arguments.ts';
import { type BiasOptions, int32 } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import type { Positions } from '../../runtime/lists.ts';
import { shapeOf } from '../../runtime/operands.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { type Filler, headCount, TOEPLITZ_OPTIONS, type ToeplitzOptions, toeplitz } from './toeplitz.ts';

export interface T5BucketOptions {
  /** Default 32. */
  readonly numBuckets?: number;
  /** Distance from which on the last bucket holds. Default 128. */
  readonly maxDistance?: number;
  /** Encoder: the upper half of the buckets is for keys after the query. Decoder: false, they count as distance 0. Default true. */
  readonly bidirectional?: boolean;
}

export interface T5BucketsOptions
  extends T5BucketOptions,
    Pick<
      BiasOptions,
      'queryLength' | 'keyLength' | 'queryOffset' | 'queryPositions' | 'keyPositions' | 'rows' | 'engine'
    > {
  /** Distances key minus query, instead of lengths or positions: the result is [n]. */
  readonly distances?: Positions;
  /** An int32 Tensor. */
  readonly out?: Tensor<'int32'>;
}

export interface T5BiasOptions extends T5BucketOptions, ToeplitzOptions {
  /** Multiplies the bias (x-transformers: sqrt(dim / heads)). Default 1. */
  readonly scale?: number;
  /** [numBuckets, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const BUCKET_OPTIONS = ['numBuckets', 'maxDistance', 'bidirectional'] as const;
/** Runs of the plan share the arena with the diagonal. */
const MAX_BUCKETS = 2048;

/**
 * The bucket of every pair of positions.
 * @returns int32 [queryLength, keyLength], or [n] for distances
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function t5Buckets(given: T5BucketsOptions = {}): Tensor<'int32'> {
  const { distances, ...o } = options('t5Buckets', given, [
    ...BUCKET_OPTIONS,
    'queryLength',
    'keyLength',
    'queryOffset',
    'queryPositions',
    'keyPositions',
    'rows',
    'distances',
    'out',
    'engine',
  ]);
  const runs = runsOf(o);
  for (const name of ['queryLength', 'keyLength', 'queryOffset', 'queryPositions', 'keyPositions', 'rows'] as const) {
    if (distances !== undefined && o[name] !== undefined) {
      throw new PosencError('ERR_OPTION', `${name}: has no meaning beside distances`);
    }
  }
  const positions = distances === undefined ? {} : { queryPositions: [0], keyPositions: int32('distances', distances) };
  const encoding = {
    name: 't5Buckets',
    heads: 1,
    dtype: 'int32',
    squeeze: distances === undefined ? 1 : 2,
    bind: (engine: Engine) => bucketFiller(engine, runs, 0, 0, 1),
  } as const;
  return toeplitz(encoding, { ...o, ...positions } as unknown as ToeplitzOptions) as unknown as Tensor<'int32'>;
}

const BIAS_OPTIONS = [...BUCKET_OPTIONS, 'scale', 'shape', ...TOEPLITZ_OPTIONS] as const;

/**
 * The bias matrix of a table [numBuckets, heads]. T5 does not scale its logits by 1 / sqrt(headDim).
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches and `addTo` make of it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function t5Bias(table: Tensor | Float32Array, given: T5BiasOptions): Tensor {
  const o = options('t5Bias', given, BIAS_OPTIONS);
  const runs = runsOf(o);
  const scale = finite('scale', o.scale, {}, 1);
  const shape = shapeOf('table', table, o.shape);
  const buckets = o.numBuckets ?? DEFAULT_BUCKETS;
  if (shape.length !== 2 || shape[0] !== buckets || shape[1] === 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: expected [${buckets}, heads] for numBuckets ${buckets}, got [${shape.join(', ')}]`,
    );
  }
  const heads = headCount('table', shape[1]);
  return toeplitz(
    {
      name: 't5Bias',
      heads,
      tables: [['table', table]],
      bind: (engine, [pointer]) => bucketFiller(engine, runs, pointer, 4 * heads, scale),
    },
    o,
  );
}

/** Buckets in runs: bucket words[count + r] from distance words[r] on; words[0] stands for minus infinity. */
interface Runs {
  readonly count: number;
  readonly words: Int32Array;
}

function bucketFiller(engine: Engine, runs: Runs, table: number, tableStride: number, scale: number): Filler {
  const n = runs.count;
  let starts = 0;
  return {
    scratchBytes: (8 * n + 15) & ~15,
    directRows: 16,
    load(pointer) {
      starts = pointer;
      engine.i32.set(runs.words, pointer >>> 2);
    },
    fill(to, { first, count, list }) {
      const entry = table === 0 ? 0 : table + 4 * to.head;
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.bucketRows(
        to.pointer, to.stride, to.heads, starts, starts + 4 * n, n, entry, tableStride, scale, first, count, list);
    },
  };
}

const DEFAULT_BUCKETS = 32;
const plans = cache<Runs>(64);
/** The plan used last, found without making a key: every layer and step of a model asks for the same one. */
let latest: { numBuckets: number; maxDistance: number; bidirectional: boolean; runs: Runs } | undefined;

function runsOf(o: T5BucketOptions): Runs {
  const numBuckets = integer('numBuckets', o.numBuckets, 1, MAX_BUCKETS, DEFAULT_BUCKETS);
  const maxDistance = integer('maxDistance', o.maxDistance, 1, 2 ** 31 - 1, 128);
  const bidirectional = boolean('bidirectional', o.bidirectional, true);
  const same = latest?.numBuckets === numBuckets && latest.maxDistance === maxDistance;
  if (same && latest?.bidirectional === bidirectional) return latest.runs;
  const runs = planned(numBuckets, maxDistance, bidirectional);
  latest = { numBuckets, maxDistance, bidirectional, runs };
  return runs;
}

function planned(numBuckets: number, maxDistance: number, bidirectional: boolean): Runs {
  const count = bidirectional ? Math.floor(numBuckets / 2) : numBuckets;
  const maxExact = Math.floor(count / 2);
  if (maxExact < 1) {
    throw new PosencError(
      'ERR_OPTION',
      `numBuckets: expected at least ${bidirectional ? 4 : 2} so that distance 0 has a bucket of its own, got ${numBuckets}`,
    );
  }
  if (maxDistance <= maxExact) {
    throw new PosencError(
      'ERR_OPTION',
      `maxDistance: expected more than the ${maxExact} exact buckets of numBuckets ${numBuckets}, got ${maxDistance}`,
    );
  }
  return plans.get(`${count} ${maxDistance} ${bidirectional}`, () => {
    const starts = bucketStarts(count, maxExact, maxDistance);
    // distance is key minus query: keys before the query first, from far to near
    const before = starts.map(([start, bucket], r) => [
      r + 1 < starts.length ? 1 - starts[r + 1][0] : -(2 ** 31),
      bucket,
      start,
    ]);
    const runs = before.reverse();
    if (bidirectional) for (const [start, bucket] of starts) runs.push([Math.max(start, 1), bucket + count]);
    // distance 0 belongs to the side of the keys before, and from 1 on bucket 0 of the other side may be empty
    const kept = runs.filter(([start], r) => r + 1 === runs.length || runs[r + 1][0] > start);
    const words = Int32Array.from([...kept.map(([start]) => start), ...kept.map(([, bucket]) => bucket)]);
    return { count: kept.length, words };
  });
}

/**
 * [n, bucket] wherever the bucket of distance n >= 0 changes. The published procedure rounds every step to float32, and
 * checkpoints depend on it: plain float64 puts some exact powers (20 buckets, maxDistance 160, n = 20) one bucket lower.
 */
function bucketStarts(count: number, maxExact: number, maxDistance: number): (readonly [number, number])[] {
  const span = Math.fround(lnFloat32(divNumber(from(maxDistance), maxExact)));
  const bucketOf = (n: number): number => {
    const ratio = Math.fround(lnFloat32(from(Math.fround(n / maxExact))) / span);
    return Math.min(maxExact + Math.trunc(Math.fround(ratio * (count - maxExact))), count - 1);
  };
  const starts: (readonly [number, number])[] = Array.from({ length: maxExact }, (_, n) => [n, n] as const);
  // buckets never fall with n; each jump is found by halving between a distance below it and one at or above it
  let low = maxExact;
  let bucket = bucketOf(low);
  starts.push([low, bucket]);
  while (bucket < count - 1) {
    let [below, above] = [low, low + 1];
    while (bucketOf(above) <= bucket) {
      below = above;
      above += above - low;
    }
    while (above - below > 1) {
      const middle = below + Math.floor((above - below) / 2);
      if (bucketOf(middle) > bucket) above = middle;
      else below = middle;
    }
    low = above;
    bucket = bucketOf(low);
    starts.push([low, bucket]);
  }
  return starts;
}

function lnFloat32(x: DD): number {
  return ddToFloat32(ln(x));
}
