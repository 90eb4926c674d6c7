/** Dynamic NTK: the base as a function of the length, and the state of the reference implementations. */
import * as assert from 'uvu/assert';
import { dynamicState } from '../../src/rotary/dynamicState.ts';
import type { LooseSpec, RotarySpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { frequenciesOf } from './specs.ts';

const spec: LooseSpec = { headDim: 16, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 32 };

test('the base grows with the length, from maxPositionEmbeddings on', () => {
  const plain = frequenciesOf({ headDim: 16 }).ladder.hi;
  for (const length of [0, 1, 31, 32]) {
    assert.equal(frequenciesOf(spec, { context: length }).ladder.hi, plain, String(length));
  }
  for (const length of [33, 100, 4096]) {
    const base = 10000 * ((2 * length) / 32 - 1) ** (16 / 14);
    const { hi } = frequenciesOf(spec, { context: length }).ladder;
    for (let i = 0; i < 8; i++) assert.ok(Math.abs(hi[i] / base ** (-i / 8) - 1) < 1e-14);
  }
});

test('the state of transformers: grows, stays between, resets below maxPositionEmbeddings', () => {
  const state = dynamicState(spec as RotarySpec);
  assert.equal(
    [10, 33, 100, 50, 32, 31, 40].map((length) => state.next(length)),
    [32, 33, 100, 100, 100, 32, 40],
  );
  state.reset();
  assert.is(state.next(32), 32);
});

test('the state of dynamic YaRN never shrinks, that of LongRoPE has no memory', () => {
  const yarn = dynamicState({ headDim: 16, ropeType: 'dynamic-yarn', maxPositionEmbeddings: 64 } as RotarySpec);
  assert.equal(
    [10, 160, 20, 200].map((length) => yarn.next(length)),
    [64, 160, 160, 200],
  );
  const longrope = dynamicState({ headDim: 16, ropeType: 'longrope', originalMaxPositionEmbeddings: 16 } as RotarySpec);
  assert.equal(
    [16, 17, 3].map((length) => longrope.next(length)),
    [16, 17, 3],
  );
});

test('rejects', () => {
  assert.throws(() => frequenciesOf(spec), /^ropeType: 'dynamic'.*pass context: the highest/);
  assert.throws(() => frequenciesOf({ ...spec, factor: undefined }, { context: 1 }), /^factor/);
  assert.throws(
    () => frequenciesOf({ ...spec, maxPositionEmbeddings: undefined }, { context: 1 }),
    /^maxPositionEmbeddings/,
  );
  assert.throws(() => frequenciesOf({ ...spec, headDim: 2 }, { context: 1 }), /^rotaryDim.*more than 2/);
  assert.throws(() => frequenciesOf({ ...spec, headDim: 4, factor: 1e18 }, { context: 1e6 }), /^ropeTheta/);
  assert.throws(() => dynamicState({ headDim: 8, ropeType: 'yarn' } as RotarySpec), /^ropeType/);
  assert.throws(() => dynamicState(spec as RotarySpec).next(-1), /^length/);
});

test.run();
