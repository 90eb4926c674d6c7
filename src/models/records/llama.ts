/** Llama and what computes the same: half pairing, whole heads, one base. transformers models/llama/modeling_llama.py. */
import type { GgufRotary, ModelRecord } from './record.ts';
import { GGUF_NORM, PLAIN } from './words.ts';

const LLAMA_GGUF: GgufRotary = {
  ...GGUF_NORM,
  permuted: true,
  place: 'whole head',
  factors: [{ tensors: 'rope_freqs' }, { tensors: 'rope_factors', onlyLongrope: true }],
};

export const LLAMA: readonly ModelRecord[] = [
  {
    types: ['llama'],
    source: 'llama/modeling_llama.py',
    config: { ...PLAIN, sizes: { hidden: 4096, heads: 32, layers: 32 } },
    gguf: { arch: 'llama', source: 'models/llama.cpp', positions: LLAMA_GGUF },
  },
];
