/** Gemma: heads of 256, queries scaled by a key of their own, local layers with a base of their own since Gemma 3. */
import type { HeadFacts, ModelRecord, RotaryFacts, Softmax, TableFacts } from './record.ts';
import { base, FULL_AND_SLIDING, fullEvery, PLAIN } from './words.ts';

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
      head: { dim: 512, keys: ['global_head_dim'] },
      partial: 0.25,
      ropeType: 'proportional',
    },
    LOCAL,
  ],
};

export const gemmaRecords = (): readonly ModelRecord[] => [
  {
    types: ['gemma'],
    source: null,
    config: { ...PLAIN, head: HEAD_256, sizes: { hidden: 3072, heads: 16, layers: 28 } },
    gguf: 'gemma',
  },
  {
    types: ['gemma2'],
    source: null,
    config: { ...PLAIN, head: HEAD_256, softmax: PRE_ATTN, sizes: { hidden: 2304, heads: 8, layers: 26 } },
    gguf: 'gemma2',
  },
  {
    types: ['gemma3_text', 't5gemma2_text', 't5gemma2_decoder'],
    source: 'gemma3',
    // published files say 131072 with factor 8
    config: { ...GEMMA3, maxCounts: 'after', sizes: { hidden: 2304, heads: 8, layers: 26 } },
    gguf: 'gemma3',
  },
  {
    types: ['gemma3n_text'],
    source: 'gemma3n',
    config: { ...GEMMA3, maxCounts: 'after', softmax: { scale: 1 }, layers: [FULL_AND_SLIDING, fullEvery(5, [])] },
    gguf: 'gemma3n',
  },
  {
    types: ['gemma4_text', 'gemma4_unified_text', 'diffusion_gemma_text'],
    source: 'gemma4',
    config: GEMMA4,
    gguf: 'gemma4',
  },
  {
    types: ['vaultgemma', 't5_gemma_module'],
    source: null,
    config: { ...PLAIN, head: HEAD_256, softmax: PRE_ATTN },
    gguf: null,
  },
];
