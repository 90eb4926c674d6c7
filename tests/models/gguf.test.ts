/** fromGGUF: every golden header, models that have both kinds of files, and what is said, refused or read as another. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromGGUF } from '../../src/models/gguf.ts';
import { fromHF } from '../../src/models/hf.ts';
import type { NormalForm, RotaryLayer } from '../../src/models/normalForm.ts';
import { ggufRecords } from '../../src/models/records/gguf/index.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { adapters } from '../golden-runner/adapters/index.ts';
import { loadApi } from '../golden-runner/api.ts';
import { loadFile } from '../golden-runner/load.ts';
import { runRecord } from '../golden-runner/run.ts';
import { readGolden } from './golden.ts';

const folder = fileURLToPath(new URL('../golden/gguf', import.meta.url));
const api = await loadApi();
// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
type Case = any;
const cases = new Map<string, Case>();

for (const file of readdirSync(folder)) {
  const path = `${folder}/${file}`;
  for (const item of JSON.parse(readFileSync(path, 'utf8')).cases) cases.set(item.name, item);
  test(`golden: ${file}`, () => {
    const records = loadFile(path);
    assert.ok(records.length > 0);
    for (const record of records) {
      const { status, messages = [] } = runRecord(record, api, adapters);
      assert.is(status, 'passed', `${record.name}: ${messages.join('; ')}`);
    }
  });
}

const configs = new Map(readGolden('configs'));
const header = (arch: string, fields: Record<string, unknown>): Record<string, unknown> => ({
  'general.architecture': arch,
  ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [`${arch}.${key}`, value])),
});
const LLAMA = { block_count: 32, embedding_length: 4096, 'attention.head_count': 32 };

/** A golden config and the golden header of the same model. */
const PAIRS: readonly (readonly [config: string, gguf: string])[] = [
  ['llama-2-7b-chat', 'llama-2-7b'],
  ['llama-3.1-8b', 'llama-3.1-8b'],
  ['yarn-llama-2-7b-64k', 'llama-yarn-64k'],
  ['llama-4-scout', 'llama4-scout'],
  ['qwen2.5-7b-yarn', 'qwen2.5-7b-yarn'],
  ['qwen2-vl-7b', 'qwen2-vl-7b'],
  ['qwen3-next-80b-a3b', 'qwen3-next-80b'],
  ['qwen3.5-27b', 'qwen3.5-27b'],
  ['glm-4.1v-9b', 'glm-4.1v-9b'],
  ['glm-4-0414-default', 'glm-4-9b-0414'],
  ['smollm3-3b', 'smollm3-3b'],
  ['deepseek-v3', 'deepseek-v3'],
  ['deepseek-v3', 'deepseek-v3-old-file'],
  ['gpt-oss-20b', 'gpt-oss-20b'],
  ['bloom-176b', 'bloom-176b'],
  ['mpt-7b', 'mpt-7b'],
  ['gpt2', 'gpt2-124m'],
  ['bert-minilm-l6', 'report-bert-is-learned'],
  ['nemotron-3-nano-30b-a3b', 'nemotron-nano-9b-v2'],
];

/** What a layer computes, without the order of its channels, which converters may change. */
function facts({
  invFreq,
  attentionFactor,
  rotaryDim,
  headDim,
  rotaryOffset,
  mropeSection,
  softmaxScale,
}: RotaryLayer) {
  return { invFreq, attentionFactor, rotaryDim, headDim, rotaryOffset, mropeSection, softmaxScale };
}

function byLayer({ layers, layerTypes = {} }: NormalForm): (RotaryLayer | 'nope' | undefined)[] {
  const list = new Array<RotaryLayer | 'nope' | undefined>(layers?.count ?? 0).fill(undefined);
  for (const [label, indices] of Object.entries(layers?.rotary ?? {})) {
    for (const layer of indices) list[layer] = layerTypes[label];
  }
  for (const layer of layers?.nope ?? []) list[layer] = 'nope';
  return list;
}

function near(got: unknown, want: unknown, what: string): void {
  if (typeof want === 'number' && typeof got === 'number') {
    assert.ok(Math.abs(got - want) <= 2e-6 * Math.abs(want), `${what}: ${got}, ${want} by the config`);
  } else if (Array.isArray(want)) {
    assert.is((got as unknown[] | undefined)?.length, want.length, what);
    want.forEach((value, i) => {
      near((got as unknown[])[i], value, `${what}[${i}]`);
    });
  } else assert.equal(got, want, what);
}

for (const [config, name] of PAIRS) {
  test(`${config}: config.json and GGUF give the same numbers`, () => {
    const item = cases.get(name);
    const hub = fromHF((configs.get(`${config}.json`) as Case).config);
    const { 'position_embd.weight': _, ...tensors } = item.params.tensors ?? {};
    const file = fromGGUF(item.params.metadata, { tensors });
    assert.is(file.family, hub.family);
    if (hub.family === 'learned' || hub.family === 'alibi') {
      for (const key of ['heads', 'alibiBiasMax', 'maxPositions', 'dim', 'rowOffset']) {
        if (hub.parameters?.[key] !== undefined) assert.is(file.parameters?.[key], hub.parameters[key], key);
      }
    }
    if (hub.family !== 'rotary') return;
    const [want, got] = [byLayer(hub), byLayer(file)];
    assert.is(got.length, want.length);
    want.forEach((layer, i) => {
      const other = got[i];
      if (layer === undefined || typeof layer === 'string') assert.is(other, layer, `layer ${i}`);
      else if (other === undefined || typeof other === 'string') assert.unreachable(`layer ${i}: ${other}`);
      else {
        const { invFreq, ...rest } = facts(layer);
        const { invFreq: theirs, ...mine } = facts(other);
        for (const [key, value] of Object.entries(rest))
          near(mine[key as keyof typeof mine], value, `layer ${i}.${key}`);
        // llama.cpp rounds the ramp of YaRN to whole pairs, gpt-oss itself does not
        if (layer.spec.truncate !== false) near(theirs, invFreq, `layer ${i}.invFreq`);
      }
    });
    near(file.queryScale?.parameters, hub.queryScale?.parameters, 'queryScale');
  });
}

test('every architecture: read with as little as it needs, or refused by a sentence', () => {
  const refused: string[] = [];
  for (const { arch } of ggufRecords()) {
    const fields = {
      ...LLAMA,
      context_length: 8192,
      'attention.head_count_kv': 8,
      'attention.key_length': 128,
      'attention.relative_buckets_count': 32,
      'attention.sliding_window_pattern': new Array(32).fill(true),
      'attention.compress_ratios': new Array(32).fill(4),
      'attention.compress_rope_freq_base': 160000,
      'rope.dimension_count': 128,
      'rope.freq_base_swa': 10000,
      'rope.dimension_sections': [16, 24, 24, 0],
    };
    try {
      const form = fromGGUF(header(arch, fields));
      assert.ok(form.family !== 'rotary' || Object.keys(form.layerTypes ?? {}).length > 0, arch);
      assert.equal(JSON.parse(JSON.stringify(form)), { ...form }, `${arch}: plain data`);
    } catch (error) {
      assert.ok(error instanceof PosencError && error.code === 'ERR_CONFIG', `${arch}: ${error}`);
      refused.push(arch);
    }
  }
  assert.equal(refused, ['clip', 'gptj']);
});

test('architectures newer than the golden headers', () => {
  const fields = { ...LLAMA, block_count: 8, context_length: 8192, 'attention.key_length': 128 };
  const minimax = fromGGUF(header('minimax-01', { ...fields, 'rope.dimension_count': 64 }));
  assert.equal(minimax.layers?.rotary, { default: [7] });
  assert.equal([minimax.rotary.pairing, minimax.rotary.rotaryDim, minimax.rotary.headDim], ['half', 64, 128]);
  const muse = fromGGUF(header('muse-glimmer', { ...fields, 'attention.sliding_window_pattern': 4 }));
  assert.equal(muse.layers?.nope, [3, 7]);
  assert.is(muse.rotary.pairing, 'interleaved');
  const kimi = { 'attention.key_length_mla': 192, 'attention.head_count_kv': [0, 0, 0, 1, 0, 0, 0, 1] };
  const { family, layers } = fromGGUF(header('kimi-k3', { ...fields, ...kimi }));
  assert.equal([family, layers?.nope], ['none', [3, 7]]);
  const pattern = [true, true, true, false, true, true, true, false];
  const local = { 'attention.sliding_window_pattern': pattern, 'rope.freq_base': 5e6, 'rope.freq_base_swa': 1e4 };
  const maple = fromGGUF(header('maple', { ...fields, ...local }));
  assert.equal(maple.layers?.nope, [3, 7]);
  assert.equal(
    Object.values(maple.layerTypes ?? {}).map(({ spec }) => spec.ropeTheta),
    [1e4],
  );
  const widths = { 'attention.key_length_mla': 192, 'attention.key_length_mla_swa': 128, 'rope.dimension_count': 64 };
  const dots = fromGGUF(header('dots3note', { ...fields, ...local, ...widths })).layerTypes;
  assert.equal([dots?.full_attention.headDim, dots?.full_attention.rotaryOffset], [192, 128]);
  assert.equal([dots?.sliding_attention.headDim, dots?.sliding_attention.rotaryOffset], [128, 64]);
  near(dots?.sliding_attention.softmaxScale, 1 / Math.sqrt(128), 'softmaxScale');
  const swa = { 'attention.rope_pattern': [1, 1, 1, 0, 1, 1, 1, 0], 'attention.scale': 0.015625 };
  const granite = fromGGUF(header('granite_swa', { ...fields, ...swa }));
  assert.equal([granite.layers?.nope, granite.layerTypes?.default.softmaxScale], [[3, 7], 0.015625]);
});

test('precision is that of the tables', () => {
  const fields = header('llama', { ...LLAMA, 'rope.freq_base': 500000 });
  assert.is(fromGGUF(fields).rotary.precision, 'torch');
  assert.is(fromGGUF(fields, { precision: 'exact' }).rotary.precision, 'exact');
  assert.is(fromGGUF(fields, { precision: 'ggml' }).layerTypes?.default.spec.precision, 'ggml');
});

test('an unknown architecture: advice fits its keys, and followed it is read', () => {
  const fields = { ...LLAMA, 'rope.freq_base': 500000, 'rope.freq_base_swa': 10000, 'attention.sliding_window': 512 };
  const unknown = header('gemma9', fields);
  let message = '';
  try {
    fromGGUF(unknown);
  } catch (error) {
    ({ message } = error as Error);
  }
  const named = [...message.matchAll(/'([\w.-]+)' \(/g)].map(([, name]) => name);
  assert.ok(named.length > 0, message);
  for (const as of named) {
    const form = fromGGUF(unknown, { as });
    assert.is(form.family, 'rotary');
    assert.ok(form.consumed.includes('gemma9.rope.freq_base_swa'), as);
    assert.ok(form.assumed.some(({ value }) => value === as));
  }
  const llama = header('new', { ...LLAMA, 'rope.freq_base': 500000 });
  assert.is(fromGGUF(llama, { as: 'llama' }).rotary.pairing, 'interleaved');
  assert.is(fromGGUF(llama, { as: 'qwen2' }).rotary.pairing, 'half');
});

test('refused', () => {
  const refused = (fields: Record<string, unknown>, about: RegExp, options: object = {}, arch = 'llama'): void => {
    assert.throws(
      () => fromGGUF(header(arch, { ...LLAMA, ...fields }), options),
      (error: unknown) => error instanceof PosencError && error.code.startsWith('ERR_') && about.test(error.message),
      String(about),
    );
  };
  refused({ 'rope.freq_bass': 1 }, /llama\.rope\.freq_bass: not a key/);
  refused({ 'rope.freq_base': 'x' }, /llama\.rope\.freq_base/);
  refused({ 'rope.scaling.type': 'magic' }, /scaling\.type.*magic/);
  refused({ 'attention.head_count': 31 }, /key_length: missing.*4096 \/ 31/);
  refused({ 'rope.dimension_count': 64 }, /turns whole heads, 128/);
  refused({ 'rope.dimension_count': 256 }, /256 channels of a head of 128/, {}, 'gptneox');
  refused({ 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 4 }, /original_context_length/);
  refused({ block_count: 1e9 }, /block_count/);
  refused({ 'attention.head_count': [32] }, /head_count: 1 entries for 32 layers/);
  refused({ 'attention.head_count_kv': [8, 8] }, /head_count_kv: 2 entries for 32 layers/, {}, 'lfm2');
  refused({}, /ropeFreqs: expected 64 numbers/, { tensors: { ropeFreqs: [1] } });
  refused({}, /belong together/, { tensors: { ropeFactorsShort: new Array(64).fill(1) } }, 'phi3');
  refused({}, /did you mean 'qwen2'/, { as: 'Qwen_2' });
  refused({ 'attention.sliding_window_pattern': 6 }, /looks like positions/, { as: 'llama' }, 'new');
  refused({ 'rope.magic': 6 }, /no known architecture reads rope\.magic/, {}, 'new');
  refused({}, /unknown option 'pairing'/, { pairing: 'half' });
  assert.throws(() => fromGGUF(null as unknown as object), /metadata/);
  assert.throws(() => fromGGUF({ 'general.architecture': 7 }), /general\.architecture/);
});

test('said: keys without effect, a pattern that is passed over, tensors that are missing or not read', () => {
  const said = (arch: string, fields: Record<string, unknown>, about: RegExp, options: object = {}): void => {
    const { warnings } = fromGGUF(header(arch, { ...LLAMA, ...fields }), options);
    assert.ok(
      warnings.some(({ message }) => about.test(message)),
      `${about}: ${warnings.map(({ message }) => message).join('; ')}`,
    );
  };
  said('cogvlm', { 'rope.freq_base': 500000 }, /cogvlm\.rope\.freq_base: not read/);
  said('olmo2', { 'rope.freq_base_swa': 10000 }, /freq_base_swa: not read/);
  said('falcon', { 'attention.max_alibi_bias': 8 }, /max_alibi_bias: not read/);
  said('qwen2', { 'rope.scaling.yarn_log_multiplier': 0.1 }, /yarn_log_multiplier: not read/);
  const flags = Array.from({ length: 32 }, (_, i) => i % 6 !== 0);
  const window = { 'attention.sliding_window': 512, 'attention.sliding_window_pattern': flags };
  said('gemma3', window, /a list is not read.*layer 0/);
  said('gemma4', { 'attention.sliding_window_pattern': flags }, /rope_freqs\.weight/);
  said('gemma4', {}, /sliding_window_pattern: missing/);
  said('qwen2', {}, /tensors\.ropeFreqs.*no divisors/, { tensors: { ropeFreqs: new Array(64).fill(1) } });
  said('llama', {}, /ropeFactorsLong.*longrope/, { tensors: { ropeFactorsLong: new Array(64).fill(1) } });
  said('llama', { 'rope.scaling.type': 'none', 'rope.scaling.factor': 4 }, /scaling\.factor: 4, but/);
  // what agrees with what is computed is not said
  const quiet = { 'rope.scaling.yarn_beta_fast': 32, 'rope.scaling.finetuned': true, 'rope.scaling.factor': 1 };
  assert.equal(fromGGUF(header('qwen2', { ...LLAMA, ...quiet })).warnings, []);
  const agreeing = { ...window, 'attention.sliding_window_pattern': flags.map((_, i) => i % 6 !== 5) };
  assert.equal(fromGGUF(header('gemma3', { ...LLAMA, ...agreeing })).warnings, []);
});

test('LongRoPE: the list depends on the context, and on the type where the loader asks for it', () => {
  const [short, long] = [1, 4].map((divisor) => new Array(64).fill(divisor));
  const tensors = { ropeFactorsShort: short, ropeFactorsLong: long };
  const fields = { ...LLAMA, context_length: 131072, 'rope.scaling.original_context_length': 4096 };
  const form = fromGGUF(header('phi3', fields), { tensors });
  assert.is(form.layerTypes?.default.invFreq[0], 1);
  assert.is(form.layerTypes?.default.invFreqLong?.[0], 0.25);
  assert.is(form.layerTypes?.default.lengthDependent?.threshold, 4096);
  assert.throws(() => form.rotary, /context/);
  assert.is(fromGGUF(header('phi3', fields), { tensors, context: 8192 }).rotary.ropeType, 'longrope');
  const llama = { ...fields, 'rope.scaling.type': 'longrope' };
  assert.is(fromGGUF(header('llama', llama), { tensors }).layerTypes?.default.invFreqLong?.[0], 0.25);
  assert.is(fromGGUF(header('llama', fields), { tensors }).layerTypes?.default.invFreqLong, undefined);
  // a factor divides as well
  const both = fromGGUF(header('llama', { ...llama, 'rope.scaling.factor': 2 }), { tensors }).layerTypes?.default;
  assert.equal([both?.invFreq[0], both?.invFreqLong?.[0]], [0.5, 0.125]);
});

test('DeepSeek-V2: the log multiplier cancels in the amplitude and stays in the softmax scale', () => {
  const fields = {
    block_count: 27,
    embedding_length: 2048,
    context_length: 163840,
    'attention.head_count': 16,
    'attention.key_length': 192,
    'rope.dimension_count': 64,
    'rope.scaling.type': 'yarn',
    'rope.scaling.factor': 40,
    'rope.scaling.original_context_length': 4096,
    'rope.scaling.yarn_log_multiplier': 0.0707,
  };
  const v2 = fromGGUF(header('deepseek2', fields)).layerTypes?.default as RotaryLayer;
  assert.is(v2.attentionFactor, 1);
  near(v2.softmaxScale, 0.11472138679292612, 'softmaxScale');
  // the same keys elsewhere: (1 + 0.1 L) / (1 + 0.0707 L), and the numerator squared
  const v32 = fromGGUF(header('deepseek32', fields)).layerTypes?.default as RotaryLayer;
  const log = Math.log(40);
  near(v32.attentionFactor, (1 + 0.1 * log) / (1 + 0.0707 * log), 'attentionFactor');
  near(v32.softmaxScale, (1 + 0.1 * log) ** 2 / Math.sqrt(192), 'softmaxScale');
  // a file holds float32, and the loader divides in float32
  const stored = { ...fields, 'rope.scaling.yarn_log_multiplier': Math.fround(0.1) };
  assert.is(fromGGUF(header('deepseek2', stored)).layerTypes?.default.spec.mscaleAllDim, 1);
});

test('divisors go over every scaling, as ggml applies them', () => {
  const ropeFreqs = Array.from({ length: 64 }, (_, i) => 1 + i / 8);
  const plain = fromGGUF(header('llama', LLAMA)).layerTypes?.default.invFreq as readonly number[];
  const linear = fromGGUF(header('llama', { ...LLAMA, 'rope.scaling.factor': 4 }), { tensors: { ropeFreqs } });
  linear.layerTypes?.default.invFreq.forEach((got, i) => {
    near(got, plain[i] / ropeFreqs[i] / 4, `linear ${i}`);
  });
  const scaling = { 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 4, context_length: 4096 };
  const yarn = fromGGUF(header('llama', { ...LLAMA, ...scaling })).layerTypes?.default as RotaryLayer;
  const both = fromGGUF(header('llama', { ...LLAMA, ...scaling }), { tensors: { ropeFreqs } }).layerTypes?.default;
  both?.invFreq.forEach((got, i) => {
    near(got, yarn.invFreq[i] / ropeFreqs[i], `yarn ${i}`);
  });
  assert.is(both?.attentionFactor, yarn.attentionFactor);
});

test('hostile headers: only a PosencError comes out, soon', () => {
  const names = [...cases.keys()];
  const junk = [
    null,
    Number.NaN,
    -1,
    0,
    0.5,
    1e300,
    2 ** 53,
    '',
    'yarn',
    true,
    [],
    {},
    10n,
    'x'.repeat(5000),
    [1, 'x'],
  ];
  let seed = 7;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  for (let i = 0; i < 1500; i++) {
    const metadata = { ...cases.get(names[random(names.length)]).params.metadata };
    const keys = Object.keys(metadata);
    for (let n = 0; n <= random(3); n++) metadata[keys[random(keys.length)]] = junk[random(junk.length)];
    if (random(8) === 0) metadata['general.architecture'] = names[random(names.length)];
    if (random(20) === 0) Object.defineProperty(metadata, '__proto__', { value: { polluted: 1 }, enumerable: true });
    const started = performance.now();
    try {
      fromGGUF(metadata);
    } catch (error) {
      assert.ok(
        error instanceof PosencError,
        `${String(error)}: ${JSON.stringify(metadata, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)).slice(0, 300)}`,
      );
      assert.ok(error.message.length < 2000);
    }
    assert.ok(performance.now() - started < 2000);
  }
  assert.is(({} as { polluted?: number }).polluted, undefined);
});

test('sections that do not cover the pairs are said, with what ggml does', () => {
  const file = { block_count: 28, embedding_length: 3584, 'attention.head_count': 28 };
  const warnings = (list: number[]) =>
    fromGGUF(header('qwen2vl', { ...file, 'rope.dimension_sections': list })).warnings.map(({ message }) => message);
  assert.equal(warnings([16, 24, 24, 0]), []);
  assert.match(warnings([16, 24, 23, 0]).join(), /63 of 64 pairs have a section: from pair 63 on ggml begins again/);
  assert.match(warnings([16, 24, 24, 5]).join(), /69 pairs have a section and the head has 64/);
});

test('a layer of 0 heads has no attention', () => {
  const heads = { ...LLAMA, block_count: 3, 'attention.head_count': [32, 0, 32], 'attention.head_count_kv': [8, 0, 8] };
  const form = fromGGUF(header('llama', heads));
  assert.equal(form.layers, { count: 3, rotary: { default: [0, 2] }, nope: [] });
  assert.ok(form.warnings.some(({ message }) => /0 heads in 1 layers, the first of them 1/.test(message)));
  // the graph of this one expects them
  const deci = fromGGUF(header('deci', heads));
  assert.equal(deci.layers?.rotary, { default: [0, 2] });
  assert.not.ok(deci.warnings.some(({ message }) => /0 heads/.test(message)));
});

test.run();
