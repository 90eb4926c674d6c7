/** GLM: half of each head rotates, interleaved in the dense models, with sections in the vision models. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { base, head, INTERLEAVED, PLAIN, sizes } from './words.ts';

const GLM: RotaryFacts = { ...PLAIN, head: head(128), rotated: { partial: 0.5 }, pairing: INTERLEAVED };
type Streams = NonNullable<RotaryFacts['mrope']>;
const streams = (ids: Streams['ids']): Streams => ({ section: [8, 12, 12], layout: 'chunked', ids });

export const glmRecords = (): readonly ModelRecord[] => [
  {
    types: ['glm'],
    source: null,
    config: { ...GLM, sizes: sizes(4096, 32, 40) },
    gguf: 'chatglm',
  },
  {
    types: ['glm4'],
    source: null,
    config: { ...GLM, sizes: sizes(4096, 32, 40) },
    gguf: 'glm4',
  },
  {
    types: ['glm4_moe'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(4096, 96, 46) },
    gguf: 'glm4moe',
  },
  {
    types: ['glm4v_text', 'glm46v_text'],
    source: 'glm4v',
    config: {
      ...PLAIN,
      rotated: { partial: 1 },
      pairing: INTERLEAVED,
      mrope: streams('glm4v'),
      sizes: sizes(4096, 32, 40),
    },
    gguf: 'glm4',
  },
  {
    types: ['glm4v_moe_text'],
    source: 'glm4v_moe',
    config: { ...PLAIN, rotated: { partial: 0.5 }, mrope: streams('glm4v_moe'), sizes: sizes(4096, 96, 46) },
    gguf: 'glm4moe',
  },
  {
    types: ['glm_image_text'],
    source: 'glm_image',
    config: {
      ...PLAIN,
      rotated: { partial: 1 },
      pairing: INTERLEAVED,
      mrope: streams(null),
      sizes: sizes(4096, 32, 40),
    },
    gguf: null,
  },
  {
    types: ['glm_ocr_text'],
    source: 'glm_ocr',
    config: {
      ...PLAIN,
      rotated: { partial: 1 },
      pairing: INTERLEAVED,
      mrope: streams('glm_ocr'),
      sizes: sizes(1024, 16, 16),
    },
    gguf: 'glm4',
  },
  {
    types: ['glmasr_encoder'],
    source: 'glmasr',
    config: { ...PLAIN, rotated: { partial: 0.5 }, sizes: sizes(1280, 20, 32) },
    gguf: null,
  },
  {
    types: ['glm5_next_text'],
    source: 'glm5_next',
    config: {
      family: 'none',
      reason: 'qk_rope_head_dim is 0: sparse attention without rotation, and linear attention',
    },
    gguf: null,
  },
  {
    types: ['chatglm'],
    source: 'THUDM/chatglm3-6b modeling_chatglm.py',
    config: {
      ...PLAIN,
      base: { ...base(1e4), times: 'rope_ratio' },
      head: head(null, 'kv_channels'),
      rotated: { partial: 0.5, keys: ['rotary_percent'] },
      pairing: INTERLEAVED,
      ignores: ['original_rope'],
      refused: {
        position_encoding_2d: 'the first ChatGLM turns two halves of a head by two positions, and no record says how',
      },
    },
    gguf: 'chatglm',
  },
];
