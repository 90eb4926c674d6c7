/**
 * Matrices of KERPLE: -p ln(1 + a D) or -a D^p, D = query - key, with two learned numbers a head. Chi et al., arXiv 2205.09921.
 * The numbers are fitted, so a matrix counts only when it has many more distances than they explain.
 */
import { halfUlp, type Stored } from './numbers.ts';

export interface KerpleMatrix {
  readonly kind: 'log' | 'power';
  readonly p: readonly number[];
  readonly a: readonly number[];
  readonly causal: boolean;
  readonly queryOffset: number;
  readonly maxError: number;
}

/** Code that has no -Infinity masks with the smallest number it has. */
const MASKED = -9999;
/** Distances of a head beside the two that its numbers are from. */
const FEWEST = 6;

/** [heads, queries, keys] */
export function kerpleOf(
  data: Float64Array,
  [heads, queries, keys]: readonly [number, number, number],
  stored: Stored,
): KerpleMatrix | undefined {
  for (const queryOffset of new Set([keys - queries, 0])) {
    if (queryOffset < 0) continue;
    const read = profilesOf(data, [heads, queries, keys], queryOffset);
    if (!read) continue;
    for (const kind of ['log', 'power'] as const) {
      const fits = read.profiles.map((profile) => fitHead(profile, kind, stored));
      if (!fits.every((fit): fit is Fit => fit !== undefined)) continue;
      return {
        kind,
        p: fits.map(({ p }) => p),
        a: fits.map(({ a }) => a),
        causal: read.causal,
        queryOffset,
        maxError: Math.max(...fits.map(({ maxError }) => maxError)),
      };
    }
  }
  return undefined;
}

/** Of each head one value for every distance, where the matrix is a function of it; keys after the query are 0, or masked. */
function profilesOf(
  data: Float64Array,
  [heads, queries, keys]: readonly [number, number, number],
  offset: number,
): { readonly profiles: readonly Float64Array[]; readonly causal: boolean } | undefined {
  const longest = offset + queries;
  const profiles = Array.from({ length: heads }, () => new Float64Array(longest).fill(Number.NaN));
  let [masked, open] = [0, 0];
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < keys; j++) {
        const got = data[(h * queries + i) * keys + j];
        const distance = offset + i - j;
        if (distance < 0) {
          if (got <= MASKED) masked++;
          else if (got === 0) open++;
          else return undefined;
          continue;
        }
        if (Number.isNaN(profiles[h][distance])) profiles[h][distance] = got;
        else if (profiles[h][distance] !== got) return undefined;
      }
    }
    if (Math.abs(profiles[h][0]) > 0) return undefined;
  }
  return masked > 0 && open > 0 ? undefined : { profiles, causal: masked > 0 };
}

interface Fit {
  readonly p: number;
  readonly a: number;
  readonly maxError: number;
}

const KERNEL = {
  log: (p: number, a: number, distance: number): number => -p * Math.log1p(a * distance),
  power: (p: number, a: number, distance: number): number => -a * distance ** p,
} as const;

/** From a first guess by two distances to the numbers that all of them are nearest to (Gauss and Newton). */
function fitHead(profile: Float64Array, kind: 'log' | 'power', stored: Stored): Fit | undefined {
  const known = Array.from(profile.keys()).filter((d) => d > 0 && !Number.isNaN(profile[d]));
  const [first, last] = [known[0], known[known.length - 1]];
  if (known.length < FEWEST + 2) return undefined;
  if (!known.every((d, i) => profile[d] < 0 && (i === 0 || profile[d] <= profile[known[i - 1]]))) return undefined;
  const ratio = profile[last] / profile[first];
  const kernel = KERNEL[kind];
  const guess =
    kind === 'log' ? fromLog(profile[last], ratio, first, last) : fromPower(profile[last], ratio, first, last);
  if (!guess) return undefined;
  // in logarithms both numbers stay positive
  let [p, a] = guess.map(Math.log);
  const error = (d: number): number => 1.01 * halfUlp(profile[d], stored) + 4e-7 * Math.abs(profile[d]);
  for (let round = 0; round < 30; round++) {
    let [pp, pa, aa, pr, ar] = [0, 0, 0, 0, 0];
    for (const d of known) {
      const weight = 1 / error(d);
      const at = (dp: number, da: number): number => kernel(Math.exp(p + dp), Math.exp(a + da), d);
      const value = at(0, 0);
      const [byP, byA] = [(at(1e-6, 0) - value) * 1e6 * weight, (at(0, 1e-6) - value) * 1e6 * weight];
      const rest = (profile[d] - value) * weight;
      [pp, pa, aa, pr, ar] = [pp + byP * byP, pa + byP * byA, aa + byA * byA, pr + byP * rest, ar + byA * rest];
    }
    const determinant = pp * aa - pa * pa;
    if (!(Math.abs(determinant) > 1e-30 * pp * aa)) break;
    const step = [(pr * aa - ar * pa) / determinant, (ar * pp - pr * pa) / determinant];
    p += Math.max(-1, Math.min(1, step[0]));
    a += Math.max(-1, Math.min(1, step[1]));
    if (Math.abs(step[0]) + Math.abs(step[1]) < 1e-12) break;
  }
  const [ownP, ownA] = [Math.exp(p), Math.exp(a)];
  if (!(ownP < 1e6 && ownA < 1e6 && ownP > 1e-6 && ownA > 1e-6)) return undefined;
  // a straight line is ALiBi's, and few numbers that differ tell nothing
  if (new Set(known.map((d) => profile[d])).size < FEWEST) return undefined;
  // the numbers are fitted to what was rounded; the roundest that give it are likeliest
  for (let digits = 1; digits <= 12; digits++) {
    const [tryP, tryA] = [ownP, ownA].map((value) => Number(value.toPrecision(digits)));
    const off = known.map((d) => Math.abs(profile[d] - kernel(tryP, tryA, d)));
    if (off.every((value, i) => value <= 1.4 * error(known[i])))
      return { p: tryP, a: tryA, maxError: Math.max(...off) };
  }
  return undefined;
}

/** ln(1 + a last) / ln(1 + a first) falls from last / first to 1 as a grows. */
function fromLog(far: number, ratio: number, first: number, last: number): readonly [number, number] | undefined {
  if (!(ratio > 1 && ratio < last / first)) return undefined;
  let [low, high] = [-20, 30];
  for (let round = 0; round < 100; round++) {
    const middle = (low + high) / 2;
    const a = Math.exp(middle);
    if (Math.log1p(a * last) / Math.log1p(a * first) > ratio) low = middle;
    else high = middle;
  }
  const a = Math.exp(low);
  return [-far / Math.log1p(a * last), a];
}

function fromPower(far: number, ratio: number, first: number, last: number): readonly [number, number] | undefined {
  const p = Math.log(ratio) / Math.log(last / first);
  return p > 0 && p < 2.1 ? [p, -far / last ** p] : undefined;
}
