/** YaRN: the ramp, the amplitude, and the rule that follows the length. */
import * as assert from 'uvu/assert';
import { yarnMscale } from '../../src/rotary/rules/yarn.ts';
import type { LooseSpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

const spec: LooseSpec = { headDim: 64, ropeType: 'yarn', factor: 16, originalMaxPositionEmbeddings: 4096 };
const hi = (more: LooseSpec = {}) => frequenciesOf({ ...spec, ...more }).ladder.hi;

/** The formula of the paper in float64. */
function reference(options: {
  theta: number;
  truncate: boolean;
  fast: number;
  slow: number;
  weight: number;
}): number[] {
  const { theta, truncate, fast, slow, weight } = options;
  const pair = (turns: number) => (64 * Math.log(4096 / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  let [low, high] = [pair(fast), pair(slow)];
  if (truncate) [low, high] = [Math.floor(low), Math.ceil(high)];
  low = Math.max(low, 0);
  high = Math.min(high, 63);
  return Array.from({ length: 32 }, (_, i) => {
    const mix = (1 - Math.min(1, Math.max(0, (i - low) / (high - low)))) * weight;
    return theta ** (-i / 32) * ((1 - mix) / 16 + mix);
  });
}

test('the ramp of the paper', () => {
  for (const theta of [10000, 150000, 20]) {
    for (const truncate of [true, false]) {
      for (const [fast, slow, weight] of [
        [32, 1, 1],
        [8, 2, 0.5],
        [2000, 1, 1],
      ]) {
        const want = reference({ theta, truncate, fast, slow, weight });
        const more = { ropeTheta: theta, truncate, betaFast: fast, betaSlow: slow, extrapolationFactor: weight };
        const got = hi(more);
        for (let i = 0; i < 32; i++) assert.ok(Math.abs(got[i] / want[i] - 1) < 1e-13, `${theta} ${truncate} ${i}`);
        const { float32 } = frequenciesOf({ ...spec, ...more, precision: 'torch' });
        for (let i = 0; i < 32; i++) assert.ok(Math.abs(float32![i] / want[i] - 1) < 2e-6, `torch ${theta} ${i}`);
      }
    }
  }
});

test('amplitude: 0.1 ln(factor) + 1, the ratio of both coefficients, or what is given', () => {
  const amplitude = (more: LooseSpec) => frequenciesOf({ ...spec, ...more }).attentionFactor;
  const near = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-15 * 3, `${got} ${want}`);
  const grown = (k: number) => 0.1 * k * Math.log(16) + 1;
  near(amplitude({}), grown(1));
  near(amplitude({ mscale: 1, mscaleAllDim: 0.5 }), grown(1) / grown(0.5));
  near(amplitude({ mscale: 2 }), grown(1));
  near(amplitude({ mscaleAllDim: 2 }), grown(1));
  near(amplitude({ attnFactor: 0.9 }), 0.9 * grown(1));
  assert.is(amplitude({ attentionFactor: 1.5 }), 1.5);
  assert.is(amplitude({ factor: 0.5 }), 1);
  near(amplitude({ factor: undefined, maxPositionEmbeddings: 65536 }), grown(1));
  assert.is(yarnMscale(1, 3), 1);
  near(yarnMscale(16, 0.7), grown(0.7));
});

test('dynamic YaRN: plain up to maxPositionEmbeddings, then YaRN by the length', () => {
  const dynamic: LooseSpec = { headDim: 64, ropeType: 'dynamic-yarn', originalMaxPositionEmbeddings: 4096 };
  const short = frequenciesOf(dynamic, { context: 4096 });
  assert.equal(short.ladder.hi, frequenciesOf({ headDim: 64 }).ladder.hi);
  assert.is(short.attentionFactor, 1);
  const long = frequenciesOf(dynamic, { context: 65536 });
  assert.equal(long.ladder.hi, hi());
  assert.is(long.attentionFactor, frequenciesOf(spec).attentionFactor);
  const trained = { ...dynamic, maxPositionEmbeddings: 8192 };
  assert.is(frequenciesOf(trained, { context: 8192 }).attentionFactor, 1);
  assert.ok(frequenciesOf(trained, { context: 8193 }).attentionFactor > 1);
});

test('rejects', () => {
  assert.throws(() => hi({ ropeTheta: 1 }), /^ropeTheta.*other than 1/);
  assert.throws(() => hi({ factor: undefined }), /^factor.*maxPositionEmbeddings/);
  assert.throws(() => hi({ originalMaxPositionEmbeddings: undefined }), /^originalMaxPositionEmbeddings/);
  assert.throws(() => hi({ betaFast: 1, betaSlow: 2 }), /^betaFast/);
  assert.throws(() => hi({ betaSlow: 0 }), /^betaSlow/);
  assert.throws(() => hi({ truncate: 'no' as unknown as boolean }), /^truncate/);
  assert.throws(() => hi({ headDim: 20, partialRotaryFactor: 0.25 }), /^rotaryDim.*even/);
  assert.throws(
    () => frequenciesOf({ headDim: 64, ropeType: 'dynamic-yarn', maxPositionEmbeddings: 64 }),
    /pass context: the highest/,
  );
});

test.run();
