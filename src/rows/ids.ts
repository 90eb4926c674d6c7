/** Row numbers of a table as its gatherers take them: checked integers, handed to the kernels in blocks of the scratch arena. */
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';

/** Row numbers, int32 in value, in a copy of their own, with their shape. */
export interface RowIds {
  readonly ids: Int32Array | Float64Array;
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
  const { data: ids, shape } = call.integers(option, value, -MAX_ID, MAX_ID);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0 && id < rows) continue;
    if (beyond !== 'zero' || id < rows) throw outside(`${option}[${i}]`, id, rows);
    ids[i] = -1;
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
  const ids = new Int32Array(length);
  for (let t = 0; t < length; t++) ids[t] = offset + t < rows ? offset + t : -1;
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
  ids: RowIds['ids'],
  run: (first: number, count: number, pointer: number) => void,
): void {
  const block = engine.scratchBytes >>> 2;
  const pointer = engine.scratch();
  for (let first = 0; first < ids.length; first += block) {
    const count = Math.min(block, ids.length - first);
    const words = engine.i32;
    // not set(): between arrays of two kinds it costs as much as twenty numbers
    for (let i = 0, at = pointer >>> 2; i < count; i++) words[at + i] = ids[first + i];
    run(first, count, pointer);
  }
}
