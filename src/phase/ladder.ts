/**
 * Frequency ladders: the frequencies of an encoding, in radians per position, as double-double numbers. Sinusoidal tables
 * and rotary tables of every scaling differ in nothing but their ladder. Vaswani et al., arXiv 1706.03762, section 3.5.
 */

import { type DD, divNumber, exp, from, ln, mul, mulNumber, neg } from './dd.ts';
import { memo } from './memo.ts';

/**
 * Frequencies hi[k] + lo[k] in radians per position, hi[k] being the nearest float64. Ladders are shared by a memo:
 * do not write into the arrays.
 */
export interface Ladder {
  /** Canonical text of the parameters: equal keys mean equal values. */
  readonly key: string;
  /** Number of frequencies. */
  readonly count: number;
  /** The nearest float64 of each. */
  readonly hi: Float64Array;
  /** What is left of it. */
  readonly lo: Float64Array;
}

const ladders = memo<Ladder>(64);

/** The ladder of `key`; its values are computed by `values` when they are not known yet. */
export function ladderFrom(key: string, values: () => readonly DD[]): Ladder {
  return ladders.get(key, () => {
    const list = values();
    return {
      key,
      count: list.length,
      hi: Float64Array.from(list, (value) => value.hi),
      lo: Float64Array.from(list, (value) => value.lo),
    };
  });
}

/** scale * base^(-k / denominator), k = 0 .. count-1, each within 2^-98. base > 0, denominator > 0. */
export function ladder(options: { base: number; count: number; denominator: number; scale?: number }): Ladder {
  const { base, count, denominator, scale = 1 } = options;
  // a program asks for the same ladder again and again; comparing four numbers beats making the key
  if (
    latest !== undefined &&
    latest.base === base &&
    latest.count === count &&
    latest.denominator === denominator &&
    latest.scale === scale
  ) {
    return latest.ladder;
  }
  const made = ladderFrom(`geometric ${base} ${count} ${denominator} ${scale}`, () =>
    powers({ base: from(base), count, denominator }).map((value) => mulNumber(value, scale)),
  );
  latest = { base, count, denominator, scale, ladder: made };
  return made;
}

let latest: { base: number; count: number; denominator: number; scale: number; ladder: Ladder } | undefined;

/**
 * base^(-k / denominator), k = 0 .. count-1: exponentials where k is a power of two, products of those elsewhere. A program's
 * first call waits for this in code that has never run before, and an exponential costs as much as fifty products.
 */
export function powers(options: { base: DD; count: number; denominator: number }): DD[] {
  const { base, count, denominator } = options;
  const lnBase = neg(ln(base));
  const list: DD[] = [];
  for (let k = 0; k < count; k++) {
    const lowest = k & -k;
    if (k === lowest) list.push(exp(divNumber(mulNumber(lnBase, k), denominator)));
    else list.push(mul(list[k - lowest], list[lowest]));
  }
  return list;
}

/** Frequencies given as doubles, taken as exact. */
export function ladderOf(values: ArrayLike<number>): Ladder {
  // + 0 turns -0 into 0, whose text is the same.
  const list = Array.from(values, (value) => value + 0);
  return ladderFrom(`given ${list.join(' ')}`, () => list.map(from));
}

/** Columns of a table of frequencies: each costs microseconds in double-double, so more are refused at once. */
export const MAX_COLUMNS = 2 ** 16;
