/** The sinusoidal table: its variants against the reference, the properties of the paper, and what it refuses. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, PosencError, sinusoidal, sinusoidalFrequencies } from '../../src/index.ts';
import { sinusoidal as twin, sinusoidalFrequencies as twinFrequencies } from '../../src/reference/index.ts';
import { test } from '../support/test.ts';

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

const PRESETS = [
  'whisper',
  'fairseq',
  'tensor2tensor',
  'transformer-xl',
  'marian',
  'xlm',
  'opennmt',
  'pytorch-tutorial',
  'nemo',
  'espnet',
] as const;

test('every preset equals the reference in both precisions, and its frequencies too', () => {
  for (const preset of PRESETS) {
    for (const precision of ['exact', 'torch'] as const) {
      for (const dim of [6, 64, 90]) {
        const options = { preset, dim, precision } as const;
        const got = sinusoidal({ ...options, length: 40, offset: 900, engine });
        const want = twin({ ...options, length: 40, offset: 900 });
        got.data.forEach((x, i) => {
          assert.ok(Math.abs(order(x) - order(want.data[i])) <= 1, `${preset} ${precision} ${dim}: element ${i}`);
        });
        got.dispose();
        assert.equal(sinusoidalFrequencies(options), twinFrequencies(options));
      }
    }
  }
});

test('a preset is its options, and an option beside it wins', () => {
  const of = (options: object) =>
    sinusoidal({ length: 30, dim: 12, precision: 'torch', engine, ...options }).data.slice();
  const concat = { arrangement: 'concat', denominator: 'half-1' };
  assert.equal(of({ preset: 'whisper' }), of({ ...concat, frequencies: 'exp' }));
  assert.equal(of({ preset: 'tensor2tensor', dim: 2 }), of({ dim: 2, arrangement: 'concat', denominator: 1 }));
  assert.equal(of({ preset: 'whisper', frequencies: 'pow' }), of({ ...concat, frequencies: 'pow' }));
  assert.equal(of({ preset: 'opennmt' }), of({}));
  assert.is.not(String(of({ preset: 'whisper' })), String(of({ preset: 'whisper', frequencies: 'pow' })));
});

test('frequencies in float64 are the table of exact precision', () => {
  const options = { length: 300, dim: 20, base: 777, engine } as const;
  const wide = sinusoidal({ ...options, precision: 'torch', frequencies: 'float64', scale: 0.3 });
  assert.equal(wide.data, sinusoidal({ ...options, scale: 0.3 }).data);
});

test('given frequencies replace the formula in both precisions', () => {
  const shape = { dim: 16, denominator: 'half-1' } as const;
  for (const precision of ['exact', 'torch'] as const) {
    const invFreq = sinusoidalFrequencies({ ...shape, precision });
    const given = sinusoidal({ length: 50, dim: 16, invFreq, precision, engine });
    const made = sinusoidal({ ...shape, length: 50, precision, engine });
    for (let i = 0; i < made.length; i++) assert.ok(Math.abs(order(given.data[i]) - order(made.data[i])) <= 1);
    if (precision === 'torch') assert.equal(given.data, made.data);
    const scaled = sinusoidal({ length: 3, dim: 16, invFreq, precision, scale: 2, engine });
    assert.equal(scaled.data.slice(32, 48), given.data.slice(64, 80));
  }
});

test('Whisper in torch precision: rows are the slice of the whole table, frequencies those of torch', () => {
  const options = { preset: 'whisper', dim: 512, precision: 'torch', engine } as const;
  const whole = sinusoidal({ ...options, length: 1500 });
  const rows = sinusoidal({ ...options, positions: [1499, 0, 7, 749] });
  [1499, 0, 7, 749].forEach((p, i) => {
    assert.equal(rows.data.slice(512 * i, 512 * i + 512), whole.data.slice(512 * p, 512 * p + 512));
  });
  const frequencies = sinusoidalFrequencies({ preset: 'whisper', dim: 512, precision: 'torch' });
  for (let p = 0; p < 1500; p++) {
    for (let k = 0; k < 256; k++) {
      const angle = Math.fround(p * frequencies[k]);
      assert.ok(Math.abs(whole.data[512 * p + k] - Math.sin(angle)) <= 3e-8, `${p} ${k}`);
      assert.ok(Math.abs(whole.data[512 * p + 256 + k] - Math.cos(angle)) <= 3e-8);
    }
  }
  whole.dispose();
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
  ['an unknown preset', { length: 2, dim: 4, preset: 'bert' }, 'ERR_OPTION', /preset: expected one of 'whisper'/],
  [
    'a route in exact precision',
    { length: 2, dim: 4, frequencies: 'pow' },
    'ERR_OPTION',
    /frequencies: .* precision: 'torch'/,
  ],
  [
    'a base beside invFreq',
    { length: 2, dim: 4, invFreq: [1, 2], base: 5 },
    'ERR_OPTION',
    /base: has no effect beside invFreq/,
  ],
  ['another number of invFreq', { length: 2, dim: 4, invFreq: [1] }, 'ERR_SHAPE', /invFreq: expected 2 numbers, got 1/],
  ['a frequency that is none', { length: 2, dim: 4, invFreq: [1, Infinity] }, 'ERR_OPTION', /invFreq\[1\]/],
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
