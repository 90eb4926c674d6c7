/** The sinusoidal table: its variants against the reference, the properties of the paper, and what it refuses. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, PosencError, sinusoidal } from '../../src/index.ts';
import { sinusoidal as twin } from '../../src/reference/index.ts';

const engine = createEngine();
const order = (x: number) => {
  const word = new Int32Array(Float32Array.of(x).buffer)[0];
  return word < 0 ? -2147483648 - word : word;
};

test('every combination of arrangement, odd rule, order and denominator equals the reference', () => {
  const options = fc.record(
    {
      length: fc.integer({ min: 0, max: 70 }),
      dim: fc.integer({ min: 4, max: 41 }),
      offset: fc.constantFrom(0, 1, -40, 2 ** 17 - 3, 2 ** 24 - 30),
      arrangement: fc.constantFrom('interleaved' as const, 'concat' as const),
      oddRule: fc.constantFrom('truncate' as const, 'zero' as const, 'ceil' as const),
      order: fc.constantFrom('sin-cos' as const, 'cos-sin' as const),
      denominator: fc.constantFrom('half' as const, 'half-1' as const, 7.5),
      base: fc.constantFrom(10000, 500, 1e6),
      amplitude: fc.constantFrom(1, -0.3, 2.5),
      minTimescale: fc.constantFrom(1, 3),
      precision: fc.constantFrom('exact' as const, 'torch' as const),
    },
    { requiredKeys: ['length', 'dim', 'oddRule'] },
  );
  fc.assert(
    fc.property(options, (given) => {
      const got = sinusoidal({ ...given, engine });
      const want = twin(given as Parameters<typeof twin>[0]);
      assert.equal(got.shape, want.shape);
      got.data.forEach((x, i) => {
        assert.ok(Math.abs(order(x) - order(want.data[i])) <= 1, `element ${i}: ${x} for ${want.data[i]}`);
      });
      got.dispose();
    }),
    { numRuns: 150 },
  );
});

test('the norm of a row is sqrt(dim / 2), and inner products depend on the distance alone', () => {
  const dim = 64;
  const { data } = sinusoidal({ length: 400, dim, engine });
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let c = 0; c < dim; c++) sum += data[a * dim + c] * data[b * dim + c];
    return sum;
  };
  for (let a = 0; a < 300; a += 7) {
    assert.ok(Math.abs(dot(a, a) - dim / 2) < 1e-5);
    for (const s of [1, 13, 90]) assert.ok(Math.abs(dot(a, a + s) - dot(0, s)) < 2e-5);
  }
});

test('position 0 is exactly (0, amplitude), whatever the amplitude and base', () => {
  for (const amplitude of [1, -3, 0.1, 1.1386]) {
    const { data } = sinusoidal({ positions: [5, 0, -5], dim: 20, base: 777, amplitude, engine });
    for (let c = 0; c < 20; c += 2) {
      assert.is(Math.abs(data[20 + c]), 0);
      assert.is(data[20 + c + 1], Math.fround(amplitude));
    }
  }
});

test('zeroRow zeroes the row of that position, also in a used output', () => {
  const out = sinusoidal({ length: 6, dim: 7, oddRule: 'zero', engine });
  out.data.fill(9);
  sinusoidal({ length: 6, dim: 7, offset: 3, oddRule: 'zero', zeroRow: 4, out });
  const want = sinusoidal({ length: 6, dim: 7, offset: 3, oddRule: 'zero', engine });
  for (let i = 0; i < 42; i++) assert.is(out.data[i], Math.floor(i / 7) === 1 ? 0 : want.data[i]);
  assert.ok([6, 13, 41].every((i) => out.data[i] === 0));
});

for (const [what, options, code, text] of [
  ['an odd dim without a rule', { length: 2, dim: 5 }, 'ERR_OPTION', /dim: 5 is odd/],
  ['dim 0', { length: 2, dim: 0 }, 'ERR_SHAPE', /dim/],
  ['half-1 of dim 2', { length: 2, dim: 2, denominator: 'half-1' }, 'ERR_OPTION', /denominator/],
  ['length and positions', { length: 2, positions: [1], dim: 4 }, 'ERR_OPTION', /either/],
  ['offset and positions', { offset: 2, positions: [1], dim: 4 }, 'ERR_OPTION', /either/],
  ['neither', { dim: 4 }, 'ERR_OPTION', /length/],
  ['base 0', { length: 2, dim: 4, base: 0 }, 'ERR_OPTION', /base/],
  ['a NaN position', { positions: [1, Number.NaN], dim: 4 }, 'ERR_POSITION', /positions\[1\]/],
  ['a position past 2^53', { positions: [2 ** 54], dim: 4 }, 'ERR_POSITION', /2\^53/],
  ['a misspelt option', { length: 2, dim: 4, arangement: 'concat' }, 'ERR_OPTION', /arangement/],
] as const) {
  test(`${what} is refused by name`, () => {
    assert.throws(
      () => sinusoidal(options as never),
      (e: unknown) => e instanceof PosencError && e.code === code && text.test(e.message),
    );
  });
}

test.run();
