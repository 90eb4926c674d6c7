/** Conformer's relative scores (arXiv 2005.08100): Transformer-XL's terms in both directions. See scores/conformer.ts. */
import type { ConformerScoreOptions } from '../scores/conformer.ts';
import { dot, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { asNumbers, onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';

export function conformerScores(
  q: Shaped,
  k: Shaped,
  r: Shaped,
  o: Plain<ConformerScoreOptions> = {},
): ReferenceTensor {
  onlyKeys('conformerScores', o, [...SCORE_KEYS.filter((key) => key !== 'queryOffset'), 'u', 'v', 'lengths']);
  const layout = layoutOf(q, k.shape[2]);
  const { queryOffset, queryLength, keyLength } = layout;
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  const centre = (r.shape[1] - 1) / 2;
  const scores = scoreCells(layout, o, {}, (b, h, i, j) => {
    const content = o.content === false ? 0 : dot(q, i, k, j, b, h, o.u as Shaped);
    return scale * (content + dot(q, i, r, centre + j - (i + queryOffset), b, h, o.v as Shaped));
  });
  if (o.lengths === undefined) return scores;
  const lengths = asNumbers('lengths', o.lengths);
  const [from, to] = o.rows ?? [0, queryLength];
  const [batch, heads] = scores.shape;
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = from; i < to; i++) {
        for (let j = 0; j < keyLength; j++, n++) {
          if (i + queryOffset >= lengths[b] || j >= lengths[b])
            scores.data[n] = o.maskValue ?? Number.NEGATIVE_INFINITY;
        }
      }
    }
  }
  return scores;
}
