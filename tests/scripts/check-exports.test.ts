/** Exports and kernels that nothing uses are found, and nothing else. */
import * as assert from 'uvu/assert';
import { unusedExports } from '../../scripts/check-exports.ts';
import { test } from '../support/test.ts';

test('what no other file names', () => {
  const sources = new Map([
    ['src/a.ts', 'export function used() {}\nexport const own = 1;\nexport class Gone {}\nfunction inner() {}\nown;'],
    ['src/b.ts', "import { used } from './a.ts';\nexport async function* alsoUsed() {}\nused();"],
    ['tests/b.test.ts', 'alsoUsed(); export function ofATest() {}'],
    ['assembly/kernels.ts', 'export { called, dead } from "./x";'],
    [
      'src/runtime/kernels.ts',
      'export interface Kernels {\n  readonly called: (\n  ) => void;\n  readonly dead: (\n  ) => void;\n}',
    ],
    ['src/c.ts', 'engine.kernels.called();'],
  ]);
  assert.equal(unusedExports(sources), ['src/a.ts: own', 'src/a.ts: Gone', 'src/runtime/kernels.ts: dead']);
});

test.run();
