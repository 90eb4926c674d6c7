/** Llama 3.1 scaling: the three bands, and their continuity. */
import * as assert from 'uvu/assert';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import type { RotarySpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';

const spec: RotarySpec = {
  headDim: 128,
  ropeTheta: 500000,
  ropeType: 'llama3',
  factor: 8,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 8192,
};

test('short waves stay, long ones are divided, those between lie between', () => {
  const plain = rotaryFrequencies({ headDim: 128, ropeTheta: 500000 }).ladder.hi;
  for (const precision of ['exact', 'torch'] as const) {
    const made = rotaryFrequencies({ ...spec, precision });
    const got = precision === 'exact' ? made.ladder.hi : made.float32!;
    const seen = new Set<string>();
    for (let i = 0; i < 64; i++) {
      const wavelength = (2 * Math.PI) / plain[i];
      const ratio = got[i] / plain[i];
      const band = wavelength < 8192 / 4 ? 'short' : wavelength > 8192 ? 'long' : 'between';
      seen.add(band);
      const smooth = (8192 / wavelength - 1) / 3;
      const want = band === 'short' ? 1 : band === 'long' ? 1 / 8 : (1 - smooth) / 8 + smooth;
      assert.ok(Math.abs(ratio - want) <= (precision === 'exact' ? 1e-15 : 5e-7), `${band} ${i}: ${ratio} ${want}`);
    }
    assert.is(seen.size, 3);
  }
});

test('torch precision: the order of the float32 operations, with a factor that is no power of two', () => {
  const f32 = Math.fround;
  const plain = rotaryFrequencies({ headDim: 128, ropeTheta: 500000, precision: 'torch' }).float32!;
  let between = 0;
  for (const factor of [3, 5, 7, 10]) {
    const { float32 } = rotaryFrequencies({ ...spec, factor, precision: 'torch' });
    for (let i = 0; i < 64; i++) {
      const wavelength = f32(f32(2 * Math.PI) / plain[i]);
      if (wavelength < 2048 || wavelength > 8192) continue;
      between++;
      const smooth = f32(f32(f32(8192 / wavelength) - 1) / 3);
      const scaled = f32(f32(f32(1 - smooth) * plain[i]) / factor);
      assert.is(float32![i], f32(scaled + f32(smooth * plain[i])));
    }
  }
  assert.ok(between >= 20);
});

test('equal factors (Llama 4): two bands', () => {
  const plain = rotaryFrequencies({ headDim: 128, ropeTheta: 500000, precision: 'torch' });
  const made = rotaryFrequencies({ ...spec, factor: 8, highFreqFactor: 1, precision: 'torch' });
  for (let i = 0; i < 64; i++) {
    const divisor = (2 * Math.PI) / plain.ladder.hi[i] < 8192 ? 1 : 8;
    assert.equal([made.ladder.hi[i], made.float32![i]], [plain.ladder.hi[i] / divisor, plain.float32![i] / divisor]);
  }
  // A wavelength of exactly the original length belongs to neither side of the reference's comparisons.
  const edge = rotaryFrequencies({
    ...spec,
    highFreqFactor: 1,
    originalMaxPositionEmbeddings: Math.fround(2 * Math.PI),
    precision: 'torch',
  });
  assert.ok(edge.float32!.every(Number.isFinite));
});

test('rejects', () => {
  for (const [option, value] of Object.entries({
    factor: undefined,
    lowFreqFactor: 0,
    highFreqFactor: 0.5,
    originalMaxPositionEmbeddings: undefined,
  })) {
    assert.throws(() => rotaryFrequencies({ ...spec, [option]: value }), new RegExp(`^${option}`), option);
  }
});

test.run();
