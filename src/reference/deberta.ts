/** DeBERTa (arXiv 2006.03654, 2111.09543): disentangled attention with one index for both terms. See bias/deberta.ts. */
import type { DebertaBucketOptions, DebertaRelativePositionOptions, DebertaScoreOptions } from '../scores/deberta.ts';
import { dot, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { log } from './math.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';
import { cells } from './shaw.ts';

const BUCKET_KEYS = ['positionBuckets', 'maxRelativePositions', 'variant'] as const;

/** b(query - key), in the float32 steps of the reference. */
function bucketOf(o: DebertaBucketOptions): (distance: number) => number {
  const buckets = o.positionBuckets ?? -1;
  if (buckets <= 0) return (distance) => distance;
  const last = o.maxRelativePositions! - 1;
  const mid = Math.floor(buckets / 2);
  const f = Math.fround;
  const limit = o.variant === 'microsoft' ? f(log(last / mid)) : f(log(f(last / mid)));
  const memo = new Map<number, number>();
  const bucket = (distance: number) => {
    const x = o.variant === 'microsoft' ? Math.max(-last, Math.min(last, distance)) : distance;
    if (Math.abs(x) <= mid) return x;
    return Math.sign(x) * (Math.ceil(f(f(f(log(f(Math.abs(x) / mid))) / limit) * (mid - 1))) + mid);
  };
  return (distance) => {
    if (!memo.has(distance)) memo.set(distance, bucket(distance));
    return memo.get(distance)!;
  };
}

export function debertaRelativePositions(o: Omit<DebertaRelativePositionOptions, 'engine' | 'out'>): {
  shape: number[];
  data: Int32Array;
} {
  const bucket = bucketOf(o);
  const span = o.span ?? ((o.positionBuckets ?? -1) > 0 ? o.positionBuckets! : o.maxRelativePositions!);
  const queryOffset = o.queryOffset ?? (o.queryPositions ? undefined : 0);
  return cells({ ...o, queryOffset }, (distance) => {
    const b = bucket(-distance);
    return o.form === 'index' ? Math.max(0, Math.min(2 * span - 1, b + span)) : b;
  });
}

export function debertaScores(q: Shaped, k: Shaped, o: Plain<DebertaScoreOptions>): ReferenceTensor {
  onlyKeys('debertaScores', o, [...SCORE_KEYS, ...BUCKET_KEYS, 'posKey', 'posQuery', 'posAttType']);
  const key = o.posKey as Shaped;
  const query = o.posQuery as Shaped;
  const types = o.posAttType ?? [...(key ? ['c2p'] : []), ...(query ? ['p2c'] : [])];
  const bucket = bucketOf(o);
  const layout = layoutOf(q, k.shape[2], o.queryOffset ?? 0);
  const span = (key ?? query)?.shape.slice(-2)[0] / 2;
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3] * (1 + types.length));
  return scoreCells(layout, o, {}, (b, h, i, j) => {
    const t = Math.max(0, Math.min(2 * span - 1, bucket(layout.queryOffset + i - j) + span));
    let sum = o.content === false ? 0 : dot(q, i, k, j, b, h);
    if (types.includes('c2p')) sum += dot(q, i, key, t, b, h);
    if (types.includes('p2c')) sum += dot(k, j, query, t, b, h);
    return scale * sum + (types.includes('p2p') ? dot(query, span + i, key, t, b, h) : 0);
  });
}
