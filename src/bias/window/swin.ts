/**
 * Swin's relative position bias: a table over the differences of rows and columns in a window, query minus key. Liu et al.,
 * arXiv 2103.14030. Video Swin (arXiv 2106.13230) adds the difference of frames in front.
 */
import { boolean, size, take } from '../../runtime/arguments.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Call, type Floats, gate } from '../../runtime/gate.ts';
import type { EngineOption, OutOption } from '../../runtime/options.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  entriesOf,
  GRID_OPTIONS,
  type GridOptions,
  type GridTable,
  gridBias,
  MAX_SIDE,
  swinTable,
  tableOf,
  type VideoWindowSize,
  type WindowSize,
  windowSize,
} from './grid.ts';

export interface SwinBiasOptions extends GridOptions {
  /** [height, width] in tokens, or [frames, height, width]. */
  readonly windowSize: WindowSize | VideoWindowSize;
  /** Frames that the input has, where they are fewer than the window's: the table stays. Default: the window's. */
  readonly frames?: number;
  /** [(2 height - 1)(2 width - 1), heads], times 2 frames - 1 in front for a window of frames; needed for a plain array. */
  readonly shape?: readonly number[];
}

export interface SwinIndexOptions extends OutOption<'int32'>, EngineOption {
  /** [height, width] in tokens, or [frames, height, width]. */
  readonly windowSize: WindowSize | VideoWindowSize;
  /** Frames that the input has, where they are fewer than the window's. Default: the window's. */
  readonly frames?: number;
  /** BEiT: token 0 is CLS; three more rows, n - 3 for CLS to token, n - 2 for token to CLS, n - 1 for CLS to CLS. Default false. */
  readonly classToken?: boolean;
  /** Only the query tokens [from, to). Default: all. */
  readonly rows?: readonly [number, number];
}

const OPTIONS = [...GRID_OPTIONS, 'windowSize', 'frames', 'shape'] as const;

/**
 * bias[h, (qy, qx), (ky, kx)] = table[(qy - ky + height - 1) (2 width - 1) + qx - kx + width - 1, h]; with frames the row is
 * (qt - kt + frames - 1) (2 height - 1) (2 width - 1) further on. Tokens are row-major, frame by frame.
 * Numbers of the table are copied.
 * @param table float32 [(2 height - 1)(2 width - 1), heads]
 * @param given the window
 * @returns float32 [heads, tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., Swin, arXiv 2103.14030, eq. 4
 * @example
 * console.log(swinBias(Tensor.zeros([13 * 13, 3]), { windowSize: [7, 7] }).shape); // [ 3, 49, 49 ]
 */
export function swinBias(table: Floats, given: SwinBiasOptions): Tensor {
  const o = take('swinBias', given, OPTIONS);
  const call = gate('swinBias', o.engine);
  const { window, frames, tableFrames, words } = videoWindow(call, o);
  const entries = entriesOf(window, tableFrames);
  const { table: place, heads } = tableOf(call, table, o.shape, entries, words);
  const bind = (engine: Engine) => swinTable(engine, place.pointer, heads, entries, false);
  return gridBias(call, { heads, window, frames, tableFrames, bind }, o);
}

/**
 * The row of Swin's table that belongs to each pair of tokens.
 * Integers.
 * @param given the window, and whether a class token stands in front
 * @returns int32 [tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., arXiv 2103.14030; microsoft/Swin-Transformer relative_position_index
 * @example
 * console.log(swinRelativePositionIndex({ windowSize: [2, 2] }).data.join(' ')); // 4 3 1 0 5 4 2 1 7 6 4 3 8 7 5 4
 */
export function swinRelativePositionIndex(given: SwinIndexOptions): Tensor<'int32'> {
  const o = take('swinRelativePositionIndex', given, ['windowSize', 'frames', 'classToken', 'rows', 'out', 'engine']);
  const call = gate('swinRelativePositionIndex', o.engine);
  const { window, frames, tableFrames } = videoWindow(call, o);
  const classToken = boolean('classToken', o.classToken, false);
  if (classToken && tableFrames > 1) {
    throw new PosencError('ERR_OPTION', 'classToken: BEiT has it in windows [height, width], not in windows of frames');
  }
  const encoding = {
    heads: 1,
    window,
    frames,
    tableFrames,
    classToken,
    dtype: 'int32',
    squeeze: true,
    bind: (engine: Engine) => indexTable(engine, entriesOf(window, tableFrames), classToken),
  } as const;
  return gridBias(call, encoding, o as unknown as GridOptions) as unknown as Tensor<'int32'>;
}

interface VideoWindow {
  readonly window: WindowSize;
  readonly frames: number;
  readonly tableFrames: number;
  /** The rows of the table, in words. */
  readonly words: string;
}

/** A window of one picture is one of a single frame. @throws ERR_OPTION, ERR_SHAPE */
function videoWindow(call: Call, o: Pick<SwinBiasOptions, 'windowSize' | 'frames'>): VideoWindow {
  const list = call.numbers('windowSize', o.windowSize).data;
  if (list.length === 2) {
    if (o.frames !== undefined) {
      throw new PosencError('ERR_OPTION', 'frames: only for windowSize [frames, height, width]');
    }
    const words = '(2 height - 1)(2 width - 1)';
    return { window: windowSize(call, 'windowSize', list), frames: 1, tableFrames: 1, words };
  }
  if (list.length !== 3) {
    throw new PosencError(
      'ERR_SHAPE',
      `windowSize: expected [height, width] or [frames, height, width], got ${list.length} numbers`,
    );
  }
  const tableFrames = size('windowSize[0]', list[0], 1, MAX_SIDE);
  const height = size('windowSize[1]', list[1], 1, MAX_SIDE);
  const width = size('windowSize[2]', list[2], 1, MAX_SIDE);
  const frames = size('frames', o.frames, 1, tableFrames, tableFrames);
  return { window: [height, width], frames, tableFrames, words: '(2 frames - 1)(2 height - 1)(2 width - 1)' };
}

/** A table whose entries are their own numbers. */
function indexTable(engine: Engine, entries: number, classToken: boolean): GridTable {
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
