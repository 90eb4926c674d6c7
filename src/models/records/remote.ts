/** Types of remote code that compute like Llama, BERT or a composite of such, some under keys of their own. */
import type { AlibiFacts, ModelRecord } from './record.ts';
import { ALL, base, FLAGS_ROTATE, given, head, heads, INTERLEAVED, PLAIN, rows, sizes } from './words.ts';

const ALIBI: AlibiFacts = { family: 'alibi', heads: heads(null), slopes: 'press', maxBias: given(8), form: 'key' };

export const remoteRecords = (): readonly ModelRecord[] => [
  {
    types: ['Yi'],
    source: '01-ai/Yi-6B modeling_yi.py',
    config: { ...PLAIN, base: base(5e6) },
    gguf: 'llama',
  },
  {
    types: ['deepseek'],
    source: 'deepseek-ai/deepseek-moe-16b-base modeling_deepseek.py',
    config: PLAIN,
    gguf: 'deepseek',
  },
  {
    types: ['solar'],
    source: 'upstage/solar-pro-preview-instruct modeling_solar.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['zhinao'],
    source: 'qihoo360/360Zhinao-7B-Chat-4K modeling_zhinao.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['bluelm', 'BlueLM'],
    source: 'vivo-ai/BlueLM-7B-Base modeling_bluelm.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['openelm'],
    source: 'apple/OpenELM-3B modeling_openelm.py',
    config: {
      ...PLAIN,
      base: base(1e4, 'rope_freq_constant'),
      head: head(128),
      counts: { heads: 'num_heads', layers: 'num_transformer_layers' },
      ignores: ['rope_max_length'],
    },
    gguf: 'openelm',
  },
  {
    types: ['arctic'],
    source: 'Snowflake/snowflake-arctic-base modeling_arctic.py',
    config: { ...PLAIN, base: base(1e6) },
    gguf: 'arctic',
  },
  {
    types: ['codeshell'],
    source: 'WisdomShell/CodeShell-7B modeling_codeshell.py',
    config: PLAIN,
    gguf: 'codeshell',
  },
  {
    types: ['llada'],
    source: 'GSAI-ML/LLaDA-8B-Base modeling_llada.py',
    config: { ...PLAIN, ignores: ['rope', 'rope_full_precision', 'alibi_bias_max'] },
    gguf: 'llada',
  },
  {
    types: ['Dream'],
    source: 'Dream-org/Dream-v0-Base-7B modeling_dream.py',
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'dream',
  },
  {
    types: ['sdar'],
    source: 'JetLM/SDAR-1.7B-Chat modeling_sdar.py',
    config: { ...PLAIN, head: head(128) },
    gguf: null,
  },
  {
    types: ['sdar_moe'],
    source: 'JetLM/SDAR-30B-A3B-Chat modeling_sdar_moe.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['internlmxcomposer', 'internlmxcomposer2', 'internlm-xcomposer2'],
    source: 'internlm/internlm-xcomposer2-7b modeling_internlm2.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['GOT'],
    classes: ['GOTQwen'],
    source: 'stepfun-ai/GOT-OCR2_0 modeling_GOT.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['mplug_owl2'],
    source: 'MAGAer13/mplug-owl2-llama2-7b modeling_llama2.py',
    config: PLAIN,
    gguf: null,
  },
  {
    types: ['gpt_refact'],
    source: 'smallcloudai/Refact-1_6B-fim modeling_gpt_refact.py',
    config: ALIBI,
    gguf: 'refact',
  },
  {
    types: ['btlm'],
    source: 'cerebras/btlm-3b-8k-base modeling_btlm.py',
    config: {
      family: 'choice',
      choices: [{ when: { key: 'position_embedding_type', is: ['alibi'] }, facts: ALIBI }],
      otherwise: rows(1024, 768),
    },
    gguf: null,
  },
  {
    // GTE of Alibaba: a BERT that rotates, or has rows.
    types: ['new'],
    classes: ['New'],
    source: 'Alibaba-NLP/new-impl modeling.py',
    config: {
      family: 'choice',
      choices: [{ when: { key: 'position_embedding_type', is: ['rope'] }, facts: PLAIN }],
      otherwise: rows(512, 768),
    },
    gguf: null,
  },
  {
    types: ['dots_ocr'],
    source: 'rednote-hilab/dots.ocr modeling_dots_ocr.py',
    config: { family: 'wrapper', text: 'qwen2', vision: null },
    gguf: null,
  },
  {
    types: ['kimi_vl'],
    source: 'moonshotai/Kimi-VL-A3B-Instruct modeling_kimi_vl.py',
    config: { family: 'wrapper', text: 'deepseek_v3', vision: 'moonvit' },
    gguf: null,
  },
  {
    types: ['openvla'],
    source: 'openvla/openvla-7b modeling_prismatic.py',
    config: { family: 'wrapper', text: 'llama', vision: null },
    gguf: null,
  },
  {
    types: ['moondream1'],
    source: 'vikhyatk/moondream2 configuration_moondream.py',
    config: { family: 'wrapper', text: 'phi', vision: null },
    gguf: null,
  },
  {
    types: ['smallthinker'],
    source: 'PowerInfer/SmallThinker-4BA0.6B-Instruct modeling_smallthinker.py',
    config: {
      ...PLAIN,
      base: base(1e6),
      head: head(128),
      layers: [FLAGS_ROTATE('rope_layout', 'nope'), ALL],
      ignores: ['sliding_window_layout', 'sliding_window_size'],
      sizes: sizes(1536, 12, 32),
    },
    gguf: 'smallthinker',
  },
  {
    types: ['PanguEmbedded'],
    source: 'FreedomIntelligence/openPangu-Embedded-7B modeling_openpangu_dense.py',
    config: { ...PLAIN, base: base(1.6e7), sizes: sizes(4096, 32, 34) },
    gguf: 'pangu-embedded',
  },
  {
    types: ['plamo'],
    source: 'pfnet/plamo-13b modeling_plamo.py',
    config: { ...PLAIN, base: { value: 1e4, keys: ['rope_theta'], fixed: true }, sizes: sizes(4096, 32, 32) },
    gguf: 'plamo',
  },
  {
    types: ['neobert'],
    classes: ['NeoBERTLMHead'],
    source: 'chandar-lab/NeoBERT model.py',
    config: {
      ...PLAIN,
      base: { value: 1e4, keys: ['rope_theta'], fixed: true },
      pairing: INTERLEAVED,
      sizes: sizes(768, 12, 28),
    },
    gguf: 'neo-bert',
  },
];
