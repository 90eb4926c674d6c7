/**
 * DeBERTa: disentangled attention. He et al., arXiv 2006.03654, section 3.1, and arXiv 2111.09543; microsoft/DeBERTa
 * disentangled_attention.py. With t = index[i, j] = clamp(b(i - j) + s, 0, 2s - 1) for BOTH terms (the paper writes
 * delta(j, i) for the second, every released code uses delta(i, j)):
 *   scores_ij = scale (q_i . k_j + q_i . Kr[t] (c2p) + Qr[t] . k_j (p2c)) + Qr[s + i] . Kr[t] (p2p, unscaled).
 * b: the distance itself (v1), or logarithmic buckets (v2, v3). Distances are query minus key.
 */
import { lnFloat32 } from '../phase/logarithm.ts';
import { amend, integer, oneOf, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { gate, type Place } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  keysOf,
  MAX_LENGTH,
  queriesOf,
  queryOffsetOf,
  SCORE_OPTIONS,
  type ScoreOptions,
  type Shaped,
  scaleOf,
  scores,
  source,
  tableOf,
} from './content.ts';
import { INDEX_OPTIONS, type IndexOptions, indexRows } from './indices.ts';
import { type DistanceIndex, fromRow, relativeTerm, reversed } from './relative.ts';

export interface DebertaBucketOptions {
  /** Logarithmic buckets on either side (v2, v3: 256); 0 or less: none, every distance is its own (v1). Default -1. */
  readonly positionBuckets?: number;
  /** Distance at which the last bucket is reached (v2, v3: 512). Needed with positionBuckets. */
  readonly maxRelativePositions?: number;
  /**
   * Whose buckets: 'microsoft' first clamps distances to maxRelativePositions - 1, 'hf' lets buckets grow beyond; the two
   * also round the logarithm of the limit differently. Default 'hf'.
   */
  readonly variant?: 'microsoft' | 'hf';
}

export interface DebertaRelativePositionOptions extends DebertaBucketOptions, IndexOptions {
  /** 'position': b(query - key); 'index': clamp(b + span, 0, 2 span - 1), the row of the relative table. Default 'position'. */
  readonly form?: 'position' | 'index';
  /** form 'index': half the rows of the table. Default: positionBuckets, else maxRelativePositions. */
  readonly span?: number;
}

const BUCKET_OPTIONS = ['positionBuckets', 'maxRelativePositions', 'variant'] as const;

/** The bucket of a distance of at least 0. */
type Magnitude = (distance: number) => number;

/** The reference computes in float32, whose every rounding is repeated here: ceil(ln(x / mid) / ln(limit / mid) (mid - 1)) + mid. */
function logBuckets(buckets: number, maxPosition: number, variant: 'microsoft' | 'hf'): Magnitude {
  const mid = Math.floor(buckets / 2);
  const limit = (maxPosition - 1) / mid;
  const bottom = lnFloat32(variant === 'hf' ? Math.fround(limit) : limit);
  return (distance) => {
    const x = variant === 'microsoft' ? Math.min(distance, maxPosition - 1) : distance;
    if (x <= mid) return x;
    const top = lnFloat32(Math.fround(Math.fround(x) / mid));
    return Math.ceil(Math.fround(Math.fround(top / bottom) * (mid - 1))) + mid;
  };
}

function magnitudeOf(o: DebertaBucketOptions): { magnitude: Magnitude; buckets: number } {
  const buckets = integer('positionBuckets', o.positionBuckets, -1, 2 ** 20, -1);
  const variant = oneOf('variant', o.variant, ['microsoft', 'hf'], 'hf');
  const given = o.maxRelativePositions;
  if (buckets <= 0) {
    if (given !== undefined) integer('maxRelativePositions', given, 1, MAX_LENGTH);
    return { magnitude: (x) => x, buckets: 0 };
  }
  const mid = Math.floor(buckets / 2);
  if (mid < 1) throw new PosencError('ERR_OPTION', `positionBuckets: expected at least 2, got ${buckets}`);
  if (typeof given !== 'number' || !Number.isInteger(given) || given - 1 <= mid || given > MAX_LENGTH) {
    throw new PosencError(
      'ERR_OPTION',
      `maxRelativePositions: ${buckets} logarithmic buckets need an integer from ${mid + 2} to 2^30, got ${show(given)}`,
    );
  }
  return { magnitude: logBuckets(buckets, given, variant), buckets };
}

/**
 * b(query - key) of every cell, or the rows of the relative table. queryOffset: default 0, as the references count queries
 * and keys from 0.
 * Integers, as the float32 logarithm of the code that `variant` names rounds them.
 * @param given lengths, the buckets, the variant
 * @returns int32 [q, k], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see He et al., DeBERTa, arXiv 2006.03654 and 2111.09543; make_log_bucket_position
 * @example
 * console.log(debertaRelativePositions({ queryLength: 2, keyLength: 3 }).data); // Int32Array(6) [ 0, -1, -2, 1, 0, -1 ]
 */
export function debertaRelativePositions(given: DebertaRelativePositionOptions): Tensor<'int32'> {
  const o = take('debertaRelativePositions', given, [...INDEX_OPTIONS, ...BUCKET_OPTIONS, 'form', 'span']);
  const { magnitude, buckets } = magnitudeOf(o);
  const form = oneOf('form', o.form, ['position', 'index'], 'position');
  if (form === 'position' && o.span !== undefined) {
    throw new PosencError('ERR_OPTION', "span: only for form 'index'");
  }
  const span =
    form === 'index' ? integer('span', o.span, 1, MAX_LENGTH, buckets > 0 ? buckets : o.maxRelativePositions) : 0;
  const position = (distance: number) => (distance > 0 ? -magnitude(distance) : magnitude(-distance));
  const index = (distance: number) => Math.min(Math.max(position(distance) + span, 0), 2 * span - 1);
  const queryOffset = o.queryPositions === undefined ? (o.queryOffset ?? 0) : o.queryOffset;
  return indexRows('debertaRelativePositions', amend(o, { queryOffset }), form === 'index' ? index : position);
}

export interface DebertaScoreOptions extends ScoreOptions, DebertaBucketOptions {
  /** Kr: the projected relative table [H, 2s, d] (or [2s, d]); for c2p and p2p. */
  readonly posKey?: Shaped;
  /** Qr: the projected relative table [H, 2s, d] (or [2s, d]); for p2c and p2p. */
  readonly posQuery?: Shaped;
  /** The position terms. Default: c2p and p2c, as far as their tables are given. */
  readonly posAttType?: readonly ('c2p' | 'p2c' | 'p2p')[];
}

const TYPES = ['c2p', 'p2c', 'p2p'] as const;

/** The terms asked for, each with its table at hand. */
function typesOf(o: DebertaScoreOptions): Set<'c2p' | 'p2c' | 'p2p'> {
  if (o.posAttType !== undefined && !Array.isArray(o.posAttType)) {
    throw new PosencError(
      'ERR_OPTION',
      `posAttType: expected a list of 'c2p', 'p2c', 'p2p', got ${show(o.posAttType)}`,
    );
  }
  const types = new Set(
    o.posAttType?.map((type, i) => oneOf(`posAttType[${i}]`, type, TYPES)) ??
      TYPES.filter((type) => (type === 'c2p' && o.posKey) || (type === 'p2c' && o.posQuery)),
  );
  const needs = { posKey: types.has('c2p') || types.has('p2p'), posQuery: types.has('p2c') || types.has('p2p') };
  for (const key of ['posKey', 'posQuery'] as const) {
    if (needs[key] && o[key] === undefined) {
      throw new PosencError('ERR_OPTION', `${key}: posAttType ${[...types].join(', ')} needs this table`);
    }
  }
  return types;
}

/**
 * Disentangled attention scores. q [B, H, q, d], k [B, H, k, d]; posKey and posQuery are the relative table after its
 * projection: pos_proj and pos_q_proj (v1), pos_key_proj and pos_query_proj (v2), or key_proj and query_proj where
 * share_att_key is set (v3). Half their rows is the span s; v1 may give the whole table or its central 2s rows.
 * scale: default 1 / sqrt(d (1 + number of position terms)). queryOffset: default 0.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, q, d]
 * @param k [B, H, k, d]
 * @param given `posKey` and `posQuery` [H, 2 s, d], the buckets, masks
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see He et al., DeBERTa, arXiv 2006.03654, eq. 4
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(debertaScores(q, k, { posKey: Tensor.zeros([2, 8, 8]), posAttType: ['c2p'] }).shape); // [ 1, 2, 3, 5 ]
 */
export function debertaScores(q: Shaped, k: Shaped, given: DebertaScoreOptions): Tensor {
  const o = take('debertaScores', given, [...SCORE_OPTIONS, ...BUCKET_OPTIONS, 'posKey', 'posQuery', 'posAttType']);
  const call = gate('debertaScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const keys = keysOf(call, 'k', k, queries);
  const keyLength = keys.shape[2];
  const types = typesOf(o);
  const { magnitude, buckets } = magnitudeOf(o);
  let count = 0;
  const relativeTable = (name: 'posKey' | 'posQuery', used: boolean): Place | undefined => {
    if (!used) return undefined;
    const { place, rows } = tableOf(call, name, o[name], queries);
    if (rows % 2 === 1 || (buckets > 0 && rows !== 2 * buckets) || (count > 0 && rows !== count)) {
      const rule =
        buckets > 0
          ? `2 positionBuckets = ${2 * buckets}`
          : count > 0
            ? `${count}, as posKey has,`
            : 'an even number of';
      throw new PosencError('ERR_SHAPE', `${name}: expected ${rule} rows, got ${rows}`);
    }
    count = rows;
    return place;
  };
  const posKey = relativeTable('posKey', types.has('c2p') || types.has('p2p'));
  const posQuery = relativeTable('posQuery', types.has('p2c') || types.has('p2p'));
  const span = count / 2;
  const scale = scaleOf(o, dim * (1 + types.size));
  const queryOffset = queryOffsetOf(o, 0);
  // the index falls with key minus query: the tables are taken last row first, and row span - 1 is distance 0
  const bucket = buckets > 0 ? nearBuckets(magnitude, span) : undefined;
  const index: DistanceIndex = { count, centre: span - 1, edges: 'clip', bucket };
  const most = types.has('p2p') ? { queries: span, option: 'posAttType: p2p' } : undefined;
  const sizes = { batch, heads, queryLength, keyLength, queryOffset, fromZero: true, most };
  const content = { q: queries.place, k: keys, dim, scale };
  return scores(call, o, sizes, content, ({ frame, first, index: row, column }) => {
    const own = fromRow(source(queries.place), first);
    if (types.has('c2p')) {
      relativeTerm(frame, 'query', own, undefined, reversed(source(posKey!), count), dim, index, scale);
    }
    if (types.has('p2c')) {
      const others = fromRow(source(keys), column);
      relativeTerm(frame, 'key', others, undefined, reversed(source(posQuery!), count), dim, index, scale);
    }
    if (types.has('p2p')) {
      const rows = fromRow(source(posQuery!), span + row);
      relativeTerm(frame, 'query', rows, undefined, reversed(source(posKey!), count), dim, index, 1);
    }
  });
}

/**
 * Buckets by distance for as long as they are rows of the table; further distances have its last row. Each is computed when it
 * is first asked for, and kept for the call: every head asks for the same ones.
 */
function nearBuckets(magnitude: Magnitude, span: number): (distance: number) => number {
  const known: number[] = [];
  let end = Number.POSITIVE_INFINITY;
  const of = (distance: number) => {
    while (known.length <= distance && distance < end) {
      const next = magnitude(known.length);
      if (next >= span) end = known.length;
      else known.push(next);
    }
    return distance < end ? known[distance] : span;
  };
  return (distance) => (distance < 0 ? -of(-distance) : of(distance));
}
