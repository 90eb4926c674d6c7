/** DeepSeek and its relatives: latent attention with a decoupled rotary part. arXiv 2405.04434. */
import type { GgufRotary, ModelRecord, RotaryFacts } from './record.ts';
import { base, GGUF_NORM, INTERLEAVED, PLAIN, sizes, TO_HALF } from './words.ts';

const LATENT: RotaryFacts = {
  ...PLAIN,
  rotated: { latent: { rope: 64, nope: 128 } },
  pairing: TO_HALF,
  softmax: 'mscale',
};
const WIDE = { latent: { rope: 64, nope: 192 } } as const;
const INDEXER = {
  indexer_rope_interleave:
    'the indexer of the sparse attention turns a table of its own; what is read is the attention',
} as const;
/** The rotated channels come last: [nope | rope]. m of YaRN is written as 0.1 m in the file. */
const GGUF_DEEPSEEK2: GgufRotary = {
  ...GGUF_NORM,
  head: ['attention.key_length_mla', 'attention.key_length'],
  place: 'last',
  softmax: 'mscale',
  yarn: { logMultiplier: { unit: 10, numeratorToo: true }, betas: null },
};

export const DEEPSEEK_RECORDS: readonly ModelRecord[] = [
  {
    // A config.json may switch latent attention off (DeepSeek-OCR): then it is Llama.
    types: ['deepseek_v2', 'deepseek_vl_v2'],
    classes: ['DeepseekOCR', 'DeepseekVLV2'],
    source: 'deepseek_v2/modeling_deepseek_v2.py',
    config: {
      family: 'choice',
      choices: [{ when: { key: 'use_mla', is: [false] }, facts: PLAIN }],
      otherwise: { ...LATENT, pairing: INTERLEAVED, sizes: sizes(4096, 32, 32) },
    },
    gguf: 'deepseek2',
  },
  {
    types: ['deepseek_v3', 'kimi_k2'],
    source: 'deepseek_v3/modeling_deepseek_v3.py',
    config: { ...LATENT, sizes: sizes(7168, 128, 61) },
    gguf: {
      arch: 'deepseek2',
      source: 'models/deepseek2.cpp',
      positions: GGUF_DEEPSEEK2,
    },
  },
  {
    types: ['deepseek_v4'],
    source: 'deepseek_v4/modeling_deepseek_v4.py',
    config: {
      ...PLAIN,
      head: { dim: 512, keys: ['head_dim'] },
      rotated: { partial: 0.125, place: 'last', dim: { keys: ['qk_rope_head_dim'], fallback: null } },
      pairing: { input: 'interleaved' },
      yarnAmplitude: 1,
      tables: [
        { label: 'main', base: base(1e4), scaled: false },
        { label: 'compress', base: { value: 1.6e5, keys: ['compress_rope_theta'] }, scaled: true },
      ],
      layers: [
        { list: 'compress_ratios', uses: { 0: { table: 'main' } }, others: { table: 'compress' } },
        { list: 'layer_types', uses: { sliding_attention: { table: 'main' } }, others: { table: 'compress' } },
        { all: { table: 'compress' } },
      ],
    },
    gguf: {
      arch: 'deepseek4',
      source: 'models/deepseek4.cpp',
      positions: {
        ...GGUF_NORM,
        place: 'last',
        tables: [
          {
            label: 'main',
            base: { keys: ['rope.freq_base'], fallback: 1e4 },
            scaled: false,
            dim: ['rope.dimension_count'],
          },
          {
            label: 'compress',
            base: { keys: ['attention.compress_rope_freq_base'], fallback: null },
            scaled: true,
            dim: ['rope.dimension_count'],
          },
        ],
        layers: [{ list: 'attention.compress_ratios', uses: { 0: { table: 'main' } }, others: { table: 'compress' } }],
        softmax: { root: ['attention.key_length'], fallback: 'head' },
        yarn: 'one',
      },
    },
  },
  {
    types: ['deepseek_v32'],
    source: 'deepseek_v32/modeling_deepseek_v32.py',
    config: { ...LATENT, mentions: INDEXER, sizes: sizes(7168, 128, 61) },
    gguf: null,
  },
  {
    types: ['glm_moe_dsa'],
    source: 'glm_moe_dsa/modeling_glm_moe_dsa.py',
    config: { ...LATENT, rotated: WIDE, mentions: INDEXER, sizes: sizes(6144, 64, 78) },
    gguf: null,
  },
  {
    types: ['glm4_moe_lite'],
    source: 'glm4_moe_lite/modeling_glm4_moe_lite.py',
    config: { ...LATENT, rotated: WIDE, sizes: sizes(2048, 20, 47) },
    gguf: null,
  },
  {
    types: ['longcat_flash'],
    source: 'longcat_flash/modeling_longcat_flash.py',
    config: { ...LATENT, base: base(1e7) },
    gguf: null,
  },
  {
    types: ['youtu'],
    source: 'youtu/modeling_youtu.py',
    config: { ...LATENT, sizes: sizes(2048, 16, 32) },
    gguf: null,
  },
  {
    types: ['axk1'],
    source: 'axk1/modeling_axk1.py',
    config: { ...LATENT, sizes: sizes(7168, 64, 61) },
    gguf: null,
  },
  {
    types: ['axk2'],
    source: 'axk2/modeling_axk2.py',
    config: { ...LATENT, rotated: { latent: { rope: 32, nope: 64 } }, sizes: sizes(2048, 32, 48) },
    gguf: null,
  },
  {
    types: ['hy_v4'],
    source: 'hy_v4/modeling_hy_v4.py',
    config: { ...PLAIN, rotated: { latent: { rope: 64, nope: 192 } }, sizes: sizes(2816, 32, 34) },
    gguf: null,
  },
  {
    types: ['minicpm3'],
    source: 'minicpm3/modeling_minicpm3.py',
    config: { ...PLAIN, rotated: { latent: { rope: 32, nope: 64 } }, sizes: sizes(2560, 40, 62) },
    gguf: null,
  },
];
