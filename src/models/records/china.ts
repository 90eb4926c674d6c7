/** ERNIE, HunYuan, PaddleOCR and the models of remote code that compute like Llama under keys of their own. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { base, head, INTERLEAVED, PLAIN, sizes } from './words.ts';

const HUNYUAN: RotaryFacts = {
  ...PLAIN,
  head: head(null, 'attention_head_dim'),
  // A dynamic block with alpha is a fixed base: alpha alone decides, the rest was copied from a YaRN block.
  alpha: true,
  ignores: ['position_embedding_xdrope', 'use_rotary_pos_emb'],
  sizes: sizes(4096, 32, 32),
};

export const chinaRecords = (): readonly ModelRecord[] => [
  {
    types: ['ernie4_5'],
    source: null,
    config: { ...PLAIN, base: base(5e5), head: head(128), pairing: INTERLEAVED, sizes: sizes(1024, 16, 18) },
    gguf: 'ernie4_5',
  },
  {
    types: ['ernie4_5_moe'],
    source: null,
    config: { ...PLAIN, base: base(5e5), pairing: INTERLEAVED, sizes: sizes(2560, 20, 28) },
    gguf: 'ernie4_5-moe',
  },
  {
    types: ['ernie4_5_vl_moe_text', 'ernie4_5_moe_vl'],
    source: 'ernie4_5_vl_moe',
    config: {
      ...PLAIN,
      base: base(5e5),
      pairing: INTERLEAVED,
      mrope: { section: [22, 22, 20], layout: 'ernie_hw_alternating', ids: 'ernie4_5_vl_moe' },
      sizes: sizes(2560, 20, 28),
    },
    gguf: null,
  },
  {
    types: ['paddleocr_vl_text'],
    source: 'paddleocr_vl',
    config: {
      ...PLAIN,
      base: base(5e5),
      head: head(128),
      mrope: { section: [16, 24, 24], layout: 'chunked', ids: 'paddleocr_vl' },
      sizes: sizes(1024, 16, 18),
    },
    gguf: 'paddleocr',
  },
  {
    types: ['hunyuan_v1_dense'],
    source: null,
    config: HUNYUAN,
    gguf: 'hunyuan-dense',
  },
  {
    types: ['hunyuan_v1_moe', 'hunyuan'],
    classes: ['HunYuanMoEV1'],
    source: null,
    config: HUNYUAN,
    gguf: 'hunyuan-moe',
  },
  {
    types: ['hunyuan_vl_text'],
    source: 'hunyuan_vl',
    config: {
      ...HUNYUAN,
      mrope: { section: null, layout: 'hunyuan_fullwidth', ids: 'hunyuan_vl' },
      blockNames: { types: { xdrope: 'dynamic' }, keys: { xdrope_section: 'mrope_section' } },
    },
    gguf: 'hunyuan_vl',
  },
  {
    types: ['hy_v3'],
    source: null,
    config: { ...PLAIN, base: base(11158840), head: head(128), sizes: sizes(4096, 64, 80) },
    gguf: 'hy_v3',
  },
  {
    types: ['internlm'],
    source: 'internlm/internlm-7b modeling_internlm.py',
    config: { ...PLAIN, base: base(1e4) },
    gguf: null,
  },
  {
    types: ['internlm3'],
    source: 'internlm/internlm3-8b-instruct modeling_internlm3.py',
    config: { ...PLAIN, base: base(1e4) },
    gguf: 'llama',
  },
  {
    types: ['internlm2'],
    classes: ['InternLM2'],
    source: 'internlm/internlm2_5-7b-chat modeling_internlm2.py',
    config: PLAIN,
    gguf: 'internlm2',
  },
  {
    types: ['exaone'],
    source: 'LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct modeling_exaone.py',
    config: PLAIN,
    gguf: 'exaone',
  },
  {
    types: ['yuan'],
    source: 'IEITYuan/Yuan2-2B-hf yuan_hf_model.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['orion'],
    source: 'OrionStarAI/Orion-14B-Base modeling_orion.py',
    config: PLAIN,
    gguf: 'orion',
  },
  {
    types: ['aquila'],
    source: 'BAAI/AquilaChat2-7B modeling_aquila.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['xverse'],
    source: 'xverse/XVERSE-13B modeling_xverse.py',
    config: PLAIN,
    gguf: 'xverse',
  },
  {
    types: ['minicpm'],
    source: 'openbmb/MiniCPM-2B-sft-bf16 modeling_minicpm.py',
    config: PLAIN,
    gguf: 'minicpm',
  },
  {
    types: ['minicpmv', 'minicpmo'],
    source: 'openbmb/MiniCPM-V-2_6 modeling_minicpmv.py',
    config: { family: 'wrapper', text: 'qwen2', vision: 'idefics2_vision' },
    gguf: null,
  },
  {
    types: ['bailing_moe'],
    classes: ['BailingMoe'],
    source: 'inclusionAI/Ling-lite modeling_bailing_moe.py',
    config: { ...PLAIN, rotated: { partial: 1 } },
    gguf: 'bailingmoe',
  },
  {
    types: ['bailing_moe_v2'],
    classes: ['BailingMoeV2'],
    source: 'inclusionAI/Ling-mini-2.0 modeling_bailing_moe_v2.py',
    config: { ...PLAIN, rotated: { partial: 1 } },
    gguf: 'bailingmoe2',
  },
  {
    types: ['skywork'],
    source: 'Skywork/Skywork-13B-base modeling_skywork.py',
    config: PLAIN,
    gguf: null,
  },
  {
    // The first files have dim and n_heads and rotate complex numbers; the later ones are Llama.
    types: ['minimind'],
    classes: ['MiniMindLM', 'MiniMind'],
    source: 'jingyaogong/MiniMind2 model_minimind.py',
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'dim', present: true },
          facts: { ...PLAIN, base: base(1e6), pairing: INTERLEAVED },
        },
      ],
      otherwise: { ...PLAIN, base: base(1e6) },
    },
    gguf: null,
  },
  {
    types: ['decilm', 'deci'],
    source: 'Deci/DeciLM-7B modeling_decilm.py',
    config: PLAIN,
    gguf: 'deci',
  },
  {
    // The plain transformer of flash-linear-attention.
    types: ['transformer'],
    source: 'fla-org/flash-linear-attention fla/models/transformer/modeling_transformer.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['logics'],
    source: 'Logics-MLLM/Logics-Thinking-8B configuration_logics.py',
    config: { ...PLAIN, base: base(1e6), ignores: ['use_pos_skipping', 'pos_skipping_range'] },
    gguf: null,
  },
];
