/** Qwen: Llama with its own bases, sections of position streams, and hybrids whose other layers are linear attention. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { attentionEvery, attentionIn, base, head, PLAIN, sizes } from './words.ts';

type Streams = NonNullable<RotaryFacts['mrope']>;
const chunked = (ids: Streams['ids']): Streams => ({ section: [16, 24, 24], layout: 'chunked', ids });
const interleaved = (ids: Streams['ids']): Streams => ({ section: [24, 20, 20], layout: 'interleaved', ids });
const short = (ids: Streams['ids']): Streams => ({ section: [11, 11, 10], layout: 'interleaved', ids });
const LOGN =
  'queries at positions beyond seq_length are multiplied by ln(position + 1) / ln(seq_length); no table holds it';
const CHUNKS =
  'beyond chunk_size positions attention is computed in chunks with positions of their own; the table is the same';
const QWEN2: RotaryFacts = { ...PLAIN, mentions: { dual_chunk_attention_config: CHUNKS } };
const HYBRID: RotaryFacts = {
  ...PLAIN,
  head: head(256),
  rotated: { partial: 0.25 },
  layers: [attentionIn('layer_types'), attentionEvery(4, 'full_attention_interval')],
};

export const qwenRecords = (): readonly ModelRecord[] => [
  {
    types: ['qwen'],
    classes: ['QWen'],
    source: 'Qwen/Qwen-7B modeling_qwen.py',
    config: {
      ...PLAIN,
      head: head(null, 'kv_channels'),
      rotated: { partial: 1 },
      dynamic: { flag: 'use_dynamic_ntk', length: 'seq_length' },
      mentions: { use_logn_attn: LOGN },
    },
    gguf: 'qwen',
  },
  {
    types: ['qwen2', 'mimo'],
    source: null,
    config: { ...QWEN2, sizes: sizes(4096, 32, 32) },
    gguf: 'qwen2',
  },
  {
    types: ['dream'],
    source: 'Dream-org/Dream-v0-Instruct-7B modeling_dream.py',
    config: { ...QWEN2, sizes: sizes(4096, 32, 32) },
    gguf: 'dream',
  },
  {
    types: ['qwen2_moe'],
    source: null,
    config: { ...QWEN2, sizes: sizes(2048, 16, 24) },
    gguf: 'qwen2moe',
  },
  {
    types: ['qwen3'],
    source: null,
    config: { ...QWEN2, head: head(128), sizes: sizes(4096, 32, 32) },
    gguf: 'qwen3',
  },
  {
    types: ['qwen3_moe'],
    source: null,
    config: { ...QWEN2, sizes: sizes(2048, 32, 24) },
    gguf: 'qwen3moe',
  },
  {
    types: ['qwen2_vl_text'],
    source: 'qwen2_vl',
    config: { ...PLAIN, base: base(1e6), mrope: chunked('qwen2_vl'), sizes: sizes(8192, 64, 80) },
    gguf: 'qwen2vl',
  },
  {
    types: ['qwen2_5_vl_text'],
    source: 'qwen2_5_vl',
    config: { ...PLAIN, base: base(1e6), mrope: chunked('qwen2_5_vl'), sizes: sizes(8192, 64, 80) },
    gguf: 'qwen2vl',
  },
  {
    types: ['qwen2_5_omni_text', 'qwen2_5_omni_talker'],
    source: 'qwen2_5_omni',
    config: {
      ...PLAIN,
      base: base(1e6),
      mrope: { ...chunked('qwen2_5_omni'), rate: 'position_id_per_seconds', chunk: 'seconds_per_chunk' },
      sizes: sizes(3584, 28, 28),
    },
    gguf: 'qwen2vl',
  },
  {
    types: ['qwen2_5_omni_dit'],
    source: 'qwen2_5_omni',
    config: { ...PLAIN, sizes: sizes(1024, 16, 22) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_text'],
    source: 'qwen3_vl',
    config: { ...PLAIN, base: base(5e5), head: head(128), mrope: interleaved('qwen3_vl'), sizes: sizes(4096, 32, 32) },
    gguf: 'qwen3vl',
  },
  {
    types: ['qwen3_vl_moe_text'],
    source: 'qwen3_vl_moe',
    config: {
      ...PLAIN,
      base: base(5e5),
      head: head(128),
      mrope: interleaved('qwen3_vl_moe'),
      sizes: sizes(2048, 16, 24),
    },
    gguf: 'qwen3vlmoe',
  },
  {
    types: ['qwen3_omni_moe_text'],
    source: 'qwen3_omni_moe',
    config: {
      ...PLAIN,
      base: base(1e6),
      mrope: { ...interleaved('qwen3_omni_moe'), rate: 'position_id_per_seconds' },
      sizes: sizes(2048, 28, 28),
    },
    gguf: 'qwen3vlmoe',
  },
  {
    types: ['qwen3_omni_moe_talker_text'],
    source: 'qwen3_omni_moe',
    config: { ...PLAIN, mrope: interleaved(null), sizes: sizes(1024, 16, 20) },
    gguf: null,
  },
  {
    types: ['qwen3_omni_moe_talker_code_predictor'],
    source: 'qwen3_omni_moe',
    config: { ...PLAIN, head: head(128), mrope: interleaved(null), sizes: sizes(1024, 16, 5) },
    gguf: null,
  },
  {
    types: ['qwen3_next'],
    source: null,
    config: { ...HYBRID, sizes: sizes(2048, 16, 48) },
    gguf: 'qwen3next',
  },
  {
    types: ['qwen3_5_text'],
    source: 'qwen3_5',
    config: { ...HYBRID, mrope: short('qwen3_5'), sizes: sizes(4096, 16, 32) },
    gguf: 'qwen35',
  },
  {
    types: ['qwen3_5_moe_text'],
    source: 'qwen3_5_moe',
    config: { ...HYBRID, mrope: short('qwen3_5_moe'), sizes: sizes(2048, 16, 40) },
    gguf: 'qwen35moe',
  },
  {
    types: ['qwen4_exp_text'],
    source: 'qwen4_exp',
    config: { ...HYBRID, rotated: { partial: 1 }, mrope: short('qwen4_exp'), sizes: sizes(2048, 16, 40) },
    gguf: 'qwen4exp',
  },
  {
    types: ['cosmos3_edge_text'],
    source: 'cosmos3_edge',
    config: {
      ...PLAIN,
      base: base(1e8),
      head: head(128),
      mrope: interleaved('cosmos3_edge'),
      sizes: sizes(2048, 16, 28),
    },
    gguf: null,
  },
];
