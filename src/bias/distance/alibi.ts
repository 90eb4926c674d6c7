/**
 * ALiBi: a bias linear in the distance, one slope per head. Press et al., arXiv 2108.12409. Slope orders and forms of the
 * public implementations (BLOOM, MPT, GPT-NeoX, flash-attention, Falcon): docs/bias.md.
 */

import { cache } from '../../phase/cache.ts';
import { divNumber, exp, from, LN2, mul } from '../../phase/dd.ts';
import { ddToFloat32 } from '../../phase/float32.ts';
import { finite, integer, oneOf, options, size } from '../../runtime/arguments.ts';
import { BIAS_OPTIONS, type BiasOptions, type Block, blockOf, UNLIMITED } from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError, show } from '../../runtime/errors.ts';
import { numbers } from '../../runtime/lists.ts';
import { checkOut, chooseEngine, output } from '../../runtime/operands.ts';
import { Tensor } from '../../runtime/tensor.ts';
import { alibiDiagonal } from './alibiDiagonal.ts';
import { TOEPLITZ_OPTIONS, type ToeplitzOptions } from './toeplitz.ts';

export interface AlibiSlopeOptions {
  readonly heads: number;
  /** How slopes are chosen when heads is not a power of two (all agree when it is), or the slopes themselves. Default 'press'. */
  readonly slopes?: 'press' | 'mpt' | 'geometric' | ArrayLike<number>;
  /** Exponent of the smallest slope, 2^-alibiBiasMax. Default 8. */
  readonly alibiBiasMax?: number;
}

/** [B, keyLength] of 0 (padding) and 1. */
export type AttentionMask =
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] }
  | readonly ArrayLike<number>[];

export interface AlibiOptions extends AlibiSlopeOptions, BiasOptions {
  /** Heads of the output; those beyond `heads` are zero. Default: heads. */
  readonly totalHeads?: number;
  /**
   * 'distance' -m|i - j|; 'tril' -m max(i - j, 0) (GPT-NeoX); 'key' m j (Press); 'key-last-zero' m (j - (keyLength - 1))
   * (MPT; with keyPositions or keyLengths the last key there); 'nonsymmetric': heads / 2 slopes used twice, the first half of the heads sees keys up to the query, the second
   * half keys from the query on. Default 'distance'.
   */
  readonly form?: 'distance' | 'tril' | 'key' | 'key-last-zero' | 'nonsymmetric';
  /** BLOOM: m (cumsum(mask) - 1) mask, [B, totalHeads, 1, keyLength]. */
  readonly mask?: AttentionMask;
  /** flash-attention: valid lengths per batch; -m |row + keyLengths - queryLengths - j|, [B, totalHeads, q, k]. */
  readonly queryLengths?: ArrayLike<number>;
  readonly keyLengths?: ArrayLike<number>;
  /**
   * Slopes of their own for keys up to the query and from the query on, as learned by encoders: leftSlopes |i - j| and
   * rightSlopes |i - j|, sign included, [heads] each. Instead of `slopes`, both together, form 'distance'.
   */
  readonly leftSlopes?: ArrayLike<number>;
  readonly rightSlopes?: ArrayLike<number>;
  /** Scores [..., heads, q, k] that the bias is added to, in place. Forms 'distance', 'tril', 'nonsymmetric'. */
  readonly addTo?: Tensor | Float32Array;
  /** The diagonal instead of the matrix, [heads, q + k - 1], as expandDiagonal takes it. The same forms. Default false. */
  readonly diagonal?: boolean;
  /** Padding in front of the keys per batch: column j is the key at j - keyLeftPad, those before it are masked. The same forms. */
  readonly keyLeftPad?: ArrayLike<number>;
  /** Rounds slope and product to bfloat16 (Falcon). Default: float32. */
  readonly rounding?: 'float32' | 'bfloat16';
}

const SLOPE_OPTIONS = ['heads', 'slopes', 'alibiBiasMax'] as const;
const OPTIONS = [
  ...SLOPE_OPTIONS,
  ...BIAS_OPTIONS,
  'totalHeads',
  'form',
  'mask',
  'queryLengths',
  'keyLengths',
  'rounding',
  'leftSlopes',
  'rightSlopes',
  'addTo',
  'diagonal',
  'keyLeftPad',
] as const;
const FORMS = ['distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric'] as const;
const MAX_HEADS = 65536;

/**
 * The slopes, each 2^(-exponent) rounded once to float32. @returns float32 [heads]
 * @throws ERR_OPTION, ERR_SHAPE
 */
export function alibiSlopes(given: AlibiSlopeOptions & { readonly engine?: Engine }): Tensor {
  const o = options('alibiSlopes', given, [...SLOPE_OPTIONS, 'engine']);
  const slopes = slopesOf(o);
  return Tensor.from(slopes, [slopes.length], { engine: chooseEngine(o.engine) });
}

/** Slopes cost microseconds a head in double-double; the arrays are shared: do not write into them. */
const orders = cache<Float32Array>(32);

function slopesOf(o: AlibiSlopeOptions): Float32Array {
  const heads = size('heads', o.heads, 1, MAX_HEADS);
  if (o.slopes !== undefined && typeof o.slopes !== 'string')
    return Float32Array.from(numbers('slopes', o.slopes, heads));
  const order = oneOf('slopes', o.slopes, ['press', 'mpt', 'geometric'], 'press');
  const largest = finite('alibiBiasMax', o.alibiBiasMax, { above: 0, max: 1024 }, 8);
  if (latest?.order === order && latest.heads === heads && latest.largest === largest) return latest.slopes;
  const slopes = orders.get(`${order} ${heads} ${largest}`, () => {
    const powers = (n: number) => Array.from({ length: n }, (_, h) => powerOfHalf(largest * (h + 1), n));
    if (order === 'geometric') return Float32Array.from(powers(heads));
    const above = powerOfTwoFrom(heads);
    const all = powers(above);
    if (above === heads) return Float32Array.from(all);
    // MPT states it as [1::2] then [0::2] of the next power of two, Press as the slopes of the power below, which are
    // [1::2], then [0::2]: the same numbers
    return Float32Array.from(
      [...all.filter((_, i) => i % 2 === 1), ...all.filter((_, i) => i % 2 === 0)].slice(0, heads),
    );
  });
  latest = { order, heads, largest, slopes };
  return slopes;
}

/** What was asked for last: comparing three values beats making a key. */
let latest: { order: string; heads: number; largest: number; slopes: Float32Array } | undefined;

/** The smallest power of two that is at least n. */
function powerOfTwoFrom(n: number): number {
  return n === 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}

/** 2^(-x / n), rounded once to float32. */
function powerOfHalf(x: number, n: number): number {
  return ddToFloat32(exp(mul(LN2, divNumber(from(-x), n))));
}

/**
 * The bias matrix, or a block of its rows.
 * @returns float32 [totalHeads, queryLength, keyLength] (or the rows asked for); with `mask` or `queryLengths` a leading [B]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function alibi(given: AlibiOptions): Tensor {
  const o = options('alibi', given, OPTIONS);
  const form = oneOf('form', o.form, FORMS, 'distance');
  const rounding = oneOf('rounding', o.rounding, ['float32', 'bfloat16'], 'float32');
  const heads = size('heads', o.heads, 1, MAX_HEADS);
  const totalHeads = size('totalHeads', o.totalHeads, heads, MAX_HEADS, heads);
  if (form === 'nonsymmetric' && heads % 2 !== 0) {
    throw new PosencError('ERR_OPTION', `heads: form 'nonsymmetric' needs an even number, got ${heads}`);
  }
  const half = form === 'nonsymmetric' ? heads / 2 : heads;
  const learned = learnedSlopes(o, heads, form);
  const slopes = learned ?? slopesOf(form === 'nonsymmetric' && !isList(o.slopes) ? { ...o, heads: half } : o);
  let perHead = learned || slopes.length === heads ? slopes : Float32Array.of(...slopes, ...slopes);
  const onDiagonal =
    o.addTo !== undefined
      ? 'addTo'
      : o.diagonal !== undefined
        ? 'diagonal'
        : o.keyLeftPad !== undefined
          ? 'keyLeftPad'
          : undefined;
  if (onDiagonal !== undefined || learned) {
    if (form === 'key' || form === 'key-last-zero' || o.mask !== undefined || totalHeads !== heads) {
      const name = o.mask !== undefined ? 'mask' : totalHeads !== heads ? 'totalHeads' : 'form';
      throw new PosencError(
        'ERR_OPTION',
        `${name}: ${show(o[name])} is not a function of the distance alone, which ${onDiagonal ?? 'leftSlopes'} needs`,
      );
    }
    if (rounding === 'bfloat16') perHead = roundSlopes(chooseEngine(o.engine, o.out, o.addTo), perHead);
    const pairs = Float32Array.from({ length: 2 * heads }, (_, i) => {
      const h = i >> 1;
      if (learned) return i % 2 === 0 ? -learned[h] : learned[heads + h];
      return i % 2 === 0 ? perHead[h] : form === 'tril' ? 0 : -perHead[h];
    });
    const common = Object.fromEntries(TOEPLITZ_OPTIONS.map((name) => [name, o[name]])) as ToeplitzOptions;
    return alibiDiagonal({ heads, pairs, split: form === 'nonsymmetric', bfloat16: rounding === 'bfloat16' }, common);
  }
  const batches = batchesOf(o);
  const block = blockOf('alibi', batches ? { ...o, ...batches.lengths } : o);
  const engine = chooseEngine(o.engine, o.out);
  const shape = [totalHeads, batches?.mask ? 1 : block.rows, block.columns];
  if (batches) shape.unshift(batches.count);
  checkOut(engine, o.out, shape);
  const bias = output(engine, o.out, shape);
  if (bias.length === 0) return bias;

  const matrix = 4 * shape[shape.length - 2] * block.columns;
  if (rounding === 'bfloat16') perHead = roundSlopes(engine, perHead);
  for (let b = 0; b < (batches?.count ?? 1); b++) {
    const at = bias.byteOffset + b * totalHeads * matrix;
    if (batches?.mask) {
      const row = { ...block, rows: 1, queryPositions: undefined, keyPositions: batches.mask[b] };
      writeHeads(engine, at, matrix, perHead, 'key', row);
    } else {
      const placed = batches ? { ...block, query: block.query + batches.shift![b] } : block;
      if (form === 'nonsymmetric') {
        writeHeads(engine, at, matrix, perHead.subarray(0, half), 'distance', { ...placed, right: 0 });
        writeHeads(engine, at + half * matrix, matrix, perHead.subarray(half), 'distance', { ...placed, left: 0 });
      } else {
        writeHeads(engine, at, matrix, perHead, form, placed, batches?.lastKey?.[b]);
      }
    }
    if (totalHeads === heads) continue;
    // the further heads have slope 0; masks apply to them too
    const shifted = batches?.shift ? { ...block, query: block.query + batches.shift[b] } : block;
    const row = batches?.mask
      ? { ...block, rows: 1, queryPositions: undefined, left: UNLIMITED, right: UNLIMITED }
      : shifted;
    writeHeads(engine, at + heads * matrix, matrix, new Float32Array(totalHeads - heads), 'tril', row);
  }
  if (rounding === 'bfloat16') engine.kernels.roundBfloat16(bias.byteOffset, bias.length);
  return bias;
}

/** [left slopes, right slopes] as float32, when they are given. */
function learnedSlopes(o: AlibiOptions, heads: number, form: string): Float32Array | undefined {
  if (o.leftSlopes === undefined && o.rightSlopes === undefined) return undefined;
  for (const name of ['slopes', 'alibiBiasMax', 'rounding'] as const) {
    if (o[name] !== undefined) throw new PosencError('ERR_OPTION', `${name}: has no meaning beside leftSlopes`);
  }
  if (form !== 'distance') {
    throw new PosencError('ERR_OPTION', `form: leftSlopes and rightSlopes belong to 'distance', got '${form}'`);
  }
  const left = numbers('leftSlopes', o.leftSlopes, heads);
  const right = numbers('rightSlopes', o.rightSlopes, heads);
  return Float32Array.from([...Array.from(left), ...Array.from(right)]);
}

function isList(slopes: AlibiSlopeOptions['slopes']): boolean {
  return slopes !== undefined && typeof slopes !== 'string';
}

function roundSlopes(engine: Engine, slopes: Float32Array): Float32Array {
  const rounded = Float32Array.from(slopes);
  const pointer = engine.scratch();
  for (let from = 0; from < slopes.length; from += engine.scratchBytes / 4) {
    const part = rounded.subarray(from, from + engine.scratchBytes / 4);
    engine.f32.set(part, pointer >>> 2);
    engine.kernels.roundBfloat16(pointer, part.length);
    part.set(engine.f32.subarray(pointer >>> 2, (pointer >>> 2) + part.length));
  }
  return rounded;
}

interface Batches {
  readonly count: number;
  readonly lengths: Pick<BiasOptions, 'queryLength' | 'keyLength' | 'queryOffset'>;
  /** Per batch: (cumsum(mask) - 1) * mask. */
  readonly mask?: readonly Int32Array[];
  /** Per batch: keys minus queries. */
  readonly shift?: readonly number[];
  /** Per batch: position of the last valid key. */
  readonly lastKey?: readonly number[];
}

function batchesOf(o: AlibiOptions): Batches | undefined {
  if (o.mask !== undefined) {
    for (const name of [
      'queryPositions',
      'keyPositions',
      'queryLengths',
      'keyLengths',
      'form',
      'queryLength',
      'rows',
    ] as const) {
      if (o[name] !== undefined) throw new PosencError('ERR_OPTION', `${name}: has no meaning beside mask`);
    }
    const lists = maskRows(o.mask);
    const keyLength = lists[0].length;
    const mask = lists.map((list, b) => {
      let seen = 0;
      return Int32Array.from(list, (m, j) => {
        if (m !== 0 && m !== 1)
          throw new PosencError('ERR_OPTION', `mask[${b}][${j}]: expected 0 or 1, got ${show(m)}`);
        seen += m;
        return (seen - 1) * m;
      });
    });
    return { count: mask.length, lengths: { queryLength: 1, keyLength }, mask };
  }
  if (o.queryLengths === undefined && o.keyLengths === undefined) return undefined;
  if (o.queryPositions !== undefined || o.keyPositions !== undefined || o.queryOffset !== undefined) {
    throw new PosencError(
      'ERR_OPTION',
      'queryLengths: positions follow from the lengths; leave out positions and queryOffset',
    );
  }
  const keys = numbers('keyLengths', o.keyLengths);
  const queries = numbers('queryLengths', o.queryLengths, keys.length);
  const shift = Array.from(
    keys,
    (_, b) => integer(`keyLengths[${b}]`, keys[b], 0, 2 ** 30) - integer(`queryLengths[${b}]`, queries[b], 0, 2 ** 30),
  );
  const lastKey = Array.from(keys, (length) => length - 1);
  return { count: shift.length, lengths: { queryOffset: 0 }, shift, lastKey };
}

function maskRows(mask: AttentionMask): ArrayLike<number>[] {
  let rows: ArrayLike<number>[];
  if (Array.isArray(mask)) rows = mask.map((row, b) => numbers(`mask[${b}]`, row));
  else {
    const { data, shape } = options('mask', mask as { data: ArrayLike<number>; shape: readonly number[] }, [
      'data',
      'shape',
    ]);
    const sizes = numbers('mask.shape', shape, 2);
    const [count, length] = [size('mask.shape[0]', sizes[0], 0), size('mask.shape[1]', sizes[1], 0)];
    const flat = Array.from(numbers('mask.data', data, count * length));
    rows = Array.from({ length: count }, (_, b) => flat.slice(b * length, (b + 1) * length));
  }
  if (rows.length === 0) throw new PosencError('ERR_SHAPE', 'mask: expected at least one row, [B, keyLength]');
  for (const [b, row] of rows.entries()) {
    if (row.length !== rows[0].length) {
      throw new PosencError(
        'ERR_SHAPE',
        `mask[${b}]: expected ${rows[0].length} numbers as in mask[0], got ${row.length}`,
      );
    }
  }
  return rows;
}

/** From this many rows on a diagonal pays, up to rows of this many columns. */
const EXPANDED_ROWS = 16;
const EXPANDED_COLUMNS = 512;

/** Heads whose slopes fit the arena beside the position blocks. */
function writeHeads(
  engine: Engine,
  out: number,
  matrix: number,
  slopes: Float32Array,
  form: 'distance' | 'tril' | 'key' | 'key-last-zero',
  block: Block,
  lastKey = block.keyPositions?.at(-1) ?? block.columns - 1,
): void {
  const scratch = engine.scratch();
  const third = (engine.scratchBytes / 3) & ~15;
  const centred = form === 'distance' || form === 'tril' ? 1 : 0;
  const centre = form === 'key-last-zero' ? lastKey : 0;
  // short rows of consecutive positions are cheaper to copy out of one diagonal than to compute each
  const entries = block.rows + block.columns - 1;
  const expanded =
    centred === 1 &&
    !block.queryPositions &&
    !block.keyPositions &&
    block.rows >= EXPANDED_ROWS &&
    block.columns <= EXPANDED_COLUMNS &&
    8 * entries <= third &&
    block.query + block.rows < 2 ** 31;
  const room = expanded ? Math.floor((2 * third) / (4 * entries)) : third >>> 3;
  for (let h = 0; h < slopes.length; h += room) {
    const n = Math.min(room, slopes.length - h);
    const { kernels, coefficients, f32 } = engine;
    for (let i = 0; i < n; i++) {
      const m = slopes[h + i];
      f32[(scratch >>> 2) + 2 * i] = m;
      f32[(scratch >>> 2) + 2 * i + 1] = form === 'distance' ? -m : form === 'tril' ? 0 : m;
    }
    if (expanded) {
      const diagonal = scratch + third;
      const last = block.query + block.rows - 1;
      // the row of the last query, begun as many keys earlier as there are rows above it, holds every distance
      // biome-ignore format: grouped as the kernel declares it
      kernels.alibiRows(
        diagonal, 4 * entries, 0, scratch, n, 1, entries, last, 0, 0, 0, 1, 0,
        block.left, block.right, block.maskValue, coefficients);
      const window = diagonal + 4 * (block.rows - 1);
      kernels.expandRows(
        out + h * matrix,
        matrix,
        4 * block.columns,
        window,
        4 * entries,
        n,
        4,
        block.rows,
        block.columns,
        REPLACE,
      );
      continue;
    }
    forPositions(engine, scratch + third, third, block, (row, rows, column, columns, queries, keys) => {
      // biome-ignore format: grouped as the kernel declares it
      kernels.alibiRows(
        out + h * matrix + 4 * (row * block.columns + column), matrix, 4 * block.columns, scratch, n, rows, columns,
        block.query + row, queries, column, keys, centred, centre, block.left, block.right, block.maskValue,
        coefficients);
    });
  }
}

/** Hands position lists to the kernel in blocks of the arena; without lists there is one block. */
function forPositions(
  engine: Engine,
  scratch: number,
  bytes: number,
  block: Block,
  run: (row: number, rows: number, column: number, columns: number, queries: number, keys: number) => void,
): void {
  const room = (bytes >>> 2) & ~3;
  const height = block.queryPositions ? room : block.rows;
  const width = block.keyPositions ? room : block.columns;
  for (let column = 0; column < block.columns; column += width) {
    const columns = Math.min(width, block.columns - column);
    if (block.keyPositions)
      engine.i32.set(block.keyPositions.subarray(column, column + columns), (scratch + bytes) >>> 2);
    for (let row = 0; row < block.rows; row += height) {
      const rows = Math.min(height, block.rows - row);
      if (block.queryPositions) engine.i32.set(block.queryPositions.subarray(row, row + rows), scratch >>> 2);
      run(row, rows, column, columns, block.queryPositions ? scratch : 0, block.keyPositions ? scratch + bytes : 0);
    }
  }
}
