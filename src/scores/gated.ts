/**
 * WavLM's gated relative position bias (Chen et al., arXiv 2110.13900, after XLM-E, Chi et al., 2106.16138), transformers
 * modeling_wavlm.py: a bias of the distance is multiplied by a number of each query and head, made of the layer's input x:
 *   z = W x_h + b of eight,   a = z0 + z1 + z2 + z3,   c = z4 + z5 + z6 + z7,
 *   gate = sigmoid(a) (sigmoid(c) constant_h - 1) + 2,   bias[b, h, i, j] = gate[b, h, i] position[h, i, j].
 */
import { take } from '../runtime/arguments.ts';
import { rowRange } from '../runtime/block.ts';
import { IDENTITY, JOIN_ADD, REPLACE, SIGMOID } from '../runtime/codes.ts';
import { destinationOf } from '../runtime/destination.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { expectShape, optional, type Shaped, shaped } from './content.ts';

export interface RelativeGateOptions extends OutOption, EngineOption {
  /** gru_rel_pos_linear.weight [8, d], shared by the heads; d is the width of a head. */
  readonly weight: Shaped;
  /** gru_rel_pos_linear.bias [8]. Default: none. */
  readonly bias?: Shaped;
  /** gru_rel_pos_const: a number for each head. Its length is the number of heads. */
  readonly constant: Floats;
}

export interface GatedRelativeBiasOptions extends RelativeGateOptions {
  /** Only the query rows [from, to): the same bits as those rows of the whole. */
  readonly rows?: readonly [number, number];
  /** Scores [..., B, H, q, k] that the bias is added to, in place; they are also what is returned. */
  readonly addTo?: Floats;
}

const OPTIONS = ['weight', 'bias', 'constant', 'out', 'engine'] as const;

/** The layer of the gate, and what it is fed. */
interface Gate {
  readonly hidden: Place;
  readonly weight: Place;
  readonly bias: Place | undefined;
  readonly constant: Place;
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly dim: number;
}

/**
 * The gate of every query and head; hidden [B, L, H d] is the input of the attention layer, not its queries.
 * The eight sums run in a fixed float32 order, sigmoids are rounded once.
 * @param hidden [B, L, H d]
 * @param given `weight` [8, d], `bias` [8], `constant` [H]
 * @returns float32 [B, H, L]
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Chen et al., WavLM, arXiv 2110.13900; transformers modeling_wavlm
 * @example
 * const gate = { weight: Tensor.zeros([8, 8]), constant: Tensor.from([1, 1], [2]) };
 * console.log(relativeGate(Tensor.zeros([1, 4, 16]), gate).shape); // [ 1, 2, 4 ]
 */
export function relativeGate(hidden: Shaped, given: RelativeGateOptions): Tensor {
  const o = take('relativeGate', given, OPTIONS);
  const call = gate('relativeGate', o.engine);
  const g = gateOf(call, hidden, o);
  const { batch, heads, length } = g;
  const result = call.output('out', o.out, [batch, heads, length]);
  return call.run((engine) => {
    const arena = engine.scratch();
    for (let m = 0; m < batch * heads; m++) {
      for (let row = 0; row < length; row += ROWS) {
        const n = Math.min(ROWS, length - row);
        writeGates(engine, g, arena, m, row, n, result.pointer + 4 * (m * length + row));
      }
    }
    return result.tensor;
  });
}

/**
 * A bias of the distance times the gate of its query. positionBias [H, L, k], such as t5Bias(table, { numBuckets: 320, maxDistance:
 * 800, keyLength: L }), all rows or the rows asked for; hidden [B, L, H d].
 * The eight sums run in a fixed float32 order, sigmoids are rounded once.
 * @param positionBias [H, L, k]
 * @param hidden [B, L, H d]
 * @param given `weight` [8, d], `bias` [8], `constant` [H]; `addTo`
 * @returns float32 [B, H, L, k], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Chen et al., WavLM, arXiv 2110.13900; transformers modeling_wavlm
 * @example
 * const gate = { weight: Tensor.zeros([8, 8]), constant: Tensor.from([1, 1], [2]) };
 * console.log(gatedRelativeBias(Tensor.zeros([2, 4, 4]), Tensor.zeros([1, 4, 16]), gate).shape); // [ 1, 2, 4, 4 ]
 */
export function gatedRelativeBias(positionBias: Shaped, hidden: Shaped, given: GatedRelativeBiasOptions): Tensor {
  const o = take('gatedRelativeBias', given, [...OPTIONS, 'rows', 'addTo']);
  const call = gate('gatedRelativeBias', o.engine);
  const g = gateOf(call, hidden, o);
  const { batch, heads, length } = g;
  const matrix = shaped(call, 'positionBias', positionBias);
  const [from, to] = rowRange(call, o.rows, length);
  const whole = matrix.shape[1] === length;
  expectShape('positionBias', matrix.shape, [heads, whole ? length : to - from, 'k']);
  const columns = matrix.shape[2];
  const { place, repeats, mode } = destinationOf(call, o, [batch, heads, to - from, columns]);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const skipped = whole ? 0 : from;
    const rows = matrix.shape[1];
    for (let m = 0; m < batch * heads; m++) {
      for (let row = from; row < to; row += ROWS) {
        const n = Math.min(ROWS, to - row);
        const source = matrix.pointer + 4 * columns * ((m % heads) * rows + row - skipped);
        const gates = writeRowGates(engine, g, m, row, n);
        for (let r = 0; r < repeats; r++) {
          const out = place.pointer + 4 * columns * ((r * batch * heads + m) * (to - from) + row - from);
          if (mode === REPLACE) writeProducts(engine, out, source, gates, n, columns);
          else addProducts(engine, out, source, gates, n, columns);
        }
      }
    }
    return place.tensor;
  });
}

/** Gates in the arena, behind the room that making them takes. */
function writeRowGates(engine: Engine, g: Gate, m: number, row: number, n: number): number {
  const arena = engine.scratch();
  const gates = arena + WORK;
  writeGates(engine, g, arena, m, row, n, gates);
  return gates;
}

/** out = gate of the row x bias. */
function writeProducts(engine: Engine, out: number, bias: number, gates: number, n: number, columns: number): void {
  const stride = 4 * columns;
  engine.kernels.copyRows(out, stride, bias, stride, n, columns, n);
  engine.kernels.scaleRows(out, stride, gates, n, columns);
}

/** out += the same, by way of a tile of whole rows, or of a part of one row. */
function addProducts(engine: Engine, out: number, bias: number, gates: number, n: number, columns: number): void {
  const { kernels } = engine;
  const tile = gates + 4 * ROWS;
  const room = (engine.scratch() + engine.scratchBytes - tile) >>> 2;
  const width = Math.min(columns, room);
  const height = Math.min(n, Math.floor(room / width));
  const rowStride = 4 * columns;
  const stride = 4 * width;
  for (let r = 0; r < n; r += height) {
    const rows = Math.min(height, n - r);
    for (let c = 0; c < columns; c += width) {
      const wide = Math.min(width, columns - c);
      const at = out + r * rowStride + 4 * c;
      kernels.copyRows(tile, stride, bias + r * rowStride + 4 * c, rowStride, rows, wide, rows);
      kernels.scaleRows(tile, stride, gates + 4 * r, rows, wide);
      if (width === columns) kernels.joinRows(at, at, tile, 1, rows * columns, 1, JOIN_ADD);
      else kernels.joinRows(at, at, tile, 1, wide, 1, JOIN_ADD);
    }
  }
}

/** Queries whose gates are made at a time. */
const ROWS = 256;
/** Bytes that making them takes: eight sums of each, then two. */
const WORK = 40 * ROWS;

function gateOf(call: Call, given: Shaped, o: RelativeGateOptions): Gate {
  const hidden = shaped(call, 'hidden', given);
  expectShape('hidden', hidden.shape, ['B', 'L', 'H d']);
  const weight = shaped(call, 'weight', o.weight);
  expectShape('weight', weight.shape, [8, 'd']);
  const bias = optional(call, 'bias', o.bias, [8]);
  const constant = call.flat('constant', o.constant);
  const [batch, length, width] = hidden.shape;
  const heads = constant.length;
  const dim = weight.shape[1];
  if (heads >= 1 && dim >= 1 && heads * dim === width) {
    return { hidden, weight, bias, constant, batch, length, heads, dim };
  }
  throw new PosencError(
    'ERR_SHAPE',
    `hidden: expected [B, L, ${heads} x ${dim}], heads of constant and columns of weight, got [${hidden.shape.join(', ')}]`,
  );
}

/** The gates of n queries from `row` on of matrix m of [B, H], at `to`; the arena holds eight sums of each before. */
function writeGates(engine: Engine, g: Gate, arena: number, m: number, row: number, n: number, to: number): void {
  const { kernels, coefficients } = engine;
  const { hidden, weight, bias, constant, length, heads, dim } = g;
  const head = m % heads;
  const stride = 4 * heads * dim;
  const x = hidden.pointer + (((m - head) / heads) * length + row) * stride + 4 * head * dim;
  const pairs = arena + 32 * ROWS;
  // biome-ignore format: grouped as the kernel declares it
  kernels.linear(arena, x, weight.pointer, bias?.pointer ?? 0, n, dim, 8, stride, 32, IDENTITY, coefficients);
  kernels.halfSums(pairs, arena, n);
  kernels.mapUnary(pairs, pairs, 2 * n, SIGMOID, coefficients);
  kernels.gateRows(to, pairs, n, engine.f32[(constant.pointer >>> 2) + head]);
}
