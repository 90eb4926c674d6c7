/** Row numbers of a table as its gatherers take them: checked integers, handed to the kernels in blocks of the scratch arena. */
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';

/** Row numbers, in a copy of their own, with their shape. */
export interface RowIds {
  readonly ids: Int32Array;
  readonly shape: readonly number[];
}

/**
 * The ids and their shape. An id outside 0 .. rows - 1 is ERR_POSITION, or -1 (a zero row) with `beyond: 'zero'` where it is
 * not negative.
 */
export function rowIds(
  call: Call,
  option: string,
  value: unknown,
  rows: number,
  beyond: 'error' | 'zero' = 'error',
): RowIds {
  const { data, shape } = call.integers(option, value, -MAX_ID, MAX_ID);
  const ids = new Int32Array(data.length);
  for (let i = 0; i < ids.length; i++) {
    const id = data[i];
    if (id >= 0 && id < rows) ids[i] = id;
    else if (beyond === 'zero' && id >= rows) ids[i] = -1;
    else throw outside(`${option}[${i}]`, id, rows);
  }
  return { ids, shape };
}

/** Ids offset .. offset + length - 1: their last is checked before the list is made. */
export function consecutiveIds(
  length: number,
  offset: number,
  rows: number,
  beyond: 'error' | 'zero' = 'error',
): RowIds {
  if (length > 0 && offset + length > rows && beyond === 'error') {
    throw outside(`offset + length - 1`, offset + length - 1, rows);
  }
  const ids = Int32Array.from({ length }, (_, t) => (offset + t < rows ? offset + t : -1));
  return { ids, shape: [length] };
}

/** Integers beyond this are positions of no table. */
const MAX_ID = 2 ** 53;

export function outside(what: string, id: number, rows: number): PosencError {
  return new PosencError(
    'ERR_POSITION',
    `${what}: row ${id} of a table with rows 0 to ${rows - 1}; tables do not extrapolate, see hierarchicalPositions and resizePositionTable`,
  );
}

/** Calls `run(first, count, pointer of the int32 ids)` for blocks of the list. */
export function forIdBlocks(
  engine: Engine,
  ids: Int32Array,
  run: (first: number, count: number, pointer: number) => void,
): void {
  const block = engine.scratchBytes >>> 2;
  const pointer = engine.scratch();
  for (let first = 0; first < ids.length; first += block) {
    const part = ids.length <= block ? ids : ids.subarray(first, first + block);
    engine.i32.set(part, pointer >>> 2);
    run(first, part.length, pointer);
  }
}
