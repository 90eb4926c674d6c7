/**
 * Swin's relative position bias: a table over the differences of rows and columns in a window, query minus key. Liu et al.,
 * arXiv 2103.14030.
 */
import { boolean, take } from '../../runtime/arguments.ts';
import type { Engine } from '../../runtime/engine.ts';
import { type Floats, gate, type Out } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  entriesOf,
  GRID_OPTIONS,
  type GridOptions,
  type GridTable,
  gridBias,
  swinTable,
  tableOf,
  type WindowSize,
  windowSize,
} from './grid.ts';

export interface SwinBiasOptions extends GridOptions {
  /** [height, width] in tokens. */
  readonly windowSize: WindowSize;
  /** [(2 height - 1)(2 width - 1), heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

export interface SwinIndexOptions {
  readonly windowSize: WindowSize;
  /** BEiT: token 0 is CLS; three more rows, n - 3 for CLS to token, n - 2 for token to CLS, n - 1 for CLS to CLS. Default false. */
  readonly classToken?: boolean;
  readonly rows?: readonly [number, number];
  readonly out?: Out<'int32'>;
  readonly engine?: Engine;
}

const OPTIONS = [...GRID_OPTIONS, 'windowSize', 'shape'] as const;

/**
 * bias[h, (qy, qx), (ky, kx)] = table[(qy - ky + height - 1) (2 width - 1) + qx - kx + width - 1, h].
 * @returns float32 [heads, tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function swinBias(table: Floats, given: SwinBiasOptions): Tensor {
  const o = take('swinBias', given, OPTIONS);
  const call = gate('swinBias', o.engine);
  const window = windowSize(call, 'windowSize', o.windowSize);
  const { table: place, heads } = tableOf(call, table, o.shape, entriesOf(window), '(2 height - 1)(2 width - 1)');
  const bind = (engine: Engine) => swinTable(engine, place.pointer, heads, window, false);
  return gridBias(call, { heads, window, bind }, o);
}

/**
 * The row of Swin's table that belongs to each pair of tokens.
 * @returns int32 [tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function swinRelativePositionIndex(given: SwinIndexOptions): Tensor<'int32'> {
  const o = take('swinRelativePositionIndex', given, ['windowSize', 'classToken', 'rows', 'out', 'engine']);
  const call = gate('swinRelativePositionIndex', o.engine);
  const window = windowSize(call, 'windowSize', o.windowSize);
  const classToken = boolean('classToken', o.classToken, false);
  const encoding = {
    heads: 1,
    window,
    classToken,
    dtype: 'int32',
    squeeze: true,
    bind: (engine: Engine) => indexTable(engine, window, classToken),
  } as const;
  return gridBias(call, encoding, o as unknown as GridOptions) as unknown as Tensor<'int32'>;
}

/** A table whose entries are their own numbers. */
function indexTable(engine: Engine, window: WindowSize, classToken: boolean): GridTable {
  const entries = entriesOf(window);
  const arena = engine.scratch();
  return {
    scratchBytes: 16,
    prepare(pointer) {
      engine.i32.set([entries + 2, entries, entries + 1], pointer >>> 2);
    },
    load(to, _head, _heads, first, count) {
      engine.kernels.indexRow(to, entries - 1 - first, -1, count);
    },
    classToken: classToken ? [arena, arena + 4, arena + 8] : undefined,
  };
}
