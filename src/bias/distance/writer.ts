/**
 * Writes what a bias of the distance fills: a diagonal with masks, and from it rows of a matrix, for consecutive positions or
 * lists of them, in tiles that fit the scratch arena. The kernels: assembly/diagonal.ts.
 */

import { allowed, type Block, spread, UNLIMITED } from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Encoding, Filler, Target } from './toeplitz.ts';

/** Columns [pad, end) hold keys, the others padding. Default: all hold keys. */
export type Placed = Block & { readonly pad?: number; readonly end?: number };

/** A window that no distance is in. */
const NOTHING = { left: -1, right: -1 } as const;

/** Arena: the filler's parameters | query positions | key positions | distances | the diagonal. */
const TILE = 512;
const LISTS = 4 * TILE + 4 * TILE + 8 * TILE;
/** Floats of a diagonal worth having before heads are split into groups. */
const SHORT = 1024;

export class Writer {
  readonly #engine: Engine;
  readonly #encoding: Encoding;
  readonly #filler: Filler;
  readonly #lists: number;
  readonly #diagonal: number;
  /** Floats of the diagonal. */
  readonly #room: number;

  constructor(engine: Engine, encoding: Encoding, filler: Filler) {
    this.#engine = engine;
    this.#encoding = encoding;
    this.#filler = filler;
    const arena = engine.scratch();
    filler.load(arena);
    this.#lists = arena + filler.scratchBytes;
    this.#diagonal = this.#lists + LISTS;
    this.#room = (engine.scratchBytes - filler.scratchBytes - LISTS) >>> 2;
  }

  /** Distances [first, first + count) with masks. */
  fill(to: Target, first: number, count: number, block: Block): void {
    if (block.left === UNLIMITED && block.right === UNLIMITED) {
      this.#filler.fill(to, { first, count, list: 0 });
      return;
    }
    const { width = 1 } = this.#encoding;
    const [low, high] = allowed(block);
    const from = Math.min(Math.max(low - first, 0), count);
    const end = Math.max(from, Math.min(high - first + 1, count));
    const mask = (start: number, n: number) => {
      if (n > 0) {
        const pointer = to.pointer + 4 * start * width;
        this.#engine.kernels.fillRows(pointer, to.stride, to.heads, n * width, block.maskValue);
      }
    };
    mask(0, from);
    if (end > from) {
      const target = { ...to, pointer: to.pointer + 4 * from * width };
      this.#filler.fill(target, { first: first + from, count: end - from, list: 0 });
    }
    mask(end, count - end);
  }

  write(out: number, headStride: number, block: Placed, mode: number): void {
    const { width = 1 } = this.#encoding;
    if (block.queryPositions || block.keyPositions) {
      this.#writePositions(out, headStride, block, mode);
      return;
    }
    const { columns } = block;
    const pad = Math.min(block.pad ?? 0, columns);
    const end = Math.max(pad, block.end ?? columns);
    if (end - pad === columns) {
      this.#writeConsecutive(out, headStride, block, 0, mode, columns);
      return;
    }
    const part = (from: number, to: number, masks: Pick<Block, 'left' | 'right'>) => {
      if (to === from) return;
      const at = out + 4 * from * width;
      this.#writeConsecutive(at, headStride, { ...block, ...masks, columns: to - from }, from - pad, mode, columns);
    };
    part(0, pad, NOTHING);
    part(pad, end, block);
    part(end, columns, NOTHING);
  }

  /** Rows and columns of a block, in tiles whose diagonal fits the arena. `pitch`: columns of a row of out. */
  #writeConsecutive(out: number, headStride: number, block: Block, key: number, mode: number, pitch: number): void {
    const { heads, width = 1 } = this.#encoding;
    const { kernels } = this.#engine;
    const { rows, columns } = block;
    const rowStride = 4 * pitch * width;
    if (mode === REPLACE && rows <= Math.max(1, this.#filler.directRows)) {
      for (let r = 0; r < rows; r++) {
        const to = { pointer: out + r * rowStride, stride: headStride, head: 0, heads };
        this.fill(to, key - block.query - r, columns, block);
      }
      return;
    }
    const needed = rows + columns - 1;
    const group = Math.max(1, Math.min(heads, Math.floor(this.#room / (Math.min(needed, SHORT) * width))));
    const length = Math.min(needed, Math.floor(this.#room / (group * width)));
    const height = Math.min(rows, length - Math.min(columns, (length + 1) >>> 1) + 1);
    const breadth = Math.min(columns, length - height + 1);
    for (let head = 0; head < heads; head += group) {
      const n = Math.min(group, heads - head);
      for (let row = 0; row < rows; row += height) {
        const tall = Math.min(height, rows - row);
        for (let column = 0; column < columns; column += breadth) {
          const wide = Math.min(breadth, columns - column);
          const entries = tall + wide - 1;
          const to = { pointer: this.#diagonal, stride: 4 * entries * width, head, heads: n };
          this.fill(to, key + column - (block.query + row + tall - 1), entries, block);
          const at = out + head * headStride + row * rowStride + 4 * column * width;
          const window = this.#diagonal + 4 * (tall - 1) * width;
          // biome-ignore format: grouped as the kernel declares it
          kernels.expandRows(at, headStride, rowStride, window, to.stride, n, 4 * width, tall, wide * width, mode);
        }
      }
    }
  }

  /** Positions in any order, in tiles of the lists: from a diagonal over the distances reached, or one by one. */
  #writePositions(out: number, headStride: number, block: Placed, mode: number): void {
    const { width = 1 } = this.#encoding;
    const engine = this.#engine;
    const [queries, keys] = [this.#lists, this.#lists + 4 * TILE];
    const breadth = Math.min(TILE, Math.floor(this.#room / width));
    for (let row = 0; row < block.rows; row += TILE) {
      const rows = Math.min(TILE, block.rows - row);
      const queryPositions = block.queryPositions?.subarray(row, row + rows);
      if (queryPositions) engine.i32.set(queryPositions, queries >>> 2);
      for (let column = 0; column < block.columns; column += breadth) {
        const columns = Math.min(breadth, block.columns - column);
        const keyPositions = block.keyPositions?.subarray(column, column + columns);
        if (keyPositions) engine.i32.set(keyPositions, keys >>> 2);
        const tile: Tile = {
          out: out + 4 * (row * block.columns + column) * width,
          headStride,
          rowStride: 4 * block.columns * width,
          rows,
          columns,
          queryPositions,
          queries: queryPositions ? queries : 0,
          query: block.query + row,
          keys: keyPositions ? keys : 0,
          key: column,
          mode,
        };
        const [q0, q1] = spread(queryPositions, tile.query, rows);
        const [k0, k1] = spread(keyPositions, column, columns);
        const [low, high] = allowed(block);
        const first = Math.max(k0 - q1, low);
        const count = Math.max(0, Math.min(k1 - q0, high) - first + 1);
        if (count * width <= this.#room && count <= 4 * rows * columns) this.#gather(tile, block, first, count);
        else this.#writeCells(tile, block);
      }
    }
  }

  #gather(tile: Tile, block: Block, first: number, count: number): void {
    const { heads, width = 1 } = this.#encoding;
    const [low, high] = allowed(block);
    const group = Math.min(heads, Math.floor(this.#room / Math.max(1, count * width)));
    for (let head = 0; head < heads; head += group) {
      const n = Math.min(group, heads - head);
      const to = { pointer: this.#diagonal, stride: 4 * count * width, head, heads: n };
      if (count > 0) this.#filler.fill(to, { first, count, list: 0 });
      // biome-ignore format: grouped as the kernel declares it
      this.#engine.kernels.gatherDistances(
        tile.out + head * tile.headStride, tile.headStride, tile.rowStride, to.pointer, to.stride, n, width, tile.rows,
        tile.columns, tile.queries, tile.query, tile.keys, tile.key, first, low, high, block.maskValue, tile.mode);
    }
  }

  /** Distances so far apart that a diagonal over them would cost more than the cells themselves. */
  #writeCells(tile: Tile, block: Block): void {
    const { heads, width = 1, range } = this.#encoding;
    const { kernels } = this.#engine;
    const [low, high] = allowed(block);
    const list = this.#lists + 8 * TILE;
    const stride = 4 * tile.columns * width;
    const group = Math.max(1, Math.min(heads, Math.floor((4 * this.#room) / stride)));
    const clamp = [Math.max(low, range?.low ?? low), Math.min(high, range?.high ?? high)];
    for (let r = 0; r < tile.rows; r++) {
      const query = tile.queryPositions ? tile.queryPositions[r] : tile.query + r;
      kernels.distanceRow(list, query, tile.keys, tile.key, tile.columns, clamp[0], clamp[1]);
      for (let head = 0; head < heads; head += group) {
        const n = Math.min(group, heads - head);
        this.#filler.fill({ pointer: this.#diagonal, stride, head, heads: n }, { first: 0, count: tile.columns, list });
        // biome-ignore format: grouped as the kernel declares it
        kernels.maskRow(
          this.#diagonal, stride, n, width, query, tile.keys, tile.key, tile.columns, low, high, block.maskValue);
        const at = tile.out + head * tile.headStride + r * tile.rowStride;
        // biome-ignore format: grouped as the kernel declares it
        kernels.expandRows(
          at, tile.headStride, tile.rowStride, this.#diagonal, stride, n, 0, 1, tile.columns * width, tile.mode);
      }
    }
  }
}

interface Tile {
  readonly out: number;
  readonly headStride: number;
  readonly rowStride: number;
  readonly rows: number;
  readonly columns: number;
  readonly queryPositions: Int32Array | undefined;
  readonly queries: number;
  readonly query: number;
  readonly keys: number;
  readonly key: number;
  readonly mode: number;
}
