/**
 * BEiT's relative position bias: Swin's table over the patches, and three more rows for the CLS token in front. Bao et al.,
 * arXiv 2106.08254. For another image size resize the table first: resizePositionTable(table, { mode: 'bilinear',
 * suffixTokens: 3, from: [2 h - 1, 2 w - 1], to: ... }).
 */
import { take } from '../../runtime/arguments.ts';
import type { Engine } from '../../runtime/engine.ts';
import { type Floats, gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  entriesOf,
  GRID_OPTIONS,
  type GridOptions,
  gridBias,
  swinTable,
  tableOf,
  type WindowSize,
  windowSize,
} from './grid.ts';

export interface BeitBiasOptions extends GridOptions {
  /** [height, width] of the grid of patches. */
  readonly windowSize: WindowSize;
  /** [(2 height - 1)(2 width - 1) + 3, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

/**
 * The bias of 1 + height x width tokens, CLS first: Swin's between patches; the table's last three rows are CLS to token,
 * token to CLS, CLS to CLS.
 * Numbers of the table are copied.
 * @param table float32 [(2 height - 1)(2 width - 1) + 3, heads]
 * @param given the window
 * @returns float32 [heads, tokens + 1, tokens + 1], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Bao et al., BEiT, arXiv 2106.08254
 * @example
 * console.log(beitBias(Tensor.zeros([9 + 3, 2]), { windowSize: [2, 2] }).shape); // [ 2, 5, 5 ]
 */
export function beitBias(table: Floats, given: BeitBiasOptions): Tensor {
  const o = take('beitBias', given, [...GRID_OPTIONS, 'windowSize', 'shape']);
  const call = gate('beitBias', o.engine);
  const window = windowSize(call, 'windowSize', o.windowSize);
  const words = '(2 height - 1)(2 width - 1) + 3';
  const { table: place, heads } = tableOf(call, table, o.shape, entriesOf(window) + 3, words);
  const bind = (engine: Engine) => swinTable(engine, place.pointer, heads, entriesOf(window), true);
  return gridBias(call, { heads, window, classToken: true, bind }, o);
}
