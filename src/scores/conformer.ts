/**
 * The relative scores of Conformer (Gulati et al., arXiv 2005.08100): Transformer-XL's terms in both directions,
 *   scores_ij = scale ((q_i + u) . k_j + (q_i + v) . r[row of j - i]),
 * with a row for every distance from 1 - K to K - 1. NVIDIA NeMo multi_head_attention.py, transformers modeling_parakeet.py and
 * ESPnet's RelPositionMultiHeadedAttention shift a padded product; here every row is indexed directly.
 */
import { take } from '../runtime/arguments.ts';
import { refuse } from '../runtime/block.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, gate } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  expectShape,
  keysUpTo,
  LAST_QUERY_OPTIONS,
  type LastQueryOptions,
  optional,
  perHead,
  queriesOf,
  type Shaped,
  scaleOf,
  scores,
  shaped,
  source,
} from './content.ts';
import { type DistanceIndex, type Frame, fromRow, relativeTerm } from './relative.ts';

export interface ConformerScoreOptions extends LastQueryOptions {
  /** pos_bias_u [H, d], added to the queries of the content term. Default: none. */
  readonly u?: Shaped;
  /** pos_bias_v [H, d], added to the queries of the position term. Default: none. */
  readonly v?: Shaped;
  /** Valid positions of each batch entry: cells whose query or key lies beyond get maskValue. Default: all. */
  readonly lengths?: NumberList;
}

const OPTIONS = [...LAST_QUERY_OPTIONS, 'u', 'v', 'lengths'] as const;

/**
 * Scores of Lq queries, the last of K positions. q [B, H, Lq, d], k [B, H, K, d]; r: the projected table [H, rows, d] for the
 * positions (query minus key) K - 1, ..., 1 - K, or of a longer context: rows is odd and at least 2 K - 1. scale: default
 * 1 / sqrt(d), on both terms.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, Lq, d]
 * @param k [B, H, K, d]
 * @param r [H, rows, d], rows odd and at least 2 K - 1
 * @param given the biases u and v, lengths, scale, masks, rows
 * @returns float32 [B, H, Lq, K], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Gulati et al., Conformer, arXiv 2005.08100; transformers modeling_parakeet
 * @example
 * const q = Tensor.zeros([1, 2, 4, 8]);
 * const k = Tensor.zeros([1, 2, 4, 8]);
 * console.log(conformerScores(q, k, Tensor.zeros([2, 7, 8])).shape); // [ 1, 2, 4, 4 ]
 */
export function conformerScores(q: Shaped, k: Shaped, r: Shaped, given: ConformerScoreOptions = {}): Tensor {
  const o = take('conformerScores', given, OPTIONS);
  const call = gate('conformerScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const { keys, keyLength, memory } = keysUpTo(call, k, queries);
  const table = shaped(call, 'r', r);
  expectShape('r', table.shape, [heads, 'rows', dim]);
  const count = table.shape[1];
  if (count % 2 === 0 || count < 2 * keyLength - 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `r: expected an odd number of rows, at least ${2 * keyLength - 1} for ${keyLength} keys, got ${count}`,
    );
  }
  const u = optional(call, 'u', o.u, [heads, dim]);
  const v = optional(call, 'v', o.v, [heads, dim]);
  const lengths = lengthsOf(call, o, batch, keyLength);
  const scale = scaleOf(o, dim);
  const index: DistanceIndex = { count, centre: (count - 1) / 2, edges: 'zero' };
  const sizes = { batch, heads, queryLength, keyLength, queryOffset: memory };
  const content = { q: queries.place, k: keys, bias: u, dim, scale };
  return scores(call, o, sizes, content, ({ frame, first }) => {
    relativeTerm(frame, 'query', fromRow(source(queries.place), first), perHead(v), source(table), dim, index, scale);
    if (lengths !== undefined) maskPadding(frame, lengths, o.maskValue ?? Number.NEGATIVE_INFINITY);
  });
}

/** @throws ERR_OPTION, ERR_SHAPE */
function lengthsOf(call: Call, o: ConformerScoreOptions, batch: number, most: number): Float64Array | undefined {
  if (o.lengths === undefined) return undefined;
  refuse(o, 'lengths', ['cuSeqlens', 'cuSeqlensK']);
  const { data } = call.integers('lengths', o.lengths, 0, most);
  if (data.length === batch) return data;
  throw new PosencError(
    'ERR_SHAPE',
    `lengths: expected ${batch} numbers, one for each batch entry, got ${data.length}`,
  );
}

/** Columns of padding in every row, and every column of the rows of padding. */
function maskPadding(frame: Frame, lengths: Float64Array, value: number): void {
  const { engine, out, batch, heads, rows, columns, pitch, matrix, query } = frame;
  for (let b = 0; b < batch; b++) {
    const columnsKept = lengths[b];
    const rowsKept = Math.min(rows, Math.max(0, lengths[b] - query));
    for (let h = 0; h < heads; h++) {
      const at = out + (b * heads + h) * matrix;
      engine.kernels.fillRows(at + 4 * columnsKept, 4 * pitch, rowsKept, columns - columnsKept, value);
      engine.kernels.fillRows(at + 4 * pitch * rowsKept, 4 * pitch, rows - rowsKept, columns, value);
    }
  }
}
