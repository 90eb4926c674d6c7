/** Masks of packed sequences (cu_seqlens), alone and with ALiBi or T5's buckets. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required } from './shared.ts';

function lengths(record: GoldenRecord): { cuSeqlens: number[]; cuSeqlensK?: number[]; window: [number, number] } {
  const list = (name: string) => Array.from(input(record, name).data);
  const cuSeqlensK = record.inputs.cu_seqlens_k === undefined ? undefined : list('cu_seqlens_k');
  const window = record.params.window as [number, number];
  return { cuSeqlens: list('cu_seqlens_q'), ...(cuSeqlensK && { cuSeqlensK }), window };
}

function mask(record: GoldenRecord, { api }: Context): Outputs {
  return { mask: api.attentionMask({ ...lengths(record), dtype: 'uint8' }) };
}

function bias(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const packed = lengths(record);
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    if (name === 'bias' && params.variant === 'packed-alibi') {
      outputs.bias = api.alibi({ heads: required(params, 'heads'), slopes: floats(record, 'slopes'), ...packed });
    } else if (name === 'bias') {
      const numBuckets = required(params, 'num_buckets');
      const { bidirectional } = params;
      if (bidirectional !== undefined && typeof bidirectional !== 'boolean') {
        throw new Unsupported(`parameter 'bidirectional': unknown value ${JSON.stringify(bidirectional)}`);
      }
      const buckets = defined({ numBuckets, maxDistance: number(params, 'max_distance'), bidirectional });
      outputs.bias = api.t5Bias(floats(record, 'table'), {
        shape: input(record, 'table').shape,
        ...buckets,
        ...packed,
      });
    } else if (name === 'position_ids') outputs[name] = api.positionIds({ cuSeqlens: packed.cuSeqlens });
    else if (name === 'key_positions') outputs[name] = api.positionIds({ cuSeqlens: packed.cuSeqlensK! });
    else if (name === 'query_positions') outputs[name] = queryPositions(packed.cuSeqlens, packed.cuSeqlensK!);
  }
  return outputs;
}

/** The last query of a sequence stands where its last key does. */
function queryPositions(queries: readonly number[], keys: readonly number[]) {
  const data: number[] = [];
  for (let s = 0; s + 1 < queries.length; s++) {
    const shift = keys[s + 1] - keys[s] - (queries[s + 1] - queries[s]);
    for (let i = 0; i < queries[s + 1] - queries[s]; i++) data.push(i + shift);
  }
  return { shape: [data.length], data: Int32Array.from(data) };
}

const CU = ['cu_seqlens_q', 'cu_seqlens_k'] as const;

export const packedMasks: Adapter[] = [
  { when: { system: ['masks'], op: ['packed_mask'], variant: ['packed'] }, params: ['window'], inputs: CU, run: mask },
  {
    when: { system: ['masks'], op: ['packed_bias'], variant: ['packed-alibi'] },
    params: ['window', 'heads'],
    inputs: [...CU, 'slopes'],
    run: bias,
  },
  {
    when: { system: ['masks'], op: ['packed_bias'], variant: ['packed-t5'] },
    params: ['window', 'heads', 'num_buckets', 'max_distance', 'bidirectional'],
    inputs: [...CU, 'table'],
    run: bias,
  },
];
