/** Phi. */
import type { ModelRecord } from './record.ts';
import { base, given, PLAIN, sizes } from './words.ts';

export const phiRecords = (): readonly ModelRecord[] => [
  {
    types: ['phi', 'phi-msft', 'mixformer-sequential'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.5, dim: given(null, 'rotary_dim') }, sizes: sizes(2048, 32, 24) },
    gguf: 'phi2',
  },
  {
    types: ['phi3', 'phi3_v', 'phi4mm'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 1 }, sizes: sizes(3072, 32, 32) },
    gguf: 'phi3',
  },
  {
    types: ['phi4_multimodal'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 1 }, sizes: sizes(3072, 32, 32) },
    gguf: null,
  },
  {
    types: ['phimoe'],
    source: null,
    config: { ...PLAIN, base: base(1e6), sizes: sizes(4096, 32, 32) },
    gguf: 'phimoe',
  },
  {
    // muP divides the scores by the head width, times a multiplier.
    types: ['phi3small'],
    source: 'microsoft/Phi-3-small-8k-instruct modeling_phi3_small.py',
    config: {
      ...PLAIN,
      base: base(1e4, 'rope_embedding_base'),
      scale: 'rope_position_scale',
      softmax: {
        when: { key: 'mup_use_scaling', is: [true] },
        holds: { over: 'mup_attn_multiplier', fallback: 1 },
        fails: 'head',
      },
    },
    gguf: null,
  },
];
