/** What the tests of this wing share: seeded noise, distances, and errors told by code and message. */
import * as assert from 'uvu/assert';
import { PosencError } from '../../src/index.ts';

/** n numbers in [-2, 2), the same for the same seed. */
export function noise(n: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 22 - 2;
  });
}

/** Largest |a - b|; Infinity when the lengths differ or one of them is no number. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  for (let i = 0; i < a.length; i++) {
    const off = Math.abs(a[i] - b[i]);
    if (!(off <= error)) error = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
  }
  return error;
}

/** Fails unless `run` throws a PosencError of that code whose message matches. */
export function fails(code: string, message: RegExp, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, PosencError);
    assert.is((error as PosencError).code, code, (error as Error).message);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`expected ${code} ${message}`);
}
