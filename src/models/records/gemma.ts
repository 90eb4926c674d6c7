/** Gemma: heads of 256, queries scaled by a key of their own, local layers with a base of their own since Gemma 3. */
import type { GgufRotary, HeadFacts, ModelRecord, RotaryFacts, Schedule, Softmax, TableFacts } from './record.ts';
import { base, FULL_AND_SLIDING, fullEvery, GGUF_NEOX, PLAIN } from './words.ts';

const HEAD_256: HeadFacts = { dim: 256, keys: ['head_dim'] };
const PRE_ATTN: Softmax = { root: ['query_pre_attn_scalar'], fallback: 256 };

const LOCAL: TableFacts = {
  label: 'sliding_attention',
  base: { value: 1e4, keys: ['rope_local_base_freq'] },
  scaled: false,
};
const GEMMA3: RotaryFacts = {
  ...PLAIN,
  head: HEAD_256,
  base: base(1e6),
  softmax: PRE_ATTN,
  tables: [{ label: 'full_attention', base: base(1e6), scaled: true }, LOCAL],
  layers: [FULL_AND_SLIDING, fullEvery(6, ['sliding_window_pattern', '_sliding_window_pattern'])],
};
/** Global layers rotate a quarter of a wider head, at the frequencies of the whole head. */
const GEMMA4: RotaryFacts = {
  ...GEMMA3,
  softmax: { scale: 1 },
  tables: [
    {
      label: 'full_attention',
      base: base(1e6),
      scaled: true,
      head: { dim: 512, keys: ['global_head_dim', 'head_dim'] },
      partial: 0.25,
      ropeType: 'proportional',
    },
    LOCAL,
  ],
};

const GGUF_GEMMA: GgufRotary = { ...GGUF_NEOX, softmax: { root: ['attention.value_length'], fallback: 'head' } };
const ggufFullEvery = (fallback: number, at: 'last' | 'first' = 'last'): Schedule => [
  {
    every: { keys: ['attention.sliding_window_pattern'], fallback },
    at,
    use: { table: 'full' },
    others: { table: 'sliding' },
    passArrays: true,
  },
];
const GGUF_FULL = { ...GGUF_NEOX.tables[0], label: 'full' };
const GGUF_GEMMA3: GgufRotary = {
  ...GGUF_NEOX,
  tables: [
    GGUF_FULL,
    { ...GGUF_FULL, label: 'sliding', base: { keys: ['rope.freq_base_swa'], fallback: 1e4 }, scaled: false },
  ],
  layers: [
    { when: { key: 'attention.sliding_window', above: 0 }, rules: ggufFullEvery(6) },
    { all: { table: 'full' } },
  ],
  softmax: {
    when: { key: 'block_count', is: [62] },
    holds: { rootOfRatio: ['embedding_length', 'attention.head_count'] },
    fails: { root: ['attention.key_length'], fallback: 'head' },
  },
};

export const GEMMA_RECORDS: readonly ModelRecord[] = [
  {
    types: ['gemma'],
    source: 'gemma/modeling_gemma.py',
    config: { ...PLAIN, head: HEAD_256, sizes: { hidden: 3072, heads: 16, layers: 28 } },
    gguf: { arch: 'gemma', source: 'models/gemma.cpp', positions: GGUF_GEMMA },
  },
  {
    types: ['gemma2'],
    source: 'gemma2/modeling_gemma2.py',
    config: { ...PLAIN, head: HEAD_256, softmax: PRE_ATTN, sizes: { hidden: 2304, heads: 8, layers: 26 } },
    gguf: {
      arch: 'gemma2',
      source: 'models/gemma2.cpp',
      positions: {
        ...GGUF_NEOX,
        tables: [
          GGUF_FULL,
          { ...GGUF_FULL, label: 'sliding', base: { keys: ['rope.freq_base_swa', 'rope.freq_base'], fallback: 1e4 } },
        ],
        layers: ggufFullEvery(2),
        softmax: {
          when: { key: 'block_count', is: [46] },
          holds: { rootOfRatio: ['embedding_length', 'attention.head_count'] },
          fails: { root: ['attention.key_length'], fallback: 'head' },
        },
      },
    },
  },
  {
    types: ['gemma3_text', 't5gemma2_text', 't5gemma2_decoder'],
    source: 'gemma3/modeling_gemma3.py',
    config: { ...GEMMA3, sizes: { hidden: 2304, heads: 8, layers: 26 } },
    gguf: { arch: 'gemma3', source: 'models/gemma3.cpp', positions: GGUF_GEMMA3 },
  },
  {
    types: ['gemma3n_text'],
    source: 'gemma3n/modeling_gemma3n.py',
    config: { ...GEMMA3, softmax: { scale: 1 }, layers: [FULL_AND_SLIDING, fullEvery(5, [])] },
    gguf: {
      arch: 'gemma3n',
      source: 'models/gemma3n.cpp',
      positions: { ...GGUF_GEMMA3, layers: ggufFullEvery(5), softmax: { scale: 1 } },
    },
  },
  {
    types: ['gemma4_text', 'gemma4_unified_text', 'diffusion_gemma_text'],
    source: 'gemma4/modeling_gemma4.py',
    config: GEMMA4,
    gguf: null,
  },
  {
    types: ['vaultgemma', 't5_gemma_module'],
    source: 'vaultgemma/modeling_vaultgemma.py',
    config: { ...PLAIN, head: HEAD_256, softmax: PRE_ATTN },
    gguf: null,
  },
];
