/**
 * Position ids of text: from an attention mask, from padded token ids, for packed sequences. The rules are those of
 * transformers: GenerationMixin (cumsum(mask) - 1), OPT (row offset 2), RoBERTa and fairseq (padding_idx).
 */
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { integerList, MAX_MADE, type MaskList, maskList, type NumberList } from '../runtime/lists.ts';

/** Arrays of integers by dtype: `int32`, `uint32`, `int64`. */
export interface IndexArrays {
  /** 32 bits, signed. */
  readonly int32: Int32Array;
  /** 32 bits, unsigned. */
  readonly uint32: Uint32Array;
  /** 64 bits, as bigint: position_ids of ONNX. */
  readonly int64: BigInt64Array;
}
export type IndexDtype = keyof IndexArrays;

/** Integers of some dtype with a shape, row-major. */
export interface Indices<D extends IndexDtype = 'int32'> {
  /** Sizes of the axes, the slowest first. */
  readonly shape: readonly number[];
  /** The integers. */
  readonly data: IndexArrays[D];
}

const DTYPES = ['int32', 'uint32', 'int64'] as const;

/** A checked matrix: integers, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array | Uint8Array;
}

/** Reads a matrix of integers whose magnitude is at most 2^53; one row of numbers is [1, S]. */
export function matrix(option: string, value: unknown): Matrix {
  const { data, shape } = integerList(option, value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return { ...sizesOf(option, shape), values: data };
}

function sizesOf(option: string, shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  if (shape.length < 1 || shape.length > 2) {
    throw new PosencError('ERR_SHAPE', `${option}: expected shape [S] or [B, S], got [${shape.join(', ')}]`);
  }
  return shape.length === 2 ? { rows: shape[0], columns: shape[1] } : { rows: 1, columns: shape[0] };
}

/** Ends of packed sequences: 0 first, then never smaller. */
export function sequenceEnds(value: unknown): Float64Array {
  const ends = integerList('cuSeqlens', value, 0, MAX_MADE).data;
  if (ends.length === 0 || ends[0] !== 0) {
    throw new PosencError(
      'ERR_OPTION',
      `cuSeqlens[0]: expected 0, got ${ends.length === 0 ? 'an empty list' : ends[0]}`,
    );
  }
  for (let i = 1; i < ends.length; i++) {
    if (ends[i] < ends[i - 1]) {
      throw new PosencError('ERR_OPTION', `cuSeqlens[${i}]: expected at least ${ends[i - 1]}, got ${ends[i]}`);
    }
  }
  return ends;
}

/** A mask: 0 or false (padding), 1 or true (token). */
export function maskMatrix(option: string, value: unknown): Matrix {
  const { data, shape } = maskList(option, value);
  return { ...sizesOf(option, shape), values: data };
}

/** Integers, in a list of their own, into the dtype asked for; a value that does not fit is ERR_POSITION. */
export function indices<D extends IndexDtype>(dtype: D, shape: readonly number[], values: Float64Array): Indices<D> {
  if (dtype === 'int64') {
    return { shape, data: bigints(values) as IndexArrays[D] };
  }
  const [low, high] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low || values[i] > high) {
      throw new PosencError(
        'ERR_POSITION',
        `position ${values[i]} at ${i} does not fit ${dtype}; choose another dtype`,
      );
    }
  }
  const data = dtype === 'int32' ? new Int32Array(values) : new Uint32Array(values);
  return { shape, data: data as IndexArrays[D] };
}

/**
 * Integers up to 2^53 as 64 bits, in the memory of the numbers themselves, which are gone then: a BigInt for each, and a second
 * list, would take ten times as long.
 */
function bigints(values: Float64Array): BigInt64Array {
  const { buffer, byteOffset, length } = values;
  const words = new Int32Array(buffer, byteOffset, 2 * length);
  const low = new Uint8Array(Int32Array.of(1).buffer)[0] === 1 ? 0 : 1;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    // modulo 2^32, and for the other word the sign alone where that is all of it
    const lower = value | 0;
    words[2 * i + low] = lower;
    words[2 * i + 1 - low] = lower === value ? lower >> 31 : Math.floor(value / 2 ** 32);
  }
  return new BigInt64Array(buffer, byteOffset, length);
}

export function dtypeOf<D extends IndexDtype>(value: D | undefined): D {
  return oneOf('dtype', value, DTYPES, 'int32') as D;
}

export interface PositionIdsOptions<D extends IndexDtype = 'int32'> {
  /** [B, S] of 0 and 1: positions are cumsum(mask) - 1. One of `mask`, `inputIds`, `cuSeqlens`, `length`. */
  readonly mask?: MaskList;
  /** [B, S] token ids, with `paddingIdx`: cumsum(ids != pad) * (ids != pad) + pad (RoBERTa, fairseq). */
  readonly inputIds?: NumberList;
  /** The padding token, and with `inputIds` the row of every padded token. */
  readonly paddingIdx?: number;
  /** [n + 1] ends of packed sequences: positions restart at 0 in each; result [T]. */
  readonly cuSeqlens?: NumberList;
  /** 0 .. length-1; result [length]. */
  readonly length?: number;
  /** Position of masked tokens, before `rowOffset`. Default 0; text models of transformers 4 use 1, OPT -1. */
  readonly masked?: number;
  /** Added to the position of every token: the length of the cache. One number, or one for each row or sequence. Default 0. */
  readonly offset?: number | NumberList;
  /** Added to every entry, masked ones too: rows in front of position 0 in a learned table (OPT, BART: 2). Default 0. */
  readonly rowOffset?: number;
  /** Only the last n columns: the new tokens after a cache. Default: all. */
  readonly last?: number;
  /** 'int32', 'int64' ...: the type of the ids. Default 'int32'. */
  readonly dtype?: D;
}

const OPTIONS = [
  'mask',
  'inputIds',
  'paddingIdx',
  'cuSeqlens',
  'length',
  'masked',
  'offset',
  'rowOffset',
  'last',
  'dtype',
];
const RANGE = 2 ** 52;

/**
 * Position ids as transformers computes them.
 * @param options one of `mask`, `cuSeqlens`, `inputIds`, `length`; dtype; what padding gets
 * @returns shape [B, S] for `mask` and `inputIds`, [T] for `cuSeqlens`, [length] for `length`
 * @throws PosencError ERR_OPTION, ERR_SHAPE, ERR_POSITION
 * @example
 * console.log(positionIds({ mask: [[0, 0, 1, 1]] }).data); // Int32Array(4) [ 0, 0, 0, 1 ]
 */
export function positionIds<D extends IndexDtype = 'int32'>(options: PositionIdsOptions<D>): Indices<D> {
  const given = take('positionIds', options, OPTIONS);
  const sources = (['mask', 'inputIds', 'cuSeqlens', 'length'] as const).filter((key) => given[key] !== undefined);
  if (sources.length !== 1) {
    throw new PosencError(
      'ERR_OPTION',
      `positionIds: give one of mask, inputIds, cuSeqlens, length; got ${sources.join(', ') || 'none'}`,
    );
  }
  const dtype = dtypeOf(given.dtype as D | undefined);
  const rowOffset = integer('rowOffset', given.rowOffset, -RANGE, RANGE, 0);
  if ((given.paddingIdx === undefined) !== (given.inputIds === undefined)) {
    throw new PosencError('ERR_OPTION', 'paddingIdx: belongs to inputIds; give both');
  }
  switch (sources[0]) {
    case 'length': {
      const length = size('length', given.length, 0, MAX_MADE);
      const offset = offsets(given.offset, 1)[0];
      const ids = new Float64Array(length);
      for (let i = 0; i < length; i++) ids[i] = i + offset + rowOffset;
      return indices(dtype, [length], ids);
    }
    case 'cuSeqlens':
      return packed(given.cuSeqlens as NumberList, given.offset, rowOffset, dtype);
    case 'mask': {
      const mask = maskMatrix('mask', given.mask);
      const masked = integer('masked', given.masked, -RANGE, RANGE, 0);
      return counted(mask, 0, { first: 0, masked, ...given, rowOffset }, dtype);
    }
    default: {
      const pad = integer('paddingIdx', given.paddingIdx, 0, RANGE);
      const ids = matrix('inputIds', given.inputIds);
      if (given.masked !== undefined) {
        throw new PosencError('ERR_OPTION', 'masked: with inputIds a padded token takes paddingIdx; leave it out');
      }
      return counted(ids, pad, { first: pad + 1, masked: pad, ...given, rowOffset }, dtype);
    }
  }
}

/** Counts the entries of each row that are not `skipped`. */
function counted<D extends IndexDtype>(
  source: Matrix,
  skipped: number,
  rule: {
    readonly first: number;
    readonly masked: number;
    readonly rowOffset: number;
    readonly offset?: PositionIdsOptions['offset'];
    readonly last?: number;
  },
  dtype: D,
): Indices<D> {
  const { rows, columns, values } = source;
  const last = size('last', rule.last, 0, columns, columns);
  const offset = offsets(rule.offset, rows);
  const out = new Float64Array(rows * last);
  const masked = rule.masked + rule.rowOffset;
  for (let row = 0, at = 0, to = 0; row < rows; row++) {
    let next = rule.first + offset[row] + rule.rowOffset;
    // what stands before the last columns is counted alone
    for (const end = at + columns - last; at < end; at++) if (values[at] !== skipped) next++;
    for (const end = at + last; at < end; at++, to++) out[to] = values[at] === skipped ? masked : next++;
  }
  return indices(dtype, [rows, last], out);
}

function offsets(value: unknown, rows: number): ArrayLike<number> {
  if (value === undefined) return new Float64Array(rows);
  if (typeof value === 'number') return new Float64Array(rows).fill(integer('offset', value, -RANGE, RANGE));
  const { data } = integerList('offset', value, -RANGE, RANGE);
  if (data.length === rows) return data;
  throw new PosencError('ERR_SHAPE', `offset: expected a number or ${rows} numbers, got ${data.length}`);
}

function packed<D extends IndexDtype>(
  cuSeqlens: NumberList,
  offset: PositionIdsOptions['offset'],
  rowOffset: number,
  dtype: D,
): Indices<D> {
  const ends = sequenceEnds(cuSeqlens);
  const total = size('cuSeqlens', ends[ends.length - 1], 0, MAX_MADE);
  const each = offsets(offset, ends.length - 1);
  const out = new Float64Array(total);
  for (let s = 0; s + 1 < ends.length; s++) {
    for (let t = ends[s]; t < ends[s + 1]; t++) out[t] = t - ends[s] + each[s] + rowOffset;
  }
  return indices(dtype, [total], out);
}
