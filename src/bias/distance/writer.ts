/**
 * Writes what a bias of the distance fills: a diagonal with masks, and from it rows of a matrix, for consecutive positions or
 * lists of them, in tiles that fit the scratch arena. The kernels: assembly/diagonal.ts.
 */
import { allowed, type Piece, spread, UNLIMITED, type Window } from '../../runtime/block.ts';
import { MULTIPLY, REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Encoding, Filler, HeadRows, Tile } from './encoding.ts';

/** Arena: the filler's parameters | query positions | key positions | distances | the diagonal. */
const TILE = 512;
const LISTS = 4 * TILE + 4 * TILE + 8 * TILE;
/** Floats of a diagonal worth having before heads are split into groups. */
const SHORT = 1024;

export class Writer {
  declare readonly engine: Engine;
  declare readonly filler: Filler;
  declare readonly window: Window;
  declare readonly width: number;
  declare readonly range: Encoding['range'];
  declare readonly head: number;
  declare readonly heads: number;
  /** Bytes between the heads of the result, and between its rows; columns of a row. */
  declare readonly headStride: number;
  declare readonly rowStride: number;
  declare readonly columns: number;
  declare readonly lists: number;
  declare readonly diagonal: number;
  /** Floats of the diagonal. */
  declare readonly room: number;

  /** For heads [head, head + heads) of matrices of `block.rows` and `block.columns`. */
  constructor(
    engine: Engine,
    encoding: Encoding,
    filler: Filler,
    block: Window & { readonly rows: number; readonly columns: number },
    head: number,
    heads: number,
  ) {
    this.engine = engine;
    this.filler = filler;
    this.window = block;
    this.width = encoding.width;
    this.range = encoding.range;
    this.head = head;
    this.heads = heads;
    this.columns = block.columns;
    this.rowStride = 4 * block.columns * this.width;
    this.headStride = block.rows * this.rowStride;
    const arena = engine.scratch();
    filler.load(arena, head, heads);
    this.lists = arena + filler.scratchBytes;
    this.diagonal = this.lists + LISTS;
    this.room = (engine.scratchBytes - filler.scratchBytes - LISTS) >>> 2;
  }

  /** Distances [first, first + count) with masks. */
  fill(to: HeadRows, first: number, count: number): void {
    const { left, right } = this.window;
    // the distances that are not masked are entries [from, end)
    const from = left === UNLIMITED ? 0 : Math.min(Math.max(-left - first, 0), count);
    const end = right === UNLIMITED ? count : Math.max(from, Math.min(right - first + 1, count));
    if (from === 0 && end === count) {
      this.filler.fill(to, { first, count, list: 0 });
      return;
    }
    this.#fillMask(to, 0, from);
    if (end > from) {
      const { pointer, stride, head, heads } = to;
      const inner = { pointer: pointer + 4 * from * this.width, stride, head, heads };
      this.filler.fill(inner, { first: first + from, count: end - from, list: 0 });
    }
    this.#fillMask(to, end, count - end);
  }

  #fillMask(to: HeadRows, start: number, count: number): void {
    if (count <= 0) return;
    const pointer = to.pointer + 4 * start * this.width;
    this.engine.kernels.fillRows(pointer, to.stride, to.heads, count * this.width, this.window.maskValue);
  }

  /** The rows of a piece; `out`: row 0 of its matrix, for the writer's first head. */
  write(out: number, piece: Piece, mode: number): void {
    const at = out + piece.row * this.rowStride;
    const columns = this.columns;
    this.#mask(at, piece.rows, piece.start, mode);
    this.#mask(at + 4 * piece.end * this.width, piece.rows, columns - piece.end, mode);
    const inner = at + 4 * piece.start * this.width;
    if (piece.end <= piece.start) return;
    if (piece.queryPositions || piece.keyPositions) this.#writePositions(inner, piece, mode);
    else this.#writeConsecutive(inner, piece, mode);
  }

  /** Cells that belong to no sequence. A factor of masked cells is 1: it leaves them to the bias that follows. */
  #mask(out: number, rows: number, columns: number, mode: number): void {
    const words = columns * this.width;
    if (words <= 0 || mode === MULTIPLY) return;
    const { kernels } = this.engine;
    const strip = Math.min(words, this.room);
    kernels.fillRows(this.diagonal, 0, 1, strip, this.window.maskValue);
    for (let word = 0; word < words; word += strip) {
      const n = Math.min(strip, words - word);
      // biome-ignore format: grouped as the kernel declares it
      kernels.expandRows(
        out + 4 * word, this.headStride, this.rowStride, this.diagonal, 0, this.heads, 0, rows, n, mode);
    }
  }

  /** Rows and columns of a piece, in tiles whose diagonal fits the arena. */
  #writeConsecutive(out: number, piece: Piece, mode: number): void {
    const width = this.width;
    const rowStride = this.rowStride;
    const headStride = this.headStride;
    const heads = this.heads;
    const filler = this.filler;
    const { kernels } = this.engine;
    const { rows, query } = piece;
    const columns = piece.end - piece.start;
    if (mode === REPLACE && rows <= Math.max(1, filler.directRows)) {
      const head = this.head;
      if (this.filler.rows !== undefined) {
        this.filler.rows(
          {
            out,
            headStride,
            rowStride,
            head,
            heads,
            rows,
            columns,
            query,
            queries: 0,
            queryPositions: undefined,
            key: 0,
            keys: 0,
          },
          piece,
        );
        return;
      }
      for (let r = 0; r < rows; r++) {
        this.fill({ pointer: out + r * rowStride, stride: headStride, head, heads }, 0 - query - r, columns);
      }
      return;
    }
    const { diagonal } = filler;
    if (diagonal !== undefined && this.window.left === UNLIMITED && this.window.right === UNLIMITED) {
      const source = diagonal.pointer + 4 * (-query - diagonal.first) + this.head * diagonal.stride;
      // biome-ignore format: grouped as the kernel declares it
      kernels.expandRows(out, headStride, rowStride, source, diagonal.stride, heads, 4, rows, columns, mode);
      return;
    }
    const needed = rows + columns - 1;
    const group = Math.max(1, Math.min(heads, Math.floor(this.room / (Math.min(needed, SHORT) * width))));
    const length = Math.min(needed, Math.floor(this.room / (group * width)));
    const height = Math.min(rows, length - Math.min(columns, (length + 1) >>> 1) + 1);
    const breadth = Math.min(columns, length - height + 1);
    for (let h = 0; h < heads; h += group) {
      const n = Math.min(group, heads - h);
      for (let row = 0; row < rows; row += height) {
        const tall = Math.min(height, rows - row);
        for (let column = 0; column < columns; column += breadth) {
          const wide = Math.min(breadth, columns - column);
          const entries = tall + wide - 1;
          const to = { pointer: this.diagonal, stride: 4 * entries * width, head: this.head + h, heads: n };
          this.fill(to, column - (query + row + tall - 1), entries);
          const at = out + h * headStride + row * rowStride + 4 * column * width;
          const window = this.diagonal + 4 * (tall - 1) * width;
          // biome-ignore format: grouped as the kernel declares it
          kernels.expandRows(at, headStride, rowStride, window, to.stride, n, 4 * width, tall, wide * width, mode);
        }
      }
    }
  }

  /** Positions in any order, in tiles of the lists: from a diagonal over the distances reached, or one by one. */
  #writePositions(out: number, piece: Piece, mode: number): void {
    const width = this.width;
    const engine = this.engine;
    const [low, high] = allowed(this.window);
    const [queries, keys] = [this.lists, this.lists + 4 * TILE];
    const breadth = Math.min(TILE, Math.floor(this.room / width));
    const across = piece.end - piece.start;
    for (let row = 0; row < piece.rows; row += TILE) {
      const rows = Math.min(TILE, piece.rows - row);
      const queryPositions = piece.queryPositions?.subarray(row, row + rows);
      if (queryPositions) engine.i32.set(queryPositions, queries >>> 2);
      for (let column = 0; column < across; column += breadth) {
        const columns = Math.min(breadth, across - column);
        const keyPositions = piece.keyPositions?.subarray(column, column + columns);
        if (keyPositions) engine.i32.set(keyPositions, keys >>> 2);
        const tile: Tile = {
          out: out + row * this.rowStride + 4 * column * width,
          headStride: this.headStride,
          rowStride: this.rowStride,
          head: this.head,
          heads: this.heads,
          rows,
          columns,
          query: piece.query + row,
          queries: queryPositions ? queries : 0,
          queryPositions,
          key: column,
          keys: keyPositions ? keys : 0,
        };
        if (this.filler.rows !== undefined && mode === REPLACE) {
          this.filler.rows(tile, piece);
          continue;
        }
        const [q0, q1] = spread(queryPositions, tile.query, rows);
        const [k0, k1] = spread(keyPositions, column, columns);
        const first = Math.max(k0 - q1, low);
        const count = Math.max(0, Math.min(k1 - q0, high) - first + 1);
        if (count * width <= this.room && count <= 4 * rows * columns) this.#gather(tile, first, count, mode);
        else this.#writeCells(tile, mode);
      }
    }
  }

  #gather(tile: Tile, first: number, count: number, mode: number): void {
    const width = this.width;
    const { maskValue } = this.window;
    const [low, high] = allowed(this.window);
    const group = Math.min(tile.heads, Math.floor(this.room / Math.max(1, count * width)));
    for (let h = 0; h < tile.heads; h += group) {
      const n = Math.min(group, tile.heads - h);
      const to = { pointer: this.diagonal, stride: 4 * count * width, head: tile.head + h, heads: n };
      if (count > 0) this.filler.fill(to, { first, count, list: 0 });
      // biome-ignore format: grouped as the kernel declares it
      this.engine.kernels.gatherDistances(
        tile.out + h * tile.headStride, tile.headStride, tile.rowStride, to.pointer, to.stride, n, width, tile.rows,
        tile.columns, tile.queries, tile.query, tile.keys, tile.key, first, low, high, maskValue, mode);
    }
  }

  /** Distances so far apart that a diagonal over them would cost more than the cells themselves. */
  #writeCells(tile: Tile, mode: number): void {
    const width = this.width;
    const range = this.range;
    const { maskValue } = this.window;
    const { kernels } = this.engine;
    const [low, high] = allowed(this.window);
    const list = this.lists + 8 * TILE;
    const { headStride, columns } = tile;
    const stride = 4 * columns * width;
    const group = Math.max(1, Math.min(tile.heads, Math.floor((4 * this.room) / stride)));
    const clamp = [Math.max(low, range?.low ?? low), Math.min(high, range?.high ?? high)];
    for (let r = 0; r < tile.rows; r++) {
      const query = tile.queryPositions ? tile.queryPositions[r] : tile.query + r;
      kernels.distanceRow(list, query, tile.keys, tile.key, columns, clamp[0], clamp[1]);
      for (let h = 0; h < tile.heads; h += group) {
        const n = Math.min(group, tile.heads - h);
        this.filler.fill(
          { pointer: this.diagonal, stride, head: tile.head + h, heads: n },
          { first: 0, count: columns, list },
        );
        // biome-ignore format: grouped as the kernel declares it
        kernels.maskRow(
          this.diagonal, stride, n, width, query, tile.keys, tile.key, columns, low, high, maskValue);
        const at = tile.out + h * headStride + r * tile.rowStride;
        // biome-ignore format: grouped as the kernel declares it
        kernels.expandRows(
          at, headStride, tile.rowStride, this.diagonal, stride, n, 0, 1, columns * width, mode);
      }
    }
  }
}
