/**
 * M-RoPE position ids: three streams (t, h, w) over text, images and videos, and their continuation from a cache.
 * Qwen2-VL, arXiv 2409.12191, section 2.1; transformers 5 get_rope_index of qwen2_vl, qwen2_5_vl and qwen3_vl.
 */
import { options as checkOptions, finite, integer, oneOf, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import {
  dtypeOf,
  type IndexDtype,
  type Indices,
  type IntegerMatrix,
  indices,
  type Matrix,
  maskMatrix,
  matrix,
} from './mask.ts';

export type MropeModel = 'qwen2_vl' | 'qwen2_5_vl' | 'qwen3_vl';

export interface MropeIndexOptions<D extends IndexDtype = 'int32'> {
  /** qwen2_vl: one temporal step per frame. qwen2_5_vl: tokensPerSecond * secondPerGrid per frame. qwen3_vl: every frame is a block of its own between timestamps. */
  readonly model: MropeModel;
  /** [B, S] token ids. One of `inputIds` and `tokenTypes`. */
  readonly inputIds?: IntegerMatrix;
  /** [B, S]: 0 text, 1 image, 2 video. */
  readonly tokenTypes?: IntegerMatrix;
  /** [B, S] of 0 and 1; padded tokens get position 0. Default: all ones. */
  readonly mask?: IntegerMatrix;
  /** [images, 3]: t, h, w in patches, in the order of the batch. */
  readonly imageGridThw?: IntegerMatrix;
  /** [videos, 3] */
  readonly videoGridThw?: IntegerMatrix;
  /** qwen2_5_vl: seconds between the frames of each video. Default 1 each. */
  readonly secondPerGrid?: ArrayLike<number>;
  /** qwen2_5_vl: temporal positions per second. Default 2. */
  readonly tokensPerSecond?: number;
  /** Patches merged along each axis. Default 2. */
  readonly spatialMergeSize?: number;
  /** With `inputIds`. Default 151655 (Qwen2 tokenizer). */
  readonly imageTokenId?: number;
  /** With `inputIds`. Default 151656. */
  readonly videoTokenId?: number;
  /** Where text goes on after a block: 'spatial' start + max(h, w) (transformers 5), 'maximum' highest position + 1 (transformers 4, transformers.js). They differ for videos longer than high or wide. Default 'spatial'. */
  readonly advance?: 'spatial' | 'maximum';
  readonly dtype?: D;
}

export interface MropeIndex<D extends IndexDtype = 'int32'> {
  /** [3, B, S] */
  readonly positionIds: Indices<D>;
  /** [B, 1]: highest position + 1 - number of tokens; what decoding adds to the cache length. */
  readonly ropeDeltas: Indices<'int32'>;
}

const INDEX_OPTIONS = [
  'model',
  'inputIds',
  'tokenTypes',
  'mask',
  'imageGridThw',
  'videoGridThw',
  'secondPerGrid',
  'tokensPerSecond',
  'spatialMergeSize',
  'imageTokenId',
  'videoTokenId',
  'advance',
  'dtype',
];
const TEXT = 0;
const IMAGE = 1;
const VIDEO = 2;
const NAMES = ['text', 'image', 'video'];

/** A block of vision tokens: t, h, w after merging, and the temporal step. */
interface Block {
  readonly t: number;
  readonly h: number;
  readonly w: number;
  readonly step: number;
}

/**
 * Positions of a prompt.
 * @throws PosencError ERR_OPTION, ERR_SHAPE (a grid that does not fit its tokens)
 */
export function mropeIndex<D extends IndexDtype = 'int32'>(options: MropeIndexOptions<D>): MropeIndex<D> {
  const given = checkOptions('mropeIndex', options, INDEX_OPTIONS);
  const model = oneOf('model', given.model, ['qwen2_vl', 'qwen2_5_vl', 'qwen3_vl']);
  const advance = oneOf('advance', given.advance, ['spatial', 'maximum'], 'spatial');
  const dtype = dtypeOf(given.dtype as D | undefined);
  const types = tokenTypes(given);
  const { rows, columns } = types;
  const mask = given.mask === undefined ? undefined : maskMatrix('mask', given.mask);
  if (mask && (mask.rows !== rows || mask.columns !== columns)) {
    throw new PosencError('ERR_SHAPE', `mask: expected [${rows}, ${columns}], got [${mask.rows}, ${mask.columns}]`);
  }
  const blocks = [[], ...visionBlocks(given, model)];
  const next = [0, 0, 0];

  const out = new Float64Array(3 * rows * columns);
  const deltas = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const kept: number[] = [];
    for (let i = 0; i < columns; i++) if (!mask || mask.values[row * columns + i] === 1) kept.push(i);
    const write = (token: number, t: number, h: number, w: number): void => {
      const at = row * columns + kept[token];
      out[at] = t;
      out[rows * columns + at] = h;
      out[2 * rows * columns + at] = w;
    };
    let current = 0;
    let highest = -1;
    for (let token = 0; token < kept.length; ) {
      const type = types.values[row * columns + kept[token]];
      if (type === TEXT) {
        highest = Math.max(highest, current);
        write(token++, current, current, current);
        current++;
        continue;
      }
      const block = blocks[type][next[type]++];
      if (!block) {
        throw new PosencError(
          'ERR_SHAPE',
          `${NAMES[type]}GridThw: ${next[type] - 1} grids, but row ${row} has more ${NAMES[type]} blocks`,
        );
      }
      const { t, h, w, step } = block;
      const end = token + t * h * w;
      for (let i = token; i < end; i++) {
        if (i >= kept.length || types.values[row * columns + kept[i]] !== type) {
          throw new PosencError(
            'ERR_SHAPE',
            `${NAMES[type]}GridThw: block ${next[type] - 1} is ${t} x ${h} x ${w} = ${t * h * w} tokens, row ${row} has ${i - token}`,
          );
        }
      }
      let top = current;
      for (let ti = 0; ti < t; ti++) {
        // float32, as torch multiplies its integer range by the step.
        const time = current + Math.trunc(Math.fround(ti * step));
        for (let hi = 0; hi < h; hi++) {
          for (let wi = 0; wi < w; wi++) write(token++, time, current + hi, current + wi);
        }
        top = Math.max(top, time);
      }
      top = Math.max(top, current + h - 1, current + w - 1);
      highest = Math.max(highest, top);
      current = advance === 'spatial' ? current + Math.max(h, w) : top + 1;
    }
    deltas[row] = highest + 1 - kept.length;
  }
  for (const type of [IMAGE, VIDEO]) {
    if (next[type] !== blocks[type].length) {
      throw new PosencError(
        'ERR_SHAPE',
        `${NAMES[type]}GridThw: ${blocks[type].length} blocks, but the tokens hold ${next[type]}`,
      );
    }
  }
  return { positionIds: indices(dtype, [3, rows, columns], out), ropeDeltas: indices('int32', [rows, 1], deltas) };
}

/** 0 text, 1 image, 2 video for every token. */
function tokenTypes(given: MropeIndexOptions<IndexDtype>): Matrix {
  if ((given.inputIds === undefined) === (given.tokenTypes === undefined)) {
    throw new PosencError('ERR_OPTION', 'mropeIndex: give either inputIds or tokenTypes');
  }
  if (given.tokenTypes !== undefined) {
    const types = matrix('tokenTypes', given.tokenTypes);
    for (let i = 0; i < types.values.length; i++) integer(`tokenTypes[${i}]`, types.values[i], TEXT, VIDEO);
    return types;
  }
  const image = integer('imageTokenId', given.imageTokenId, 0, Number.MAX_SAFE_INTEGER, 151655);
  const video = integer('videoTokenId', given.videoTokenId, 0, Number.MAX_SAFE_INTEGER, 151656);
  const ids = matrix('inputIds', given.inputIds);
  return { ...ids, values: ids.values.map((id) => (id === image ? IMAGE : id === video ? VIDEO : TEXT)) };
}

function visionBlocks(given: MropeIndexOptions<IndexDtype>, model: MropeModel): [images: Block[], videos: Block[]] {
  const merge = size('spatialMergeSize', given.spatialMergeSize, 1, 1024, 2);
  if (model !== 'qwen2_5_vl') {
    for (const option of ['secondPerGrid', 'tokensPerSecond'] as const) {
      if (given[option] !== undefined) {
        throw new PosencError('ERR_OPTION', `${option}: only qwen2_5_vl spaces frames by time; model is '${model}'`);
      }
    }
  }
  const rate = finite('tokensPerSecond', given.tokensPerSecond, { min: 0 }, 2);
  const images = grids('imageGridThw', given.imageGridThw, merge).map((grid) => ({ ...grid, step: 1 }));
  const videos = grids('videoGridThw', given.videoGridThw, merge);
  const seconds = given.secondPerGrid;
  if (seconds !== undefined && seconds.length !== videos.length) {
    throw new PosencError('ERR_SHAPE', `secondPerGrid: expected ${videos.length} numbers, got ${seconds.length}`);
  }
  if (model === 'qwen3_vl') {
    return [images, videos.flatMap(({ t, h, w }) => Array.from({ length: t }, () => ({ t: 1, h, w, step: 1 })))];
  }
  const step = (i: number): number =>
    model === 'qwen2_vl'
      ? 1
      : Math.fround(rate * (seconds ? finite(`secondPerGrid[${i}]`, seconds[i], { min: 0 }) : 1));
  return [images, videos.map((grid, i) => ({ ...grid, step: step(i) }))];
}

/** [n, 3] grids in patches, merged. */
function grids(option: string, value: IntegerMatrix | undefined, merge: number): { t: number; h: number; w: number }[] {
  if (value === undefined) return [];
  const { rows, columns, values } = matrix(option, value);
  if (rows > 0 && columns !== 3)
    throw new PosencError('ERR_SHAPE', `${option}: expected [n, 3], got [${rows}, ${columns}]`);
  return Array.from({ length: rows }, (_, i) => {
    const [t, h, w] = values.subarray(3 * i, 3 * i + 3);
    integer(`${option}[${i}][0]`, t, 1, 2 ** 24);
    for (const [axis, patches] of [h, w].entries()) {
      integer(`${option}[${i}][${axis + 1}]`, patches, merge, 2 ** 24);
      if (patches % merge !== 0) {
        throw new PosencError(
          'ERR_SHAPE',
          `${option}[${i}][${axis + 1}]: ${patches} patches are no multiple of spatialMergeSize ${merge}`,
        );
      }
    }
    return { t, h: h / merge, w: w / merge };
  });
}

export interface MropeDecodeOptions<D extends IndexDtype = 'int32'> {
  /**
   * 'delta': the highest position of the prompt + 1 (ropeDeltas). 'last': the last position of the prompt + 1 (what
   * generate() of transformers 5 feeds). They differ after a video whose temporal positions exceed the trailing text.
   * Default 'delta'.
   */
  readonly rule?: 'delta' | 'last';
  /** New tokens a row. Default 1. */
  readonly newTokens?: number;
  /** 'delta': [B, 1] of mropeIndex. */
  readonly ropeDeltas?: IntegerMatrix;
  /** 'delta' without a mask: tokens already in the cache. */
  readonly cacheLength?: number;
  /** 'delta': [B, cache + new]; positions are cumsum(mask) - 1 + delta. 'last': [B, S] of the prompt, for right padding. */
  readonly mask?: IntegerMatrix;
  /** 'last': [3, B, S] of the prompt. */
  readonly positionIds?: { readonly data: ArrayLike<number | bigint>; readonly shape: readonly number[] };
  /** 'last': new tokens already decoded after the prompt. Default 0. */
  readonly decoded?: number;
  readonly dtype?: D;
}

const DECODE_OPTIONS = ['rule', 'newTokens', 'ropeDeltas', 'cacheLength', 'mask', 'positionIds', 'decoded', 'dtype'];

/**
 * Positions of new tokens after a prompt.
 * @returns [3, B, newTokens]
 */
export function mropeDecode<D extends IndexDtype = 'int32'>(options: MropeDecodeOptions<D>): Indices<D> {
  const given = checkOptions('mropeDecode', options, DECODE_OPTIONS);
  const rule = oneOf('rule', given.rule, ['delta', 'last'], 'delta');
  const newTokens = size('newTokens', given.newTokens, 0, 2 ** 24, 1);
  const dtype = dtypeOf(given.dtype as D | undefined);
  const foreign = rule === 'delta' ? (['positionIds', 'decoded'] as const) : (['ropeDeltas', 'cacheLength'] as const);
  for (const option of foreign) {
    if (given[option] !== undefined) throw new PosencError('ERR_OPTION', `${option}: not used by rule '${rule}'`);
  }
  const mask = given.mask === undefined ? undefined : maskMatrix('mask', given.mask);
  return rule === 'delta' ? byDelta(given, mask, newTokens, dtype) : byLast(given, mask, newTokens, dtype);
}

function byDelta<D extends IndexDtype>(
  given: MropeDecodeOptions<IndexDtype>,
  mask: Matrix | undefined,
  newTokens: number,
  dtype: D,
): Indices<D> {
  const deltas = matrix('ropeDeltas', given.ropeDeltas);
  const rows = deltas.values.length;
  if (mask && (mask.rows !== rows || mask.columns < newTokens)) {
    throw new PosencError(
      'ERR_SHAPE',
      `mask: expected [${rows}, cache + ${newTokens}], got [${mask.rows}, ${mask.columns}]`,
    );
  }
  const cache = mask
    ? integer(
        'cacheLength',
        given.cacheLength,
        mask.columns - newTokens,
        mask.columns - newTokens,
        mask.columns - newTokens,
      )
    : size('cacheLength', given.cacheLength, 0, Number.MAX_SAFE_INTEGER);
  return threeStreams(dtype, rows, newTokens, (_, row, j) => {
    const delta = deltas.values[row];
    if (!mask) return cache + j + delta;
    const line = mask.values.subarray(row * mask.columns, row * mask.columns + cache + j + 1);
    return (line[cache + j] === 0 ? 0 : line.reduce((a, b) => a + b, 0) - 1) + delta;
  });
}

function byLast<D extends IndexDtype>(
  given: MropeDecodeOptions<IndexDtype>,
  mask: Matrix | undefined,
  newTokens: number,
  dtype: D,
): Indices<D> {
  const { positionIds } = given;
  const decoded = size('decoded', given.decoded, 0, Number.MAX_SAFE_INTEGER, 0);
  if (positionIds?.shape.length !== 3 || positionIds.shape[0] !== 3) {
    throw new PosencError('ERR_SHAPE', "positionIds: rule 'last' needs the prompt's, of shape [3, B, S]");
  }
  const [, rows, columns] = positionIds.shape;
  const prompt = matrix('positionIds', { data: positionIds.data, shape: [3 * rows, columns] });
  if (columns < 1) throw new PosencError('ERR_SHAPE', 'positionIds: an empty prompt has no last position');
  if (mask && (mask.rows !== rows || mask.columns !== columns)) {
    throw new PosencError('ERR_SHAPE', `mask: expected [${rows}, ${columns}], got [${mask.rows}, ${mask.columns}]`);
  }
  return threeStreams(dtype, rows, newTokens, (stream, row, j) => {
    let last = columns - 1;
    if (mask) while (last > 0 && mask.values[row * columns + last] === 0) last--;
    return prompt.values[(stream * rows + row) * columns + last] + 1 + decoded + j;
  });
}

function threeStreams<D extends IndexDtype>(
  dtype: D,
  rows: number,
  columns: number,
  value: (stream: number, row: number, column: number) => number,
): Indices<D> {
  const out = new Float64Array(3 * rows * columns);
  for (let i = 0; i < out.length; i++) {
    const column = i % columns;
    const row = ((i - column) / columns) % rows;
    out[i] = value(Math.floor(i / (rows * columns)), row, column);
  }
  return indices(dtype, [3, rows, columns], out);
}

/**
 * Positions of the patches a vision tower of Qwen2-VL sees: blocks of merge x merge patches, row by row.
 * @returns [patches, 3]: t, h, w
 */
export function visionPositions<D extends IndexDtype = 'int32'>(options: {
  /** [n, 3]: t, h, w in patches. */
  readonly gridThw: IntegerMatrix;
  /** Default 2. */
  readonly spatialMergeSize?: number;
  readonly dtype?: D;
}): Indices<D> {
  const given = checkOptions('visionPositions', options, ['gridThw', 'spatialMergeSize', 'dtype']);
  const merge = size('spatialMergeSize', given.spatialMergeSize, 1, 1024, 2);
  const dtype = dtypeOf(given.dtype as D | undefined);
  const blocks = grids('gridThw', given.gridThw, merge);
  const total = blocks.reduce((sum, { t, h, w }) => sum + t * h * w * merge * merge, 0);
  const out = new Float64Array(3 * size('gridThw', total, 0, 2 ** 26));
  let at = 0;
  for (const { t, h, w } of blocks) {
    for (let i = 0; i < t * h * w * merge * merge; i++) {
      const inside = i % (merge * merge);
      const block = (i - inside) / (merge * merge);
      out[at++] = Math.floor(block / (h * w));
      out[at++] = (Math.floor(block / w) % h) * merge + Math.floor(inside / merge);
      out[at++] = (block % w) * merge + (inside % merge);
    }
  }
  return indices(dtype, [total, 3], out);
}
