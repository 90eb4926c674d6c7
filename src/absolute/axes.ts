/**
 * Columns of cos and sin in a table, and tables over grids: one table for each axis, written into the cells where the other
 * coordinates are zero, then copied along the other axes.
 */
import { roundToFloat32 } from '../phase/float32.ts';
import type { Ladder } from '../phase/ladder.ts';
import { exactRows, type Rows, type Target, torchRows, torchScaledRows } from '../phase/plan.ts';
import type { Engine } from '../runtime/engine.ts';

/** What is common to the columns of one table. */
export interface Manner {
  readonly precision: 'exact' | 'torch';
  /** Torch precision: the float32 frequencies. Default: those of the ladder, rounded. */
  readonly single?: Float32Array;
  /** Multiplied into every position in torch precision; in exact precision it belongs to the ladder. */
  readonly scale: number;
  /** Torch precision: what the scale multiplies, the position or the finished angle. Default 'position'. */
  readonly scaleOrder?: 'position' | 'angle';
  readonly amplitude: number;
}

export const PLAIN: Manner = { precision: 'exact', scale: 1, amplitude: 1 };

/** `count` frequencies from `from` into columns. */
export function writeColumns(
  engine: Engine,
  frequencies: Ladder,
  rows: Rows,
  how: Manner,
  target: Target,
  from: number,
  count: number,
): void {
  if (count === 0) return;
  if (how.precision === 'exact') {
    exactRows(engine, frequencies, rows, how.amplitude, target, from, count);
    return;
  }
  const { single, scale, amplitude } = how;
  let list: Float32Array;
  if (single === undefined) {
    list = Float32Array.from({ length: count }, (_, i) =>
      roundToFloat32(frequencies.hi[from + i], frequencies.lo[from + i]),
    );
  } else list = count === single.length ? single : single.subarray(from, from + count);
  // a scale of 1 is the same in both places
  if (how.scaleOrder === 'angle' && scale !== 1) torchScaledRows(engine, list, rows, scale, amplitude, target);
  else torchRows(engine, list, rows, scale, amplitude, target);
}

function rowCount(rows: Rows): number {
  return 'positions' in rows ? rows.positions.length : rows.count;
}

/** Fills `count` rows of `width` columns with zeros. */
export function zeroColumns(engine: Engine, pointer: number, stride: number, count: number, width: number): void {
  const view = engine.f32;
  for (let row = 0; row < count; row++) {
    const from = (pointer + row * stride) / 4;
    view.fill(0, from, from + width);
  }
}

/** One axis of a grid whose cells are `stride` bytes apart, the last axis fastest. */
export interface Axis {
  /** Cells of the axes before and after this one. */
  readonly outer: number;
  readonly inner: number;
  readonly rows: Rows;
}

/** Repeats `width` columns at `pointer`, written for the axis' own cells, over the whole grid. */
export function repeatAxis(engine: Engine, axis: Axis, pointer: number, stride: number, width: number): void {
  const { outer, inner } = axis;
  const count = rowCount(axis.rows);
  const { kernels } = engine;
  if (width === 0) return;
  if (inner > 1) {
    for (let i = 0; i < count; i++) {
      const cell = pointer + i * inner * stride;
      kernels.copyRows(cell + stride, stride, cell, 0, inner - 1, width, inner - 1);
    }
  }
  const period = count * inner;
  if (outer > 1) {
    kernels.copyRows(pointer + period * stride, stride, pointer, stride, (outer - 1) * period, width, period);
  }
}

/** The axes of a grid, with the cells before and after each. */
export function axesOf(rows: readonly Rows[]): Axis[] {
  const counts = rows.map(rowCount);
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  return rows.map((axis, i) => ({
    rows: axis,
    outer: product(counts.slice(0, i)),
    inner: product(counts.slice(i + 1)),
  }));
}

/** The first `width` columns of sin, cos, sin, cos ... over one axis, at `pointer`. */
export function interleavedAxis(
  engine: Engine,
  frequencies: Ladder,
  axis: Axis,
  how: Manner,
  pointer: number,
  stride: number,
  width: number,
): void {
  const own = axis.inner * stride;
  const pairs = Math.floor(width / 2);
  writeColumns(engine, frequencies, axis.rows, how, { store: 'sin-cos', first: pointer, stride: own }, 0, pairs);
  const last = { store: 'sin', first: pointer + 8 * pairs, stride: own } as const;
  writeColumns(engine, frequencies, axis.rows, how, last, pairs, width % 2);
  repeatAxis(engine, axis, pointer, stride, width);
}

/** All sines of one axis at `sines`, all cosines at `cosines`. */
export function splitAxis(
  engine: Engine,
  frequencies: Ladder,
  axis: Axis,
  how: Manner,
  sines: number,
  cosines: number,
  stride: number,
): void {
  const target = { store: 'split', first: sines, second: cosines, stride: axis.inner * stride } as const;
  writeColumns(engine, frequencies, axis.rows, how, target, 0, frequencies.count);
  repeatAxis(engine, axis, sines, stride, frequencies.count);
  repeatAxis(engine, axis, cosines, stride, frequencies.count);
}

/** The first `width` columns of [sin | cos] over one axis, at `pointer`: the sines of all frequencies come before a cosine. */
export function cutAxis(
  engine: Engine,
  frequencies: Ladder,
  axis: Axis,
  how: Manner,
  pointer: number,
  stride: number,
  width: number,
): void {
  const { count } = frequencies;
  const own = axis.inner * stride;
  const sines = Math.min(count, width);
  writeColumns(engine, frequencies, axis.rows, how, { store: 'sin', first: pointer, stride: own }, 0, sines);
  const second = { store: 'cos', first: pointer + 4 * count, stride: own } as const;
  writeColumns(engine, frequencies, axis.rows, how, second, 0, width - sines);
  repeatAxis(engine, axis, pointer, stride, width);
}
