/**
 * Rows whose pairs stand at positions of different streams (M-RoPE): rows of all pairs are computed for the positions that occur,
 * then every pair is taken from the row of its stream. An image of a thousand tokens has a few dozen positions a stream, and the
 * text around it stands at the same position in all of them. Qwen2-VL, arXiv 2409.12191.
 */
import type { Rows } from '../phase/plan.ts';
import type { Engine } from '../runtime/engine.ts';

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

/** Puts a mask a stream into memory, [streams][width]: all ones where a pair takes it. Returns their bytes. */
function putMasks(engine: Engine, streamOf: Uint8Array, streams: number, pointer: number): number {
  const width = streamOf.length;
  const first = pointer >>> 2;
  engine.i32.fill(0, first, first + streams * width);
  for (let i = 0; i < width; i++) engine.i32[first + streamOf[i] * width + i] = -1;
  return 4 * width * streams;
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
    const offsets = masks + putMasks(engine, some, lists.length, masks);
    const height = Math.floor((engine.scratchBytes - (offsets - masks)) / (4 * lists.length));
    for (let row = 0; row < n; row += height) {
      const count = Math.min(height, n - row);
      lists.forEach((list, s) => {
        putOffsets(engine, offsets + 4 * s * count, list, row, count, from.stride, 0);
      });
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.selectStreams(
        to.pointer + row * to.stride + 4 * first, to.stride, from.pointer + 4 * first,
        offsets, 4 * count, lists.length, masks, count, some.length);
    }
  }
}

/** Bytes from row `least` of rows `stride` bytes apart to each of rows list[from], list[from + 1] ..., modulo 2^32. */
function putOffsets(
  engine: Engine,
  pointer: number,
  list: ArrayLike<number>,
  from: number,
  count: number,
  stride: number,
  least: number,
): void {
  const { i32 } = engine;
  const to = pointer >>> 2;
  for (let t = 0; t < count; t++) i32[to + t] = (list[from + t] - least) * stride;
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
  const masks = putMasks(engine, streamOf, streams, room.pointer);
  // a row of the block needs at most one computed row a stream, cos and sin, and its offset
  const height = Math.floor((room.bytes - masks - LINE) / (streams * (8 * width + 4)));
  const offsets = room.pointer + masks;
  // rows start on cache lines: loads across two of them cost twice
  const cos = Math.ceil((offsets + 4 * streams * height) / LINE) * LINE;
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
    const end = blockEnd(lists, row, Math.min(n, row + height));
    const count = end - row;
    const stride = 4 * width;
    const runs = runsOf(lists, row, end);
    if (runs === undefined) {
      fill({ positions: listed(lists, row, end) }, from, width, { sin, cos, stride });
      for (let i = 0; i < streams * count; i++) engine.i32[(offsets >>> 2) + i] = stride * i;
    } else {
      for (const { least, most, first } of new Set(runs)) {
        fill({ start: least, count: most - least + 1 }, from, width, {
          sin: sin + first * stride,
          cos: cos + first * stride,
          stride,
        });
      }
      runs.forEach(({ least, first }, s) => {
        putOffsets(engine, offsets + 4 * s * count, lists[s], row, count, stride, least - first);
      });
    }
    for (const [to, rows] of [
      [at.cos, cos],
      [at.sin, sin],
    ]) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.selectStreams(to, target.stride, rows, offsets, 4 * count, streams, room.pointer, count, width);
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

/** The end of a block of rows: `limit`, or where much text begins. Loops without calls: every row is looked at. */
function blockEnd(lists: Lists, row: number, limit: number): number {
  const [a, b, c = a, d = a] = lists;
  for (let end = row, text = 0; end < limit; end++) {
    const p = a[end];
    const agreed = p === b[end] && p === c[end] && p === d[end] && Math.floor(p) === p;
    text = agreed ? (text > 0 && p === a[end - 1] + 1 ? text + 1 : 1) : 0;
    if (text === TEXT_ROWS) return end - (TEXT_ROWS - 1);
  }
  return limit;
}

/** Whole positions one after the other, and the first of the computed rows that are theirs. */
interface Run {
  readonly least: number;
  readonly most: number;
  readonly first: number;
}

/**
 * For each stream a run that holds its positions in rows [row, end): one for all streams, or one each (an image has few columns,
 * and few rows of them in a block), whichever is shorter. undefined where a list of all positions is shorter still, or where one of
 * them is no whole number.
 */
function runsOf(lists: Lists, row: number, end: number): Run[] | undefined {
  const own: Run[] = [];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let apart = 0;
  for (const list of lists) {
    let [least, most] = [list[row], list[row]];
    for (let t = row; t < end; t++) {
      const p = list[t];
      if (p < least) least = p;
      if (p > most) most = p;
      if (Math.floor(p) !== p) return undefined;
    }
    own.push({ least, most, first: apart });
    apart += most - least + 1;
    if (least < low) low = least;
    if (most > high) high = most;
  }
  const together = high - low + 1;
  if (Math.min(together, apart) > lists.length * (end - row)) return undefined;
  if (apart < together) return own;
  const all = { least: low, most: high, first: 0 };
  return own.map(() => all);
}

/** The positions of rows [row, end), stream after stream. */
function listed(lists: Lists, row: number, end: number): Float64Array {
  const positions = new Float64Array(lists.length * (end - row));
  lists.forEach((list, s) => {
    positions.set(list.subarray(row, end), s * (end - row));
  });
  return positions;
}
