import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, fourierFeatures, gaussianFourier, nerfEncoding, pixelBands } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { fails, noise, worst } from './support.ts';

test('NeRF: bands, layout and the input in front equal the reference', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 4 })),
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.integer({ min: 0, max: 14 }), { nil: undefined }),
      fc.boolean(),
      fc.boolean(),
      ([rows, dims], numFrequencies, maxFrequencyLog2, logSampling, includeInput) => {
        const options = {
          shape: [rows, dims],
          numFrequencies,
          maxFrequencyLog2,
          logSampling,
          includeInput,
        };
        const x = noise(rows * dims, dims);
        const [got, want] = [nerfEncoding(x, options), reference.nerfEncoding(x, options)];
        assert.equal(got.shape, want.shape);
        // the reference rounds a band between powers of two to float64
        assert.ok(worst(got.data, want.data) <= 7e-8);
      },
    ),
    { numRuns: 60 },
  );
});

test('random features and the Gaussian projection equal the reference, whole turns fall away', () => {
  const x = noise(5 * 3, 1);
  const matrix = noise(7 * 3, 2).map((v) => v * 100);
  for (const order of ['sin-cos', 'cos-sin'] as const) {
    const options = { shape: [5, 3], matrixShape: [7, 3], order };
    const want = reference.fourierFeatures(x, matrix, options);
    assert.ok(worst(fourierFeatures(x, matrix, options).data, want.data) <= 6e-8);
  }
  const sigma = Float32Array.of(0.01, 0.5, 1, 80);
  for (const log of [false, true]) {
    for (const flipSinToCos of [false, true]) {
      const options = { log, flipSinToCos };
      const want = reference.gaussianFourier(sigma, noise(5, 3), options);
      assert.ok(worst(gaussianFourier(sigma, noise(5, 3), options).data, want.data) <= 6e-8);
    }
  }
  const whole = fourierFeatures(Float32Array.of(3), Float32Array.of(4096.25), { shape: [1, 1], matrixShape: [1, 1] });
  assert.equal(whole.toFloat32Array(), Float32Array.of(-1, 0), 'three quarters of a turn, exactly');
});

test('pixel bands equal the reference on one, two and three axes', () => {
  for (const grid of [[5], [3, 4], [2, 1, 3]]) {
    for (const linearBands of [false, true]) {
      const options = { grid, numBands: 5, maxRes: 30, linearBands };
      const [got, want] = [pixelBands(options), reference.pixelBands(options)];
      for (const name of ['grid', 'sin', 'cos'] as const) {
        assert.equal(got[name].shape, want[name].shape);
        assert.ok(worst(got[name].data, want[name].data) <= 3e-7);
      }
    }
  }
});

test('a small scratch arena splits the work without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const x = noise(9000 * 3, 4);
  const options = { shape: [9000, 3], numFrequencies: 3 };
  assert.equal(nerfEncoding(x, { ...options, engine }).toFloat32Array(), nerfEncoding(x, options).toFloat32Array());
  const matrix = noise(6, 5);
  const features = { shape: [9000, 3], matrixShape: [2, 3] };
  assert.equal(
    fourierFeatures(x, matrix, { ...features, engine }).toFloat32Array(),
    fourierFeatures(x, matrix, features).toFloat32Array(),
  );
  engine.dispose();
});

test('bad input is refused by name', () => {
  const x = Float32Array.of(1, Number.NaN);
  fails('ERR_OPTION', /x\[1\]/, () => nerfEncoding(x, { shape: [1, 2], numFrequencies: 2 }));
  fails('ERR_SHAPE', /numFrequencies/, () => nerfEncoding(noise(2, 1), { shape: [1, 2], numFrequencies: 0 }));
  fails('ERR_SHAPE', /dims > 0/, () => nerfEncoding(new Float32Array(0), { shape: [3, 0], numFrequencies: 2 }));
  fails('ERR_SHAPE', /matrix/, () => fourierFeatures(noise(4, 1), noise(3, 1), { shape: [2, 2], matrixShape: [1, 3] }));
  fails('ERR_OPTION', /log/, () => gaussianFourier(noise(4, 1), noise(3, 1), {} as never));
  fails('ERR_OPTION', /> 0/, () => gaussianFourier(Float32Array.of(-1), noise(3, 1), { log: true }));
  fails('ERR_SHAPE', /grid/, () => pixelBands({ grid: [2, 0] }));
});

test.run();
