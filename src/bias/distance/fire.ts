/**
 * FIRE: a network of the logarithmic distance, relative to the query's own position from a learned threshold on. Li et al.,
 * arXiv 2310.04418. Rows up to the threshold share their normaliser: there the bias is a function of the distance.
 */

import { finite, options } from '../../runtime/arguments.ts';
import { allowed, BIAS_OPTIONS, type BiasOptions, type Block, blockOf } from '../../runtime/block.ts';
import { ADD, REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { checkOut, checkOverlap, engineOf, type Operand, operand, output } from '../../runtime/operands.ts';
import { Tensor } from '../../runtime/tensor.ts';
import { type CheckedLayer, checkLayers, type Layer, type PlacedLayer, place, tablesOf } from '../mlp.ts';
import { inMemory, repeatsOf } from '../target.ts';
import { headCount } from './toeplitz.ts';

export interface FireOptions extends BiasOptions {
  /** Two linear layers with ReLU in between: 1 input, `width` hidden, `heads` outputs; both with a bias. */
  readonly layers: readonly Layer[];
  /** Default 0.1. */
  readonly c?: number;
  /** Threshold |lMultiplier initL|, in positions. Defaults 512 and 1. */
  readonly initL?: number;
  readonly lMultiplier?: number;
  /** Default 1e-6. */
  readonly eps?: number;
  /** Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Tensor | Float32Array;
}

const OPTIONS = [...BIAS_OPTIONS, 'layers', 'c', 'initL', 'lMultiplier', 'eps', 'addTo'] as const;
/** Rows and columns of a tile. */
const ROWS = 256;
const COLUMNS = 512;
const MAX_WIDTH = 512;

/**
 * bias = network(ln(|c (i - j)| + 1) / (ln(|c max(i, |lMultiplier initL|)| + 1) + eps)). Keys after the query have a value
 * too: mask them with causal.
 * @returns float32 [heads, queryLength, keyLength], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function fire(given: FireOptions): Tensor {
  const o = options('fire', given, OPTIONS);
  const layers = checkLayers('layers', o.layers, 1);
  checkNetwork(layers);
  const heads = headCount('layers', layers[1].outputs);
  const c = Math.fround(finite('c', o.c, {}, 0.1));
  const threshold = Math.abs(
    Math.fround(
      Math.fround(finite('lMultiplier', o.lMultiplier, {}, 1)) * Math.fround(finite('initL', o.initL, {}, 512)),
    ),
  );
  const eps = finite('eps', o.eps, { min: 0 }, 1e-6);
  if (eps === 0 && (c === 0 || threshold === 0)) {
    throw new PosencError('ERR_OPTION', 'eps: 0 divides by zero where c or the threshold is 0; expected more');
  }
  const block = blockOf('fire', o);
  if (o.addTo !== undefined && o.out !== undefined) {
    throw new PosencError('ERR_OPTION', 'out: has no meaning beside addTo');
  }
  const tables = tablesOf(layers);
  const engine = engineOf(o.engine, [...tables.map(([, table]) => table), o.out, o.addTo]);
  const shape = [heads, block.rows, block.columns];
  if (o.addTo === undefined) checkOut(engine, o.out, shape);
  const repeats = o.addTo === undefined ? 1 : repeatsOf(o.addTo, shape);
  for (const [name, table] of tables) {
    checkOverlap(name, 'out', table, o.out, false);
    checkOverlap(name, 'addTo', table, o.addTo, false);
  }
  const leading = repeats === 1 ? shape : [repeats, ...shape];
  if (o.addTo !== undefined && !inMemory(engine, o.addTo)) {
    const scores = o.addTo as Float32Array;
    const staged = Tensor.from(scores, leading, { engine });
    fire({ ...o, addTo: staged });
    scores.set(staged.data);
    return staged;
  }
  const target = o.addTo instanceof Tensor ? o.addTo : output(engine, o.addTo ?? o.out, leading);
  if (target.length === 0) return target;
  const staged: Operand[] = [];
  try {
    for (const [name, table] of tables) staged.push(operand(name, engine, table));
    const pointers = staged.map((table) => table.pointer);
    const parameters = {
      layers: place(layers, pointers),
      c,
      threshold,
      eps,
      mode: o.addTo === undefined ? REPLACE : ADD,
    };
    for (let r = 0; r < repeats; r++) {
      write(engine, target.byteOffset + 4 * r * heads * block.rows * block.columns, block, parameters);
    }
  } finally {
    for (const table of staged) table.finish();
  }
  return target;
}

function checkNetwork(layers: readonly CheckedLayer[]): void {
  const missing = layers.find(({ bias }) => bias === undefined);
  if (layers.length !== 2 || missing) {
    throw new PosencError(
      'ERR_OPTION',
      missing ? `${missing.name}.bias: FIRE's layers have one` : `layers: expected two, got ${layers.length}`,
    );
  }
  if (layers[0].outputs > MAX_WIDTH) {
    throw new PosencError('ERR_SHAPE', `layers[0].weight: expected at most ${MAX_WIDTH} hidden features`);
  }
}

interface Parameters {
  readonly layers: readonly PlacedLayer[];
  readonly c: number;
  readonly threshold: number;
  readonly eps: number;
  readonly mode: number;
}

function write(engine: Engine, out: number, block: Block, parameters: Parameters): void {
  const { layers, c, threshold, eps, mode } = parameters;
  const { kernels, coefficients } = engine;
  const [{ outputs: width, weight: w1, bias: b1 }, { outputs: heads, weight: w2, bias: b2 }] = layers;
  const [low, high] = allowed(block);
  // arena: hidden | denominators | keys | distances | numerators | a diagonal, or a row to be added
  const hidden = engine.scratch();
  const denominators = hidden + 16 * width;
  const keyList = denominators + 8 * ROWS;
  const distances = keyList + 4 * COLUMNS;
  const numerators = distances + 8 * COLUMNS;
  const temp = numerators + 8 * (ROWS + COLUMNS + 4);
  const room = (hidden + engine.scratchBytes - temp) >>> 2;
  const group = Math.min(heads, Math.floor(room / (ROWS + COLUMNS)));
  const rowStride = 4 * block.columns;
  const headStride = rowStride * block.rows;

  /** Heads [head, head + n) at distances [first, first + count), whose numerators are at `from`. */
  const values = (
    to: number,
    stride: number,
    head: number,
    n: number,
    from: number,
    row: number,
    first: number,
    count: number,
  ) => {
    const start = Math.min(Math.max(low - first, 0), count);
    const end = Math.max(start, Math.min(high - first + 1, count));
    const denominator = engine.f64[(denominators >>> 3) + row];
    if (start > 0) kernels.fillRows(to, stride, n, start, block.maskValue);
    // biome-ignore format: grouped as the kernel declares it
    kernels.fireRow(
      to + 4 * start, stride, n, from + 8 * start, denominator, end - start, w1, b1, w2 + 4 * width * head, b2 + 4 * head,
      width, hidden);
    if (end < count) kernels.fillRows(to + 4 * end, stride, n, count - end, block.maskValue);
  };

  for (let row = 0; row < block.rows; row += ROWS) {
    const rows = Math.min(ROWS, block.rows - row);
    const queryOf = (r: number) => block.queryPositions?.[row + r] ?? block.query + row + r;
    // |c max(i, threshold)|: distances that happen to be positions; the list is overwritten by its logarithms
    for (let r = 0; r < rows; r++) engine.f64[(denominators >>> 3) + r] = Math.max(queryOf(r), threshold);
    kernels.logDistances(denominators, c, 0, rows, denominators, coefficients);
    for (let r = 0; r < rows; r++) engine.f64[(denominators >>> 3) + r] += eps;
    const consecutive = !block.queryPositions && !block.keyPositions;
    // rows that share a normaliser
    const same = consecutive ? Math.min(rows, Math.max(0, Math.floor(threshold) - queryOf(0) + 1)) : 0;
    for (let column = 0; column < block.columns; column += COLUMNS) {
      const columns = Math.min(COLUMNS, block.columns - column);
      const at = out + row * rowStride + 4 * column;
      if (consecutive) {
        const first = column - queryOf(rows - 1);
        kernels.logDistances(numerators, c, first, rows + columns - 1, 0, coefficients);
      } else if (block.keyPositions) {
        engine.i32.set(block.keyPositions.subarray(column, column + columns), keyList >>> 2);
      }
      for (let head = 0; head < heads; head += group) {
        const n = Math.min(group, heads - head);
        const to = at + head * headStride;
        if (same > 1) {
          const entries = same + columns - 1;
          const from = numerators + 8 * (rows - same);
          values(temp, 4 * entries, head, n, from, 0, column - queryOf(same - 1), entries);
          const window = temp + 4 * (same - 1);
          kernels.expandRows(to, headStride, rowStride, window, 4 * entries, n, 4, same, columns, mode);
        }
        for (let r = same > 1 ? same : 0; r < rows; r++) {
          const direct = mode === REPLACE;
          const place = direct ? to + r * rowStride : temp;
          const stride = direct ? headStride : 4 * columns;
          if (consecutive) {
            values(place, stride, head, n, numerators + 8 * (rows - 1 - r), r, column - queryOf(r), columns);
          } else {
            const keys = block.keyPositions ? keyList : 0;
            const limits = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
            kernels.distanceRow(distances, queryOf(r), keys, column, columns, limits[0], limits[1]);
            kernels.logDistances(numerators, c, 0, columns, distances, coefficients);
            const denominator = engine.f64[(denominators >>> 3) + r];
            // biome-ignore format: grouped as the kernel declares it
            kernels.fireRow(
              place, stride, n, numerators, denominator, columns, w1, b1, w2 + 4 * width * head, b2 + 4 * head, width,
              hidden);
            kernels.maskRow(place, stride, n, 1, queryOf(r), keys, column, columns, low, high, block.maskValue);
          }
          if (!direct) {
            kernels.expandRows(to + r * rowStride, headStride, rowStride, temp, stride, n, 0, 1, columns, mode);
          }
        }
      }
    }
  }
}
