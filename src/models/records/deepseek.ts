/** DeepSeek and its relatives: latent attention with a decoupled rotary part. arXiv 2405.04434. */
import type { GgufRotary, ModelRecord, RotaryFacts } from './record.ts';
import { base, GGUF_NORM, PLAIN } from './words.ts';

const LATENT: RotaryFacts = {
  ...PLAIN,
  rotated: { latent: { rope: 64, nope: 128 } },
  pairing: { input: 'interleaved', output: 'half', key: 'rope_interleave' },
  softmax: 'mscale',
};
/** The rotated channels come last: [nope | rope]. m of YaRN is written as 0.1 m in the file. */
const GGUF_DEEPSEEK2: GgufRotary = {
  ...GGUF_NORM,
  head: ['attention.key_length_mla', 'attention.key_length'],
  place: 'last',
  softmax: 'mscale',
  yarn: { logMultiplier: { unit: 10, numeratorToo: true }, betas: null },
};

export const DEEPSEEK: readonly ModelRecord[] = [
  {
    types: ['deepseek_v2', 'deepseek_vl_v2'],
    source: 'deepseek_v2/modeling_deepseek_v2.py',
    config: {
      ...LATENT,
      rotated: {
        latent: {
          rope: 64,
          nope: 128,
          off: [
            { key: 'use_mla', is: [false] },
            { key: 'kv_lora_rank', is: [null] },
          ],
        },
      },
      pairing: { input: 'interleaved' },
    },
    gguf: 'deepseek2',
  },
  {
    types: ['deepseek_v3', 'kimi_k2', 'kimi_k25'],
    source: 'deepseek_v3/modeling_deepseek_v3.py',
    config: LATENT,
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
        { first: { keys: [], fallback: 2 }, use: { table: 'main' }, others: { table: 'compress' } },
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
];
