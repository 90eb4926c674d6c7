/** Rotated queries and keys plus a bias, added after the scale. */
import type { ScoreOptions } from '../scores/content.ts';
import { dot, element, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';

export function hybridScores(q: Shaped, k: Shaped, bias: Shaped | null, o: Plain<ScoreOptions> = {}): ReferenceTensor {
  onlyKeys('hybridScores', o, SCORE_KEYS);
  const layout = layoutOf(q, k.shape[2], o.queryOffset);
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  const skipped = bias !== null && bias.shape[bias.shape.length - 2] !== layout.queryLength ? o.rows![0] : 0;
  return scoreCells(layout, o, {}, (b, h, i, j) => {
    const content = o.content === false ? 0 : scale * dot(q, i, k, j, b, h);
    return content + (bias === null ? 0 : element(bias, b, h, i - skipped, j));
  });
}
