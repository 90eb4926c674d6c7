/** Errors that a test expects. */
import * as assert from 'uvu/assert';
import { PosencError, type PosencErrorCode } from '../../src/index.ts';

/** Runs fn, which must throw a PosencError of this code whose message matches. */
export function throwsCode(code: PosencErrorCode, message: RegExp, fn: () => unknown): void {
  try {
    fn();
  } catch (error) {
    assert.instance(error, PosencError, String(error));
    assert.is((error as PosencError).code, code, (error as Error).message);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`expected ${code}`);
}
