/**
 * FIRE: a network of the logarithmic distance, relative to the query's own position from a learned threshold on. Li et al.,
 * arXiv 2310.04418. Rows up to the threshold share their normaliser: there the bias is a function of the distance.
 */

import { finite, take } from '../../runtime/arguments.ts';
import {
  allowed,
  BATCH_OPTIONS,
  type BatchOptions,
  BIAS_OPTIONS,
  type BiasOptions,
  type Block,
  blockOf,
  headCount,
  type Piece,
} from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { checkLayers, type Layer, type NetworkLayer } from '../mlp.ts';

export interface FireOptions extends BiasOptions, BatchOptions {
  /** Two linear layers with ReLU in between: 1 input, `width` hidden, `heads` outputs; both with a bias. */
  readonly layers: readonly Layer[];
  /** Default 0.1. */
  readonly c?: number;
  /** Threshold |lMultiplier initL|, in positions. Default 512. */
  readonly initL?: number;
  /** The learned factor of the threshold. Default 1. */
  readonly lMultiplier?: number;
  /** Default 1e-6. */
  readonly eps?: number;
  /** Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Floats;
}

const OPTIONS = [...BIAS_OPTIONS, ...BATCH_OPTIONS, 'layers', 'c', 'initL', 'lMultiplier', 'eps', 'addTo'] as const;
/** Rows and columns of a tile. */
const ROWS = 256;
const COLUMNS = 512;
const MAX_WIDTH = 512;

/**
 * bias = network(ln(|c (i - j)| + 1) / (ln(|c max(i, |lMultiplier initL|)| + 1) + eps)). Keys after the query have a value
 * too: mask them with causal.
 * Logarithms are rounded once from double-double, the network is float32 in a fixed order.
 * @param given the layers of the network, the learned `c`, `initL` and `lMultiplier`, and lengths or positions
 * @returns float32 [heads, queryLength, keyLength], or what `rows`, batches, packed sequences and `addTo` make of it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Li et al., FIRE, arXiv 2310.04418
 * @example
 * const layers = [
 *   { weight: Tensor.from([1, -1], [2, 1]), bias: Tensor.from([0, 0], [2]) },
 *   { weight: Tensor.from([1, 0], [1, 2]), bias: Tensor.from([0], [1]) },
 * ];
 * console.log(fire({ layers, c: 0.1, initL: 512, lMultiplier: 1, queryLength: 2, keyLength: 2 }).shape); // [ 1, 2, 2 ]
 */
export function fire(given: FireOptions): Tensor {
  const o = take('fire', given, OPTIONS);
  const call = gate('fire', o.engine);
  const layers = checkLayers(call, 'layers', o.layers, 1);
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
  const block = blockOf(call, o);
  const shape = [heads, block.rows, block.columns];
  if (block.batch !== undefined) shape.unshift(block.batch);
  const { place, repeats, mode } = destinationOf(call, o, shape);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const parameters = { layers, c, threshold, eps, mode };
    const matrix = 4 * heads * block.rows * block.columns;
    const batches = block.batch ?? 1;
    for (let r = 0; r < repeats; r++) {
      for (const piece of block.pieces) {
        writePiece(engine, place.pointer + (r * batches + piece.batch) * matrix, block, piece, parameters);
      }
    }
    return place.tensor;
  });
}

function checkNetwork(layers: readonly NetworkLayer[]): void {
  const missing = layers.findIndex(({ bias }) => bias === undefined);
  if (layers.length !== 2 || missing >= 0) {
    throw new PosencError(
      'ERR_OPTION',
      missing >= 0 ? `layers[${missing}].bias: FIRE's layers have one` : `layers: expected two, got ${layers.length}`,
    );
  }
  if (layers[0].outputs > MAX_WIDTH) {
    throw new PosencError('ERR_SHAPE', `layers[0].weight: expected at most ${MAX_WIDTH} hidden features`);
  }
}

interface Parameters {
  readonly layers: readonly NetworkLayer[];
  readonly c: number;
  readonly threshold: number;
  readonly eps: number;
  readonly mode: number;
}

/** The rows of a piece; `out`: row 0 of its matrix. */
function writePiece(engine: Engine, out: number, block: Block, piece: Piece, parameters: Parameters): void {
  const { layers, c, threshold, eps, mode } = parameters;
  const { kernels, coefficients } = engine;
  const [first, last] = layers;
  const { outputs: width } = first;
  const { outputs: heads } = last;
  const [w1, b1, w2, b2] = [first.weight.pointer, first.bias!.pointer, last.weight.pointer, last.bias!.pointer];
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
  const corner = out + piece.row * rowStride;
  const { queryPositions, keyPositions } = piece;
  const across = piece.end - piece.start;

  /** Columns of no sequence. */
  const mask = (column: number, count: number) => {
    if (count <= 0) return;
    const strip = Math.min(count, room);
    kernels.fillRows(temp, 0, 1, strip, block.maskValue);
    for (let c = 0; c < count; c += strip) {
      const at = corner + 4 * (column + c);
      kernels.expandRows(at, headStride, rowStride, temp, 0, heads, 0, piece.rows, Math.min(strip, count - c), mode);
    }
  };
  mask(0, piece.start);
  mask(piece.end, block.columns - piece.end);

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

  for (let row = 0; row < piece.rows; row += ROWS) {
    const rows = Math.min(ROWS, piece.rows - row);
    const queryOf = (r: number) => queryPositions?.[row + r] ?? piece.query + row + r;
    // |c max(i, threshold)|: distances that happen to be positions; the list is overwritten by its logarithms
    for (let r = 0; r < rows; r++) engine.f64[(denominators >>> 3) + r] = Math.max(queryOf(r), threshold);
    kernels.logDistances(denominators, c, 0, rows, denominators, coefficients);
    for (let r = 0; r < rows; r++) engine.f64[(denominators >>> 3) + r] += eps;
    const consecutive = !queryPositions && !keyPositions;
    // rows that share a normaliser
    const same = consecutive ? Math.min(rows, Math.max(0, Math.floor(threshold) - queryOf(0) + 1)) : 0;
    for (let column = 0; column < across; column += COLUMNS) {
      const columns = Math.min(COLUMNS, across - column);
      const at = corner + row * rowStride + 4 * (piece.start + column);
      if (consecutive) {
        const first = column - queryOf(rows - 1);
        kernels.logDistances(numerators, c, first, rows + columns - 1, 0, coefficients);
      } else if (keyPositions) {
        engine.i32.set(keyPositions.subarray(column, column + columns), keyList >>> 2);
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
            const keys = keyPositions ? keyList : 0;
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
