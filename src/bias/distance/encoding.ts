/**
 * What a bias of the distance says of itself: how to fill a diagonal, and what is special about it. toeplitz.ts makes the
 * matrix, its rows, the diagonal or an addition onto scores of it; writer.ts moves the numbers.
 */
import {
  BATCH_OPTIONS,
  type BatchOptions,
  BIAS_OPTIONS,
  type BiasOptions,
  type Block,
  type KeyPadding,
  type Piece,
} from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Floats } from '../../runtime/gate.ts';

export interface ToeplitzOptions extends BiasOptions, BatchOptions {
  /**
   * Scores [..., heads, q, k] that the bias is added to, in place; they are also what is returned. A Float32Array outside
   * the engine's memory is staged and copied back.
   */
  readonly addTo?: Floats;
  /**
   * The diagonal instead of the matrix: [heads, q + k - 1], entry t at distance t - (q - 1) of key column minus query row,
   * as expandDiagonal takes it. Default false.
   */
  readonly diagonal?: boolean;
}

export const TOEPLITZ_OPTIONS = [...BIAS_OPTIONS, ...BATCH_OPTIONS, 'addTo', 'diagonal'] as const;

/** Where a diagonal goes: heads [head, head + heads), stride bytes apart. */
export interface HeadRows {
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

/** A rectangle of the matrix with its positions: consecutive from `query` and `key`, or int32 lists where those are not 0. */
export interface Tile {
  /** Its corner, for head `head`. */
  readonly out: number;
  readonly headStride: number;
  readonly rowStride: number;
  readonly head: number;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  readonly query: number;
  readonly queries: number;
  readonly queryPositions: Int32Array | undefined;
  readonly key: number;
  readonly keys: number;
}

/** A bias with its parameters in place. */
export interface Filler {
  /** Bytes of the arena it needs, a multiple of 16. */
  readonly scratchBytes: number;
  /** Up to this many rows are cheaper written one by one than copied from a diagonal. */
  readonly directRows: number;
  /** Puts the parameters of heads [head, head + heads) into the arena at `pointer`; called before they are filled. */
  load(pointer: number, head: number, heads: number): void;
  fill(to: HeadRows, distances: Distances): void;
  /** Writes the cells of a tile, masks included, where that is faster than `fill` row by row. */
  readonly rows: ((tile: Tile, piece: Piece) => void) | undefined;
  /** The diagonal where it lies in memory already: head 0 from distance `first` on, heads `stride` bytes apart. */
  readonly diagonal: { readonly pointer: number; readonly stride: number; readonly first: number } | undefined;
}

/** A bias as a function of distance. Every member is said, so that none is inherited: made by encodingOf. */
export interface Encoding {
  readonly heads: number;
  /** Heads are the last dimension of the result; `heads` is then 1, and the entry of a distance is `width` floats. */
  readonly headsLast: boolean;
  readonly width: number;
  readonly dtype: 'float32' | 'int32';
  /** Leading dimensions of size 1 that the result leaves out. */
  readonly squeeze: number;
  /** Distances it is defined for, and what is too short elsewhere; undefined: all. */
  readonly range: { readonly low: number; readonly high: number; readonly option: string } | undefined;
  /** undefined: keys beyond keyLengths are like all others. */
  readonly keyPadding: KeyPadding | undefined;
  /** addTo multiplies the scores by the values instead. */
  readonly multiply: boolean;
  /** Values that the scores of addTo are multiplied by before these are added. */
  readonly factor: Encoding | undefined;
  /** Defined for consecutive rows of one sequence only. */
  readonly consecutiveOnly: boolean;
  /** Called while the call computes: nothing may fail here. */
  readonly bind: (engine: Engine, block: Block) => Filler;
}

/** An encoding with what is special about it; every member is its own. */
export function encodingOf(
  heads: number,
  bind: Encoding['bind'],
  special?: Partial<Omit<Encoding, 'heads' | 'bind'>>,
): Encoding {
  const encoding: Encoding = {
    heads,
    headsLast: false,
    width: 1,
    dtype: 'float32',
    squeeze: 0,
    range: undefined,
    keyPadding: undefined,
    multiply: false,
    factor: undefined,
    consecutiveOnly: false,
    bind,
  };
  return special === undefined ? encoding : Object.assign(encoding, special);
}
