/** NEZHA: the table at the shifted index, the encoding by cell, and attention with one table for keys and values. */
import type { Adapter, Context, GoldenRecord, Output, Outputs } from '../types.ts';
import { pick, shaped, softmax } from './attention.ts';
import { defined, input, number, required } from './shared.ts';

function attention(record: GoldenRecord, { api }: Context): Outputs {
  const maxRelativePosition = required(record.params, 'max_relative_position');
  const [q, k, v] = [shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'v')];
  const table = api.nezhaTable({ dim: q.shape[3], maxRelativePosition });
  const scores = api.nezhaScores(q, k, table, defined({ scale: number(record.params, 'scale') }));
  const weights = softmax(scores);
  const p = { data: Float32Array.from(weights.data), shape: weights.shape };
  const index = api.shawIndex({ maxRelativePosition, queryLength: q.shape[2], keyLength: k.shape[2] });
  return { R: pick(table, index), scores, probs: weights, out: api.nezhaValues(p, v, table) };
}

function encoding(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const maxRelativePosition = required(params, 'max_relative_position');
  const queryLength = required(params, 'length');
  const table: Output = api.nezhaTable({ dim: required(params, 'depth'), maxRelativePosition });
  if (record.inputs.pairs === undefined) {
    const index = api.shawIndex({ maxRelativePosition, queryLength });
    return { index, positions_encoding: pick(table, index) };
  }
  const pairs = input(record, 'pairs');
  const rows = Array.from({ length: pairs.shape[0] }, (_, n): number => {
    const positions = { queryPositions: [pairs.data[2 * n]], keyPositions: [pairs.data[2 * n + 1]] };
    return api.shawIndex({ maxRelativePosition, ...positions }).data[0];
  });
  return { rows: pick(table, { shape: [rows.length], data: rows }) };
}

export const nezha: Adapter[] = [
  {
    when: { system: ['nezha'] },
    params: ['max_relative_position', 'scale', 'length', 'depth'],
    inputs: ['q', 'k', 'v', 'pairs'],
    run: (record, context) => (record.params.depth === undefined ? attention : encoding)(record, context),
  },
];
