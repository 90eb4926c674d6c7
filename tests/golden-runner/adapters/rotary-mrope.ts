/** M-RoPE of transformers and vLLM: every pair at the position of its stream. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { positionTable, SPEC_PARAMS, tableOutputs } from './rotary-shared.ts';
import { floats, input, required, word } from './shared.ts';

const LAYOUTS = {
  chunked: 'chunked',
  interleaved: 'interleaved',
  ernie_hw_alternating: 'ernie_hw_alternating',
  hunyuan_fullwidth: 'hunyuan_fullwidth',
};

function run(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  // HunYuan's `dynamic` with `alpha` grows the base once, whatever the length
  const ntk = params.alpha !== undefined && params.rope_type === 'dynamic';
  const plain = ntk ? { ...record, params: { ...params, rope_type: 'ntk' } } : record;
  const table = positionTable(plain, context, true, {
    mropeSection: params.mrope_section,
    mropeLayout: word(params, 'mrope_layout', LAYOUTS),
    ...(context.precision === 'torch' && ernieFrequencies(record)),
  });
  // position_ids are the streams, then the shape of the tokens
  const lead = input(record, 'position_ids').shape.slice(1);
  const outputs = tableOutputs(record, context.api, table, lead);
  for (const name of ['q', 'k']) {
    if (record.outputs[name] === undefined) continue;
    const { shape } = input(record, name);
    const joined = params.layout === 'T,(H*D)';
    const options = joined
      ? { layout: 'TD', shape, heads: shape[shape.length - 1] / required(params, 'head_dim') }
      : { layout: params.layout, shape };
    outputs[name] = { shape, data: context.api.applyRotary(floats(record, name), table, options) };
  }
  return outputs;
}

/** ERNIE stores the frequencies of its alternating pairs as all even ones, then all odd ones. */
function ernieFrequencies({ params, inputs }: GoldenRecord): { invFreq?: number[] } {
  const stored = inputs.inv_freq_f32?.data;
  const sections = params.mrope_section;
  if (params.mrope_layout !== 'ernie_hw_alternating' || stored === undefined || !Array.isArray(sections)) return {};
  const alternating = sections[0] + sections[1];
  const place = (i: number) => (i >= alternating ? i : (i % 2) * Math.ceil(alternating / 2) + Math.floor(i / 2));
  return { invFreq: Array.from(stored, (_, i) => stored[place(i)]) };
}

export const rotaryMrope: Adapter[] = [
  {
    when: { system: ['rotary/hf_mrope'], op: ['mrope_end_to_end'], layout: ['BHSD', 'BSHD', 'T,(H*D)'] },
    params: [
      ...SPEC_PARAMS,
      'mrope_section',
      'mrope_layout',
      'table_layout',
      'num_attention_heads',
      'num_key_value_heads',
    ],
    inputs: ['position_ids', 'q', 'k', 'inv_freq_f32'],
    run,
  },
];
