/** Frequencies that follow the lengths of a series of calls: transformers' dynamic_rope_update. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { rotarySpec, SPEC_PARAMS, tableOutputs } from './rotary-shared.ts';
import { input, required } from './shared.ts';

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  // the amplitude of the record is what the rule must come to by itself
  const { attentionFactor: _, ...spec } = rotarySpec(record, precision);
  const state = api.dynamicState(spec);
  const outputs: Outputs = {};
  const calls = required(record.params, 'calls');
  for (let call = 0; call < calls; call++) {
    const { data: positions, shape } = input(record, `position_ids_${call}`);
    const context = state.next(Math.max(...positions) + 1);
    const made = api.rotaryFrequencies(spec, { context });
    outputs[`inv_freq_${call}`] = { shape: [made.pairs], data: made.float32 ?? made.ladder.hi };
    const { cos, sin } = record.outputs[`cos_${call}`]
      ? tableOutputs(
          { ...record, outputs: { cos: record.outputs[`cos_${call}`], sin: record.outputs[`sin_${call}`] } },
          api,
          api.rotaryTable(spec, { positions, context }),
          shape,
        )
      : {};
    outputs[`cos_${call}`] = cos;
    outputs[`sin_${call}`] = sin;
  }
  return outputs;
}

export const rotaryState: Adapter[] = [
  {
    when: { system: ['rotary/hf_dynamic_state'], op: ['stateful_tables'] },
    params: [...SPEC_PARAMS, 'calls', 'table_layout'],
    inputs: Array.from({ length: 64 }, (_, call) => `position_ids_${call}`),
    run,
  },
];
