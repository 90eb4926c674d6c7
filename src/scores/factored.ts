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
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
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
