/**
 * The gauge of the phase kernels: rotary and sinusoidal tables, in exact and torch precision, by decade of position,
 * against the true cos and sin of position * base^(-2k/d). Torch precision rounds the angle itself to float32: its rows
 * show what that costs and have no limit.
 */
import type { Api } from '../golden-runner/api.ts';
import type { Limit, Row } from './gauge.ts';
import { type Pairs, type Reference, reference } from './phaseReference.ts';
import { type Random, random } from './random.ts';
import { ErrorStatistics, REFERENCE_ERROR } from './statistics.ts';

/** Channels of a table; PAIRS frequencies, so 2 * PAIRS values a position. */
const DIM = 64;
const PAIRS = DIM / 2;
/** Positions asked for in one call. */
const BLOCK = 1024;
/** Bases that models use; further blocks draw their own. */
const BASES = [1e4, 5e5, 1e6, 1.5e5];

interface Rows {
  readonly start?: number;
  readonly positions: Float64Array | Int32Array;
}

interface Range {
  readonly name: string;
  readonly limit: Limit;
  /** The positions of block number `index`. `start`: they are consecutive and asked for by length and offset. */
  rows(source: Random, index: number): Rows;
  /** Any double is allowed: every value comes from BigInt, so there are fewer of them. */
  readonly everyDouble?: boolean;
}

const STRICT: Limit = { maxUlp: 0.501, minCorrect: 0.9999 };
const ONE_ULP: Limit = { maxUlp: 1 };

/** Integers in [from, to): blocks in turn consecutive from a seeded start, and scattered. */
function integers(name: string, from: number, to: number, limit: Limit): Range {
  const length = Math.min(BLOCK, to - from);
  return {
    name,
    limit,
    rows(source, index) {
      if (index % 2 === 0) {
        const start = source.integer(from, to - length + 1);
        return { start, positions: Int32Array.from({ length }, (_, i) => start + i) };
      }
      return { positions: Int32Array.from({ length }, () => source.integer(from, to)) };
    },
  };
}

function scattered(name: string, draw: (source: Random) => number, everyDouble?: boolean): Range {
  return {
    name,
    limit: ONE_ULP,
    everyDouble,
    rows: (source) => ({ positions: Float64Array.from({ length: everyDouble ? 32 : BLOCK }, () => draw(source)) }),
  };
}

const LAST = 2 ** 31;

const RANGES: readonly Range[] = [
  integers('0 .. 10', 0, 10, STRICT),
  integers('10 .. 100', 10, 100, STRICT),
  integers('100 .. 10^3', 100, 1e3, STRICT),
  integers('10^3 .. 10^4', 1e3, 1e4, STRICT),
  integers('10^4 .. 10^5', 1e4, 1e5, STRICT),
  integers('10^5 .. 10^6', 1e5, 1e6, STRICT),
  integers('10^6 .. 10^7', 1e6, 1e7, STRICT),
  integers('10^7 .. 2^24', 1e7, 2 ** 24, STRICT),
  integers('2^24 .. 2^31', 2 ** 24, LAST, ONE_ULP),
  integers('2^31-4096 .. 2^31', LAST - 4096, LAST, ONE_ULP),
  scattered('-2^24 .. 0', (source) => -source.integer(1, 2 ** 24)),
  scattered('multiples of 2^-18, |p| < 4096', (source) => source.integer(-(2 ** 30), 2 ** 30) / 2 ** 18),
  scattered('any double, |p| < 10^5', (source) => (source.next() + source.next() / 2 ** 32 - 0.5) * 2e5, true),
];

interface Table {
  readonly cos: ArrayLike<number>;
  readonly sin: ArrayLike<number>;
}

interface Kernel {
  readonly kernel: string;
  readonly precision: 'exact' | 'torch';
  /** [positions, PAIRS] each. */
  table(api: Api, base: number, rows: Record<string, unknown>): Table;
}

function rotary(precision: 'exact' | 'torch'): Kernel {
  return {
    kernel: 'rotary table',
    precision,
    table: (api, base, rows) => {
      const { cos, sin } = api.rotaryTable({ headDim: DIM, ropeTheta: base, precision }, rows);
      return { cos: cos.data, sin: sin.data };
    },
  };
}

function sinusoidal(precision: 'exact' | 'torch'): Kernel {
  return {
    kernel: 'sinusoidal',
    precision,
    table: (api, base, rows) => {
      const { data } = api.sinusoidal({ dim: DIM, base, precision, ...rows });
      const column = (parity: number): number[] => {
        const values: number[] = [];
        for (let i = parity; i < data.length; i += 2) values.push(data[i]);
        return values;
      };
      return { cos: column(1), sin: column(0) };
    },
  };
}

const KERNELS: readonly Kernel[] = [rotary('exact'), rotary('torch'), sinusoidal('exact'), sinusoidal('torch')];

/** Values of the range whose truth comes from BigInt alone, for a request of a million. */
const EVERY_DOUBLE_SHARE = 1 / 64;

/** `only`: names of the ranges to measure, default all. A range draws the same values whichever others are measured. */
export const phase = (api: Api, values: number, only?: readonly string[]): Row[] =>
  RANGES.flatMap((range, index) =>
    only === undefined || only.includes(range.name) ? measure(api, range, values, index + 1) : [],
  );

function measure(api: Api, range: Range, values: number, seed: number): Row[] {
  const source = random(seed);
  const statistics = KERNELS.map(() => new ErrorStatistics());
  const wrong = KERNELS.map(() => new Set<string>());
  const wanted = range.everyDouble ? values * EVERY_DOUBLE_SHARE : values;
  for (let block = 0; statistics[0].count < wanted; block++) {
    const base = BASES[block] ?? 10 ** source.integer(2, 7) * (1 + 9 * source.next());
    const truth = reference(base, PAIRS, PAIRS);
    // Two blocks share their frequencies: one of consecutive positions, one of scattered ones.
    for (let half = 0; half < 2; half++) {
      const rows = range.rows(source, half);
      const pairs = range.everyDouble ? truth.exactly(rows.positions) : truth.byDigits(rows.positions);
      if (!range.everyDouble) spotCheck(truth, rows.positions, pairs, source);
      KERNELS.forEach((kernel, k) => {
        const request =
          rows.start === undefined
            ? { positions: rows.positions }
            : { length: rows.positions.length, offset: rows.start };
        within(api, () => {
          const table = kernel.table(api, base, request);
          collect(statistics[k], wrong[k], table, pairs, rows.positions);
        });
      });
    }
  }
  return KERNELS.map(({ kernel, precision }, k) => ({
    kernel,
    precision,
    range: range.name,
    statistics: statistics[k],
    limit: precision === 'exact' ? range.limit : undefined,
    breaches: [...wrong[k]],
  }));
}

function collect(
  statistics: ErrorStatistics,
  wrong: Set<string>,
  { cos, sin }: Table,
  pairs: Pairs,
  positions: ArrayLike<number>,
): void {
  if (cos.length !== pairs.length / 4 || sin.length !== cos.length) {
    throw new Error(`${cos.length} cosines and ${sin.length} sines for ${pairs.length / 4} pairs`);
  }
  for (let i = 0; i < cos.length; i++) {
    const at = 4 * i;
    statistics.add(cos[i], pairs[at], pairs[at + 1]);
    statistics.add(sin[i], pairs[at + 2], pairs[at + 3]);
    statistics.addDirection(cos[i], sin[i], pairs[at], pairs[at + 2]);
    if (positions[Math.floor(i / PAIRS)] === 0 && (cos[i] !== 1 || sin[i] !== 0)) {
      wrong.add(`position 0 gives (cos ${cos[i]}, sin ${sin[i]}), not (1, 0)`);
    }
  }
}

/** The fast reference against the authority at one position of the block: it must keep the bound it states. */
function spotCheck(truth: Reference, positions: ArrayLike<number>, pairs: Pairs, source: Random): void {
  const row = source.integer(0, positions.length);
  const exact = truth.exactly([positions[row]]);
  for (let i = 0; i < exact.length; i += 2) {
    const at = row * PAIRS * 4 + i;
    const error = Math.abs(pairs[at] - exact[i] + (pairs[at + 1] - exact[i + 1]));
    if (!(error <= REFERENCE_ERROR)) throw new Error(`the reference is off by ${error} at position ${positions[row]}`);
  }
}

function within(api: Api, body: () => void): void {
  if (typeof api.scope === 'function') api.scope(body);
  else body();
}
