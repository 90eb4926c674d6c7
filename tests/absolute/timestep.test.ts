import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sinusoidal, Tensor, timestepEmbedding } from '../../src/index.ts';
import { timestepEmbedding as reference } from '../../src/reference/index.ts';
import { fails, worst } from './support.ts';

test('every preset and width equals the reference', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('ddpm', 'stable-diffusion', 'guided-diffusion', 'dit', 'flux'),
      fc.integer({ min: 4, max: 33 }),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.double({ min: -1, max: 1000, noNaN: true })), {
        maxLength: 6,
      }),
      (preset, dim, steps) => {
        const options = { preset, dim } as const;
        const got = timestepEmbedding(steps, options);
        assert.equal(got.shape, [steps.length, dim]);
        assert.ok(worst(got.data, reference(steps, options).data) <= 6e-8);
      },
    ),
    { numRuns: 60 },
  );
});

test('the presets differ where the models do', () => {
  const steps = [3, 250.5];
  const of = (options: object) => timestepEmbedding(steps, { dim: 8, ...options } as never).toFloat32Array();
  assert.equal(of({ preset: 'ddpm' }), of({ flipSinToCos: false, downscaleFreqShift: 1 }));
  assert.equal(of({ preset: 'stable-diffusion' }), of({ flipSinToCos: true, downscaleFreqShift: 0 }));
  assert.equal(of({ preset: 'dit' }), of({ preset: 'guided-diffusion' }));
  assert.equal(of({ preset: 'flux' }), of({ preset: 'dit', scale: 1000 }));
  assert.ok(worst(of({ preset: 'ddpm' }), of({ preset: 'stable-diffusion' })) > 0.1);
  assert.equal(
    of({ preset: 'ddpm', flipSinToCos: true }),
    of({ flipSinToCos: true, downscaleFreqShift: 1 }),
    'an option beside the preset wins',
  );
});

test('a step is the row of a sinusoidal table, and out is written', () => {
  const out = Tensor.zeros([3, 16]);
  const row = sinusoidal({ length: 3, offset: 40, dim: 16, arrangement: 'concat', denominator: 7 });
  assert.is(timestepEmbedding(Int32Array.of(40, 41, 42), { preset: 'ddpm', dim: 16, out }), out);
  assert.equal(out.toFloat32Array(), row.toFloat32Array());
});

test('steps in any order are the rows of the table, bit for bit', () => {
  // more spans of 512 positions than the kernel keeps seeds for, in an order that comes back to each of them
  const steps = Int32Array.from({ length: 3000 }, (_, i) => (i * 7919) % 9001);
  const table = timestepEmbedding(
    Int32Array.from({ length: 9001 }, (_, i) => i),
    { preset: 'dit', dim: 12 },
  ).toFloat32Array();
  const rows = timestepEmbedding(steps, { preset: 'dit', dim: 12 }).toFloat32Array();
  steps.forEach((step, i) => {
    assert.equal(rows.subarray(12 * i, 12 * i + 12), table.subarray(12 * step, 12 * step + 12));
  });
});

test('nothing is guessed', () => {
  fails('ERR_OPTION', /preset: give one of ddpm/, () => timestepEmbedding([1], { dim: 8 }));
  fails('ERR_OPTION', /preset/, () => timestepEmbedding([1], { dim: 8, flipSinToCos: true }));
  fails('ERR_OPTION', /preset: expected one of/, () => timestepEmbedding([1], { dim: 8, preset: 'sdxl' as never }));
  fails('ERR_SHAPE', /dim/, () => timestepEmbedding([1], { dim: 0, preset: 'dit' }));
  fails('ERR_OPTION', /downscaleFreqShift/, () => timestepEmbedding([1], { dim: 2, preset: 'ddpm' }));
  fails('ERR_POSITION', /positions/, () => timestepEmbedding([Number.NaN], { dim: 8, preset: 'dit' }));
});

test.run();
