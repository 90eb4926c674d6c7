/**
 * MaxViT's relative position bias, in TensorFlow's layout: a table per head over the differences key minus query, the
 * opposite of Swin. Tu et al., arXiv 2204.01697. For another window resize the table first (bicubic, layout 'CHW').
 */
import { options } from '../../runtime/arguments.ts';
import { PosencError } from '../../runtime/errors.ts';
import { shapeOf } from '../../runtime/operands.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { headCount } from '../distance/toeplitz.ts';
import { entriesOf, GRID_OPTIONS, type GridOptions, gridBias, type WindowSize, windowSize } from './grid.ts';

export interface MaxvitBiasOptions extends GridOptions {
  /** [height, width] in tokens. Default: what the table's shape says. */
  readonly windowSize?: WindowSize;
  /** [heads, 2 height - 1, 2 width - 1]; needed for a plain array. */
  readonly shape?: readonly number[];
}

/**
 * bias[h, (i, j), (x, y)] = table[h, x - i + height - 1, y - j + width - 1].
 * @returns float32 [heads, tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function maxvitBias(table: Tensor | Float32Array, given: MaxvitBiasOptions = {}): Tensor {
  const o = options('maxvitBias', given, [...GRID_OPTIONS, 'windowSize', 'shape']);
  const shape = shapeOf('table', table, o.shape);
  const window = windowSize('windowSize', o.windowSize ?? [(shape[1] + 1) / 2, (shape[2] + 1) / 2]);
  if (shape.length !== 3 || shape[1] !== 2 * window[0] - 1 || shape[2] !== 2 * window[1] - 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: expected [heads, ${2 * window[0] - 1}, ${2 * window[1] - 1}], got [${shape.join(', ')}]`,
    );
  }
  const heads = headCount('table', shape[0]);
  const entries = entriesOf(window);
  return gridBias(
    {
      heads,
      window,
      tables: [['table', table]],
      bind: (engine, [pointer]) => ({
        scratchBytes: 0,
        prepare() {},
        load(to, head, n, first, count) {
          const source = pointer + 4 * (head * entries + first);
          engine.kernels.transposeEntries(to, 4 * count, source, 4, 4 * entries, n, count);
        },
      }),
    },
    o,
  );
}
