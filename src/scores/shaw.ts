/**
 * Relative position representations. Shaw et al., arXiv 1803.02155, equations 1-5:
 *   scores_ij = scale (q_i . k_j + q_i . RK[index(j - i)]),   out_i = sum_j P_ij (v_j + RV[index(j - i)]).
 * The public variants differ in which row belongs to distance 0, what lies beyond the table, the sign of the distance and
 * the scale: tensor2tensor, bert4keras, BERT's relative_key, wav2vec2-BERT, Music Transformer. See docs/relative.md.
 */
import { boolean, integer, oneOf, options, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
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
  tableRows,
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
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function shawScores(q: Shaped, k: Shaped | null, table: Shaped, given: ShawScoreOptions = {}): Tensor {
  const o = options('shawScores', given, [...SCORE_OPTIONS, ...TABLE_OPTIONS, 'keyPosition', 'keyLength']);
  const { batch, heads, queryLength, dim } = queriesOf('q', q);
  const keyPosition = boolean('keyPosition', o.keyPosition, false);
  const keyLength = k === null ? size('keyLength', o.keyLength, 0, MAX_LENGTH) : keysOf('k', k, batch, heads, dim);
  if (k === null && (keyPosition || o.content !== false)) {
    throw new PosencError('ERR_OPTION', 'k: null is for content: false without keyPosition; give the keys');
  }
  if (k !== null && o.keyLength !== undefined && o.keyLength !== keyLength) {
    throw new PosencError('ERR_SHAPE', `keyLength: ${o.keyLength} contradicts the ${keyLength} keys given`);
  }
  const count = tableRows('table', table, batch, heads, dim);
  const { index, flip, strict } = tableIndex(count, o);
  const scale = scaleOf(o, dim);
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  if (strict) checkCover(index, queryLength, keyLength, queryOffset);
  const arrays = { q, k: k ?? undefined, table };
  const call = { name: 'shawScores', options: o, arrays, batch, heads, queryLength, keyLength, queryOffset };
  return scores(call, { q: 'q', k: 'k', dim, scale }, ({ frame, first, source }) => {
    const rows = flip ? reversed(source('table'), count) : source('table');
    relativeTerm(frame, 'query', fromRow(source('q'), first), undefined, rows, dim, index, scale);
    if (keyPosition) relativeTerm(frame, 'key', source('k'), undefined, rows, dim, index, scale);
  });
}

/**
 * The value side: out_i = sum_j P_ij (v_j + table[index(j - i)]). probabilities [B, H, q, k], v [B, H, k, d] (null with
 * content: false), table as for shawScores. The probabilities are first summed by table row; nothing is [q, k, d].
 * @returns float32 [B, H, q, d], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function shawValues(
  probabilities: Shaped,
  v: Shaped | null,
  table: Shaped,
  given: ShawValueOptions = {},
): Tensor {
  const o = options('shawValues', given, [...VALUE_OPTIONS, ...TABLE_OPTIONS]);
  return relativeValues('shawValues', probabilities, v, table, o);
}

/** @internal */
export function relativeValues(
  name: string,
  probabilities: Shaped,
  v: Shaped | null,
  table: Shaped,
  o: ShawValueOptions,
): Tensor {
  let found: ReturnType<typeof tableIndex> | undefined;
  const dimOf = (batch: number, heads: number) => {
    const dim = table === null || typeof table !== 'object' ? 0 : (table.shape?.[table.shape.length - 1] ?? 0);
    found = tableIndex(tableRows('table', table, batch, heads, size('table: its last dimension', dim, 1)), o);
    return dim;
  };
  return values(name, o, probabilities, v, { table }, dimOf, ({ frame, source }, p) => {
    const { index, flip, strict } = found!;
    if (strict) checkCover(index, frame.rows, frame.columns, frame.query);
    const rows = flip ? reversed(source('table'), index.count) : source('table');
    relativeValueTerm(frame, p, rows, index);
  });
}

/**
 * Rows of the relative table, by cell: clip(j - i + centre, 0, rows - 1); with beyond 'zero' -1 where there is none.
 * queryOffset: default keys - queries.
 * @returns int32 [q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function shawIndex(given: ShawIndexOptions): Tensor<'int32'> {
  const o = options('shawIndex', given, [...INDEX_OPTIONS, ...TABLE_OPTIONS, 'maxRelativePosition', 'tableRows']);
  if ((o.maxRelativePosition === undefined) === (o.tableRows === undefined)) {
    throw new PosencError('ERR_OPTION', 'shawIndex: give maxRelativePosition or tableRows, and not both');
  }
  const count =
    o.maxRelativePosition === undefined
      ? size('tableRows', o.tableRows, 1, MAX_LENGTH)
      : 2 * integer('maxRelativePosition', o.maxRelativePosition, 0, MAX_LENGTH / 2) + 1;
  const { index, flip, strict } = tableIndex(count, o);
  const { count: rows, centre, edges } = index;
  return indexRows('shawIndex', o, (distance) => {
    const t = distance + centre;
    if (t >= 0 && t < rows) return flip ? rows - 1 - t : t;
    if (strict) {
      throw new PosencError(
        'ERR_POSITION',
        `beyond: distance ${distance} (key minus query) has no row in a table of ${rows}`,
      );
    }
    if (edges === 'zero') return -1;
    return t < 0 === flip ? rows - 1 : 0;
  });
}
