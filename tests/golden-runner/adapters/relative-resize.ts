/** Tables of relative positions for other windows. */
import type { Adapter, Outputs } from '../types.ts';
import { defined, floats, input, number } from './shared.ts';

export const relativeResize: Adapter[] = [
  {
    when: { system: ['relative-table-resize'], op: ['resize_relative_table'], mode: ['geometric'] },
    // the ratio is found by the rule itself
    params: ['window_size', 'new_window_size', 'extra_rows', 'ratio'],
    inputs: ['table'],
    run(record, { api }): Outputs {
      const { params } = record;
      const new_table = api.resizeRelativeTable(
        floats(record, 'table'),
        defined({
          shape: input(record, 'table').shape,
          from: params.window_size,
          to: params.new_window_size,
          extraRows: number(params, 'extra_rows'),
        }),
      );
      return { new_table };
    },
  },
];
