/** Command: interleaved pairs; since Command R7B only layers with a window rotate. */
import type { ModelRecord, RotaryFacts } from './record.ts';
import { base, head, INTERLEAVED, nopeEvery, PLAIN, SLIDING_ROTATES, sizes } from './words.ts';

const COHERE2: RotaryFacts = {
  ...PLAIN,
  pairing: INTERLEAVED,
  layers: [SLIDING_ROTATES, nopeEvery(4, 'sliding_window_pattern')],
  sizes: sizes(8192, 64, 40),
};

export const cohereRecords = (): readonly ModelRecord[] => [
  {
    types: ['cohere'],
    source: null,
    config: { ...PLAIN, base: base(5e5), pairing: INTERLEAVED, sizes: sizes(8192, 64, 40) },
    gguf: 'command-r',
  },
  {
    types: ['cohere2'],
    source: null,
    config: COHERE2,
    gguf: 'cohere2',
  },
  {
    types: ['cohere2_moe'],
    source: null,
    config: { ...COHERE2, head: head(128) },
    gguf: 'cohere2moe',
  },
];
