/** XLNet (arXiv 1906.08237): scores with a relative table that begins at position keyLength. See bias/xlnet.ts. */
import type { XlnetPositionOptions, XlnetScoreOptions } from '../scores/xlnet.ts';
import { dot, element, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';

export function xlnetPositions(o: XlnetPositionOptions): Float64Array {
  onlyKeys('xlnetPositions', o, ['queryLength', 'keyLength', 'attnType', 'clampLen', 'direction']);
  const keyLength = o.keyLength ?? o.queryLength;
  const end = o.attnType === 'uni' ? -1 : -o.queryLength;
  const positions: number[] = [];
  for (let p = keyLength; p > end; p--) positions.push(o.direction === 'backward' ? 0 - p : p);
  const c = o.clampLen ?? -1;
  return Float64Array.from(positions, (p) => (c > 0 ? Math.max(-c, Math.min(c, p)) : p));
}

const KEYS = ['attnType', 'rWBias', 'rRBias', 'rSBias', 'segEmbed', 'segMat'] as const;

export function xlnetScores(q: Shaped, k: Shaped, r: Shaped, o: Plain<XlnetScoreOptions> = {}): ReferenceTensor {
  onlyKeys('xlnetScores', o, [...SCORE_KEYS, ...KEYS]);
  const layout = layoutOf(q, k.shape[2]);
  const rows = r.shape[r.shape.length - 2];
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  return scoreCells(layout, o, { causal: o.attnType === 'uni' }, (b, h, i, j) => {
    const t = layout.queryLength - i + j;
    let sum = o.content === false ? 0 : dot(q, i, k, j, b, h, o.rWBias as Shaped);
    if (t < rows) sum += dot(q, i, r, t, b, h, o.rRBias as Shaped);
    if (o.segMat && o.segEmbed) {
      const { data, shape } = o.segMat;
      const other = element({ data: data as Float32Array, shape }, b, i, j) ? 1 : 0;
      for (let c = 0; c < q.shape[3]; c++) {
        sum += (element(q, b, h, i, c) + (o.rSBias ? element(o.rSBias, h, c) : 0)) * element(o.segEmbed, other, h, c);
      }
    }
    return scale * sum;
  });
}
