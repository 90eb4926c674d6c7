/** Rounding to float32 once, against exact integer arithmetic, and PyTorch's ladder. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { roundToFloat32, torchLadder, torchPowers } from '../../src/phase/float32.ts';
import { test } from '../support/test.ts';
import { expFixed, fixed, lnFixed, times } from './fixed.ts';

const neighbours = (f: number): [number, number] => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, f);
  const bits = view.getInt32(0);
  const at = (b: number) => {
    view.setInt32(0, b);
    return view.getFloat32(0);
  };
  return [at(bits - 1), at(bits + 1)];
};
const distance = (a: bigint, b: bigint) => (a > b ? a - b : b - a);

test('roundToFloat32 is the nearest float32 of hi + lo, also beside the ties', () => {
  fc.assert(
    fc.property(
      fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true }),
      fc.constantFrom(0, 1e-17, -1e-17, 3e-18, -1e-20),
      fc.boolean(),
      (f, relative, negative) => {
        const sign = negative ? -1 : 1;
        const [, above] = neighbours(f);
        const tie = (f + above) / 2;
        const lo = tie * relative;
        const got = roundToFloat32(sign * tie, sign * lo);
        if (relative > 0) assert.is(got, sign * above);
        else if (relative < 0) assert.is(got, sign * f);
        else assert.is(got, sign * Math.fround(tie));
        assert.is(roundToFloat32(sign * f, sign * f * relative), sign * f);
      },
    ),
    { numRuns: 300, seed: 4 },
  );
  assert.is(roundToFloat32(1e300, 1e280), Number.POSITIVE_INFINITY);
  assert.is(roundToFloat32(0, 0), 0);
});

test('powers of PyTorch: float32 exponent, one rounding of the power', () => {
  for (const [base, denominator] of [
    [10000, 96],
    [500000, 40],
    [1.1, 5],
  ]) {
    const lnBase = lnFixed(fixed(Math.fround(base)));
    const powers = torchPowers({ base, count: 20, denominator });
    for (let i = 0; i < 20; i++) {
      const exponent = Math.fround((2 * i) / denominator);
      const want = expFixed(times(lnBase, fixed(exponent)));
      const error = distance(fixed(powers[i]), want);
      for (const other of neighbours(powers[i])) {
        assert.ok(error < distance(fixed(other), want), `${base}^(${2 * i}/${denominator}): ${powers[i]} ${other}`);
      }
    }
    const ladder = torchLadder({ base, count: 20, denominator });
    assert.equal(
      Array.from(ladder),
      Array.from(powers, (power) => Math.fround(1 / power)),
    );
  }
});

test.run();
