/**
 * T5's relative position bias: distances fall into buckets, exact when short and logarithmic when long (phase/buckets.ts), and
 * every bucket has a learned number per head. Raffel et al., arXiv 1910.10683.
 */
import { type BucketOptions, type BucketRuns, bucketRuns, loadRuns } from '../../phase/buckets.ts';
import { amend, finite, take } from '../../runtime/arguments.ts';
import { type BiasOptions, headCount, positionsOf, refuse } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate, type Out, type Place } from '../../runtime/gate.ts';
import type { NumberList } from '../../runtime/lists.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  type Distances,
  encodingOf,
  type Filler,
  type HeadRows,
  TOEPLITZ_OPTIONS,
  type ToeplitzOptions,
} from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export type T5BucketOptions = BucketOptions;

export interface T5BucketsOptions
  extends T5BucketOptions,
    Pick<
      BiasOptions,
      'queryLength' | 'keyLength' | 'queryOffset' | 'queryPositions' | 'keyPositions' | 'rows' | 'engine'
    > {
  /** Distances key minus query, instead of lengths or positions: the result is [n]. */
  readonly distances?: NumberList;
  /** An int32 Tensor. */
  readonly out?: Out<'int32'>;
}

export interface T5BiasOptions extends T5BucketOptions, ToeplitzOptions {
  /** Multiplies the bias (x-transformers: sqrt(dim / heads)). Default 1. */
  readonly scale?: number;
  /** [numBuckets, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const BUCKET_OPTIONS = ['numBuckets', 'maxDistance', 'bidirectional'] as const;
const PLACES = ['queryLength', 'keyLength', 'queryOffset', 'queryPositions', 'keyPositions', 'rows'] as const;

/**
 * The bucket of every pair of positions.
 * Integers, as the float32 logarithm of the published code rounds them.
 * @param given lengths, positions or `distances`, and the rule of the buckets
 * @returns int32 [queryLength, keyLength], or [n] for distances
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Raffel et al., arXiv 1910.10683, section 2.1; transformers _relative_position_bucket
 * @example
 * console.log(t5Buckets({ distances: [-300, -20, -1, 0, 1, 300] }).data); // Int32Array(6) [ 15, 10, 1, 0, 17, 31 ]
 */
export function t5Buckets(given: T5BucketsOptions = {}): Tensor<'int32'> {
  const o = take('t5Buckets', given, [...BUCKET_OPTIONS, ...PLACES, 'distances', 'out', 'engine']);
  const runs = bucketRuns(o);
  const call = gate('t5Buckets', o.engine);
  const listed = o.distances !== undefined;
  if (listed) refuse(o, 'distances', PLACES);
  const keyPositions = listed ? positionsOf(call, 'distances', o.distances) : undefined;
  const places = listed ? amend(o, { queryPositions: [0], keyPositions }) : o;
  const bind = (engine: Engine) => new BucketFiller(engine, runs, undefined, 1);
  const encoding = encodingOf(1, bind, { dtype: 'int32', squeeze: listed ? 2 : 1 });
  return toeplitz(call, encoding, places as unknown as ToeplitzOptions) as unknown as Tensor<'int32'>;
}

const BIAS_OPTIONS = [...BUCKET_OPTIONS, 'scale', 'shape', ...TOEPLITZ_OPTIONS] as const;

/**
 * The bias matrix of a table [numBuckets, heads]. T5 does not scale its logits by 1 / sqrt(headDim).
 * Numbers of the table are copied, or multiplied by `scale` and rounded once.
 * @param table float32 [numBuckets, heads]
 * @param given lengths or positions, and the rule of the buckets
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches, packed sequences and `addTo` make of
 * it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Raffel et al., arXiv 1910.10683, section 2.1
 * @example
 * const table = Tensor.from(Float32Array.from({ length: 32 }, (_, i) => i), [32, 1]);
 * console.log(t5Bias(table, { queryLength: 1, keyLength: 4 }).data); // Float32Array(4) [ 3, 2, 1, 0 ]
 */
export function t5Bias(table: Floats, given: T5BiasOptions): Tensor {
  const o = take('t5Bias', given, BIAS_OPTIONS);
  const runs = bucketRuns(o);
  const scale = finite('scale', o.scale, {}, 1);
  const call = gate('t5Bias', o.engine);
  const place = call.input('table', table, o.shape);
  const { shape } = place;
  if (shape.length !== 2 || shape[0] !== runs.buckets || shape[1] === 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: expected [${runs.buckets}, heads] for numBuckets ${runs.buckets}, got [${shape.join(', ')}]`,
    );
  }
  const heads = headCount('table', shape[1]);
  return toeplitz(
    call,
    encodingOf(heads, (engine) => new BucketFiller(engine, runs, place, scale)),
    o,
  );
}

/** The numbers of a table [buckets, heads], or the buckets themselves. */
class BucketFiller implements Filler {
  declare readonly scratchBytes: number;
  declare readonly directRows: number;
  declare readonly rows: undefined;
  declare readonly diagonal: undefined;
  declare readonly engine: Engine;
  declare readonly runs: BucketRuns;
  declare readonly table: Place | undefined;
  declare readonly scale: number;
  /** Where the runs lie. */
  declare starts: number;

  constructor(engine: Engine, runs: BucketRuns, table: Place | undefined, scale: number) {
    this.scratchBytes = (8 * runs.length + 15) & ~15;
    this.directRows = 16;
    this.rows = undefined;
    this.diagonal = undefined;
    this.engine = engine;
    this.runs = runs;
    this.table = table;
    this.scale = scale;
    this.starts = 0;
  }

  load(pointer: number): void {
    this.starts = pointer;
    loadRuns(this.engine.i32, pointer >>> 2, this.runs);
  }

  fill(to: HeadRows, { first, count, list }: Distances): void {
    const { runs, table, starts } = this;
    const n = runs.length;
    const entry = table === undefined ? 0 : table.pointer + 4 * to.head;
    const stride = table === undefined ? 0 : 4 * table.shape[1];
    // biome-ignore format: grouped as the kernel declares it
    this.engine.kernels.bucketRows(
      to.pointer, to.stride, to.heads, starts, starts + 4 * n, n, entry, stride, this.scale, first, count, list);
  }
}
