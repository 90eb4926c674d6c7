/**
 * Permutation equivariance: without positions attention satisfies Att(P X) = P Att(X); a position table added after the
 * permutation breaks it. A test for a model, and for the claim.
 */
import { PosencError, show } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import { integerList, type NumberList } from '../runtime/lists.ts';
import { Tensor } from '../runtime/tensor.ts';

/**
 * The rows of x in another order: row i of the result is row permutation[i] of x.
 * Rows are copied.
 * @param x a Tensor or { data, shape }, [..., n, d]
 * @param permutation the numbers 0 to n - 1 in another order
 * @returns float32, x's shape
 * @throws ERR_OPTION when `permutation` is none, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Haviv et al., arXiv 2203.16634
 * @example
 * console.log(permuteRows(Tensor.from([1, 2, 3, 4], [2, 2]), [1, 0]).data); // Float32Array(4) [ 3, 4, 1, 2 ]
 */
export function permuteRows(x: Floats, permutation: NumberList): Tensor {
  return permuted(x, integerList('permutation', permutation, 0, 2 ** 31 - 1).data);
}

function permuted(x: Floats, order: Float64Array): Tensor {
  const call = gate('permuteRows');
  const source = call.input('x', x);
  const { shape } = source;
  if (shape.length < 2) throw new PosencError('ERR_SHAPE', `x: expected [..., n, d], got [${shape.join(', ')}]`);
  const [n, d] = shape.slice(-2);
  checkPermutation(order, n);
  const result = call.output('out', undefined, shape);
  return call.run(({ kernels }) => {
    const row = 4 * d;
    const blocks = result.length === 0 ? 0 : result.length / (n * d);
    for (let b = 0; b < blocks; b++) {
      for (let i = 0; i < n; i++) {
        const from = source.pointer + (b * n + order[i]) * row;
        kernels.copyRows(result.pointer + (b * n + i) * row, row, from, row, 1, d, 1);
      }
    }
    return result.tensor;
  });
}

/**
 * How far `fn` is from permuting with its input: the largest |fn(P x) - P fn(x)|. The Tensor that fn is given the second time
 * is disposed afterwards; what else fn returns stays the caller's.
 * Differences in float64.
 * @param fn takes and returns Tensors whose rows stand for tokens, [..., n, d]
 * @param x a Tensor or { data, shape }, [..., n, d]
 * @param permutation the numbers 0 to n - 1 in another order
 * @returns the largest absolute difference; 0, up to rounding, for a model without positions
 * @throws ERR_OPTION, ERR_SHAPE when fn does not keep the rows
 * @see Haviv et al., arXiv 2203.16634
 * @example
 * const x = Tensor.from([1, 2, 3, 4], [2, 2]);
 * console.log(permutationError((input) => merge(input, x), x, [1, 0])); // 2
 */
export function permutationError(fn: (x: Tensor) => Tensor, x: Tensor, permutation: NumberList): number {
  if (typeof fn !== 'function') {
    throw new PosencError('ERR_OPTION', `fn: expected a function of a Tensor, got ${show(fn)}`);
  }
  const order = integerList('permutation', permutation, 0, 2 ** 31 - 1).data;
  const shuffled = permuted(x, order);
  let expected: Tensor | undefined;
  try {
    const before = fn(x);
    const after = fn(shuffled);
    if (!(after instanceof Tensor) || !(before instanceof Tensor) || after.length !== before.length) {
      throw new PosencError('ERR_OPTION', `fn: expected Tensors of one size, got ${show(before)} and ${show(after)}`);
    }
    expected = permuted(before, order);
    const [got, want] = [after.data, expected.data];
    let error = 0;
    for (let i = 0; i < want.length; i++) {
      const off = Math.abs(got[i] - want[i]);
      if (!(off <= error)) error = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    }
    return error;
  } finally {
    shuffled.dispose();
    expected?.dispose();
  }
}

function checkPermutation(order: Float64Array, n: number): void {
  if (order.length === n && new Set(order).size === n && order.every((row) => row < n)) return;
  throw new PosencError('ERR_OPTION', `permutation: expected every number from 0 to ${n - 1} once`);
}
