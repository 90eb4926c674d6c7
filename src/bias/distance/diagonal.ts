/**
 * A diagonal of one's own: any bias that depends on key minus query alone, one number a distance and head. A bias that is dear
 * is computed once (`diagonal: true`) and expanded for every layer, block of rows and step of decoding.
 */
import { integer, take } from '../../runtime/arguments.ts';
import { blockOf, headCount } from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate, type Place } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { encodingOf, type Filler, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface ExpandDiagonalOptions extends Omit<ToeplitzOptions, 'diagonal'> {
  /**
   * Distance key minus query of entry 0, negative as a rule. Default: that of the last row and column 0, which makes the
   * diagonal queryLength + keyLength - 1 long; with this option it may be longer.
   */
  readonly firstDistance?: number;
  /** [heads, entries]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const OPTIONS = [...TOEPLITZ_OPTIONS.filter((name) => name !== 'diagonal'), 'firstDistance', 'shape'] as const;

/**
 * bias[h, i, j] = diagonal[h, p_j - p_i - firstDistance] with the positions p of keys and queries; for the diagonal of the same
 * lengths that is diagonal[h, queryLength - 1 - i + j]. A step of decoding at position p of a diagonal made for the longest
 * context n: { queryLength: 1, keyLength: p + 1, firstDistance: 1 - n }.
 * Numbers are copied; with addTo one float32 addition a cell.
 * @param diagonal float32 [heads, distances]
 * @param given lengths or positions, and the distance of entry 0
 * @returns float32 [heads, queryLength, keyLength], or what `rows`, batches, packed sequences and `addTo` make of it
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see any bias of the distance, e.g. Press et al., arXiv 2108.12409
 * @example
 * const diagonal = kerple({ p: [1], a: [1], queryLength: 4, keyLength: 4, diagonal: true });
 * console.log(expandDiagonal(diagonal, { queryLength: 4, keyLength: 4 }).shape); // [ 1, 4, 4 ]
 */
export function expandDiagonal(diagonal: Floats, given: ExpandDiagonalOptions): Tensor {
  const o = take('expandDiagonal', given, OPTIONS);
  const call = gate('expandDiagonal', o.engine);
  const source = call.input('diagonal', diagonal, o.shape);
  const { shape } = source;
  const implied = o.firstDistance === undefined;
  const listed = o.queryPositions ?? o.keyPositions ?? o.cuSeqlens ?? o.queryLengths ?? o.keyLengths ?? o.keyLeftPad;
  if (implied && listed !== undefined) {
    throw new PosencError(
      'ERR_OPTION',
      'firstDistance: with positions, batches or packed sequences, say which distance entry 0 of the diagonal is for',
    );
  }
  const block = blockOf(call, o);
  const width = implied ? Math.max(0, block.queryLength + block.columns - 1) : 'entries';
  if (shape.length !== 2 || (implied && shape[1] !== width)) {
    throw new PosencError('ERR_SHAPE', `diagonal: expected [heads, ${width}], got [${shape.join(', ')}]`);
  }
  const heads = headCount('diagonal', shape[0]);
  const first = integer(
    'firstDistance',
    o.firstDistance,
    -(2 ** 32),
    2 ** 32,
    1 - block.queryLength - block.queryOffset,
  );
  const range = { low: first, high: first + shape[1] - 1, option: 'diagonal' };
  const bind = (engine: Engine) => copyFiller(engine, source, first, shape[1]);
  return toeplitz(call, encodingOf(heads, bind, { range }), o, block);
}

function copyFiller(engine: Engine, source: Place, origin: number, width: number): Filler {
  const { kernels } = engine;
  const headStride = 4 * width;
  return {
    scratchBytes: 0,
    directRows: 0,
    rows: undefined,
    load() {},
    diagonal: { pointer: source.pointer, stride: headStride, first: origin },
    fill(to, { first, count, list }) {
      const zero = source.pointer - 4 * origin + to.head * headStride;
      if (list) kernels.pickRows(to.pointer, to.stride, zero, headStride, to.heads, 4, 1, list, count);
      // biome-ignore format: grouped as the kernel declares it
      else kernels.expandRows(
        to.pointer, to.stride, 0, zero + 4 * first, headStride, to.heads, 0, 1, count, REPLACE);
    },
  };
}
