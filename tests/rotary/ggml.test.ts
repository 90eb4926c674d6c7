/** ggml's iterated float32 angles against vectors of the compiled library, and the translation of the other rules. */
import * as assert from 'uvu/assert';
import { type GgmlParameters, ggmlAngles, ggmlFrequencies } from '../../src/rotary/ggml.ts';
import { mropeStreams } from '../../src/rotary/sections.ts';
import type { LooseSpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { close, type Golden, golden } from './golden.ts';
import { frequenciesOf } from './specs.ts';

const MODES: Record<string, { interleaved: boolean; layout?: 'chunked' | 'interleaved' }> = {
  NORMAL: { interleaved: true },
  NEOX: { interleaved: false },
  MROPE: { interleaved: false, layout: 'chunked' },
  IMROPE: { interleaved: false, layout: 'interleaved' },
};

function parametersOf({ params, inputs }: Golden): GgmlParameters {
  return {
    nDims: params.n_dims,
    freqBase: params.freq_base,
    freqScale: params.freq_scale,
    extFactor: params.ext_factor,
    attnFactor: params.attn_factor,
    ...(params.ext_factor !== 0 && {
      betaFast: params.beta_fast,
      betaSlow: params.beta_slow,
      nCtxOrig: params.n_ctx_orig,
    }),
    freqFactors: inputs.freq_factors?.data,
  };
}

let compared = 0;
for (const record of golden('ggml_rope')) {
  const { params, inputs, outputs, tolerance } = record;
  const mode = MODES[params.mode];
  if (record.op !== 'ggml_rope' || !mode) continue;
  compared++;
  test(`ggml: ${record.name}`, () => {
    const frequencies = ggmlFrequencies(parametersOf(record));
    const { pairs, mscale } = frequencies;
    const [tokens, heads, width] = inputs.x.shape;
    const streams = mode.layout ? mropeStreams(params.sections, mode.layout, pairs) : new Uint8Array(pairs);
    const got = Float32Array.from(inputs.x.data);
    for (let t = 0; t < tokens; t++) {
      const angles = Array.from({ length: mode.layout ? 4 : 1 }, (_, s) =>
        ggmlAngles(inputs.positions.data[s * tokens + t], frequencies, new Float32Array(pairs)),
      );
      for (let h = 0; h < heads; h++) {
        const row = (t * heads + h) * width + (params.n_offs ?? 0);
        for (let i = 0; i < pairs; i++) {
          const angle = angles[streams[i]][i];
          const [a, b] = mode.interleaved ? [row + 2 * i, row + 2 * i + 1] : [row + i, row + i + pairs];
          const [x, y] = [got[a], got[b]];
          const cos = Math.cos(angle) * mscale;
          const sin = Math.sin(angle) * mscale * (params.back ? -1 : 1);
          got[a] = x * cos - y * sin;
          got[b] = x * sin + y * cos;
        }
      }
    }
    close(got, outputs.y.data, tolerance.abs, tolerance.rel, 'y');
  });
}
test('ggml: most records were compared', () => assert.ok(compared >= 15, String(compared)));

/** Angles of one position by ggml and by the exact ladder of the same specification. */
const SPECS: [string, LooseSpec, number?][] = [
  ['default', {}],
  ['linear', { ropeType: 'linear', factor: 3 }],
  ['dynamic', { ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 64 }, 200],
  ['ntk', { ropeType: 'ntk', alpha: 8 }],
  ['ntk fixed', { ropeType: 'ntk', factor: 4 }],
  ['ntk mixed', { ropeType: 'ntk', factor: 4, mixedB: 0.625 }],
  ['ntk-by-parts', { ropeType: 'ntk-by-parts', factor: 4, originalMaxPositionEmbeddings: 256 }],
  ['yarn', { ropeType: 'yarn', factor: 8, originalMaxPositionEmbeddings: 256 }],
  ['yarn untruncated', { ropeType: 'yarn', factor: 8, originalMaxPositionEmbeddings: 256, truncate: false }],
  ['dynamic-yarn', { ropeType: 'dynamic-yarn', maxPositionEmbeddings: 64 }, 160],
  [
    'llama3',
    { ropeType: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 256 },
  ],
  [
    'longrope',
    {
      ropeType: 'longrope',
      factor: 4,
      originalMaxPositionEmbeddings: 64,
      shortFactor: new Array(16).fill(1),
      longFactor: Array.from({ length: 16 }, (_, i) => 1 + i / 3),
    },
    65,
  ],
  ['proportional', { ropeType: 'proportional', partialRotaryFactor: 0.5, factor: 2 }],
  ['given', { invFreq: Array.from({ length: 16 }, (_, i) => (i === 3 ? 0 : 1 / (i + 1))) }],
];
for (const [name, options, length] of SPECS) {
  test(`ggml expresses ${name}`, () => {
    const spec = { headDim: 32, precision: 'ggml', ...options } as const;
    const { ggml, ladder, attentionFactor } = frequenciesOf(spec, { context: length });
    const angles = ggmlAngles(100, ggml!, new Float32Array(16));
    for (let i = 0; i < 16; i++) {
      const want = 100 * ladder.hi[i];
      assert.ok(Math.abs(angles[i] - want) <= 4e-6 * want + 1e-27, `pair ${i}: got ${angles[i]}, want ${want}`);
    }
    assert.is(ggml!.mscale, Math.fround(attentionFactor));
  });
}

test('rejects', () => {
  const bad: [GgmlParameters, RegExp][] = [
    [{ nDims: 5 }, /^nDims/],
    [{ nDims: 8, freqBase: 0 }, /^freqBase/],
    [{ nDims: 8, freqFactors: [1, 1, 1] }, /^freqFactors/],
    [{ nDims: 8, freqFactors: [1, 1, 0, 1] }, /^freqFactors\[2\]/],
    [{ nDims: 8, extFactor: 1 }, /^nCtxOrig/],
    [{ nDims: 8, extFactor: 1, nCtxOrig: 64, freqBase: 1 }, /^freqBase/],
    [{ nDims: 8, freqScale: 0 }, /^freqScale/],
  ];
  for (const [parameters, message] of bad) assert.throws(() => ggmlFrequencies(parameters), message);
});

test.run();
