/**
 * What a row of the benchmark is, and the kinds of rows: a producer writes its output (floor: store), an in-place encoding
 * changes x (floor: load, multiply, store), a joiner reads x and writes out (floor: load, store), a conversion has float32 on
 * one side and 16-bit codes on the other (floor: store of the float32 side). A row is one call of one of these functions in
 * bench/<family>.ts; everything a case prepares is outside the timed function.
 */
import { type Dtype, Tensor } from 'posenc';
import type { Lab } from './lab.ts';

/**
 * A competitor: works on its own plain array of the row's size (an in-place peer finds the same numbers in it that ours
 * found in x), or returns what it made: a typed array, or lists, nested ones included.
 */
export type Peer = (own: Float32Array) => unknown;

/** What is timed, prepared. */
export interface Trial {
  readonly ours: () => unknown;
  readonly floor: () => unknown;
  /** What ours writes. */
  readonly result: Tensor<Dtype>;
  /** What `result` holds before the first call, and a peer's own array likewise. */
  readonly start?: Float32Array;
  readonly peers?: Readonly<Record<string, Peer | undefined>>;
  /** Largest difference allowed between a peer's number, rounded to float32, and ours; relative above 1. Default 0. */
  readonly tolerance?: number;
  /** Another call of this package on the same memory that ours is to keep up with; what it computes is its own affair. */
  readonly beside?: { readonly name: string; readonly run: () => unknown };
  /** The kernel calls of ours alone. Default: recorded from a call, where the row is small enough. */
  readonly kernel?: () => unknown;
  /** Calls after which the growth of the JavaScript heap is looked at. Default: it is not. */
  readonly heapCalls?: number;
}

export interface Case {
  /** family.encoding.case.size */
  readonly id: string;
  readonly shape: readonly number[];
  /** Bytes written; of a conversion those of its float32 side. */
  readonly bytes: number;
  readonly prepare: (lab: Lab) => Trial;
}

type Rest = Omit<Trial, 'floor' | 'result' | 'start'>;

function describe(id: string, shape: readonly number[], prepare: Case['prepare']): Case {
  return {
    id: `${id}.${shape.join('x')}`,
    shape,
    bytes: 4 * shape.reduce((product, n) => product * n, 1),
    prepare,
  };
}

/** `make` gets a Tensor of `shape` to reuse as `out`, and returns the call to be timed and its peers. */
export function producer(id: string, shape: readonly number[], make: (out: Tensor, lab: Lab) => Rest): Case {
  return describe(id, shape, (lab) => {
    const { engine, floors } = lab;
    const result = Tensor.zeros(shape, { engine });
    const bytes = 4 * result.length;
    return { ...make(result, lab), result, floor: () => floors.fill(result.byteOffset, bytes, 0.5) };
  });
}

/** `make` gets x, filled with numbers in [-1, 1], and returns the call that changes it. */
export function inPlace(id: string, shape: readonly number[], make: (x: Tensor, lab: Lab) => Rest): Case {
  return describe(id, shape, (lab) => {
    const { engine, floors } = lab;
    const start = numbers(shape);
    const result = Tensor.from(start, shape, { engine });
    const bytes = 4 * result.length;
    // a factor of 1 keeps the numbers what they are; it is a parameter, so nothing can be left out
    return { ...make(result, lab), result, start, floor: () => floors.scale(result.byteOffset, bytes, 1) };
  });
}

/** `make` gets x, filled with numbers in [-1, 1], and `out` of the same shape. */
export function joiner(id: string, shape: readonly number[], make: (x: Tensor, out: Tensor, lab: Lab) => Rest): Case {
  return describe(id, shape, (lab) => {
    const { engine, floors } = lab;
    const x = Tensor.from(numbers(shape), shape, { engine });
    const result = Tensor.zeros(shape, { engine });
    const bytes = 4 * result.length;
    return { ...make(x, result, lab), result, floor: () => floors.copy(result.byteOffset, x.byteOffset, bytes) };
  });
}

/**
 * `make` gets codes of the numbers that it also gets, and returns the call that reads the ones and writes the others. 'widen'
 * reads codes and writes float32, 'narrow' the other way round.
 */
export function conversion(
  id: string,
  dtype: 'bfloat16' | 'float16',
  direction: 'widen' | 'narrow',
  length: number,
  make: (codes: Tensor<Dtype>, floats: Tensor, lab: Lab) => Rest,
): Case {
  return describe(id, [length], (lab) => {
    const floats = Tensor.from(numbers([length]), [length], { engine: lab.engine });
    const codes = Tensor.zeros([length], { dtype, engine: lab.engine });
    // every store of the floor goes to memory of its own: one of the two sides must keep its numbers
    const spare = Tensor.zeros([length], { engine: lab.engine });
    return {
      ...make(codes, floats, lab),
      result: direction === 'widen' ? floats : codes,
      floor: () => lab.floors.fill(spare.byteOffset, 4 * length, 0.5),
    };
  });
}

/** Reproducible numbers in [-1, 1], none of them tiny. */
export function numbers(shape: readonly number[], seed = 1): Float32Array {
  let state = seed;
  const made = new Float32Array(shape.reduce((product, n) => product * n, 1));
  for (let i = 0; i < made.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    made[i] = ((state >>> 8) + 0.5) / 2 ** 23 - 1;
  }
  return made;
}
