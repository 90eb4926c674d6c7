/**
 * What the scores that depend on content and distance share: scores[b, h, i, j] is a sum of products q_i . k_j and of terms
 * x . R[index(j - i)], each a small product blocked to the scratch arena and then shifted or gathered onto the scores
 * (assembly/relative.ts). No term ever exists as [q, k, d].
 *
 * A cell is the sum of its terms in one fixed order, each dot product summed in one fixed order: a cell does not depend on
 * the rows asked for, on the block it falls into, or on the size of the arena.
 */

import { JOIN_ADD } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';

/** float32 rows in the engine's memory: pointer and strides in bytes, 0 where a dimension is shared. */
export interface Source {
  readonly pointer: number;
  readonly batch: number;
  readonly head: number;
  readonly row: number;
}

/** The scores of a sequence: `rows` x `columns` of every matrix. Row r has position query + r, column c position c. */
export interface Frame {
  readonly engine: Engine;
  /** Its corner in the first matrix. */
  readonly out: number;
  readonly batch: number;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  /** Numbers in a row of the result, and bytes of one of its matrices [batch, heads]. */
  readonly pitch: number;
  readonly matrix: number;
  readonly query: number;
  /** Cells outside [row's position - left, + right] will be masked: blocks wholly outside are not computed. Default: none. */
  readonly band?: { readonly left: number; readonly right: number };
}

/** index(distance), distance = key minus query: ascending, and clipped to the rows of the table unless edges are 'zero'. */
export interface DistanceIndex {
  /** Rows of the table. */
  readonly count: number;
  /** Table row of distance 0. */
  readonly centre: number;
  /** What a distance beyond the table gets: its last row on that side, or nothing. */
  readonly edges: 'clip' | 'zero';
  /** Distance to bucket, ascending, where rows of the table are not consecutive distances. */
  readonly bucket?: (distance: number) => number;
}

/** Rows of x that are multiplied at a time. */
const OWN = 32;
/** Largest head dimension: one row and its products must fit the smallest arena. */
export const MAX_DIM = 8192;

/** The rows of `x` from `row` on. */
export function fromRow(x: Source, row: number): Source {
  return { pointer: x.pointer + row * x.row, batch: x.batch, head: x.head, row: x.row };
}

/** The `count` rows of a table, last first: an index that falls with the distance becomes one that rises. */
export function reversed(x: Source, count: number): Source {
  return { ...x, pointer: x.pointer + (count - 1) * x.row, row: -x.row };
}

function forMatrices(frame: Frame, run: (out: number, b: number, h: number) => void): void {
  for (let b = 0; b < frame.batch; b++) {
    for (let h = 0; h < frame.heads; h++) run(frame.out + (b * frame.heads + h) * frame.matrix, b, h);
  }
}

function at(x: Source, b: number, h: number, row = 0): number {
  return x.pointer + b * x.batch + h * x.head + row * x.row;
}

/** Columns [from, to) that rows [row, row + count) may see. */
function seenColumns({ band, query, columns }: Frame, row: number, count: number): [number, number] {
  if (!band) return [0, columns];
  const first = query + row;
  return bounded(first - band.left, first + count + band.right, columns);
}

/** Rows [from, to) that may see columns [column, column + count). */
function seeingRows({ band, query, rows }: Frame, column: number, count: number): [number, number] {
  if (!band) return [0, rows];
  return bounded(column - band.right - query, column + count + band.left - query, rows);
}

function bounded(from: number, to: number, length: number): [number, number] {
  return [Math.max(0, from), Math.min(length, to)];
}

/** Contiguous rows x + bias at `pointer`, or x itself when there is no bias. */
function biased(engine: Engine, pointer: number, x: number, bias: number, rows: number, dim: number): number {
  if (!bias) return x;
  engine.kernels.joinRows(pointer, x, bias, rows, dim, 1, JOIN_ADD);
  return pointer;
}

/** scores = or += scale (x + bias) . y. Rows of x are contiguous; bias: one row a head. */
export function productTerm(
  frame: Frame,
  x: Source,
  bias: Source | undefined,
  y: Source,
  dim: number,
  scale: number,
  add: boolean,
): void {
  const { engine, rows, columns, pitch } = frame;
  const { kernels } = engine;
  const room = engine.scratchBytes >>> 2;
  // a sum goes through a tile of whole rows, or of a part of one row
  const height = Math.max(1, Math.min(OWN, rows, Math.floor(room / (dim + (add ? columns : 0)))));
  const width = add ? Math.min(columns, room - height * dim) : columns;
  const sums = engine.scratch();
  const tile = sums + 4 * height * dim;
  forMatrices(frame, (out, b, h) => {
    for (let r = 0; r < rows; r += height) {
      const n = Math.min(height, rows - r);
      const a = biased(engine, sums, at(x, b, h, r), bias ? at(bias, b, h) : 0, n, dim);
      const [from, to] = seenColumns(frame, r, n);
      for (let c = from; c < to; c += width) {
        const m = Math.min(width, to - c);
        const target = out + 4 * (r * pitch + c);
        const stride = add ? 4 * m : 4 * pitch;
        kernels.productTransposed(add ? tile : target, a, at(y, b, h, c), n, m, dim, x.row, y.row, stride, scale);
        if (add) addRows(frame, target, tile, stride, n, m);
      }
    }
  });
}

/** n rows of m numbers, `stride` bytes apart, added to rows of the result. */
function addRows({ engine, pitch }: Frame, out: number, from: number, stride: number, n: number, m: number): void {
  const { kernels } = engine;
  if (m === pitch && stride === 4 * m) {
    kernels.joinRows(out, out, from, 1, n * m, 1, JOIN_ADD);
    return;
  }
  for (let r = 0; r < n; r++) {
    const to = out + 4 * r * pitch;
    kernels.joinRows(to, to, from + r * stride, 1, m, 1, JOIN_ADD);
  }
}

/** scores += a matrix of the rows of the frame. */
export function addMatrix(frame: Frame, matrix: Source): void {
  forMatrices(frame, (out, b, h) => addRows(frame, out, at(matrix, b, h), matrix.row, frame.rows, frame.columns));
}

/** Table rows [low, high) that distances [from, to] need. */
function span(index: DistanceIndex, from: number, to: number): { low: number; high: number } {
  const { count, centre, edges, bucket } = index;
  const first = (bucket ? bucket(from) : from) + centre;
  const last = (bucket ? bucket(to) : to) + centre;
  if (edges === 'zero') return { low: Math.max(0, first), high: Math.min(count, last + 1) };
  const clip = (t: number) => Math.min(Math.max(t, 0), count - 1);
  return { low: clip(first), high: clip(last) + 1 };
}

/** Floats of a row of products: whole cache lines, an odd number of them, so that rows fall into different sets. */
function padded(floats: number): number {
  return ((floats + 15) & ~15) | 16;
}

/**
 * scores += scale (x + bias) . table[index(key - query)], where x are the queries (one row of x a row of the scores) or the
 * keys (one row a column). A block of x is multiplied with the table rows that its distances need, then shifted or gathered.
 */
export function relativeTerm(
  frame: Frame,
  side: 'query' | 'key',
  x: Source,
  bias: Source | undefined,
  table: Source,
  dim: number,
  index: DistanceIndex,
  scale: number,
): void {
  const { engine, rows, columns, pitch, query } = frame;
  const { kernels } = engine;
  const [mine, others] = side === 'query' ? [rows, columns] : [columns, rows];
  const gathers = side === 'key' || index.bucket !== undefined;
  const room = engine.scratchBytes >>> 2;
  const widest = (own: number, other: number) => padded(Math.min(index.count, own + other));
  let own = Math.min(OWN, mine);
  let other = others;
  while (own * (dim + widest(own, other)) + own + other > room) {
    if (other > 4 * own) other = Math.ceil(other / 2);
    else own = Math.ceil(own / 2);
  }
  const stride = 4 * widest(own, other);
  const sums = engine.scratch();
  const g = sums + 4 * own * dim;
  const lut = g + own * stride;
  forMatrices(frame, (out, b, h) => {
    for (let o = 0; o < mine; o += own) {
      const n = Math.min(own, mine - o);
      const a = biased(engine, sums, at(x, b, h, o), bias ? at(bias, b, h) : 0, n, dim);
      const [start, end] = side === 'query' ? seenColumns(frame, o, n) : seeingRows(frame, o, n);
      for (let p = start; p < end; p += other) {
        const m = Math.min(other, end - p);
        const [r, height, c, width] = side === 'query' ? [o, n, p, m] : [p, m, o, n];
        const from = c - (query + r + height - 1);
        const { low, high } = span(index, from, from + height + width - 2);
        if (low >= high) continue;
        const target = out + 4 * (r * pitch + c);
        kernels.productTransposed(g, a, at(table, b, h, low), n, high - low, dim, x.row, table.row, stride, scale);
        if (gathers) {
          writeLookup(engine.i32, lut / 4, from, height + width - 1, index, low);
          const [down, right] = side === 'query' ? [stride, 0] : [0, stride];
          kernels.gatherAdd(target, 4 * pitch, g, down, right, height, width, lut, height - 1);
        } else {
          const first = from + height - 1 + index.centre;
          const clip = index.edges === 'clip' ? 1 : 0;
          kernels.shiftAdd(target, 4 * pitch, g, stride, height, width, first, low, high, clip);
        }
      }
    }
  });
}

/** Byte offsets of the table rows of `count` distances from `from` on, counted from row `low`. */
function writeLookup(
  words: Int32Array,
  position: number,
  from: number,
  count: number,
  { count: rows, centre, bucket }: DistanceIndex,
  low: number,
): void {
  for (let t = 0; t < count; t++) {
    const row = (bucket ? bucket(from + t) : from + t) + centre;
    words[position + t] = 4 * (Math.min(Math.max(row, 0), rows - 1) - low);
  }
}

/** scores += scale table[index(key - query)], one number for each row of the table. */
export function diagonalTerm(frame: Frame, table: Source, index: DistanceIndex, scale: number): void {
  const { engine, rows, columns, pitch, query } = frame;
  const { kernels } = engine;
  const one = engine.scratch();
  const diagonal = one + 16;
  const room = (engine.scratchBytes >>> 2) - 4;
  const width = Math.max(1, Math.min(columns, room - OWN));
  forMatrices(frame, (out, b, h) => {
    engine.f32[one / 4] = 1;
    for (let r = 0; r < rows; r += OWN) {
      const height = Math.min(OWN, rows - r);
      for (let c = 0; c < columns; c += width) {
        const m = Math.min(width, columns - c);
        const from = c - (query + r + height - 1);
        const { low, high } = span(index, from, from + height + m - 2);
        if (low >= high) continue;
        kernels.productTransposed(diagonal, one, at(table, b, h, low), 1, high - low, 1, 0, table.row, 0, scale);
        const target = out + 4 * (r * pitch + c);
        const first = from + height - 1 + index.centre;
        kernels.shiftAdd(target, 4 * pitch, diagonal, 0, height, m, first, low, high, index.edges === 'clip' ? 1 : 0);
      }
    }
  });
}

/** scores += scale (x + bias) . table[segments[b, i, j] ? 1 : 0]; table: two rows a head; segments: [B | 1, rows, columns]. */
export function segmentTerm(
  frame: Frame,
  x: Source,
  bias: Source | undefined,
  table: Source,
  dim: number,
  segments: Pick<CellMask, 'data' | 'batch' | 'row' | 'start'>,
  scale: number,
): void {
  const { engine, rows, columns, pitch } = frame;
  const { kernels } = engine;
  const sums = engine.scratch();
  const pair = sums + 4 * dim;
  const ids = pair + 16;
  const width = Math.min(columns, (engine.scratchBytes >>> 2) - dim - 4);
  forMatrices(frame, (out, b, h) => {
    for (let r = 0; r < rows; r++) {
      const a = biased(engine, sums, at(x, b, h, r), bias ? at(bias, b, h) : 0, 1, dim);
      kernels.productTransposed(pair, a, at(table, b, h), 1, 2, dim, x.row, table.row, 8, scale);
      for (let c = 0; c < columns; c += width) {
        const m = Math.min(width, columns - c);
        const start = segments.start + b * segments.batch + r * segments.row + c;
        engine.i32.set(segments.data.subarray(start, start + m), ids / 4);
        kernels.segmentAdd(out + 4 * (r * pitch + c), 4 * pitch, pair, ids, 4 * m, 1, m);
      }
    }
  });
}

/** Cells outside the band become `value`. */
export function maskBandOf(frame: Frame, { left, right }: NonNullable<Frame['band']>, value: number): void {
  const { engine, rows, columns, pitch, query } = frame;
  forMatrices(frame, (out) => engine.kernels.maskBand(out, 4 * pitch, rows, columns, query, left, right, value));
}

/** The columns of the result on either side of the frame, which `start` are before, become `value` in its rows. */
export function maskOutside(frame: Frame, start: number, value: number): void {
  const { engine, rows, columns, pitch } = frame;
  if (columns === pitch) return;
  const end = start + columns;
  forMatrices(frame, (out) => {
    engine.kernels.fillRows(out - 4 * start, 4 * pitch, rows, start, value);
    engine.kernels.fillRows(out + 4 * columns, 4 * pitch, rows, pitch - end, value);
  });
}

/** Cells whose mask is 0 become `value`, in a frame of all columns; strides in elements, 0 where the mask is shared. */
export function maskCellsOf(frame: Frame, mask: CellMask, value: number): void {
  const { engine, rows, columns } = frame;
  const words = engine.scratch();
  const room = engine.scratchBytes >>> 2;
  // rows that differ are contiguous in the mask and in the scores: one long row
  const [height, length] = mask.row === 0 ? [rows, columns] : [1, rows * columns];
  forMatrices(frame, (out, b, h) => {
    const start = mask.start + b * mask.batch + h * mask.head;
    for (let c = 0; c < length; c += room) {
      const m = Math.min(room, length - c);
      engine.i32.set(mask.data.subarray(start + c, start + c + m), words / 4);
      engine.kernels.maskCells(out + 4 * c, 4 * columns, words, 0, height, m, value);
    }
  });
}

export interface CellMask {
  readonly data: Uint8Array;
  readonly batch: number;
  readonly head: number;
  readonly row: number;
  readonly start: number;
}

/** out = or += P v: rows of `dim` numbers; the frame's columns are those of P. */
export function valueTerm(frame: Frame, p: Source, v: Source, dim: number, add: boolean): void {
  const { engine, rows, columns } = frame;
  forMatrices(frame, (out, b, h) => {
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.product(out, at(p, b, h), at(v, b, h), rows, dim, columns, p.row, v.row, 4 * dim, add ? 1 : 0);
  });
}

/** out += sum over keys of P[i, j] table[index(j - i)]: probabilities summed by table row, then one product. */
export function relativeValueTerm(frame: Frame, p: Source, table: Source, dim: number, index: DistanceIndex): void {
  const { engine, rows, columns, query } = frame;
  const { kernels } = engine;
  const clip = index.edges === 'clip';
  const room = engine.scratchBytes >>> 2;
  const width = Math.min(index.count, room);
  const height = Math.max(1, Math.min(OWN, rows, Math.floor(room / width)));
  const w = engine.scratch();
  forMatrices(frame, (out, b, h) => {
    for (let r = 0; r < rows; r += height) {
      const n = Math.min(height, rows - r);
      for (let low = 0; low < index.count; low += width) {
        const high = Math.min(index.count, low + width);
        const first = index.centre - (query + r);
        // biome-ignore format: grouped as the kernel declares it
        kernels.bucketWeights(
          w, 4 * width, at(p, b, h, r), p.row, n, columns, first, low, high,
          clip && low === 0 ? 1 : 0, clip && high === index.count ? 1 : 0);
        const target = out + 4 * r * dim;
        kernels.product(target, w, at(table, b, h, low), n, dim, high - low, 4 * width, table.row, 4 * dim, 1);
      }
    }
  });
}
