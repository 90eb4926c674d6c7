/**
 * Complex-valued word embeddings whose phase runs with the position. Wang et al., ICLR 2020, arXiv 1912.12333:
 *   z = r[w, k] exp(i (omega[w, k] position + phi[w, k])),   real = r cos, imaginary = r sin.
 * Frequencies may be shared by all words ([1, d]) or by all dimensions of a word ([V, 1]); the released code has no phase.
 */

import { ladder } from '../phase/ladder.ts';
import { finite, oneOf, options, size } from '../runtime/arguments.ts';
import { ORDER_APART, ORDER_PAIRS, ORDER_SUM } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Positions, positions } from '../runtime/lists.ts';
import { checkOut, checkOverlap, chooseEngine, output, shapeOf, withOperands } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';

type Numbers = Tensor | Float32Array;

export interface ComplexOrderOptions {
  /** Row of every token, any shape. */
  readonly ids: ArrayLike<number> | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };
  /** One position a token; the released code counts from 1 and gives padding 0. */
  readonly positions: Positions;
  /** Amplitudes r, [V, d]. */
  readonly amplitude: Numbers;
  /** omega in radians per position, [V, d], [V, 1] or [1, d]. */
  readonly frequency: Numbers;
  /** phi in radians, like `frequency`. Default: none. */
  readonly phase?: Numbers;
  /** Shapes, needed for plain Float32Arrays. */
  readonly amplitudeShape?: readonly number[];
  readonly frequencyShape?: readonly number[];
  readonly phaseShape?: readonly number[];
  /** 'planar': [2, ..., d], real then imaginary; 'interleaved': [..., d, 2]; 'sum': real + imaginary (fasttext variant). Default 'planar'. */
  readonly form?: 'planar' | 'interleaved' | 'sum';
  readonly out?: Numbers;
  readonly engine?: Engine;
}

/**
 * The embeddings of tokens at positions.
 * @returns float32, of the shape that `form` names
 * @throws ERR_POSITION for an id outside the tables; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function complexOrder(given: ComplexOrderOptions): Tensor {
  const o = options('complexOrder', given, [
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
  const engine = chooseEngine(o.engine, o.amplitude, o.frequency, o.phase, o.out);
  const [words, dim] = matrix('amplitude', shapeOf('amplitude', o.amplitude, o.amplitudeShape));
  const strides = (option: string, x: Numbers, shape: readonly number[] | undefined) => {
    const [rows, columns] = matrix(option, shapeOf(option, x, shape));
    if ((rows !== words && rows !== 1) || (columns !== dim && columns !== 1)) {
      throw new PosencError(
        'ERR_SHAPE',
        `${option}: expected [${words}, ${dim}], [${words}, 1] or [1, ${dim}], got [${rows}, ${columns}]`,
      );
    }
    return { row: rows === 1 ? 0 : 4 * columns, column: columns === 1 ? 0 : 4 };
  };
  const frequency = strides('frequency', o.frequency, o.frequencyShape);
  const phase = o.phase === undefined ? { row: 0, column: 0 } : strides('phase', o.phase, o.phaseShape);
  const { ids, shape } = tokens(o.ids, words);
  const places = positions('positions', o.positions);
  if (places.length !== ids.length) {
    throw new PosencError('ERR_SHAPE', `positions: ${places.length} for ${ids.length} tokens`);
  }
  const n = ids.length;
  const outShape =
    form === 'planar' ? [2, ...shape, dim] : form === 'interleaved' ? [...shape, dim, 2] : [...shape, dim];
  checkOut(engine, o.out, outShape);
  const inputs = [
    ['amplitude', o.amplitude],
    ['frequency', o.frequency],
    ['phase', o.phase],
  ] as const;
  for (const [name, x] of inputs) checkOverlap(name, 'out', x, o.out, false);
  const result = output(engine, o.out, outShape);
  if (result.length === 0) return result;
  return withOperands(engine, inputs, (r, w, f) => {
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
      const to = result.byteOffset + first * stride;
      // biome-ignore format: one call, grouped as the kernel declares it
      engine.kernels.complexOrderRows(
        to, to + 4 * dim * n, stride, r, 4 * dim, w, frequency.row, frequency.column, f, phase.row, phase.column,
        numbers, list, count, dim, mode, scratch, engine.coefficients,
      );
    }
    return result;
  });
}

export interface ComplexOrderFrequencyOptions {
  readonly vocabulary: number;
  readonly dim: number;
  /** Default 10000. */
  readonly base?: number;
  readonly out?: Numbers;
  readonly engine?: Engine;
}

/**
 * The initial frequencies of the released code: row v, column k holds v base^(-2 k / dim), k = 0 .. dim - 1 (no halving).
 * @returns float32 [vocabulary, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function complexOrderFrequency(given: ComplexOrderFrequencyOptions): Tensor {
  const o = options('complexOrderFrequency', given, ['vocabulary', 'dim', 'base', 'out', 'engine']);
  const words = size('vocabulary', o.vocabulary, 0);
  const dim = size('dim', o.dim, 1, 2 ** 20);
  const base = finite('base', o.base, { above: 0 }, 10000);
  const engine = chooseEngine(o.engine, o.out);
  if (8 * dim > engine.scratchBytes) throw new PosencError('ERR_SHAPE', `dim: ${dim} does not fit the scratch arena`);
  checkOut(engine, o.out, [words, dim]);
  const frequencies = ladder({ base, count: dim, denominator: dim / 2 });
  const table = output(engine, o.out, [words, dim]);
  const scratch = engine.scratch();
  engine.f64.set(frequencies.hi, scratch >>> 3);
  engine.kernels.multiplesOfRow(table.byteOffset, scratch, dim, words);
  return table;
}

function matrix(option: string, shape: readonly number[]): readonly [number, number] {
  if (shape.length === 2 && shape[0] > 0 && shape[1] > 0) return [shape[0], shape[1]];
  throw new PosencError('ERR_SHAPE', `${option}: expected [rows, columns], neither 0, got [${shape.join(', ')}]`);
}

function tokens(value: ComplexOrderOptions['ids'], words: number): { ids: Int32Array; shape: readonly number[] } {
  const tensor = value !== null && typeof value === 'object' && 'data' in value;
  const list = tensor ? value.data : value;
  if (list === null || typeof list !== 'object' || typeof list.length !== 'number') {
    throw new PosencError('ERR_OPTION', `ids: expected integers, or { data, shape }, got ${show(value)}`);
  }
  const shape = tensor ? value.shape : [list.length];
  if (shape.reduce((product, n) => product * n, 1) !== list.length) {
    throw new PosencError('ERR_SHAPE', `ids: [${shape.join(', ')}] does not hold ${list.length} numbers`);
  }
  const ids = Int32Array.from(list);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] !== list[i] || ids[i] < 0 || ids[i] >= words) {
      throw new PosencError('ERR_POSITION', `ids[${i}]: expected a row from 0 to ${words - 1}, got ${show(list[i])}`);
    }
  }
  return { ids, shape };
}
