/**
 * Attention biases of the absolute offset between two cells of a grid: LeViT (Graham et al., arXiv 2104.01136), TinyViT, MobileSAM,
 * EfficientFormer. Their code numbers the offsets as they are first met, which is row by row.
 */
import { size, take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { GRID_OPTIONS, type GridOptions, type GridTable, gridBias, type WindowSize, windowSize } from './grid.ts';

export interface OffsetBiasOptions extends GridOptions {
  /** [height, width] of the grid of keys, the resolution of the published code. */
  readonly resolution: WindowSize;
  /** Queries stand at every stride-th row and column (LeViT's downsampling attention: 2). Default 1. */
  readonly stride?: number;
  /** [heads, height x width]; needed for a plain array. */
  readonly shape?: readonly number[];
}

/**
 * bias[h, (qy, qx), (ky, kx)] = table[h, |qy - ky| width + |qx - kx|], all in cells of the grid of keys.
 * Numbers of the table are copied.
 * @param table float32 [heads, height x width]
 * @param given the grid of keys, and the stride of the queries
 * @returns float32 [heads, ceil(height / stride) ceil(width / stride), height x width], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Graham et al., LeViT, arXiv 2104.01136; Li et al., EfficientFormer, arXiv 2206.01191
 * @example
 * console.log(offsetBias(Tensor.zeros([2, 16]), { resolution: [4, 4], stride: 2 }).shape); // [ 2, 4, 16 ]
 */
export function offsetBias(table: Floats, given: OffsetBiasOptions): Tensor {
  const o = take('offsetBias', given, [...GRID_OPTIONS, 'resolution', 'stride', 'shape']);
  const call = gate('offsetBias', o.engine);
  const window = windowSize(call, 'resolution', o.resolution);
  const stride = size('stride', o.stride, 1, Math.max(...window), 1);
  const place = call.input('table', table, o.shape);
  const { shape } = place;
  const [height, width] = window;
  if (shape.length !== 2 || shape[1] !== height * width) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: expected [heads, ${height * width}], an offset for each cell of ${height} x ${width}, got [${shape.join(', ')}]`,
    );
  }
  const heads = headCount('table', shape[0]);
  const bind = (engine: Engine) => mirrored(engine, place.pointer, height, width);
  return gridBias(call, { heads, window, stride, bind }, o);
}

/** The table of every signed difference: each row of absolute ones, backwards from the last and then forwards. */
function mirrored(engine: Engine, pointer: number, height: number, width: number): GridTable {
  const { kernels } = engine;
  const breadth = 2 * width - 1;
  const entries = height * width;
  return {
    scratchBytes: 0,
    prepare() {},
    load(to, head, heads, first, count) {
      const plane = pointer + 4 * head * entries;
      for (let t = 0; t < count; t += breadth) {
        const row = plane + 4 * width * Math.abs((first + t) / breadth - height + 1);
        const out = to + 4 * t;
        kernels.transposeEntries(out, 4 * count, row + 4 * (width - 1), -4, 4 * entries, heads, width - 1);
        kernels.transposeEntries(out + 4 * (width - 1), 4 * count, row, 4, 4 * entries, heads, width);
      }
    },
  };
}
