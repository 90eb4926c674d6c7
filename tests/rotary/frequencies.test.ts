/** The frequencies of every rule against the golden vectors, and the checks of a specification. */
import * as assert from 'uvu/assert';
import { roundToFloat32 } from '../../src/phase/float32.ts';
import { dynamicState } from '../../src/rotary/dynamicState.ts';
import { frequenciesAt, invFreq, rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import type { RotarySpec } from '../../src/rotary/spec.ts';
import { rotaryTable } from '../../src/rotary/table.ts';
import type { PosencErrorCode } from '../../src/runtime/errors.ts';
import { test } from '../support/test.ts';
import { close, type Golden, golden, specOf } from './golden.ts';

const lengthOf = (params: Record<string, unknown>) =>
  (params.seq_len ?? params.original_max_position_embeddings ?? params.max_position_embeddings) as number | undefined;

for (const record of golden('hf_rope_init_functions')) {
  test(`transformers ROPE_INIT_FUNCTIONS: ${record.name}`, () => {
    const { params, outputs, tolerance } = record;
    const length = lengthOf(params);
    const { data } = outputs.inv_freq;
    const torch = rotaryFrequencies(specOf(params, { precision: 'torch' }), { context: length });
    close(torch.float32!, data, tolerance.abs, tolerance.rel, 'torch');
    // PyTorch's powf is not always correctly rounded, and a tensor as length makes it compute the base in float32.
    const equal = data.filter((value, i) => Math.fround(value) === torch.float32![i]).length;
    assert.ok(equal >= data.length - 2 || params.seq_len_is_tensor, `${equal} of ${data.length} bits equal`);
    const exact = rotaryFrequencies(specOf(params), { context: length });
    close(exact.ladder.hi, data, tolerance.abs, Math.max(tolerance.rel, 1e-6), 'exact');
    assert.is(exact.float32, undefined);
    const [factor] = outputs.attention_factor.data;
    for (const { attentionFactor } of [torch, exact]) {
      assert.ok(Math.abs(attentionFactor - factor) <= 1e-15 * factor, `attention factor ${attentionFactor} ${factor}`);
    }
  });
}

for (const record of golden('torch_inv_freq_f32')) {
  test(`PyTorch's own float32 frequencies: ${record.name}`, () => {
    const { float32 } = rotaryFrequencies(specOf(record.params, { precision: 'torch' }));
    const want = Float32Array.from(record.outputs.inv_freq.data);
    const different = Array.from(want.keys()).filter((i) => float32![i] !== want[i]);
    assert.equal(different, record.params.not_correctly_rounded);
    close(float32!, Array.from(want), 0, record.tolerance.rel, 'torch');
  });
}

for (const record of golden('exact_tables')) {
  if (record.op !== 'inv_freq_exact') continue;
  test(`correctly rounded frequencies: ${record.name}`, () => {
    const { params, outputs } = record;
    const list = params.ext_factors && { shortFactor: params.ext_factors, longFactor: params.ext_factors };
    const spec = specOf(params, { ...(list && { ...list, attentionFactor: 1, originalMaxPositionEmbeddings: 1 }) });
    const { ladder } = rotaryFrequencies(spec, { context: lengthOf(params) ?? 2 });
    assert.equal(Array.from(ladder.hi), Array.from(outputs.inv_freq_f64.data));
    const float32 = Array.from(ladder.hi, (hi, i) => roundToFloat32(hi, ladder.lo[i]));
    assert.equal(float32, Array.from(outputs.inv_freq_f32.data, Math.fround));
  });
}

/** The rules of jquesnelle/yarn, by the record's `method`. */
function yarnRepo(params: Golden['params']): { spec: RotarySpec; length?: number } {
  const { method, dim, base, scale, seq_len: length, max_position_embeddings: trained } = params;
  const original = params.original_max_position_embeddings;
  const common = { headDim: dim, ropeTheta: base };
  const yarn = {
    originalMaxPositionEmbeddings: original,
    betaFast: params.beta_fast,
    betaSlow: params.beta_slow,
    extrapolationFactor: params.extrapolation_factor,
    attnFactor: params.attn_factor,
  };
  switch (method) {
    case 'yarn':
      return { spec: { ...common, ...yarn, ropeType: 'yarn', factor: scale } };
    case 'dynamic_yarn':
      return { spec: { ...common, ...yarn, ropeType: 'dynamic-yarn', maxPositionEmbeddings: trained }, length };
    case 'ntk_fixed':
      return { spec: { ...common, ropeType: 'ntk', alpha: params.alpha } };
    case 'ntk_by_parts':
      return {
        spec: { ...common, ropeType: 'ntk-by-parts', factor: scale, originalMaxPositionEmbeddings: original },
      };
    case 'dynamic_ntk_by_parts':
      return {
        spec: { ...common, ropeType: 'ntk-by-parts', factor: length / trained, maxPositionEmbeddings: trained },
      };
    case 'dynamic_ntk':
      return { spec: { ...common, ropeType: 'dynamic', factor: params.ntk, maxPositionEmbeddings: trained }, length };
    // The reference scales the positions of these two and leaves inv_freq plain.
    case 'dynamic_linear':
    case 'linear':
      return { spec: common };
  }
  throw new Error(`unknown method ${method}`);
}

for (const record of golden('yarn_repo')) {
  test(`jquesnelle/yarn: ${record.name}`, () => {
    const { spec, length } = yarnRepo(record.params);
    const { data } = record.outputs.inv_freq;
    const torch = rotaryFrequencies({ ...spec, precision: 'torch' }, { context: length });
    close(torch.float32!, data, 0, 3e-7, 'torch');
    close(torch.ladder.hi, data, 0, 1e-6, 'exact');
    const [mscale] = record.outputs.mscale.data;
    assert.ok(Math.abs(torch.attentionFactor - mscale) <= 1e-15 * mscale, `mscale ${torch.attentionFactor} ${mscale}`);
  });
}

/** cos and sin of the records are the angles of few positions: enough to tell the frequencies from any other. */
function vllm(params: Golden['params']): { spec: RotarySpec; length?: number } | undefined {
  const factor = params.scaling_factor;
  const trained = params.max_position_embeddings;
  const common = { headDim: params.head_size, rotaryDim: params.rotary_dim, ropeTheta: params.base };
  switch (params.method) {
    case 'base':
      return { spec: common };
    case 'ntk':
      return { spec: { ...common, ropeType: 'ntk', factor, mixedB: params.mixed_b } };
    case 'dynamic_ntk_static':
      return {
        spec: { ...common, ropeType: 'dynamic', factor, maxPositionEmbeddings: trained },
        length: trained * factor,
      };
    case 'dynamic_ntk_alpha':
      return { spec: { ...common, ropeType: 'ntk', alpha: params.scaling_alpha } };
    case 'yarn':
    case 'deepseek_yarn':
      return {
        spec: {
          ...common,
          ropeType: 'yarn',
          factor,
          originalMaxPositionEmbeddings: trained,
          betaFast: params.beta_fast,
          betaSlow: params.beta_slow,
          mscale: params.mscale,
          mscaleAllDim: params.mscale_all_dim,
          ...(params.apply_yarn_scaling === false
            ? { attentionFactor: params.attn_factor }
            : { attnFactor: params.attn_factor }),
        },
      };
    case 'proportional':
      return {
        spec: { ...common, ropeType: 'proportional', partialRotaryFactor: params.partial_rotary_factor },
      };
  }
  return undefined;
}

let compared = 0;
for (const record of golden('vllm_rotary')) {
  const made = record.outputs.cos_sin && !record.params.cache_dtype && vllm(record.params);
  if (!made) continue;
  compared++;
  test(`vLLM cos and sin: ${record.name}`, () => {
    const { float32, pairs, attentionFactor } = rotaryFrequencies(
      { ...made.spec, precision: 'torch' },
      { context: made.length },
    );
    const got = record.inputs.positions.data.flatMap((position) => {
      const angles = Array.from(float32!, (frequency) => Math.fround(position * frequency));
      const scaled = (f: (x: number) => number) => angles.map((angle) => f(angle) * attentionFactor);
      return [...scaled(Math.cos), ...scaled(Math.sin)];
    });
    assert.is(got.length, 2 * pairs * record.inputs.positions.data.length);
    close(got, record.outputs.cos_sin.data, record.tolerance.abs, record.tolerance.rel, 'cos_sin');
  });
}
test('vLLM: most records were compared', () => assert.ok(compared >= 9, String(compared)));

for (const record of golden('hf_dynamic_state')) {
  test(`transformers dynamic_rope_update: ${record.name}`, () => {
    const { params, inputs, outputs, tolerance } = record;
    const spec = specOf(params, { precision: 'torch' });
    const state = dynamicState(spec);
    for (let call = 0; call < params.calls; call++) {
      const length = Math.max(...inputs[`position_ids_${call}`].data) + 1;
      const made = rotaryFrequencies(spec, { context: state.next(length) });
      close(made.float32!, outputs[`inv_freq_${call}`].data, 0, tolerance.rel, `call ${call}`);
      close(made.ladder.hi, outputs[`inv_freq_${call}`].data, 0, tolerance.rel, `call ${call}, exact`);
      assert.ok(Math.abs(made.attentionFactor - params.attention_scaling) <= 1e-15 * params.attention_scaling);
    }
  });
}

test('odd widths of transformers: denominator d, ceil(d / 2) pairs, d + 1 channels', () => {
  const made = rotaryFrequencies({ headDim: 20, partialRotaryFactor: 0.25, precision: 'torch' });
  assert.equal([made.pairs, made.rotaryDim], [3, 6]);
  close(made.ladder.hi, [1, 10000 ** -0.4, 10000 ** -0.8], 0, 1e-15, 'exact');
  close(made.float32!, [1, 10000 ** -0.4, 10000 ** -0.8], 0, 1e-7, 'torch');
  const both = rotaryFrequencies({ headDim: 20, partialRotaryFactor: 0.25, rotaryDim: 6 });
  assert.equal(both.ladder, made.ladder);
  // 0.334 * 192 = 64.128: the product first, in float64.
  assert.is(rotaryFrequencies({ headDim: 192, partialRotaryFactor: 0.334 }).rotaryDim, 64);
});

test('given frequencies are exact, and float32 in torch precision', () => {
  const invFreq = [1, 0.1, 0.01, 0];
  const made = rotaryFrequencies({ headDim: 8, invFreq, precision: 'torch' });
  assert.equal(Array.from(made.ladder.hi), invFreq);
  assert.equal(Array.from(made.ladder.lo), [0, 0, 0, 0]);
  assert.equal(Array.from(made.float32!), invFreq.map(Math.fround));
  const yarn = rotaryFrequencies({
    headDim: 8,
    invFreq,
    ropeType: 'yarn',
    factor: 4,
    originalMaxPositionEmbeddings: 2048,
  });
  assert.ok(yarn.attentionFactor > 1.1);
  assert.equal(yarn.ladder, made.ladder);
});

test('defaults, shared ladders, M-RoPE streams', () => {
  const at = (spec: RotarySpec) => frequenciesAt(spec, undefined);
  const made = at({ headDim: 16, mropeSection: [2, 3, 3] });
  assert.is(made.ladder, at({ headDim: 64, rotaryDim: 16, precision: 'torch' }).ladder);
  assert.is.not(made.ladder, at({ headDim: 16, ropeTheta: 10001 }).ladder);
  assert.equal(
    [made.precision, made.ropeType, made.attentionFactor, made.rotaryOffset, made.rotationSign, made.outputPairing],
    ['exact', 'default', 1, 0, 1, 'half'],
  );
  assert.equal(Array.from(made.streams!), [0, 0, 1, 1, 1, 2, 2, 2]);
  const trailing = rotaryFrequencies({ headDim: 14, rotaryDim: 6, rotaryOffset: 8, pairing: 'interleaved' });
  assert.equal([trailing.rotaryOffset, trailing.outputPairing], [8, 'interleaved']);
  assert.equal(Array.from(rotaryFrequencies({ headDim: 8, ropeTheta: 1 }).ladder.hi), [1, 1, 1, 1]);
});

const bad: [string, object, PosencErrorCode, RegExp, number?][] = [
  ['no headDim', {}, 'ERR_SHAPE', /^headDim/],
  ['headDim', { headDim: 0 }, 'ERR_SHAPE', /^headDim/],
  ['odd head', { headDim: 5 }, 'ERR_SHAPE', /^headDim/],
  ['unknown option', { headDim: 8, thetaRope: 1 }, 'ERR_OPTION', /thetaRope/],
  ['unread option', { headDim: 8, factor: 4 }, 'ERR_OPTION', /^factor: has no effect with ropeType 'default'/],
  ['rope type', { headDim: 8, ropeType: 'su' }, 'ERR_OPTION', /^ropeType.*'yarn'/],
  ['precision', { headDim: 8, precision: 'float64' }, 'ERR_OPTION', /^precision/],
  ['pairing', { headDim: 8, pairing: 'neox' }, 'ERR_OPTION', /^pairing/],
  ['output pairing', { headDim: 8, outputPairing: 'neox' }, 'ERR_OPTION', /^outputPairing/],
  ['rotation sign', { headDim: 8, rotationSign: 0 }, 'ERR_OPTION', /^rotationSign/],
  ['rotary > head', { headDim: 8, rotaryDim: 10 }, 'ERR_SHAPE', /^rotaryDim/],
  ['odd rotary', { headDim: 8, rotaryDim: 5 }, 'ERR_SHAPE', /^rotaryDim.*partialRotaryFactor/],
  ['contradiction', { headDim: 64, rotaryDim: 64, partialRotaryFactor: 0.5 }, 'ERR_SHAPE', /^rotaryDim/],
  ['nothing rotates', { headDim: 8, partialRotaryFactor: 0.1 }, 'ERR_SHAPE', /^partialRotaryFactor/],
  ['partial > 1', { headDim: 8, partialRotaryFactor: 1.5 }, 'ERR_OPTION', /^partialRotaryFactor/],
  ['offset', { headDim: 8, rotaryDim: 4, rotaryOffset: 5 }, 'ERR_SHAPE', /^rotaryOffset/],
  ['theta 0', { headDim: 8, ropeTheta: 0 }, 'ERR_OPTION', /^ropeTheta/],
  ['theta NaN', { headDim: 8, ropeTheta: Number.NaN }, 'ERR_OPTION', /^ropeTheta/],
  ['invFreq length', { headDim: 8, invFreq: [1, 2] }, 'ERR_SHAPE', /^invFreq: expected 4/],
  ['amplitude', { headDim: 8, attentionFactor: Number.POSITIVE_INFINITY }, 'ERR_OPTION', /^attentionFactor/],
  ['max positions', { headDim: 8, maxPositionEmbeddings: 0 }, 'ERR_OPTION', /^maxPositionEmbeddings/],
  ['mrope layout alone', { headDim: 8, mropeLayout: 'chunked' }, 'ERR_OPTION', /^mropeLayout/],
  ['context', { headDim: 8 }, 'ERR_OPTION', /^context/, -1],
];
for (const [name, spec, code, message, length] of bad) {
  test(`rejects: ${name}`, () => {
    try {
      rotaryFrequencies(spec as RotarySpec, { context: length });
    } catch (error) {
      assert.is((error as { code: string }).code, code);
      assert.match((error as Error).message, message);
      return;
    }
    assert.unreachable('was accepted');
  });
}

test('a specification that was changed since is resolved anew', () => {
  const spec: { headDim: number; ropeTheta: number; precision?: 'exact' | 'torch'; rotaryDim?: number } = {
    headDim: 64,
    ropeTheta: 10000,
  };
  const first = rotaryFrequencies(spec);
  assert.is(frequenciesAt(spec, undefined).ladder, frequenciesAt(spec, undefined).ladder);
  spec.ropeTheta = 500000;
  assert.is.not(rotaryFrequencies(spec).ladder.hi[1], first.ladder.hi[1]);
  spec.precision = 'torch';
  assert.is(rotaryFrequencies(spec).precision, 'torch');
  spec.rotaryDim = 32;
  assert.is(rotaryFrequencies(spec).pairs, 16);
  spec.ropeTheta = -1;
  assert.throws(() => rotaryFrequencies(spec), /ropeTheta/);
});

test('a list written into between calls is read again', () => {
  const invFreq = [1, 0.5];
  const spec = { headDim: 4, invFreq };
  assert.is(rotaryFrequencies(spec).ladder.hi[1], 0.5);
  invFreq[1] = 0.25;
  assert.is(rotaryFrequencies(spec).ladder.hi[1], 0.25);
});

test('one specification at two lengths keeps its length-dependent frequencies apart', () => {
  const spec = { headDim: 64, ropeType: 'dynamic', factor: 4, maxPositionEmbeddings: 2048 } as const;
  const short = rotaryFrequencies(spec, { context: 1024 }).ladder.hi[5];
  assert.is.not(rotaryFrequencies(spec, { context: 16384 }).ladder.hi[5], short);
  assert.is(rotaryFrequencies(spec, { context: 1024 }).ladder.hi[5], short);
});

test('the options are checked', () => {
  const spec = { headDim: 64 };
  rotaryFrequencies(spec);
  assert.throws(
    () => rotaryFrequencies(spec, null as never),
    /rotaryFrequencies: expected one options object, got null/,
  );
  assert.throws(() => rotaryFrequencies(spec, { contxt: 5 } as object), /did you mean 'context'/);
});

test('what a caller writes into the arrays changes no later table', () => {
  for (const precision of ['exact', 'torch', 'ggml'] as const) {
    const spec = { headDim: 16, precision, ropeTheta: 12345 };
    const before = rotaryTable(spec, { length: 9 }).sin.toFloat32Array();
    const { ladder, float32 } = rotaryFrequencies(spec);
    for (const list of [ladder.hi, ladder.lo, float32]) list?.fill(3);
    assert.equal(rotaryTable({ ...spec }, { length: 9 }).sin.toFloat32Array(), before, precision);
    assert.equal(rotaryTable(spec, { length: 9 }).sin.toFloat32Array(), before, precision);
    if (precision !== 'ggml') invFreq(spec).invFreq.fill(3);
    assert.equal(rotaryTable(spec, { length: 9 }).sin.toFloat32Array(), before, precision);
  }
});

test('an amplitude of zero is refused, given or of a rule', () => {
  assert.throws(() => rotaryFrequencies({ headDim: 8, attentionFactor: 0 }), /attentionFactor: 0 makes zeros/);
  const yarn = { headDim: 64, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 64 } as const;
  assert.throws(() => rotaryFrequencies({ ...yarn, attnFactor: 0 }), /attentionFactor: 0 makes zeros/);
  assert.is(rotaryFrequencies({ headDim: 8, attentionFactor: -1 }).attentionFactor, -1);
});

test.run();
