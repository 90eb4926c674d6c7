/** Zipformer's compact relative positions. */
import type { Adapter, Outputs } from '../types.ts';
import { defined, number, required } from './shared.ts';

export const compact: Adapter[] = [
  {
    when: { system: ['zipformer'], op: ['compact_relative_table'] },
    params: ['embed_dim', 'length', 'length_factor'],
    inputs: [],
    run({ params }, { api }): Outputs {
      const table = api.compactRelativeTable(
        defined({
          dim: required(params, 'embed_dim'),
          length: required(params, 'length'),
          lengthFactor: number(params, 'length_factor'),
        }),
      );
      return { table };
    },
  },
];
