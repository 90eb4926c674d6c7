import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BITS, decompose, fixed, pi, sqrt, toNumber } from '../../src/reference/fixed.ts';
import {
  erf,
  exp,
  fromFloat16Bits,
  log,
  pow,
  quarterTurnRate,
  roundToBfloat16,
  sincos,
  sincosAt,
  tanh,
  toFloat16Bits,
} from '../../src/reference/math.ts';

const finite = (bound: number) => fc.double({ min: -bound, max: bound, noNaN: true });

/** Within `count` units in the last place of a float64; the engine's own functions are good to one. */
function near(got: number, want: number, count: number, what: string) {
  if (Object.is(got, want)) return;
  const ulp = Math.max(Math.abs(want) * 2 ** -52, 5e-324);
  assert.ok(Math.abs(got - want) <= count * ulp, `${what}: got ${got}, want ${want}`);
}

test('pi has its published digits', () => {
  // OEIS A000796: 70 decimals of pi.
  const digits = '31415926535897932384626433832795028841971693993751058209749445923078164';
  assert.is(String((pi() * 10n ** 70n) >> BigInt(BITS)), digits);
});

test('decompose and toNumber keep every bit of a float64', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const { mantissa, exponent } = decompose(x);
      assert.is(toNumber(mantissa, exponent + BITS), x + 0);
    }),
  );
  fc.assert(fc.property(finite(2 ** 60), (x) => assert.ok(Math.abs(x) < 2 ** -200 || toNumber(fixed(x)) === x + 0)));
});

test('sqrt squares back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 1n << 300n }), (a) => {
      const root = sqrt(a);
      const target = a << BigInt(BITS);
      assert.ok(root * root <= target && (root + 1n) * (root + 1n) > target);
    }),
  );
});

test('sin and cos of hard angles', () => {
  // Published values: sin and cos of 10^22 (Ng 1992), and the float64 closest to a multiple of pi/2 (Kahan).
  near(sincos(1e22).sin, -0.8522008497671888, 2, 'sin 1e22');
  near(sincos(1e22).cos, 0.5232147853951389, 2, 'cos 1e22');
  near(sincos(6381956970095103 * 2 ** 797).cos, -4.687165924254624e-19, 8, 'cos near a multiple of pi/2');
  near(sincos(Math.PI).sin, 1.2246467991473532e-16, 2, 'sin of the float64 below pi');
});

test('sin and cos within two ulp, everywhere', () => {
  fc.assert(
    fc.property(fc.oneof(finite(4), finite(1e7), finite(1e300)), (x) => {
      near(sincos(x).sin, Math.sin(x), 3, `sin ${x}`);
      near(sincos(x).cos, Math.cos(x), 3, `cos ${x}`);
    }),
    { numRuns: 1000 },
  );
});

test('position times frequency is exact: a power-of-two frequency is the angle itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 60 }), (position, k) => {
      const at = sincosAt(position, quarterTurnRate(fixed(2 ** -k)));
      const want = sincos(position * 2 ** -k);
      near(at.sin, want.sin, 3, 'sin');
      near(at.cos, want.cos, 3, 'cos');
    }),
  );
});

test('exp, log, pow and tanh agree with the engine to its own accuracy', () => {
  fc.assert(
    fc.property(finite(700), finite(30), fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x, y, a) => {
      near(exp(x), Math.exp(x), 2, `exp ${x}`);
      near(tanh(y), Math.tanh(y), 3, `tanh ${y}`);
      near(log(a), Math.log(a), 2, `log ${a}`);
      near(pow(a, y / 100), a ** (y / 100), 2, `${a} ^ ${y / 100}`);
    }),
    { numRuns: 500 },
  );
});

test('ends of the ranges', () => {
  assert.is(exp(-800), 0);
  assert.is(exp(800), Number.POSITIVE_INFINITY);
  assert.is(exp(-745), 5e-324);
  assert.is(exp(0), 1);
  assert.is(log(1), 0);
  assert.is(log(0), Number.NEGATIVE_INFINITY);
  assert.ok(Number.isNaN(log(-1)));
  assert.is(pow(2, 0.5), Math.SQRT2);
  assert.is(pow(2, 1000), 2 ** 1000);
  assert.is(pow(2, -1074), 2 ** -1074);
  assert.is(tanh(1e-20), 1e-20);
  assert.is(tanh(-50), -1);
});

test('erf at published values, odd, and steep as its derivative', () => {
  // DLMF 7.2; digits from Abramowitz & Stegun table 7.1 and its extensions.
  near(erf(0.5), 0.5204998778130465, 1, 'erf 0.5');
  near(erf(1), 0.8427007929497149, 1, 'erf 1');
  near(erf(2), 0.9953222650189527, 1, 'erf 2');
  near(erf(3), 0.9999779095030014, 1, 'erf 3');
  assert.is(erf(7), 1);
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 3, noNaN: true }), (x) => {
      assert.is(erf(-x), -erf(x));
      const h = 2 ** -17;
      const slope = (erf(x + h) - erf(x - h)) / (2 * h);
      const want = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
      assert.ok(Math.abs(slope - want) < 1e-9, `derivative at ${x}`);
    }),
  );
});

test('float16: every pattern survives, and numbers go to the nearest', () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromFloat16Bits(bits);
    if (!Number.isNaN(value)) assert.is(toFloat16Bits(value), bits);
  }
  assert.is(toFloat16Bits(Number.NaN), 0x7e00);
  fc.assert(
    fc.property(finite(65504), (x) => {
      const bits = toFloat16Bits(x);
      const got = Math.abs(fromFloat16Bits(bits) - x);
      for (const other of [bits - 1, bits + 1]) {
        const apart = Math.abs(fromFloat16Bits(other) - x);
        if (Number.isFinite(apart)) assert.ok(got < apart || (got === apart && bits % 2 === 0) || x === 0, `${x}`);
      }
    }),
    { numRuns: 2000 },
  );
});

test('bfloat16: the nearest of its neighbours, ties to even', () => {
  const word = new DataView(new ArrayBuffer(4));
  const value = (bits: number) => {
    word.setUint32(0, bits << 16);
    return word.getFloat32(0);
  };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7f7e }), fc.integer({ min: 0, max: 4 }), (bits, quarters) => {
      const [low, high] = [value(bits), value(bits + 1)];
      const x = low + ((high - low) * quarters) / 4;
      const up = quarters > 2 || (quarters === 2 && bits % 2 === 1);
      assert.is(roundToBfloat16(x), up ? high : low);
      assert.is(roundToBfloat16(-x), up ? -high : -low);
    }),
    { numRuns: 2000 },
  );
});

test.run();
