/** Llama and what computes the same but for a base, a width or a schedule of layers without rotation. */
import type { GgufRotary, ModelRecord, RotaryFacts } from './record.ts';
import {
  ALL,
  attentionAt,
  base,
  FLAGS_ROTATE,
  GGUF_NORM,
  given,
  head,
  INTERLEAVED,
  nopeEvery,
  PLAIN,
  SLIDING_ROTATES,
  sizes,
} from './words.ts';

const LLAMA_GGUF: GgufRotary = {
  ...GGUF_NORM,
  permuted: true,
  place: 'whole head',
  factors: [{ tensors: 'rope_freqs' }, { tensors: 'rope_factors', onlyLongrope: true }],
};

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

export const LLAMA_RECORDS: readonly ModelRecord[] = [
  {
    types: ['llama', 'code_llama'],
    source: 'llama/modeling_llama.py',
    config: {
      ...PLAIN,
      sizes: sizes(4096, 32, 32),
      // A draft head keeps the sections of the model that it drafts for.
      drafts: 'target_model_type',
    },
    gguf: { arch: 'llama', source: 'models/llama.cpp', positions: LLAMA_GGUF },
  },
  {
    types: ['llama4_text'],
    source: 'llama4/modeling_llama4.py',
    config: {
      ...PLAIN,
      base: base(5e5),
      head: head(128),
      pairing: INTERLEAVED,
      layers: NOPE_FLAGS,
      queryScale: {
        scale: given(0.1, 'attn_scale'),
        length: given(8192, 'floor_scale'),
        off: { key: 'attn_temperature_tuning', is: [false, 0] },
      },
      sizes: sizes(5120, 40, 48),
    },
    gguf: null,
  },
  {
    types: ['smollm3'],
    source: 'smollm3/modeling_smollm3.py',
    config: {
      ...PLAIN,
      base: base(2e6),
      layers: NOPE_FLAGS,
      ignores: ['layer_types'],
      sizes: sizes(2048, 16, 36),
    },
    gguf: null,
  },
  {
    types: ['mllama_text_model'],
    source: 'mllama/modeling_mllama.py',
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
    source: 'arcee/modeling_arcee.py',
    config: { ...PLAIN, sizes: sizes(2560, 32, 32) },
    gguf: null,
  },
  {
    types: ['apertus'],
    source: 'apertus/configuration_apertus.py',
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
    gguf: null,
  },
  {
    types: ['bitnet'],
    source: 'bitnet/modeling_bitnet.py',
    config: { ...PLAIN, base: base(5e5), sizes: sizes(2560, 20, 30) },
    gguf: null,
  },
  {
    types: ['cwm'],
    source: 'cwm/configuration_cwm.py',
    config: { ...PLAIN, base: base(1e6), head: head(128), block: 'required', sizes: sizes(6144, 48, 64) },
    gguf: null,
  },
  {
    types: ['exaone4'],
    source: 'exaone4/modeling_exaone4.py',
    config: { ...EXAONE, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['exaone_moe'],
    source: 'exaone_moe/modeling_exaone_moe.py',
    config: { ...EXAONE, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['afmoe'],
    source: 'afmoe/modeling_afmoe.py',
    config: {
      ...PLAIN,
      head: head(128),
      layers: [SLIDING_ROTATES, nopeEvery(4, 'global_attn_every_n_layers')],
      sizes: sizes(2048, 16, 32),
    },
    gguf: null,
  },
  {
    types: ['nemotron'],
    source: 'nemotron/modeling_nemotron.py',
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(6144, 48, 32) },
    gguf: null,
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
    gguf: null,
  },
  {
    types: ['seed_oss'],
    source: 'seed_oss/modeling_seed_oss.py',
    config: { ...PLAIN, head: head(128), sizes: sizes(4096, 80, 64) },
    gguf: null,
  },
  {
    types: ['solar_open'],
    source: 'solar_open/modeling_solar_open.py',
    config: { ...PLAIN, base: base(1e6), head: head(128), sizes: sizes(4096, 64, 48) },
    gguf: null,
  },
  {
    types: ['helium'],
    source: 'helium/modeling_helium.py',
    config: { ...PLAIN, base: base(1e5), head: head(128), pairing: INTERLEAVED, sizes: sizes(2560, 20, 24) },
    gguf: null,
  },
  {
    types: ['higgs_audio_v2'],
    source: 'higgs_audio_v2/configuration_higgs_audio_v2.py',
    config: { ...PLAIN, base: base(5e5), head: head(128), block: 'required', sizes: sizes(3072, 24, 28) },
    gguf: null,
  },
  {
    types: ['csm', 'csm_depth_decoder_model'],
    source: 'csm/modeling_csm.py',
    config: { ...PLAIN, base: base(5e5), sizes: sizes(2048, 32, 16) },
    gguf: null,
  },
  {
    types: ['aria_text', 'chameleon', 'idefics'],
    source: 'aria/modeling_aria.py',
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['emu3_text_model'],
    source: 'emu3/modeling_emu3.py',
    config: { ...PLAIN, base: base(1e6), sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['evolla'],
    source: 'evolla/modeling_evolla.py',
    config: { ...PLAIN, base: base(5e5), sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['diffllama', 'doge', 'dots1', 'starcoder2', 'jais2', 'hrm_text'],
    source: 'diffllama/modeling_diffllama.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['blt_global_transformer', 'blt_local_decoder', 'blt_local_encoder'],
    source: 'blt/modeling_blt.py',
    config: { ...PLAIN, base: base(5e5), pairing: INTERLEAVED, sizes: sizes(2048, 16, 25) },
    gguf: null,
  },
  {
    types: ['blt_patcher'],
    source: 'blt/modeling_blt.py',
    config: { ...PLAIN, pairing: INTERLEAVED, sizes: sizes(768, 12, 14) },
    gguf: null,
  },
  {
    types: ['nanochat'],
    source: 'nanochat/modeling_nanochat.py',
    config: { ...PLAIN, sign: -1, sizes: sizes(768, 6, 12) },
    gguf: null,
  },
  {
    types: ['hyperclovax'],
    source: 'hyperclovax/modeling_hyperclovax.py',
    config: { ...PLAIN, softmax: { key: 'attention_multiplier', fallback: 'head' }, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['dbrx'],
    source: 'dbrx/modeling_dbrx.py',
    config: { ...PLAIN, base: base(1e4, 'attn_config.rope_theta') },
    gguf: null,
  },
  {
    types: ['jetmoe'],
    source: 'jetmoe/modeling_jetmoe.py',
    config: { ...PLAIN, head: head(null, 'kv_channels') },
    gguf: null,
  },
  {
    types: ['persimmon'],
    source: 'persimmon/modeling_persimmon.py',
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(4096, 64, 36) },
    gguf: null,
  },
  {
    types: ['gpt_oss'],
    source: 'gpt_oss/configuration_gpt_oss.py',
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
    gguf: null,
  },
  {
    types: ['openai_privacy_filter'],
    source: 'openai_privacy_filter/configuration_openai_privacy_filter.py',
    config: { ...PLAIN, base: base(1.5e5), head: head(64), pairing: INTERLEAVED, block: 'required' },
    gguf: null,
  },
  {
    types: ['muse_glimmer_text'],
    source: 'muse_glimmer/configuration_muse_glimmer.py',
    config: {
      ...PLAIN,
      head: head(128),
      perLayer: { base: 'layer_rope_theta' },
      layers: [{ every: given(4), at: 'end', use: 'nope', others: { table: 'default' } }],
      sizes: sizes(6656, 32, 52),
    },
    gguf: null,
  },
  {
    types: ['muse_glimmer_assistant'],
    source: 'muse_glimmer_assistant/configuration_muse_glimmer_assistant.py',
    config: { ...PLAIN, base: base(5e5), head: head(128), sizes: sizes(6656, 32, 5) },
    gguf: null,
  },
  {
    types: ['minimax', 'minimax_text_01', 'minimax_m1'],
    source: 'minimax/modeling_minimax.py',
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
    gguf: null,
  },
  {
    types: ['minimax_m2'],
    source: 'minimax_m2/modeling_minimax_m2.py',
    config: {
      ...PLAIN,
      base: base(5e6),
      head: head(128),
      rotated: { partial: 1, dim: given(null, 'rotary_dim') },
      sizes: sizes(3072, 48, 62),
    },
    gguf: null,
  },
  {
    types: ['minimax_m3_vl_text'],
    source: 'minimax_m3_vl/modeling_minimax_m3_vl.py',
    config: {
      ...PLAIN,
      base: base(5e6),
      head: head(128),
      rotated: { partial: 1, dim: given(null, 'rotary_dim') },
      sizes: sizes(6144, 64, 60),
    },
    gguf: null,
  },
  {
    types: ['lfm2', 'lfm2_moe'],
    source: 'lfm2/modeling_lfm2.py',
    config: {
      ...PLAIN,
      base: base(1e6),
      layers: [{ list: 'layer_types', uses: {}, others: { table: 'default' } }, attentionAt('full_attn_idxs'), ALL],
      sizes: sizes(2560, 32, 32),
    },
    gguf: null,
  },
];
