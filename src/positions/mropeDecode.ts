/**
 * M-RoPE positions of new tokens behind a cache, by either of the rules in use: rope_deltas (the forward pass of
 * transformers 5) or the last position of the prompt (its generate()).
 */
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { MAX_MADE, type MaskList, type NumberList, positionList } from '../runtime/lists.ts';
import { type Matrix, maskMatrix } from './mask.ts';
import { type MropeDtype, type MropePositions, mropeDtype, mropePositions } from './mrope.ts';

export interface MropeDecodeOptions<D extends MropeDtype = 'int32'> {
  /**
   * 'delta': the highest position of the prompt + 1 (ropeDeltas). 'last': the last position of the prompt + 1 (what
   * generate() of transformers 5 feeds). They differ after a video whose temporal positions exceed the trailing text.
   * Default 'delta'.
   */
  readonly rule?: 'delta' | 'last';
  /** New tokens a row. Default 1. */
  readonly newTokens?: number;
  /** 'delta': [B, 1] of mropeIndex. */
  readonly ropeDeltas?: NumberList;
  /** 'delta' without a mask: tokens already in the cache. */
  readonly cacheLength?: number;
  /** 'delta': [B, cache + new]; positions are cumsum(mask) - 1 + delta. 'last': [B, S] of the prompt, for right padding. */
  readonly mask?: MaskList;
  /** 'last': [axes, B, S] of the prompt. */
  readonly positionIds?: NumberList | readonly (readonly (readonly number[])[])[];
  /** 'last': new tokens already decoded after the prompt. Default 0. */
  readonly decoded?: number;
  /** 'delta': streams, 4 for a hunyuan_vl of four. Default 3; 'last' takes those of positionIds. */
  readonly axes?: number;
  /** Default 'int32'; Qwen3-Omni needs 'float32'. */
  readonly dtype?: D;
}

const DECODE_OPTIONS = [
  'rule',
  'newTokens',
  'ropeDeltas',
  'cacheLength',
  'mask',
  'positionIds',
  'decoded',
  'axes',
  'dtype',
];

/**
 * Positions of new tokens after a prompt.
 * @param options the rule, how many tokens, and what the prompt left
 * @returns [axes, B, newTokens]
 * @throws PosencError ERR_OPTION, ERR_SHAPE, ERR_POSITION
 * @example
 * console.log(mropeDecode({ rule: 'delta', newTokens: 1, ropeDeltas: [-2], cacheLength: 6 }).data.join(' ')); // 4 4 4
 */
export function mropeDecode<D extends MropeDtype = 'int32'>(options: MropeDecodeOptions<D>): MropePositions<D> {
  const given = take('mropeDecode', options, DECODE_OPTIONS);
  const rule = oneOf('rule', given.rule, ['delta', 'last'], 'delta');
  const newTokens = size('newTokens', given.newTokens, 0, MAX_MADE, 1);
  const dtype = mropeDtype(given.dtype, 'int32') as D;
  const foreign =
    rule === 'delta' ? (['positionIds', 'decoded'] as const) : (['ropeDeltas', 'cacheLength', 'axes'] as const);
  for (const option of foreign) {
    if (given[option] !== undefined) throw new PosencError('ERR_OPTION', `${option}: not used by rule '${rule}'`);
  }
  const mask = given.mask === undefined ? undefined : maskMatrix('mask', given.mask);
  return rule === 'delta' ? byDelta(given, mask, newTokens, dtype) : byLast(given, mask, newTokens, dtype);
}

function byDelta<D extends MropeDtype>(
  given: MropeDecodeOptions<MropeDtype>,
  mask: Matrix | undefined,
  newTokens: number,
  dtype: D,
): MropePositions<D> {
  const deltas = positionList('ropeDeltas', given.ropeDeltas).data;
  const rows = deltas.length;
  if (mask && (mask.rows !== rows || mask.columns < newTokens)) {
    throw new PosencError(
      'ERR_SHAPE',
      `mask: expected [${rows}, cache + ${newTokens}], got [${mask.rows}, ${mask.columns}]`,
    );
  }
  const behind = mask ? mask.columns - newTokens : 0;
  const cache = mask
    ? integer('cacheLength', given.cacheLength, behind, behind, behind)
    : size('cacheLength', given.cacheLength, 0, Number.MAX_SAFE_INTEGER);
  const axes = integer('axes', given.axes, 3, 4, 3);
  const out = made(axes, rows, newTokens);
  const plane = rows * newTokens;
  for (let row = 0; row < rows; row++) {
    const at = row * newTokens;
    if (mask === undefined) {
      for (let j = 0; j < newTokens; j++) out[at + j] = cache + j + deltas[row];
      continue;
    }
    let seen = 0;
    for (let column = 0; column < mask.columns; column++) {
      const kept = mask.values[row * mask.columns + column];
      seen += kept;
      if (column >= cache) out[at + column - cache] = (kept === 0 ? 0 : seen - 1) + deltas[row];
    }
  }
  // every stream has the same positions
  for (let stream = 1; stream < axes; stream++) out.copyWithin(stream * plane, 0, plane);
  return mropePositions(dtype, [axes, rows, newTokens], out);
}

function byLast<D extends MropeDtype>(
  given: MropeDecodeOptions<MropeDtype>,
  mask: Matrix | undefined,
  newTokens: number,
  dtype: D,
): MropePositions<D> {
  const decoded = size('decoded', given.decoded, 0, Number.MAX_SAFE_INTEGER, 0);
  const { data: prompt, shape } = positionList('positionIds', given.positionIds);
  if (shape.length !== 3 || shape[0] < 3 || shape[0] > 4) {
    throw new PosencError(
      'ERR_SHAPE',
      `positionIds: rule 'last' needs the prompt's, of shape [3, B, S] or [4, B, S], got [${shape.join(', ')}]`,
    );
  }
  const [axes, rows, columns] = shape;
  if (columns < 1) throw new PosencError('ERR_SHAPE', 'positionIds: an empty prompt has no last position');
  if (mask && (mask.rows !== rows || mask.columns !== columns)) {
    throw new PosencError('ERR_SHAPE', `mask: expected [${rows}, ${columns}], got [${mask.rows}, ${mask.columns}]`);
  }
  const out = made(axes, rows, newTokens);
  for (let row = 0; row < rows; row++) {
    let last = columns - 1;
    if (mask) while (last > 0 && mask.values[row * columns + last] === 0) last--;
    for (let stream = 0; stream < axes; stream++) {
      const next = prompt[(stream * rows + row) * columns + last] + 1 + decoded;
      const at = (stream * rows + row) * newTokens;
      for (let j = 0; j < newTokens; j++) out[at + j] = next + j;
    }
  }
  return mropePositions(dtype, [axes, rows, newTokens], out);
}

function made(axes: number, rows: number, newTokens: number): Float64Array {
  return new Float64Array(size('newTokens', axes * rows * newTokens, 0, MAX_MADE));
}
