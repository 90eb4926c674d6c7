/**
 * Slopes and matrices of ALiBi (Press et al., arXiv 2108.12409; orders and forms of the public implementations: docs/bias.md),
 * and tables of T5's buckets (Raffel et al., arXiv 1910.10683; mesh `_relative_position_bucket`).
 */
import { halfUlp, type Stored, tidy } from './numbers.ts';

export interface Slopes {
  readonly slopes: 'press' | 'geometric';
  readonly heads: number;
  readonly alibiBiasMax: number;
  /** Of a larger number of heads: a shard. */
  readonly from?: number;
  readonly maxError: number;
}

const powers = (count: number, largest: number): number[] =>
  Array.from({ length: count }, (_, h) => 2 ** ((-largest * (h + 1)) / count));

/** Press and MPT: those of the power of two above, every second one first. Equal for a power of two. */
function pressSlopes(heads: number, largest: number): number[] {
  const above = 2 ** Math.ceil(Math.log2(heads));
  const all = powers(above, largest);
  if (above === heads) return all;
  return [...all.filter((_, i) => i % 2 === 1), ...all.filter((_, i) => i % 2 === 0)].slice(0, heads);
}

/** Which rule chose these slopes; all of them, or a run of a larger number of heads. */
export function slopesOf(values: ArrayLike<number>, stored: Stored, slack = 0): Slopes | undefined {
  const count = values.length;
  if (count < 2) return undefined;
  const near = (wanted: readonly number[], from: number): number => {
    let worst = 0;
    for (let h = 0; h < count; h++) {
      const want = wanted[from + h];
      const error = Math.abs(values[h] - want);
      if (!(error <= halfUlp(want, stored) * 1.01 + (2e-7 + slack) * want)) return Number.NaN;
      worst = Math.max(worst, error);
    }
    return worst;
  };
  for (const alibiBiasMax of [8, 16, 4, 32]) {
    for (const slopes of ['press', 'geometric'] as const) {
      const maxError = near((slopes === 'press' ? pressSlopes : powers)(count, alibiBiasMax), 0);
      if (!Number.isNaN(maxError)) return { slopes, heads: count, alibiBiasMax, maxError };
    }
  }
  if (count < 4) return undefined;
  // heads of a larger model, as a device of several holds them
  for (const heads of [8, 12, 16, 20, 24, 32, 40, 48, 56, 64, 71, 96, 112, 128].filter((n) => n > count)) {
    const all = pressSlopes(heads, 8);
    for (let from = 0; from + count <= heads; from++) {
      const maxError = near(all, from);
      if (!Number.isNaN(maxError)) return { slopes: 'press', heads, alibiBiasMax: 8, from, maxError };
    }
  }
  return undefined;
}

export interface AlibiMatrix {
  readonly form: 'distance' | 'tril' | 'key' | 'key-last-zero' | 'nonsymmetric';
  readonly causal: boolean;
  /** Position of the first row; undefined where the form does not depend on it. */
  readonly queryOffset?: number;
  readonly slopes: readonly number[];
  readonly rule?: Slopes;
  readonly maxError: number;
}

/** Code that has no -Infinity masks with the smallest number it has. */
const MASKED = -9999;

type Form = (i: number, j: number, keys: number) => number;
const FORMS: Readonly<Record<Exclude<AlibiMatrix['form'], 'nonsymmetric'>, Form>> = {
  distance: (i, j) => -Math.abs(i - j),
  tril: (i, j) => -Math.max(i - j, 0),
  key: (_, j) => j,
  'key-last-zero': (_, j, keys) => j - (keys - 1),
};

/** [heads, queries, keys] */
export function alibiOf(
  data: Float64Array,
  [heads, queries, keys]: readonly [number, number, number],
  stored: Stored,
): AlibiMatrix[] {
  if (keys < 3 || queries < 1) return [];
  const offsets = [...new Set([keys - queries, 0, ...zeroOf(data, queries, keys)])].filter((n) => n >= 0);
  const found: AlibiMatrix[] = [];
  for (const form of ['distance', 'tril', 'key', 'key-last-zero'] as const) {
    const shifted = form === 'distance' || form === 'tril';
    for (const offset of shifted ? offsets : [0]) {
      const fit = fitForm(data, [heads, queries, keys], FORMS[form], offset, stored);
      // more precise slopes came from a longer line: one rounding of the product each
      const rule = fit && slopesOf(fit.slopes, stored, 2e-7);
      if (fit) found.push({ form, ...fit, ...(shifted && { queryOffset: offset }), ...(rule && { rule }) });
      if (fit) break;
    }
  }
  const both = nonsymmetric(data, [heads, queries, keys], stored);
  return both ? [both] : found;
}

/** The first half of the heads sees keys up to the query, the second half, with the same slopes, keys from the query on. */
function nonsymmetric(
  data: Float64Array,
  [heads, queries, keys]: readonly [number, number, number],
  stored: Stored,
): AlibiMatrix | undefined {
  if (heads % 2 !== 0 || queries !== keys) return undefined;
  const half = (heads / 2) * queries * keys;
  const shape = [heads / 2, queries, keys] as const;
  // seen from the end, keys after the query are keys before it
  const mirrored = data.slice(half);
  for (let h = 0; h < heads / 2; h++) mirrored.subarray(h * queries * keys, (h + 1) * queries * keys).reverse();
  const [before, after] = [data.subarray(0, half), mirrored].map((part) =>
    fitForm(part, shape, FORMS.distance, 0, stored),
  );
  if (!before?.causal || !after?.causal) return undefined;
  if (before.slopes.some((slope, h) => Math.abs(slope - after.slopes[h]) > 1e-2 * slope)) return undefined;
  const rule = slopesOf(before.slopes, stored, 2e-7);
  const maxError = Math.max(before.maxError, after.maxError);
  return {
    form: 'nonsymmetric',
    causal: false,
    slopes: before.slopes,
    queryOffset: 0,
    ...(rule && { rule }),
    maxError,
  };
}

/** Queries whose first row has its zero at this key. */
function zeroOf(data: Float64Array, queries: number, keys: number): number[] {
  const row = Array.from(data.subarray(0, keys));
  const zero = row.lastIndexOf(0);
  return zero < 0 || queries === 0 ? [] : [zero];
}

function fitForm(
  data: Float64Array,
  [heads, queries, keys]: readonly [number, number, number],
  form: Form,
  offset: number,
  stored: Stored,
): { slopes: number[]; causal: boolean; maxError: number } | undefined {
  const slopes: number[] = [];
  let [masked, open, maxError] = [0, 0, 0];
  for (let h = 0; h < heads; h++) {
    const plane = data.subarray(h * queries * keys, (h + 1) * queries * keys);
    let [best, reach] = [0, 0];
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < keys; j++) {
        const unit = form(offset + i, j, keys);
        if (Math.abs(unit) <= reach || plane[i * keys + j] <= MASKED) continue;
        [best, reach] = [plane[i * keys + j] / unit, Math.abs(unit)];
      }
    }
    if (!(best > 0) || reach < 2) return undefined;
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < keys; j++) {
        const got = plane[i * keys + j];
        if (got <= MASKED) {
          if (j <= offset + i) return undefined;
          masked++;
          continue;
        }
        if (j > offset + i) open++;
        const want = best * form(offset + i, j, keys);
        const error = Math.abs(got - want);
        // slope, then product are rounded to the stored format
        if (!(error <= 3 * halfUlp(want, stored) + 4e-7 * Math.abs(want))) return undefined;
        maxError = Math.max(maxError, error);
      }
    }
    slopes.push(tidy(best));
  }
  if (masked > 0 && open > 0) return undefined;
  return { slopes, causal: masked > 0, maxError };
}

export interface Buckets {
  readonly numBuckets: number;
  readonly maxDistance: number;
  readonly bidirectional: boolean;
  readonly queryOffset: number;
}

/** Every public choice of buckets that gives this table of ids, [queries, keys]; the usual one first. */
export function bucketsOf(data: ArrayLike<number>, queries: number, keys: number): Buckets[] {
  if (queries * keys < 8) return [];
  let top = 0;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isInteger(data[i]) || data[i] < 0) return [];
    top = Math.max(top, data[i]);
  }
  if (top < 3 || top > 2048) return [];
  const found: Buckets[] = [];
  for (const queryOffset of new Set([0, keys - queries])) {
    for (const numBuckets of [32, 64, 128, 16, 256, 320, 8, 24, 48, 512]) {
      for (const maxDistance of [128, 256, 64, 512, 1024, 800, 32, 16, 2048]) {
        for (const bidirectional of [true, false]) {
          const exact = Math.floor(numBuckets / (bidirectional ? 4 : 2));
          if (numBuckets <= top || maxDistance <= exact) continue;
          const choice = { numBuckets, maxDistance, bidirectional, queryOffset };
          if (givesAll(choice, data, queries, keys)) found.push(choice);
        }
      }
    }
  }
  return found;
}

function givesAll(choice: Buckets, data: ArrayLike<number>, queries: number, keys: number): boolean {
  const memo = new Map<number, number>();
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      const distance = j - (i + choice.queryOffset);
      const want = memo.get(distance) ?? bucket(distance, choice);
      memo.set(distance, want);
      if (data[i * keys + j] !== want) return false;
    }
  }
  return true;
}

function bucket(distance: number, { numBuckets, maxDistance, bidirectional }: Buckets): number {
  const count = bidirectional ? Math.floor(numBuckets / 2) : numBuckets;
  const upper = bidirectional && distance > 0 ? count : 0;
  const n = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(count / 2);
  if (n < exact) return upper + n;
  // a distance on the border belongs to the upper bucket, whatever the logarithm rounds to
  const steps = (Math.log(n / exact) / Math.log(maxDistance / exact)) * (count - exact);
  return upper + Math.min(count - 1, exact + Math.floor(steps + 1e-7));
}
