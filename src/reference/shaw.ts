/** Relative position representations, Shaw et al. (arXiv 1803.02155), in the public variants: see bias/shaw.ts. */
import type { ShawIndexOptions, ShawScoreOptions, ShawTableOptions, ShawValueOptions } from '../scores/shaw.ts';
import { dot, element, layoutOf, type Plain, SCORE_KEYS, scoreCells, VALUE_KEYS, valueCells } from './attention.ts';
import { asNumbers, onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';

const TABLE_KEYS = ['centre', 'beyond', 'direction'] as const;

/** The row of a distance key minus query, or -1 where it has none. */
function rowOf(count: number, o: ShawTableOptions): (distance: number) => number {
  const centre = o.centre ?? (count - 1) / 2;
  if (!Number.isInteger(centre)) throw new RangeError(`centre: a table of ${count} rows has no middle row`);
  return (distance) => {
    const row = (o.direction === 'query-key' ? -distance : distance) + centre;
    if (row >= 0 && row < count) return row;
    if (o.beyond === 'error') throw new RangeError(`beyond: distance ${distance} has no row`);
    return o.beyond === 'zero' ? -1 : Math.max(0, Math.min(count - 1, row));
  };
}

export function shawScores(
  q: Shaped,
  k: Shaped | null,
  table: Shaped,
  o: Plain<ShawScoreOptions> = {},
): ReferenceTensor {
  onlyKeys('shawScores', o, [...SCORE_KEYS, ...TABLE_KEYS, 'keyPosition', 'keyLength']);
  const row = rowOf(table.shape[table.shape.length - 2], o);
  const layout = layoutOf(q, k === null ? o.keyLength! : k.shape[2], o.queryOffset);
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  return scoreCells(layout, o, {}, (b, h, i, j) => {
    const t = row(j - layout.queryOffset - i);
    let sum = o.content === false ? 0 : dot(q, i, k!, j, b, h);
    if (t >= 0) sum += dot(q, i, table, t, b, h) + (o.keyPosition ? dot(k!, j, table, t, b, h) : 0);
    return scale * sum;
  });
}

export function shawValues(
  p: Shaped,
  v: Shaped | null,
  table: Shaped,
  o: Plain<ShawValueOptions> = {},
): ReferenceTensor {
  onlyKeys('shawValues', o, [...VALUE_KEYS, ...TABLE_KEYS]);
  const row = rowOf(table.shape[table.shape.length - 2], o);
  return valueCells(p, v, table.shape[table.shape.length - 1], o, (b, h, distance, c) => {
    const t = row(distance);
    return t < 0 ? 0 : element(table, b, h, t, c);
  });
}

/** [q, k] of rows of the table. */
export function shawIndex(o: Omit<ShawIndexOptions, 'engine' | 'out'>): { shape: number[]; data: Int32Array } {
  const row = rowOf(o.tableRows ?? 2 * o.maxRelativePosition! + 1, o);
  return cells(o, row);
}

/** f(key - query) for every pair of positions. */
export function cells(
  o: Omit<ShawIndexOptions, 'engine' | 'out'>,
  f: (distance: number) => number,
): { shape: number[]; data: Int32Array } {
  const givenQueries = o.queryPositions && asNumbers('queryPositions', o.queryPositions);
  const givenKeys = o.keyPositions && asNumbers('keyPositions', o.keyPositions);
  const queryLength = o.queryLength ?? givenQueries?.length ?? o.keyLength ?? givenKeys!.length;
  const keyLength = o.keyLength ?? givenKeys?.length ?? queryLength;
  const offset = o.queryOffset ?? keyLength - queryLength;
  const queries = givenQueries ?? Array.from({ length: queryLength }, (_, i) => offset + i);
  const keys = givenKeys ?? Array.from({ length: keyLength }, (_, j) => j);
  const rows = queries.slice(...(o.rows ?? []));
  return { shape: [rows.length, keys.length], data: Int32Array.from(rows.flatMap((i) => keys.map((j) => f(j - i)))) };
}
