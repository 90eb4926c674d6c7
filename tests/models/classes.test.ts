/** Facts of model classes that no golden configuration shows: hybrids, nested files, wrappers, other families. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF } from '../../src/models/hf.ts';
import { recordOf, recordOfClass } from '../../src/models/records/index.ts';

interface Case {
  readonly config: object;
  /** rotaryDim of headDim, from rotaryOffset. */
  readonly width?: readonly [number, number, number];
  readonly pairing?: string;
  /** Rotated layers, layers without rotation. */
  readonly layers?: readonly [number, number];
  readonly softmaxScale?: number;
}

const sizes = { hidden_size: 4096, num_attention_heads: 32, num_hidden_layers: 32 };
const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
  rope_type: 'llama3',
};

const CASES: Readonly<Record<string, Case>> = {
  'Bamba: attention in a few layers, half of the head': {
    config: { ...sizes, model_type: 'bamba', attn_layer_indices: [9, 18, 27] },
    width: [64, 128, 0],
    layers: [3, 0],
  },
  'Recurrent Gemma: every third layer attends': {
    config: { model_type: 'recurrent_gemma', hidden_size: 2560, num_attention_heads: 10, num_hidden_layers: 26 },
    width: [128, 256, 0],
    layers: [8, 0],
  },
  'Cohere 2: only sliding layers rotate': {
    config: { ...sizes, model_type: 'cohere2', position_embedding_type: 'rope_gptj', sliding_window: 4096 },
    pairing: 'interleaved',
    layers: [24, 8],
  },
  'EXAONE 4 without a window rotates everywhere': {
    config: {
      ...sizes,
      model_type: 'exaone4',
      sliding_window: null,
      layer_types: new Array(32).fill('full_attention'),
    },
    layers: [32, 0],
  },
  'Llama 4 with an empty list: every fourth layer is without rotation': {
    config: { ...sizes, model_type: 'llama4_text', no_rope_layers: [], num_hidden_layers: 48 },
    pairing: 'interleaved',
    layers: [36, 12],
  },
  'Llama 3.2 Vision: cross attention is no self-attention': {
    config: { model_type: 'mllama', text_config: { model_type: 'mllama_text_model', rope_scaling: llama3 } },
    width: [128, 128, 0],
    layers: [32, 0],
  },
  'LLaVA: sizes of the nested class': {
    config: { model_type: 'llava', text_config: { model_type: 'llama', max_position_embeddings: 4096 } },
    width: [128, 128, 0],
    layers: [32, 0],
  },
  'Qwen2.5-Omni: two levels of nesting': {
    config: {
      model_type: 'qwen2_5_omni',
      thinker_config: {
        text_config: {
          ...sizes,
          model_type: 'qwen2_5_omni_text',
          rope_scaling: { mrope_section: [16, 24, 24], rope_type: 'default', type: 'default' },
        },
      },
    },
    width: [128, 128, 0],
  },
  'MiniCPM3: latent attention, half pairing': {
    config: { ...sizes, model_type: 'minicpm3', qk_nope_head_dim: 64, qk_rope_head_dim: 32 },
    width: [32, 96, 64],
    pairing: 'half',
  },
  'Granite: its own softmax scale': {
    config: { ...sizes, model_type: 'granite', attention_multiplier: 0.015625 },
    softmaxScale: 0.015625,
  },
  'Gemma 3n: queries are not scaled': {
    config: { ...sizes, model_type: 'gemma3n_text', head_dim: 256 },
    softmaxScale: 1,
  },
  'Zamba 2: heads of twice the width, scaled by half of it': {
    config: { ...sizes, model_type: 'zamba2', use_mem_rope: true, hybrid_layer_ids: [5, 11] },
    width: [256, 256, 0],
    layers: [2, 0],
    softmaxScale: 128 ** -0.5,
  },
  'DBRX: the base inside attn_config': {
    config: { model_type: 'dbrx', d_model: 6144, n_heads: 48, n_layers: 40, attn_config: { rope_theta: 500000 } },
    width: [128, 128, 0],
    layers: [40, 0],
  },
  'an unknown model_type with a known architecture': {
    config: { ...sizes, model_type: 'brand_new', architectures: ['Qwen2ForCausalLM'] },
    pairing: 'half',
  },
};

for (const [name, { config, width, pairing, layers, softmaxScale }] of Object.entries(CASES)) {
  test(name, () => {
    const form = fromHF(config);
    const layer = Object.values(form.layerTypes ?? {})[0];
    if (width) assert.equal([layer.rotaryDim, layer.headDim, layer.rotaryOffset], width);
    if (pairing) assert.is(layer.pairing, pairing);
    if (softmaxScale) assert.ok(Math.abs(layer.softmaxScale - softmaxScale) < 1e-15);
    if (layers) {
      const rotated = Object.values(form.layers?.rotary ?? {}).reduce((sum, list) => sum + list.length, 0);
      assert.equal([rotated, form.layers?.nope.length], layers);
    }
  });
}

test('HunYuan: alpha sets the base once, for every length', () => {
  const block = { alpha: 1000, beta_fast: 32, beta_slow: 1, factor: 1, mscale: 1, mscale_all_dim: 1, type: 'dynamic' };
  const form = fromHF({ ...sizes, model_type: 'hunyuan_v1_dense', rope_scaling: block });
  const layer = form.layerTypes?.default;
  const base = 10000 * 1000 ** (128 / 126);
  assert.ok(Math.abs((layer?.invFreq[63] ?? 0) * base ** (126 / 128) - 1) < 1e-6);
  assert.is(layer?.lengthDependent, undefined);
  assert.ok(form.warnings.some(({ key }) => key === 'rope_scaling.beta_fast'));
});

test('PhiMoE: the file gives the amplitude', () => {
  const factors = new Array(64).fill(1);
  const form = fromHF({
    ...sizes,
    model_type: 'phimoe',
    max_position_embeddings: 131072,
    rope_scaling: {
      type: 'longrope',
      short_factor: factors,
      long_factor: factors,
      short_mscale: 1.25,
      long_mscale: 1.5,
      original_max_position_embeddings: 4096,
    },
  });
  assert.is(form.layerTypes?.default.attentionFactor, 1.25);
});

test('families', () => {
  const family = (config: object): unknown => {
    const { family, parameters } = fromHF(config);
    return [family, parameters];
  };
  const bert = { hidden_size: 768, num_attention_heads: 12, max_position_embeddings: 514 };
  assert.equal(family({ ...bert, model_type: 'roberta', pad_token_id: 1 }), [
    'learned',
    { maxPositions: 514, rows: 514, dim: 768, rowOffset: 0, paddingIdx: 1, usableLength: 512 },
  ]);
  assert.equal(family({ ...bert, model_type: 'opt' }), [
    'learned',
    { maxPositions: 514, rows: 516, dim: 768, rowOffset: 2, usableLength: 514 },
  ]);
  assert.equal(family({ ...bert, model_type: 'albert', embedding_size: 128 }), [
    'learned',
    { maxPositions: 514, rows: 514, dim: 128, rowOffset: 0, usableLength: 514 },
  ]);
  assert.is(fromHF({ ...bert, model_type: 'bert', position_embedding_type: 'relative_key' }).family, 'relative');
  assert.is(fromHF({ ...bert, model_type: 'esm', position_embedding_type: 'rotary' }).family, 'rotary');
  assert.is(fromHF({ ...bert, model_type: 'esm', position_embedding_type: 'absolute' }).family, 'learned');
  assert.is(fromHF({ ...sizes, model_type: 'granitemoehybrid', position_embedding_type: 'nope' }).family, 'none');
  assert.is(fromHF({ ...sizes, model_type: 'granitemoehybrid', position_embedding_type: 'rope' }).family, 'rotary');
  assert.is(fromHF({ ...sizes, model_type: 'falcon', alibi: true }).family, 'alibi');
  const fairseq = fromHF({ model_type: 'm2m_100', d_model: 1024, max_position_embeddings: 1024, pad_token_id: 1 });
  assert.equal(fairseq.parameters, {
    length: 1024,
    dim: 1024,
    base: 10000,
    arrangement: 'concat',
    denominator: 'half-1',
    offset: 2,
    zeroRow: 1,
  });
});

test('Step 3.5 with one base: a block is for the full layers alone', () => {
  const layer_types = ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention'];
  const block = { ...llama3, factor: 2, original_max_position_embeddings: 131072, high_freq_factor: 32 };
  const file = {
    ...sizes,
    model_type: 'step3p5',
    num_hidden_layers: 4,
    layer_types,
    rope_theta: 5e6,
    rope_scaling: block,
  };
  const form = fromHF(file);
  assert.equal(form.layers?.rotary, { full_attention: [0, 3], sliding_attention: [1, 2] });
  assert.is(form.layerTypes?.full_attention.ropeType, 'llama3');
  assert.is(form.layerTypes?.sliding_attention.ropeType, 'default');
});

test('bases by layer: 0 does not rotate, different ones are different tables', () => {
  const layer_rope_theta = [0, 10000, 50000, 10000];
  const form = fromHF({ ...sizes, model_type: 'granite_swa', num_hidden_layers: 4, layer_rope_theta });
  assert.equal(form.layers, { count: 4, rotary: { base_10000: [1, 3], base_50000: [2] }, nope: [0] });
  assert.is(form.layerTypes?.base_50000.spec.ropeTheta, 50000);
  assert.equal(form.warnings, []);
  const other = { ...sizes, model_type: 'granite_swa', num_hidden_layers: 4, layer_rope_theta };
  for (const [file, key] of [
    [{ ...other, rope_parameters: { rope_type: 'default', rope_theta: 20000 } }, 'rope_parameters.rope_theta'],
    [{ ...other, rope_theta: 20000 }, 'rope_theta'],
  ] as const) {
    const said = fromHF(file).warnings.map(({ key: path, code }) => `${path} ${code}`);
    assert.equal(said, [`${key} no-effect`]);
  }
});

test('ChatGLM: a ratio multiplies the base, half of the head rotates', () => {
  const file = { model_type: 'chatglm', hidden_size: 4096, num_attention_heads: 32, num_layers: 28, kv_channels: 128 };
  const layer = fromHF({ ...file, rope_ratio: 50 }).layerTypes?.default;
  assert.equal([layer?.spec.ropeTheta, layer?.rotaryDim, layer?.pairing], [500000, 64, 'interleaved']);
  assert.throws(() => fromHF({ ...file, position_encoding_2d: true }), /position_encoding_2d/);
});

test('Qwen: beyond seq_length the base grows with the next power of two', () => {
  const file = { ...sizes, model_type: 'qwen', kv_channels: 128, seq_length: 2048, use_dynamic_ntk: true };
  assert.throws(() => fromHF(file).rotary, /context/);
  const base = (context: number): number => {
    const spec = fromHF(file, { context }).layerTypes?.default.spec as { alpha?: number };
    return spec.alpha ?? 1;
  };
  assert.equal([2048, 2049, 4096, 4097, 8192, 8193].map(base), [1, 3, 3, 7, 7, 15]);
});

test('towers: their own encoder or rotary table, beside the text part', () => {
  const text_config = { ...sizes, model_type: 'llama' };
  const clip = { model_type: 'clip_vision_model', hidden_size: 1024, image_size: 336, patch_size: 14 };
  const llava = fromHF({ model_type: 'llava', text_config, vision_config: clip });
  assert.equal([llava.visionEncoder?.family, llava.visionEncoder?.parameters.rows], ['learned', 577]);
  const pixtral = { model_type: 'pixtral', hidden_size: 1024, num_attention_heads: 16 };
  const mistral = fromHF({ model_type: 'mistral3', text_config, vision_config: pixtral });
  assert.equal([mistral.vision?.spec.preset, mistral.vision?.invFreq.length], ['pixtral', 32]);
  const whisper = { model_type: 'qwen2_audio_encoder', d_model: 1280, max_source_positions: 1500 };
  const audio = fromHF({ model_type: 'qwen2_audio', text_config, audio_config: whisper });
  assert.is(audio.visionEncoder, undefined);
});

test('a text part under a key of its own', () => {
  const part = { ...sizes, model_type: 'qwen3', head_dim: 128, rope_theta: 1e6 };
  const vision = { model_type: 'siglip_vision_model', hidden_size: 1152, image_size: 384, patch_size: 14 };
  const form = fromHF({ model_type: 'zzgork', my_llm_thing: part, my_vision_thing: vision });
  assert.equal([form.modelType, form.layerTypes?.default.spec.ropeTheta], ['qwen3', 1e6]);
  assert.throws(() => fromHF({ model_type: 'zzgork', one: part, two: part }), /zzgork/);
});

test('HunYuan-VL: its own words for a dynamic block and its sections', () => {
  const block = { type: 'xdrope', alpha: 1000, factor: 1, xdrope_section: [16, 16, 16, 16] };
  const layer = fromHF({ ...sizes, model_type: 'hunyuan_vl', rope_scaling: block }).layerTypes?.default;
  assert.equal(
    [layer?.ropeType, layer?.mropeSection, layer?.mropeLayout],
    ['dynamic', [16, 16, 16, 16], 'hunyuan_fullwidth'],
  );
  const both = { ...block, mrope_section: [32, 16, 16] };
  assert.throws(() => fromHF({ ...sizes, model_type: 'hunyuan_vl', rope_scaling: both }), /xdrope_section/);
});

test('what another model under the same name has is refused, not read', () => {
  const gla = { model_type: 'gla', hidden_size: 1024, num_heads: 4, num_hidden_layers: 24 };
  assert.is(fromHF(gla).family, 'none');
  assert.throws(
    () => fromHF({ ...gla, attn: { layers: [3], num_heads: 4, rope_theta: 10000 } }),
    /attn: gives some layers/,
  );
  const bert = { model_type: 'bert', hidden_size: 768, num_attention_heads: 12, max_position_embeddings: 512 };
  assert.throws(() => fromHF({ ...bert, alibi_starting_size: 512 }), /alibi_starting_size: ALiBi/);
  assert.throws(
    () => fromHF({ ...bert, architectures: ['LlamaForCausalLM'] }),
    /architectures: 'LlamaForCausalLM' and model_type 'bert' have different positions/,
  );
});

test('the words of layer_types that change nothing are read', () => {
  const words = ['deepseek_sparse_attention', 'indexed_attention', 'minimax_m3_sparse', 'full_attention'];
  const form = fromHF({ ...sizes, model_type: 'llama', num_hidden_layers: 4, layer_types: words });
  assert.equal([form.layers?.rotary.default, form.warnings], [[0, 1, 2, 3], []]);
  assert.throws(
    () =>
      fromHF({ ...sizes, model_type: 'llama', num_hidden_layers: 4, layer_types: [...words.slice(0, 3), 'zzgork'] }),
    /zzgork/,
  );
});

test('names that are no model types reach no prototype', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.is(recordOf(name), undefined);
    assert.is(recordOfClass(name), undefined);
  }
});

test('windows and rows by the keys of each class', () => {
  const windows = (file: object) => fromHF(file).parameters?.windowsPerStage;
  // no patches are merged in Swin2SR; CLAP's picture is a spectrogram
  assert.equal(windows({ model_type: 'swin2sr' }), [8, 8, 8, 8, 8, 8]);
  assert.equal(windows({ model_type: 'clap_audio_model' }), [8, 8, 8, 8]);
  assert.equal(windows({ model_type: 'clap_audio_model', spec_size: 128, patch_stride: [4, 4] }), [8, 8, 8, 4]);
  assert.equal(windows({ model_type: 'swin' }), [7, 7, 7, 7]);
  // rows of the pictures of pretraining, and one of a class token
  const seggpt = fromHF({ model_type: 'seggpt' });
  assert.equal(
    [seggpt.parameters?.grid, seggpt.calls?.learnedPositions?.shape],
    [
      [56, 28],
      [197, 1024],
    ],
  );
  const vitdet = fromHF({ model_type: 'vitdet', image_size: 512 });
  assert.equal([vitdet.parameters?.grid, vitdet.parameters?.absoluteRows], [[32, 32], 197]);
  assert.equal(fromHF({ model_type: 'sam_vision_model' }).parameters?.absoluteRows, 4096);
  assert.equal(fromHF({ model_type: 'sew-d' }).calls?.debertaScores?.positionBuckets, 256);
});

test.run();
