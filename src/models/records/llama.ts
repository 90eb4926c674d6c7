/** Llama and what computes the same but for a base, a width or a schedule of layers without rotation. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import {
  ALL,
  attentionAt,
  attentionIn,
  base,
  FLAGS_ROTATE,
  given,
  head,
  INTERLEAVED,
  nopeEvery,
  PLAIN,
  SLIDING_ROTATES,
  sizes,
} from './words.ts';

/** NoPE layers by a list of flags or an interval. */
const NOPE_FLAGS = [FLAGS_ROTATE('no_rope_layers', 'nope'), nopeEvery(4, 'no_rope_layer_interval')];
/** EXAONE: without a window every layer rotates. */
const EXAONE: RotaryFacts = {
  ...PLAIN,
  layers: [
    { when: { key: 'sliding_window', present: false }, rules: [ALL] },
    SLIDING_ROTATES,
    { cycle: 'sliding_window_pattern', uses: { L: { table: 'default' }, G: 'nope' } },
    nopeEvery(4, 'sliding_window_pattern'),
  ],
};

/** Short convolutions between the layers of attention. */
const LFM2: RotaryFacts = {
  ...PLAIN,
  base: base(1e6),
  layers: [attentionIn('layer_types'), attentionAt('full_attn_idxs'), ALL],
};

export const llamaRecords = (): readonly ModelRecord[] => [
  {
    types: ['llama', 'code_llama'],
    source: null,
    config: {
      ...PLAIN,
      sizes: sizes(4096, 32, 32),
      // A draft head keeps the sections of the model that it drafts for.
      drafts: 'target_model_type',
    },
    gguf: 'llama',
  },
  {
    types: ['llama4_text'],
    source: 'llama4',
    config: {
      ...PLAIN,
      base: base(5e5),
      head: head(128),
      pairing: INTERLEAVED,
      layers: NOPE_FLAGS,
      chunk: given(8192, 'attention_chunk_size'),
      queryScale: {
        scale: given(0.1, 'attn_scale'),
        length: given(8192, 'floor_scale'),
        off: { key: 'attn_temperature_tuning', is: [false, 0] },
      },
      sizes: sizes(5120, 40, 48),
    },
    gguf: 'llama4',
  },
  {
    types: ['smollm3'],
    source: null,
    config: {
      ...PLAIN,
      base: base(2e6),
      layers: NOPE_FLAGS,
      ignores: ['layer_types'],
      sizes: sizes(2048, 16, 36),
    },
    gguf: 'smollm3',
  },
  {
    types: ['mllama_text_model'],
    source: 'mllama',
    config: {
      ...PLAIN,
      base: base(5e5),
      layers: [
        {
          indices: 'cross_attention_layers',
          use: 'no attention',
          others: { table: 'default' },
          fallback: [3, 8, 13, 18, 23, 28, 33, 38],
        },
      ],
      sizes: sizes(4096, 32, 40),
    },
    gguf: null,
  },
  {
    types: ['arcee'],
    source: null,
    config: { ...PLAIN, sizes: sizes(2560, 32, 32) },
    gguf: 'arcee',
  },
  {
    types: ['apertus'],
    source: null,
    config: {
      ...PLAIN,
      base: base(1.2e7),
      block: {
        rope_type: 'llama3',
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
      sizes: sizes(4096, 32, 32),
    },
    gguf: 'apertus',
  },
  {
    types: ['bitnet'],
    source: null,
    config: { ...PLAIN, base: base(5e5), sizes: sizes(2560, 20, 30) },
    gguf: 'bitnet',
  },
  {
    types: ['cwm'],
    source: null,
    config: { ...PLAIN, base: base(1e6), head: head(128), block: 'required', sizes: sizes(6144, 48, 64) },
    gguf: null,
  },
  {
    types: ['exaone4'],
    source: null,
    config: { ...EXAONE, sizes: sizes(4096, 32, 32) },
    gguf: 'exaone4',
  },
  {
    types: ['exaone_moe'],
    source: null,
    config: { ...EXAONE, sizes: sizes(4096, 32, 32) },
    gguf: 'exaone-moe',
  },
  {
    types: ['afmoe'],
    source: null,
    config: {
      ...PLAIN,
      head: head(128),
      layers: [SLIDING_ROTATES, nopeEvery(4, 'global_attn_every_n_layers')],
      sizes: sizes(2048, 16, 32),
    },
    gguf: 'afmoe',
  },
  {
    types: ['nemotron'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(6144, 48, 32) },
    gguf: 'nemotron',
  },
  {
    // A half of the layers of Nemotron-NAS lost their attention: block_configs says which.
    types: ['nemotron-nas'],
    classes: ['DeciLM'],
    source: 'nvidia/Llama-3_3-Nemotron-Super-49B-v1 modeling_decilm.py',
    config: {
      ...PLAIN,
      base: base(5e5),
      layers: [
        {
          list: 'block_configs',
          field: ['attention.no_op', 'attention.replace_with_linear'],
          uses: { true: 'no attention' },
          others: { table: 'default' },
        },
      ],
    },
    gguf: 'deci',
  },
  {
    types: ['seed_oss'],
    source: null,
    config: { ...PLAIN, head: head(128), sizes: sizes(4096, 80, 64) },
    gguf: 'seed_oss',
  },
  {
    types: ['solar_open'],
    source: null,
    config: { ...PLAIN, base: base(1e6), head: head(128), sizes: sizes(4096, 64, 48) },
    gguf: 'glm4moe',
  },
  {
    types: ['helium'],
    source: null,
    config: { ...PLAIN, base: base(1e5), head: head(128), pairing: INTERLEAVED, sizes: sizes(2560, 20, 24) },
    gguf: null,
  },
  {
    types: ['higgs_audio_v2'],
    source: null,
    config: { ...PLAIN, base: base(5e5), head: head(128), block: 'required', sizes: sizes(3072, 24, 28) },
    gguf: null,
  },
  {
    types: ['csm', 'csm_depth_decoder_model'],
    source: null,
    config: { ...PLAIN, base: base(5e5), sizes: sizes(2048, 32, 16) },
    gguf: null,
  },
  {
    types: ['aria_text', 'idefics'],
    source: 'aria',
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['chameleon'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'chameleon',
  },
  {
    types: ['emu3_text_model'],
    source: 'emu3',
    config: { ...PLAIN, base: base(1e6), sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['evolla'],
    source: null,
    config: { ...PLAIN, base: base(5e5), sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['diffllama'],
    source: null,
    config: { ...PLAIN, sizes: sizes(2048, 32, 16) },
    gguf: null,
  },
  {
    types: ['doge'],
    source: null,
    config: { ...PLAIN, sizes: sizes(1024, 8, 32) },
    gguf: null,
  },
  {
    types: ['dots1'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4608, 32, 62) },
    gguf: 'dots1',
  },
  {
    types: ['starcoder2'],
    source: null,
    config: { ...PLAIN, sizes: sizes(3072, 24, 30) },
    gguf: 'starcoder2',
  },
  {
    types: ['jais2'],
    source: null,
    config: { ...PLAIN, sizes: sizes(3328, 26, 32) },
    gguf: 'jais2',
  },
  {
    types: ['hrm_text'],
    source: null,
    config: { ...PLAIN, head: head(128), sizes: sizes(1536, 12, 16) },
    gguf: 'hrm_text',
  },
  {
    types: ['blt_global_transformer', 'blt_local_decoder', 'blt_local_encoder'],
    source: 'blt',
    config: { ...PLAIN, base: base(5e5), pairing: INTERLEAVED, sizes: sizes(2048, 16, 25) },
    gguf: null,
  },
  {
    types: ['blt_patcher'],
    source: 'blt',
    config: { ...PLAIN, pairing: INTERLEAVED, sizes: sizes(768, 12, 14) },
    gguf: null,
  },
  {
    types: ['nanochat'],
    source: null,
    config: { ...PLAIN, sign: -1, sizes: sizes(768, 6, 12) },
    gguf: null,
  },
  {
    types: ['hyperclovax'],
    source: null,
    config: { ...PLAIN, softmax: { key: 'attention_multiplier', fallback: 'head' }, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['dbrx'],
    source: null,
    config: { ...PLAIN, base: base(1e4, 'attn_config.rope_theta') },
    gguf: 'dbrx',
  },
  {
    types: ['jetmoe'],
    source: null,
    config: { ...PLAIN, head: head(null, 'kv_channels') },
    gguf: null,
  },
  {
    types: ['persimmon'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(4096, 64, 36) },
    gguf: null,
  },
  {
    types: ['gpt_oss'],
    source: null,
    config: {
      ...PLAIN,
      base: base(1.5e5),
      head: head(64),
      block: {
        rope_type: 'yarn',
        factor: 32,
        beta_fast: 32,
        beta_slow: 1,
        truncate: false,
        original_max_position_embeddings: 4096,
      },
      sizes: sizes(2880, 64, 36),
    },
    gguf: 'gpt-oss',
  },
  {
    types: ['openai_privacy_filter'],
    source: null,
    config: { ...PLAIN, base: base(1.5e5), head: head(64), pairing: INTERLEAVED, block: 'required' },
    gguf: null,
  },
  {
    types: ['muse_glimmer_text'],
    source: 'muse_glimmer',
    config: {
      ...PLAIN,
      head: head(128),
      perLayer: { base: 'layer_rope_theta' },
      layers: [{ every: given(4), at: 'end', use: 'nope', others: { table: 'default' } }],
      sizes: sizes(6656, 32, 52),
    },
    gguf: 'muse-glimmer',
  },
  {
    types: ['muse_glimmer_assistant'],
    source: null,
    config: { ...PLAIN, base: base(5e5), head: head(128), sizes: sizes(6656, 32, 5) },
    gguf: null,
  },
  {
    types: ['minimax', 'minimax_text_01', 'minimax_m1'],
    source: null,
    config: {
      ...PLAIN,
      base: base(1e6),
      rotated: { partial: 1, dim: given(null, 'rotary_dim') },
      layers: [
        FLAGS_ROTATE('attn_type_list', 'no attention'),
        { list: 'layer_types', uses: {}, others: { table: 'default' } },
        { every: given(2), at: 'first', use: { table: 'default' }, others: 'no attention' },
      ],
      sizes: sizes(4096, 32, 32),
    },
    gguf: 'minimax-01',
  },
  {
    types: ['minimax_m2'],
    source: null,
    config: {
      ...PLAIN,
      base: base(5e6),
      head: head(128),
      rotated: { partial: 1, dim: given(null, 'rotary_dim') },
      sizes: sizes(3072, 48, 62),
    },
    gguf: 'minimax-m2',
  },
  {
    types: ['minimax_m3_vl_text'],
    source: 'minimax_m3_vl',
    config: {
      ...PLAIN,
      base: base(5e6),
      head: head(128),
      // rotary_dim stands in the file and the class does not read it.
      rotated: { partial: 1, dim: { keys: [], fallback: null } },
      sizes: sizes(6144, 64, 60),
    },
    gguf: 'minimax-m3',
  },
  {
    types: ['lfm2'],
    source: null,
    config: { ...LFM2, sizes: sizes(2560, 32, 32) },
    gguf: 'lfm2',
  },
  {
    types: ['lfm2_moe'],
    source: null,
    config: { ...LFM2, sizes: sizes(2048, 32, 32) },
    gguf: 'lfm2moe',
  },
];
