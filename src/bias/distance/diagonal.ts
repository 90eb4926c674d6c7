/**
 * Any bias that depends on key minus query alone: one diagonal per head becomes the matrix, since row i is a contiguous
 * window of it. What T5, KERPLE, Sandwich and masks share; also for a diagonal of your own.
 */

import { options, size } from '../../runtime/arguments.ts';
import { type BiasOptions, blockOf } from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import { PosencError } from '../../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output, shapeOf } from '../../runtime/operands.ts';
import type { Tensor } from '../../runtime/tensor.ts';

export interface ExpandDiagonalOptions extends Pick<BiasOptions, 'keyLength' | 'rows' | 'out' | 'engine'> {
  readonly queryLength: number;
  readonly keyLength: number;
  /** [heads, queryLength + keyLength - 1]; needed for a plain array. */
  readonly shape?: readonly number[];
}

/**
 * bias[h, i, j] = diagonal[h, queryLength - 1 - i + j]: entry t belongs to distance t - (queryLength - 1) of key row minus
 * query row.
 * @returns float32 [heads, queryLength, keyLength], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 */
export function expandDiagonal(diagonal: Tensor | Float32Array, given: ExpandDiagonalOptions): Tensor {
  const o = options('expandDiagonal', given, ['queryLength', 'keyLength', 'rows', 'shape', 'out', 'engine']);
  const queryLength = size('queryLength', o.queryLength, 0);
  const keyLength = size('keyLength', o.keyLength, 0);
  const block = blockOf('expandDiagonal', { queryLength, keyLength, rows: o.rows, queryOffset: 0 });
  const engine = chooseEngine(o.engine, diagonal, o.out);
  const shape = shapeOf('diagonal', diagonal, o.shape);
  const width = Math.max(0, queryLength + keyLength - 1);
  if (shape.length !== 2 || shape[1] !== width) {
    throw new PosencError('ERR_SHAPE', `diagonal: expected [heads, ${width}], got [${shape.join(', ')}]`);
  }
  const outShape = [shape[0], block.rows, block.columns];
  checkOut(engine, o.out, outShape);
  checkOverlap('diagonal', 'out', diagonal, o.out, false);
  const bias = output(engine, o.out, outShape);
  if (bias.length === 0) return bias;
  const source = operand('diagonal', engine, diagonal);
  try {
    const window = source.pointer + 4 * (queryLength - 1 - block.query);
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.expandRows(
      bias.byteOffset, 4 * block.rows * block.columns, 4 * block.columns, window, 4 * width, shape[0], 4, block.rows,
      block.columns, REPLACE);
  } finally {
    source.finish();
  }
  return bias;
}
