/**
 * BEiT's relative position bias: Swin's table over the patches, and three more rows for the CLS token in front. Bao et al.,
 * arXiv 2106.08254. For another image size resize the table first: resizePositionTable(table, { mode: 'bilinear',
 * suffixTokens: 3, from: [2 h - 1, 2 w - 1], to: ... }).
 */
import { options } from '../../runtime/arguments.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { entriesOf, GRID_OPTIONS, gridBias, swinTable, windowSize } from './grid.ts';
import { type SwinBiasOptions, tableHeads } from './swin.ts';

/** `windowSize` is the grid of patches; `shape` of the table [(2 height - 1)(2 width - 1) + 3, heads]. */
export type BeitBiasOptions = SwinBiasOptions;

/**
 * The bias of 1 + height x width tokens, CLS first: Swin's between patches; the table's last three rows are CLS to token,
 * token to CLS, CLS to CLS.
 * @returns float32 [heads, tokens + 1, tokens + 1], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function beitBias(table: Tensor | Float32Array, given: BeitBiasOptions): Tensor {
  const o = options('beitBias', given, [...GRID_OPTIONS, 'windowSize', 'shape']);
  const window = windowSize('windowSize', o.windowSize);
  const heads = tableHeads(table, o.shape, entriesOf(window) + 3, '(2 height - 1)(2 width - 1) + 3');
  return gridBias(
    {
      heads,
      window,
      classToken: true,
      tables: [['table', table]],
      bind: (engine, [pointer]) => swinTable(engine, pointer, heads, window, true),
    },
    o,
  );
}
