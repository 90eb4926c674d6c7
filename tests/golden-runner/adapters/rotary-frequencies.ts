/** Frequencies alone: correctly rounded ones, and the float32 ones that PyTorch makes, for every frequency rule. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { rotarySpec, SPEC_PARAMS } from './rotary-shared.ts';
import { number } from './shared.ts';

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  // Without a length the references take the shortest: the unscaled base (dynamic), the short factors (longrope).
  const length = number(record.params, 'seq_len') ?? 1;
  const made = api.rotaryFrequencies(rotarySpec(record, precision), { context: length });
  // hi is the double-double rounded to float64.
  const { hi } = made.ladder;
  const shape = [hi.length];
  return {
    inv_freq: { shape, data: made.float32 ?? hi },
    inv_freq_f32: { shape, data: Float32Array.from(hi) },
    inv_freq_f64: { shape, data: hi },
    attention_factor: { shape: [], data: [made.attentionFactor] },
  };
}

export const rotaryFrequencies: Adapter[] = [
  {
    when: { system: ['rotary/exact_tables'], op: ['inv_freq_exact'] },
    params: [...SPEC_PARAMS, 'seq_len'],
    inputs: [],
    run,
  },
  {
    when: { system: ['rotary/hf_rope_init_functions', 'rotary/torch_inv_freq_f32'], op: ['inv_freq'] },
    // `seq_len_is_tensor` and `not_correctly_rounded` describe the reference's rounding; the tolerance covers it.
    params: [...SPEC_PARAMS, 'seq_len', 'seq_len_is_tensor', 'not_correctly_rounded'],
    inputs: [],
    run,
  },
];
