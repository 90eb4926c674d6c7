/**
 * Hierarchical decomposition of a learned table: n rows serve n^2 positions. Su, kexue.fm/archives/7947; bert4keras
 * PositionEmbedding(hierarchical).  u_k = (p_k - alpha p_0) / (1 - alpha),  q_s = alpha u_(s div n) + (1 - alpha) u_(s mod n).
 * Computed as p_(s mod n) + alpha / (1 - alpha) (p_(s div n) - p_0), so that the first n positions are the table, bit for bit.
 */
import { exclusive, finite, integer, options, size } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { forIdBlocks, type RowIds, rowIds } from './ids.ts';
import { tableShape } from './learned.ts';

export interface HierarchicalPositionsOptions {
  /** Number of consecutive positions, from `offset`. */
  readonly length?: number;
  /** Positions in any order, 0 .. n^2 - 1. Instead of `length`. */
  readonly positions?: RowIds;
  /** First position, with `length`. Default 0. */
  readonly offset?: number;
  /** Between 0 and 1, not 1/2 (which cannot tell i n + j from j n + i); below 1/2 is recommended. Default 0.4. */
  readonly alpha?: number;
  /** Shape of the table, [n, dim]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
}

/**
 * Rows of positions up to n^2 - 1 from a table of n rows.
 * @returns float32 [...positions' shape, dim]
 * @throws ERR_POSITION beyond n^2 - 1; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function hierarchicalPositions(table: Tensor | Float32Array, given: HierarchicalPositionsOptions): Tensor {
  const o = options('hierarchicalPositions', given, [
    'length',
    'positions',
    'offset',
    'alpha',
    'shape',
    'out',
    'engine',
  ]);
  exclusive('hierarchicalPositions', 'length', 'positions', o);
  exclusive('hierarchicalPositions', 'offset', 'positions', o);
  const alpha = finite('alpha', o.alpha, { above: 0 }, 0.4);
  if (alpha >= 1 || alpha === 0.5) {
    throw new PosencError('ERR_OPTION', `alpha: expected a number between 0 and 1, not 0.5, got ${alpha}`);
  }
  const engine = chooseEngine(o.engine, table, o.out);
  const [n, dim] = tableShape('table', table, o.shape);
  const last = Math.min(n * n, 2 ** 31 - 1);
  let list = o.positions;
  if (list === undefined) {
    const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
    list = Int32Array.from({ length: size('length', o.length, 0) }, (_, i) => offset + i);
  }
  const { ids, shape } = rowIds(engine, 'positions', list, last);
  const outShape = [...shape, dim];
  checkOut(engine, o.out, outShape);
  checkOverlap('table', 'out', table, o.out, false);
  const result = output(engine, o.out, outShape);
  if (result.length === 0) return result;
  const staged = operand('table', engine, table);
  try {
    forIdBlocks(engine, ids, (first, count, pointer) => {
      const to = result.byteOffset + 4 * dim * first;
      engine.kernels.hierarchicalRows(to, staged.pointer, n, dim, pointer, count, alpha / (1 - alpha));
    });
  } finally {
    staged.finish();
  }
  return result;
}
