/**
 * Rotary tables from parameters and positions, and q and k rotated with them: Llama's half pairing, GPT-J's
 * interleaved pairing, partial variants, and the correctly rounded tables.
 */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { positionTable, SPEC_PARAMS, tableOutputs } from './rotary-shared.ts';
import { floats, input } from './shared.ts';

function tables(record: GoldenRecord, context: Context): Outputs {
  const lead = input(record, 'position_ids').shape;
  return tableOutputs(record, context.api, positionTable(record, context, false), lead);
}

function endToEnd(record: GoldenRecord, context: Context): Outputs {
  const outputs = tables(record, context);
  const table = positionTable(record, context, true);
  for (const name of ['q', 'k']) {
    if (record.outputs[name] === undefined) continue;
    const { shape } = input(record, name);
    const data = context.api.applyRotary(floats(record, name), table, { layout: record.params.layout, shape });
    outputs[name] = { shape, data };
  }
  return outputs;
}

export const rotaryTables: Adapter[] = [
  {
    when: { system: ['rotary/hf_llama_half', 'rotary/exact_tables', 'rotary/published_tables'], op: ['cos_sin_table'] },
    params: [...SPEC_PARAMS, 'table_layout', 'seq_len'],
    inputs: ['position_ids', 'inv_freq_f32'],
    run: tables,
  },
  {
    when: {
      system: ['rotary/hf_llama_half', 'rotary/hf_gptj_interleaved', 'rotary/hf_partial_variants'],
      op: ['rope_end_to_end'],
      layout: ['BHSD', 'BSHD'],
    },
    params: [...SPEC_PARAMS, 'table_layout', 'unsqueeze_dim', 'num_attention_heads', 'num_key_value_heads'],
    inputs: ['position_ids', 'inv_freq_f32', 'q', 'k'],
    run: endToEnd,
  },
];
