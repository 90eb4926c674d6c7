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
