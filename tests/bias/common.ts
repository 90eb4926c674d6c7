/** What the tests of the bias wing share. */
import * as assert from 'uvu/assert';
import { PosencError } from '../../src/index.ts';

/** `run` throws a PosencError of that code whose message begins with the option. */
export function rejects(run: () => unknown, code: string, option: string): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, PosencError, `${option}: ${String(error)}`);
    const { code: got, message } = error as PosencError;
    assert.is(got, code, message);
    assert.ok(message.startsWith(`${option}:`) || message.includes(`'${option}'`), `${option}: ${message}`);
    return;
  }
  assert.unreachable(`${option}: nothing was thrown`);
}

/** Numbers in [-2, 2), the same for the same seed. */
export function floats(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  });
}

export function closeTo(got: ArrayLike<number>, want: ArrayLike<number>, abs: number, rel: number, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let t = 0; t < want.length; t++) {
    if (got[t] === want[t]) continue;
    const allowed = abs + rel * Math.abs(want[t]);
    if (!(Math.abs(got[t] - want[t]) <= allowed)) {
      assert.unreachable(`${what}[${t}]: got ${got[t]}, want ${want[t]} +- ${allowed}`);
    }
  }
}

export function sameBits(got: Float32Array, want: Float32Array, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let t = 0; t < want.length; t++) {
    if (!Object.is(got[t], want[t])) assert.unreachable(`${what}[${t}]: got ${got[t]}, want ${want[t]}`);
  }
}
