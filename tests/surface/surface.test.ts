/** A short run of the surface suite; `npm run fuzz -- --calls N` runs as long as asked. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as api from '../../src/index.ts';
import { GENERATORS, NOT_CALLED } from './generators.ts';
import { MODES, type Mode, runOne } from './modes.ts';

/** Calls of every function in each mode. */
const CALLS: Readonly<Record<Mode, number>> = { forms: 3, growth: 3, arena: 2, failing: 2, overlap: 4, hostile: 6 };

test('every public function has a generator', () => {
  const known = new Set([...Object.keys(GENERATORS), ...Object.keys(NOT_CALLED)]);
  assert.equal(
    Object.keys(api).filter((name) => !known.has(name)),
    [],
    'new exports need a generator in tests/surface',
  );
  assert.equal(
    Object.keys(NOT_CALLED).filter((name) => !(name in api)),
    [],
  );
});

for (const mode of MODES) {
  test(`${mode}: the same bits, no stray write, no leak, no other error`, () => {
    const faults: string[] = [];
    for (const name of Object.keys(GENERATORS)) {
      for (let i = 0; i < CALLS[mode]; i++) {
        try {
          runOne(name, mode, 7919 * i + 17);
        } catch (error) {
          faults.push(`seed ${7919 * i + 17}: ${(error as Error).message.slice(0, 500)}`);
        }
      }
    }
    assert.equal(faults, []);
  });
}

test.run();
