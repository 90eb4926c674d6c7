/** peg.ts and convPositional.ts. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { convPositional, createEngine, peg, Tensor, weightNorm } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, noise, worst } from './support.ts';

test('PEG equals the reference on every grid, stride and width', () => {
  const small = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(
      fc.tuple(small, small, fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 3 })),
      fc.boolean(),
      fc.integer({ min: 0, max: 2 }),
      ([height, width, channels, stride], withBias, batch) => {
        const shape = [batch, height * width, channels];
        const x = noise(batch * height * width * channels, 1);
        const options = {
          weight: noise(9 * channels, 2),
          bias: withBias ? noise(channels, 3) : undefined,
          height,
          width,
          stride,
        };
        const got = peg(x, { ...options, shape });
        const want = reference.peg({ data: x, shape }, options);
        assert.equal(got.shape, want.shape);
        assert.ok(worst(got.data, want.data) <= 4e-6);
      },
    ),
    { numRuns: 100 },
  );
});

test('zero padding leaks the position: on constant tokens inner cells agree and border cells do not', () => {
  const [height, width] = [6, 7];
  const ones = new Float32Array(height * width).fill(1);
  const out = peg(ones, { height, width, weight: noise(9, 4), residual: false, shape: [1, height * width, 1] }).data;
  const inner = out[1 * width + 1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const border = y === 0 || x === 0 || y === height - 1 || x === width - 1;
      if (border) assert.is.not(out[y * width + x], inner, `${y}, ${x}`);
      else assert.is(out[y * width + x], inner, `${y}, ${x}`);
    }
  }
  const kinds = new Set(out);
  assert.is(kinds.size, 9, 'corners, edges and the inside are nine different values');
});

test('channels in blocks of a small arena are the same bits', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const channels = 2050;
  const x = noise(9 * channels, 1);
  const options = { weight: noise(9 * channels, 2), height: 3, width: 3, shape: [1, 9, channels] };
  assert.equal(peg(x, { ...options, engine }).toFloat32Array(), peg(x, options).toFloat32Array());
  engine.dispose();
});

test('wav2vec 2.0: any length, kernel and grouping equals the reference', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 21 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom([1, 1], [1, 6], [2, 3], [3, 4], [2, 5]),
      fc.boolean(),
      (length, taps, [groups, width], gelu) => {
        const channels = groups * width;
        const shape = [2, length, channels];
        const x = noise(2 * length * channels, 1);
        const v = { data: noise(channels * width * taps, 2), shape: [channels, width, taps] };
        const g = noise(taps, 3);
        const weight = weightNorm(v.data, g, { shape: v.shape });
        const wanted = reference.weightNorm(v, g);
        assert.ok(worst(weight.data, wanted.data) <= 3e-7);
        const bias = noise(channels, 4);
        const activation = gelu ? 'gelu' : 'none';
        const got = convPositional(x, { weight, bias, groups, activation, shape });
        const want = reference.convPositional({ data: x, shape }, { weight: wanted, bias, groups, activation });
        assert.equal(got.shape, want.shape);
        assert.ok(worst(got.data, want.data) <= 5e-6);
      },
    ),
    { numRuns: 60 },
  );
});

test('a small arena cuts time and channels into tiles without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const [length, channels, taps] = [151, 98, 128];
  const x = noise(length * channels, 1);
  const weight = weightNorm(noise(channels * channels * taps, 2), noise(taps, 3), {
    shape: [channels, channels, taps],
  }).toFloat32Array();
  const options = { weight, weightShape: [channels, channels, taps], shape: [1, length, channels] };
  assert.equal(convPositional(x, { ...options, engine }).toFloat32Array(), convPositional(x, options).toFloat32Array());
  engine.dispose();
});

test('bad input is refused by name', () => {
  const shape = [1, 4, 6];
  const weight = Tensor.from(noise(6 * 3 * 3, 1), [6, 3, 3]);
  const x = noise(24, 2);
  fails('ERR_OPTION', /groups: 4/, () => convPositional(x, { weight, groups: 4, shape }));
  fails('ERR_SHAPE', /weight: expected \[6, 6/, () => convPositional(x, { weight, shape }));
  fails('ERR_OPTION', /padding/, () => convPositional(x, { weight, groups: 2, padding: 0, shape }));
  fails('ERR_SHAPE', /g: expected 3/, () => weightNorm(weight, noise(2, 1)));
  fails('ERR_SHAPE', /grid of 2 x 3/, () => peg(x, { weight: noise(54, 1), height: 2, width: 3, shape }));
  fails('ERR_OPTION', /residual/, () =>
    peg(x, { weight: noise(54, 1), height: 2, width: 2, stride: 2, residual: true, shape }),
  );
  fails('ERR_SHAPE', /width/, () => peg(x, { weight: noise(54, 1), height: 2, width: 0, shape }));
});

test('a sequence without a batch gives the bits of a batch of one, without it', () => {
  const numbers = (n: number) => Float32Array.from({ length: n }, (_, i) => ((i * 37) % 64) / 64 - 0.5);
  const image = { weight: numbers(36), height: 3, width: 4 };
  const alone = peg(numbers(48), { ...image, shape: [12, 4] });
  assert.equal(alone.shape, [12, 4]);
  assert.equal(alone.data, peg(numbers(48), { ...image, shape: [1, 12, 4] }).data);
  const filter = { weight: { data: numbers(48), shape: [4, 4, 3] }, groups: 1 };
  const line = convPositional(numbers(28), { ...filter, shape: [7, 4] });
  assert.equal(line.shape, [7, 4]);
  assert.equal(line.data, convPositional(numbers(28), { ...filter, shape: [1, 7, 4] }).data);
});

test.run();
