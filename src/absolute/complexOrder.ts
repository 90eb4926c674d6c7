/**
 * Complex-valued word embeddings whose phase runs with the position. Wang et al., ICLR 2020, arXiv 1912.12333:
 *   z = r[w, k] exp(i (omega[w, k] position + phi[w, k])),   real = r cos, imaginary = r sin.
 * Frequencies may be shared by all words ([1, d]) or by all dimensions of a word ([V, 1]); the released code has no phase.
 */

import { ladder } from '../phase/ladder.ts';
import { finite, oneOf, size, take } from '../runtime/arguments.ts';
import { ORDER_APART, ORDER_PAIRS, ORDER_SUM } from '../runtime/codes.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate, type Place } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface ComplexOrderOptions extends OutOption, EngineOption {
  /** Row of every token, any shape. */
  readonly ids: NumberList;
  /** One position a token; the released code counts from 1 and gives padding 0. */
  readonly positions: NumberList;
  /** Amplitudes r, [V, d]. */
  readonly amplitude: Floats;
  /** omega in radians per position, [V, d], [V, 1] or [1, d]. */
  readonly frequency: Floats;
  /** phi in radians, like `frequency`. Default: none. */
  readonly phase?: Floats;
  /** Shape of `amplitude`; needed for a plain Float32Array. */
  readonly amplitudeShape?: readonly number[];
  /** Shape of `frequency`; needed for a plain Float32Array. */
  readonly frequencyShape?: readonly number[];
  /** Shape of `phase`; needed for a plain Float32Array. */
  readonly phaseShape?: readonly number[];
  /** 'planar': [2, ..., d], real then imaginary; 'interleaved': [..., d, 2]; 'sum': real + imaginary (fasttext variant). Default 'planar'. */
  readonly form?: 'planar' | 'interleaved' | 'sum';
}

/**
 * The embeddings of tokens at positions.
 * The phase is reduced exactly, each product with an amplitude is rounded once.
 * @param given tokens, positions, and the learned tables of amplitudes, frequencies and phases, [vocabulary, dim] each
 * @returns float32, of the shape that `form` names
 * @throws ERR_POSITION for an id outside the tables; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Wang et al., arXiv 1912.12333
 * @example
 * const frequency = complexOrderFrequency({ vocabulary: 3, dim: 2 });
 * const amplitude = Tensor.from([1, 1, 1, 1, 1, 1], [3, 2]);
 * console.log(complexOrder({ ids: [2, 0], positions: [1, 2], amplitude, frequency }).shape); // [ 2, 2, 2 ]
 */
export function complexOrder(given: ComplexOrderOptions): Tensor {
  const o = take('complexOrder', given, [
    'ids',
    'positions',
    'amplitude',
    'frequency',
    'phase',
    'amplitudeShape',
    'frequencyShape',
    'phaseShape',
    'form',
    'out',
    'engine',
  ]);
  const form = oneOf('form', o.form, ['planar', 'interleaved', 'sum'], 'planar');
  const call = gate('complexOrder', o.engine);
  const amplitude = call.input('amplitude', o.amplitude, o.amplitudeShape, 'float32', 'amplitudeShape');
  const [words, dim] = matrix(amplitude);
  const strides = (place: Place) => {
    const [rows, columns] = matrix(place);
    if ((rows !== words && rows !== 1) || (columns !== dim && columns !== 1)) {
      throw new PosencError(
        'ERR_SHAPE',
        `${place.option}: expected [${words}, ${dim}], [${words}, 1] or [1, ${dim}], got [${rows}, ${columns}]`,
      );
    }
    return { row: rows === 1 ? 0 : 4 * columns, column: columns === 1 ? 0 : 4 };
  };
  const omega = call.input('frequency', o.frequency, o.frequencyShape, 'float32', 'frequencyShape');
  const frequency = strides(omega);
  const phi = o.phase === undefined ? undefined : call.input('phase', o.phase, o.phaseShape, 'float32', 'phaseShape');
  const phase = phi === undefined ? { row: 0, column: 0 } : strides(phi);
  const { data: ids, shape } = call.integers('ids', o.ids, 0, words - 1, 'ERR_POSITION');
  const places = call.positions('positions', o.positions).data;
  if (places.length !== ids.length) {
    throw new PosencError('ERR_SHAPE', `positions: ${places.length} for ${ids.length} tokens`);
  }
  const n = ids.length;
  const outShape =
    form === 'planar' ? [2, ...shape, dim] : form === 'interleaved' ? [...shape, dim, 2] : [...shape, dim];
  const result = call.output('out', o.out, outShape);
  return call.run((engine) => {
    const scratch = engine.scratch();
    const block = Math.floor((engine.scratchBytes - 64) / 16);
    const list = scratch + 64;
    const numbers = list + 8 * block;
    const stride = 4 * dim * (form === 'interleaved' ? 2 : 1);
    const mode = { planar: ORDER_APART, interleaved: ORDER_PAIRS, sum: ORDER_SUM }[form];
    for (let first = 0; first < n; first += block) {
      const count = Math.min(block, n - first);
      engine.f64.set(places.subarray(first, first + count), list >>> 3);
      engine.i32.set(ids.subarray(first, first + count), numbers >>> 2);
      const to = result.pointer + first * stride;
      // biome-ignore format: one call, grouped as the kernel declares it
      engine.kernels.complexOrderRows(
        to, to + 4 * dim * n, stride, amplitude.pointer, 4 * dim, omega.pointer, frequency.row, frequency.column,
        phi?.pointer ?? 0, phase.row, phase.column, numbers, list, count, dim, mode, scratch, engine.coefficients,
      );
    }
    return result.tensor;
  });
}

export interface ComplexOrderFrequencyOptions extends OutOption, EngineOption {
  /** Rows of the table. */
  readonly vocabulary: number;
  /** Columns of the table. */
  readonly dim: number;
  /** Default 10000. */
  readonly base?: number;
}

/**
 * The initial frequencies of the released code, in radians per position: row v, column k holds v base^(-2 k / dim), k = 0 .. dim - 1 (no halving).
 * Powers in double-double, each value rounded once.
 * @param given `vocabulary` rows, `dim` columns, `base` (default 10000)
 * @returns float32 [vocabulary, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Wang et al., arXiv 1912.12333; released code iclr-complex-order
 * @example
 * console.log(complexOrderFrequency({ vocabulary: 3, dim: 2 }).data); // Float32Array(6) [ 0, 0, 1, 0.00009999999747378752, 2, 0.00019999999494757503 ]
 */
export function complexOrderFrequency(given: ComplexOrderFrequencyOptions): Tensor {
  const o = take('complexOrderFrequency', given, ['vocabulary', 'dim', 'base', 'out', 'engine']);
  const words = size('vocabulary', o.vocabulary, 0);
  const dim = size('dim', o.dim, 1, 2 ** 20);
  const base = finite('base', o.base, { above: 0 }, 10000);
  const call = gate('complexOrderFrequency', o.engine);
  const table = call.output('out', o.out, [words, dim]);
  if (8 * dim > call.engine.scratchBytes) {
    throw new PosencError('ERR_SHAPE', `dim: ${dim} does not fit the scratch arena; createEngine({ scratchBytes })`);
  }
  const frequencies = ladder({ base, count: dim, denominator: dim / 2 });
  return call.run((engine) => {
    const scratch = engine.scratch();
    engine.f64.set(frequencies.hi, scratch >>> 3);
    engine.kernels.multiplesOfRow(table.pointer, scratch, dim, words);
    return table.tensor;
  });
}

function matrix({ option, shape }: Place): readonly [number, number] {
  if (shape.length === 2 && shape[0] > 0 && shape[1] > 0) return [shape[0], shape[1]];
  throw new PosencError('ERR_SHAPE', `${option}: expected [rows, columns], neither 0, got [${shape.join(', ')}]`);
}
