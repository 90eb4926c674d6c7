/**
 * Compact relative positions of Zipformer (Yao et al., arXiv 2310.11230; icefall CompactRelPositionalEncoding): sines and
 * cosines of whole multiples of an angle that grows with the logarithm of the distance,
 *   phi(x) = atan(2 pi c sign(x) (ln(|x| + c) - ln c) / (lengthFactor dim)),   c = sqrt(dim),
 *   row = [cos phi, sin phi, cos 2 phi, sin 2 phi, ...], the last column 1.
 * A distance becomes a position, k = 1, 2 ... is its frequency: the kernels are those of every sinusoidal table.
 */
import { add, atan, type DD, div, from, ln, mul, mulNumber, neg, sqrt, sub, TWO_PI } from '../phase/dd.ts';
import { ladderFrom } from '../phase/ladder.ts';
import { exactRows } from '../phase/plan.ts';
import { exclusive, finite, integer, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface CompactRelativeTableOptions extends OutOption, EngineOption {
  /** Columns, an even number. */
  readonly dim: number;
  /** Longest sequence T: rows of the distances -(T - 1) .. T - 1. */
  readonly length?: number;
  /** Distances of the rows, in any order, instead of `length`. */
  readonly distances?: NumberList;
  /** At least 1: larger ones make the angle turn more slowly. Default 1. */
  readonly lengthFactor?: number;
}

/**
 * Zipformer's table of relative positions. A row depends on its distance alone.
 * Every value is computed in float64 from the logarithm of the distance and rounded to float32 once.
 * @param given how many distances (`length`, or `distances` themselves) and `dim` columns
 * @returns float32 [2 length - 1, dim], or [distances, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Yao et al., Zipformer, arXiv 2310.11230; icefall CompactRelPositionalEncoding
 * @example
 * const table = compactRelativeTable({ length: 4, dim: 8 });
 * console.log(table.shape, table.data[3 * 8 + 7]); // [ 7, 8 ] 1
 */
export function compactRelativeTable(given: CompactRelativeTableOptions): Tensor {
  const o = take('compactRelativeTable', given, ['dim', 'length', 'distances', 'lengthFactor', 'out', 'engine']);
  const dim = integer('dim', o.dim, 2, 2 ** 16);
  if (dim % 2 !== 0) throw new PosencError('ERR_OPTION', `dim: expected an even number, got ${dim}`);
  exclusive('compactRelativeTable', 'length', 'distances', o);
  if (o.length === undefined && o.distances === undefined) {
    throw new PosencError('ERR_OPTION', "compactRelativeTable: give 'length' (of the sequence) or 'distances'");
  }
  const lengthFactor = finite('lengthFactor', o.lengthFactor, { min: 1 }, 1);
  const call = gate('compactRelativeTable', o.engine);
  let count: number;
  let distance: (row: number) => number;
  if (o.distances === undefined) {
    const length = integer('length', o.length, 1, 2 ** 24);
    count = 2 * length - 1;
    distance = (row) => row - (length - 1);
  } else {
    const list = call.positions('distances', o.distances).data;
    count = list.length;
    distance = (row) => list[row];
  }
  const output = call.output('out', o.out, [count, dim]);
  const half = dim / 2;
  const multiples = ladderFrom(`whole numbers to ${half}`, () => Array.from({ length: half }, (_, i) => from(i + 1)));
  return call.run((engine) => {
    if (count === 0) return output.tensor;
    const angle = angleOf(dim, lengthFactor);
    const positions = Float64Array.from({ length: count }, (_, row) => angle(distance(row)));
    exactRows(engine, multiples, { positions }, 1, { store: 'cos-sin', first: output.pointer, stride: 4 * dim });
    const view = engine.view('float32', output.pointer, output.length);
    for (let i = dim - 1; i < view.length; i += dim) view[i] = 1;
    return output.tensor;
  });
}

/** phi of a distance, to the nearest float64 or its neighbour. */
function angleOf(dim: number, lengthFactor: number): (distance: number) => number {
  const c = sqrt(from(dim));
  const lnC = ln(c);
  const factor = div(mul(c, TWO_PI), mulNumber(from(lengthFactor), dim));
  return (distance) => {
    if (distance === 0) return 0;
    const grown: DD = mul(sub(ln(add(from(Math.abs(distance)), c)), lnC), factor);
    const phi = atan(grown);
    return distance < 0 ? neg(phi).hi : phi.hi;
  };
}
