/**
 * What a row of the benchmark is, and the three kinds of rows: a producer writes its output (floor: store), an in-place
 * encoding changes x (floor: load, multiply, store), a joiner reads x and writes out (floor: load, store). A row is one
 * call of one of these functions in bench/<family>.ts; everything a case prepares is outside the timed function.
 */
import { Tensor } from 'posenc';
import type { Lab } from './lab.ts';

/**
 * A competitor: works on its own plain array of the row's size (an in-place peer finds the same numbers in it that ours
 * found in x), or returns what it made, nested lists included.
 */
export type Peer = (own: Float32Array) => unknown;

/** What is timed, prepared. */
export interface Trial {
  readonly ours: () => unknown;
  readonly floor: () => unknown;
  /** What ours writes. */
  readonly result: Tensor;
  /** What `result` holds before the first call, and a peer's own array likewise. */
  readonly start?: Float32Array;
  readonly peers?: Readonly<Record<string, Peer | undefined>>;
  /** Largest difference allowed between a peer's number, rounded to float32, and ours; relative above 1. Default 0. */
  readonly tolerance?: number;
}

export interface Case {
  /** family.encoding.case.size */
  readonly id: string;
  readonly shape: readonly number[];
  /** Bytes written. */
  readonly bytes: number;
  readonly prepare: (lab: Lab) => Trial;
}

type Rest = Pick<Trial, 'ours' | 'peers' | 'tolerance'>;

function describe(id: string, shape: readonly number[], prepare: Case['prepare']): Case {
  return {
    id: `${id}.${shape.join('x')}`,
    shape,
    bytes: 4 * shape.reduce((product, n) => product * n, 1),
    prepare,
  };
}

/** `make` gets a Tensor of `shape` to reuse as `out`, and returns the call to be timed and its peers. */
export function producer(id: string, shape: readonly number[], make: (out: Tensor) => Rest): Case {
  return describe(id, shape, ({ engine, floors }) => {
    const result = Tensor.zeros(shape, { engine });
    const bytes = 4 * result.length;
    return { ...make(result), result, floor: () => floors.fill(result.byteOffset, bytes, 0.5) };
  });
}

/** `make` gets x, filled with numbers in [-1, 1], and returns the call that changes it. */
export function inPlace(id: string, shape: readonly number[], make: (x: Tensor) => Rest): Case {
  return describe(id, shape, ({ engine, floors }) => {
    const start = numbers(shape);
    const result = Tensor.from(start, shape, { engine });
    const bytes = 4 * result.length;
    // a factor of 1 keeps the numbers what they are; it is a parameter, so nothing can be left out
    return { ...make(result), result, start, floor: () => floors.scale(result.byteOffset, bytes, 1) };
  });
}

/** `make` gets x, filled with numbers in [-1, 1], and `out` of the same shape. */
export function joiner(id: string, shape: readonly number[], make: (x: Tensor, out: Tensor) => Rest): Case {
  return describe(id, shape, ({ engine, floors }) => {
    const x = Tensor.from(numbers(shape), shape, { engine });
    const result = Tensor.zeros(shape, { engine });
    const bytes = 4 * result.length;
    return { ...make(x, result), result, floor: () => floors.copy(result.byteOffset, x.byteOffset, bytes) };
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
