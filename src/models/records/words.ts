/** Facts that many architectures share, to be spread into a record: what differs is written beside the spread. */
import type { BaseFacts, GgufRotary, HeadFacts, LayerRule, RotaryFacts } from './record.ts';

/** The usual keys of the base. */
export const BASE_KEYS = ['rope_theta', 'rotary_emb_base'] as const;

export const base = (value: number): BaseFacts => ({ value, keys: BASE_KEYS });

/** hidden size / heads, unless head_dim says otherwise. */
export const HEAD: HeadFacts = { dim: null, keys: ['head_dim'] };

/** Llama: base 10000, half pairing, the whole head, every layer. */
export const PLAIN: RotaryFacts = {
  family: 'rotary',
  base: base(1e4),
  head: HEAD,
  rotated: 'head',
  pairing: { input: 'half' },
  softmax: 'head',
  layers: null,
};

/** `layer_types` with a table for each of its two words. */
export const FULL_AND_SLIDING: LayerRule = {
  list: 'layer_types',
  uses: { full_attention: { table: 'full_attention' }, sliding_attention: { table: 'sliding_attention' } },
  others: null,
};

/** The last of every n layers attends to everything. */
export const fullEvery = (n: number, keys: readonly string[], at: 'last' | 'first' = 'last'): LayerRule => ({
  every: { keys, fallback: n },
  at,
  use: { table: 'full_attention' },
  others: { table: 'sliding_attention' },
});

/** LLAMA_ROPE_TYPE_NORM: interleaved pairs over the first channels, one table, every layer. */
export const GGUF_NORM: GgufRotary = {
  family: 'rotary',
  mode: 'norm',
  sections: 'none',
  permuted: false,
  head: ['attention.key_length'],
  place: 'first',
  tables: [
    {
      label: 'default',
      base: { keys: ['rope.freq_base'], fallback: 1e4 },
      scaled: true,
      dim: ['rope.dimension_count'],
    },
  ],
  layers: [{ all: { table: 'default' } }],
  softmax: 'head',
  yarn: 'plain',
  factors: [],
};

/** LLAMA_ROPE_TYPE_NEOX: half pairing. */
export const GGUF_NEOX: GgufRotary = { ...GGUF_NORM, mode: 'neox' };
