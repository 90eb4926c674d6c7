/** The example runs as the package is built, and says that both modules agree. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('posenc works in the memory of another module', () => {
  const file = fileURLToPath(new URL('../../examples/bring-your-own-memory/main.ts', import.meta.url));
  const text = execFileSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8' });
  assert.match(text, /^ {3}0 {2}\d+\.\d{4}$/m);
  assert.match(text, 'same bits as in an engine of its own');
});

test.run();
