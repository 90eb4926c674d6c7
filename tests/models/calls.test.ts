/**
 * What a form says is called, is called: every function that fromHF and fromGGUF name takes the options they give, beside data of
 * the shapes that belong to them, for every configuration of the vectors and every record.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as absolute from '../../src/absolute/index.ts';
import * as bias from '../../src/bias/index.ts';
import type { Calls } from '../../src/models/calls.ts';
import { fromGGUF } from '../../src/models/gguf.ts';
import { fromHF } from '../../src/models/hf.ts';
import type { NormalForm } from '../../src/models/normalForm.ts';
import { modelRecords } from '../../src/models/records/index.ts';
import { positionIds } from '../../src/positions/mask.ts';
import { mropeIndex } from '../../src/positions/mrope.ts';
import * as rows from '../../src/rows/index.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { scope, Tensor } from '../../src/runtime/tensor.ts';
import * as scores from '../../src/scores/index.ts';
import { readGolden } from './golden.ts';

const zeros = (...shape: number[]): Tensor => Tensor.zeros(shape);
const [L, H, D] = [3, 2, 8];
const attention = (tokens = L): [Tensor, Tensor] => [zeros(1, H, tokens, D), zeros(1, H, tokens, D)];

/** What each function is given besides, and the shape that comes out. */
const DRIVERS: { readonly [K in keyof Calls]-?: (options: NonNullable<Calls[K]>) => void } = {
  mropeIndex: (options) => {
    const merge = options.spatialMergeSize ?? 2;
    const { positionIds: ids } = mropeIndex({
      ...options,
      tokenTypes: [[0, 1, 1, 1, 1, 0]],
      imageGridThw: [[1, 2 * merge, 2 * merge]],
    });
    assert.equal(ids.shape, [options.axes ?? 3, 1, 6]);
    if (options.axes === undefined)
      assert.equal([ids.data[7], ids.data[11]], [1, 3], 'height of the picture, and the text');
  },
  alibi: (options) => {
    assert.equal(bias.alibi({ ...options, queryLength: L, keyLength: L }).shape, [options.heads, L, L]);
  },
  t5Bias: ({ shape, ...options }) => {
    const [buckets, heads] = shape ?? [options.numBuckets, 4];
    assert.is(buckets, options.numBuckets);
    const made = bias.t5Bias(zeros(buckets, heads), { ...options, queryLength: L, keyLength: L });
    assert.equal(made.shape, [heads, L, L]);
  },
  t5Buckets: (options) => {
    assert.equal(bias.t5Buckets({ ...options, queryLength: L, keyLength: L }).shape, [L, L]);
  },
  positionIds: (options) => {
    const source = options.paddingIdx === undefined ? { length: L } : { inputIds: [[5, 6, options.paddingIdx]] };
    const ids = positionIds({ ...options, ...source });
    const first = (options.rowOffset ?? 0) + (options.paddingIdx === undefined ? 0 : options.paddingIdx + 1);
    assert.is(ids.data[0], first);
  },
  learnedPositions: ({ shape, length }) => {
    // the table itself would be hundreds of megabytes for some models: as many rows, fewer columns
    const narrow = [shape[0], Math.min(shape[1], 4)] as const;
    const table = new Float32Array(narrow[0] * narrow[1]);
    const given = length === undefined ? { ids: [shape[0] - 1] } : { length };
    assert.equal(rows.learnedPositions(table, { shape: narrow, ...given }).shape, [length ?? 1, narrow[1]]);
  },
  sinusoidal: ({ length, offset, ...options }) => {
    const made = absolute.sinusoidal({ ...options, length: Math.min(length ?? L, 64), offset });
    assert.is(made.shape[1], options.dim);
  },
  sincos2d: (options) => {
    if (options.variant === 'detr') {
      assert.equal(absolute.sincos2d({ ...options, grid: [2, 3] }).shape, [1, options.dim, 2, 3]);
      return;
    }
    const cells = options.grid[0] * options.grid[1];
    assert.equal(absolute.sincos2d(options).shape, [options.prefixTokens + cells, options.dim]);
  },
  convPositional: (options) => {
    const [channels, width, taps] = options.weightShape;
    const weight = new Float32Array(channels * width * taps);
    assert.equal(absolute.convPositional(zeros(1, 2, channels), { ...options, weight }).shape, [1, 2, channels]);
  },
  swinBias: (stages) => {
    for (const options of stages) {
      const [table, heads] = options.shape;
      const [h, w] = options.windowSize;
      const made = bias.swinBias(new Float32Array(table * heads), options);
      assert.equal(made.shape, [heads, h * w, h * w]);
    }
  },
  swinV2Bias: (stages) => {
    const layers = [{ weight: zeros(4, 2), bias: zeros(4) }, { weight: zeros(H, 4) }];
    for (const options of stages) {
      const [h, w] = options.windowSize;
      assert.equal(bias.swinV2Bias({ ...options, layers }).shape, [H, h * w, h * w]);
    }
  },
  beitBias: (options) => {
    const made = bias.beitBias(new Float32Array(options.shape[0] * options.shape[1]), { ...options, rows: [0, 2] });
    assert.equal(made.shape, [options.shape[1], 2, 1 + options.windowSize[0] * options.windowSize[1]]);
  },
  decomposedRelativeScores: (list) => {
    for (const { querySize } of list) {
      const [h, w] = querySize;
      const [q, k] = attention(h * w);
      const made = scores.decomposedRelativeScores(q, k, zeros(2 * h - 1, D), zeros(2 * w - 1, D), {
        querySize,
        rows: [0, 1],
      });
      assert.equal(made.shape, [1, H, 1, h * w]);
    }
  },
  gatedRelativeBias: (options) => {
    const gate = { weight: zeros(8, D), constant: new Float32Array(H) };
    const made = scores.gatedRelativeBias(zeros(H, L, L), zeros(1, L, H * D), { ...options, ...gate });
    assert.equal(made.shape, [1, H, L, L]);
  },
  debertaScores: (options) => {
    const span = options.positionBuckets > 0 ? options.positionBuckets : options.maxRelativePositions;
    const table = zeros(H, 2 * span, D);
    const made = scores.debertaScores(...attention(), { ...options, posKey: table, posQuery: table });
    assert.equal(made.shape, [1, H, L, L]);
  },
  xlnetPositions: (options) => {
    const made = scores.xlnetPositions({ ...options, queryLength: L });
    assert.is(made.length, options.attnType === 'bi' ? 2 * L : L + 1);
  },
  xlnetScores: (options) => {
    const count = options.attnType === 'bi' ? 2 * L : L + 1;
    assert.equal(scores.xlnetScores(...attention(), zeros(H, count, D), options).shape, [1, H, L, L]);
  },
  transformerXlTable: (options) => {
    assert.equal(scores.transformerXlTable({ ...options, keyLength: L }).shape, [L, options.dim]);
  },
  transformerXlScores: (options) => {
    assert.equal(scores.transformerXlScores(...attention(), zeros(H, L, D), options).shape, [1, H, L, L]);
  },
  nezhaTable: (options) => {
    assert.equal(scores.nezhaTable(options).shape, [2 * options.maxRelativePosition + 1, options.dim]);
  },
  nezhaScores: (options) => {
    assert.equal(scores.nezhaScores(...attention(), zeros(2 * L + 1, D), options).shape, [1, H, L, L]);
  },
  nezhaValues: (options) => {
    const [v] = attention();
    assert.equal(scores.nezhaValues(zeros(1, H, L, L), v, zeros(2 * L + 1, D), options).shape, [1, H, L, D]);
  },
  shawScores: (options) => {
    const table = zeros((options.centre ?? 64) + 65, D);
    assert.equal(scores.shawScores(...attention(), table, options).shape, [1, H, L, L]);
  },
  shawValues: (options) => {
    const [v] = attention();
    assert.equal(scores.shawValues(zeros(1, H, L, L), v, zeros(9, D), options).shape, [1, H, L, D]);
  },
  conformerScores: (options) => {
    assert.equal(scores.conformerScores(...attention(), zeros(H, 2 * L - 1, D), options).shape, [1, H, L, L]);
  },
  localRelativeScores: (options) => {
    const { chunkSize, contextLeft, contextRight } = options;
    const made = scores.localRelativeScores(...attention(), zeros(H, contextLeft + contextRight, D), options);
    assert.equal(made.shape, [1, H, 1, chunkSize, chunkSize + contextLeft - 1 + contextRight]);
  },
};

type Side = Pick<NormalForm, 'calls' | 'note' | 'layerTypes'> & { readonly family: NormalForm['family'] };

/** How often each function was called. */
const called: Record<string, number> = {};

function check(side: Side, name: string): void {
  if (side.family === 'none') return;
  const layers = Object.values(side.layerTypes ?? {});
  if (side.family === 'rotary' && !layers.some((layer) => layer.mropeSection)) return;
  if (side.calls === undefined) {
    assert.match(
      side.note ?? '',
      /no function here computes|positionIds/,
      `${name}: nothing is called, and nothing says so`,
    );
    return;
  }
  const made = Object.entries(side.calls);
  assert.ok(made.length > 0, name);
  for (const [key, options] of made) {
    const driver = DRIVERS[key as keyof Calls] as ((options: unknown) => void) | undefined;
    assert.ok(driver, `${name}: ${key} is no function of this package`);
    called[key] = (called[key] ?? 0) + 1;
    scope(() => driver?.(options));
  }
}

const sides = (form: NormalForm): Side[] =>
  [form as Side, form.encoder, form.decoder, form.visionEncoder, form.audioEncoder].filter(
    (side) => side !== undefined,
  );

for (const [name, item] of readGolden('configs')) {
  test(`configs/${name}: what is named is called`, () => {
    for (const side of sides(fromHF((item as { config: object }).config))) check(side, name);
  });
}

/** Sizes of a file that gives what its class does not know. */
const SIZES = {
  hidden_size: 64,
  d_model: 64,
  num_attention_heads: 4,
  n_head: 4,
  max_position_embeddings: 32,
  image_size: 64,
  head_dim: 64,
  context_length: 24,
  prediction_length: 8,
  rel_extent: 16,
  d_rel: 8,
};

/** As the class makes it, alone or inside another model, or with the sizes that it needs. */
function formOf(type: string): NormalForm | undefined {
  const inside = { model_type: 'zzgork', text_config: { model_type: type } };
  const sized = { model_type: type, ...SIZES };
  for (const file of [{ model_type: type }, inside, sized, { ...sized, head_dim: 128 }]) {
    try {
      return fromHF(file);
    } catch (error) {
      if (!(error instanceof PosencError)) throw error;
    }
  }
  return undefined;
}

const OTHERS = ['wrapper', 'tower', 'none'];
const unread: string[] = [];
for (const { types, config } of modelRecords()) {
  if (OTHERS.includes(config.family) || (config.family === 'rotary' && !config.mrope)) continue;
  test(`${types[0]}, as its class makes it`, () => {
    const form = formOf(types[0]);
    if (form === undefined) unread.push(types[0]);
    else for (const side of sides(form)) check(side, types[0]);
  });
}

/** Words that choose another encoding of the same class. */
const CHOICES: Readonly<Record<string, object>> = {
  bert: { position_embedding_type: 'relative_key_query' },
  electra: { position_embedding_type: 'relative_key' },
  beit: { use_relative_position_bias: true, use_absolute_position_embeddings: true },
  'deberta-v2': {
    relative_attention: true,
    position_buckets: 256,
    max_relative_positions: -1,
    pos_att_type: 'c2p|p2c',
  },
  deberta: { relative_attention: true, max_relative_positions: -1, pos_att_type: ['c2p', 'p2c'] },
  swin: { use_absolute_embeddings: true },
  vitdet: { window_size: 14, use_relative_position_embeddings: true },
  falcon: { alibi: true, num_attention_heads: 8, hidden_size: 64 },
  'wav2vec2-bert': { position_embeddings_type: 'relative' },
  xlm: { sinusoidal_embeddings: true },
  xlnet: { attn_type: 'uni', clamp_len: 20 },
};
/** Composite models with position streams around a text part that several share. */
const AROUND: Readonly<Record<string, readonly [text: string, model: string | undefined]>> = {
  qwen2_vl: ['qwen2_vl_text', 'qwen2_vl'],
  qwen2_5_vl: ['qwen2_5_vl_text', 'qwen2_5_vl'],
  qwen2_5_omni: ['qwen2_5_omni_text', 'qwen2_5_omni'],
  qwen2_5_omni_thinker: ['qwen2_5_omni_text', 'qwen2_5_omni'],
  cosmos3_omni: ['qwen3_vl_text', 'qwen3_vl'],
  glmga: ['glm4v_text', 'glm4v'],
  glm_image: ['glm_image_text', undefined],
  minicpmv4_6: ['qwen3_5_text', undefined],
  minicpmv4_7: ['qwen3_5_text', undefined],
  zzgork: ['qwen3_vl_text', 'qwen3_vl'],
};
for (const [outer, [text, model]] of Object.entries(AROUND)) {
  test(`${outer} around ${text}: ids by ${model}`, () => {
    const form = fromHF({
      model_type: outer,
      text_config: {
        model_type: text,
        hidden_size: 512,
        num_attention_heads: 4,
        ...(text.startsWith('glm') && { head_dim: 64 }),
      },
    });
    assert.is(form.calls?.mropeIndex?.model, model);
    check(form as Side, outer);
  });
}

test('what the parts of a composite model say about time', () => {
  const text_config = { model_type: 'qwen2_5_vl_text', hidden_size: 512, num_attention_heads: 4 };
  const vision_config = {
    model_type: 'qwen2_5_vl',
    embed_dim: 1280,
    num_heads: 16,
    tokens_per_second: 4,
    spatial_merge_size: 4,
  };
  const vl = fromHF({ model_type: 'qwen2_5_vl', text_config, vision_config });
  assert.equal(vl.calls?.mropeIndex, { model: 'qwen2_5_vl', spatialMergeSize: 4, tokensPerSecond: 4 });
  const thinker = { model_type: 'qwen2_5_omni_thinker', position_id_per_seconds: 50, seconds_per_chunk: 3 };
  const omni = fromHF({
    model_type: 'qwen2_5_omni',
    thinker_config: { ...thinker, text_config: { ...text_config, model_type: 'qwen2_5_omni_text' } },
  });
  assert.equal(omni.calls?.mropeIndex, { model: 'qwen2_5_omni', tokensPerSecond: 50, secondsPerChunk: 3 });
});

for (const [type, words] of Object.entries(CHOICES)) {
  test(`${type} with ${Object.keys(words).join(', ')}`, () => {
    for (const side of sides(fromHF({ model_type: type, ...words }))) check(side, type);
  });
}

const headers = readGolden('gguf').flatMap(([, item]) => (item as { cases: Header[] }).cases);
interface Header {
  readonly name: string;
  readonly params: { readonly metadata: object; readonly context?: number };
}
let answered = 0;
for (const { name, params } of headers) {
  test(`gguf/${name}: what is named is called`, () => {
    let form: NormalForm;
    try {
      form = fromGGUF(params.metadata, { context: params.context });
    } catch (error) {
      if (error instanceof PosencError) return;
      throw error;
    }
    if (form.calls) answered++;
    // a GGUF file does not say how the pictures of its streams are counted
    for (const side of sides(form)) if (side.family !== 'rotary') check(side, name);
  });
}

test('headers of GGUF files that do not rotate were among them', () => assert.ok(answered >= 8, `${answered}`));

test('every function that a form can name was called, and every record could be read', () => {
  assert.equal(
    Object.keys(DRIVERS).filter((key) => called[key] === undefined),
    [],
  );
  assert.equal(unread, []);
});

test.run();
