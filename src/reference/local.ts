/** Local relative scores of Gemma's audio encoder, as one matrix or in chunks. See scores/local.ts. */
import type { LocalRelativeScoreOptions } from '../scores/local.ts';
import { dot, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { tanh } from './math.ts';
import { onlyKeys, type ReferenceTensor, type Shaped, tensor } from './result.ts';

const KEYS = ['contextLeft', 'contextRight', 'softcap', 'chunkSize', 'chunks'];

export function localRelativeScores(
  q: Shaped,
  k: Shaped,
  r: Shaped,
  o: Plain<LocalRelativeScoreOptions>,
): ReferenceTensor {
  onlyKeys('localRelativeScores', o, [...SCORE_KEYS, ...KEYS]);
  const left = o.contextLeft - 1;
  const right = o.contextRight ?? 0;
  const layout = layoutOf(q, k.shape[2]);
  const { batch, heads, queryLength, queryOffset } = layout;
  const capped = (x: number) => (o.softcap === undefined ? x : o.softcap * tanh(x / o.softcap));
  const raw = (b: number, h: number, i: number, j: number) => {
    const content = o.content === false ? 0 : dot(q, i, k, j, b, h);
    return (o.scale ?? 1) * (content + dot(q, i, r, left - (i + queryOffset - j), b, h));
  };
  if (o.chunkSize === undefined) {
    const { addTo, ...rest } = o;
    // the cap is over the whole sum
    const width = layout.keyLength;
    const [from, to] = o.rows ?? [0, queryLength];
    return scoreCells(layout, { ...rest, window: [left, right] }, {}, (b, h, i, j) => {
      const at = ((b * heads + h) * (to - from) + i - from) * width + j;
      return capped((addTo?.[at] ?? 0) + raw(b, h, i, j));
    });
  }
  const width = o.chunkSize;
  const across = width + left + right;
  const [from, to] = o.chunks ?? [0, Math.ceil(queryLength / width)];
  const scores = tensor([batch, heads, to - from, width, across]);
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = from * width; i < to * width; i++) {
        for (let c = 0; c < across; c++, n++) {
          const j = Math.floor(i / width) * width - left + c;
          const seen = j >= 0 && j < queryLength && j >= i - left && j <= i + right;
          const value = i < queryLength ? (seen ? raw(b, h, i, j) : 0) : 0;
          scores.data[n] = seen ? capped((o.addTo?.[n] ?? 0) + value) : (o.maskValue ?? Number.NEGATIVE_INFINITY);
        }
      }
    }
  }
  return scores;
}
