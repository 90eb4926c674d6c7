/** ALiBi: slopes, the forms of the matrix, BLOOM's and Falcon's bias from a mask, flash-attention's unpadded lengths. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, reshaped } from './shared.ts';

/** Outputs that are one call of `alibi`: its options but for the sizes. Keys without a row dimension take one row. */
const FORMS: Readonly<Record<string, Record<string, unknown>>> = {
  press_k_only: { slopes: 'press', form: 'key' },
  symmetric: { slopes: 'press', form: 'distance' },
  nonsym_mask: { slopes: 'press', form: 'nonsymmetric' },
  mpt_k_only: { slopes: 'mpt', form: 'key-last-zero' },
  mpt_full: { slopes: 'mpt', form: 'distance' },
};

function matrices(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const heads = required(params, 'heads');
  const keyLength = number(params, 'k_len') ?? required(params, 'L');
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    const queryLength = want.shape[want.shape.length - 2];
    let bias: Output | undefined;
    if (Object.hasOwn(FORMS, name)) {
      const alibiBiasMax = FORMS[name].slopes === 'mpt' ? number(params, 'alibi_bias_max_for_mpt') : undefined;
      bias = api.alibi(defined({ heads, queryLength, keyLength, alibiBiasMax, ...FORMS[name] }));
    } else if (name === 'bias') {
      bias = api.alibi(defined({ heads, queryLength, keyLength, totalHeads: number(params, 'total_heads') }));
    } else if (name === 'bias_custom') {
      const queryPositions = input(record, 'pos_i').data;
      const keyPositions = input(record, 'pos_j').data;
      bias = api.alibi(defined({ heads, queryPositions, keyPositions, totalHeads: number(params, 'total_heads') }));
    }
    if (bias !== undefined) outputs[name] = broadcast(bias, want.shape);
  }
  return outputs;
}

/** Where the reference has a leading batch dimension of 1, so has the record. */
function broadcast(bias: Output, want: readonly number[]): Output {
  return want.length === bias.shape.length + 1 && want[0] === 1 ? reshaped(bias, [1, ...bias.shape]) : bias;
}

function neox(record: GoldenRecord, { api }: Context): Outputs {
  const heads = required(record.params, 'heads');
  const keyLength = required(record.params, 'L');
  const rows = (queryLength: number): Output => api.alibi({ heads, queryLength, keyLength, form: 'tril' });
  return { bias: rows(keyLength), bias_last_query: rows(1) };
}

function slopes(record: GoldenRecord, { api }: Context): Outputs {
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    const parts = /^(press|mpt|geometric)_h(\d+)$/.exec(name);
    if (parts === null) continue;
    const alibiBiasMax = parts[1] === 'mpt' ? number(record.params, 'alibi_bias_max_for_mpt') : undefined;
    outputs[name] = api.alibiSlopes(defined({ heads: Number(parts[2]), slopes: parts[1], alibiBiasMax }));
  }
  return outputs;
}

function bloom(record: GoldenRecord, { api }: Context): Outputs {
  const heads = required(record.params, 'heads');
  const given = input(record, 'attention_mask');
  const mask = { data: given.data, shape: given.shape };
  return {
    bloom: api.alibi({ heads, keyLength: given.shape[1], mask }),
    falcon_bf16: api.alibi({ heads, keyLength: given.shape[1], mask, rounding: 'bfloat16' }),
  };
}

function flashAttention(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const common = {
    heads: required(params, 'heads'),
    keyLength: required(params, 'seqlen_k'),
    slopes: floats(record, 'slopes'),
  };
  const queryLength = required(params, 'seqlen_q');
  const outputs: Outputs = {
    noncausal: withBatch(api.alibi({ ...common, queryLength })),
    causal_k_only: withBatch(api.alibi({ ...common, queryLength: 1, form: 'key-last-zero' })),
  };
  if (record.inputs.q_lens !== undefined) {
    outputs.noncausal_padded = api.alibi({
      ...common,
      queryLength,
      queryLengths: input(record, 'q_lens').data,
      keyLengths: input(record, 'k_lens').data,
    });
  }
  return outputs;
}

function withBatch(bias: Output): Output {
  return reshaped(bias, [1, ...bias.shape]);
}

export const alibi: Adapter[] = [
  {
    when: { system: ['alibi'], variant: [undefined] },
    params: ['heads', 'total_heads', 'L', 'q_len', 'k_len', 'layout', 'alibi_bias_max_for_mpt'],
    inputs: ['pos_i', 'pos_j'],
    run(record, context) {
      const { layout, heads } = record.params;
      if (layout !== undefined && !String(layout).startsWith('[H,q,k]')) {
        throw new Unsupported(`parameter 'layout': unknown value ${JSON.stringify(layout)}`);
      }
      return heads === undefined ? slopes(record, context) : matrices(record, context);
    },
  },
  { when: { system: ['alibi'], variant: ['gpt-neox'] }, params: ['heads', 'L'], inputs: [], run: neox },
  { when: { system: ['alibi'], variant: ['bloom'] }, params: ['heads'], inputs: ['attention_mask'], run: bloom },
  {
    when: { system: ['alibi'], variant: ['flash-attention'] },
    params: ['heads', 'seqlen_q', 'seqlen_k'],
    inputs: ['slopes', 'q_lens', 'k_lens'],
    run: flashAttention,
  },
];
