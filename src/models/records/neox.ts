/** GPT-NeoX, GPT-J and their relatives: a part of each head rotates. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { given, INTERLEAVED, PLAIN, sizes } from './words.ts';

const GPTJ: RotaryFacts = {
  ...PLAIN,
  base: { value: 1e4, keys: ['rope_theta'], fixed: true },
  rotated: { partial: 1, dim: given(64, 'rotary_dim') },
  pairing: INTERLEAVED,
  ignores: ['rotary'],
  sizes: sizes(4096, 16, 28),
};

export const neoxRecords = (): readonly ModelRecord[] => [
  {
    types: ['gpt_neox'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.25 }, sizes: sizes(6144, 64, 44) },
    gguf: 'gptneox',
  },
  {
    types: ['gpt_neox_japanese'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 1 }, sizes: sizes(2560, 32, 32) },
    gguf: null,
  },
  {
    types: ['gptj'],
    source: null,
    config: GPTJ,
    gguf: 'gptj',
  },
  {
    types: ['codegen'],
    source: null,
    config: GPTJ,
    gguf: null,
  },
  {
    types: ['stablelm', 'stablelm_epoch'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.25 }, sizes: sizes(2560, 32, 32) },
    gguf: 'stablelm',
  },
];
