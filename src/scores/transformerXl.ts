/**
 * Transformer-XL. Dai et al., arXiv 1901.02860, section 3.3 and appendix B: queries of a segment, keys of memory and segment,
 *   scores_ij = scale ((q_i + u) . k_j + (q_i + v) . r[Lk - 1 - (i + mem - j)]),   mem = Lk - Lq,   j <= i + mem.
 * Row t of r belongs to distance Lk - 1 - t behind the query. kimiyoung/transformer-xl calls u r_w_bias and v r_r_bias.
 */
import { ladder, MAX_COLUMNS } from '../phase/ladder.ts';
import { exactRows, torchRows } from '../phase/plan.ts';
import { routeFrequencies } from '../phase/routes.ts';
import { boolean, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, gate, type Place } from '../runtime/gate.ts';
import type { EngineOption, OutOption, PrecisionOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  expectShape,
  headsLast,
  keysUpTo,
  LAST_QUERY_OPTIONS,
  type LastQueryOptions,
  MAX_LENGTH,
  optional,
  perHead,
  queriesOf,
  type Shaped,
  scaleOf,
  scores,
  shaped,
  source,
} from './content.ts';
import { type DistanceIndex, diagonalTerm, fromRow, relativeTerm } from './relative.ts';

export interface TransformerXlTableOptions extends PrecisionOption, OutOption, EngineOption {
  /** Keys: memory and segment. Row t has position keyLength - 1 - t. */
  readonly keyLength: number;
  /** Model dimension, even. */
  readonly dim: number;
  /** Positions above it count as it; 0 or less: no limit (the reference's -1). Default -1. */
  readonly clampLen?: number;
}

/**
 * R before its projection: sines then cosines of the positions keyLength - 1, ..., 0.
 * Correctly rounded in precision 'exact' (the default); 'torch' has the float32 steps of kimiyoung/transformer-xl: frequencies
 * 1 / 10000^(2k / dim), their products with the positions, and cosines and sines of those within 0.502 ulp.
 * @param given `keyLength` rows, `dim` columns, clampLen
 * @returns float32 [keyLength, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Dai et al., Transformer-XL, arXiv 1901.02860, appendix B
 * @example
 * console.log(transformerXlTable({ keyLength: 5, dim: 8 }).shape); // [ 5, 8 ]
 */
export function transformerXlTable(given: TransformerXlTableOptions): Tensor {
  const o = take('transformerXlTable', given, ['keyLength', 'dim', 'clampLen', 'precision', 'out', 'engine']);
  const keyLength = size('keyLength', o.keyLength, 0, MAX_LENGTH);
  const dim = size('dim', o.dim, 1, MAX_COLUMNS);
  if (dim % 2 === 1) throw new PosencError('ERR_OPTION', `dim: expected an even number, got ${dim}`);
  const clampLen = integer('clampLen', o.clampLen, -1, MAX_LENGTH, -1);
  const precision = oneOf('precision', o.precision, ['exact', 'torch'], 'exact');
  const call = gate('transformerXlTable', o.engine);
  const table = call.output('out', o.out, [keyLength, dim]);
  const frequencies = ladder({ base: 10000, count: dim / 2, denominator: dim / 2, scale: 1 });
  return call.run((engine) => {
    if (table.length === 0) return table.tensor;
    const limit = clampLen > 0 ? clampLen : keyLength;
    const positions = new Float64Array(keyLength);
    for (let t = 0; t < keyLength; t++) positions[t] = Math.min(keyLength - 1 - t, limit);
    const { pointer } = table;
    const target = { store: 'split', first: pointer, second: pointer + 2 * dim, stride: 4 * dim } as const;
    if (precision === 'exact') exactRows(engine, frequencies, { positions }, 1, target);
    else {
      const single = routeFrequencies({ route: 'pow', base: 10000, count: dim / 2, denominator: dim / 2 });
      torchRows(engine, single, { positions }, 1, 1, target);
    }
    return table.tensor;
  });
}

export interface TransformerXlScoreOptions extends LastQueryOptions {
  /** [H, d], added to the queries of the content term. Default: none. */
  readonly u?: Shaped;
  /** [H, d], added to the queries of the position term. Default: none. */
  readonly v?: Shaped;
  /** Each query sees as many keys as the one before: the oldest keys are masked as well. Default false. */
  readonly sameLength?: boolean;
  /** sameLength: the configured memory length, where it is not keys - queries. */
  readonly memLength?: number;
  /**
   * The learned form (attn_type 1): r is r_emb [rows, H, d] with any number of rows; its last Lk rows are used, with row 0
   * repeated in front when there are fewer. Default false: r is the projected table [H, Lk, d].
   */
  readonly learned?: boolean;
  /** Learned form: r_bias [rows, H], added by distance. */
  readonly rBias?: Shaped;
  /** Learned form: only the last clampLen rows of r are used; 0 or less: all. Default -1. */
  readonly clampLen?: number;
}

const OPTIONS = [...LAST_QUERY_OPTIONS, 'u', 'v', 'sameLength', 'memLength', 'learned', 'rBias', 'clampLen'] as const;

/**
 * Scores of a segment over memory and segment. q [B, H, Lq, d], k [B, H, Lk, d] with Lk = memory + Lq,
 * r [H, Lk, d] (transformerXlTable times the layer's r_net) or, learned, [rows, H, d].
 * causal: default true, as the position term is defined for no later keys: those get no position term.
 * scale: default 1 / sqrt(d).
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, Lq, d]
 * @param k [B, H, Lk, d]
 * @param r [H, Lk, d], or learned [rows, H, d]
 * @param given the biases u and v, scale, masks, rows
 * @returns float32 [B, H, Lq, Lk], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Dai et al., Transformer-XL, arXiv 1901.02860, section 3.3
 * @example
 * const q = Tensor.zeros([1, 2, 3, 8]);
 * const k = Tensor.zeros([1, 2, 5, 8]);
 * console.log(transformerXlScores(q, k, Tensor.zeros([2, 5, 8])).shape); // [ 1, 2, 3, 5 ]
 */
export function transformerXlScores(q: Shaped, k: Shaped, r: Shaped, given: TransformerXlScoreOptions = {}): Tensor {
  const o = take('transformerXlScores', given, OPTIONS);
  const call = gate('transformerXlScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const { keys, keyLength, memory } = keysUpTo(call, k, queries);
  const learned = boolean('learned', o.learned, false);
  const { table, rBias } = tablesOf(call, o, r, learned, heads, keyLength, dim);
  const rows = table.shape[learned ? 0 : 1];
  const clampLen = integer('clampLen', o.clampLen, -1, MAX_LENGTH, -1);
  const kept = clampLen > 0 ? Math.min(clampLen, rows) : rows;
  const u = optional(call, 'u', o.u, [heads, dim]);
  const v = optional(call, 'v', o.v, [heads, dim]);
  const sameLength = boolean('sameLength', o.sameLength, false);
  if (o.memLength !== undefined && !sameLength) {
    throw new PosencError('ERR_OPTION', 'memLength: only for sameLength; the memory of the scores is keys - queries');
  }
  if (sameLength && o.cuSeqlens !== undefined) {
    throw new PosencError('ERR_OPTION', 'sameLength: is defined for one sequence, without cuSeqlens; give a window');
  }
  const memLength = integer('memLength', o.memLength, 0, MAX_LENGTH, memory);
  const shift = queryLength - Math.max(keyLength - memLength, 0);
  const scale = scaleOf(o, dim);
  // row kept - 1 is distance 0; keys before the first row get it again, keys after the query get none
  const index: DistanceIndex = { count: kept, centre: kept - 1, edges: learned ? 'clip' : 'zero' };
  const left = sameLength ? memory + shift - 1 : undefined;
  const sizes = { batch, heads, queryLength, keyLength, queryOffset: memory, causal: true, left };
  const content = { q: queries.place, k: keys, bias: u, dim, scale };
  return scores(call, o, sizes, content, ({ frame, first }) => {
    if (rows === 0) return;
    const relative = fromRow(learned ? headsLast(table) : source(table), rows - kept);
    relativeTerm(frame, 'query', fromRow(source(queries.place), first), perHead(v), relative, dim, index, scale);
    if (rBias === undefined) return;
    diagonalTerm(frame, fromRow({ ...source(rBias), head: 4 }, rows - kept), index, scale);
  });
}

function tablesOf(
  call: Call,
  o: TransformerXlScoreOptions,
  r: Shaped,
  learned: boolean,
  heads: number,
  keyLength: number,
  dim: number,
): { table: Place; rBias: Place | undefined } {
  const table = shaped(call, 'r', r);
  const { shape } = table;
  if (!learned) {
    for (const key of ['rBias', 'clampLen'] as const) {
      if (o[key] !== undefined) throw new PosencError('ERR_OPTION', `${key}: only for learned: true`);
    }
    expectShape('r', shape, [heads, keyLength, dim]);
    return { table, rBias: undefined };
  }
  expectShape('r', shape, ['rows', heads, dim]);
  if (shape[0] < 1) throw new PosencError('ERR_SHAPE', 'r: expected at least one row, got 0');
  return { table, rBias: optional(call, 'rBias', o.rBias, [shape[0], heads]) };
}
