/** Golden-gate frequencies: the twin's numbers, even directions, lengths in geometric progression. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenGateFrequencies, mixedAxialTable } from '../../src/index.ts';
import { goldenGateFrequencies as twin } from '../../src/reference/index.ts';

test('any number of axes, heads and pairs equals the reference', () => {
  for (const [axes, heads, pairs, zeroFraction] of [
    [1, 2, 5, 0],
    [2, 16, 32, 0],
    [2, 3, 10, 0.25],
    [3, 4, 7, 0.5],
    [4, 1, 1, 0],
  ]) {
    const options = { axes, heads, pairs, zeroFraction, minFrequency: 0.5, maxFrequency: 50 };
    const [got, want] = [goldenGateFrequencies(options), twin(options)];
    assert.equal(got.shape, want.shape);
    got.data.forEach((x, i) => {
      const limit = 1.2e-7 * Math.abs(want.data[i]) + 1e-9;
      assert.ok(Math.abs(x - want.data[i]) <= limit, `${axes} axes, element ${i}: ${x} for ${want.data[i]}`);
    });
  }
});

test('lengths run from the slowest to the fastest; the first share does not turn', () => {
  const { data } = goldenGateFrequencies({ heads: 2, pairs: 8, minFrequency: 1, maxFrequency: 20, zeroFraction: 0.25 });
  const length = (n: number) => Math.hypot(data[n], data[16 + n]);
  for (const head of [0, 8]) {
    assert.is(length(head), 0);
    assert.is(length(head + 1), 0);
    assert.ok(Math.abs(length(head + 2) - 1) < 1e-6);
    assert.ok(Math.abs(length(head + 7) - 20) < 1e-5);
  }
});

test('tokens of a table turn by the sum over the axes, each as in the whole', () => {
  const frequencies = goldenGateFrequencies({ heads: 3, pairs: 6, minFrequency: 1, maxFrequency: 20 });
  const positions = [0, 0, -1, 1, 0.25, -0.75, 0.5, 0.125];
  const whole = mixedAxialTable(frequencies, { positions });
  const part = mixedAxialTable(frequencies, { positions: positions.slice(4) });
  for (let head = 0; head < 3; head++) {
    const row = (head * 4 + 2) * 6;
    assert.equal(part.cos.data.slice(head * 12, head * 12 + 12), whole.cos.data.slice(row, row + 12));
  }
  assert.throws(
    () => goldenGateFrequencies({ heads: 1, pairs: 2, minFrequency: 3, maxFrequency: 2 }),
    /maxFrequency: 2/,
  );
  assert.throws(
    () => goldenGateFrequencies({ heads: 2 ** 12, pairs: 2 ** 12, minFrequency: 1, maxFrequency: 2 }),
    /heads \* pairs/,
  );
  // the ratio of two float64 numbers may be one, and its double-double quotient none
  assert.throws(
    () => goldenGateFrequencies({ heads: 1, pairs: 3, minFrequency: 1e-10, maxFrequency: 1e298 }),
    /maxFrequency: expected a finite number >= 1e-30 and <= 1e\+30, got 1e\+298/,
  );
  const { data: widest } = goldenGateFrequencies({ heads: 1, pairs: 3, minFrequency: 1e-30, maxFrequency: 1e30 });
  assert.ok(widest.every(Number.isFinite));
});

test.run();
