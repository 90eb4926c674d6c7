/** Shaw's relative keys and values: tensor2tensor, bert4keras, BERT, wav2vec2-BERT, Music Transformer. NEZHA: nezha.ts. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { type Shaped, shaped, softmax } from './attention.ts';
import { required } from './shared.ts';

/** Scores, and where the record has values, weights and output, with one set of table options. */
function attention(
  record: GoldenRecord,
  { api }: Context,
  how: { scale: number | undefined; queryOffset?: number; causal?: boolean; table: Record<string, unknown> },
  [keys, values]: readonly [Shaped, Shaped],
  names: { scores: string },
): Outputs {
  const { scale, queryOffset, causal, table } = how;
  const common = { ...table, ...(queryOffset === undefined ? {} : { queryOffset }) };
  const options = { ...common, ...(scale === undefined ? {} : { scale }), ...(causal ? { causal } : {}) };
  const scores = api.shawScores(shaped(record, 'q'), shaped(record, 'k'), keys, options);
  const weights = softmax(scores);
  const p = { data: Float32Array.from(weights.data), shape: weights.shape };
  return { [names.scores]: scores, weights, out: api.shawValues(p, shaped(record, 'v'), values, common) };
}

function tensor2tensor(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const maxRelativePosition = required(params, 'max_relative_position');
  const [queryLength, keyLength] = [required(params, 'q_len'), required(params, 'k_len')];
  if (params.cache === true && queryLength !== 1) throw new Unsupported("parameter 'cache': true is for one query");
  const tables = [shaped(record, 'rel_keys'), shaped(record, 'rel_values')] as const;
  return {
    index: context.api.shawIndex({ maxRelativePosition, queryLength, keyLength }),
    ...attention(record, context, { scale: 1, table: { centre: maxRelativePosition } }, tables, { scores: 'logits' }),
  };
}

function bert4keras(record: GoldenRecord, context: Context): Outputs {
  const tableRows = required(record.params, 'input_dim');
  const { scale } = record.params;
  if (scale !== undefined && scale !== '(q.k + q.R)/sqrt(d)')
    throw new Unsupported(`parameter 'scale': ${String(scale)}`);
  const table = shaped(record, 'table');
  const [queryLength, keyLength] = [shaped(record, 'q').shape[2], shaped(record, 'k').shape[2]];
  const centre = Math.floor((tableRows - 1) / 2);
  const how = { scale: undefined, queryOffset: 0, table: { centre } };
  const { scores, out } = attention(record, context, how, [table, table], { scores: 'scores' });
  return { index: context.api.shawIndex({ tableRows, centre, queryLength, keyLength, queryOffset: 0 }), scores, out };
}

function bert(record: GoldenRecord, { api }: Context): Outputs {
  const centre = required(record.params, 'max_position_embeddings') - 1;
  const [q, k, table] = [shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'table')];
  const common = { centre, direction: 'query-key', beyond: 'error', queryOffset: 0 };
  return {
    relative_key: api.shawScores(q, k, table, common),
    relative_key_query: api.shawScores(q, k, table, { ...common, keyPosition: true }),
  };
}

function wav2vec2Bert(record: GoldenRecord, { api }: Context): Outputs {
  const { params, outputs } = record;
  const [left, right] = [required(params, 'left'), required(params, 'right')];
  const table = shaped(record, 'table');
  if (table.shape[0] !== left + right + 1) throw new Unsupported(`a table of ${table.shape[0]} rows for left, right`);
  const q = shaped(record, 'q');
  const keyLength = outputs.bias?.shape[3] ?? q.shape[2];
  const scale = required(params, 'scale');
  return { bias: api.shawScores(q, null, table, { content: false, keyLength, centre: left, scale, queryOffset: 0 }) };
}

function musicTransformer(masked: boolean) {
  return (record: GoldenRecord, context: Context): Outputs => {
    const centre = required(record.params, 'max_relative_position') - 1;
    const tables = [shaped(record, 'rel_keys'), shaped(record, 'rel_values')] as const;
    const share = record.params.heads_share_relative_embedding;
    if (share !== undefined && share !== (tables[0].shape.length === 2)) {
      throw new Unsupported(
        `heads_share_relative_embedding ${String(share)} with tables of ${tables[0].shape.length} dimensions`,
      );
    }
    const how = { scale: 1, causal: masked, table: { centre, beyond: 'zero' } };
    return attention(record, context, how, tables, { scores: 'logits' });
  };
}

const QKV = ['q', 'k', 'v'];
const MUSIC = ['max_relative_position', 'heads_share_relative_embedding'];

export const shaw: Adapter[] = [
  {
    when: { system: ['shaw'], variant: [undefined] },
    params: ['max_relative_position', 'q_len', 'k_len', 'cache'],
    inputs: [...QKV, 'rel_keys', 'rel_values'],
    run: tensor2tensor,
  },
  {
    when: { system: ['shaw'], variant: ['typical_relative'] },
    params: ['input_dim', 'scale'],
    inputs: [...QKV, 'table'],
    run: bert4keras,
  },
  {
    when: { system: ['shaw'], variant: ['bert'] },
    params: ['max_position_embeddings', 'q_len', 'k_len'],
    inputs: ['q', 'k', 'table'],
    run: bert,
  },
  {
    when: { system: ['shaw'], variant: ['left/right clip'] },
    params: ['left', 'right', 'scale'],
    inputs: ['q', 'table'],
    run: wav2vec2Bert,
  },
  {
    when: { system: ['shaw'], variant: ['music-transformer masked'] },
    params: MUSIC,
    inputs: [...QKV, 'rel_keys', 'rel_values'],
    run: musicTransformer(true),
  },
  {
    when: { system: ['shaw'], variant: ['music-transformer unmasked'] },
    params: MUSIC,
    inputs: [...QKV, 'rel_keys', 'rel_values'],
    run: musicTransformer(false),
  },
];
