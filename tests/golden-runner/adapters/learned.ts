/** Learned tables by the rules of OPT, RoBERTa, x-transformers and DETR; hierarchical decomposition. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { defined, floats, input, number, required, reshaped } from './shared.ts';

/** OPT: ids of the tokens after the cache from the mask, padding in row offset - 1. */
function opt(record: GoldenRecord, { api }: Context): Outputs {
  const mask = input(record, 'attention_mask');
  const offset = required(record.params, 'offset');
  const past = number(record.params, 'past_key_values_length') ?? 0;
  const last = mask.shape[1] - past;
  const { data, shape } = mask;
  const ids = api.positionIds({ mask: { data, shape }, masked: -1, rowOffset: offset, last });
  const table = input(record, 'table');
  return { embeddings: api.learnedPositions(floats(record, 'table'), { ids, shape: table.shape }) };
}

function roberta(record: GoldenRecord, { api }: Context): Outputs {
  const { data, shape } = input(record, 'input_ids');
  const ids = api.positionIds({
    inputIds: { data, shape },
    paddingIdx: required(record.params, 'padding_idx'),
    offset: number(record.params, 'past_key_values_length') ?? 0,
  });
  const outputs: Outputs = { position_ids: ids };
  if (record.inputs.table !== undefined) {
    const table = input(record, 'table');
    outputs.embeddings = api.learnedPositions(floats(record, 'table'), { ids, shape: table.shape });
  }
  return outputs;
}

function xTransformers(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const length = required(params, 'seq_len');
  const shape = input(record, 'table').shape;
  const rows = (ids: Record<string, unknown>) =>
    api.learnedPositions(floats(record, 'table'), {
      shape,
      scale: number(params, 'scale') ?? 1,
      l2Normalize: params.l2norm_embed === true,
      ...ids,
    });
  const outputs: Outputs = { from_offset: rows({ length, offset: number(params, 'offset') ?? 0 }) };
  if (record.inputs.seq_start_pos !== undefined) {
    outputs.from_seq_start = rows({ length, sequenceStart: input(record, 'seq_start_pos').data });
  }
  if (record.inputs.position_ids !== undefined) {
    const { data, shape: idShape } = input(record, 'position_ids');
    outputs.from_position_ids = rows({ ids: { data, shape: idShape } });
  }
  return outputs;
}

function detr(record: GoldenRecord, { api }: Context): Outputs {
  const pos = api.learnedPositions2d(floats(record, 'col_embed'), floats(record, 'row_embed'), {
    height: required(record.params, 'H'),
    width: required(record.params, 'W'),
    columnShape: input(record, 'col_embed').shape,
    rowShape: input(record, 'row_embed').shape,
  });
  return { pos: reshaped(pos, [1, ...pos.shape]) };
}

function hierarchicalRows(record: GoldenRecord, { api }: Context): Outputs {
  const { data, shape } = input(record, 'position_ids');
  const rows = api.hierarchicalPositions(
    floats(record, 'table'),
    defined({
      positions: { data, shape },
      alpha: number(record.params, 'alpha'),
      shape: input(record, 'table').shape,
    }),
  );
  return { rows };
}

export const learned: Adapter[] = [
  {
    when: { system: ['learned'], variant: ['opt'] },
    params: ['offset', 'past_key_values_length'],
    inputs: ['table', 'attention_mask'],
    run: opt,
  },
  {
    when: { system: ['learned'], variant: ['roberta'] },
    params: ['padding_idx', 'past_key_values_length'],
    inputs: ['input_ids', 'table'],
    run: roberta,
  },
  {
    when: { system: ['learned'], variant: ['x-transformers'] },
    params: ['scale', 'l2norm_embed', 'offset', 'seq_len'],
    inputs: ['table', 'seq_start_pos', 'position_ids'],
    run: xTransformers,
  },
  {
    when: { system: ['learned'], variant: ['detr-2d'] },
    params: ['H', 'W', 'layout'],
    inputs: ['row_embed', 'col_embed'],
    run: detr,
  },
  {
    when: { system: ['hierarchical'] },
    params: ['alpha', 'n', 'd', 'max_positions'],
    inputs: ['table', 'position_ids'],
    run: hierarchicalRows,
  },
];
