/** Mistral and Mixtral: Llama with a window, later with YaRN and a scale of the queries by position. */
import type { ModelRecord } from './record.ts';
import { base, head, PLAIN, sizes, TO_HALF } from './words.ts';

/** Ministral 3 and Mistral 4 multiply queries by 1 + beta ln(1 + floor(position / original length)). */
const QUERY_BETA = ['llama_4_scaling_beta'] as const;

export const mistralRecords = (): readonly ModelRecord[] => [
  {
    types: ['mistral', 'ministral'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'llama',
  },
  {
    types: ['mixtral'],
    source: null,
    config: { ...PLAIN, base: base(1e6), sizes: sizes(4096, 32, 32) },
    gguf: 'llama',
  },
  {
    types: ['ministral3'],
    source: null,
    config: {
      ...PLAIN,
      base: base(1e6),
      head: head(128),
      block: 'required',
      blockKeys: QUERY_BETA,
      sizes: sizes(4096, 32, 34),
    },
    gguf: 'mistral3',
  },
  {
    types: ['mistral4'],
    source: null,
    config: {
      ...PLAIN,
      rotated: { latent: { rope: 64, nope: 64 } },
      pairing: TO_HALF,
      softmax: 'mscale',
      block: 'required',
      blockKeys: QUERY_BETA,
      sizes: sizes(4096, 32, 36),
    },
    gguf: 'mistral4',
  },
  {
    types: ['voxtral_realtime_text'],
    source: 'voxtral_realtime',
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
];
