/** What is not rotary: learned rows, ALiBi, T5, no positions at all, and architectures without a text graph. */
import type { GgufAlibi, GgufNone, GgufRecord } from './facts.ts';
import { HEAD, NO_HEADS, NORM_WHOLE, records } from './words.ts';

const LEARNED = { family: 'learned', softmax: 'head' } as const;
const ALIBI: GgufAlibi = {
  family: 'alibi',
  maxBias: { keys: [], fallback: 8 },
  symmetric: false,
  softmax: 'head',
};
const RECURRENT: GgufNone = { family: 'none', reason: 'recurrent: no attention' };
const MAX_BIAS = { keys: ['attention.max_alibi_bias'], fallback: 0 };
const HAS_BIAS = { key: 'attention.max_alibi_bias', above: 0 } as const;
const NOPE = { layers: 'all', use: 'nope' } as const;
const HYBRID: GgufNone = {
  family: 'none',
  reason: 'attention without positions beside recurrent layers',
  attention: { head: HEAD, softmax: 'head', layers: [NOPE, NO_HEADS] },
};

export const otherRecords = (): readonly GgufRecord[] => [
  ...records(LEARNED, { gpt2: 'gpt2', starcoder: 'starcoder', bert: 'bert' }),
  ...records(ALIBI, { bloom: 'bloom', refact: 'refact' }),
  ...records({ ...ALIBI, symmetric: true }, { 'jina-bert-v2': 'jina-bert-v2' }),
  {
    arch: 'mpt',
    source: 'models/mpt.cpp',
    positions: [
      { when: HAS_BIAS, positions: { ...ALIBI, maxBias: MAX_BIAS } },
      { when: { tensor: 'positionEmbd' }, positions: LEARNED },
      {
        when: null,
        positions: {
          family: 'none',
          reason: 'attention.max_alibi_bias is 0, and there is no position_embd.weight',
          attention: { head: HEAD, softmax: 'head', layers: [NOPE] },
        },
      },
    ],
  },
  {
    arch: 'jais',
    source: 'models/jais.cpp',
    positions: [
      { when: HAS_BIAS, positions: { ...ALIBI, maxBias: MAX_BIAS, softmax: 'reciprocal' } },
      {
        when: null,
        positions: {
          family: 'none',
          reason: 'attention.max_alibi_bias is missing or 0',
          attention: { head: HEAD, softmax: 'reciprocal', layers: [NOPE] },
        },
      },
    ],
  },
  {
    arch: 'baichuan',
    source: 'models/baichuan.cpp',
    positions: [
      { when: { key: 'block_count', is: [32] }, positions: { ...NORM_WHOLE, permuted: true } },
      { when: { key: 'block_count', is: [40] }, positions: ALIBI },
      {
        when: null,
        positions: {
          family: 'none',
          reason: '32 blocks rotate and 40 have ALiBi; any other number gets no positions in llama.cpp',
          attention: { head: HEAD, softmax: 'head', layers: [NOPE] },
        },
      },
    ],
  },
  ...records({ family: 't5', maxDistance: 128, decoder: true }, { t5: 't5' }),
  ...records({ family: 't5', maxDistance: 128, decoder: false }, { t5encoder: 't5encoder' }),
  ...records(HYBRID, { jamba: 'jamba', nemotron_h: 'nemotron-h', nemotron_h_moe: 'nemotron-h-moe' }),
  ...records(
    {
      family: 'none',
      reason: 'latent attention without rotation beside recurrent layers',
      attention: {
        head: ['attention.key_length_mla', 'attention.key_length'],
        softmax: 'head',
        layers: [NOPE, NO_HEADS],
      },
    },
    { 'kimi-linear': 'kimi-linear', 'kimi-k3': 'kimi-k3' },
  ),
  ...records(
    { family: 'none', reason: 'convolutions, and attention without positions' },
    { 'wavtokenizer-dec': 'wavtokenizer-dec' },
  ),
  ...records(RECURRENT, {
    mamba: 'mamba',
    mamba2: 'mamba2',
    rwkv6: 'rwkv6',
    rwkv6qwen2: 'rwkv6qwen2',
    rwkv7: 'rwkv7',
    arwkv7: 'arwkv7',
  }),
  {
    arch: 'clip',
    source: 'llama-arch.cpp',
    positions: {
      family: 'refused',
      why: 'a file of this kind holds a vision or audio tower (mmproj), whose positions llama.cpp computes elsewhere; read the text model, or the config.json of the tower with fromHF',
    },
  },
  {
    arch: 'gptj',
    source: 'llama-arch.cpp',
    positions: {
      family: 'refused',
      why: 'llama.cpp knows the name and has no loader for it; GPT-J itself rotates interleaved pairs, 64 of its channels',
    },
  },
];
