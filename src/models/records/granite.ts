/** Granite and hybrids of attention with state-space layers. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { ALL, attentionAt, attentionEvery, attentionIn, base, head, PLAIN, sizes } from './words.ts';

const GRANITE: RotaryFacts = { ...PLAIN, softmax: { key: 'attention_multiplier', fallback: 1 } };
/** A base for each layer, 0 where it does not rotate. */
const LAYER_BASES = { base: 'layer_rope_theta' } as const;

export const graniteRecords = (): readonly ModelRecord[] => [
  {
    types: ['granite'],
    source: null,
    config: { ...GRANITE, sizes: sizes(4096, 32, 32) },
    gguf: 'granite',
  },
  {
    types: ['granitemoe', 'granitemoeshared'],
    source: null,
    config: { ...GRANITE, sizes: sizes(4096, 32, 32) },
    gguf: 'granitemoe',
  },
  {
    types: ['granite4_vision_text'],
    source: 'granite4_vision',
    config: { ...GRANITE, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['granite_swa'],
    source: null,
    config: { ...GRANITE, perLayer: LAYER_BASES, sizes: sizes(2560, 20, 24) },
    gguf: 'granite_swa',
  },
  {
    types: ['granitemoe_swa'],
    source: null,
    config: { ...GRANITE, perLayer: LAYER_BASES, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['granitemoehybrid'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'position_embedding_type', is: ['rope'] },
          facts: {
            ...GRANITE,
            layers: [attentionIn('layers_block_type'), attentionIn('layer_types'), ALL],
            sizes: sizes(4096, 32, 32),
          },
        },
      ],
      otherwise: { family: 'none', reason: "position_embedding_type is not 'rope'" },
    },
    gguf: 'granitehybrid',
  },
  {
    types: ['bamba'],
    source: null,
    config: {
      ...PLAIN,
      rotated: { partial: 0.5 },
      layers: [attentionAt('attn_layer_indices'), attentionIn('layers_block_type'), attentionIn('layer_types'), ALL],
      sizes: sizes(4096, 32, 32),
    },
    gguf: 'granitehybrid',
  },
  {
    types: ['zamba2'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'use_mem_rope', is: [true] },
          facts: {
            ...PLAIN,
            head: { ...head(null, 'attention_head_dim'), times: 2 },
            softmax: { headTimes: 0.5 },
            layers: [attentionIn('layers_block_type'), attentionAt('hybrid_layer_ids'), ALL],
            sizes: sizes(2560, 32, 54),
          },
        },
      ],
      otherwise: { family: 'none', reason: 'use_mem_rope is not true' },
    },
    gguf: null,
  },
  {
    types: ['falcon_h1'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'falcon-h1',
  },
  {
    types: ['zaya'],
    source: null,
    config: { ...PLAIN, base: base(5e6), head: head(128), rotated: { partial: 0.5 }, sizes: sizes(2048, 8, 40) },
    gguf: null,
  },
  {
    types: ['olmo_hybrid'],
    source: null,
    config: { ...PLAIN, layers: [attentionIn('layer_types'), attentionEvery(4)], sizes: sizes(3840, 30, 32) },
    gguf: null,
  },
  {
    types: ['recurrent_gemma'],
    source: null,
    config: {
      ...PLAIN,
      rotated: { partial: 0.5 },
      layers: [
        {
          cycle: 'block_types',
          uses: { attention: { table: 'default' }, recurrent: 'no attention' },
          fallback: ['recurrent', 'recurrent', 'attention'],
        },
      ],
      sizes: sizes(2560, 10, 26),
    },
    gguf: null,
  },
];
