/** NEZHA (arXiv 1909.00204): Shaw's terms with one sinusoidal table at the shifted index r = clip(j - i, -k, k) + k. */
import type { ScoreOptions, ValueOptions } from '../scores/content.ts';
import type { NezhaTableOptions } from '../scores/nezha.ts';
import type { Plain } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped } from './result.ts';
import { shawScores, shawValues } from './shaw.ts';
import { sinusoidal } from './sinusoidal.ts';

export function nezhaTable(o: Omit<NezhaTableOptions, 'engine' | 'out'>): ReferenceTensor {
  onlyKeys('nezhaTable', o, ['dim', 'maxRelativePosition', 'precision']);
  return sinusoidal({ length: 2 * (o.maxRelativePosition ?? 64) + 1, dim: o.dim, precision: o.precision });
}

export function nezhaScores(q: Shaped, k: Shaped, table: Shaped, o: Plain<ScoreOptions> = {}): ReferenceTensor {
  return shawScores(q, k, table, o);
}

export function nezhaValues(p: Shaped, v: Shaped | null, table: Shaped, o: Plain<ValueOptions> = {}): ReferenceTensor {
  return shawValues(p, v, table, o);
}
