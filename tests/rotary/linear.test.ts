/** Position interpolation: the same angles as dividing the position. */
import * as assert from 'uvu/assert';
import { rotaryTable } from '../../src/rotary/table.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

test('a position times the factor has the angle the position had', () => {
  const plain = frequenciesOf({ headDim: 32 }).ladder;
  for (const factor of [0.5, 3, 7.3]) {
    const { ladder, attentionFactor } = frequenciesOf({ headDim: 32, ropeType: 'linear', factor });
    assert.is(attentionFactor, 1);
    for (let i = 0; i < 16; i++) assert.ok(Math.abs(ladder.hi[i] * factor - plain.hi[i]) <= 3e-16 * plain.hi[i]);
  }
});

test('rejects', () => {
  assert.throws(() => frequenciesOf({ headDim: 8, ropeType: 'linear' }), /^factor/);
  assert.throws(() => frequenciesOf({ headDim: 8, ropeType: 'linear', factor: 0 }), /^factor/);
  assert.throws(() => frequenciesOf({ headDim: 8, ropeType: 'linear', factor: -2 }), /^factor/);
});

test('by position: the position is divided and rounded, the frequency is not', () => {
  const spec = { headDim: 8, ropeType: 'linear', factor: 3, precision: 'torch' } as const;
  const positions = [1, 2, 100, 4097];
  const rotated = rotaryTable({ ...spec, linearRounding: 'position' }, { positions });
  const divided = positions.map((p) => Math.fround(p / 3));
  const want = rotaryTable({ headDim: 8, precision: 'torch' }, { positions: divided });
  assert.equal(rotated.cos.data, want.cos.data);
  assert.equal(rotated.sin.data, want.sin.data);
  const byFrequency = rotaryTable(spec, { positions });
  assert.ok(byFrequency.sin.data.some((x, i) => x !== want.sin.data[i]));
});

test('in exact precision both roundings are one formula', () => {
  const spec = { headDim: 8, ropeType: 'linear', factor: 3 } as const;
  const a = rotaryTable(spec, { length: 50, offset: 100000 });
  const b = rotaryTable({ ...spec, linearRounding: 'position' }, { length: 50, offset: 100000 });
  assert.equal(a.sin.data, b.sin.data);
  // given frequencies are those of the model's buffer, which knows nothing of the division
  const invFreq = [1, 0.5, 0.25, 0.125];
  const c = rotaryTable({ ...spec, linearRounding: 'position', invFreq }, { positions: [3, 300] });
  const d = rotaryTable({ headDim: 8, invFreq }, { positions: [1, 100] });
  assert.equal(c.sin.data, d.sin.data);
});

test('positionScale multiplies the position, in float32 where the precision is', () => {
  for (const precision of ['torch', 'ggml'] as const) {
    const scaled = rotaryTable({ headDim: 8, precision, positionScale: 0.32 }, { positions: [7, 99] });
    const want = rotaryTable(
      { headDim: 8, precision },
      { positions: [7, 99].map((p) => Math.fround(p * Math.fround(0.32))) },
    );
    assert.equal(scaled.sin.data, want.sin.data);
  }
  const exact = rotaryTable({ headDim: 8, positionScale: 0.25 }, { positions: [8, 400] });
  assert.equal(exact.cos.data, rotaryTable({ headDim: 8 }, { positions: [2, 100] }).cos.data);
});

test.run();
