/**
 * MaxViT's relative position bias, in TensorFlow's layout: a table per head over the differences key minus query, the
 * opposite of Swin. Tu et al., arXiv 2204.01697. For another window resize the table first (bicubic, layout 'CHW').
 */
import { take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  entriesOf,
  GRID_OPTIONS,
  type GridOptions,
  type GridTable,
  gridBias,
  type WindowSize,
  windowSize,
} from './grid.ts';

export interface MaxvitBiasOptions extends GridOptions {
  /** [height, width] in tokens. Default: what the table's shape says. */
  readonly windowSize?: WindowSize;
  /** [heads, 2 height - 1, 2 width - 1]; needed for a plain array. */
  readonly shape?: readonly number[];
}

/**
 * bias[h, (i, j), (x, y)] = table[h, x - i + height - 1, y - j + width - 1].
 * Numbers of the table are copied.
 * @param table float32 [heads, 2 height - 1, 2 width - 1]
 * @param given the window, where the table does not tell it
 * @returns float32 [heads, tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Tu et al., MaxViT, arXiv 2204.01697
 * @example
 * console.log(maxvitBias(Tensor.zeros([2, 3, 3]), {}).shape); // [ 2, 4, 4 ]
 */
export function maxvitBias(table: Floats, given: MaxvitBiasOptions = {}): Tensor {
  const o = take('maxvitBias', given, [...GRID_OPTIONS, 'windowSize', 'shape']);
  const call = gate('maxvitBias', o.engine);
  const place = call.input('table', table, o.shape);
  const { shape } = place;
  const implied = shape.length === 3 ? [(shape[1] + 1) / 2, (shape[2] + 1) / 2] : undefined;
  const window = windowSize(call, 'windowSize', o.windowSize ?? implied ?? [1, 1]);
  if (shape.length !== 3 || shape[1] !== 2 * window[0] - 1 || shape[2] !== 2 * window[1] - 1) {
    const sides =
      o.windowSize === undefined ? '2 height - 1, 2 width - 1' : window.map((side) => 2 * side - 1).join(', ');
    throw new PosencError('ERR_SHAPE', `table: expected [heads, ${sides}], got [${shape.join(', ')}]`);
  }
  const heads = headCount('table', shape[0]);
  const entries = entriesOf(window);
  const bind = (engine: Engine): GridTable => ({
    scratchBytes: 0,
    prepare() {},
    load(to, head, n, first, count) {
      const source = place.pointer + 4 * (head * entries + first);
      engine.kernels.transposeEntries(to, 4 * count, source, 4, 4 * entries, n, count);
    },
  });
  return gridBias(call, { heads, window, bind }, o);
}
