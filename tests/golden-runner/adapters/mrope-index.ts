/** Position ids: M-RoPE prompts, their continuation from a cache by either rule, and text positions from masks. */
import {
  type Adapter,
  type Finding,
  type Golden,
  type GoldenRecord,
  type Output,
  type Outputs,
  Unsupported,
} from '../types.ts';
import { input, number, required, word } from './shared.ts';

/** Names of tokens around a block; the placeholders between them say the same. */
const TOKENS = [
  'model_type',
  'image_token_id',
  'video_token_id',
  'audio_token_id',
  'vision_start_token_id',
  'vision_end_token_id',
  'image_start_token_id',
  'image_end_token_id',
  'video_start_token_id',
  'video_end_token_id',
  'audio_start_token_id',
  'audio_end_token_id',
  'spatial_merge_size',
  'temporal_merge_size',
  'tokens_per_second',
  'position_id_per_seconds',
  'seconds_per_chunk',
  'n_window',
  'use_audio_in_video',
  'num_mrope_axes',
  'advance',
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
  'second_per_grids',
  'audio_seqlens',
  'cu_seqlens',
];
const ADVANCE = { spatial: 'spatial', maximum: 'maximum' } as const;
/** Classes with one rule for text after a block. */
const ONE_RULE = ['qwen2_5_omni', 'qwen3_omni_moe', 'hunyuan_vl'];

interface Prompt {
  readonly positionIds: Output;
  readonly ropeDeltas: Output;
}

/**
 * Token ids and token types say the same: with both in the record, both are asked and must agree. Records that name no
 * rule for text after a block were made by transformers 5.18, whose rule is 'spatial'.
 */
function prompt({ params, inputs }: GoldenRecord, api: Parameters<Run>[1]['api'], rule?: string): Prompt {
  const model = params.model_type ?? 'qwen2_vl';
  if (typeof model !== 'string') throw new Unsupported(`model_type ${String(model)}`);
  if (params.n_window !== undefined && params.n_window !== 50) throw new Unsupported(`n_window ${params.n_window}`);
  const advance = rule ?? (ONE_RULE.includes(model) ? undefined : word(params, 'advance', ADVANCE, 'spatial'));
  const options = {
    model,
    mask: inputs.attention_mask,
    cuSeqlens: inputs.cu_seqlens?.data,
    imageGridThw: inputs.image_grid_thw,
    videoGridThw: inputs.video_grid_thw,
    secondPerGrid: (inputs.second_per_grid_ts ?? inputs.second_per_grids)?.data,
    tokensPerSecond: number(params, 'tokens_per_second') ?? number(params, 'position_id_per_seconds'),
    audioSeqlens: inputs.audio_seqlens?.data,
    secondsPerChunk: number(params, 'seconds_per_chunk'),
    spatialMergeSize: number(params, 'spatial_merge_size'),
    temporalMergeSize: number(params, 'temporal_merge_size'),
    axes: number(params, 'num_mrope_axes'),
    advance,
  };
  const ids = inputs.input_ids && {
    ...options,
    inputIds: inputs.input_ids,
    imageTokenId: number(params, 'image_token_id'),
    videoTokenId: number(params, 'video_token_id'),
    audioTokenId: number(params, 'audio_token_id'),
    videoStartTokenId: number(params, 'video_start_token_id'),
    videoEndTokenId: number(params, 'video_end_token_id'),
  };
  const types = inputs.mm_token_type_ids && { ...options, tokenTypes: inputs.mm_token_type_ids };
  const [first, second] = [ids, types].filter((asked) => asked !== undefined).map((asked) => api.mropeIndex(asked));
  for (const name of ['positionIds', 'ropeDeltas'] as const) {
    if (second && String(second[name].data) !== String(first[name].data)) {
      throw new Error(`inputIds and tokenTypes give different ${name}`);
    }
  }
  return first;
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
    when: { op: ['mrope_get_rope_index', 'mrope_packed'] },
    params: TOKENS,
    inputs: PROMPT,
    run(record, { api }): Outputs {
      const { positionIds, ropeDeltas } = prompt(record, api);
      return { position_ids: positionIds, rope_deltas: ropeDeltas };
    },
  },
  {
    when: { op: ['mrope_text_after_video'] },
    params: TOKENS,
    inputs: PROMPT,
    run(record, { api }): Outputs {
      const maximum = prompt(record, api, 'maximum');
      const spatial = prompt(record, api, 'spatial');
      return {
        position_ids_maximum: maximum.positionIds,
        rope_deltas_maximum: maximum.ropeDeltas,
        position_ids_spatial: spatial.positionIds,
        rope_deltas_spatial: spatial.ropeDeltas,
      };
    },
  },
  {
    when: { op: ['mrope_must_fail'], expect: ['error'] },
    check(record, { api }): Finding[] {
      const about = String(record.params.about);
      const failure = (message: string): Finding[] => [
        { output: 'error', ok: false, maxAbs: Number.POSITIVE_INFINITY, allowed: 0, message },
      ];
      // each way of asking by itself: one refusal must not hide that the other answers
      for (const left of ['input_ids', 'mm_token_type_ids']) {
        if (record.inputs[left] === undefined) continue;
        const { [left]: _, ...inputs } = record.inputs;
        if (inputs.input_ids === undefined && inputs.mm_token_type_ids === undefined) continue;
        try {
          prompt({ ...record, inputs }, api);
          return failure(`answered, without ${left}; expected an error about '${about}'`);
        } catch (error) {
          if (!(error instanceof api.PosencError)) return failure(`not a PosencError: ${String(error)}`);
          const { message } = error as Error;
          if (!message.includes(about)) return failure(`the message does not name '${about}': ${message}`);
        }
      }
      return [{ output: 'error', ok: true, maxAbs: 0, allowed: 0 }];
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
      const masked = Number(/^cumsum\(mask\)-1, masked -> ([01])$/.exec(String(record.params?.rule))?.[1]);
      return { position_ids: api.positionIds({ mask: input(record, 'attention_mask'), masked }) as Output };
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
