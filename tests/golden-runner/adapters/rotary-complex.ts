/** Complex numbers (Llama 4, DeepSeek-V2), DeepSeek-V3's change of pairing, V4's trailing slice; scales beside the tables. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { firstWord, positionTable, SPEC_PARAMS, tableOutputs } from './rotary-shared.ts';
import { defined, floats, input, number } from './shared.ts';

function rotate(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const outputPairing = firstWord(params.output_layout);
  if (outputPairing !== undefined && outputPairing !== 'half' && outputPairing !== 'interleaved') {
    throw new Unsupported(`parameter 'output_layout': unknown value '${outputPairing}'`);
  }
  const table = positionTable(record, context, true, defined({ outputPairing }));
  const outputs = tableOutputs(record, context.api, table, input(record, 'position_ids').shape);
  const apply = (x: Float32Array, shape: readonly number[], inverse = false) =>
    context.api.applyRotary(x, table, { layout: params.layout, shape, inverse });
  for (const name of ['q', 'k']) {
    if (record.outputs[name] === undefined) continue;
    const { shape } = input(record, name);
    outputs[name] = { shape, data: apply(floats(record, name), shape) };
  }
  if (record.outputs.y !== undefined) {
    const { shape } = input(record, 'x');
    const y = apply(floats(record, 'x'), shape);
    outputs.y = { shape, data: y };
    outputs.y_conjugated = { shape, data: apply(y.slice(), shape, true) };
  }
  return outputs;
}

function softmaxScale({ params }: GoldenRecord, { api }: Context): Outputs {
  const blocks = params.rope_parameters;
  if (!Array.isArray(blocks)) throw new Unsupported("parameter 'rope_parameters': expected a list");
  const data = blocks.map((block) => {
    const { rope_type: ropeType, factor, mscale_all_dim: mscaleAllDim, ...rest } = block;
    for (const key of Object.keys(rest)) throw new Unsupported(`parameter 'rope_parameters': unknown key '${key}'`);
    return (number(params, 'scaling_in') ?? 1) * api.softmaxScale(defined({ ropeType, factor, mscaleAllDim }));
  });
  return { scaling: { shape: [data.length], data } };
}

function queryScale(record: GoldenRecord, { api }: Context): Outputs {
  const { data, shape } = input(record, 'positions');
  const options = defined({
    floorScale: number(record.params, 'floor_scale'),
    attnScale: number(record.params, 'attn_scale'),
  });
  return { scale: { shape, data: Float32Array.from(data, (p) => api.queryScale(p, options)) } };
}

export const rotaryComplex: Adapter[] = [
  {
    when: {
      system: ['rotary/complex_and_mla'],
      op: ['rope_end_to_end', 'rope_apply_complex'],
      layout: ['BHSD', 'BSHD'],
    },
    params: [...SPEC_PARAMS, 'output_layout', 'table_layout', 'num_attention_heads', 'num_key_value_heads'],
    inputs: ['position_ids', 'q', 'k', 'x', 'inv_freq_f32'],
    run: rotate,
  },
  {
    when: { system: ['rotary/complex_and_mla'], op: ['softmax_scale'] },
    params: ['rope_parameters', 'scaling_in'],
    inputs: [],
    run: softmaxScale,
  },
  {
    when: { system: ['rotary/complex_and_mla'], op: ['query_scale'] },
    params: ['floor_scale', 'attn_scale'],
    inputs: ['positions'],
    run: queryScale,
  },
];
