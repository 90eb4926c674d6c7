import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type TimestepEmbeddingOptions as Options, sinusoidal, Tensor, timestepEmbedding } from '../../src/index.ts';
import { timestepEmbedding as reference } from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, worst } from './support.ts';

test('every preset and width equals the reference', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        'ddpm',
        'stable-diffusion',
        'sd3',
        'guided-diffusion',
        'dit',
        'flux',
        'f5-tts',
        'diffwave',
        'pi0',
      ),
      fc.constantFrom('exact' as const, 'torch' as const),
      fc.integer({ min: 4, max: 33 }),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0, max: 1000, noNaN: true })), {
        maxLength: 6,
      }),
      (preset, precision, dim, steps) => {
        const options = { preset, precision, dim } as const;
        const got = timestepEmbedding(steps, options);
        assert.equal(got.shape, [steps.length, dim]);
        assert.ok(worst(got.data, reference(steps, options).data) <= 6e-8);
      },
    ),
    { numRuns: 150 },
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

test('a scale of the angle and a scale of the step differ in torch precision only', () => {
  const options = { dim: 66, flipSinToCos: true, downscaleFreqShift: 0, scale: 1000.5 } as const;
  const steps = [0.37, 0.71, 1];
  const of = (more: object) => timestepEmbedding(steps, { ...options, ...more } as never).toFloat32Array();
  assert.equal(of({ scaleOrder: 'angle' }), of({ scaleOrder: 'step' }));
  const [angle, step] = (['angle', 'step'] as const).map((scaleOrder) => of({ scaleOrder, precision: 'torch' }));
  assert.ok(worst(angle, step) > 0);
  for (const [scaleOrder, got] of [
    ['angle', angle],
    ['step', step],
  ] as const) {
    assert.ok(worst(got, reference(steps, { ...options, scaleOrder, precision: 'torch' }).data) <= 6e-8);
  }
  assert.equal(of({ precision: 'torch' }), angle, "diffusers' order is the default");
});

test('diffwave mixes the rows of whole steps, and knows the length of its table', () => {
  const options = { preset: 'diffwave', dim: 12 } as const;
  const whole = timestepEmbedding([6, 7], options).toFloat32Array();
  const mixed = timestepEmbedding([6.25, 6, 7, 6.75], options).toFloat32Array();
  for (let c = 0; c < 12; c++) {
    const [low, high] = [whole[c], whole[12 + c]];
    const step = Math.fround(high - low);
    assert.is(mixed[c], Math.fround(low + Math.fround(step * 0.25)));
    assert.is(mixed[12 + c], low);
    assert.is(mixed[24 + c], high);
    assert.is(mixed[36 + c], Math.fround(low + Math.fround(step * 0.75)));
  }
  fails('ERR_POSITION', /positions\[1\]: .* from 0 to 49, got 49.5/, () =>
    timestepEmbedding([3, 49.5], { ...options, maxSteps: 50 }),
  );
  fails('ERR_POSITION', /positions\[0\]: .* 0 or more/, () => timestepEmbedding([-1], options));
  fails('ERR_OPTION', /maxSteps/, () => timestepEmbedding([1], { preset: 'dit', dim: 12, maxSteps: 50 }));
});

test('pi0 has the shortest period in its first column and the longest in its last', () => {
  const { data } = timestepEmbedding([0.001, 1], { preset: 'pi0', dim: 10 });
  assert.ok(Math.abs(data[0] - 1) < 1e-6, 'a quarter of 0.004');
  assert.ok(Math.abs(data[10 + 4] - 1) < 1e-6, 'a quarter of 4');
  const longer = timestepEmbedding([0.5], { preset: 'pi0', dim: 10, minPeriod: 2, maxPeriod: 8 });
  assert.ok(Math.abs(longer.data[0] - 1) < 1e-6);
  fails('ERR_OPTION', /frequencies/, () =>
    timestepEmbedding([1], { preset: 'pi0', dim: 8, precision: 'torch', frequencies: 'pow' }),
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
  fails('ERR_OPTION', /preset: give one of ddpm/, () => timestepEmbedding([1], { dim: 8 } as Options));
  fails('ERR_OPTION', /preset/, () => timestepEmbedding([1], { dim: 8, flipSinToCos: true } as Options));
  fails('ERR_OPTION', /preset: expected one of/, () => timestepEmbedding([1], { dim: 8, preset: 'sdxl' as never }));
  fails('ERR_SHAPE', /dim/, () => timestepEmbedding([1], { dim: 0, preset: 'dit' }));
  fails('ERR_OPTION', /downscaleFreqShift/, () => timestepEmbedding([1], { dim: 2, preset: 'ddpm' }));
  fails('ERR_POSITION', /positions/, () => timestepEmbedding([Number.NaN], { dim: 8, preset: 'dit' }));
});

test.run();
