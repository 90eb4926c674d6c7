/** TUPE: the bias of absolute and relative positions with its CLS reset. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required } from './shared.ts';

function run(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const dim = required(params, 'embedding_dim');
  const heads = required(params, 'heads');
  const scaleFactor = number(params, 'attn_scale_factor');
  const scaling = number(params, 'pos_scaling');
  if (scaling !== undefined && Math.abs(scaling - 1 / Math.sqrt(((scaleFactor ?? 2) * dim) / heads)) > 1e-9) {
    throw new Unsupported(`parameter 'pos_scaling': ${scaling} is not 1 / sqrt(attn_scale_factor dim / heads)`);
  }
  const layer = (name: string) => ({ weight: floats(record, `${name}_weight`), bias: floats(record, `${name}_bias`) });
  const buckets = defined({
    length: required(params, 'L'),
    numBuckets: number(params, 'rel_pos_bins'),
    maxDistance: number(params, 'max_rel_pos'),
  });
  const relative = record.inputs.relative_attention_bias_weight;
  const options = defined({
    ...buckets,
    heads,
    dim,
    positions: floats(record, 'pos_weight'),
    norm: layer('pos_ln'),
    query: layer('pos_q_linear'),
    key: layer('pos_k_linear'),
    relativeTable: relative && Float32Array.from(input(record, 'relative_attention_bias_weight').data),
    scaleFactor,
    eps: number(params, 'layer_norm_eps'),
  });
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    if (name === 'rp_bucket') outputs[name] = api.tupeBuckets(buckets);
    if (name === 'rel_pos_bias') outputs[name] = api.tupe({ ...options, part: 'relative' });
    if (name === 'abs_pos_bias') outputs[name] = api.tupe({ ...options, part: 'absolute' });
    if (name === 'abs_plus_rel_bias') outputs[name] = api.tupe(options);
  }
  return outputs;
}

export const tupe: Adapter[] = [
  {
    when: { system: ['tupe'] },
    params: [
      'embedding_dim',
      'heads',
      'L',
      'rel_pos_bins',
      'max_rel_pos',
      'attn_scale_factor',
      'pos_scaling',
      'layer_norm_eps',
    ],
    inputs: [
      'pos_weight',
      'pos_q_linear_weight',
      'pos_q_linear_bias',
      'pos_k_linear_weight',
      'pos_k_linear_bias',
      'pos_ln_weight',
      'pos_ln_bias',
      'relative_attention_bias_weight',
    ],
    run,
  },
];
