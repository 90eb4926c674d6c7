import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createEngine,
  fourierFeatures,
  gaussianFourier,
  nerfEncoding,
  perceiverEncoding,
  pixelBands,
  rotaryTable,
  Tensor,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, noise, worst } from './support.ts';

test('NeRF: bands, layout and the input in front equal the reference', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 4 })),
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.integer({ min: 0, max: 14 }), { nil: undefined }),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom('bands' as const, 'dimensions' as const, 'concat' as const),
      ([rows, dims], numFrequencies, maxFrequencyLog2, logSampling, includeInput, timesPi, arrangement) => {
        const options = {
          shape: [rows, dims],
          numFrequencies,
          maxFrequencyLog2,
          logSampling,
          includeInput,
          timesPi,
          arrangement,
        };
        const x = noise(rows * dims, dims);
        const [got, want] = [nerfEncoding(x, options), reference.nerfEncoding(x, options)];
        assert.equal(got.shape, want.shape);
        // the reference rounds a band between powers of two to float64
        assert.ok(worst(got.data, want.data) <= 7e-8);
      },
    ),
    { numRuns: 120 },
  );
});

test('the three arrangements hold the same numbers; pi is not rounded before it multiplies', () => {
  const x = Float32Array.of(0.3, -0.71, 0.9999);
  const of = (arrangement: 'bands' | 'dimensions' | 'concat') =>
    nerfEncoding(x, { shape: [1, 3], numFrequencies: 16, timesPi: true, arrangement }).toFloat32Array();
  const [bands, dimensions, concat] = [of('bands'), of('dimensions'), of('concat')];
  for (let d = 0; d < 3; d++) {
    for (let k = 0; k < 16; k++) {
      for (const half of [0, 1]) {
        const value = bands[3 + 6 * k + 3 * half + d];
        assert.is(dimensions[3 + 32 * d + 2 * k + half], value);
        assert.is(concat[3 + 48 * half + 16 * d + k], value);
      }
    }
    assert.ok(Math.abs(concat[3 + 16 * d + 15] - Math.sin((x[d] * 2 ** 15 * Math.PI) % (2 * Math.PI))) < 1e-6);
  }
});

test("Perceiver: every axis has bands up to its own resolution, and the reference's numbers", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 2, max: 300 })), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      fc.boolean(),
      (axes, numBands, concatPos, sineOnly) => {
        const grid = axes.map(([n]) => n);
        const options = { grid, maxResolution: axes.map(([, r]) => r), numBands, concatPos, sineOnly };
        const [got, want] = [perceiverEncoding(options), reference.perceiverEncoding(options)];
        assert.equal(got.shape, want.shape);
        assert.ok(worst(got.data, want.data) <= 6e-8);
      },
    ),
    { numRuns: 60 },
  );
});

test('Perceiver: coordinates given one by one are the rows of the grid, bit for bit', () => {
  const common = { maxResolution: [9, 224], numBands: 5 };
  const whole = perceiverEncoding({ ...common, grid: [4, 7] }).toFloat32Array();
  const place = (i: number, n: number) => (2 * i) / (n - 1) - 1;
  const cells = [27, 0, 9, 10, 3];
  const positions = cells.flatMap((cell) => [place(Math.floor(cell / 7), 4), place(cell % 7, 7)]);
  const rows = perceiverEncoding({ ...common, positions }).toFloat32Array();
  cells.forEach((cell, i) => {
    assert.equal(rows.slice(22 * i, 22 * i + 22), whole.slice(22 * cell, 22 * cell + 22));
  });
  fails('ERR_SHAPE', /positions: expected 2 coordinates a token, got 3 numbers/, () =>
    perceiverEncoding({ ...common, positions: [0, 0, 1] }),
  );
  fails('ERR_SHAPE', /maxResolution: expected 1 numbers, got 2/, () => perceiverEncoding({ ...common, grid: [4] }));
  fails('ERR_OPTION', /not both/, () => perceiverEncoding({ ...common, grid: [4, 7], positions: [0, 0] }));
});

test('NeRF: sines that are doubled are those of a table, bit for bit', () => {
  const numFrequencies = 20;
  const invFreq = Array.from({ length: numFrequencies }, (_, k) => 2 ** k);
  const engine = createEngine();
  for (const size of [0.01, 1, 8]) {
    const data = Float32Array.from({ length: 1 << 15 }, (_, i) => size * (((i * 0.6180339887) % 2) - 1));
    const got = nerfEncoding(Tensor.from(data, [data.length, 1], { engine }), {
      numFrequencies,
      includeInput: false,
    });
    const { cos, sin } = rotaryTable({ headDim: 2 * numFrequencies, invFreq }, { positions: data, engine });
    let differ = 0;
    for (let i = 0; i < data.length; i++)
      for (let k = 0; k < numFrequencies; k++) {
        const at = 2 * numFrequencies * i + 2 * k;
        if (got.data[at] !== sin.data[numFrequencies * i + k]) differ++;
        if (got.data[at + 1] !== cos.data[numFrequencies * i + k]) differ++;
      }
    assert.is(differ, 0, `|x| < ${size}`);
  }
  engine.dispose();
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
