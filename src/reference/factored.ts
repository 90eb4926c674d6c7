/** Content and position kept apart, Kitaev and Klein (arXiv 1805.01052): scores = scale (qc . kc + qp . kp). */
import type { FactoredScoreOptions } from '../scores/factored.ts';
import { dot, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';

export function factoredScores(
  qContent: Shaped,
  kContent: Shaped,
  qPosition: Shaped,
  kPosition: Shaped,
  o: Plain<FactoredScoreOptions> = {},
): ReferenceTensor {
  onlyKeys('factoredScores', o, [...SCORE_KEYS, 'position']);
  const layout = layoutOf(qContent, kContent.shape[2], o.queryOffset);
  const scale = o.scale ?? 1 / Math.sqrt(qContent.shape[3] + qPosition.shape[qPosition.shape.length - 1]);
  return scoreCells(layout, o, {}, (b, h, i, j) => {
    const content = o.content === false ? 0 : dot(qContent, i, kContent, j, b, h);
    const position = o.position === false ? 0 : dot(qPosition, i, kPosition, j, b, h);
    return scale * (content + position);
  });
}
