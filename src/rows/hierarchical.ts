/**
 * Hierarchical decomposition of a learned table: n rows serve n^2 positions. Su, kexue.fm/archives/7947; bert4keras
 * PositionEmbedding(hierarchical).  u_k = (p_k - alpha p_0) / (1 - alpha),  q_s = alpha u_(s div n) + (1 - alpha) u_(s mod n).
 * Computed as p_(s mod n) + alpha / (1 - alpha) (p_(s div n) - p_0), so that the first n positions are the table, bit for bit.
 */
import { exclusive, finite, integer, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { consecutiveIds, forIdBlocks, rowIds } from './ids.ts';
import { tableSizes } from './learned.ts';

export interface HierarchicalPositionsOptions extends OutOption, EngineOption {
  /** Number of consecutive positions, from `offset`. */
  readonly length?: number;
  /** Positions in any order, 0 .. n^2 - 1. Instead of `length`. */
  readonly positions?: NumberList;
  /** First position, with `length`. Default 0. */
  readonly offset?: number;
  /** Between 0 and 1, not 1/2 (which cannot tell i n + j from j n + i); below 1/2 is recommended. Default 0.4. */
  readonly alpha?: number;
  /** Shape of the table, [n, dim]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/**
 * Rows of positions up to n^2 - 1 from a table of n rows.
 * The first n rows are the table bit for bit; the others are three float32 operations a number.
 * @param table float32 [n, dim]
 * @param given `length` and `offset`, or `positions`; alpha (default 0.4)
 * @returns float32 [...positions' shape, dim]
 * @throws ERR_POSITION beyond n^2 - 1; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Su, kexue.fm/archives/7947
 * @example
 * console.log(hierarchicalPositions(Tensor.zeros([16, 8]), { length: 100 }).shape); // [ 100, 8 ]
 */
export function hierarchicalPositions(table: Floats, given: HierarchicalPositionsOptions): Tensor {
  const o = take('hierarchicalPositions', given, ['length', 'positions', 'offset', 'alpha', 'shape', 'out', 'engine']);
  exclusive('hierarchicalPositions', 'length', 'positions', o);
  exclusive('hierarchicalPositions', 'offset', 'positions', o);
  const alpha = finite('alpha', o.alpha, { above: 0 }, 0.4);
  if (alpha >= 1 || alpha === 0.5) {
    throw new PosencError('ERR_OPTION', `alpha: expected a number between 0 and 1, not 0.5, got ${alpha}`);
  }
  const call = gate('hierarchicalPositions', o.engine);
  const source = call.input('table', table, o.shape);
  const [n, dim] = tableSizes(source);
  const last = Math.min(n * n, 2 ** 31 - 1);
  if (o.positions === undefined && o.length === undefined) {
    throw new PosencError('ERR_OPTION', "hierarchicalPositions: give either 'length' or 'positions'");
  }
  const { ids, shape } =
    o.positions === undefined
      ? consecutiveIds(size('length', o.length, 0), integer('offset', o.offset, 0, 2 ** 31 - 1, 0), last)
      : rowIds(call, 'positions', o.positions, last);
  const result = call.output('out', o.out, [...shape, dim]);
  return call.run((engine) => {
    forIdBlocks(engine, ids, (first, count, pointer) => {
      const to = result.pointer + 4 * dim * first;
      engine.kernels.hierarchicalRows(to, source.pointer, n, dim, pointer, count, alpha / (1 - alpha));
    });
    return result.tensor;
  });
}
