/** p-RoPE: the whole head is in the table, the slow pairs do not turn. */
import * as assert from 'uvu/assert';
import type { LooseSpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

const make = (more: LooseSpec) => frequenciesOf({ headDim: 20, ropeType: 'proportional', ...more });

test('floor(p D / 2) pairs turn, with the denominator D', () => {
  const plain = frequenciesOf({ headDim: 20 }).ladder.hi;
  for (const [partialRotaryFactor, turning] of [
    [0, 0],
    [0.25, 2],
    [0.33, 3],
    [1, 10],
    [undefined, 10],
  ] as const) {
    const { ladder, pairs, rotaryDim } = make({ partialRotaryFactor });
    assert.equal([pairs, rotaryDim], [10, 20]);
    for (let i = 0; i < 10; i++) assert.is(ladder.hi[i], i < turning ? plain[i] : 0);
  }
});

test('factor divides what turns', () => {
  const one = make({ partialRotaryFactor: 0.5, precision: 'torch' });
  const eight = make({ partialRotaryFactor: 0.5, precision: 'torch', factor: 8 });
  assert.equal(
    eight.ladder.hi,
    one.ladder.hi.map((value) => value / 8),
  );
  assert.equal(
    eight.float32,
    one.float32!.map((value) => value / 8),
  );
});

test('rejects', () => {
  assert.throws(() => make({ headDim: 21 }), /^headDim/);
  assert.throws(() => make({ rotaryDim: 10 }), /^rotaryDim/);
  assert.throws(() => make({ factor: 0 }), /^factor/);
  assert.throws(() => make({ partialRotaryFactor: -0.5 }), /^partialRotaryFactor/);
});

test.run();
