/** Rotary queries and keys with a T5 or ALiBi bias on top. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { shaped } from './attention.ts';
import { required, word } from './shared.ts';

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const pairing = word(params, 'rope_layout', {
    'half (rotate_half)': 'half',
    half: 'half',
    interleaved: 'interleaved',
  });
  const [q, k] = [shaped(record, 'q'), shaped(record, 'k')];
  const headDim = q.shape[3];
  const queryOffset = required(params, 'q_offset');
  const [queryLength, keyLength] = [q.shape[2], k.shape[2]];
  const length = Math.max(keyLength, queryOffset + queryLength);
  const table = api.rotaryTable({ headDim, ropeTheta: required(params, 'rope_base'), pairing, precision }, { length });
  const rotate = ({ data, shape }: { data: Float32Array; shape: readonly number[] }, offset: number) => ({
    data: api.applyRotary(Float32Array.from(data), table, { layout: 'BHSD', shape, offset }) as Float32Array,
    shape,
  });
  const [rq, rk] = [rotate(q, queryOffset), rotate(k, 0)];
  const scores = (bias: unknown) => api.hybridScores(rq, rk, bias, { queryOffset });
  const lengths = { queryLength, keyLength, queryOffset };
  const t5 = shaped(record, 't5_table');
  // the record's queries follow a cache: a decoder's buckets
  const bidirectional = false;
  const [numBuckets, maxDistance] = [required(params, 'num_buckets'), required(params, 'max_distance')];
  return {
    scores_rope: scores(null),
    scores_rope_t5: scores(
      api.t5Bias(t5.data, { shape: t5.shape, numBuckets, maxDistance, bidirectional, ...lengths }),
    ),
    scores_rope_alibi: scores(api.alibi({ heads: q.shape[1], ...lengths })),
  };
}

export const hybrid: Adapter[] = [
  {
    when: { system: ['hybrid'] },
    params: ['rope_layout', 'rope_base', 'q_offset', 'q_len', 'k_len', 'num_buckets', 'max_distance'],
    inputs: ['q', 'k', 't5_table'],
    run,
  },
];
