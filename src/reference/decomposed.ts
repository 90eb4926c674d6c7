/** Decomposed relative positions of two grids (SAM, ViTDet, MViTv2). See scores/decomposed.ts. */
import type { DecomposedRelativeScoreOptions } from '../scores/decomposed.ts';
import { dot, layoutOf, type Plain, SCORE_KEYS, scoreCells } from './attention.ts';
import { onlyKeys, type ReferenceTensor, type Shaped, tensor } from './result.ts';

const KEYS = ['querySize', 'keySize', 'prefixTokens'];

/** Row of the table for cell x of q and cell y of k, in float32 steps. */
function decomposedIndex(x: number, y: number, q: number, k: number): number {
  const { fround } = Math;
  const step = Math.max(q / k, 1);
  const difference = fround(fround(x * fround(Math.max(k / q, 1))) - fround(y * fround(step)));
  return Math.trunc(fround(difference + fround((k - 1) * step)));
}

/** A table resized linearly to `rows` rows, corners not aligned; places are float32, as in torch. */
function resized({ data, shape }: Shaped, rows: number): Shaped {
  const [n, dim] = shape;
  if (n === rows) return { data, shape };
  const out = tensor([rows, dim]);
  for (let t = 0; t < rows; t++) {
    const scaled = Math.fround(Math.fround(n / rows) * Math.fround(t + 0.5));
    const place = Math.max(0, Math.fround(scaled - 0.5));
    const low = Math.min(n - 1, Math.floor(place));
    const high = Math.min(n - 1, low + 1);
    for (let c = 0; c < dim; c++) {
      const [a, b] = [data[low * dim + c], data[high * dim + c]];
      out.data[t * dim + c] = a + (place - low) * (b - a);
    }
  }
  return out;
}

export function decomposedRelativeScores(
  q: Shaped,
  k: Shaped,
  relPosH: Shaped,
  relPosW: Shaped,
  o: Plain<DecomposedRelativeScoreOptions>,
): ReferenceTensor {
  onlyKeys('decomposedRelativeScores', o, [...SCORE_KEYS, ...KEYS]);
  const { querySize, keySize = querySize, prefixTokens: prefix = 0 } = o;
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]);
  const tables = [relPosH, relPosW].map((table, a) => resized(table, 2 * Math.max(querySize[a], keySize[a]) - 1));
  return scoreCells(layoutOf(q, k.shape[2]), o, {}, (b, h, i, j) => {
    const content = o.content === false ? 0 : scale * dot(q, i, k, j, b, h);
    if (i < prefix || j < prefix) return content;
    const query = [Math.floor((i - prefix) / querySize[1]), (i - prefix) % querySize[1]];
    const key = [Math.floor((j - prefix) / keySize[1]), (j - prefix) % keySize[1]];
    return [0, 1].reduce((sum, a) => {
      return sum + dot(q, i, tables[a], decomposedIndex(query[a], key[a], querySize[a], keySize[a]), b, h);
    }, content);
  });
}
