/** OLMo. */
import type { ModelRecord } from './record.ts';
import { base, FULL_AND_SLIDING, fullEvery, fullTable, PLAIN, sizes, slidingTable } from './words.ts';

export const olmoRecords = (): readonly ModelRecord[] => [
  {
    types: ['olmo'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'olmo',
  },
  {
    types: ['olmo2'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: 'olmo2',
  },
  {
    types: ['olmoe'],
    source: null,
    config: { ...PLAIN, sizes: sizes(2048, 16, 16) },
    gguf: 'olmoe',
  },
  {
    types: ['flex_olmo'],
    source: null,
    config: { ...PLAIN, base: base(5e5), sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['olmo3'],
    source: null,
    config: {
      ...PLAIN,
      base: base(5e5),
      tables: [fullTable(base(5e5)), slidingTable(base(5e5))],
      layers: [FULL_AND_SLIDING, fullEvery(4, [])],
      sizes: sizes(4096, 32, 32),
    },
    gguf: 'olmo2',
  },
];
