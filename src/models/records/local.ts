/** Models whose window layers have a base, a width or a scaling of their own. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import {
  ALL,
  base,
  baseAt,
  FULL_AND_SLIDING,
  fullEvery,
  fullTable,
  given,
  head,
  INTERLEAVED,
  PLAIN,
  SLIDING_ROTATES,
  sizes,
  slidingTable,
} from './words.ts';

const MODERNBERT: RotaryFacts = {
  ...PLAIN,
  tables: [fullTable(baseAt(1.6e5, 'global_rope_theta', 'rope_theta')), slidingTable(baseAt(1e4, 'local_rope_theta'))],
  layers: [FULL_AND_SLIDING, fullEvery(3, ['global_attn_every_n_layers'], 'first')],
  sizes: sizes(768, 12, 22),
};

export const localRecords = (): readonly ModelRecord[] => [
  {
    types: ['modernbert', 'modernbert-decoder'],
    source: null,
    config: MODERNBERT,
    gguf: 'modern-bert',
  },
  {
    types: ['mimo_v2_flash', 'naive_n05_flash'],
    source: null,
    config: {
      ...PLAIN,
      head: head(192),
      rotated: { partial: 0.334 },
      tables: [
        fullTable(base(5e6)),
        { ...slidingTable(baseAt(1e4, 'swa_rope_theta')), head: head(192, 'swa_head_dim') },
      ],
      layers: [
        {
          list: 'hybrid_layer_pattern',
          uses: { 1: { table: 'sliding_attention' }, 0: { table: 'full_attention' } },
          others: null,
        },
        FULL_AND_SLIDING,
        { first: given(1), use: { table: 'full_attention' }, rest: fullEvery(6, []) },
      ],
      sizes: sizes(4096, 64, 48),
    },
    gguf: 'mimo2',
  },
  {
    types: ['laguna'],
    source: null,
    config: {
      ...PLAIN,
      head: head(128),
      rotated: { partial: 1 },
      tables: [{ ...fullTable(base(5e5)), partial: 0.5 }, slidingTable(baseAt(1e4, 'swa_rope_theta'))],
      layers: [FULL_AND_SLIDING, { all: { table: 'full_attention' } }],
      sizes: sizes(2048, 48, 40),
    },
    gguf: 'laguna',
  },
  {
    types: ['mellum'],
    source: null,
    config: {
      ...PLAIN,
      head: head(128),
      rotated: { partial: 1 },
      tables: [fullTable(base(5e5)), slidingTable(baseAt(5e5, 'rope_local_base_freq', 'rope_theta'))],
      layers: [FULL_AND_SLIDING, { all: { table: 'full_attention' } }],
      sizes: sizes(2304, 32, 28),
    },
    gguf: 'mellum',
  },
  {
    types: ['neomme'],
    source: null,
    config: {
      ...PLAIN,
      head: head(64),
      rotated: { partial: 1 },
      tables: [{ ...fullTable(base(1e6)), partial: 0.25 }, slidingTable(baseAt(1e4, 'rope_local_base_freq'))],
      layers: [FULL_AND_SLIDING],
      sizes: sizes(1024, 16, 17),
    },
    gguf: null,
  },
  {
    types: ['step3p5'],
    source: 'step3p7',
    config: {
      ...PLAIN,
      head: head(128),
      rotated: { partial: 1 },
      perLayer: { base: 'rope_theta', partial: 'partial_rotary_factors', scaledTypes: 'yarn_only_types' },
      sizes: sizes(4096, 64, 45),
    },
    gguf: 'step35',
  },
  {
    types: ['cohere_compass_text'],
    source: 'cohere_compass',
    config: {
      ...PLAIN,
      pairing: INTERLEAVED,
      mrope: { section: [22, 22, 20], layout: 'ernie_hw_alternating', ids: 'cohere_compass' },
      layers: [SLIDING_ROTATES, ALL],
      sizes: sizes(8192, 64, 40),
    },
    gguf: null,
  },
];
