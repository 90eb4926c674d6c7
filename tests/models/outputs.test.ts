/** fromGGUF, toLlamaCpp, toOnnxCaches: the same rotation in three vocabularies. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromGGUF } from '../../src/models/gguf.ts';
import { fromHF } from '../../src/models/hf.ts';
import { toLlamaCpp } from '../../src/models/llamaCpp.ts';
import { toOnnxCaches } from '../../src/models/onnx.ts';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import { ggmlAngles, ggmlFrequencies } from '../../src/rotary/ggml.ts';
import { rotaryTable } from '../../src/rotary/table.ts';
import { scope } from '../../src/runtime/tensor.ts';
import { readGolden } from './golden.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const golden = new Map(readGolden<any>('configs').map(([name, { config }]) => [name.replace('.json', ''), config]));
const form = (name: string) => fromHF(golden.get(name));

/** Angles of ggml_rope_ext with these arguments against the real-valued ones of the specification. */
function worstAngle(name: string, position: number, choice = {}): number {
  const of = form(name);
  const words = toLlamaCpp(of, { context: position + 1, ...choice });
  const rope = words.own ?? words.rope;
  const layer = Object.values(of.layerTypes ?? {})[0];
  const { ladder } = rotaryFrequencies({ ...layer.spec, precision: 'exact' }, { context: position + 1 });
  const angles = ggmlAngles(position, ggmlFrequencies(rope), new Float32Array(rope.nDims / 2));
  return angles.reduce((worst, angle, i) => Math.max(worst, Math.abs(angle - position * ladder.hi[i])), 0);
}

for (const name of [
  'llama-2-7b-chat',
  'llama-3.1-8b',
  'longchat-7b-v1.5-32k',
  'qwen2.5-7b-yarn',
  'gpt-oss-20b',
  'phi-3.5-mini',
  'internlm2.5-7b',
  'deepseek-v3',
  'qwen3.5-27b',
]) {
  test(`toLlamaCpp: ${name} turns by the same angles`, () => {
    // ggml iterates float32: 5.2e-4 rad at 4095 for base 1e4 is the published figure.
    assert.ok(worstAngle(name, 4095) < 1.5e-3, String(worstAngle(name, 4095)));
    assert.ok(worstAngle(name, 100) < 2e-5, String(worstAngle(name, 100)));
  });
}

test('toLlamaCpp: amplitude of YaRN, which the kernel multiplies in again', () => {
  for (const name of ['qwen2.5-7b-yarn', 'deepseek-v3', 'devstral-2-123b']) {
    const of = form(name);
    const { rope, flags } = toLlamaCpp(of);
    const { mscale } = ggmlFrequencies(rope);
    assert.ok(Math.abs(mscale - (of.layerTypes?.default.attentionFactor ?? 0)) < 1e-6, name);
    assert.ok(flags.includes('--yarn-orig-ctx'));
  }
});

test('toLlamaCpp: pairing, sections and what to say', () => {
  assert.is(toLlamaCpp(form('llama-3.1-8b')).rope.mode, 2);
  assert.ok(toLlamaCpp(form('llama-3.1-8b')).notes.some((note) => note.includes('permuted')));
  assert.is(toLlamaCpp(form('gpt-j-6b')).rope.mode, 0);
  assert.equal(toLlamaCpp(form('qwen2-vl-7b')).rope.sections, [16, 24, 24, 0]);
  assert.is(toLlamaCpp(form('qwen3-vl-32b')).rope.mode, 40);
  const rounded = toLlamaCpp(form('gpt-oss-20b'));
  assert.is(rounded.rope.extFactor, 1, 'llama.cpp runs its own ramp');
  assert.ok(rounded.own?.freqFactors, 'an untruncated ramp has no argument');
  assert.match(rounded.notes.join(), /truncate is false.* pair \d+ turns [\d.]+ % otherwise/);
  assert.equal(rounded.flagsWithoutEffect, ['--yarn-attn-factor']);
  assert.throws(() => toLlamaCpp(form('bloom-176b')), /alibi/);
  assert.throws(() => toLlamaCpp(form('medgemma-27b')), /layerType: 'full_attention' or 'sliding_attention'/);
});

test('fromGGUF: a Llama 3.1 file with its divisors has the frequencies of the config', () => {
  const of = form('llama-3.1-8b');
  const ropeFreqs = Float32Array.from(toLlamaCpp(of).rope.freqFactors ?? []);
  const read = fromGGUF(
    {
      'general.architecture': 'llama',
      'llama.block_count': 32,
      'llama.context_length': 131072,
      'llama.embedding_length': 4096,
      'llama.attention.head_count': 32,
      'llama.rope.freq_base': 500000,
      'llama.rope.dimension_count': 128n,
    },
    { tensors: { ropeFreqs } },
  );
  const got = read.layerTypes?.default.invFreq ?? [];
  of.layerTypes?.default.invFreq.forEach((want, i) => {
    assert.ok(Math.abs(got[i] - want) <= 5e-7 * want, `${i}: ${got[i]} ${want}`);
  });
  assert.is(read.rotary.pairing, 'interleaved', 'the converter permutes q and k');
  assert.ok(read.warnings.some(({ message }) => message.includes('permuted')));
  assert.ok(read.consumed.includes('llama.rope.freq_base'));
});

test('fromGGUF: scalings, streams and other families', () => {
  const base = { 'qwen2.embedding_length': 3584, 'qwen2.attention.head_count': 28, 'qwen2.rope.freq_base': 1e6 };
  const yarn = fromGGUF({
    ...base,
    'general.architecture': 'qwen2',
    'qwen2.rope.scaling.type': 'yarn',
    'qwen2.rope.scaling.factor': 4,
    'qwen2.rope.scaling.original_context_length': 32768,
  });
  assert.equal(yarn.layerTypes?.default.invFreq, form('qwen2.5-7b-yarn').layerTypes?.default.invFreq);
  const sections = fromGGUF({
    'general.architecture': 'qwen2vl',
    'qwen2vl.embedding_length': 3584,
    'qwen2vl.attention.head_count': 28,
    'qwen2vl.rope.freq_base': 1e6,
    'qwen2vl.rope.dimension_sections': [16, 24, 24, 0],
  });
  assert.is(sections.layerTypes?.default.mropeStreams, form('qwen2-vl-7b').layerTypes?.default.mropeStreams);
  const bloom = fromGGUF({ 'general.architecture': 'bloom', 'bloom.attention.head_count': 112 });
  assert.is(bloom.family, 'alibi');
  assert.throws(() => bloom.rotary, /alibi/);
});

test('toOnnxCaches: the rows of rotaryTable, with the operator attributes', () => {
  scope(() => {
    const of = form('glm-4-0414-default');
    const { cosCache, sinCache, attributes, operator } = toOnnxCaches(of, { length: 20 });
    const table = rotaryTable(of.rotary, { length: 20 });
    assert.equal(cosCache.shape, [20, 32]);
    assert.equal(Array.from(cosCache.data), Array.from(table.cos.data));
    assert.equal(Array.from(sinCache.data), Array.from(table.sin.data));
    assert.equal(attributes, { interleaved: 1, rotary_embedding_dim: 64 });
    assert.is(operator, 'RotaryEmbedding');
    const multi = toOnnxCaches(form('qwen3-vl-32b'), { length: 4 });
    assert.is(multi.operator, 'MRotaryEmbedding');
    assert.is(multi.attributes.mrope_layout, 1);
    assert.throws(() => toOnnxCaches(form('deepseek-v3'), { length: 4 }), /rotaryOffset/);
    const long = toOnnxCaches(form('phi-3.5-mini'), { length: 8, context: 131072 });
    assert.ok(
      Math.abs(
        Math.acos(long.cosCache.data[48] / 1.19023807) - form('phi-3.5-mini').layerTypes!.default.invFreqLong![0],
      ) < 1e-5,
    );
  });
});

test.run();
