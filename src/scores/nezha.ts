/**
 * NEZHA: Shaw's relative keys and values with one fixed sinusoidal table. Wei et al., arXiv 1909.00204:
 *   R[r, 2c] = sin(r / 10000^(2c/d)),   R[r, 2c + 1] = cos(r / 10000^(2c/d)),   r = clip(j - i, -k, k) + k.
 * The sinusoid is taken at the shifted index r, not at the signed distance. The released models use k = 64.
 */
import { ladder } from '../phase/ladder.ts';
import { exactRows, torchRows } from '../phase/plan.ts';
import { routeFrequencies } from '../phase/routes.ts';
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { EngineOption, OutOption, PrecisionOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { SCORE_OPTIONS, type ScoreOptions, type Shaped, VALUE_OPTIONS, type ValueOptions } from './content.ts';
import { MAX_DIM } from './relative.ts';
import { relativeScores, relativeValues } from './shaw.ts';

/** Default of maxRelativePosition: the clip distance of the released models. */
const RELEASED_CLIP = 64;

export interface NezhaTableOptions extends PrecisionOption, OutOption, EngineOption {
  /** Head dimension, even. */
  readonly dim: number;
  /** Clip distance k. Default 64. */
  readonly maxRelativePosition?: number;
}

/**
 * The relative table, for keys and values of all heads and layers; row r belongs to distance r - maxRelativePosition.
 * Correctly rounded in precision 'exact' (the default), as the released code computes it in float64 (huawei-noah); 'torch' has the
 * float32 steps of NezhaModel in transformers (frequencies exp(-2c ln(10000) / dim)), cosines and sines within 0.502 ulp.
 * @param given `dim` columns, maxRelativePosition (default 64)
 * @returns float32 [2 maxRelativePosition + 1, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Wei et al., NEZHA, arXiv 1909.00204
 * @example
 * console.log(nezhaTable({ dim: 8 }).shape); // [ 129, 8 ]
 */
export function nezhaTable(given: NezhaTableOptions): Tensor {
  const o = take('nezhaTable', given, ['dim', 'maxRelativePosition', 'precision', 'out', 'engine']);
  const dim = size('dim', o.dim, 1, MAX_DIM);
  if (dim % 2 === 1) throw new PosencError('ERR_OPTION', `dim: expected an even head dimension, got ${dim}`);
  const clip = integer('maxRelativePosition', o.maxRelativePosition, 0, 2 ** 24, RELEASED_CLIP);
  const precision = oneOf('precision', o.precision, ['exact', 'torch'], 'exact');
  const call = gate('nezhaTable', o.engine);
  const count = 2 * clip + 1;
  const table = call.output('out', o.out, [count, dim]);
  const formula = { base: 10000, count: dim / 2, denominator: dim / 2, scale: 1 };
  return call.run((engine) => {
    const target = { store: 'sin-cos', first: table.pointer, stride: 4 * dim } as const;
    const rows = { start: 0, count };
    if (precision === 'exact') exactRows(engine, ladder(formula), rows, 1, target);
    else torchRows(engine, routeFrequencies({ ...formula, route: 'exp' }), rows, 1, 1, target);
    return table.tensor;
  });
}

/**
 * scale (q . k + q . R), scale default 1 / sqrt(d). q [B, H, q, d], k [B, H, k, d], table from nezhaTable (any [2k + 1, d]).
 * queryOffset: default keys - queries.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, q, d]
 * @param k [B, H, k, d]
 * @param table from nezhaTable
 * @param given scale, masks, rows
 * @returns float32 [B, H, q, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Wei et al., NEZHA, arXiv 1909.00204
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(nezhaScores(q, k, nezhaTable({ dim: 8 })).shape); // [ 1, 2, 3, 5 ]
 */
export function nezhaScores(q: Shaped, k: Shaped, table: Shaped, given: ScoreOptions = {}): Tensor {
  return relativeScores('nezhaScores', q, k, table, take('nezhaScores', given, SCORE_OPTIONS));
}

/**
 * P v + P R with the same table. probabilities [B, H, q, k], v [B, H, k, d].
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param probabilities [B, H, q, k], after the softmax
 * @param v [B, H, k, d]
 * @param table from nezhaTable
 * @param given rows, masks
 * @returns float32 [B, H, q, d], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Wei et al., NEZHA, arXiv 1909.00204
 * @example
 * console.log(nezhaValues(Tensor.zeros([1, 2, 3, 5]), Tensor.zeros([1, 2, 5, 8]), nezhaTable({ dim: 8 })).shape); // [ 1, 2, 3, 8 ]
 */
export function nezhaValues(probabilities: Shaped, v: Shaped | null, table: Shaped, given: ValueOptions = {}): Tensor {
  return relativeValues('nezhaValues', probabilities, v, table, take('nezhaValues', given, VALUE_OPTIONS));
}
