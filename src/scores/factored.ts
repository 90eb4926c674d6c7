/**
 * Content and position kept apart. Kitaev and Klein, arXiv 1805.01052, section 3 (partitioned_transformer.py): every vector is
 * [content | position] and the halves never mix,
 *   scores = scale (qc . kc + qp . kp).
 */
import { boolean, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
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
import { fromRow, MAX_DIM, productTerm } from './relative.ts';

export interface FactoredScoreOptions extends ScoreOptions {
  /** false leaves out the product of the position halves. Default true. */
  readonly position?: boolean;
}

/**
 * The sum of two products; content: false or position: false gives one of them, as in the paper's ablation. qContent
 * [B, H, q, c], kContent [B, H, k, c]; qPosition [B, H, q, p] and kPosition [B, H, k, p], or without B, or [q, p] and [k, p],
 * where they are the same for every sequence or head. scale: default 1 / sqrt(c + p), also when one half is left out.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param qContent [B, H, q, c]
 * @param kContent [B, H, k, c]
 * @param qPosition [B, H, q, p], [H, q, p] or [q, p]
 * @param kPosition [B, H, k, p], [H, k, p] or [k, p]
 * @param given scale, masks, which halves
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Kitaev and Klein, arXiv 1805.01052, section 3
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(factoredScores(q, k, Tensor.zeros([3, 4]), Tensor.zeros([5, 4])).shape); // [ 1, 2, 3, 5 ]
 */
export function factoredScores(
  qContent: Shaped,
  kContent: Shaped,
  qPosition: Shaped,
  kPosition: Shaped,
  given: FactoredScoreOptions = {},
): Tensor {
  const o = take('factoredScores', given, [...SCORE_OPTIONS, 'position']);
  const call = gate('factoredScores', o.engine);
  const q = queriesOf(call, 'qContent', qContent);
  const { batch, heads, queryLength, dim } = q;
  const k = keysOf(call, 'kContent', kContent, q);
  const keyLength = k.shape[2];
  const qp = shaped(call, 'qPosition', qPosition);
  const kp = shaped(call, 'kPosition', kPosition);
  const width = qp.shape[qp.shape.length - 1] ?? 0;
  if (width < 1 || width > MAX_DIM) {
    throw new PosencError('ERR_SHAPE', `qPosition: expected a width from 1 to ${MAX_DIM}, got ${width}`);
  }
  const forms = (n: number) => [
    [n, width],
    [heads, n, width],
    [batch, heads, n, width],
  ];
  expectShape('qPosition', qp.shape, ...forms(queryLength));
  expectShape('kPosition', kp.shape, ...forms(keyLength));
  const position = boolean('position', o.position, true);
  const scale = scaleOf(o, dim + width);
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  const sizes = { batch, heads, queryLength, keyLength, queryOffset };
  return scores(call, o, sizes, { q: q.place, k, dim, scale }, ({ frame, first, column }) => {
    if (!position) return;
    const [rows, keys] = [fromRow(source(qp), first), fromRow(source(kp), column)];
    productTerm(frame, rows, undefined, keys, width, scale, true);
  });
}
