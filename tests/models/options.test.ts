/** fromHF: choosing one table of a normal form, and what the reader says about the keys it met. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromGGUF } from '../../src/models/gguf.ts';
import { fromHF } from '../../src/models/hf.ts';
import { toLlamaCpp } from '../../src/models/llamaCpp.ts';
import type { NormalForm } from '../../src/models/normalForm.ts';
import { toOnnxCaches } from '../../src/models/onnx.ts';
import { dynamicState } from '../../src/rotary/dynamicState.ts';
import { FORM_FIELDS } from '../../src/rotary/form.ts';
import { invFreq, rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import { shiftKeys } from '../../src/rotary/keys.ts';
import { softmaxScale } from '../../src/rotary/softmaxScale.ts';
import { rotaryTable } from '../../src/rotary/table.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { readGolden } from './golden.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const golden = new Map(readGolden<any>('configs').map(([name, { config }]) => [name.replace('.json', ''), config]));
const llama = {
  model_type: 'llama',
  hidden_size: 2048,
  num_attention_heads: 16,
  num_hidden_layers: 4,
  max_position_embeddings: 32768,
  rope_theta: 500000,
};

function refused(body: () => unknown, about: RegExp, code = 'ERR_CONFIG'): void {
  assert.throws(
    body,
    (error: unknown) => error instanceof PosencError && error.code === code && about.test(error.message),
    String(about),
  );
}

test('rotary is the one specification; otherwise reading it says what to pass', () => {
  assert.is(fromHF(llama).rotary.ropeTheta, 500000);
  refused(() => fromHF(golden.get('bloom-176b')).rotary, /alibi/);
  const gemma = golden.get('medgemma-27b');
  refused(() => fromHF(gemma).rotary, /layerType: 'full_attention' or 'sliding_attention'/);
  assert.is(fromHF(gemma, { layerType: 'sliding_attention' }).rotary.ropeTheta, 10000);
  assert.is(fromHF(gemma, { layerType: 'full_attention' }).rotary.factor, 8);
  refused(() => fromHF(gemma, { layerType: 'global' }), /'global'.*'full_attention'/);
  refused(() => fromHF(golden.get('phi-3.5-mini')).rotary, /context/);
  refused(() => fromHF(golden.get('internlm2.5-7b')).rotary, /context/);
});

test('a context pins length-dependent frequencies', () => {
  const phi = golden.get('phi-3.5-mini');
  const layer = fromHF(phi).layerTypes?.default;
  const at = (context: number) => Array.from(rotaryFrequencies(fromHF(phi, { context }).rotary).float32 ?? []);
  assert.equal(at(4096), layer?.invFreq);
  assert.equal(at(4097), layer?.invFreqLong);
  const pinned = fromHF(phi, { context: 131072 }).rotary;
  assert.equal(pinned, { ...layer?.spec, context: 131072 });
  assert.is(rotaryFrequencies(pinned).attentionFactor, layer?.attentionFactor);
});

test('precision is chosen where the model is read, and nothing stands beside a form', () => {
  const phi = golden.get('phi-3.5-mini') as object;
  const torch = fromHF(phi, { context: 131072 });
  for (const precision of ['exact', 'torch', 'ggml'] as const) {
    const form = fromHF(phi, { context: 131072, precision });
    assert.equal(form.rotary, { ...torch.rotary, precision });
    assert.equal(form.layerTypes?.default.invFreq, torch.layerTypes?.default.invFreq, 'the float32 numbers stay');
  }
  const exact = fromHF(phi, { context: 131072, precision: 'exact' });
  const rows = { offset: 131064, length: 8 };
  assert.equal(
    rotaryTable(exact, rows).cos.toFloat32Array(),
    rotaryTable({ ...torch.rotary, precision: 'exact' }, rows).cos.toFloat32Array(),
  );
  refused(() => fromHF(phi, { precision: 'float64' as 'exact' }), /precision: expected/, 'ERR_OPTION');
  const wrong = (key: string) => ({ ...exact, [key]: 'exact' }) as unknown as typeof exact;
  for (const key of ['precision', 'typo', 'ropeTheta', 'layerType']) {
    refused(
      () => rotaryTable(wrong(key), { length: 1 }),
      new RegExp(`^${key}: not read beside a model's form.*fromHF`),
      'ERR_OPTION',
    );
  }
  assert.is(rotaryTable({ ...exact }, { length: 1 }).length, 1);
  refused(() => rotaryTable({ ...fromHF(phi) }, { length: 1 }), /has lost its specification/, 'ERR_OPTION');
  const fields: Readonly<Record<keyof NormalForm, true>> = FORM_FIELDS;
  for (const config of golden.values()) for (const key of Object.keys(fromHF(config))) assert.ok(key in fields, key);
});

test('fromGGUF: precision, and a length-dependent rule stays one', () => {
  const metadata = {
    'general.architecture': 'phi3',
    'phi3.embedding_length': 64,
    'phi3.attention.head_count': 8,
    'phi3.context_length': 64,
    'phi3.rope.scaling.type': 'longrope',
    'phi3.rope.scaling.original_context_length': 16,
  };
  const tensors = { ropeFactorsShort: [1, 1.1, 1.2, 1.5], ropeFactorsLong: [1, 2, 8, 40] };
  const form = fromGGUF(metadata, { tensors, context: 64, precision: 'exact' });
  const { ropeType, context, precision } = form.rotary;
  assert.equal([ropeType, context, precision], ['longrope', 64, 'exact']);
  assert.equal(form.layerTypes?.default.invFreq, fromGGUF(metadata, { tensors }).layerTypes?.default.invFreq);
  refused(() => fromGGUF(metadata, { tensors }).rotary, /as in fromGGUF\(metadata, \{ context: 64 \}\)/);
});

test('what is missing is asked for where the model is read', () => {
  const phi = golden.get('phi-3.5-mini') as object;
  const context = /pass context: the highest position \+ 1, as in fromHF\(config, \{ context: 131072 \}\)/;
  refused(() => rotaryTable(fromHF(phi), { length: 8, context: 131072 }), context);
  refused(() => toLlamaCpp(fromHF(phi)), /as in toLlamaCpp\(form, \{ context: 131072 \}\)/);
  refused(
    () => rotaryTable(fromHF(golden.get('medgemma-27b') as object), { length: 8 }),
    /as in fromHF\(config, \{ layerType: 'full_attention' \}\)/,
  );
});

test('what takes a specification takes a form too, and tells it from a config and from a table', () => {
  const config = golden.get('deepseek-v3') as object;
  const form = fromHF(config, { precision: 'exact' });
  assert.is(softmaxScale(form), softmaxScale(form.rotary));
  assert.ok(softmaxScale(form) > 1.8);
  assert.equal(invFreq(form), invFreq(form.rotary));
  assert.is(rotaryFrequencies(form).ladder.key, rotaryFrequencies(form.rotary).ladder.key);
  const key = Array.from({ length: 192 }, (_, i) => i / 64);
  const [a, b] = [form, form.rotary].map((model) =>
    shiftKeys(Tensor.from(key, [1, 1, 192]), 7, model, { layout: 'THD' }),
  );
  assert.equal(a.data, b.data);
  const phi = golden.get('phi-3.5-mini') as object;
  assert.is(dynamicState(fromHF(phi, { context: 4096 })).next(9), 9);
  const wrong: [object, RegExp][] = [
    [config, /^(\w+): got a config\.json; read it first: \1\(fromHF\(config\), \.\.\.\)$/],
    [rotaryTable(form, { length: 1 }), /got a table; pass the specification it was made of/],
    [
      { ropeType: 'yarn', factor: 40, mscale_all_dim: 1 },
      /unknown option 'mscale_all_dim'; did you mean 'mscaleAllDim'/,
    ],
  ];
  for (const [given, says] of wrong) {
    for (const call of [softmaxScale, invFreq, rotaryFrequencies])
      refused(() => call(given as never), says, 'ERR_OPTION');
  }
  refused(() => toOnnxCaches(form.rotary as never, { length: 1 }), /expected what fromHF or fromGGUF/, 'ERR_OPTION');
  refused(() => toLlamaCpp(config as never), /read it first: toLlamaCpp\(fromHF\(config\)/, 'ERR_OPTION');
  refused(() => fromHF(JSON.stringify(config) as never), /fromHF\(JSON\.parse\(text\)\)/);
});

test('every specification is accepted by rotaryFrequencies and gives the frequencies reported', () => {
  for (const config of golden.values()) {
    for (const layer of Object.values(fromHF(config).layerTypes ?? {})) {
      const found = rotaryFrequencies(layer.spec, { context: layer.lengthDependent?.threshold ?? 1 });
      assert.equal(Array.from(found.float32 ?? []), layer.invFreq);
      assert.is(found.attentionFactor, layer.attentionFactor);
    }
  }
});

test('defaults are listed, with where they come from', () => {
  const { assumed } = fromHF({ model_type: 'stablelm', hidden_size: 2560, num_attention_heads: 32 });
  assert.equal(
    assumed.map(({ key, value }) => [key, value]),
    [
      ['rope_theta', 10000],
      ['head_dim', 80],
      ['partial_rotary_factor', 0.25],
    ],
  );
});

test('strict: false turns unknown keys and contradictions of structure into warnings, dangerous values stay errors', () => {
  const config = { ...llama, rope_scaling: { rope_type: 'linear', factor: 2, beta_fast: 32 } };
  refused(() => fromHF(config), /rope_scaling\.beta_fast/);
  const form = fromHF(config, { strict: false });
  assert.is(form.layerTypes?.default.spec.factor, 2);
  assert.ok(form.warnings.some(({ key }) => key === 'rope_scaling.beta_fast'));
  refused(() => fromHF({ ...llama, rope_scaling: { rope_type: 'linear', factor: -2 } }, { strict: false }), /factor/);
});

test('mistakes, each named by its key', () => {
  const cases: [object, RegExp][] = [
    [{ rope_scaling: { factor: 2 } }, /rope_scaling\.rope_type/],
    [{ rope_scaling: 'linear' }, /rope_scaling/],
    [{ rope_theta: '500000' }, /rope_theta.*not text/],
    [{ rope_theta: Number.POSITIVE_INFINITY }, /rope_theta/],
    [{ rope_theta: 0 }, /rope_theta/],
    [{ num_attention_heads: 0 }, /num_attention_heads/],
    [{ num_key_value_heads: 3 }, /num_key_value_heads/],
    [{ head_dim: 127 }, /head_dim/],
    [{ head_dim: 1e9 }, /head_dim/],
    [{ hidden_size: null }, /hidden_size/],
    [{ n_head: 8 }, /n_head.*num_attention_heads/],
    [{ max_position_embeddings: 'long' }, /max_position_embeddings/],
    [{ layer_types: ['full_attention'] }, /layer_types/],
    [{ layer_types: new Array(4).fill('ful_attention') }, /ful_attention/],
    [{ rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] } }, /mrope/],
    [
      { rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 8192, truncate: 'no' } },
      /truncate/,
    ],
    [{ rope_scaling: { rope_type: 'dynamic', factor: 2 }, max_position_embeddings: null }, /max_position_embeddings/],
    [{ position_embedding_type: 'alibi' }, /position_embedding_type/],
    [{ rope_interleaved: true }, /rope_interleaved/],
    [{ model_type: 'minimax_m2', head_dim: 128, rotary_dim: 64, partial_rotary_factor: 0.25 }, /rotary_dim/],
    [{ model_type: 'gemma3_text', rope_parameters: { full_attention: { rope_theta: 1e6 } } }, /sliding_attention/],
    [{ model_type: 'smollm3', no_rope_layers: [1, 0] }, /no_rope_layers/],
    // to Python '0' is true
    [
      { model_type: 'smollm3', no_rope_layers: ['1', '0', '1', '0'] },
      /no_rope_layers\[0\]: expected a finite number, got '1'/,
    ],
    [{ model_type: 'gemma3', text_config: 'text.json' }, /text_config: expected an object, got 'text.json'/],
    [{ model_type: 'gemma3', text_config: [] }, /text_config: expected an object/],
    [{ model_type: 'qwen2_vl', vision_config: 'vision.json' }, /vision_config: expected an object/],
    [{ model_type: 'qwen3_vl_text', rope_scaling: { mrope_section: [24, 20] } }, /mrope_section/],
    [{ model_type: 'deepseek_v3', qk_rope_head_dim: 63 }, /qk_rope_head_dim/],
  ];
  for (const [change, about] of cases) refused(() => fromHF({ ...llama, ...change }), about);
});

test('flags of a list of layers may be true and false', () => {
  const nope = (no_rope_layers: unknown[]) => fromHF({ ...llama, model_type: 'smollm3', no_rope_layers }).layers?.nope;
  assert.equal(nope([true, false, true, false]), nope([1, 0, 1, 0]));
  assert.equal(nope([1, 0, 1, 0]), [1, 3]);
});

test('a tower has no table of one axis: the message names what makes its own', () => {
  const tower = fromHF({ model_type: 'dinov3_vit', hidden_size: 384, num_attention_heads: 6 });
  refused(() => tower.rotary, /its table is axialTable\(form\.axial\.spec, \{ \.\.\.form\.axial\.rows \}\)/);
  refused(() => toLlamaCpp(null as never), /toLlamaCpp: expected an object, got null/, 'ERR_OPTION');
});

test('a rotary-looking key that nothing reads is said; one that misspells a missing key is refused', () => {
  const said = (config: object, key: string, strict = true) => {
    const { warnings } = fromHF({ ...llama, ...config }, { strict });
    assert.ok(warnings.some((warning) => warning.key === key && warning.code === 'no-effect'));
  };
  said({ rope_base: 5 }, 'rope_base');
  said({ rope_scaling_type: 'yarn' }, 'rope_scaling_type');
  said({ rope_thetta: 5 }, 'rope_thetta'); // rope_theta is there, so no default takes its place
  said({ rope_scalling: { factor: 2 } }, 'rope_scalling', false);
  refused(() => fromHF({ ...llama, rope_scalling: { factor: 2 } }), /is it 'rope_scaling'/);
  const { rope_theta: theta, ...bare } = llama;
  for (const key of ['rope_thetta', 'ropeTheta'])
    refused(() => fromHF({ ...bare, [key]: theta }), new RegExp(`^${key}: nothing reads it, .* is it 'rope_theta'`));
});

test('options are checked', () => {
  for (const options of [{ context: 0 }, { context: 1.5 }, { layerType: 3 }, { strict: 'yes' }, { contexts: 5 }]) {
    assert.throws(
      () => fromHF(llama, options as object),
      (error: unknown) => error instanceof PosencError && error.code === 'ERR_OPTION',
    );
  }
});

test('null where the class has a number of its own is said; where null is the default it is not', () => {
  const said = (file: object) =>
    fromHF(file).warnings.filter(({ message }) => /null is not a missing key/.test(message));
  const gptj = { model_type: 'gptj', n_embd: 4096, n_head: 16, n_layer: 2 };
  assert.equal(
    said({ ...gptj, rotary_dim: null }).map(({ key }) => key),
    ['rotary_dim'],
  );
  assert.equal(said(gptj), []);
  const bert = { model_type: 'bert', hidden_size: 768, num_attention_heads: 12 };
  assert.equal(
    said({ ...bert, max_position_embeddings: null }).map(({ key }) => key),
    ['max_position_embeddings'],
  );
  assert.equal(said({ ...llama, head_dim: null, num_key_value_heads: null, rope_scaling: null }), []);
});

test('stages of a hierarchical tower have one number each', () => {
  const swin = { model_type: 'swin', depths: [2, 2, 6, 2], num_heads: [3, 6, 12, 24] };
  assert.equal(fromHF(swin).parameters?.heads, [3, 6, 12, 24]);
  refused(() => fromHF({ ...swin, num_heads: [3, 6] }), /num_heads: 2 numbers, but depths has 4 stages/);
  refused(() => fromHF({ ...swin, depths: [2, 2, 'x', 2] }), /depths\[2\]: expected an integer/);
  refused(() => fromHF({ ...swin, depths: [] }), /depths: expected one number for each stage/);
  const v2 = { ...swin, model_type: 'swinv2', pretrained_window_sizes: [12, 12, 12] };
  refused(() => fromHF(v2), /pretrained_window_sizes: 3 numbers, but depths has 4 stages/);
});

test.run();
