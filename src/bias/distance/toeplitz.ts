/**
 * What every bias that depends on key minus query alone shares: an encoding says how to fill a diagonal, this file makes of
 * it the diagonal itself, the matrix, a block of its rows, or an addition onto scores, for any positions, mask and batch.
 */
import { boolean, integer, size } from '../../runtime/arguments.ts';
import {
  allowed,
  BIAS_OPTIONS,
  type BiasOptions,
  type Block,
  blockOf,
  spread,
  UNLIMITED,
} from '../../runtime/block.ts';
import { ADD, MULTIPLY, REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError, show } from '../../runtime/errors.ts';
import { numbers } from '../../runtime/lists.ts';
import { checkOut, checkOverlap, engineOf, type Operand, operand, output } from '../../runtime/operands.ts';
import { Tensor } from '../../runtime/tensor.ts';
import { inMemory, repeatsOf } from '../target.ts';
import { type Placed, Writer } from './writer.ts';

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
  const { heads, width = 1, tables = NO_TABLES, dtype = 'float32' } = encoding;
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
  const blocks: readonly Placed[] | undefined = batches?.map(({ shift, pad, keys }) => ({
    ...block,
    query: block.query + shift,
    pad,
    end: keyEnd(encoding.keyPadding, block, pad + keys),
  }));
  if (encoding.range) for (const b of blocks ?? [block]) checkRange(encoding, b);

  // lists of their final length, here and below: one that grows makes room for sixteen more
  const arrays = new Array<unknown>(tables.length + 2);
  for (let i = 0; i < tables.length; i++) arrays[i] = tables[i][1];
  arrays[tables.length] = o.out;
  arrays[tables.length + 1] = o.addTo;
  const engine = engineOf(o.engine, arrays);
  const entries = Math.max(0, block.rows + block.columns - 1);
  const sizes = diagonal ? [heads, entries] : [heads, block.rows, block.columns];
  const shape = width > 1 ? [...sizes.slice(1), width] : encoding.squeeze ? sizes.slice(encoding.squeeze) : sizes;
  if (blocks) shape.unshift(blocks.length);
  if (o.addTo === undefined) checkOut(engine, o.out, shape, dtype);
  const repeats = o.addTo === undefined ? 1 : repeatsOf(o.addTo, shape);
  for (let i = 0; i < tables.length; i++) {
    checkOverlap(tables[i][0], 'out', tables[i][1], o.out, false);
    checkOverlap(tables[i][0], 'addTo', tables[i][1], o.addTo, false);
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

  const staged = new Array<Operand | undefined>(tables.length);
  try {
    const pointers = new Array<number>(tables.length);
    for (let i = 0; i < tables.length; i++) {
      const table = operand(tables[i][0], engine, tables[i][1]);
      staged[i] = table;
      pointers[i] = table.pointer;
    }
    const writer = new Writer(engine, encoding, encoding.bind(engine, pointers, block));
    const mode = o.addTo === undefined ? REPLACE : encoding.multiply ? MULTIPLY : ADD;
    const matrix = 4 * block.rows * block.columns * width;
    if (diagonal) {
      const to = { pointer: target.byteOffset, stride: 4 * entries * width, head: 0, heads };
      writer.fill(to, 1 - block.rows - block.query, entries, block);
    } else {
      let out = target.byteOffset;
      for (let r = 0; r < repeats; r++) {
        for (let i = 0; i < (blocks?.length ?? 1); i++) {
          writer.write(out, matrix, blocks ? blocks[i] : block, mode);
          out += heads * matrix;
        }
      }
    }
  } finally {
    for (let i = 0; i < staged.length; i++) staged[i]?.finish();
  }
  return target as Tensor;
}

const NO_TABLES: NonNullable<Encoding['tables']> = [];

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

/** The smallest and largest distance of a block, before masks; undefined when it is empty. */
function extremes(block: Placed): readonly [number, number] | undefined {
  const columns = block.columns - (block.pad ?? 0);
  if (block.rows === 0 || columns === 0) return undefined;
  const [q0, q1] = spread(block.queryPositions, block.query, block.rows);
  const [k0, k1] = spread(block.keyPositions, 0, columns);
  return [k0 - q1, k1 - q0];
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
