/**
 * Permutation equivariance: without positions attention satisfies Att(P X) = P Att(X); a position table added after the
 * permutation breaks it. A test for a model, and for the claim.
 */
import { PosencError, show } from '../runtime/errors.ts';
import { chooseEngine, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';

/**
 * The rows of x in another order: row i of the result is row permutation[i] of x.
 * @param x a Tensor [..., n, d]
 * @returns float32, x's shape
 * @throws ERR_OPTION when `permutation` is none, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function permuteRows(x: Tensor, permutation: ArrayLike<number>): Tensor {
  if (!(x instanceof Tensor) || x.dtype !== 'float32') {
    throw new PosencError('ERR_OPTION', `x: expected a float32 Tensor, got ${show(x)}`);
  }
  const engine = chooseEngine(undefined, x);
  const shape = shapeOf('x', x, undefined);
  if (shape.length < 2) throw new PosencError('ERR_SHAPE', `x: expected [..., n, d], got [${shape.join(', ')}]`);
  const [n, d] = shape.slice(-2);
  const order = permutationOf(permutation, n);
  const permuted = output(engine, undefined, shape);
  const row = 4 * d;
  const blocks = permuted.length === 0 ? 0 : permuted.length / (n * d);
  for (let b = 0; b < blocks; b++) {
    order.forEach((source, i) => {
      const [to, from] = [permuted.byteOffset + (b * n + i) * row, x.byteOffset + (b * n + source) * row];
      engine.kernels.copyRows(to, row, from, row, 1, d, 1);
    });
  }
  return permuted;
}

/**
 * How far `fn` is from permuting with its input: the largest |fn(P x) - P fn(x)|. What fn returns stays the caller's.
 * @param fn takes and returns Tensors whose rows stand for tokens, [..., n, d]
 * @throws ERR_OPTION, ERR_SHAPE when fn does not keep the rows
 */
export function permutationError(fn: (x: Tensor) => Tensor, x: Tensor, permutation: ArrayLike<number>): number {
  const shuffled = permuteRows(x, permutation);
  const after = fn(shuffled);
  const before = fn(x);
  if (!(after instanceof Tensor) || !(before instanceof Tensor) || after.length !== before.length) {
    throw new PosencError('ERR_OPTION', `fn: expected Tensors of one size, got ${show(before)} and ${show(after)}`);
  }
  const expected = permuteRows(before, permutation);
  const [got, want] = [after.data, expected.data];
  let error = 0;
  for (let i = 0; i < want.length; i++) {
    const off = Math.abs(got[i] - want[i]);
    if (!(off <= error)) error = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
  }
  if (shuffled !== after) shuffled.dispose();
  expected.dispose();
  return error;
}

function permutationOf(value: ArrayLike<number>, n: number): number[] {
  const order = value !== null && typeof value === 'object' ? Array.from(value) : [];
  const seen = new Set(order);
  if (order.length !== n || seen.size !== n || order.some((i) => !Number.isInteger(i) || i < 0 || i >= n)) {
    throw new PosencError('ERR_OPTION', `permutation: expected every number from 0 to ${n - 1} once`);
  }
  return order;
}
