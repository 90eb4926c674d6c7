/** Transformer-XL (arXiv 1901.02860): scores with a relative table whose last row is distance 0. See bias/transformerXl.ts. */
import type { TransformerXlScoreOptions, TransformerXlTableOptions } from '../scores/transformerXl.ts';
import { dot, element, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';
import { sinusoidal } from './sinusoidal.ts';

export function transformerXlTable(o: Omit<TransformerXlTableOptions, 'engine' | 'out'>): ReferenceTensor {
  onlyKeys('transformerXlTable', o, ['keyLength', 'dim', 'clampLen', 'precision']);
  const limit = (o.clampLen ?? -1) > 0 ? o.clampLen! : Number.POSITIVE_INFINITY;
  const positions = Array.from({ length: o.keyLength }, (_, t) => Math.min(o.keyLength - 1 - t, limit));
  return sinusoidal({ positions, dim: o.dim, arrangement: 'concat', precision: o.precision, frequencies: 'pow' });
}

const KEYS = ['u', 'v', 'sameLength', 'memLength', 'learned', 'rBias', 'clampLen'] as const;

export function transformerXlScores(
  q: Shaped,
  k: Shaped,
  r: Shaped,
  o: Plain<TransformerXlScoreOptions> = {},
): ReferenceTensor {
  onlyKeys('transformerXlScores', o, [...SCORE_KEYS, ...KEYS]);
  const layout = layoutOf(q, k.shape[2]);
  const { queryLength, keyLength, queryOffset: memory } = layout;
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  // learned: [rows, H, d], cut to the last clampLen rows; the position of a cell is its distance back, from the last row
  const rows = o.learned ? r.shape[0] : keyLength;
  const oldest = (o.clampLen ?? -1) > 0 ? Math.max(0, rows - o.clampLen!) : 0;
  const shift = queryLength - Math.max(keyLength - (o.memLength ?? memory), 0);
  const left = o.sameLength ? memory + shift - 1 : undefined;
  return scoreCells(layout, o, { causal: true, left }, (b, h, i, j) => {
    const back = i + memory - j;
    let sum = o.content === false ? 0 : dot(q, i, k, j, b, h, o.u as Shaped);
    if (o.learned) {
      const t = Math.min(rows - 1, Math.max(oldest, rows - 1 - back));
      for (let c = 0; c < q.shape[3]; c++) {
        sum += (element(q, b, h, i, c) + (o.v ? element(o.v, h, c) : 0)) * element(r, t, h, c);
      }
      if (o.rBias) sum += element(o.rBias, t, h);
    } else if (back >= 0) sum += dot(q, i, r, keyLength - 1 - back, b, h, o.v as Shaped);
    return scale * sum;
  });
}
