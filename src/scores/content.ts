/**
 * The options, checks and memory that the content-relative scores share: queries and keys as [B, H, L, d], scores as
 * [B, H, q, k], tables, masks, row blocks, packed sequences. The arithmetic is in relative.ts.
 */
import { amend, boolean, finite, integer, own } from '../runtime/arguments.ts';
import { type BiasOptions, type Block, blockOf, type Piece, UNLIMITED } from '../runtime/block.ts';
import { REPLACE } from '../runtime/codes.ts';
import { destinationOf } from '../runtime/destination.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call, Floats, Place } from '../runtime/gate.ts';
import type { Mask, MaskList } from '../runtime/lists.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  type CellMask,
  type Frame,
  fromRow,
  MAX_DIM,
  maskBandOf,
  maskCellsOf,
  maskOutside,
  productTerm,
  type Source,
  valueTerm,
} from './relative.ts';

/** A Tensor, or a plain array with its shape. A plain array outside the engine's memory is copied into it for the call. */
export type Shaped = Exclude<Floats, Float32Array>;

/** Integers with a shape: masks, segments. */
export type ShapedIntegers = MaskList;

export interface ScoreOptions
  extends Pick<
    BiasOptions,
    'rows' | 'causal' | 'window' | 'maskValue' | 'cuSeqlens' | 'cuSeqlensK' | 'out' | 'engine'
  > {
  /** Position of query row 0; key column 0 has position 0. */
  readonly queryOffset?: number;
  /** Multiplied into every term that the scheme scales. */
  readonly scale?: number;
  /** false leaves out the product of queries and keys: the position terms alone. Default true. */
  readonly content?: boolean;
  /** 1 keeps a cell, 0 masks it: [B | 1, k], [B | 1, q, k] or [B | 1, H | 1, q, k]; q counts all queries, whatever `rows`. */
  readonly mask?: ShapedIntegers;
  /**
   * Scores [B, H, q, k] (the rows asked for) that the result is added to, in place; they are also what is returned. A
   * Float32Array outside the engine's memory is staged and copied back. Masked cells become maskValue.
   */
  readonly addTo?: Floats;
}

export const SCORE_OPTIONS = [
  'queryOffset',
  'rows',
  'causal',
  'window',
  'cuSeqlens',
  'cuSeqlensK',
  'mask',
  'maskValue',
  'scale',
  'content',
  'addTo',
  'out',
  'engine',
] as const;

/** Of scores whose queries are the last of the keys: where they begin is not asked. */
export type LastQueryOptions = Omit<ScoreOptions, 'queryOffset'>;

export const LAST_QUERY_OPTIONS = SCORE_OPTIONS.filter((key) => key !== 'queryOffset');

export interface ValueOptions extends Pick<BiasOptions, 'rows' | 'cuSeqlens' | 'cuSeqlensK' | 'out' | 'engine'> {
  /** Position of query row 0; key column 0 has position 0. Default: keys - queries. */
  readonly queryOffset?: number;
  /** false leaves out the product of probabilities and values: the position term alone. Default true. */
  readonly content?: boolean;
  /** [B, H, q, d] (the rows asked for) that the result is added to, in place, and what is returned. */
  readonly addTo?: Floats;
}

export const VALUE_OPTIONS = [
  'queryOffset',
  'rows',
  'cuSeqlens',
  'cuSeqlensK',
  'content',
  'addTo',
  'out',
  'engine',
] as const;

/** Positions and lengths stay below this, so that every distance fits an int32. */
export const MAX_LENGTH = 2 ** 30;

/** An array with its shape. @throws ERR_OPTION, ERR_SHAPE, ERR_DISPOSED */
export function shaped(call: Call, option: string, x: unknown): Place {
  return call.input(option, x, undefined, 'float32', `${option}.shape`);
}

/** Fails unless `shape` is one of the forms; a number must be met, a letter may be anything. Returns the form's index. */
export function expectShape(
  option: string,
  shape: readonly number[],
  ...forms: (readonly (number | string)[])[]
): number {
  const found = forms.findIndex(
    (form) => form.length === shape.length && form.every((n, i) => typeof n === 'string' || n === shape[i]),
  );
  if (found >= 0) return found;
  const words = forms.map((form) => `[${form.join(', ')}]`).join(' or ');
  throw new PosencError('ERR_SHAPE', `${option}: expected ${words}, got [${shape.join(', ')}]`);
}

/** An array of one of the forms, or undefined where the option is left out. */
export function optional(
  call: Call,
  option: string,
  x: unknown,
  ...forms: (readonly (number | string)[])[]
): Place | undefined {
  if (x === undefined) return undefined;
  const place = shaped(call, option, x);
  expectShape(option, place.shape, ...forms);
  return place;
}

/** Where a batch, head and row of a contiguous array begin, in elements; 0 for a dimension of size 1 that is shared. */
function strides(
  sizes: readonly [number, number, number],
  width: number,
): { batch: number; head: number; row: number } {
  const [batch, heads, rows] = sizes;
  return {
    batch: batch === 1 ? 0 : heads * rows * width,
    head: heads === 1 ? 0 : rows * width,
    row: rows === 1 ? 0 : width,
  };
}

/** A [B, H, rows, d] or [H, rows, d] or [rows, d] array that the call computes with. */
export function source({ pointer, shape }: Place): Source {
  const dim = shape[shape.length - 1];
  const [batch, heads, rows] = [1, 1, ...shape.slice(0, -1)].slice(-3) as [number, number, number];
  const { batch: b, head, row } = strides([batch, heads, rows], dim);
  return { pointer, batch: 4 * b, head: 4 * head, row: 4 * (row || dim) };
}

/** A [rows, H, d] array. */
export function headsLast({ pointer, shape }: Place): Source {
  const dim = shape[2];
  return { pointer, batch: 0, head: 4 * dim, row: 4 * dim * shape[1] };
}

/** A [H, d] array, one row a head; undefined stays undefined. */
export function perHead(place: Place | undefined): Source | undefined {
  return place && { pointer: place.pointer, batch: 0, head: 4 * place.shape[1], row: 0 };
}

/** A sequence of a call that computes: its cells in the result, and where it lies among all queries and keys. */
export interface Work {
  readonly frame: Frame;
  /** Number of the frame's first row among all queries, and within its sequence; of its first column among all keys. */
  readonly first: number;
  readonly index: number;
  readonly column: number;
}

export interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queryLength: number;
  readonly keyLength: number;
}

interface ScoreSizes extends Sizes {
  readonly queryOffset: number;
  /** Queries of packed sequences count from 0 instead of ending with the keys. Default false. */
  readonly fromZero?: boolean;
  /** Queries that one sequence may have, and the option that says so. */
  readonly most?: { readonly queries: number; readonly option: string };
  /** Masks of the scheme itself: like `causal` and `window`. */
  readonly causal?: boolean;
  readonly left?: number;
}

export interface Queries {
  readonly place: Place;
  readonly batch: number;
  readonly heads: number;
  readonly queryLength: number;
  readonly dim: number;
}

/** B, H, L, d of queries, checked for size. */
export function queriesOf(call: Call, option: string, q: unknown): Queries {
  const place = shaped(call, option, q);
  const { shape } = place;
  expectShape(option, shape, ['B', 'H', 'q', 'd']);
  const [batch, heads, queryLength, dim] = shape;
  if (dim < 1 || dim > MAX_DIM) {
    throw new PosencError('ERR_SHAPE', `${option}: expected a head dimension from 1 to ${MAX_DIM}, got ${dim}`);
  }
  return { place, batch, heads, queryLength, dim };
}

/** Keys [B, H, k, d], against the queries. */
export function keysOf(call: Call, option: string, k: unknown, { batch, heads, dim }: Queries): Place {
  const place = shaped(call, option, k);
  expectShape(option, place.shape, [batch, heads, 'k', dim]);
  return place;
}

/** Keys [B, H, k, d] whose last ones belong to the queries, and how many there are before the first query. */
export function keysUpTo(call: Call, k: unknown, queries: Queries): { keys: Place; keyLength: number; memory: number } {
  const keys = keysOf(call, 'k', k, queries);
  const [, , keyLength] = keys.shape;
  const { queryLength } = queries;
  if (keyLength < queryLength) {
    throw new PosencError('ERR_SHAPE', `k: expected at least the ${queryLength} keys of the queries, got ${keyLength}`);
  }
  return { keys, keyLength, memory: keyLength - queryLength };
}

/** A table [rows, d], [H, rows, d] or [B, H, rows, d] of at least one row. */
export function tableOf(
  call: Call,
  option: string,
  table: unknown,
  { batch, heads, dim }: { readonly batch: number; readonly heads: number; readonly dim: number | string },
): { place: Place; rows: number; dim: number } {
  const place = shaped(call, option, table);
  const { shape } = place;
  expectShape(option, shape, ['rows', dim], [heads, 'rows', dim], [batch, heads, 'rows', dim]);
  const rows = shape[shape.length - 2];
  if (rows < 1) throw new PosencError('ERR_SHAPE', `${option}: expected at least one row, got ${rows}`);
  return { place, rows, dim: shape[shape.length - 1] };
}

export function queryOffsetOf(o: { readonly queryOffset?: number }, fallback: number): number {
  return integer('queryOffset', o.queryOffset, -MAX_LENGTH, MAX_LENGTH, fallback);
}

/** Checks, reserves, computes: the product of queries and keys (if asked for) and then what `run` adds, then the masks. */
export function scores(
  call: Call,
  o: ScoreOptions,
  sizes: ScoreSizes,
  content: {
    readonly q: Place;
    readonly k: Place | undefined;
    readonly bias?: Place;
    readonly dim: number;
    readonly scale: number;
  },
  run: (work: Work) => void,
): Tensor {
  const { batch, heads, queryLength, keyLength, queryOffset } = sizes;
  const most = own(sizes, 'most');
  const withContent = boolean('content', o.content, true);
  if (queryLength > MAX_LENGTH || keyLength > MAX_LENGTH) {
    throw new PosencError(
      'ERR_SHAPE',
      `${call.name}: expected at most 2^30 queries and keys, got ${queryLength} and ${keyLength}`,
    );
  }
  const packed = o.cuSeqlens !== undefined || o.cuSeqlensK !== undefined;
  const block = blockOf(
    call,
    amend(o, {
      queryLength,
      keyLength,
      queryOffset: packed ? o.queryOffset : queryOffset,
      causal: o.causal ?? own(sizes, 'causal'),
    }),
    undefined,
    own(sizes, 'fromZero'),
  );
  for (const { index, rows } of block.pieces) {
    if (most === undefined || index + rows <= most.queries) continue;
    const { option, queries } = most;
    throw new PosencError('ERR_SHAPE', `${option} has rows for ${queries} queries, got ${index + rows}`);
  }
  const mask = o.mask === undefined ? undefined : cellMask('mask', call.mask('mask', o.mask), sizes, block.from);
  const left = Math.min(block.left, own(sizes, 'left') ?? UNLIMITED);
  const { rows, columns, right, maskValue } = block;
  const { place, mode } = destinationOf(call, o, [batch, heads, rows, columns]);
  return call.run((engine) => {
    const banded = left !== UNLIMITED || right !== UNLIMITED;
    const band = banded ? { left, right } : undefined;
    const add = mode !== REPLACE;
    if (place.length === 0) return place.tensor;
    if (!withContent && !add) engine.f32.fill(0, place.pointer / 4, place.pointer / 4 + place.length);
    const matrix = 4 * rows * columns;
    const whole = { engine, batch, heads, pitch: columns, matrix };
    for (const piece of block.pieces) {
      const work = workOf(place.pointer, block, piece, { ...whole, band });
      const { frame, first, column } = work;
      if (withContent) {
        const q = fromRow(source(content.q), first);
        const k = fromRow(source(content.k!), column);
        productTerm(frame, q, perHead(own(content, 'bias')), k, content.dim, content.scale, add);
      }
      run(work);
      if (band) maskBandOf(frame, band, maskValue);
      maskOutside(frame, piece.start, maskValue);
    }
    const all = { ...whole, out: place.pointer, rows, columns, query: 0 };
    if (mask) maskCellsOf(all, mask, maskValue);
    return place.tensor;
  });
}

/** The cells of a piece. Scores: one sequence, or several that are packed; never a batch of lengths. */
function workOf(
  out: number,
  block: Block,
  piece: Piece,
  whole: Pick<Frame, 'engine' | 'batch' | 'heads' | 'pitch' | 'matrix' | 'band'>,
): Work {
  const columns = piece.end - piece.start;
  const corner = out + 4 * (piece.row * block.columns + piece.start);
  const frame = { ...whole, out: corner, rows: piece.rows, columns, query: piece.query };
  return { frame, first: block.from + piece.row, index: piece.index, column: piece.start };
}

/** A mask or a segment matrix over the cells, from query row `first` on. */
export function cellMask(option: string, { data, shape }: Mask, sizes: Sizes, first: number): CellMask {
  const { batch, heads, queryLength, keyLength } = sizes;
  const some = (n: number, i: number) => (shape[i] === 1 ? 1 : n);
  expectShape(
    option,
    shape,
    [some(batch, 0), keyLength],
    [some(batch, 0), queryLength, keyLength],
    [some(batch, 0), some(heads, 1), queryLength, keyLength],
  );
  if (shape.length === 2) return { data, ...strides([shape[0], 1, 1], keyLength), row: 0, start: 0 };
  const heads4 = shape.length === 4 ? shape[1] : 1;
  const cells = strides([shape[0], heads4, queryLength], keyLength);
  return { data, ...cells, row: keyLength, start: first * keyLength };
}

/**
 * out = (content ? P v : 0) + what `run` adds; P [B, H, q, k] are all rows, whatever `rows`.
 * @internal
 */
export function values(
  call: Call,
  o: ValueOptions,
  probabilities: Place,
  v: Shaped | null,
  dim: number,
  run: (work: Work, p: Source) => void,
): Tensor {
  const [batch, heads, queryLength, keyLength] = probabilities.shape;
  const content = boolean('content', o.content, true);
  const kept = content ? shaped(call, 'v', v) : undefined;
  if (kept !== undefined) expectShape('v', kept.shape, [batch, heads, keyLength, dim]);
  const packed = o.cuSeqlens !== undefined || o.cuSeqlensK !== undefined;
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  const block = blockOf(call, amend(o, { queryLength, keyLength, queryOffset: packed ? o.queryOffset : queryOffset }));
  const { place, mode } = destinationOf(call, o, [batch, heads, block.rows, dim]);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const add = mode !== REPLACE;
    if (kept === undefined && !add) engine.f32.fill(0, place.pointer / 4, place.pointer / 4 + place.length);
    const whole = { engine, batch, heads, pitch: dim, matrix: 4 * block.rows * dim };
    for (const piece of block.pieces) {
      const work = workOf(0, block, piece, whole);
      const frame = { ...work.frame, out: place.pointer + 4 * piece.row * dim };
      const all = fromRow(source(probabilities), work.first);
      const p = { ...all, pointer: all.pointer + 4 * piece.start };
      if (kept !== undefined) valueTerm(frame, p, fromRow(source(kept), piece.start), dim, add);
      run({ ...work, frame }, p);
    }
    return place.tensor;
  });
}

/** Probabilities [B, H, q, k]. */
export function probabilitiesOf(call: Call, x: unknown): Place {
  const place = shaped(call, 'probabilities', x);
  expectShape('probabilities', place.shape, ['B', 'H', 'q', 'k']);
  return place;
}

/** The scale of a call: as given, or 1 / sqrt(n). */
export function scaleOf(o: { readonly scale?: number }, n: number): number {
  return finite('scale', o.scale, {}, 1 / Math.sqrt(n));
}
