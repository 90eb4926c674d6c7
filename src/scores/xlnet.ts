/**
 * XLNet. Yang et al., arXiv 1906.08237, appendix A.2 and zihangdai/xlnet modeling.py:
 *   scores_ij = scale ((q_i + r_w) . k_j + (q_i + r_r) . r[Lq - i + j] + (q_i + r_s) . seg_embed[segment differs]).
 * Row t of r belongs to position Lk - t (query minus key); the table starts one row earlier than Transformer-XL's.
 */
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  cellMask,
  expectShape,
  headsLast,
  keysUpTo,
  LAST_QUERY_OPTIONS,
  type LastQueryOptions,
  MAX_LENGTH,
  optional,
  perHead,
  queriesOf,
  type Shaped,
  type ShapedIntegers,
  scaleOf,
  scores,
  shaped,
  source,
} from './content.ts';
import { type DistanceIndex, fromRow, relativeTerm, segmentTerm } from './relative.ts';

/** Positions of one table; more have no use, for a table of them would not fit any memory. */
const MAX_POSITIONS = 2 ** 24;

export interface XlnetPositionOptions {
  /** Queries. */
  readonly queryLength: number;
  /** Keys: memory and queries. Default: queryLength. */
  readonly keyLength?: number;
  /** 'bi': positions keyLength, ..., 1 - queryLength; 'uni': keyLength, ..., 0. Default 'bi'. */
  readonly attnType?: 'bi' | 'uni';
  /** Positions are clipped to [-clampLen, clampLen]; 0 or less: not. Default -1. */
  readonly clampLen?: number;
  /** 'backward': the negated positions, which bi_data gives the second half of a batch. Default 'forward'. */
  readonly direction?: 'forward' | 'backward';
}

/**
 * The positions of XLNet's relative table, for sinusoidal({ positions, dim, arrangement: 'concat' }).
 * Exact integers in float64.
 * @param given lengths, attnType, clampLen, the direction
 * @returns queryLength + keyLength positions ('bi') or keyLength + 1 ('uni'), descending unless backward
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Yang et al., XLNet, arXiv 1906.08237; zihangdai/xlnet relative_positional_encoding
 * @example
 * console.log(xlnetPositions({ queryLength: 2, keyLength: 3 })); // Float64Array(5) [ 3, 2, 1, 0, -1 ]
 */
export function xlnetPositions(given: XlnetPositionOptions): Float64Array {
  const o = take('xlnetPositions', given, ['queryLength', 'keyLength', 'attnType', 'clampLen', 'direction']);
  const queryLength = size('queryLength', o.queryLength, 0, MAX_POSITIONS);
  const keyLength = size('keyLength', o.keyLength, queryLength, MAX_POSITIONS, queryLength);
  const attnType = oneOf('attnType', o.attnType, ['bi', 'uni'], 'bi');
  const clampLen = integer('clampLen', o.clampLen, -1, MAX_LENGTH, -1);
  const sign = oneOf('direction', o.direction, ['forward', 'backward'], 'forward') === 'forward' ? 1 : -1;
  const limit = clampLen > 0 ? clampLen : Number.POSITIVE_INFINITY;
  const positions = new Float64Array(attnType === 'bi' ? keyLength + queryLength : keyLength + 1);
  for (let t = 0; t < positions.length; t++) {
    const position = Math.max(-limit, Math.min(limit, keyLength - t));
    positions[t] = position === 0 ? 0 : sign * position;
  }
  return positions;
}

export interface XlnetScoreOptions extends LastQueryOptions {
  /** Which table r is: see xlnetPositions. 'uni' masks later keys unless causal is false. Default 'bi'. */
  readonly attnType?: 'bi' | 'uni';
  /** r_w_bias [H, d], added to the queries of the content term. Default: none. */
  readonly rWBias?: Shaped;
  /** r_r_bias [H, d], added to the queries of the position term. Default: none. */
  readonly rRBias?: Shaped;
  /** r_s_bias [H, d], added to the queries of the segment term. Default: none. */
  readonly rSBias?: Shaped;
  /** seg_embed [2, H, d]; with segMat it makes the segment term. */
  readonly segEmbed?: Shaped;
  /** Shape [B | 1, Lq, Lk]: 0 where query and key are of one segment, else 1. */
  readonly segMat?: ShapedIntegers;
}

const OPTIONS = [...LAST_QUERY_OPTIONS, 'attnType', 'rWBias', 'rRBias', 'rSBias', 'segEmbed', 'segMat'] as const;

/**
 * Scores of Lq queries, the last of Lk positions. q [B, H, Lq, d], k [B, H, Lk, d]; r: the projected table,
 * [H, rows, d], or [B, H, rows, d] where halves of the batch differ (bi_data); rows: Lq + Lk ('bi') or Lk + 1 ('uni').
 * scale: default 1 / sqrt(d), on all three terms. mask: 1 keeps (XLNet's attn_mask has 1 for masked cells).
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, Lq, d]
 * @param k [B, H, Lk, d]
 * @param r [H, rows, d] or [B, H, rows, d]
 * @param given the biases, segments, scale, masks, rows
 * @returns float32 [B, H, Lq, Lk], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Yang et al., XLNet, arXiv 1906.08237, appendix A.2
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(xlnetScores(q, k, Tensor.zeros([2, 8, 8])).shape); // [ 1, 2, 3, 5 ]
 */
export function xlnetScores(q: Shaped, k: Shaped, r: Shaped, given: XlnetScoreOptions = {}): Tensor {
  const o = take('xlnetScores', given, OPTIONS);
  const call = gate('xlnetScores', o.engine);
  const attnType = oneOf('attnType', o.attnType, ['bi', 'uni'], 'bi');
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const { keys, keyLength, memory } = keysUpTo(call, k, queries);
  const count = attnType === 'bi' ? keyLength + queryLength : keyLength + 1;
  const table = shaped(call, 'r', r);
  expectShape('r', table.shape, [heads, count, dim], [batch, heads, count, dim]);
  const rWBias = optional(call, 'rWBias', o.rWBias, [heads, dim]);
  const rRBias = optional(call, 'rRBias', o.rRBias, [heads, dim]);
  const rSBias = optional(call, 'rSBias', o.rSBias, [heads, dim]);
  if ((o.segMat === undefined) !== (o.segEmbed === undefined) || (o.rSBias !== undefined && o.segMat === undefined)) {
    throw new PosencError('ERR_OPTION', 'segMat: the segment term needs segMat and segEmbed (and may have rSBias)');
  }
  const lengths = { batch, heads, queryLength, keyLength };
  const segEmbed = optional(call, 'segEmbed', o.segEmbed, [2, heads, dim]);
  const segments = o.segMat === undefined ? undefined : call.mask('segMat', o.segMat);
  if (segments !== undefined) {
    expectShape('segMat', segments.shape, [batch, queryLength, keyLength], [1, queryLength, keyLength]);
  }
  const cells = segments === undefined ? undefined : cellMask('segMat', segments, lengths, 0);
  const scale = scaleOf(o, dim);
  const index: DistanceIndex = { count, centre: keyLength, edges: 'zero' };
  const sizes = { ...lengths, queryOffset: memory, causal: attnType === 'uni' };
  const content = { q: queries.place, k: keys, bias: rWBias, dim, scale };
  return scores(call, o, sizes, content, ({ frame, first, column }) => {
    const own = fromRow(source(queries.place), first);
    relativeTerm(frame, 'query', own, perHead(rRBias), source(table), dim, index, scale);
    if (cells === undefined) return;
    const part = { ...cells, start: first * keyLength + column };
    segmentTerm(frame, own, perHead(rSBias), headsLast(segEmbed!), dim, part, scale);
  });
}
