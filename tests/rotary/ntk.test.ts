/** The NTK-aware rules: closed forms, and what they agree on. */
import * as assert from 'uvu/assert';
import { invFreq } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import type { LooseSpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

const hi = (spec: LooseSpec) => frequenciesOf({ headDim: 32, ...spec }).ladder.hi;
const near = (got: number, want: number, what: string) =>
  assert.ok(Math.abs(got / want - 1) < 1e-14, `${what}: got ${got}, want ${want}`);

test('alpha: the last pair is interpolated by alpha, the first not at all', () => {
  const got = hi({ ropeType: 'ntk', alpha: 8 });
  const plain = hi({});
  assert.is(got[0], 1);
  near(got[15], plain[15] / 8, 'last pair');
  near(got[5], (10000 * 8 ** (32 / 30)) ** (-5 / 16), 'pair 5');
});

test('factor (kexue.fm/archives/9706): fixed and mixed', () => {
  const fixed = hi({ ropeType: 'ntk', factor: 4 });
  for (const i of [0, 7, 15]) near(fixed[i], 40000 ** (-i / 16) / 4 ** (1 / 16), `fixed ${i}`);
  const mixed = hi({ ropeType: 'ntk', factor: 4, mixedB: 0.625 });
  const a = Math.log(4) / 16 ** 0.625;
  for (const i of [0, 7, 15]) near(mixed[i], 10000 ** (-i / 16) / Math.exp(a * (i + 1) ** 0.625), `mixed ${i}`);
  // b = 1 spreads the factor evenly over the pairs, as the fixed form does.
  const even = hi({ ropeType: 'ntk', factor: 4, mixedB: 1 });
  for (const i of [0, 7, 15]) near(even[i], fixed[i], `b = 1, ${i}`);
});

test('torch precision follows the exact values', () => {
  for (const spec of [
    { ropeType: 'ntk', alpha: 8 },
    { ropeType: 'ntk', factor: 4 },
    { ropeType: 'ntk', factor: 4, mixedB: 0.625 },
    { ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 2048 },
  ] as const) {
    const { float32, ladder } = frequenciesOf({ headDim: 32, precision: 'torch', ...spec });
    for (let i = 0; i < 16; i++) assert.ok(Math.abs(float32![i] / ladder.hi[i] - 1) < 1e-6, JSON.stringify(spec));
    assert.equal(float32, float32!.map(Math.fround));
  }
});

test('by parts: fast pairs stay, slow pairs are interpolated', () => {
  const plain = hi({});
  const got = hi({ ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 2048 });
  assert.is(got[0], plain[0]);
  assert.is(got[1], plain[1]);
  near(got[15], plain[15] / 4, 'slowest');
  const none = hi({ ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 2048, extrapolationFactor: 0 });
  assert.ok(none[1] < plain[1]);
  // without the NTK part and the plain part only the interpolation is left
  const weights = { extrapolationFactor: 0, ntkFactor: 0 };
  const linear = hi({ ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 2048, ...weights });
  linear.forEach((value, i) => {
    near(value, plain[i] / 4, `pair ${i}`);
  });
});

test('by parts: any weights equal the reference in both precisions', () => {
  for (const ntkFactor of [0, 0.5, 1]) {
    for (const extrapolationFactor of [0, 0.75, 1]) {
      for (const precision of ['exact', 'torch'] as const) {
        const spec = {
          headDim: 64,
          ropeType: 'ntk-by-parts',
          factor: 4,
          originalMaxPositionEmbeddings: 2048,
          ntkFactor,
          extrapolationFactor,
          precision,
        } as const;
        const { invFreq: got } = invFreq(spec);
        const want = reference.invFreq(spec).invFreq;
        got.forEach((value, i) => {
          const limit = precision === 'exact' ? 4e-16 : 1.2e-7;
          assert.ok(
            Math.abs(value / want[i] - 1) <= limit,
            `${precision} ${ntkFactor} ${extrapolationFactor}: pair ${i}`,
          );
        });
      }
    }
  }
});

test('rejects', () => {
  assert.throws(() => hi({ ropeType: 'ntk' }), /^alpha/);
  assert.throws(() => hi({ ropeType: 'ntk', alpha: 2, factor: 2 }), /'alpha' or 'factor'/);
  assert.throws(() => hi({ ropeType: 'ntk', alpha: 2, mixedB: 2 }), /'alpha' or 'mixedB'/);
  assert.throws(() => hi({ ropeType: 'ntk', alpha: 2, headDim: 2 }), /^rotaryDim/);
  assert.throws(() => hi({ ropeType: 'ntk', factor: 2, mixedB: 99 }), /^mixedB/);
  assert.throws(() => hi({ ropeType: 'ntk-by-parts', factor: 2 }), /^originalMaxPositionEmbeddings/);
  assert.throws(
    () => hi({ ropeType: 'ntk-by-parts', factor: 2, maxPositionEmbeddings: 64, ropeTheta: 1 }),
    /^ropeTheta/,
  );
});

test.run();
