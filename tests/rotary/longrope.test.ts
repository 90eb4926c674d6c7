/** LongRoPE: which list a length takes, and the magnitude. */
import * as assert from 'uvu/assert';
import type { LooseSpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

const spec: LooseSpec = {
  headDim: 8,
  ropeType: 'longrope',
  maxPositionEmbeddings: 131072,
  originalMaxPositionEmbeddings: 4096,
  shortFactor: [1, 1.5, 2, 2.5],
  longFactor: Float32Array.of(1, 4, 16, 64),
};

test('the short list up to the original length, the long one strictly beyond', () => {
  const plain = frequenciesOf({ headDim: 8 }).ladder.hi;
  for (const [length, list] of [
    [1, spec.shortFactor!],
    [4096, spec.shortFactor!],
    [4097, spec.longFactor!],
  ] as const) {
    const { ladder, attentionFactor } = frequenciesOf(spec, { context: length });
    for (let i = 0; i < 4; i++) assert.ok(Math.abs((ladder.hi[i] * list[i]) / plain[i] - 1) < 1e-15, `${length} ${i}`);
    assert.ok(Math.abs(attentionFactor - Math.sqrt(1 + Math.log(32) / Math.log(4096))) < 1e-15);
  }
});

test('magnitudes: factor before the ratio of lengths, none for factor <= 1, PhiMoE, or given', () => {
  const amplitude = (more: LooseSpec, length = 5000) =>
    frequenciesOf({ ...spec, ...more }, { context: length }).attentionFactor;
  assert.ok(Math.abs(amplitude({ factor: 4 }) - Math.sqrt(1 + Math.log(4) / Math.log(4096))) < 1e-15);
  assert.is(amplitude({ factor: 1 }), 1);
  assert.is(amplitude({ factor: 0.5 }), 1);
  const phimoe = { shortMscale: 1.25, longMscale: 1.5 };
  assert.equal([amplitude(phimoe, 4096), amplitude(phimoe, 4097)], [1.25, 1.5]);
  assert.is(amplitude({ attentionFactor: 1.75 }), 1.75);
});

test('rejects', () => {
  const make = (more: LooseSpec) => frequenciesOf({ ...spec, ...more }, { context: 5000 });
  assert.throws(() => frequenciesOf(spec), /pass context: the highest/);
  assert.throws(() => make({ shortFactor: undefined }), /^shortFactor/);
  assert.throws(() => make({ longFactor: [1, 2, 3] }), /^longFactor: expected 4/);
  assert.throws(() => make({ longFactor: [1, 2, 0, 3] }), /^longFactor\[2\]/);
  assert.throws(() => make({ longMscale: 1.5 }), /^shortMscale/);
  assert.throws(() => make({ shortMscale: 1.5 }), /^longMscale/);
  assert.throws(() => make({ originalMaxPositionEmbeddings: 1 }), /^originalMaxPositionEmbeddings/);
  assert.throws(
    () => make({ originalMaxPositionEmbeddings: undefined, maxPositionEmbeddings: undefined }),
    /^originalMaxPositionEmbeddings/,
  );
});

test.run();
