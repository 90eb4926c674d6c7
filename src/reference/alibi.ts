/**
 * ALiBi, Press et al. 2022 (arXiv 2108.12409), with the slope orders and matrix forms in public use: press (fairseq fork),
 * BLOOM, Falcon, MPT, GPT-NeoX, flash-attention, x-transformers, the nonsymmetric encoder form of issue #5.
 * Every value is fl32(slope * fl32(distance)): the slope a correctly rounded float32, the distance exact up to 2^24.
 */
import type { Positions } from '../runtime/lists.ts';
import { pow, roundToBfloat16 } from './math.ts';
import {
  asNumbers,
  finiteNumber,
  integerAtLeast,
  onlyKeys,
  output,
  positiveNumber,
  type ReferenceTensor,
  type Shaped,
  tensor,
  word,
} from './result.ts';

export interface AlibiSlopesOptions {
  readonly heads: number;
  /** Order of the slopes when heads is no power of two, or the slopes themselves. Default 'press'. */
  readonly slopes?: 'press' | 'mpt' | 'geometric' | ArrayLike<number>;
  /** Exponent of the smallest slope. Default 8. */
  readonly alibiBiasMax?: number;
}

export interface AlibiOptions extends AlibiSlopesOptions {
  readonly keyLength?: number;
  /** Default keyLength. */
  readonly queryLength?: number;
  /** Absolute position of the first query. Default keyLength - queryLength. */
  readonly queryOffset?: number;
  readonly queryPositions?: Positions;
  readonly keyPositions?: Positions;
  /** Heads of the result; those beyond `heads` get no bias. Default `heads`. */
  readonly totalHeads?: number;
  /** Default 'distance': -m|i-j|. */
  readonly form?: 'distance' | 'tril' | 'key' | 'key-last-zero' | 'nonsymmetric';
  /** Keys after the query get maskValue. Default false. */
  readonly causal?: boolean;
  /** [left, right]: only i - left <= j <= i + right stays; -1 is unlimited. */
  readonly window?: readonly [number, number];
  /** BLOOM: attention mask [B, keyLength] of 0 and 1; the result is m * (cumsum(mask) - 1) * mask, [B, totalHeads, 1, keyLength]. */
  readonly mask?:
    | readonly ArrayLike<number>[]
    | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };
  /** flash-attention: valid queries of each batch entry; the result is [B, totalHeads, q, k]. */
  readonly queryLengths?: ArrayLike<number>;
  readonly keyLengths?: ArrayLike<number>;
  /** Padding in front of the keys of each batch entry: column j is key j - keyLeftPad, those before it get maskValue. */
  readonly keyLeftPad?: ArrayLike<number>;
  /** Learned slopes, [heads] each, instead of `slopes`: leftSlopes |i - j| for j <= i, rightSlopes |i - j| for j >= i. */
  readonly leftSlopes?: ArrayLike<number>;
  readonly rightSlopes?: ArrayLike<number>;
  /** 'bfloat16' rounds slope and product to bfloat16 (Falcon). */
  readonly rounding?: 'bfloat16';
  /** Only the rows [from, to) of the queries. */
  readonly rows?: readonly [number, number];
  /** Default -Infinity. */
  readonly maskValue?: number;
  readonly out?: Float32Array | Shaped;
}

const SLOPE_OPTIONS = ['heads', 'slopes', 'alibiBiasMax'];
const OPTIONS = [
  ...SLOPE_OPTIONS,
  'keyLength',
  'queryLength',
  'queryOffset',
  'queryPositions',
  'keyPositions',
  'totalHeads',
  'form',
  'causal',
  'window',
  'mask',
  'queryLengths',
  'keyLengths',
  'keyLeftPad',
  'leftSlopes',
  'rightSlopes',
  'rounding',
  'rows',
  'maskValue',
  'out',
];
/** With a mask nothing depends on a query. */
const MASK_OPTIONS = [...SLOPE_OPTIONS, 'mask', 'totalHeads', 'rounding', 'out'];

/** The slopes [heads], rounded once to float32. */
export function alibiSlopes(options: AlibiSlopesOptions): ReferenceTensor {
  onlyKeys('alibiSlopes', options, SLOPE_OPTIONS);
  const heads = integerAtLeast('heads', options.heads, 1);
  return tensor([heads], Float32Array.from(slopeList(heads, options.slopes ?? 'press', options.alibiBiasMax ?? 8)));
}

/** m_h = 2^(-max (h+1)/n), h = 0..n-1. */
function geometric(n: number, max: number): number[] {
  return Array.from({ length: n }, (_, h) => Math.fround(pow(2, -(max * (h + 1)) / n)));
}

function slopeList(heads: number, slopes: NonNullable<AlibiSlopesOptions['slopes']>, max: number): number[] {
  if (typeof slopes !== 'string') {
    if (slopes.length !== heads) throw new RangeError(`slopes: expected ${heads} numbers, got ${slopes.length}`);
    return Array.from(slopes, (m) => Math.fround(finiteNumber('slopes', m)));
  }
  positiveNumber('alibiBiasMax', max);
  word('slopes', slopes, ['press', 'mpt', 'geometric']);
  if (slopes === 'geometric') return geometric(heads, max);
  let power = 1;
  while (2 * power <= heads) power *= 2;
  if (power === heads) return geometric(heads, max);
  const fine = geometric(2 * power, max);
  const odd = fine.filter((_, h) => h % 2 === 1);
  const even = fine.filter((_, h) => h % 2 === 0);
  // MPT states [1::2] + [0::2]; press the slopes of the power of two below (which are [1::2]), then [0::2]: the same list.
  return [...odd, ...even].slice(0, heads);
}

/** The bias [totalHeads, q, k], or with a batch dimension in front for `mask`, `queryLengths` and `keyLengths`. */
export function alibi(options: AlibiOptions): ReferenceTensor {
  onlyKeys('alibi', options, OPTIONS);
  if (options.mask !== undefined) onlyKeys('alibi with a mask', options, MASK_OPTIONS);
  const heads = integerAtLeast('heads', options.heads, 1);
  const totalHeads = integerAtLeast('totalHeads', options.totalHeads ?? heads, heads);
  const form = word('form', options.form ?? 'distance', ['distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric']);
  if (options.rounding !== undefined) word('rounding', options.rounding, ['bfloat16']);
  const slopes = headSlopes(options, heads, form);
  const bias = (head: number, distance: number): number => {
    if (head >= heads) return 0;
    // + 0 turns the -0 of a negative slope times zero into 0.
    if (options.rounding === undefined) return Math.fround(slopes[head] * Math.fround(distance)) + 0;
    return roundToBfloat16(Math.fround(roundToBfloat16(slopes[head]) * Math.fround(distance))) + 0;
  };
  if (options.mask !== undefined) return fromMask(options, totalHeads, bias);

  const keys = options.keyPositions && asNumbers('keyPositions', options.keyPositions);
  const queries = options.queryPositions && asNumbers('queryPositions', options.queryPositions);
  const keyLength = integerAtLeast('keyLength', options.keyLength ?? keys?.length, 0);
  const queryLength = integerAtLeast('queryLength', options.queryLength ?? queries?.length ?? keyLength, 0);
  if (keys && keys.length !== keyLength)
    throw new RangeError(`keyPositions: expected ${keyLength}, got ${keys.length}`);
  if (queries && queries.length !== queryLength) {
    throw new RangeError(`queryPositions: expected ${queryLength}, got ${queries.length}`);
  }
  const [from, to] = options.rows ?? [0, queryLength];
  integerAtLeast('rows[0]', from, 0);
  if (integerAtLeast('rows[1]', to, from) > queryLength) {
    throw new RangeError(`rows: expected at most ${queryLength}, got [${from}, ${to}]`);
  }
  const [left, right] = options.window ?? [-1, -1];
  const masking = options.maskValue ?? Number.NEGATIVE_INFINITY;
  const maskValue = options.rounding === undefined ? masking : roundToBfloat16(masking);
  const lists = options.queryLengths ?? options.keyLengths ?? options.keyLeftPad;
  const batched = lists !== undefined;
  const batch = lists?.length ?? 1;
  if (batched && (queries || keys || options.queryOffset !== undefined)) {
    throw new RangeError(
      'queryLengths, keyLengths: positions follow from the lengths; give no positions or queryOffset',
    );
  }
  if (options.queryLengths && options.keyLengths && options.keyLengths.length !== batch) {
    throw new RangeError(`keyLengths: expected ${batch} lengths, got ${options.keyLengths.length}`);
  }
  const offset = finiteNumber('queryOffset', options.queryOffset ?? keyLength - queryLength);

  const shape = [totalHeads, to - from, keyLength];
  const result = output(batched ? [batch, ...shape] : shape, options.out);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    const pad = options.keyLeftPad?.[b] ?? 0;
    const validKeys = options.keyLengths?.[b] ?? keyLength - pad;
    const firstQuery = batched ? validKeys - (options.queryLengths?.[b] ?? queryLength) : offset;
    for (let head = 0; head < totalHeads; head++) {
      for (let row = from; row < to; row++) {
        for (let column = 0; column < keyLength; column++) {
          const i = queries?.[row] ?? firstQuery + row;
          const j = keys?.[column] ?? column - pad;
          const masked =
            column < pad ||
            (options.causal === true && j > i) ||
            (left >= 0 && j < i - left) ||
            (right >= 0 && j > i + right) ||
            (form === 'nonsymmetric' && head < heads && (head < heads / 2 ? j > i : j < i));
          result.data[at++] = masked
            ? maskValue
            : options.leftSlopes
              ? learned(options, head, j - i)
              : bias(head, signedDistance(form, i, j, keys?.at(-1) ?? validKeys - 1));
        }
      }
    }
  }
  return result;
}

function learned(options: AlibiOptions, head: number, distance: number): number {
  const slopes = distance <= 0 ? options.leftSlopes! : options.rightSlopes!;
  return Math.fround(Math.fround(slopes[head]) * Math.abs(distance)) + 0;
}

/** What the (positive) slope is multiplied by. */
function signedDistance(form: NonNullable<AlibiOptions['form']>, i: number, j: number, lastKey: number): number {
  if (form === 'key') return j;
  if (form === 'key-last-zero') return j - lastKey;
  if (form === 'tril') return -Math.max(i - j, 0);
  return -Math.abs(i - j);
}

function headSlopes(options: AlibiOptions, heads: number, form: string): ArrayLike<number> {
  const { slopes = 'press', alibiBiasMax = 8 } = options;
  if (form !== 'nonsymmetric') return slopeList(heads, slopes, alibiBiasMax);
  if (heads % 2 === 1) throw new RangeError(`heads: the nonsymmetric form needs an even number, got ${heads}`);
  const half = slopeList(heads / 2, slopes, alibiBiasMax);
  return [...half, ...half];
}

function fromMask(
  options: AlibiOptions,
  totalHeads: number,
  bias: (head: number, distance: number) => number,
): ReferenceTensor {
  const mask = options.mask!;
  const [batch, keyLength] = 'shape' in mask ? mask.shape : [mask.length, mask[0]?.length ?? 0];
  const flat = 'shape' in mask ? Array.from(mask.data) : mask.flatMap((row) => Array.from(row));
  if (flat.length !== batch * keyLength || flat.some((m) => m !== 0 && m !== 1)) {
    throw new RangeError(`mask: expected ${batch} x ${keyLength} values of 0 or 1`);
  }
  const result = output([batch, totalHeads, 1, keyLength], options.out);
  for (let b = 0; b < batch; b++) {
    let seen = 0;
    for (let j = 0; j < keyLength; j++) {
      const visible = flat[b * keyLength + j];
      seen += visible;
      for (let head = 0; head < totalHeads; head++) {
        result.data[(b * totalHeads + head) * keyLength + j] = bias(head, (seen - 1) * visible);
      }
    }
  }
  return result;
}
