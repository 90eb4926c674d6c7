/**
 * Axial rotary tables: every axis of a grid turns its own pairs. RoFormer, arXiv 2104.09864; RoPE-Mixed, arXiv 2403.13298.
 * The rules are those of axialTable without its presets; exact precision only.
 */
import type { AxialRows } from '../rotary/axialGrid.ts';
import type { AxialSpec } from '../rotary/axialPresets.ts';
import type { Pairing } from '../rotary/spec.ts';
import { log, pow, sincos } from './math.ts';
import { type Shaped, shaped, tensor } from './result.ts';
import { type ReferenceRotaryTable, rotaryTable } from './table.ts';

export type ReferenceAxialSpec = Omit<AxialSpec, 'preset' | 'precision' | 'pairingBlocks'>;

/** Row-aligned; with `tiled` a row holds the values of the first channels of all pairs, then those of the second ones. */
export function axialTable(spec: ReferenceAxialSpec, rows: AxialRows): ReferenceRotaryTable {
  const widths = widthsOf(spec);
  const axes = widths.length;
  const places = coordinates(spec, rows, axes);
  const perAxis = Array.from({ length: axes }, (_, axis) => {
    const coordinate = spec.axisOrder?.[axis] ?? axis;
    return axisTable(
      spec,
      axis,
      axes,
      widths[axis],
      places.map((place) => place[coordinate]),
    );
  });
  const pairs = widths.reduce((sum, n) => sum + n, 0);
  const columns =
    spec.order === 'alternating'
      ? Array.from({ length: pairs }, (_, i) => [i % axes, Math.floor(i / axes)])
      : widths.flatMap((n, axis) => Array.from({ length: n }, (_, j) => [axis, j]));
  const all = spec.tiled
    ? [0, 1].flatMap((second) => columns.map(([axis, j]) => [axis, (2 * j + second) % widths[axis]]))
    : columns;
  const pick = (name: 'cos' | 'sin') =>
    tensor(
      [places.length, all.length],
      Float32Array.from(
        places.flatMap((_, t) =>
          all.map(([axis, j]) => perAxis[axis].table[name].data[t * perAxis[axis].width + perAxis[axis].column(j)]),
        ),
      ),
    );
  const pairing = spec.pairing ?? 'interleaved';
  return {
    cos: pick('cos'),
    sin: pick('sin'),
    start: 0,
    length: places.length,
    rotaryDim: 2 * pairs,
    rotaryOffset: spec.rotaryOffset ?? 0,
    pairing,
    outputPairing: pairing,
    rowAligned: true,
    partnerAngles: spec.tiled === true,
  };
}

/** Pairs of every axis. */
function widthsOf({ headDim, axes, axisDim, axesDim }: ReferenceAxialSpec): number[] {
  if (axesDim === 'eighths') return [headDim / 8, (3 * headDim) / 16, (3 * headDim) / 16];
  if (axesDim === 'sixths') {
    const n = Math.floor(headDim / 6);
    return [headDim / 2 - 2 * n, n, n];
  }
  if (axesDim !== undefined) return axesDim.map((width) => width / 2);
  const count = axes ?? 2;
  return Array.from({ length: count }, () => (axisDim ?? 2 * Math.floor(Math.floor(headDim / count) / 2)) / 2);
}

/** The one-dimensional table of an axis, and which of its columns is the axis' frequency j. */
function axisTable(spec: ReferenceAxialSpec, axis: number, axes: number, n: number, positions: readonly number[]) {
  const rule = spec.frequencies ?? 'language';
  const scale = spec.coordinateScale ?? 1;
  const own = (j: number) => j;
  const made = (headDim: number, invFreq?: readonly number[]) =>
    rotaryTable({ headDim, ropeTheta: invFreq ? undefined : spec.ropeTheta, invFreq }, { positions });
  if (spec.invFreq !== undefined) {
    const { length } = spec.invFreq;
    const start = widthsOf(spec)
      .slice(0, axis)
      .reduce((sum, width) => sum + width, 0);
    const list = Array.from({ length: n }, (_, j) => scale * spec.invFreq![(start + j) % length]);
    return { table: made(2 * n, list), width: n, column: own };
  }
  if (scale === 1 && rule === 'language') return { table: made(2 * n), width: n, column: own };
  if (scale === 1 && rule === 'split') {
    return { table: made(2 * n * axes), width: n * axes, column: (j: number) => j * axes + axis };
  }
  const theta = spec.ropeTheta ?? 10000;
  const maxFreq = spec.maxFreq ?? 10;
  const at = (j: number) => (n === 1 ? 0 : j / (n - 1));
  const list = Array.from({ length: n }, (_, j) => {
    if (rule === 'language') return pow(theta, -j / n);
    if (rule === 'split') return pow(theta, -(j * axes + axis) / (n * axes));
    if (rule === 'pixel') return Math.PI * (1 + at(j) * (maxFreq / 2 - 1));
    if (rule === 'pixel-exponential') return Math.PI * pow(2, at(j) * (log(maxFreq) / log(2) - 1));
    return 1;
  });
  return {
    table: made(
      2 * n,
      list.map((f) => scale * f),
    ),
    width: n,
    column: own,
  };
}

/** Coordinates of every token. */
function coordinates(
  spec: Pick<AxialSpec, 'coordinates' | 'gridOrder' | 'gridOffset'>,
  rows: AxialRows,
  axes: number,
): number[][] {
  const none = (count: number | undefined) => Array.from({ length: count ?? 0 }, () => new Array<number>(axes).fill(0));
  let cells: number[][];
  if (rows.positions !== undefined) {
    const list = Array.from(rows.positions as ArrayLike<number | bigint>, Number);
    cells = Array.from({ length: list.length / axes }, (_, t) => list.slice(t * axes, (t + 1) * axes));
  } else {
    const grid = rows.grid!;
    cells = [[]];
    grid.forEach((side, axis) => {
      const offset = typeof spec.gridOffset === 'object' ? spec.gridOffset[axis] : (spec.gridOffset ?? 0);
      const value = (i: number) => {
        if (spec.coordinates === 'centered') return (2 * (i + 0.5)) / side - 1;
        const scale = (rows.referenceGrid?.[axis] ?? side) / side;
        if (spec.coordinates === 'unit') return (side === 1 ? -1 : -1 + (2 * i) / (side - 1)) * scale;
        return ((i + offset) * (rows.referenceGrid?.[axis] ?? side)) / side;
      };
      cells = cells.flatMap((cell) => Array.from({ length: side }, (_, i) => [...cell, value(i)]));
    });
    cells = cells.map((cell) => cell.map((_, c) => cell[spec.gridOrder?.[c] ?? c]));
  }
  const repeated = Array.from({ length: rows.repeat ?? 1 }, () => cells).flat();
  return [...none(rows.prefixTokens), ...repeated, ...none(rows.suffixTokens)];
}

/** cos and sin [heads, tokens, pairs] of learned frequencies [axes, heads, pairs]: angles summed in float64. */
export function mixedAxialTable(
  frequencies: Float32Array | Shaped,
  options: AxialRows & { readonly shape?: readonly number[]; readonly gridOrder?: readonly number[] },
): { readonly cos: Shaped; readonly sin: Shaped } {
  const { shape, data } = shaped('frequencies', frequencies, options.shape);
  const [axes, heads, pairs] = shape;
  const places = coordinates({ gridOrder: options.gridOrder }, options, axes);
  const cos = tensor([heads, places.length, pairs]);
  const sin = tensor([heads, places.length, pairs]);
  let at = 0;
  for (let head = 0; head < heads; head++) {
    for (const place of places) {
      for (let i = 0; i < pairs; i++, at++) {
        let angle = 0;
        for (let axis = 0; axis < axes; axis++) angle += place[axis] * data[(axis * heads + head) * pairs + i];
        const pair = sincos(angle);
        cos.data[at] = pair.cos;
        sin.data[at] = pair.sin;
      }
    }
  }
  return { cos, sin };
}

/** Angles [n, r], each times every one of `freqRanges`: cos and sin [n, r x ranges]. */
export function rotaryTableFromAngles(
  angles: Float32Array | Shaped,
  options: {
    readonly shape?: readonly number[];
    readonly freqRanges?: ArrayLike<number>;
    readonly pairing?: Pairing;
    readonly rotaryOffset?: number;
  } = {},
): ReferenceRotaryTable {
  const { shape, data } = shaped('angles', angles, options.shape);
  const ranges = Array.from(options.freqRanges ?? [1], Math.fround);
  const pairs = shape[1] * ranges.length;
  const values = Array.from(data).flatMap((angle) => ranges.map((range) => sincos(Math.fround(angle * range))));
  const pairing = options.pairing ?? 'interleaved';
  return {
    cos: tensor(
      [shape[0], pairs],
      Float32Array.from(values, (v) => v.cos),
    ),
    sin: tensor(
      [shape[0], pairs],
      Float32Array.from(values, (v) => v.sin),
    ),
    start: 0,
    length: shape[0],
    rotaryDim: 2 * pairs,
    rotaryOffset: options.rotaryOffset ?? 0,
    pairing,
    outputPairing: pairing,
    rowAligned: true,
    partnerAngles: false,
  };
}
