/**
 * posenc/reference has the names of posenc, so that a page that may not use WebAssembly changes one import. What it lacks is
 * listed here with the reason; a new encoder without a twin makes this red.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as api from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';

/** About memory and modules: without WebAssembly there is nothing to manage. */
const RUNTIME = ['attach', 'createEngine', 'fingerprint', 'init', 'PosencError', 'scope', 'Tensor'];
/** Work on tables and tensors that live in an engine: views, moves and measures of what others computed. */
const OVER_TENSORS = [
  'axialAngles',
  'complexOrderFrequency',
  'expandDiagonal',
  'fourTermDecomposition',
  'learnedPositions2d',
  'permutationError',
  'permuteRows',
  'PopeTable',
  'prepareDecode',
  'rmtInput',
  'rmtOutput',
  'rmtReadMemory',
  'rmtWriteMemory',
  'RotaryDecode',
  'RotaryTable',
  'scaleQuery',
  'swinV2Coordinates',
  'toOnnxCaches',
];
/** The twin computes the same in another form, under a name of its own. */
const OTHER_FORM: Record<string, string> = {
  applyPope: 'pope',
  popeTable: 'pope',
  sincos2d: 'sincosGrid',
  sincos3d: 'sincosGrid',
  swinRelativePositionIndex: 'swinIndex',
  t5Buckets: 't5Bucket',
  tupeBuckets: 'tupeBucket',
};
/** Twins of an option of something in posenc, which has no name there. */
const PARTS = ['convFlow', 'linearFlow', 'sincosDetr'];
/** Plain TypeScript in posenc itself: they never touch an engine, so they work where WebAssembly is refused. */
const PLAIN = [
  'AXIAL_PRESETS',
  'axialPositions',
  'coarseGridIds',
  'describe',
  'describeExplanation',
  'diagnose',
  'ENGINES',
  'explain',
  'explainForm',
  'extend',
  'extendForm',
  'forEngine',
  'fromGGUF',
  'fromHF',
  'identify',
  'knownModels',
  'mropeDecode',
  'mropeIndex',
  'positionIds',
  'rmtEncoderIds',
  'rmtMask',
  'rmtPositionIds',
  'rmtSegments',
  'ROPE_EXAMPLES',
  'rotaryFrequencies',
  'taylorDecomposition',
  'toHF',
  'toLlamaCpp',
  'visionPositions',
  'xposCenter',
];

test('every name of posenc is in posenc/reference, or needs no twin', () => {
  const missing = Object.keys(api).filter((name) => !(name in reference));
  assert.equal(missing.sort(), [...RUNTIME, ...OVER_TENSORS, ...Object.keys(OTHER_FORM), ...PLAIN].sort());
});

test('posenc/reference has no other names of its own', () => {
  const own = Object.keys(reference).filter((name) => !(name in api));
  assert.equal(own.sort(), [...new Set(Object.values(OTHER_FORM)), ...PARTS].sort());
});

test('what needs no twin works where WebAssembly is refused', () => {
  const whole = globalThis.WebAssembly;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  try {
    const form = api.fromHF({ model_type: 'llama', hidden_size: 64, num_attention_heads: 4, rope_theta: 10000 });
    assert.is(form.rotary?.headDim, 16);
    assert.ok(api.describe(form).length > 0);
    assert.equal(Array.from(api.positionIds({ mask: [[0, 1, 1]] }).data), [0, 0, 1]);
    assert.equal(api.visionPositions({ gridThw: [[1, 2, 2]] }).shape, [4, 3]);
    assert.is(api.yarnMscale(1), 1);
    assert.equal(Array.from(reference.sinusoidal({ length: 1, dim: 4 }).data), [0, 1, 0, 1]);
  } finally {
    globalThis.WebAssembly = whole;
  }
});

test.run();
