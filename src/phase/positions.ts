/** The `length | positions, offset` options that every encoder of positions shares. */
import { exclusive, finite, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';
import { MAX_POSITION, type Positions } from '../runtime/lists.ts';
import type { Rows } from './plan.ts';

/** Consecutive positions. */
export interface ConsecutiveRows {
  /** Number of consecutive positions, from `offset`. */
  readonly length: number;
  /** First position. Default 0. */
  readonly offset?: number;
  readonly positions?: undefined;
}

/** Positions one by one. */
export interface ListedRows {
  /** Positions in any order; fractional and negative ones are fine. Instead of `length` and `offset`. */
  readonly positions: Positions;
  readonly length?: undefined;
  readonly offset?: undefined;
}

export type RowOptions = ConsecutiveRows | ListedRows;

/** @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION */
export function rowsOf(
  call: Call,
  given: { readonly [K in keyof RowOptions]?: ListedRows[K] | ConsecutiveRows[K] },
): { rows: Rows; count: number } {
  if (given.positions !== undefined) {
    exclusive(call.name, 'length', 'positions', given);
    exclusive(call.name, 'offset', 'positions', given);
  }
  const offset = finite('offset', given.offset, { min: -MAX_POSITION, max: MAX_POSITION }, 0);
  if (given.positions === undefined) {
    if (given.length === undefined) {
      throw new PosencError('ERR_OPTION', `${call.name}: give 'length' (consecutive positions) or 'positions'`);
    }
    const count = size('length', given.length, 0);
    if (Math.abs(offset + count) > MAX_POSITION) {
      throw new PosencError('ERR_POSITION', `offset: ${offset} + ${count} rows leave the positions up to 2^53`);
    }
    return { rows: { start: offset, count }, count };
  }
  const list = call.positions('positions', given.positions).data;
  return { rows: { positions: list }, count: list.length };
}
