/** DeBERTa: logarithmic buckets of both code bases, the index of a cell, the terms one by one, scores. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { shaped } from './attention.ts';
import { defined, input, number, required } from './shared.ts';

function buckets(record: GoldenRecord, { api }: Context): Outputs {
  const given = input(record, 'relative_pos');
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    const parts = /^(ms|hf)_b(\d+)_m(\d+)$/.exec(name);
    if (parts === null) continue;
    const positions: Output = api.debertaRelativePositions({
      queryPositions: given.data,
      keyPositions: [0],
      variant: parts[1] === 'ms' ? 'microsoft' : 'hf',
      positionBuckets: Number(parts[2]),
      maxRelativePositions: Number(parts[3]),
    });
    outputs[name] = { shape: given.shape, data: positions.data };
  }
  return outputs;
}

function scores(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const [q, k] = [shaped(record, 'q'), shaped(record, 'k')];
  const [posKey, posQuery] = [shaped(record, 'pos_key'), shaped(record, 'pos_query')];
  if (params.scale !== undefined && params.scale !== '1/sqrt(d*(1+#types))') {
    throw new Unsupported(`parameter 'scale': ${String(params.scale)}`);
  }
  const span = required(params, 'att_span');
  if (posKey.shape[1] !== 2 * span) throw new Unsupported(`att_span ${span} with ${posKey.shape[1]} rows`);
  const scale = 1 / Math.sqrt(q.shape[3] * required(params, 'scale_factor'));
  const common = defined({
    variant: 'microsoft',
    positionBuckets: number(params, 'position_buckets'),
    maxRelativePositions: number(params, 'max_relative_positions'),
  });
  const [queryLength, keyLength] = [q.shape[2], k.shape[2]];
  const terms = { ...common, scale, content: false };
  return {
    index: api.debertaRelativePositions({ ...common, queryLength, keyLength, form: 'index', span }),
    c2p: api.debertaScores(q, k, { ...terms, posKey }),
    p2c: api.debertaScores(q, k, { ...terms, posQuery }),
    scores: api.debertaScores(q, k, { ...common, scale, posKey, posQuery }),
  };
}

export const deberta: Adapter[] = [
  { when: { system: ['deberta'], version: [undefined] }, params: [], inputs: ['relative_pos'], run: buckets },
  {
    when: { system: ['deberta'], version: ['v1', 'v2/v3'] },
    params: [
      ...['L', 'q_len', 'k_len', 'att_span', 'position_buckets', 'max_relative_positions'],
      ...['share_att_key', 'scale', 'scale_factor'],
    ],
    inputs: ['q', 'k', 'pos_key', 'pos_query'],
    run: scores,
  },
];
