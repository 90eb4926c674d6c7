/**
 * Hybrid encodings: rotary queries and keys, and a bias on top,
 *   scores = scale (rot(q) . rot(k)) + bias,
 * the bias added after the scale (bidirectional and decoder models that combine RoPE with T5 buckets or ALiBi slopes).
 * Rotate q and k with applyRotary first; the bias is any matrix of this wing.
 */
import { options } from '../runtime/arguments.ts';
import { blockOf } from '../runtime/block.ts';
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
  shapeOfArray,
} from './content.ts';
import { addMatrix } from './relative.ts';

/**
 * Scores of rotated queries and keys plus a bias. q [B, H, q, d], k [B, H, k, d]; bias [H | 1, q, k] or
 * [B | 1, H | 1, q, k], all rows or the rows asked for, or null for none. scale: default 1 / sqrt(d).
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 */
export function hybridScores(q: Shaped, k: Shaped, bias: Shaped | null, given: ScoreOptions = {}): Tensor {
  const o = options('hybridScores', given, SCORE_OPTIONS);
  const { batch, heads, queryLength, dim } = queriesOf('q', q);
  const keyLength = keysOf('k', k, batch, heads, dim);
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  const rows = blockOf('hybridScores', { queryLength, keyLength, queryOffset, rows: o.rows }).rows;
  const shape = bias === null ? [] : shapeOfArray('bias', bias);
  const whole = shape[shape.length - 2] === queryLength;
  if (bias !== null) {
    const some = (n: number, at: number) => (shape[at] === 1 ? 1 : n);
    const cells = [whole ? queryLength : rows, keyLength];
    expectShape('bias', shape, [some(heads, 0), ...cells], [some(batch, 0), some(heads, 1), ...cells]);
  }
  const scale = scaleOf(o, dim);
  const arrays = { q, k, bias: bias ?? undefined };
  const call = { name: 'hybridScores', options: o, arrays, batch, heads, queryLength, keyLength, queryOffset };
  return scores(call, { q: 'q', k: 'k', dim, scale }, ({ frame, first, source }) => {
    if (bias === null) return;
    const matrix = source('bias');
    addMatrix(frame, { ...matrix, pointer: matrix.pointer + (whole ? 4 * first * keyLength : 0) });
  });
}
