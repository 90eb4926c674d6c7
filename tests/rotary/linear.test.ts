/** Position interpolation: the same angles as dividing the position. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';

test('a position times the factor has the angle the position had', () => {
  const plain = rotaryFrequencies({ headDim: 32 }).ladder;
  for (const factor of [0.5, 3, 7.3]) {
    const { ladder, attentionFactor } = rotaryFrequencies({ headDim: 32, ropeType: 'linear', factor });
    assert.is(attentionFactor, 1);
    for (let i = 0; i < 16; i++) assert.ok(Math.abs(ladder.hi[i] * factor - plain.hi[i]) <= 3e-16 * plain.hi[i]);
  }
});

test('rejects', () => {
  assert.throws(() => rotaryFrequencies({ headDim: 8, ropeType: 'linear' }), /^factor/);
  assert.throws(() => rotaryFrequencies({ headDim: 8, ropeType: 'linear', factor: 0 }), /^factor/);
  assert.throws(() => rotaryFrequencies({ headDim: 8, ropeType: 'linear', factor: -2 }), /^factor/);
});

test.run();
