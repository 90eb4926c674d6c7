/** DeepSeek and its relatives: latent attention with a decoupled rotary part. arXiv 2405.04434. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { base, INTERLEAVED, PLAIN, sizes, TO_HALF } from './words.ts';

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
export const deepseekRecords = (): readonly ModelRecord[] => [
  {
    // A config.json may switch latent attention off (DeepSeek-OCR): then it is Llama.
    types: ['deepseek_v2', 'deepseek_vl_v2'],
    classes: ['DeepseekOCR', 'DeepseekVLV2'],
    source: null,
    config: {
      family: 'choice',
      choices: [{ when: { key: 'use_mla', is: [false] }, facts: PLAIN }],
      otherwise: { ...LATENT, pairing: INTERLEAVED, sizes: sizes(4096, 32, 32) },
    },
    gguf: 'deepseek2',
  },
  {
    types: ['deepseek_v3', 'kimi_k2'],
    source: null,
    config: { ...LATENT, sizes: sizes(7168, 128, 61) },
    gguf: 'deepseek2',
  },
  {
    types: ['deepseek_v4'],
    source: null,
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
    gguf: 'deepseek4',
  },
  {
    types: ['deepseek_v32'],
    source: null,
    config: { ...LATENT, mentions: INDEXER, sizes: sizes(7168, 128, 61) },
    gguf: 'deepseek32',
  },
  {
    types: ['glm_moe_dsa'],
    source: null,
    config: { ...LATENT, rotated: WIDE, mentions: INDEXER, sizes: sizes(6144, 64, 78) },
    gguf: 'glm-dsa',
  },
  {
    types: ['glm4_moe_lite'],
    source: null,
    config: { ...LATENT, rotated: WIDE, sizes: sizes(2048, 20, 47) },
    gguf: 'deepseek2',
  },
  {
    types: ['longcat_flash'],
    source: null,
    config: { ...LATENT, base: base(1e7) },
    gguf: null,
  },
  {
    types: ['youtu'],
    source: null,
    config: { ...LATENT, sizes: sizes(2048, 16, 32) },
    gguf: 'deepseek2',
  },
  {
    types: ['axk1'],
    source: null,
    config: { ...LATENT, sizes: sizes(7168, 64, 61) },
    gguf: null,
  },
  {
    types: ['axk2'],
    source: null,
    config: { ...LATENT, rotated: { latent: { rope: 32, nope: 64 } }, sizes: sizes(2048, 32, 48) },
    gguf: null,
  },
  {
    types: ['hy_v4'],
    source: null,
    config: { ...PLAIN, rotated: { latent: { rope: 64, nope: 192 } }, sizes: sizes(2816, 32, 34) },
    gguf: 'hy_v4',
  },
  {
    types: ['minicpm3'],
    source: null,
    config: { ...PLAIN, rotated: { latent: { rope: 32, nope: 64 } }, sizes: sizes(2560, 40, 62) },
    gguf: 'minicpm3',
  },
];
