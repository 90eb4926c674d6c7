/** Shapes: sizes of the dimensions of an array, row-major. */
import { size } from './arguments.ts';
import { PosencError, show } from './errors.ts';
import { kindOf } from './views.ts';

/** A shape: a list of non-negative integers whose product is below 2^31; a copy, each size read once. */
export function checkShape(option: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape) && kindOf(shape) === undefined) {
    throw new PosencError('ERR_SHAPE', `${option}: expected a list of sizes, got ${show(shape)}`);
  }
  const given = shape as readonly number[];
  const axes = given.length;
  if (!(axes <= MAX_AXES)) {
    throw new PosencError('ERR_SHAPE', `${option}: expected at most ${MAX_AXES} sizes, got ${show(shape)}`);
  }
  // pushed, like every other shape without holes: loops over shapes then meet one kind of array
  const sizes: number[] = [];
  let length = 1;
  for (let i = 0; i < axes; i++) {
    const n = given[i];
    // the common case without making the option's name
    if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31)) size(`${option}[${i}]`, n, 0);
    sizes.push(n);
    length *= n;
  }
  if (length > 2 ** 31 - 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `${option}: [${sizes.join(', ')}] has more than 2^31 - 1 elements; compute row blocks`,
    );
  }
  return sizes;
}

const MAX_AXES = 32;

/** @internal */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  let length = 1;
  for (let i = 0; i < shape.length; i++) length *= shape[i];
  return length;
}

/** Number of rows: the product of all sizes but the last. Not shape.slice(0, -1): V8 copies a frozen array slowly. */
export function rowsIn(shape: readonly number[]): number {
  let rows = 1;
  for (let i = 0; i + 1 < shape.length; i++) rows *= shape[i];
  return rows;
}
