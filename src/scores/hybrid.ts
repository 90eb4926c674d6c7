/**
 * Hybrid encodings: rotary queries and keys, and a bias on top,
 *   scores = scale (rot(q) . rot(k)) + bias,
 * the bias added after the scale (bidirectional and decoder models that combine RoPE with T5 buckets or ALiBi slopes).
 * Rotate q and k with applyRotary first; the bias is any matrix of this wing.
 */
import { take } from '../runtime/arguments.ts';
import { rowRange } from '../runtime/block.ts';
import { gate } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  expectShape,
  keysOf,
  queriesOf,
  queryOffsetOf,
  SCORE_OPTIONS,
  type ScoreOptions,
  type Shaped,
  scaleOf,
  scores,
  shaped,
  source,
} from './content.ts';
import { addMatrix, fromRow } from './relative.ts';

/**
 * Scores of rotated queries and keys plus a bias. q [B, H, q, d], k [B, H, k, d]; bias [H | 1, q, k] or
 * [B | 1, H | 1, q, k], all rows or the rows asked for, or null for none. scale: default 1 / sqrt(d).
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, q, d], rotated
 * @param k [B, H, k, d], rotated
 * @param bias [H | 1, q, k], [B | 1, H | 1, q, k] or null
 * @param given scale, masks, rows
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864; Press et al., ALiBi, arXiv 2108.12409
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(hybridScores(q, k, alibi({ heads: 2, queryLength: 3, keyLength: 5 })).data.slice(0, 5)); // Float32Array(5) [ -0.125, -0.0625, 0, -0.0625, -0.125 ]
 */
export function hybridScores(q: Shaped, k: Shaped, bias: Shaped | null, given: ScoreOptions = {}): Tensor {
  const o = take('hybridScores', given, SCORE_OPTIONS);
  const call = gate('hybridScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const keys = keysOf(call, 'k', k, queries);
  const keyLength = keys.shape[2];
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  const matrix = bias === null ? undefined : shaped(call, 'bias', bias);
  let [from, to] = [0, queryLength];
  if (matrix !== undefined) {
    const { shape } = matrix;
    const some = (n: number, at: number) => (shape[at] === 1 ? 1 : n);
    if (shape[shape.length - 2] !== queryLength) [from, to] = rowRange(call, o.rows, queryLength);
    const cells = [to - from, keyLength];
    expectShape('bias', shape, [some(heads, 0), ...cells], [some(batch, 0), some(heads, 1), ...cells]);
  }
  const scale = scaleOf(o, dim);
  const sizes = { batch, heads, queryLength, keyLength, queryOffset };
  return scores(call, o, sizes, { q: queries.place, k: keys, dim, scale }, ({ frame, first, column }) => {
    if (matrix === undefined) return;
    const rows = fromRow(source(matrix), first - from);
    addMatrix(frame, { ...rows, pointer: rows.pointer + 4 * column });
  });
}
