/**
 * Geometric resizing of a table of relative positions, as BEiT's recipe does it (Bao et al., arXiv 2106.08254) and timm's
 * resize_rel_pos_bias_table in its linear form: the rows are thought to lie at 0, +-1, +-(1 + q), +-(1 + q + q^2) ..., with q such
 * that they reach as far as the new table, and the new rows are read off at whole distances between them.
 */
import { size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import { numbers } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { blend, type Taps, tileOf } from './taps.ts';

export interface ResizeRelativeTableOptions extends OutOption, EngineOption {
  /** Window of the table, [height, width]: its rows are (2 height - 1)(2 width - 1). Default: the square that they make. */
  readonly from?: readonly [number, number];
  /** Window wanted, [height, width]. */
  readonly to: readonly [number, number];
  /** Rows at the end that are copied (BEiT: 3, for the class token). Default 0. */
  readonly extraRows?: number;
  /** Shape of the table, [rows, heads]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/**
 * A table [(2 h - 1)(2 w - 1) + extraRows, heads] for another window: near distances keep their rows, far ones are stretched.
 * The same window gives the table back; beyond the outermost place its row is taken.
 * Places and weights are float64, each number is rounded once.
 * @param table float32, [(2 h - 1)(2 w - 1) + extraRows, heads]
 * @param given the windows `from` and `to`, and how many extra rows stand at the end
 * @returns float32 [(2 H - 1)(2 W - 1) + extraRows, heads]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Bao et al., BEiT, arXiv 2106.08254; timm resize_rel_pos_bias_table
 * @example
 * console.log(resizeRelativeTable(Tensor.zeros([13 * 13, 3]), { to: [8, 8] }).shape); // [ 225, 3 ]
 */
export function resizeRelativeTable(table: Floats, given: ResizeRelativeTableOptions): Tensor {
  const o = take('resizeRelativeTable', given, ['from', 'to', 'extraRows', 'shape', 'out', 'engine']);
  const extra = size('extraRows', o.extraRows, 0, undefined, 0);
  const [height, width] = distances('to', o.to);
  const call = gate('resizeRelativeTable', o.engine);
  const source = call.input('table', table, o.shape);
  const { shape } = source;
  if (shape.length !== 2 || shape[1] === 0) {
    throw new PosencError('ERR_SHAPE', `table: expected [rows, heads], got [${shape.join(', ')}]`);
  }
  const [rows, heads] = shape;
  const [h, w] = o.from === undefined ? square(rows - extra) : distances('from', o.from);
  if (h * w + extra !== rows) {
    throw new PosencError(
      'ERR_SHAPE',
      `from: ${h} x ${w} distances and ${extra} extra rows are ${h * w + extra} rows, the table has ${rows}`,
    );
  }
  const resized = call.output('out', o.out, [height * width + extra, heads]);
  const same = h === height && w === width;
  const tapsH = same ? identity(h) : geometric(h, height);
  const tapsW = same ? identity(w) : geometric(w, width);
  const tile = tileOf(call.engine, tapsH, tapsW, w, heads);
  return call.run((engine) => {
    const row = 4 * heads;
    const grid = { to: resized.pointer, from: source.pointer, h, w, height, width };
    const strides = { row: row * w, cell: row, outRow: row * width, outCell: row };
    blend(engine, grid, strides, heads, tapsH, tapsW, tile);
    const [toEnd, fromEnd] = [resized.pointer + row * height * width, source.pointer + row * h * w];
    engine.kernels.copyRows(toEnd, row, fromEnd, row, extra, heads, extra);
    return resized.tensor;
  });
}

/** The distances along both sides of a window. */
function distances(option: string, value: unknown): readonly [number, number] {
  const list = numbers(option, value, 2);
  return [2 * size(`${option}[0]`, list[0], 1, 32768) - 1, 2 * size(`${option}[1]`, list[1], 1, 32768) - 1];
}

function square(rows: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(Math.max(0, rows)));
  if (side * side === rows && side % 2 === 1) return [side, side];
  throw new PosencError(
    'ERR_SHAPE',
    `from: ${rows} rows beside the extra ones are no square of 2 n - 1 distances; give from: [height, width], or extraRows`,
  );
}

function identity(n: number): Taps {
  return { start: Int32Array.from({ length: n }, (_, i) => i), weights: Array(n).fill(Float32Array.of(1)), most: 1 };
}

function geometric(n: number, m: number): Taps {
  const places = placesOf(n, m);
  const start = new Int32Array(m);
  const weights: Float32Array[] = [];
  let i = 0;
  for (let out = 0; out < m; out++) {
    const at = out - (m - 1) / 2;
    while (i + 1 < n && places[i + 1] <= at) i++;
    const part = i + 1 < n && at > places[i] ? (at - places[i]) / (places[i + 1] - places[i]) : 0;
    start[out] = i;
    weights.push(part === 0 ? Float32Array.of(1) : Float32Array.of(1 - part, part));
  }
  return { start, weights, most: 2 };
}

/** Where the n rows of an axis lie so that m whole distances fit between them: q is the last midpoint of the bisection. */
function placesOf(n: number, m: number): Float64Array {
  const steps = (n - 1) / 2;
  let [low, high] = [1.01, 1.5];
  let q = low;
  while (high - low > 1e-6) {
    q = (low + high) / 2;
    let sum = 0;
    for (let k = 0, power = 1; k < steps; k++, power *= q) sum += power;
    if (sum > (m - 1) / 2) high = q;
    else low = q;
  }
  const places = new Float64Array(n);
  for (let k = 1, place = 0, power = 1; k <= steps; k++, power *= q) {
    place += power;
    places[steps + k] = place;
    places[steps - k] = -place;
  }
  return places;
}
