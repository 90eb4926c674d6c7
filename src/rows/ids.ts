/** Row numbers of a table as its gatherers take them: checked integers, handed to the kernels in blocks of the scratch arena. */
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { elementsOf } from '../runtime/shapes.ts';

/** Row numbers: a list, or integers with a shape such as positionIds returns. */
export type RowIds =
  | ArrayLike<number | bigint>
  | { readonly data: ArrayLike<number | bigint>; readonly shape: readonly number[] };

/**
 * The ids and their shape. An id outside 0 .. rows - 1 is ERR_POSITION, or -1 (a zero row) with `beyond: 'zero'` where it is
 * not negative.
 */
export function rowIds(
  engine: Engine,
  option: string,
  value: unknown,
  rows: number,
  beyond: 'error' | 'zero' = 'error',
): { ids: Int32Array; shape: readonly number[] } {
  const given = value as { data?: ArrayLike<unknown>; shape?: readonly number[]; length?: number } | null | undefined;
  const tensor = given !== null && typeof given === 'object' && given.data !== undefined;
  const list = (tensor ? given.data : given) as ArrayLike<unknown>;
  if (list === null || typeof list !== 'object' || typeof list.length !== 'number') {
    throw new PosencError('ERR_OPTION', `${option}: expected integers, or { data, shape }, got ${show(value)}`);
  }
  const shape = tensor ? given.shape : [list.length];
  if (!Array.isArray(shape) || elementsOf(shape) !== list.length) {
    throw new PosencError('ERR_SHAPE', `${option}: the shape does not hold its ${list.length} numbers`);
  }
  if (list instanceof Int32Array && allWithin(engine, list, rows)) return { ids: list, shape };
  const ids = new Int32Array(list.length);
  for (let i = 0; i < ids.length; i++) {
    const id = typeof list[i] === 'bigint' ? Number(list[i]) : list[i];
    if (typeof id !== 'number' || !Number.isInteger(id)) {
      throw new PosencError('ERR_OPTION', `${option}[${i}]: expected an integer, got ${show(list[i])}`);
    }
    if (id >= 0 && id < rows) ids[i] = id;
    else if (beyond === 'zero' && id >= rows) ids[i] = -1;
    else {
      throw new PosencError(
        'ERR_POSITION',
        `${option}[${i}]: row ${id} of a table with rows 0 to ${rows - 1}; tables do not extrapolate, see hierarchicalPositions and resizePositionTable`,
      );
    }
  }
  return { ids, shape };
}

/** What nearly every call holds: nothing to convert, nothing to refuse. */
function allWithin(engine: Engine, ids: Int32Array, rows: number): boolean {
  let within = true;
  const check = (_: number, count: number, pointer: number) => {
    within &&= engine.kernels.idsWithin(pointer, count, rows) === 1;
  };
  // always copied: the caller may have changed them since the last call
  forIdBlocks(engine, ids, check, false);
  return within;
}

/**
 * Calls `run(first, count, pointer of the int32 ids)` for blocks of the list. held: the arena still has them from rowIds, in
 * the same call.
 */
export function forIdBlocks(
  engine: Engine,
  ids: Int32Array,
  run: (first: number, count: number, pointer: number) => void,
  held = engine.scratchHolds === ids,
): void {
  const block = engine.scratchBytes >>> 2;
  const pointer = engine.scratch(ids.length <= block ? ids : undefined);
  for (let first = 0; first < ids.length; first += block) {
    const part = ids.length <= block ? ids : ids.subarray(first, first + block);
    if (!held) engine.i32.set(part, pointer >>> 2);
    run(first, part.length, pointer);
  }
}
