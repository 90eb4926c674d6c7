/**
 * Relative position representations. Shaw et al., arXiv 1803.02155, equations 1-5:
 *   scores_ij = scale (q_i . k_j + q_i . RK[index(j - i)]),   out_i = sum_j P_ij (v_j + RV[index(j - i)]).
 * The public variants differ in which row belongs to distance 0, what lies beyond the table, the sign of the distance and
 * the scale: tensor2tensor, bert4keras, BERT's relative_key, wav2vec2-BERT, Music Transformer. See docs/relative.md.
 */
import { boolean, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  keysOf,
  MAX_LENGTH,
  probabilitiesOf,
  queriesOf,
  queryOffsetOf,
  SCORE_OPTIONS,
  type ScoreOptions,
  type Shaped,
  scaleOf,
  scores,
  source,
  tableOf,
  VALUE_OPTIONS,
  type ValueOptions,
  values,
} from './content.ts';
import { INDEX_OPTIONS, type IndexOptions, indexRows } from './indices.ts';
import { type DistanceIndex, fromRow, relativeTerm, relativeValueTerm, reversed } from './relative.ts';

/** How a distance finds its row in a relative table. */
export interface ShawTableOptions {
  /** Row of distance 0. Default (rows - 1) / 2; wav2vec2-BERT: its left limit; Music Transformer, masked: rows - 1. */
  readonly centre?: number;
  /**
   * What a distance beyond the table gets: 'clip' its last row on that side (Shaw); 'zero' nothing (Music Transformer);
   * 'error' ERR_POSITION (BERT, whose table covers every distance). Default 'clip'.
   */
  readonly beyond?: 'clip' | 'zero' | 'error';
  /** The distance that rises with the rows: 'key-query' j - i (Shaw), 'query-key' i - j (BERT). Default 'key-query'. */
  readonly direction?: 'key-query' | 'query-key';
}

export interface ShawScoreOptions extends ScoreOptions, ShawTableOptions {
  /** Adds k_j . RK[index] as well (BERT's relative_key_query). Default false. */
  readonly keyPosition?: boolean;
  /** Number of keys, where k is null. */
  readonly keyLength?: number;
}

export interface ShawValueOptions extends ValueOptions, ShawTableOptions {}

export interface ShawIndexOptions extends ShawTableOptions, IndexOptions {
  /** Clip distance k: 2k + 1 rows around a centre of k. */
  readonly maxRelativePosition?: number;
  /** Rows of the table, instead of maxRelativePosition. */
  readonly tableRows?: number;
}

const TABLE_OPTIONS = ['centre', 'beyond', 'direction'] as const;
/** A table's index in rising distance; with direction 'query-key' the rows are to be taken last first. */
function tableIndex(count: number, o: ShawTableOptions): { index: DistanceIndex; flip: boolean; strict: boolean } {
  if (o.centre === undefined && count % 2 === 0) {
    throw new PosencError(
      'ERR_OPTION',
      `centre: a table of ${count} rows has no middle row; name the row of distance 0`,
    );
  }
  const centre = integer('centre', o.centre, 0, count - 1, (count - 1) / 2);
  const beyond = oneOf('beyond', o.beyond, ['clip', 'zero', 'error'], 'clip');
  const flip = oneOf('direction', o.direction, ['key-query', 'query-key'], 'key-query') === 'query-key';
  return {
    index: { count, centre: flip ? count - 1 - centre : centre, edges: beyond === 'zero' ? 'zero' : 'clip' },
    flip,
    strict: beyond === 'error',
  };
}

/** Every distance key minus query must have a row of its own. */
function checkCover(
  { count, centre }: DistanceIndex,
  queryLength: number,
  keyLength: number,
  queryOffset: number,
): void {
  if (queryLength === 0 || keyLength === 0) return;
  const [nearest, furthest] = [-(queryOffset + queryLength - 1), keyLength - 1 - queryOffset];
  if (nearest + centre < 0 || furthest + centre >= count) {
    throw new PosencError(
      'ERR_POSITION',
      `beyond: the table of ${count} rows covers distances ${-centre} to ${count - 1 - centre} (key minus query), needed are ${nearest} to ${furthest}; use 'clip' or 'zero', or a larger table`,
    );
  }
}

/**
 * Scores with relative keys. q [B, H, q, d]; k [B, H, k, d], or null where only the position term is wanted (content: false,
 * with keyLength); table [rows, d], [H, rows, d] or [B, H, rows, d].
 * scale: default 1 / sqrt(d); tensor2tensor scales q beforehand: 1. queryOffset: default keys - queries (the queries are the
 * last positions); bert4keras and BERT count both from 0.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, q, d]
 * @param k [B, H, k, d], or null
 * @param table [rows, d], [H, rows, d] or [B, H, rows, d]
 * @param given scale, masks, rows, the rule of the table
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Shaw et al., arXiv 1803.02155, eq. 2 and 5
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(shawScores(q, k, Tensor.zeros([9, 8]), { causal: true }).shape); // [ 1, 2, 3, 5 ]
 */
export function shawScores(q: Shaped, k: Shaped | null, table: Shaped, given: ShawScoreOptions = {}): Tensor {
  const o = take('shawScores', given, [...SCORE_OPTIONS, ...TABLE_OPTIONS, 'keyPosition', 'keyLength']);
  return relativeScores('shawScores', q, k, table, o);
}

/** @internal `o`: options that were taken. */
export function relativeScores(name: string, q: Shaped, k: Shaped | null, table: Shaped, o: ShawScoreOptions): Tensor {
  const call = gate(name, o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const keyPosition = boolean('keyPosition', o.keyPosition, false);
  const keys = k === null ? undefined : keysOf(call, 'k', k, queries);
  const keyLength = keys === undefined ? size('keyLength', o.keyLength, 0, MAX_LENGTH) : keys.shape[2];
  if (keys === undefined && (keyPosition || o.content !== false)) {
    throw new PosencError('ERR_OPTION', 'k: null is for content: false without keyPosition; give the keys');
  }
  if (keys !== undefined && o.keyLength !== undefined && o.keyLength !== keyLength) {
    throw new PosencError('ERR_SHAPE', `keyLength: ${o.keyLength} contradicts the ${keyLength} keys given`);
  }
  const { place: rows, rows: count } = tableOf(call, 'table', table, queries);
  const { index, flip, strict } = tableIndex(count, o);
  const scale = scaleOf(o, dim);
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  // sequences that are packed reach no further than their whole
  if (strict) checkCover(index, queryLength, keyLength, queryOffset);
  const sizes = { batch, heads, queryLength, keyLength, queryOffset };
  return scores(call, o, sizes, { q: queries.place, k: keys, dim, scale }, ({ frame, first, column }) => {
    const relative = flip ? reversed(source(rows), count) : source(rows);
    relativeTerm(frame, 'query', fromRow(source(queries.place), first), undefined, relative, dim, index, scale);
    if (!keyPosition) return;
    relativeTerm(frame, 'key', fromRow(source(keys!), column), undefined, relative, dim, index, scale);
  });
}

/**
 * The value side: out_i = sum_j P_ij (v_j + table[index(j - i)]). probabilities [B, H, q, k], v [B, H, k, d] (null with
 * content: false), table as for shawScores. The probabilities are first summed by table row; nothing is [q, k, d].
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param probabilities [B, H, q, k], after the softmax
 * @param v [B, H, k, d], or null
 * @param table as for shawScores
 * @param given rows, masks, the rule of the table
 * @returns float32 [B, H, q, d], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Shaw et al., arXiv 1803.02155, eq. 1 and 3
 * @example
 * console.log(shawValues(Tensor.zeros([1, 2, 3, 5]), Tensor.zeros([1, 2, 5, 8]), Tensor.zeros([9, 8])).shape); // [ 1, 2, 3, 8 ]
 */
export function shawValues(
  probabilities: Shaped,
  v: Shaped | null,
  table: Shaped,
  given: ShawValueOptions = {},
): Tensor {
  const o = take('shawValues', given, [...VALUE_OPTIONS, ...TABLE_OPTIONS]);
  return relativeValues('shawValues', probabilities, v, table, o);
}

/** @internal `o`: options that were taken. */
export function relativeValues(
  name: string,
  probabilities: Shaped,
  v: Shaped | null,
  table: Shaped,
  o: ShawValueOptions,
): Tensor {
  const call = gate(name, o.engine);
  const p = probabilitiesOf(call, probabilities);
  const [batch, heads, queryLength, keyLength] = p.shape;
  const { place: rows, rows: count, dim } = tableOf(call, 'table', table, { batch, heads, dim: 'd' });
  size('table: its last dimension', dim, 1);
  const { index, flip, strict } = tableIndex(count, o);
  if (strict) checkCover(index, queryLength, keyLength, queryOffsetOf(o, keyLength - queryLength));
  return values(call, o, p, v, dim, ({ frame }, part) => {
    relativeValueTerm(frame, part, flip ? reversed(source(rows), count) : source(rows), dim, index);
  });
}

/**
 * Rows of the relative table, by cell: clip(j - i + centre, 0, rows - 1); with beyond 'zero' -1 where there is none.
 * queryOffset: default keys - queries.
 * Integers.
 * @param given lengths, the rows of the table, what lies beyond them
 * @returns int32 [q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Shaw et al., arXiv 1803.02155, eq. 4
 * @example
 * console.log(shawIndex({ queryLength: 2, keyLength: 3, maxRelativePosition: 1 }).data); // Int32Array(6) [ 0, 1, 2, 0, 0, 1 ]
 */
export function shawIndex(given: ShawIndexOptions): Tensor<'int32'> {
  const o = take('shawIndex', given, [...INDEX_OPTIONS, ...TABLE_OPTIONS, 'maxRelativePosition', 'tableRows']);
  if ((o.maxRelativePosition === undefined) === (o.tableRows === undefined)) {
    throw new PosencError('ERR_OPTION', 'shawIndex: give maxRelativePosition or tableRows, and not both');
  }
  const count =
    o.maxRelativePosition === undefined
      ? size('tableRows', o.tableRows, 1, MAX_LENGTH)
      : 2 * integer('maxRelativePosition', o.maxRelativePosition, 0, MAX_LENGTH / 2) + 1;
  const { index, flip, strict } = tableIndex(count, o);
  const { count: rows, centre, edges } = index;
  const row = (distance: number) => {
    const t = distance + centre;
    if (t >= 0 && t < rows) return flip ? rows - 1 - t : t;
    if (edges === 'zero') return -1;
    return t < 0 === flip ? rows - 1 : 0;
  };
  return indexRows('shawIndex', o, row, (nearest, furthest) => {
    if (!strict || (nearest + centre >= 0 && furthest + centre < rows)) return;
    const distance = nearest + centre < 0 ? nearest : furthest;
    throw new PosencError(
      'ERR_POSITION',
      `beyond: distance ${distance} (key minus query) has no row in a table of ${rows}`,
    );
  });
}
