/**
 * Rows whose pairs stand at positions of different streams (M-RoPE): rows of all pairs are computed for the positions that occur,
 * then every pair is taken from the row of its stream. An image of a thousand tokens has a few dozen positions a stream, and the
 * text around it stands at the same position in all of them. Qwen2-VL, arXiv 2409.12191.
 */
import type { Rows } from '../phase/plan.ts';
import type { Engine } from '../runtime/engine.ts';

/** Fewer streams than this are filled up with empty ones: the kernel reads three rows at once. */
const LEAST_STREAMS = 3;
/** Rows in which all streams agree are written without a detour when there are so many of them, or nothing else is left. */
const TEXT_ROWS = 32;
/** Bytes of a cache line. */
const LINE = 64;
/** Pairs worked on at a time: the smallest arena holds several rows of them. */
const PAIRS = 256;

/** A piece of the arena that computing rows leaves alone. */
interface Room {
  readonly pointer: number;
  readonly bytes: number;
}

interface Target {
  readonly sin: number;
  readonly cos: number;
  readonly stride: number;
}

/** The streams of n rows, [streams] lists of the same length. */
type Lists = readonly Float64Array[];

/** Writes rows of the pairs [from, from + count). */
type Fill = (rows: Rows, from: number, count: number, target: Target) => void;

/** The bytes of masks for `width` pairs. */
function maskBytes(width: number, streams: number): number {
  return 4 * width * Math.max(LEAST_STREAMS, streams);
}

/** Puts a mask a stream into memory: all ones where a pair takes it. Returns how many there are. */
function putMasks(engine: Engine, streamOf: Uint8Array, streams: number, pointer: number): number {
  const planes = Math.max(LEAST_STREAMS, streams);
  const width = streamOf.length;
  const { i32 } = engine;
  for (let plane = 0, at = pointer >>> 2; plane < planes; plane++) {
    for (let i = 0; i < width; i++, at++) i32[at] = streamOf[i] === plane ? -1 : 0;
  }
  return planes;
}

/** Rows of a table in memory, or rows to be written there. */
interface Table {
  readonly pointer: number;
  /** Bytes between rows. */
  readonly stride: number;
}

/** Every pair of row t from the row lists[its stream][t] of a table, through the whole arena. */
export function selectRows(
  engine: Engine,
  lists: readonly Int32Array[],
  streamOf: Uint8Array,
  from: Table,
  to: Table,
): void {
  const n = lists[0].length;
  for (let first = 0; first < streamOf.length; first += PAIRS) {
    const some = streamOf.subarray(first, first + PAIRS);
    const masks = engine.scratch();
    const planes = putMasks(engine, some, lists.length, masks);
    const indices = masks + maskBytes(some.length, lists.length);
    const height = Math.floor((engine.scratchBytes - (indices - masks)) / (4 * lists.length));
    for (let row = 0; row < n; row += height) {
      const count = Math.min(height, n - row);
      lists.forEach((list, s) => {
        engine.i32.set(list.subarray(row, row + count), (indices >>> 2) + s * count);
      });
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.selectStreams(
        to.pointer + row * to.stride + 4 * first, to.stride, from.pointer + 4 * first, from.stride,
        indices, 4 * count, lists.length, masks, planes, count, some.length);
    }
  }
}

/** Rows of `streamOf.length` pairs at the positions of their streams. `room`: at least 16 KiB. */
export function mixedRows(
  engine: Engine,
  lists: Lists,
  streamOf: Uint8Array,
  fill: Fill,
  target: Target,
  room: Room,
): void {
  for (let from = 0; from < streamOf.length; from += PAIRS) {
    const some = streamOf.subarray(from, from + PAIRS);
    const { sin, cos, stride } = target;
    mixedColumns(engine, lists, some, from, fill, { sin: sin + 4 * from, cos: cos + 4 * from, stride }, room);
  }
}

function mixedColumns(
  engine: Engine,
  lists: Lists,
  streamOf: Uint8Array,
  from: number,
  fill: Fill,
  target: Target,
  room: Room,
): void {
  const width = streamOf.length;
  const streams = lists.length;
  const planes = putMasks(engine, streamOf, streams, room.pointer);
  const masks = maskBytes(width, streams);
  // a row of the block needs at most one computed row a stream, cos and sin, and its index
  const height = Math.floor((room.bytes - masks - LINE) / (streams * (8 * width + 4)));
  const indices = room.pointer + masks;
  // rows start on cache lines: loads across two of them cost twice
  const cos = Math.ceil((indices + 4 * streams * height) / LINE) * LINE;
  const sin = cos + 4 * width * streams * height;
  const n = lists[0].length;
  for (let row = 0; row < n; ) {
    const at = { sin: target.sin + row * target.stride, cos: target.cos + row * target.stride, stride: target.stride };
    const text = textRows(lists, row);
    if (text >= TEXT_ROWS || text === n - row) {
      fill({ start: lists[0][row], count: text }, from, width, at);
      row += text;
      continue;
    }
    const { end, least, most } = blockFrom(lists, row, Math.min(n, row + height));
    const count = end - row;
    const dense = most - least < streams * count;
    fill(dense ? { start: least, count: most - least + 1 } : { positions: listed(lists, row, end) }, from, width, {
      sin,
      cos,
      stride: 4 * width,
    });
    const { i32 } = engine;
    for (let s = 0, to = indices >>> 2; s < streams; s++) {
      const list = lists[s];
      for (let t = 0; t < count; t++, to++) i32[to] = dense ? list[row + t] - least : s * count + t;
    }
    for (const [to, rows] of [
      [at.cos, cos],
      [at.sin, sin],
    ]) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.selectStreams(to, target.stride, rows, 4 * width, indices, 4 * count, streams, room.pointer, planes, count, width);
    }
    row = end;
  }
}

/** Rows from `row` on in which all streams stand at one whole position, each row one after the other. */
function textRows(lists: Lists, row: number): number {
  const [a, b, c = a, d = a] = lists;
  const start = a[row] - row;
  if (Math.floor(start) !== start) return 0;
  let end = row;
  while (end < a.length && a[end] - end === start && a[end] === b[end] && a[end] === c[end] && a[end] === d[end]) end++;
  return end - row;
}

/**
 * A block of rows that ends at `limit` or where much text begins, and the positions it spans; an infinite span where one of them is
 * no whole number. Every row is looked at three times at most before it is computed: loops without calls.
 */
function blockFrom(lists: Lists, row: number, limit: number): { end: number; least: number; most: number } {
  const [a, b, c = a, d = a] = lists;
  let end = row;
  for (let text = 0; end < limit; end++) {
    const p = a[end];
    const agreed = p === b[end] && p === c[end] && p === d[end] && Math.floor(p) === p;
    text = agreed ? (text > 0 && p === a[end - 1] + 1 ? text + 1 : 1) : 0;
    if (text === TEXT_ROWS) {
      end -= TEXT_ROWS - 1;
      break;
    }
  }
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (let t = row; t < end; t++) {
      const p = list[t];
      if (p < least) least = p;
      if (p > most) most = p;
      if (Math.floor(p) !== p) return { end, least: 0, most: Number.POSITIVE_INFINITY };
    }
  }
  return { end, least, most };
}

/** The positions of rows [row, end), stream after stream. */
function listed(lists: Lists, row: number, end: number): Float64Array {
  const positions = new Float64Array(lists.length * (end - row));
  lists.forEach((list, s) => {
    positions.set(list.subarray(row, end), s * (end - row));
  });
  return positions;
}
