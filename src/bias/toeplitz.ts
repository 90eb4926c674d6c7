/**
 * What every bias that depends on key minus query alone shares: an encoding says how to fill a diagonal, this file makes of
 * it the diagonal itself, the matrix, a block of its rows, or an addition onto scores, for any positions, mask and batch.
 */
import { boolean, integer, numbers, size } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, type Operand, operand, output } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import { BIAS_OPTIONS, type BiasOptions, type Block, blockOf, UNLIMITED } from './rows.ts';
import { inMemory, repeatsOf } from './scores.ts';

export interface ToeplitzOptions extends BiasOptions {
  /**
   * Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. A Float32Array outside
   * the engine's memory is staged and copied back.
   */
  readonly addTo?: Tensor | Float32Array;
  /**
   * The diagonal instead of the matrix: [heads, q + k - 1], entry t at distance t - (q - 1) of key column minus query row,
   * as expandDiagonal takes it. Default false.
   */
  readonly diagonal?: boolean;
  /** Valid queries per batch; the result gets a leading [B]. Query row i is at i + keyLengths - queryLengths. */
  readonly queryLengths?: ArrayLike<number>;
  /** Valid keys per batch. Default: keyLength - keyLeftPad. Keys beyond them are not masked: add an attentionMask. */
  readonly keyLengths?: ArrayLike<number>;
  /** Padding in front of the keys per batch: column j is the key at j - keyLeftPad, columns before that get maskValue. */
  readonly keyLeftPad?: ArrayLike<number>;
}

export const TOEPLITZ_OPTIONS = [
  ...BIAS_OPTIONS,
  'addTo',
  'diagonal',
  'queryLengths',
  'keyLengths',
  'keyLeftPad',
] as const;

/** Where a diagonal goes: heads [head, head + heads), stride bytes apart. */
export interface Target {
  readonly pointer: number;
  readonly stride: number;
  readonly head: number;
  readonly heads: number;
}

/** Distances key minus query: count consecutive ones from `first`, or float64 numbers at `list` when it is not 0. */
export interface Distances {
  readonly first: number;
  readonly count: number;
  readonly list: number;
}

/** A bias with its parameters in place. */
export interface Filler {
  /** Bytes of the arena it needs, a multiple of 16. */
  readonly scratchBytes: number;
  /** Up to this many rows are cheaper filled one by one than copied from a diagonal. */
  readonly directRows: number;
  /** Puts parameters into the arena at `pointer`; called once a call, before fill. */
  load(pointer: number): void;
  fill(to: Target, distances: Distances): void;
}

/** What becomes of keys beyond keyLengths: masked, or as flash-attention's construct_local_mask has it. */
export type KeyPadding = 'mask' | 'flash';

/** A bias as a function of distance. */
export interface Encoding {
  readonly name: string;
  readonly heads: number;
  /** Floats of an entry where heads are the last dimension (`heads` is then 1). Default 1. */
  readonly width?: number;
  readonly dtype?: 'float32' | 'int32';
  /** Leading dimensions of size 1 that the result leaves out. Default 0. */
  readonly squeeze?: number;
  /** Distances it is defined for, and what is too short elsewhere. Default: all. */
  readonly range?: { readonly low: number; readonly high: number; readonly option: string };
  /** Default: keys beyond keyLengths are like all others. */
  readonly keyPadding?: KeyPadding;
  /** addTo multiplies the scores by the values instead. Default false. */
  readonly multiply?: boolean;
  /** Defined for consecutive rows of one sequence only. Default false. */
  readonly consecutiveOnly?: boolean;
  /** Tables it reads, by option name. */
  readonly tables?: readonly (readonly [string, Tensor | Float32Array])[];
  bind(engine: Engine, tables: readonly number[], block: Block): Filler;
}

/** Parameters of this many heads fit the smallest arena beside a diagonal. */
const MAX_HEADS = 1024;

/** @throws ERR_SHAPE */
export function headCount(option: string, heads: unknown): number {
  return size(option, heads, 1, MAX_HEADS);
}

/**
 * The bias in the form the options ask for.
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function toeplitz(encoding: Encoding, o: ToeplitzOptions): Tensor {
  const { heads, width = 1, tables = [], dtype = 'float32' } = encoding;
  const batches = batchesOf(encoding, o);
  const block = blockOf(encoding.name, batches ? { ...o, queryOffset: 0 } : o);
  if (encoding.consecutiveOnly && (block.queryPositions || block.keyPositions)) {
    throw new PosencError(
      'ERR_OPTION',
      `${encoding.name}: this form is defined for consecutive rows, without positions`,
    );
  }
  const diagonal = boolean('diagonal', o.diagonal, false);
  if (diagonal)
    refuse(o, 'diagonal', ['queryPositions', 'keyPositions', 'addTo', 'queryLengths', 'keyLengths', 'keyLeftPad']);
  if (o.addTo !== undefined) refuse(o, 'addTo', ['out']);
  const blocks: readonly Placed[] = batches
    ? batches.map(({ shift, pad, keys }) => ({
        ...block,
        query: block.query + shift,
        pad,
        end: keyEnd(encoding.keyPadding, block, pad + keys),
      }))
    : [block];
  for (const b of blocks) checkRange(encoding, b);

  const engine =
    tables.length <= 1
      ? chooseEngine(o.engine, o.out, o.addTo, tables[0]?.[1])
      : chooseEngine(o.engine, o.out, o.addTo, ...tables.map(([, table]) => table));
  const entries = Math.max(0, block.rows + block.columns - 1);
  const sizes = diagonal ? [heads, entries] : [heads, block.rows, block.columns];
  const shape = width > 1 ? [...sizes.slice(1), width] : encoding.squeeze ? sizes.slice(encoding.squeeze) : sizes;
  if (batches) shape.unshift(blocks.length);
  if (o.addTo === undefined) checkOut(engine, o.out, shape, dtype);
  const repeats = o.addTo === undefined ? 1 : repeatsOf(o.addTo, shape);
  for (const [name, table] of tables) {
    checkOverlap(name, 'out', table, o.out, false);
    checkOverlap(name, 'addTo', table, o.addTo, false);
  }
  if (o.addTo !== undefined && !inMemory(engine, o.addTo)) {
    return addToForeign(engine, encoding, o, o.addTo as Float32Array, shape);
  }
  const target =
    o.addTo === undefined
      ? output(engine, o.out, shape, dtype)
      : o.addTo instanceof Tensor
        ? o.addTo
        : new Tensor(engine, repeats === 1 ? shape : [repeats, ...shape], 'float32', o.addTo.byteOffset);
  if (target.length === 0) return target as Tensor;

  const staged: Operand[] = [];
  try {
    for (const [name, table] of tables) staged.push(operand(name, engine, table));
    const filler = encoding.bind(
      engine,
      staged.map((table) => table.pointer),
      block,
    );
    const writer = new Writer(engine, encoding, filler);
    const mode = o.addTo === undefined ? MODE.store : encoding.multiply ? MODE.multiply : MODE.add;
    const matrix = 4 * block.rows * block.columns * width;
    if (diagonal) {
      const to = { pointer: target.byteOffset, stride: 4 * entries * width, head: 0, heads };
      writer.fill(to, 1 - block.rows - block.query, entries, block);
    } else {
      let out = target.byteOffset;
      for (let r = 0; r < repeats; r++) {
        for (const b of blocks) {
          writer.write(out, matrix, b, mode);
          out += heads * matrix;
        }
      }
    }
  } finally {
    for (const table of staged) table.finish();
  }
  return target as Tensor;
}

/** Scores outside the memory: staged, added to, copied back. The Tensor returned holds the same numbers. */
function addToForeign(
  engine: Engine,
  encoding: Encoding,
  o: ToeplitzOptions,
  scores: Float32Array,
  shape: readonly number[],
): Tensor {
  const repeats = repeatsOf(scores, shape);
  const staged = Tensor.from(scores, repeats === 1 ? shape : [repeats, ...shape], { engine });
  try {
    toeplitz(encoding, { ...o, addTo: staged, engine });
  } catch (error) {
    staged.dispose();
    throw error;
  }
  scores.set(staged.data);
  return staged;
}

function refuse(o: ToeplitzOptions, beside: string, names: readonly (keyof ToeplitzOptions)[]): void {
  for (const name of names) {
    if (o[name] !== undefined) throw new PosencError('ERR_OPTION', `${name}: has no meaning beside ${beside}`);
  }
}

interface Batch {
  /** Position of query row 0, and columns of padding in front of the keys. */
  readonly shift: number;
  readonly pad: number;
  /** Valid keys. */
  readonly keys: number;
}

/** The column from which on keys are masked as padding; `end` is where the valid ones end. */
export function keyEnd(keyPadding: KeyPadding | undefined, block: Block, end: number): number {
  const unlimited = keyPadding === undefined || (keyPadding === 'flash' && block.left === UNLIMITED);
  return unlimited ? block.columns : Math.min(block.columns, keyPadding === 'flash' ? end + 1 : end);
}

function batchesOf(encoding: Encoding, o: ToeplitzOptions): Batch[] | undefined {
  if (o.queryLengths === undefined && o.keyLengths === undefined && o.keyLeftPad === undefined) return undefined;
  const given = (['queryLengths', 'keyLengths', 'keyLeftPad'] as const).filter((name) => o[name] !== undefined);
  if (encoding.consecutiveOnly) {
    throw new PosencError('ERR_OPTION', `${given[0]}: this form of ${encoding.name} is defined for one sequence`);
  }
  refuse(o, given[0], ['queryPositions', 'keyPositions', 'queryOffset']);
  return batchList(o);
}

/** Query shift and left padding of every batch. @throws ERR_OPTION, ERR_SHAPE */
export function batchList(
  o: Pick<ToeplitzOptions, 'queryLengths' | 'keyLengths' | 'keyLeftPad' | 'queryLength' | 'keyLength'>,
): Batch[] {
  const count = (o.queryLengths ?? o.keyLengths ?? o.keyLeftPad)!.length;
  const { queryLength, columns: keyLength } = blockOf('lengths', {
    queryLength: o.queryLength,
    keyLength: o.keyLength,
  });
  const list = (name: 'queryLengths' | 'keyLengths' | 'keyLeftPad', max: number) =>
    o[name] === undefined
      ? undefined
      : Array.from(numbers(name, o[name], count), (n, b) => integer(`${name}[${b}]`, n, 0, max));
  const queries = list('queryLengths', queryLength);
  const pads = list('keyLeftPad', keyLength);
  const keys = list('keyLengths', keyLength);
  return Array.from({ length: count }, (_, b) => {
    const pad = pads?.[b] ?? 0;
    const valid = keys?.[b] ?? keyLength - pad;
    return { shift: valid - (queries?.[b] ?? queryLength), pad, keys: valid };
  });
}

/** Columns [pad, end) hold keys, the others padding. Default: all hold keys. */
type Placed = Block & { readonly pad?: number; readonly end?: number };

/** The smallest and largest distance of a block, before masks; undefined when it is empty. */
function extremes(block: Placed): readonly [number, number] | undefined {
  const columns = block.columns - (block.pad ?? 0);
  if (block.rows === 0 || columns === 0) return undefined;
  const [q0, q1] = spread(block.queryPositions, block.query, block.rows);
  const [k0, k1] = spread(block.keyPositions, 0, columns);
  return [k0 - q1, k1 - q0];
}

function spread(list: Int32Array | undefined, first: number, count: number): readonly [number, number] {
  if (!list) return [first, first + count - 1];
  let [low, high] = [list[0], list[0]];
  for (const p of list) {
    if (p < low) low = p;
    if (p > high) high = p;
  }
  return [low, high];
}

/** The distances that are not masked. */
export function allowed({ left, right }: Block): readonly [number, number] {
  return [
    left === UNLIMITED ? Number.NEGATIVE_INFINITY : -left,
    right === UNLIMITED ? Number.POSITIVE_INFINITY : right,
  ];
}

function checkRange({ range, name }: Encoding, block: Placed): void {
  const reached = range && extremes(block);
  if (!reached) return;
  const [low, high] = allowed(block);
  const bad = [Math.max(reached[0], low), Math.min(reached[1], high)].find((d) => d < range.low || d > range.high);
  // positions may leave out the distances in between: what is reached is the two ends
  if (bad === undefined || Math.max(reached[0], low) > Math.min(reached[1], high)) return;
  throw new PosencError(
    'ERR_POSITION',
    `${range.option}: ${name} covers key minus query from ${range.low} to ${range.high}, the lengths or positions reach ${show(bad)}`,
  );
}

/** What a kernel does to the output: assembly/toeplitz.ts. */
const MODE = { store: 0, add: 1, multiply: 2 } as const;

/** A window that no distance is in. */
const NOTHING = { left: -1, right: -1 } as const;

/** Arena: the filler's parameters | query positions | key positions | distances | the diagonal. */
const TILE = 512;
const LISTS = 4 * TILE + 4 * TILE + 8 * TILE;
/** Floats of a diagonal worth having before heads are split into groups. */
const SHORT = 1024;

class Writer {
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
    const { width = 1 } = this.#encoding;
    const [low, high] = allowed(block);
    const from = Math.min(Math.max(low - first, 0), count);
    const end = Math.max(from, Math.min(high - first + 1, count));
    if (from === 0 && end === count) {
      this.#filler.fill(to, { first, count, list: 0 });
      return;
    }
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
    if (mode === MODE.store && rows <= Math.max(1, this.#filler.directRows)) {
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
