/** Double-double arithmetic against 300-bit fixed point. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import * as dd from '../../src/phase/dd.ts';
import { test } from '../support/test.ts';
import { errorBits, expFixed, fixed, lnFixed, over, times, UNIT } from './fixed.ts';

const value = (a: dd.DD) => fixed(a.hi) + fixed(a.lo);
const number = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
/** A random double-double of either sign: the quotient of two doubles. */
const anyDD = fc.tuple(number, number, fc.boolean()).map(([a, b, negative]) => {
  const q = dd.div(dd.from(a), dd.from(b));
  return negative ? dd.neg(q) : q;
});
const runs = { numRuns: 300, seed: 1 };

test('constants', () => {
  const pi = (() => {
    // Machin: pi = 16 atan(1/5) - 4 atan(1/239).
    const atanInverse = (n: bigint) => {
      let sum = 0n;
      let term = UNIT / n;
      for (let k = 1n; term !== 0n; k += 2n) {
        sum += term / k;
        term = -term / (n * n);
      }
      return sum;
    };
    return 16n * atanInverse(5n) - 4n * atanInverse(239n);
  })();
  assert.ok(errorBits(dd.PI, pi) < -106);
  assert.ok(errorBits(dd.TWO_PI, 2n * pi) < -106);
  assert.ok(errorBits(dd.LN2, lnFixed(2n * UNIT)) < -106);
  assert.ok(errorBits(dd.LN10, lnFixed(10n * UNIT)) < -106);
});

test('add, sub, mul, div, sqrt: relative error below 2^-102', () => {
  fc.assert(
    fc.property(anyDD, anyDD, (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x + y !== 0n) assert.ok(errorBits(dd.add(a, b), x + y) < -102, 'add');
      if (x !== y) assert.ok(errorBits(dd.sub(a, b), x - y) < -102, 'sub');
      assert.ok(errorBits(dd.mul(a, b), times(x, y)) < -102, 'mul');
      assert.ok(errorBits(dd.div(a, b), over(x, y)) < -102, 'div');
      assert.ok(errorBits(dd.mulNumber(a, b.hi), times(x, fixed(b.hi))) < -102, 'mulNumber');
      assert.ok(errorBits(dd.divNumber(a, b.hi), over(x, fixed(b.hi))) < -102, 'divNumber');
      assert.ok(
        errorBits(dd.addNumber(a, Math.abs(b.hi) * Math.sign(a.hi)), x + fixed(Math.abs(b.hi) * Math.sign(a.hi))) <
          -102,
      );
      if (a.hi > 0) {
        const root = dd.sqrt(a);
        assert.ok(errorBits(root, over(x + times(value(root), value(root)), 2n * value(root))) < -102, 'sqrt');
      }
    }),
    runs,
  );
  assert.equal(dd.sqrt(dd.ZERO), dd.ZERO);
});

test('exp, ln, pow: relative error below 2^-98', () => {
  const worst = { exp: Number.NEGATIVE_INFINITY, ln: Number.NEGATIVE_INFINITY, pow: Number.NEGATIVE_INFINITY };
  fc.assert(
    fc.property(fc.double({ min: -64, max: 64, noNaN: true }), number, (x, y) => {
      if (Math.abs(x) > 1e-9) {
        const a = dd.divNumber(dd.from(x), 3);
        worst.exp = Math.max(worst.exp, errorBits(dd.exp(a), expFixed(value(a))));
      }
      const b = dd.divNumber(dd.from(y), 7);
      worst.ln = Math.max(worst.ln, errorBits(dd.ln(b), lnFixed(value(b))));
      const exponent = dd.divNumber(dd.from(-Math.floor(Math.abs(x))), 64);
      const power = expFixed(times(value(exponent), lnFixed(value(b))));
      worst.pow = Math.max(worst.pow, errorBits(dd.pow(b, exponent), power));
    }),
    { numRuns: 100, seed: 2 },
  );
  assert.ok(worst.exp < -98, `exp 2^${worst.exp}`);
  assert.ok(worst.ln < -102, `ln 2^${worst.ln}`);
  assert.ok(worst.pow < -98, `pow 2^${worst.pow}`);
});

test('ln keeps its relative accuracy next to 1, and reaches the ends of the range', () => {
  for (const x of [1 + 1e-9, 1 - 1e-9, 1.0001, 0.9999, Math.SQRT2, Math.SQRT1_2, 0.5, 2]) {
    assert.ok(errorBits(dd.ln(dd.from(x)), lnFixed(fixed(x))) < -102, String(x));
  }
  assert.equal(dd.ln(dd.ONE), dd.ZERO);
  const huge = dd.ln(dd.from(Number.MAX_VALUE));
  assert.is(huge.hi, Math.log(Number.MAX_VALUE));
  const tiny = dd.ln(dd.from(Number.MIN_VALUE));
  assert.is(tiny.hi, Math.log(Number.MIN_VALUE));
  for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => dd.ln(dd.from(x)), /expected a finite/);
});

test('exp at zero, and beyond the range', () => {
  assert.equal(dd.exp(dd.ZERO), dd.ONE);
  assert.equal(dd.exp(dd.from(-1000)), dd.ZERO);
  assert.is(dd.exp(dd.from(1000)).hi, Number.POSITIVE_INFINITY);
});

test('floor, ceil and compare see the low part', () => {
  const below = { hi: 7, lo: -1e-20 };
  const above = { hi: 7, lo: 1e-20 };
  assert.equal([dd.floor(below), dd.floor(above), dd.floor(dd.from(7)), dd.floor(dd.from(-2.5))], [6, 7, 7, -3]);
  assert.equal([dd.ceil(below), dd.ceil(above), dd.ceil(dd.from(7)), dd.ceil(dd.from(-2.5))], [7, 8, 7, -2]);
  assert.ok(dd.compare(below, above) < 0 && dd.compare(above, below) > 0 && dd.compare(above, above) === 0);
});

test.run();
