/**
 * M-RoPE position ids: three or four streams over text, pictures, videos and sound.
 * Qwen2-VL, arXiv 2409.12191, section 2.1; get_rope_index of the classes listed in mropeClasses.ts.
 */
import { finite, integer, oneOf, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { MaskList, NumberList } from '../runtime/lists.ts';
import { type IndexArrays, type IndexDtype, indices, maskMatrix, matrix, sequenceEnds } from './mask.ts';
import { type FloatMropeModel, MROPE_CLASSES, MROPE_OTHERS, type MropeClass, type MropeModel } from './mropeClasses.ts';
import { Media } from './mropeMedia.ts';
import { OMNI } from './mropeOmni.ts';
import { AUDIO, IMAGE, type Placing, place, TEXT, VIDEO } from './mropePlace.ts';

export interface MropeArrays extends IndexArrays {
  /** For positions that are fractions. */
  readonly float32: Float32Array;
}
export type MropeDtype = keyof MropeArrays;

/** Positions with a shape, row-major. */
export interface MropePositions<D extends MropeDtype = 'int32'> {
  /** Sizes of the axes, the slowest first. */
  readonly shape: readonly number[];
  /** The positions. */
  readonly data: MropeArrays[D];
}

export interface MropeIndexOptions<M extends MropeModel = MropeModel, D extends MropeDtype = MropeDtype> {
  /** The model_type of its config.json. It decides how frames, sound and rows of a picture are counted; see docs/config.md. */
  readonly model: M;
  /** [B, S] token ids, with the ids of the placeholders. One of `inputIds` and `tokenTypes`. */
  readonly inputIds?: NumberList;
  /** Shape [B, S]: 0 text, 1 image, 2 video, 3 audio (mm_token_type_ids of a processor). */
  readonly tokenTypes?: NumberList;
  /** [B, S] of 0 and 1; padding gets position 0 (1 in Qwen2.5-Omni, and in Qwen3-Omni without pictures). Default: all ones. */
  readonly mask?: MaskList;
  /** [n + 1] ends of packed sequences in one row: each counts from 0 and has a delta of its own. */
  readonly cuSeqlens?: NumberList;
  /** Shape [images, 3]: t, h, w in patches, in the order of the batch. */
  readonly imageGridThw?: NumberList;
  /** [videos, 3]; one row a video, also where its frames lie apart. */
  readonly videoGridThw?: NumberList;
  /** Seconds between the frames of each video (qwen2_5_vl, Omni). Default 1 each for qwen2_5_vl; Omni requires them. */
  readonly secondPerGrid?: NumberList;
  /** Temporal positions per second (tokens_per_second, position_id_per_seconds). Default 2 qwen2_5_vl, 25 qwen2_5_omni, 13 qwen3_omni_moe. */
  readonly tokensPerSecond?: number;
  /** Feature frames of each sound (Omni). */
  readonly audioSeqlens?: NumberList;
  /** Seconds of video and sound that lie together (qwen2_5_omni). Default 2. */
  readonly secondsPerChunk?: number;
  /** Patches merged along each axis. Default 2. */
  readonly spatialMergeSize?: number;
  /** Frames merged into one (ernie4_5_vl_moe). Default 2. */
  readonly temporalMergeSize?: number;
  /** Streams (hunyuan_vl): 3 or 4, the length of mrope_section. Default 4. */
  readonly axes?: number;
  /** With `inputIds`. Default 151655 for Qwen2-VL, 2.5-VL, 3-VL and 2.5-Omni; every other class has its own (image_token_id). */
  readonly imageTokenId?: number;
  /** With `inputIds`. Default 151656 for the same classes (video_token_id). */
  readonly videoTokenId?: number;
  /** With `inputIds`, Omni. Default 151646 for qwen2_5_omni (audio_token_id). */
  readonly audioTokenId?: number;
  /** With `inputIds`, GLM: frames are image tokens between the start and the end of a video. */
  readonly videoStartTokenId?: number;
  /** The end of such a video. */
  readonly videoEndTokenId?: number;
  /**
   * Where text goes on after a block. 'maximum': highest position + 1 (the models' own code, transformers up to 5.2,
   * transformers.js, vLLM). 'spatial': start + max(h, w) (transformers from 5.3). They differ after a video that is longer
   * than high and wide. Default 'maximum'; Omni and HunYuan have one rule.
   */
  readonly advance?: 'spatial' | 'maximum';
  /** Default 'int32', 'float32' for qwen3_omni_moe, whose times are fractions. */
  readonly dtype?: D;
}

export interface MropeIndex<D extends MropeDtype = 'int32'> {
  /** [3, B, S]; [axes, B, S] for hunyuan_vl. */
  readonly positionIds: MropePositions<D>;
  /** [B, 1], packed [n, 1]: highest position + 1 - number of tokens; what decoding adds to the cache length. */
  readonly ropeDeltas: MropePositions<D extends 'float32' ? 'float32' : 'int32'>;
}

const INDEX_OPTIONS = [
  'model',
  'inputIds',
  'tokenTypes',
  'mask',
  'cuSeqlens',
  'imageGridThw',
  'videoGridThw',
  'secondPerGrid',
  'tokensPerSecond',
  'audioSeqlens',
  'secondsPerChunk',
  'spatialMergeSize',
  'temporalMergeSize',
  'axes',
  'imageTokenId',
  'videoTokenId',
  'audioTokenId',
  'videoStartTokenId',
  'videoEndTokenId',
  'advance',
  'dtype',
];
const TOKEN_IDS = ['imageTokenId', 'videoTokenId', 'audioTokenId', 'videoStartTokenId', 'videoEndTokenId'] as const;
const MODELS = Object.keys(MROPE_CLASSES) as MropeModel[];

function modelOf(given: unknown): MropeModel {
  if (typeof given === 'string' && Object.hasOwn(MROPE_OTHERS, given))
    throw new PosencError('ERR_OPTION', `model: '${given}' is not computed here: ${MROPE_OTHERS[given]}`);
  return oneOf('model', given, MODELS);
}

/**
 * Positions of a prompt.
 * @param options the `model`, token types or ids, and the grids of its pictures, videos and sounds
 * @returns positionIds [3, B, S] (time, height, width) and ropeDeltas [B, 1]
 * @throws PosencError ERR_OPTION, ERR_SHAPE (a grid or a sound that does not fit its tokens), ERR_POSITION
 * @example
 * const { positionIds: ids } = mropeIndex({ model: 'qwen2_vl', tokenTypes: [[0, 1, 1, 1, 1, 0]], imageGridThw: [[1, 4, 4]] });
 * console.log(ids.data.join(' ')); // 0 1 1 1 1 3 0 1 1 2 2 3 0 1 2 1 2 3
 */
export function mropeIndex<
  const M extends MropeModel,
  D extends MropeDtype = M extends FloatMropeModel ? 'float32' : 'int32',
>(options: MropeIndexOptions<M, D>): MropeIndex<D> {
  const given = take('mropeIndex', options, INDEX_OPTIONS) as MropeIndexOptions;
  const model = modelOf(given.model);
  const cls: MropeClass = MROPE_CLASSES[model];
  const dtype = mropeDtype(given.dtype, cls.float ? 'float32' : 'int32');
  const { rows, columns, types } = tokenTypes(given, model, cls);
  const media = new Media(given, model, cls);
  const placing = { model, cls, media, packed: given.cuSeqlens !== undefined, ...rulesOf(given, model, cls) };

  const vision = given.imageGridThw !== undefined || given.videoGridThw !== undefined;
  const padding = cls.padding?.[vision ? 0 : 1] ?? 0;
  const out = new Float64Array(placing.axes * rows * columns).fill(padding);
  const sequences = sequencesOf(given, rows, columns);
  const deltas = Float64Array.from(sequences, ({ row, kept, where }) => {
    const start = row * columns;
    const each = new Uint8Array(kept.length);
    for (let i = 0; i < each.length; i++) each[i] = types[start + kept[i]];
    const { positions, highest } = place(each, where, placing);
    for (let axis = 0; axis < placing.axes; axis++) {
      for (let i = 0; i < kept.length; i++) {
        out[(axis * rows + row) * columns + kept[i]] = positions[axis * kept.length + i];
      }
    }
    return cls.float ? Math.fround(Math.fround(highest + 1) - kept.length) : highest + 1 - kept.length;
  });
  media.end();
  return {
    positionIds: mropePositions(dtype, [placing.axes, rows, columns], out),
    ropeDeltas: mropePositions(dtype === 'float32' ? dtype : 'int32', [deltas.length, 1], deltas),
  } as MropeIndex<D>;
}

function rulesOf(
  given: MropeIndexOptions,
  model: MropeModel,
  cls: MropeClass,
): Pick<Placing, 'advance' | 'chunk' | 'axes'> {
  const only = (option: keyof MropeIndexOptions, models: string): void => {
    if (given[option] !== undefined) {
      throw new PosencError('ERR_OPTION', `${option}: belongs to ${models}; model is '${model}'`);
    }
  };
  if (!cls.plain) only('axes', "'hunyuan_vl'");
  if (!(cls.audio && OMNI[cls.audio].chunked)) only('secondsPerChunk', "'qwen2_5_omni'");
  const advance = oneOf('advance', given.advance, ['maximum', 'spatial'], 'maximum');
  if ((cls.advance ?? advance) !== advance || (cls.plain && given.advance !== undefined)) {
    throw new PosencError('ERR_OPTION', `advance: '${model}' has one rule for text after a block; leave it out`);
  }
  const rate = given.tokensPerSecond ?? cls.tokensPerSecond ?? 1;
  return {
    advance,
    chunk: Math.trunc(rate * finite('secondsPerChunk', given.secondsPerChunk, { above: 0 }, 2)),
    axes: cls.plain ? integer('axes', given.axes, 3, 4, 4) : 3,
  };
}

interface Sequence {
  readonly row: number;
  /** Columns of its tokens. */
  readonly kept: readonly number[];
  readonly where: string;
}

function sequencesOf(given: MropeIndexOptions, rows: number, columns: number): Sequence[] {
  if (given.cuSeqlens === undefined) {
    const mask = given.mask === undefined ? undefined : maskMatrix('mask', given.mask);
    if (mask && (mask.rows !== rows || mask.columns !== columns)) {
      throw new PosencError('ERR_SHAPE', `mask: expected [${rows}, ${columns}], got [${mask.rows}, ${mask.columns}]`);
    }
    return Array.from({ length: rows }, (_, row) => {
      const kept: number[] = [];
      for (let i = 0; i < columns; i++) if (!mask || mask.values[row * columns + i] === 1) kept.push(i);
      return { row, kept, where: `row ${row}` };
    });
  }
  const ends = sequenceEnds(given.cuSeqlens);
  if (given.mask !== undefined) {
    throw new PosencError('ERR_OPTION', 'mask: a packed row has no padding; give cuSeqlens or mask');
  }
  if (rows !== 1 || ends[ends.length - 1] !== columns) {
    throw new PosencError(
      'ERR_SHAPE',
      `cuSeqlens: ends at ${ends[ends.length - 1]}, which must be the length of one packed row [1, S]; got [${rows}, ${columns}]`,
    );
  }
  return Array.from({ length: ends.length - 1 }, (_, i) => ({
    row: 0,
    kept: Array.from({ length: ends[i + 1] - ends[i] }, (_, j) => ends[i] + j),
    where: `sequence ${i}`,
  }));
}

/** 0 text, 1 image, 2 video, 3 audio for every token. */
function tokenTypes(given: MropeIndexOptions, model: MropeModel, cls: MropeClass) {
  if ((given.inputIds === undefined) === (given.tokenTypes === undefined)) {
    throw new PosencError('ERR_OPTION', 'mropeIndex: give either inputIds or tokenTypes');
  }
  if (given.tokenTypes !== undefined) {
    for (const option of TOKEN_IDS) {
      if (given[option] !== undefined) throw new PosencError('ERR_OPTION', `${option}: belongs to inputIds`);
    }
    const { rows, columns, values } = matrix('tokenTypes', given.tokenTypes);
    const types = new Uint8Array(values.length);
    for (let i = 0; i < types.length; i++) {
      const type = values[i];
      if (!(type >= TEXT && type <= AUDIO)) integer(`tokenTypes[${i}]`, type, TEXT, AUDIO);
      if (type >= VIDEO) checkType(type, 'tokenTypes', i, model, cls);
      types[i] = type;
    }
    return { rows, columns, types };
  }
  const { rows, columns, values } = matrix('inputIds', given.inputIds);
  const id = (option: (typeof TOKEN_IDS)[number], standard: number | undefined, key: string, needed: boolean) => {
    if (given[option] === undefined && standard === undefined) {
      if (!needed) return undefined;
      throw new PosencError(
        'ERR_OPTION',
        `${option}: required with inputIds for model '${model}': ${key} of its config`,
      );
    }
    return integer(option, given[option], 0, Number.MAX_SAFE_INTEGER, standard);
  };
  const spans = cls.frames === 'image';
  const image = id('imageTokenId', cls.tokens?.image, 'image_token_id', true);
  const video = id('videoTokenId', cls.tokens?.video, 'video_token_id', !spans && cls.frames !== 'none');
  const audio = id('audioTokenId', cls.tokens?.audio, 'audio_token_id', cls.audio !== undefined);
  const withVideos = spans && given.videoGridThw !== undefined;
  const start = id('videoStartTokenId', undefined, 'video_start_token_id', withVideos);
  const end = id('videoEndTokenId', undefined, 'video_end_token_id', withVideos);
  if (!spans && (start !== undefined || end !== undefined)) {
    throw new PosencError('ERR_OPTION', `videoStartTokenId: model '${model}' has a token of its own for videos`);
  }
  let inside = false;
  const types = new Uint8Array(values.length);
  for (let i = 0; i < types.length; i++) {
    const token = values[i];
    if (i % columns === 0) inside = false;
    if (token === start) inside = true;
    else if (token === end) inside = false;
    let type = TEXT;
    if (token === image) type = inside ? VIDEO : IMAGE;
    else if (!spans && token === video) type = VIDEO;
    else if (token === audio) type = AUDIO;
    if (type >= VIDEO) checkType(type, 'inputIds', i, model, cls);
    types[i] = type;
  }
  return { rows, columns, types };
}

function checkType(type: number, option: string, i: number, model: MropeModel, cls: MropeClass): void {
  if (type === VIDEO && cls.frames === 'none') {
    throw new PosencError('ERR_OPTION', `${option}[${i}]: a video token, but model '${model}' takes no videos`);
  }
  if (type === AUDIO && !cls.audio) {
    throw new PosencError('ERR_OPTION', `${option}[${i}]: an audio token, but model '${model}' takes no sound`);
  }
}

export function mropeDtype(value: unknown, fallback: MropeDtype): MropeDtype {
  return oneOf('dtype', value, ['int32', 'uint32', 'int64', 'float32'], fallback);
}

/** Positions into the dtype asked for; one that does not fit is ERR_POSITION. */
export function mropePositions<D extends MropeDtype>(
  dtype: D,
  shape: readonly number[],
  values: Float64Array,
): MropePositions<D> {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]) || (dtype !== 'float32' && !Number.isInteger(values[i]))) {
      throw new PosencError(
        'ERR_POSITION',
        `position ${values[i]} at ${i} does not fit ${dtype}; fractions need dtype 'float32'`,
      );
    }
  }
  if (dtype !== 'float32') return indices(dtype as IndexDtype, shape, values) as MropePositions<D>;
  return { shape, data: new Float32Array(values) as MropeArrays[D] };
}
