/** Float32 frequencies as public code makes them: PyTorch's own numbers bit for bit, and the twin's. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ROUTES, routeFrequencies, torchExp } from '../../src/phase/routes.ts';
import { routeFrequencies as twin } from '../../src/reference/routes.ts';
import { golden } from '../reference/golden.ts';
import { test } from '../support/test.ts';

const ROUTE: Record<string, (typeof ROUTES)[number]> = {
  exp_step: 'exp',
  exp_ratio: 'exp-ratio',
  exp_step_f32: 'exp-float32',
};

const records = [...golden('absolute', 'sinusoidal_torch'), ...golden('absolute', 'timestep_torch')];
for (const { name, params, inputs, outputs } of records) {
  const route = ROUTE[params.frequency_route];
  const want = (inputs.inv_freq_f32 ?? outputs.inv_freq)?.data;
  if (route === undefined || want === undefined) continue;
  test(`golden ${name}: every frequency is torch's, bit for bit`, () => {
    const count = want.length;
    const half = params.d_model === undefined ? count : params.d_model / 2;
    const words: Record<string, number> = {
      half,
      'half-1': Math.floor(half) - 1,
      'max(half-1,1)': Math.floor(half) - 1,
    };
    const said = params.exponent_denominator ?? count - params.downscale_freq_shift;
    const base = params.base ?? params.max_period;
    const got = routeFrequencies({ route, base, count, denominator: words[said] ?? said });
    assert.equal(got, Float32Array.from(want));
  });
}

test('every route equals the twin, within the range of float32', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ROUTES),
      fc.constantFrom(10000, 500, 1e6, 1e-4, 3),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0.5, 1, 31, 64, 127.5),
      (route, base, count, denominator) => {
        const got = routeFrequencies({ route, base, count, denominator });
        const want = twin(route, { base, count, denominator });
        got.forEach((frequency, k) => {
          // the twin rounds to 24 bits and knows no end of the range
          if (want[k] > 1e-37 && want[k] < 3e38) assert.is(frequency, want[k]);
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('the exponential is within one ulp of the real one, exact at 0, and ends where float32 ends', () => {
  assert.is(torchExp(0), 1);
  assert.is(torchExp(-200), 0);
  assert.is(torchExp(200), Number.POSITIVE_INFINITY);
  for (let i = 0; i < 5000; i++) {
    const x = Math.fround(-20 * ((i * 0.6180339887) % 1));
    const [got, real] = [torchExp(x), Math.exp(x)];
    const ulp = 2 ** (Math.floor(Math.log2(real)) - 23);
    assert.ok(Math.abs(got - real) <= ulp, `exp(${x})`);
  }
});

test.run();
