/** Merges against plain loops, in place and into outputs, and the shapes they refuse. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, merge, PosencError, Tensor } from '../../src/index.ts';
import { test } from '../support/test.ts';

const engine = createEngine();
const f = Math.fround;
const numbers = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => f(((i * 31 + seed) % 47) / 7 - 3));
const FORMULAS = {
  add: (x: number, p: number) => f(x + p),
  mul: (x: number, p: number) => f(x * p),
  mulPlusOne: (x: number, p: number) => f(x * f(p + 1)),
  zero: (_: number, p: number) => p,
} as const;
const size = fc.integer({ min: 1, max: 9 });

for (const mode of ['add', 'mul', 'mulPlusOne', 'zero'] as const) {
  test(`${mode} equals the loop bit for bit, into a new Tensor and over x`, () => {
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 21 }), fc.boolean(), (b, s, d, inPlace) => {
        const x = numbers(b * s * d, 1);
        const p = numbers(s * d, 5);
        const tensor = Tensor.from(x, [b, s, d], { engine });
        const got = merge(tensor, Tensor.from(p, [s, d], { engine }), { mode, out: inPlace ? tensor : undefined });
        assert.is(got === tensor, inPlace);
        assert.equal(
          Array.from(got.data),
          Array.from(x, (value, i) => FORMULAS[mode](value, p[i % (s * d)])),
        );
      }),
      { numRuns: 40 },
    );
  });
}

test('concat puts the row of the position beside every vector', () => {
  fc.assert(
    fc.property(size, size, size, size, (b, s, d, dp) => {
      const x = numbers(b * s * d, 1);
      const p = numbers(s * dp, 5);
      const got = merge(Tensor.from(x, [b, s, d], { engine }), Tensor.from(p, [s, dp], { engine }), { mode: 'concat' });
      assert.equal(got.shape, [b, s, d + dp]);
      for (let t = 0; t < b * s; t++) {
        const row = Array.from(got.data.subarray(t * (d + dp), (t + 1) * (d + dp)));
        assert.equal(row, [...x.subarray(t * d, (t + 1) * d), ...p.subarray((t % s) * dp, ((t % s) + 1) * dp)]);
      }
    }),
    { numRuns: 40 },
  );
});

test('plain arrays need their shapes and are left alone', () => {
  const x = numbers(12, 1);
  const before = Float32Array.from(x);
  const got = merge(x, numbers(6, 2), { shape: [2, 2, 3], positionShape: [2, 3] });
  assert.equal(got.shape, [2, 2, 3]);
  assert.equal(x, before);
  const fails = (given: object, code: string, text: RegExp) =>
    assert.throws(
      () => merge(x, numbers(6, 2), given),
      (e: unknown) => e instanceof PosencError && e.code === code && text.test(e.message),
    );
  fails({}, 'ERR_SHAPE', /shape/);
  fails({ shape: [4, 3], positionShape: [2, 3] }, 'ERR_SHAPE', /does not fit/);
  fails({ shape: [2, 2, 3], positionShape: [3, 2] }, 'ERR_SHAPE', /does not fit/);
  fails({ shape: [2, 2, 3], positionShape: [2, 3], mode: 'plus' }, 'ERR_OPTION', /mode/);
});

test('an output that overlaps an input without being it is refused', () => {
  const block = Tensor.zeros([40], { engine });
  const at = (from: number, n: number) =>
    new Float32Array(engine.memory.buffer as ArrayBuffer, block.byteOffset + 4 * from, n);
  const call = (out: Float32Array) =>
    merge(at(0, 12), at(20, 6), { shape: [2, 2, 3], positionShape: [2, 3], out, engine });
  assert.throws(
    () => call(at(4, 12)),
    (e: unknown) => e instanceof PosencError && /overlaps x/.test(e.message),
  );
  assert.throws(
    () => call(at(24, 12)),
    (e: unknown) => e instanceof PosencError && /overlaps p/.test(e.message),
  );
  assert.is(call(at(0, 12)).byteOffset, block.byteOffset);
});

test.run();
