/**
 * Coordinates of axial embeddings: of the cells of a grid, row-major, or given; with tokens before and after that have no
 * place (coordinate 0: their angle is 0), and repeated. transformers, timm and rotary-embedding-torch, docs/rotary-vision.md.
 */
import { exclusive, finite, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import { checkShape } from '../runtime/shapes.ts';
import type { AxialCoordinates } from './axialPresets.ts';

export interface AxialRows {
  /** Cells along each side, the last one fastest: [h, w], [t, h, w]. */
  readonly grid?: readonly number[];
  /** Coordinates instead of a grid, [n, axes] flat, in the order the preset names. */
  readonly positions?: NumberList;
  /** Sides of the grid the model was trained on: coordinates are scaled by reference / grid (timm ref_feat_shape). */
  readonly referenceGrid?: readonly number[];
  /** Unrotated tokens before the first cell. Default 0. */
  readonly prefixTokens?: number;
  /** Unrotated tokens after the last cell. Default 0. */
  readonly suffixTokens?: number;
  /** Times the cells follow each other, between prefix and suffix (SAM 2: keys of several frames). Default 1. */
  readonly repeat?: number;
}

export interface GridRules {
  readonly axes: number;
  readonly coordinates: AxialCoordinates;
  readonly gridOrder: readonly number[];
  readonly gridOffset: number | readonly number[];
  /** Float32 arithmetic. */
  readonly single: boolean;
}

/** More tokens than any table of them fits memory for. */
const MAX_TOKENS = 2 ** 23;

/** Coordinates of every token, [tokens, axes]. @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION */
export function coordinatesOf(call: Call, given: AxialRows, rules: GridRules): Float64Array {
  exclusive(call.name, 'grid', 'positions', given);
  const { axes } = rules;
  const prefix = size('prefixTokens', given.prefixTokens, 0, 2 ** 24, 0);
  const suffix = size('suffixTokens', given.suffixTokens, 0, 2 ** 24, 0);
  const repeat = size('repeat', given.repeat, 0, 2 ** 24, 1);
  const cells = given.grid === undefined ? listed(call, given, axes) : gridCells(given, rules);
  const tokens = prefix + (repeat * cells.length) / axes + suffix;
  size('tokens', tokens, 0, MAX_TOKENS);
  const all = new Float64Array(tokens * axes);
  for (let n = 0; n < repeat; n++) all.set(cells, prefix * axes + n * cells.length);
  return all;
}

function listed(call: Call, given: AxialRows, axes: number): Float64Array {
  if (given.positions === undefined) {
    throw new PosencError('ERR_OPTION', `${call.name}: give 'grid' (sides) or 'positions' ([n, axes])`);
  }
  exclusive(call.name, 'positions', 'referenceGrid', given);
  const list = call.positions('positions', given.positions).data;
  if (list.length % axes !== 0) {
    throw new PosencError('ERR_SHAPE', `positions: expected ${axes} coordinates a token, got ${list.length} numbers`);
  }
  return list;
}

function gridCells(given: AxialRows, { axes, coordinates, gridOrder, gridOffset, single }: GridRules): Float64Array {
  const sides = sidesOf('grid', given.grid, axes);
  // refused before coordinates of every cell are made
  size(
    'grid cells',
    sides.reduce((product, n) => product * n, 1),
    0,
    MAX_TOKENS,
  );
  const reference = given.referenceGrid === undefined ? sides : sidesOf('referenceGrid', given.referenceGrid, axes);
  if (given.referenceGrid !== undefined && coordinates === 'centered') {
    throw new PosencError(
      'ERR_OPTION',
      `referenceGrid: scales indices; coordinates '${coordinates}' are normalized already`,
    );
  }
  const offsets = typeof gridOffset === 'number' ? sides.map(() => gridOffset) : gridOffset;
  if (offsets.length !== axes) {
    throw new PosencError('ERR_SHAPE', `gridOffset: expected one number or ${axes}, got ${offsets.length}`);
  }
  offsets.forEach((offset, axis) => {
    finite(`gridOffset[${axis}]`, offset);
  });
  const round = single ? Math.fround : (x: number) => x;
  const scales = sides.map((n, axis) => [n, reference[axis]]);
  const value = (axis: number, n: number, i: number) => {
    if (coordinates === 'centered') return round(round(2 * round((i + 0.5) / n)) - 1);
    const [from, to] = scales[axis];
    const index = coordinates === 'unit' ? linspace(-1, 1, n, i, round) : round(i + offsets[axis]);
    return from === to ? index : round(round(index / from) * to);
  };
  const values = sides.map((n, axis) => {
    const list = new Float64Array(n);
    for (let i = 0; i < n; i++) list[i] = value(axis, n, i);
    return list;
  });
  const count = sides.reduce((product, n) => product * n, 1);
  const cells = new Float64Array(count * axes);
  const index = new Int32Array(axes);
  for (let t = 0; t < count; t++) {
    for (let c = 0; c < axes; c++) cells[t * axes + c] = values[gridOrder[c]][index[gridOrder[c]]];
    for (let axis = axes - 1; axis >= 0 && ++index[axis] === sides[axis]; axis--) index[axis] = 0;
  }
  return cells;
}

function sidesOf(option: string, value: unknown, axes: number): readonly number[] {
  const sides = checkShape(option, value);
  if (sides.length !== axes) {
    throw new PosencError('ERR_SHAPE', `${option}: expected ${axes} sides, got [${sides.join(', ')}]`);
  }
  return sides.map((n, axis) => size(`${option}[${axis}]`, n, option === 'grid' ? 0 : 1));
}

/** Point i of n evenly spaced ones, as torch.linspace computes it: from the nearer end. */
export function linspace(start: number, end: number, n: number, i: number, round: (x: number) => number): number {
  if (n === 1) return round(start);
  const step = round(round(round(end) - round(start)) / (n - 1));
  return i < n / 2 ? round(round(start) + round(step * i)) : round(round(end) - round(step * (n - 1 - i)));
}
