/** extend: what is advised survives its own reading, for every configuration of the vectors and six contexts each. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type EngineLine,
  explain,
  explainForm,
  extend,
  forEngine,
  fromGGUF,
  fromHF,
  rotaryFrequencies,
} from '../../src/index.ts';
import { readGolden } from './golden.ts';

// biome-ignore lint/suspicious/noExplicitAny: configurations are read, not written
type Loose = any;

const CONTEXTS = [512, 4096, 32768, 131072, 1_000_000, 2 ** 24];
const config = (name: string): Loose =>
  JSON.parse(readFileSync(new URL(`../../examples/configs/${name}.json`, import.meta.url), 'utf8'));

/** Paths of every key. */
function paths(value: Loose, path = ''): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.keys(value).flatMap((key) => [`${path}.${key}`, ...paths(value[key], `${path}.${key}`)]);
}

/** A file with the keys of a printed block in their places, as a person or an engine puts them there: whole values, in sections. */
function applied(given: Loose, block: Loose): Loose {
  const file = { ...given };
  for (const [key, value] of Object.entries(block)) {
    const nested = /_config$|^(llm|thinker)/.test(key) && typeof given[key] === 'object';
    file[key] = nested ? applied(given[key], value) : value;
  }
  return file;
}

/** Keys of a file that a loader complains of because another one says something else. */
const contradictions = (given: Loose): string[] =>
  fromHF(given, { strict: false }).warnings.flatMap(({ code, key }) => (code === 'contradiction' ? [key] : []));

/** Pairs that turn faster in `after`, at lengths up to the context and beyond. */
function faster(before: Loose, after: Loose, context: number): string[] {
  return [1, context / 64, context / 4, context, 4 * context].flatMap((length) => {
    const [old, now] = [before, after].map((given) => fromHF(given, { context: Math.ceil(length) }));
    return Object.entries(old.layerTypes ?? {}).flatMap(([label, layer]) => {
      const [a, b] = [layer, now.layerTypes?.[label]].map(
        (table) =>
          rotaryFrequencies({ ...table?.spec, precision: 'exact' } as Loose, { context: Math.ceil(length) }).ladder.hi,
      );
      const pair = b.findIndex((f, i) => f > a[i] * (1 + 1e-12));
      return pair < 0 ? [] : [`${label}: pair ${pair} at ${length}`];
    });
  });
}

test('every configuration of the vectors, six contexts each', () => {
  const seen = { covered: 0, rescaled: 0, unsupported: 0 };
  for (const [name, record] of readGolden<Loose>('configs')) {
    const given = record.config;
    const text = JSON.stringify(given);
    for (const context of CONTEXTS) {
      const about = `${name} ${context}`;
      const result = extend(given, { context });
      seen[result.outcome]++;
      assert.is(JSON.stringify(given), text, `${about}: the given object is not changed`);
      assert.ok(result.reason.length > 10, about);
      const { supportedLength = Number.POSITIVE_INFINITY, trainedLength = 1 } = result;
      assert.ok(trainedLength >= 1, about);
      if (result.outcome === 'covered') assert.ok(context <= supportedLength * (1 + 1e-12), about);
      if (result.outcome !== 'rescaled') {
        assert.is(result.config, undefined, about);
        assert.is(result.changes, undefined, about);
        continue;
      }
      const { config: now, changes } = result;
      const kept = new Set(paths(now));
      assert.equal(
        paths(given).filter((path) => !kept.has(path)),
        [],
        `${about}: no key is lost`,
      );
      assert.ok(Object.keys(changes ?? {}).length > 0, about);
      assert.equal(faster(given, now, context), [], `${about}: no pair turns faster`);
      assert.equal(contradictions(now), contradictions(given), `${about}: what is printed is taken without complaint`);
      const again = extend(now as object, { context });
      assert.is(again.outcome, 'covered', `${about}: ${again.reason}`);
      assert.is(again.trainedLength, result.trainedLength, about);
      const printed = JSON.parse(result.forEngines.transformers?.line ?? '');
      assert.equal(applied(given, printed), now, `${about}: the printed block makes the same file`);
      for (const [engine, { line }] of Object.entries(result.forEngines)) {
        assert.ok(line.length > 0, `${about} ${engine}`);
        // SGLang sets what it is given as a whole: a section would lose everything else
        if (engine === 'sglang') assert.not.match(line, /"(text|llm|thinker)\w*":\{/, `${about} ${line}`);
        for (const [, json] of line.matchAll(/'(\{.*\})'/g)) JSON.parse(json);
      }
    }
  }
  assert.ok(seen.covered > 100 && seen.rescaled > 100 && seen.unsupported > 50, JSON.stringify(seen));
});

test('an amplitude of the file that stays is said; one that the class forces is none of the file', () => {
  const scaling = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 4096 };
  const plain = { model_type: 'llama', hidden_size: 256, num_attention_heads: 4, max_position_embeddings: 4096 };
  const given = { ...plain, rope_scaling: { ...scaling, attention_factor: 1.25 } };
  const { notes, forEngines, config: now } = extend(given, { context: 32768 });
  assert.match(notes?.join() ?? '', /^the amplitude stays 1\.25.*would follow the factor, 1\.20794$/);
  assert.is(fromHF(now as object).layerTypes?.default.attentionFactor, 1.25);
  const { attention_factor: _, ...without } = (now as Loose).rope_scaling;
  const followed = fromHF({ ...now, rope_scaling: without }).layerTypes?.default.attentionFactor as number;
  assert.ok(Math.abs(followed - 1.20794) < 1e-5);
  for (const engine of ['vllm', 'sglang', 'transformers', 'onnx'] as const)
    assert.ok(
      forEngines[engine]?.notes.some((note) => /amplitude stays/.test(note)),
      engine,
    );
  // llama.cpp has an amplitude of its own
  assert.ok(forEngines['llama.cpp']?.notes.some((note) => /must hold rope\.scaling\.attn_factor 1\.03482/.test(note)));
  assert.ok(explain(given, { context: 32768 }).warnings.some(({ message }) => /amplitude stays 1\.25/.test(message)));
  assert.is(explain(given, { context: 16384 }).warnings.length, 0);
  assert.is(extend({ ...plain, rope_scaling: scaling }, { context: 32768 }).notes, undefined);
  for (const [name, record] of readGolden<Loose>('configs')) {
    const form = fromHF(record.config);
    if (!form.assumed.some(({ key }) => key.endsWith('.attention_factor'))) continue;
    assert.is(extend(record.config, { context: 1 << 24 }).notes, undefined, name);
  }
});

test('max_position_embeddings grows with the factor where it is factor times original, and stays where it is not', () => {
  const { changes } = extend(config('deepseek-v3'), { context: 262144 });
  assert.is(changes?.max_position_embeddings, 262144);
  assert.is(extend(config('gpt-oss-20b'), { context: 262144 }).changes?.max_position_embeddings, 262144);
  assert.equal(Object.keys(extend(config('qwen2.5-7b-yarn'), { context: 262144 }).changes ?? {}), ['rope_scaling']);
});

test('llama.cpp has no rule that grows with the sequence: what takes its place is said', () => {
  const dynamic = config('internlm2.5-7b');
  const line = (given: object, context: number) => forEngine(fromHF(given), 'llama.cpp', { context });
  const flags = '--rope-scaling yarn --rope-scale 2 --yarn-orig-ctx 32768';
  for (const { line: text, notes } of [
    line(dynamic, 65536),
    extend(dynamic, { context: 65536 }).forEngines['llama.cpp'] as EngineLine,
  ]) {
    assert.is(text, `llama-server -m MODEL.gguf -c 65536 ${flags}`);
    assert.ok(notes.some((note) => /no flags for rope type 'dynamic': these put YaRN in its place/.test(note)));
    assert.ok(notes.some((note) => /YaRN is static/.test(note)));
  }
  const far = line(dynamic, 262144);
  assert.match(far.line, /--rope-scale 8 --yarn-orig-ctx 32768$/);
  const near = line(dynamic, 32768);
  assert.is(near.line, 'llama-server -m MODEL.gguf -c 32768');
  assert.not.ok(near.notes.some((note) => /YaRN/.test(note)));
  // divisors that converters write are in the file
  assert.is(line(config('phi-3.5-mini'), 131072).line, 'llama-server -m MODEL.gguf -c 131072');
});

test('the onnx block is for the table that is asked for; a table that is not there is refused', () => {
  const form = fromHF(config('gemma-3-27b'));
  const of = (layerType?: string) => forEngine(form, 'onnx', { context: 4096, layerType }).line;
  assert.match(of(), /--layer-type full_attention /);
  assert.match(of('sliding_attention'), /--layer-type sliding_attention /);
  assert.match(
    extend(config('gemma-3-27b'), { context: 4096, layerType: 'sliding_attention' }).forEngines.onnx?.line ?? '',
    /--layer-type sliding_attention /,
  );
  assert.throws(() => of('sliding'), /layerType: no layer type 'sliding'.*full_attention, sliding_attention/);
  const none = () => forEngine(fromHF(config('bloom')), 'vllm', { layerType: 'x' });
  assert.throws(none, /no layer type 'x' in this model; its family is 'alibi'/);
});

test('a longer context asked of a vision tower is refused, whatever its family', () => {
  const seen = new Set<string>();
  for (const [name, record] of readGolden<Loose>('configs')) {
    const { family, axial } = fromHF(record.config);
    if (!axial && family !== 'window') continue;
    seen.add(family);
    const result = extend(record.config, { context: 4096 });
    assert.is(result.outcome, 'unsupported', name);
    assert.match(result.reason, /grid of patches/, name);
    assert.equal([result.config, result.changes, result.forEngines], [undefined, undefined, {}], name);
  }
  assert.equal([...seen].sort(), ['rotary', 'window']);
});

test('the block is written in the spelling of the file', () => {
  const plain = { model_type: 'llama', hidden_size: 256, num_attention_heads: 4, max_position_embeddings: 4096 };
  const of = (more: object) => extend({ ...plain, ...more }, { context: 16384 }).changes;
  const yarn = { factor: 4, original_max_position_embeddings: 4096 };
  assert.equal(of({}), { rope_scaling: { rope_type: 'yarn', ...yarn } });
  assert.equal(of({ rope_scaling: null }), { rope_scaling: { rope_type: 'yarn', ...yarn } });
  assert.equal(of({ rope_scaling: { type: 'default' } }), { rope_scaling: { type: 'yarn', ...yarn } });
  assert.equal(of({ rope_parameters: { rope_type: 'default', rope_theta: 5e5 } }), {
    rope_parameters: { rope_type: 'yarn', rope_theta: 5e5, ...yarn },
  });
  const [a, b] = [
    { rope_type: 'linear', factor: 2 },
    { type: 'linear', factor: 2 },
  ];
  assert.equal(of({ rope_scaling: a }), { rope_scaling: { rope_type: 'linear', factor: 4 } });
  assert.equal(of({ rope_scaling: b }), { rope_scaling: { type: 'linear', factor: 4 } });
  const full = { rope_type: 'linear', factor: 8, rope_theta: 1e6 };
  const gemma = { ...config('gemma-3-27b').text_config, rope_scaling: undefined, rope_theta: undefined };
  const labelled = { full_attention: full, sliding_attention: { rope_type: 'default', rope_theta: 1e4 } };
  const v5 = extend({ ...gemma, rope_local_base_freq: undefined, rope_parameters: labelled }, { context: 262144 });
  // engines replace the block as a whole: the tables that stay are in it
  assert.equal(v5.changes, {
    rope_parameters: { ...labelled, full_attention: { ...full, factor: 16 } },
    max_position_embeddings: 262144,
  });
});

test('other families say what ends and what does not', () => {
  const of = (name: string, context: number) => {
    const { outcome, supportedLength } = extend(config(name), { context });
    return [outcome, supportedLength];
  };
  assert.equal(of('gpt2', 1024), ['covered', 1024]);
  assert.equal(of('gpt2', 1025), ['unsupported', 1024]);
  assert.equal(of('bloom', 100000), ['covered', undefined]);
  assert.equal(of('t5-base', 100000), ['covered', undefined]);
  assert.throws(() => extend(config('gpt2'), { context: 0 }), /context/);
  assert.throws(() => extend(config('gpt2'), {} as never), /context/);
});

test('a GGUF file gets flags, with the factor of what is asked', () => {
  const header = {
    'general.architecture': 'qwen2',
    'qwen2.context_length': 32768,
    'qwen2.embedding_length': 3584,
    'qwen2.attention.head_count': 28,
    'qwen2.rope.freq_base': 1e6,
  };
  const lines = (metadata: object, context: number): string => {
    return forEngine(fromGGUF(metadata, {}), 'llama.cpp', { context }).line;
  };
  assert.is(lines(header, 32768), 'llama-server -m MODEL.gguf -c 32768');
  assert.is(
    lines(header, 131072),
    'llama-server -m MODEL.gguf -c 131072 --rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 32768',
  );
  const scaled = {
    ...header,
    'qwen2.rope.scaling.type': 'yarn',
    'qwen2.rope.scaling.factor': 4,
    'qwen2.rope.scaling.original_context_length': 32768,
  };
  assert.is(
    lines(scaled, 262144),
    'llama-server -m MODEL.gguf -c 262144 --rope-scaling yarn --rope-scale 8 --yarn-orig-ctx 32768',
  );
});

test('engines that read config.json are not given lines of a GGUF file that lack the scaling', () => {
  const header = {
    'general.architecture': 'llama',
    'llama.context_length': 32768,
    'llama.embedding_length': 4096,
    'llama.attention.head_count': 32,
    'llama.rope.freq_base': 1e6,
  };
  const form = fromGGUF(header, {});
  for (const engine of ['vllm', 'sglang', 'transformers', 'onnx'] as const) {
    const { line, notes } = forEngine(form, engine, { context: 131072 });
    assert.match(line, /32.?768/, engine);
    assert.not.match(line, /131/);
    assert.ok(notes.some((note) => note.endsWith(`posenc explain config.json --context 131072 --for ${engine}`)));
    const served = forEngine(form, engine, { context: 32768 });
    assert.not.ok(served.notes.some((note) => /another scaling/.test(note)));
  }
  const { notes } = forEngine(form, 'llama.cpp', { context: 131072 });
  assert.ok(notes.some((note) => /its pairs are interleaved, .* the hub's weights pair half/.test(note)));
  const fixes = explainForm(form, { context: 131072 }).warnings.map(({ fix }) => fix);
  assert.ok(fixes.includes('llama.cpp: --rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 32768'));
});

test('a class with a constant base reads no scaling: none is computed, and none is advised', () => {
  const esm = { model_type: 'esm', hidden_size: 64, num_attention_heads: 2, position_embedding_type: 'rotary' };
  const scaled = fromHF({ ...esm, rope_scaling: { type: 'linear', factor: 2 } });
  assert.equal(scaled.layerTypes?.default.spec, fromHF(esm).layerTypes?.default.spec);
  assert.ok(scaled.warnings.some(({ code, key }) => code === 'no-effect' && key === 'rope_scaling'));
  const gptj = { model_type: 'gptj', n_embd: 64, n_head: 2, n_layer: 1, rotary_dim: 16, n_positions: 2048 };
  const { outcome, reason, changes } = extend(gptj, { context: 8192 });
  assert.equal([outcome, changes], ['unsupported', undefined]);
  assert.match(reason, /a constant of the code, which reads no rope block/);
  assert.is(extend(gptj, { context: 2048 }).outcome, 'covered');
});

test('towers by a grid and layers without rotation are told apart from what a node of ONNX does', () => {
  const dinov3 = fromHF({ model_type: 'dinov3_vit', hidden_size: 384, num_attention_heads: 6, image_size: 224 });
  const { line, notes } = forEngine(dinov3, 'onnx');
  assert.match(line, /no cache by position: the tower turns by the axes of a grid/);
  assert.ok(notes.some((note) => note.includes('axialTable(form.axial.spec')));
  const fixes = explainForm(dinov3, { context: 1000 }).warnings.map(({ fix }) => fix);
  assert.equal(fixes, ['leave context out: tables follow the grid of the image']);
  const nope = { model_type: 'smollm3', num_hidden_layers: 4, no_rope_layers: [1, 1, 1, 0], hidden_size: 64 };
  const form = fromHF({ ...nope, num_attention_heads: 2, num_key_value_heads: 2, max_position_embeddings: 64 });
  assert.ok(forEngine(form, 'onnx').notes.includes('layers without rotation, which take no node: 3'));
});

test.run();
