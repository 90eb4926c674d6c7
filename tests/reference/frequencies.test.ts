import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { invFreq as frequencies } from '../../src/reference/index.ts';
import type { LooseSpec, RotarySpec } from '../../src/rotary/spec.ts';
import { closeData, golden, ulps } from './golden.ts';

type Params = ReturnType<typeof golden>[number]['params'];

const NAMES: Record<string, keyof LooseSpec> = {
  head_dim: 'headDim',
  dim: 'headDim',
  rotary_dim: 'rotaryDim',
  rope_theta: 'ropeTheta',
  base: 'ropeTheta',
  rope_type: 'ropeType',
  factor: 'factor',
  scale: 'factor',
  alpha: 'alpha',
  max_position_embeddings: 'maxPositionEmbeddings',
  original_max_position_embeddings: 'originalMaxPositionEmbeddings',
  partial_rotary_factor: 'partialRotaryFactor',
  low_freq_factor: 'lowFreqFactor',
  high_freq_factor: 'highFreqFactor',
  beta_fast: 'betaFast',
  beta_slow: 'betaSlow',
  mscale: 'mscale',
  mscale_all_dim: 'mscaleAllDim',
  truncate: 'truncate',
  attention_factor: 'attentionFactor',
  short_factor: 'shortFactor',
  long_factor: 'longFactor',
  extrapolation_factor: 'extrapolationFactor',
  precision: 'precision',
};

function specOf(params: Params): RotarySpec {
  const entries = Object.entries(params).flatMap(([key, value]) =>
    NAMES[key] && value !== null ? [[NAMES[key], value]] : [],
  );
  const spec = Object.fromEntries(entries);
  return { headDim: spec.rotaryDim, ...spec };
}

const ruleOf: Record<string, RotarySpec['ropeType']> = {
  yarn: 'yarn',
  dynamic_yarn: 'dynamic-yarn',
  ntk_fixed: 'ntk',
  ntk_by_parts: 'ntk-by-parts',
};

for (const record of golden('rotary', 'exact_tables').filter((r) => r.op === 'inv_freq_exact')) {
  test(`golden ${record.name}: the real-valued formula`, () => {
    const { params, outputs } = record;
    const ext = params.ext_factors && { longFactor: params.ext_factors, originalMaxPositionEmbeddings: 1, factor: 2 };
    const { invFreq } = frequencies({ ...specOf(params), ...ext }, { context: params.seq_len ?? 2 });
    closeData(invFreq, outputs.inv_freq_f64.data, record.tolerance, record.name);
    assert.equal(Float32Array.from(invFreq), Float32Array.from(outputs.inv_freq_f32.data));
  });
}

for (const record of golden('rotary', 'torch_inv_freq_f32')) {
  test(`golden ${record.name}: PyTorch's float32, bit for bit where its pow rounds correctly`, () => {
    const { invFreq } = frequencies(specOf(record.params));
    const want = record.outputs.inv_freq.data;
    invFreq.forEach((w, i) => {
      const apart = ulps(w, want[i]);
      assert.ok(apart <= (record.params.not_correctly_rounded.includes(i) ? 2 : 0), `pair ${i}: ${apart} ulp`);
    });
  });
}

const partial = golden('rotary', 'hf_partial_variants').filter((r) => r.params.rope_type === 'default');
for (const record of partial) {
  test(`golden ${record.name}: width and frequencies from the partial factor, odd widths included`, () => {
    const { head_dim: headDim, rope_theta: ropeTheta, partial_rotary_factor: partialRotaryFactor } = record.params;
    const { invFreq } = frequencies({ headDim, ropeTheta, partialRotaryFactor, precision: 'torch' });
    closeData(invFreq, record.inputs.inv_freq_f32.data, { abs: 0, rel: 2.5e-7 }, record.name);
  });
}

const init = golden('rotary', 'hf_rope_init_functions');
for (const record of [...init, ...golden('rotary', 'yarn_repo').filter((r) => ruleOf[r.params.method])]) {
  for (const precision of ['torch', 'exact'] as const) {
    test(`golden ${record.name} (${precision})`, () => {
      const { params, outputs } = record;
      const spec = { ...specOf(params), ...(params.method && { ropeType: ruleOf[params.method] }), precision };
      const context = params.seq_len ?? 1;
      const { invFreq, attentionFactor } = frequencies(spec, { context });
      // The float32 steps of the source cost the exact formula a few ulp; its dynamic base in float32 a few more.
      const rel = Math.max(record.tolerance.rel, precision === 'exact' ? 1.5e-6 : 0);
      closeData(invFreq, outputs.inv_freq.data, { abs: 0, rel }, `${record.name} inv_freq`);
      const amplitude = outputs.attention_factor ?? outputs.mscale;
      const want = amplitude.data[0] / (params.attn_factor ?? 1);
      closeData([attentionFactor], [want], { abs: 0, rel: 1e-12 }, `${record.name} attention_factor`);
    });
  }
}

test('both precisions follow the same rule', () => {
  const specs = fc.record({
    headDim: fc.integer({ min: 2, max: 64 }).map((h) => 2 * h),
    ropeTheta: fc.oneof(fc.integer({ min: 2, max: 100 }), fc.integer({ min: 100, max: 1e7 })),
    ropeType: fc.constantFrom(
      'linear',
      'dynamic',
      'ntk',
      'ntk-by-parts',
      'yarn',
      'dynamic-yarn',
      'llama3',
      'proportional',
    ),
    factor: fc.integer({ min: 1, max: 64 }),
    maxPositionEmbeddings: fc.integer({ min: 5, max: 20 }).map((k) => 2 ** k + 1),
    truncate: fc.boolean(),
    extrapolationFactor: fc.constantFrom(1, 0.5),
    lowFreqFactor: fc.constantFrom(1, 2),
    highFreqFactor: fc.constantFrom(4, 8),
    mixedB: fc.constantFrom(undefined, 0.625),
  }) as fc.Arbitrary<RotarySpec>;
  fc.assert(
    fc.property(specs, fc.integer({ min: 1, max: 1e6 }), (spec, context) => {
      const exact = frequencies(spec, { context });
      const torch = frequencies({ ...spec, precision: 'torch' }, { context });
      // Where a ramp all but ends, float32 leaves an error of the unscaled frequency on a result far below it.
      const plain = frequencies({
        ...spec,
        ropeType: spec.ropeType === 'proportional' ? 'proportional' : 'default',
      } as RotarySpec);
      exact.invFreq.forEach((w, i) => {
        const tolerance = { abs: 4e-7 * plain.invFreq[i], rel: 2e-5 };
        closeData([torch.invFreq[i]], [w], tolerance, `${spec.ropeType} ${i}`);
      });
    }),
    { numRuns: 300 },
  );
});

test('a scaling that changes nothing gives the plain ladder', () => {
  const plain = frequencies({ headDim: 64 }).invFreq;
  const original = { originalMaxPositionEmbeddings: 4096, maxPositionEmbeddings: 4096 };
  const neutral: RotarySpec[] = [
    { headDim: 64, ropeType: 'linear', factor: 1 },
    { headDim: 64, ropeType: 'ntk', alpha: 1 },
    { headDim: 64, ropeType: 'ntk', factor: 1 },
    { headDim: 64, ropeType: 'ntk', factor: 1, mixedB: 0.625 },
    { headDim: 64, ropeType: 'ntk-by-parts', factor: 1, ...original },
    { headDim: 64, ropeType: 'dynamic', factor: 4, ...original },
    { headDim: 64, ropeType: 'yarn', factor: 1, ...original },
    { headDim: 64, ropeType: 'dynamic-yarn', ...original },
    { headDim: 64, ropeType: 'longrope', shortFactor: Array(32).fill(1), longFactor: [], ...original },
    { headDim: 64, ropeType: 'llama3', factor: 1, lowFreqFactor: 1, highFreqFactor: 4, ...original },
    { headDim: 64, ropeType: 'proportional' },
  ];
  for (const spec of neutral) {
    assert.equal(frequencies(spec).invFreq, plain, spec.ropeType);
    assert.is(frequencies(spec).attentionFactor, 1, spec.ropeType);
    closeData(frequencies({ ...spec, precision: 'torch' }).invFreq, plain, { abs: 0, rel: 3e-7 }, `${spec.ropeType}`);
  }
});

test('mixed NTK with factor f divides the last pair by f', () => {
  for (const precision of ['exact', 'torch'] as const) {
    const plain = frequencies({ headDim: 32, precision }).invFreq;
    const mixed = frequencies({ headDim: 32, precision, ropeType: 'ntk', factor: 8, mixedB: 0.625 }).invFreq;
    closeData([mixed[15]], [plain[15] / 8], { abs: 0, rel: 3e-7 }, precision);
  }
});

test('wrong options are refused by name', () => {
  assert.throws(
    () => frequencies({ headDim: 8, rope_theta: 5e5 } as object as RotarySpec),
    /unknown option 'rope_theta'/,
  );
  assert.throws(() => frequencies({ headDim: 8, ropeType: 'linear' } as RotarySpec), /factor/);
  assert.throws(() => frequencies({ headDim: 8, rotaryDim: 5 }), /rotaryDim/);
  assert.throws(() => frequencies({ headDim: 8, invFreq: [1, 2] }), /invFreq: expected 4/);
  assert.throws(() => frequencies({ headDim: 2, ropeType: 'ntk', alpha: 2 }), /d = 2/);
  assert.throws(
    () =>
      frequencies({ headDim: 8, ropeType: 'longrope', maxPositionEmbeddings: 9, shortFactor: [1], longFactor: [1] }),
    /shortFactor/,
  );
});

test.run();
