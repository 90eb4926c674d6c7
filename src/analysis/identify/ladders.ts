/**
 * Ladders of frequencies base^(-k / denominator), and what scalings make of them: from measured frequencies to the numbers
 * that people set. Scalings: position interpolation (arXiv 2306.15595), Llama 3.1 (meta-llama/llama-models `apply_scaling`),
 * YaRN (arXiv 2309.00071).
 */
import type { Layout } from './layouts.ts';
import { halfUlp, line, roundest, type Stored } from './numbers.ts';

export interface Ladder {
  readonly base: number;
  readonly denominator: number;
}

/** In the library's words. */
export type Scaling =
  | { readonly ropeType: 'linear'; readonly factor: number }
  | {
      readonly ropeType: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositionEmbeddings: number;
    }
  | {
      readonly ropeType: 'yarn';
      readonly factor: number;
      readonly originalMaxPositionEmbeddings: number;
      readonly truncate?: false;
    };

export interface Candidate {
  readonly ladder: Ladder;
  readonly scaling?: Scaling;
  /** What the ladder is divided by, pair by pair (LongRoPE). */
  readonly divisors?: readonly number[];
  readonly frequencies: readonly number[];
  /** Significant digits of the base: fewer are likelier. */
  readonly digits: number;
}

export const plainLadder = ({ base, denominator }: Ladder, pairs: number): number[] =>
  Array.from({ length: pairs }, (_, k) => base ** (-k / denominator));

/** Denominators that public code has: half the width, half less one, and what odd widths make of them. */
function denominators({ width, pairs, zeroColumn, name, order }: Layout): number[] {
  if (name !== 'interleaved' && name !== 'concat') return [pairs];
  const half = zeroColumn ? [pairs, width / 2] : width % 2 === 1 ? [width / 2, (width + 1) / 2] : [width / 2];
  const less = Math.floor(width / 2) - 1;
  return less > 0 && order !== 'cos' && order !== 'sin' ? [...half, less] : half;
}

/** Ladders that grow by `growth` a pair (in logarithms), as far as it is known. */
export function ladderCandidates(
  layout: Layout,
  growth: number,
  error: number,
): (Ladder & { readonly digits: number })[] {
  const list: (Ladder & { digits: number })[] = [];
  denominators(layout).forEach((denominator, rank) => {
    const slack = Math.max(4 * error, 1e-8) * denominator;
    const centre = growth * denominator;
    if (!(Math.abs(centre) < 60) || slack > 1.5) return;
    for (const { value, digits } of roundest(Math.exp(centre - slack), Math.exp(centre + slack)))
      if (value > 1.5) list.push({ base: value, denominator, digits: digits + rank / 8 });
  });
  // what nearly all tables have is tried also where the numbers tell little
  const wide = denominators(layout).map((denominator, rank) => ({ base: 10000, denominator, digits: 1 + rank / 8 }));
  return [...list, ...wide.filter(({ base, denominator }) => Math.abs(Math.log(base) / denominator - growth) < 0.1)];
}

/** Published lengths before an extension. */
const LENGTHS = Array.from({ length: 10 }, (_, i) => 2 ** (10 + i));

/**
 * Ladders, scaled or not, that agree with measured frequencies; NaN where nothing was measured. `errors`: how far each may be
 * off, relative to itself.
 */
export function scaledLadders(layout: Layout, measured: readonly number[], errors: readonly number[]): Candidate[] {
  const steady = steadyPart(measured, errors);
  if (!steady) return [];
  const { growth, error, first, count } = steady;
  const list: Candidate[] = [];
  const plain = ladderCandidates(layout, growth, error).filter(({ digits }) => digits < 9);
  const loose = plain.length > 0 ? plain : ladderCandidates(layout, growth, error);
  const divided = Math.abs(first - 1) > 4 * steady.firstError + 1e-4;
  for (const { base, denominator, digits } of loose) {
    const ladder = { base, denominator };
    const frequencies = plainLadder(ladder, layout.pairs);
    if (divided) {
      const slack = Math.max(4 * steady.firstError, 1e-6);
      for (const factor of roundest(1 / first / (1 + slack), (1 / first) * (1 + slack))) {
        const scaling = { ropeType: 'linear', factor: factor.value } as const;
        const scaled = frequencies.map((f) => f / factor.value);
        list.push({ ladder, scaling, frequencies: scaled, digits: digits + factor.digits / 8 });
      }
      continue;
    }
    list.push({ ladder, frequencies, digits });
    if (count < layout.pairs) list.push(...ramps(ladder, frequencies, measured, errors, digits));
  }
  return list;
}

/** The pairs from the fastest on that grow by one factor. */
function steadyPart(
  measured: readonly number[],
  errors: readonly number[],
): { growth: number; error: number; first: number; firstError: number; count: number } | undefined {
  const ks: number[] = [];
  const logs: number[] = [];
  const weights: number[] = [];
  for (let k = 0; k < measured.length; k++) {
    const f = measured[k];
    if (!(f > 0)) {
      if (ks.length < 2) continue;
      break;
    }
    if (ks.length >= 2) {
      const fit = line(ks, logs, weights);
      const { total, mean, spread } = spreadOf(ks, weights);
      const predicted = Math.sqrt(1 / total + ((k - mean) / spread) ** 2);
      if (Math.abs(fit.at0 + fit.slope * k - Math.log(f)) > 5 * (errors[k] + predicted)) break;
    }
    ks.push(k);
    logs.push(Math.log(f));
    weights.push(1 / errors[k] ** 2);
  }
  if (ks.length < 2) return undefined;
  const fit = line(ks, logs, weights);
  const { total, mean, spread } = spreadOf(ks, weights);
  return {
    growth: -fit.slope,
    error: Math.max(fit.error, 1 / spread),
    first: Math.exp(fit.at0),
    firstError: Math.max(1 / Math.sqrt(total), mean / spread, fit.error),
    count: ks.length,
  };
}

/** Weight, weighted mean, and the weighted distance from it. */
function spreadOf(ks: readonly number[], weights: readonly number[]): { total: number; mean: number; spread: number } {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = ks.reduce((sum, k, i) => sum + k * weights[i], 0) / total;
  const spread = Math.sqrt(ks.reduce((sum, k, i) => sum + weights[i] * (k - mean) ** 2, 0));
  return { total, mean, spread };
}

/** Fast pairs kept, slow ones divided, a ramp between. */
function ramps(
  ladder: Ladder,
  plain: readonly number[],
  measured: readonly number[],
  errors: readonly number[],
  digits: number,
): Candidate[] {
  // the slowest pair that was measured well
  let last = measured.length - 1;
  while (last > 0 && !(measured[last] > 0 && errors[last] < 0.01)) last--;
  const divisor = plain[last] / measured[last];
  if (!(divisor > 1.05)) return [];
  const list: Candidate[] = [];
  const factors = roundest(divisor * 0.97, divisor * 1.03).filter((factor) => factor.digits < 9);
  for (const { value: factor } of factors) {
    for (const original of LENGTHS) {
      for (const [lowFreqFactor, highFreqFactor] of [
        [1, 4],
        [1, 1],
      ]) {
        const scaling = { ropeType: 'llama3', factor, lowFreqFactor, highFreqFactor } as const;
        list.push({
          ladder,
          scaling: { ...scaling, originalMaxPositionEmbeddings: original },
          frequencies: llama3(plain, factor, lowFreqFactor, highFreqFactor, original),
          digits,
        });
      }
      for (const truncate of [true, false]) {
        const scaling = { ropeType: 'yarn', factor, originalMaxPositionEmbeddings: original } as const;
        list.push({
          ladder,
          scaling: truncate ? scaling : { ...scaling, truncate },
          frequencies: yarn(ladder, plain, factor, original, truncate),
          digits,
        });
      }
    }
  }
  // only what is near the measured ones is worth making a table of
  return list.filter(({ frequencies }) =>
    measured.every((f, k) => !(f > 0) || Math.abs(frequencies[k] / f - 1) < 0.03 + 3 * errors[k]),
  );
}

function llama3(plain: readonly number[], factor: number, low: number, high: number, original: number): number[] {
  return plain.map((f) => {
    const turns = (original * f) / (2 * Math.PI);
    if (turns > high) return f;
    if (turns < low || high === low) return turns < low ? f / factor : f;
    const smooth = (turns - low) / (high - low);
    return (1 - smooth) * (f / factor) + smooth * f;
  });
}

/** beta_fast 32 and beta_slow 1, as every published file has them. */
function yarn(
  { base, denominator }: Ladder,
  plain: readonly number[],
  factor: number,
  original: number,
  truncate: boolean,
): number[] {
  const width = 2 * denominator;
  const pair = (turns: number): number => (width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  let [low, high] = [pair(32), pair(1)];
  if (truncate) [low, high] = [Math.floor(low), Math.ceil(high)];
  low = Math.max(low, 0);
  high = Math.min(high, width - 1);
  if (low === high) high += 0.001;
  return plain.map((f, k) => {
    const ramp = Math.min(1, Math.max(0, (k - low) / (high - low)));
    return f * (1 - ramp) + (f / factor) * ramp;
  });
}

/** Bases of published models. */
export const BASES = [1e4, 5e5, 1e6, 1e5, 1.5e5, 2.5e5, 5e4, 4e4, 2e6, 5e6, 8e6, 1e7, 2e7, 1e8];
/** More than chance gives: the bits that all divisors together must be known to beyond their decimals. */
const EVIDENCE = 48;

/**
 * A ladder divided by a list of numbers, one a pair, that have at most three decimals, as LongRoPE's search writes them. Any
 * decreasing list is such a ladder for some divisors: the decimals are what tells the base, so that only precise numbers do.
 */
export function listedLadders(layout: Layout, measured: readonly number[], errors: readonly number[]): Candidate[] {
  if (!measured.every((f) => f > 0)) return [];
  const denominator = layout.pairs;
  for (const decimals of [1, 2, 3]) {
    for (const base of BASES) {
      const ladder = { base, denominator };
      const plain = plainLadder(ladder, layout.pairs);
      let bits = 0;
      const divisors = plain.map((f, k) => {
        const divisor = f / measured[k];
        // numbers of a file are float32
        const slack = divisor * (errors[k] + 1.5e-7) * 10 ** decimals;
        const units = Math.round(divisor * 10 ** decimals);
        // a divisor that is not known to its decimals is not known
        if (slack > 0.4 || !(Math.abs(divisor * 10 ** decimals - units) <= slack) || divisor < 0.5 || divisor > 1000)
          bits = Number.NaN;
        bits += Math.max(0, -Math.log2(2 * slack));
        return units / 10 ** decimals;
      });
      if (!(bits > EVIDENCE) || divisors.every((divisor) => divisor === divisors[0])) continue;
      return [{ ladder, divisors, frequencies: plain.map((f, k) => f / divisors[k]), digits: 1 }];
    }
  }
  return [];
}

/** A list of inverse frequencies, scaled or not; `divisors`: what the ladder may have been divided by. */
export function frequencyCandidates(
  values: ArrayLike<number>,
  stored: Stored,
  divisors?: readonly number[],
): Candidate[] {
  const measured = Array.from(values);
  const layout: Layout = {
    name: 'half',
    order: 'cos',
    pairs: measured.length,
    width: measured.length,
    zeroColumn: false,
  };
  const near = (wanted: readonly number[]): boolean =>
    wanted.every((f, k) => Math.abs(f - measured[k]) <= halfUlp(f, stored) * 1.01 + 4e-7 * f);
  const errors = measured.map((f) => halfUlp(f, stored) / f + 2e-7);
  const plain = divisors
    ? dividedLadders(layout, measured, errors, divisors)
    : [...scaledLadders(layout, measured, errors), ...listedLadders(layout, measured, errors)];
  return plain.filter(({ frequencies }) => near(frequencies)).sort((a, b) => a.digits - b.digits);
}

/** Ladders that agree with measured frequencies once these are multiplied by a list that is given. */
export function dividedLadders(
  layout: Layout,
  measured: readonly number[],
  errors: readonly number[],
  divisors: readonly number[],
): Candidate[] {
  if (divisors.length !== layout.pairs) return [];
  const undone = measured.map((f, k) => f * divisors[k]);
  return scaledLadders(layout, undone, errors).flatMap((candidate) =>
    candidate.scaling
      ? []
      : [{ ...candidate, divisors, frequencies: candidate.frequencies.map((f, k) => f / divisors[k]) }],
  );
}
