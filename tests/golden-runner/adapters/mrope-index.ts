/** Position ids: M-RoPE prompts, their continuation from a cache by either rule, and text positions from masks. */
import type { Adapter, Golden, GoldenRecord, Output, Outputs } from '../types.ts';
import { input, number, required, word } from './shared.ts';

const TOKENS = [
  'model_type',
  'image_token_id',
  'video_token_id',
  'vision_start_token_id',
  'vision_end_token_id',
  'spatial_merge_size',
  'tokens_per_second',
  'padding_side',
  'padding',
];
const PROMPT = [
  'input_ids',
  'mm_token_type_ids',
  'attention_mask',
  'image_grid_thw',
  'video_grid_thw',
  'second_per_grid_ts',
];
const MODELS = { qwen2_vl: 'qwen2_vl', qwen2_5_vl: 'qwen2_5_vl', qwen3_vl: 'qwen3_vl' } as const;

interface Prompt {
  readonly positionIds: Output & { readonly data: Int32Array };
  readonly ropeDeltas: Output & { readonly data: Int32Array };
}

/** Padding sides and the tokens around a block say what the mask and the ids show anyway. */
function prompt({ params, inputs }: GoldenRecord, api: Parameters<Run>[1]['api']): Prompt {
  const model = word(params, 'model_type', MODELS, 'qwen2_vl');
  return api.mropeIndex({
    model,
    inputIds: inputs.input_ids,
    tokenTypes: inputs.mm_token_type_ids,
    mask: inputs.attention_mask,
    imageGridThw: inputs.image_grid_thw,
    videoGridThw: inputs.video_grid_thw,
    secondPerGrid: inputs.second_per_grid_ts?.data,
    tokensPerSecond: number(params, 'tokens_per_second'),
    spatialMergeSize: number(params, 'spatial_merge_size'),
    imageTokenId: inputs.input_ids && number(params, 'image_token_id'),
    videoTokenId: inputs.input_ids && number(params, 'video_token_id'),
  }) as Prompt;
}

type Run = Extract<Adapter, { run: unknown }>['run'];

/** The mask of the prompt, then one for each new token. */
function extended(mask: Golden | undefined, rows: number, columns: number, more: number): Output {
  const data = new Int32Array(rows * (columns + more)).fill(1);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) data[row * (columns + more) + i] = mask ? mask.data[row * columns + i] : 1;
  }
  return { shape: [rows, columns + more], data };
}

export const mropeIndex: Adapter[] = [
  {
    when: { op: ['mrope_get_rope_index'] },
    params: TOKENS,
    inputs: PROMPT,
    run(record, { api }): Outputs {
      const { positionIds, ropeDeltas } = prompt(record, api);
      return { position_ids: positionIds, rope_deltas: ropeDeltas };
    },
  },
  {
    when: { op: ['mrope_position_ids'] },
    params: TOKENS,
    inputs: PROMPT,
    run(record, { api }): Outputs {
      const { positionIds, ropeDeltas } = prompt(record, api);
      return { position_ids: positionIds, mrope_position_deltas: ropeDeltas };
    },
  },
  {
    when: { op: ['mrope_decode_position_ids'] },
    params: [...TOKENS, 'cache_length', 'new_tokens'],
    inputs: ['rope_deltas', 'attention_mask'],
    run({ params, inputs }, { api }): Outputs {
      const position_ids = api.mropeDecode({
        ropeDeltas: inputs.rope_deltas,
        cacheLength: required(params, 'cache_length'),
        newTokens: required(params, 'new_tokens'),
        mask: inputs.attention_mask,
      }) as Output;
      return { position_ids };
    },
  },
  {
    when: { op: ['mrope_generate_positions'] },
    params: [...TOKENS, 'steps'],
    inputs: PROMPT,
    run(record, { api }): Outputs {
      const newTokens = required(record.params, 'steps');
      const { positionIds, ropeDeltas } = prompt(record, api);
      const [, rows, columns] = positionIds.shape;
      const decode_position_ids = api.mropeDecode({ rule: 'last', positionIds, newTokens }) as Output;
      const mask = extended(record.inputs.attention_mask, rows, columns, newTokens);
      const delta = api.mropeDecode({ ropeDeltas, newTokens, mask }) as Output;
      const delta_rule = { shape: [1, rows, newTokens], data: Array.from(delta.data).slice(0, rows * newTokens) };
      return { position_ids: positionIds, rope_deltas: ropeDeltas, decode_position_ids, delta_rule };
    },
  },
  {
    when: { op: ['vision_position_ids'] },
    params: ['spatial_merge_size'],
    inputs: ['grid_thw'],
    run(record, { api }): Outputs {
      const thw = api.visionPositions({
        gridThw: input(record, 'grid_thw'),
        spatialMergeSize: number(record.params, 'spatial_merge_size'),
      }) as Output;
      const rows = thw.shape[0];
      const hw = Array.from({ length: 2 * rows }, (_, i) => thw.data[3 * Math.floor(i / 2) + 1 + (i % 2)]);
      return { position_ids: { shape: [rows, 2], data: hw }, position_ids_thw: thw };
    },
  },
  {
    when: { op: ['position_ids_from_mask'] },
    params: ['rule'],
    inputs: ['attention_mask'],
    run(record, { api }): Outputs {
      return { position_ids: api.positionIds({ mask: input(record, 'attention_mask') }) as Output };
    },
  },
  {
    when: { op: ['learned_rows_from_mask'] },
    params: ['rule', 'offset'],
    inputs: ['attention_mask'],
    run(record, { api }): Outputs {
      const rowOffset = required(record.params, 'offset');
      return { rows: api.positionIds({ mask: input(record, 'attention_mask'), masked: -1, rowOffset }) as Output };
    },
  },
  {
    when: { op: ['position_ids_from_input_ids'] },
    params: ['rule', 'padding_idx', 'past_length'],
    inputs: ['input_ids'],
    run(record, { api }): Outputs {
      const position_ids = api.positionIds({
        inputIds: input(record, 'input_ids'),
        paddingIdx: required(record.params, 'padding_idx'),
        offset: number(record.params, 'past_length'),
      }) as Output;
      return { position_ids };
    },
  },
];
