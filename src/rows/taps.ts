/**
 * Separable blending of a grid of rows: every cell of an axis takes a few weighted cells of another axis. What decides the
 * weights: resize.ts (torch's interpolation), resizeRelative.ts (geometric places).
 */
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';

/** What each output cell of an axis takes: `count` weights from `start`; cells at the border take the border cell twice. */
export interface Taps {
  readonly start: Int32Array;
  readonly weights: readonly Float32Array[];
  readonly most: number;
}

/** A block of a blended line this long stays in the first-level cache. */
const LINE_BYTES = 16384;

/** How much one kernel call does. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

const tapBytes = (t: Taps) => 8 + 4 * t.most;

/** How much of the grid one kernel call does: taps and one blended line fit the scratch arena. */
export function tileOf(engine: Engine, tapsH: Taps, tapsW: Taps, w: number, channels: number): Tile {
  const quarter = engine.scratchBytes >> 2;
  const rows = Math.floor(quarter / tapBytes(tapsH));
  const columns = Math.floor(quarter / tapBytes(tapsW));
  const most = Math.floor((2 * quarter) / (4 * w));
  if (rows < 1 || columns < 1 || most < 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `from: a grid ${w} wide does not fit the scratch arena of ${engine.scratchBytes} bytes; createEngine({ scratchBytes })`,
    );
  }
  const cached = Math.max(16, Math.floor(LINE_BYTES / (4 * w)) & ~15);
  return { rows, columns, channels: Math.min(channels, most, cached) };
}

/** Blends one grid into another; pointers and strides in bytes. */
export function blend(
  engine: Engine,
  grid: { to: number; from: number; height: number; width: number; w: number },
  stride: { row: number; cell: number; outRow: number; outCell: number },
  channels: number,
  tapsH: Taps,
  tapsW: Taps,
  tile: Tile,
): void {
  const quarter = engine.scratchBytes >> 2;
  const scratch = engine.scratch();
  for (let x = 0; x < grid.width; x += tile.columns) {
    const columns = Math.min(tile.columns, grid.width - x);
    writeTaps(engine, scratch + quarter, tapsW, x, columns);
    for (let y = 0; y < grid.height; y += tile.rows) {
      const rows = Math.min(tile.rows, grid.height - y);
      writeTaps(engine, scratch, tapsH, y, rows);
      const to = grid.to + y * stride.outRow + x * stride.outCell;
      for (let c = 0; c < channels; c += tile.channels) {
        const n = Math.min(tile.channels, channels - c);
        // biome-ignore format: one call, grouped as the kernel declares it
        engine.kernels.resizeGrid(
          to + 4 * c, stride.outRow, stride.outCell, rows, columns, grid.from + 4 * c, stride.row, stride.cell, grid.w, n,
          scratch, tapsH.most, scratch + quarter, tapsW.most, scratch + 2 * quarter,
        );
      }
    }
  }
}

function writeTaps(engine: Engine, pointer: number, axis: Taps, from: number, count: number): void {
  const { i32, f32 } = engine;
  for (let i = 0; i < count; i++) {
    const at = (pointer + i * tapBytes(axis)) >>> 2;
    const weights = axis.weights[from + i];
    i32[at] = axis.start[from + i];
    i32[at + 1] = weights.length;
    f32.set(weights, at + 2);
  }
}
