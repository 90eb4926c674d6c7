/** Llama 3.1 scaling: the three bands, and their continuity. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import type { RotarySpec } from '../../src/rotary/spec.ts';

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
