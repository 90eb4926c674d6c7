/**
 * Which formula made these numbers: a table of sines and cosines, a rotary cache, inverse frequencies, ALiBi, T5's buckets.
 * A formula is named only when it gives every number back within the rounding of the format they are stored in, and when they
 * leave no room for chance; "none of these" is an answer. Arrangements: docs/absolute.md, docs/rotary.md, docs/bias.md.
 *
 * As in diagnose.ts the numbers found here are for a person, or for a call that makes the table anew: Math.sin is good enough.
 */

import { finite, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { listOf, type NumberList } from '../runtime/lists.ts';
import { type AlibiMatrix, alibiOf, type Buckets, bucketsOf, slopesOf } from './identify/biases.ts';
import type { Identification, Identified } from './identify/found.ts';
import { gridWaves } from './identify/grids.ts';
import { type KerpleMatrix, kerpleOf } from './identify/kerple.ts';
import { frequencyCandidates } from './identify/ladders.ts';
import { jointLayouts, separateLayouts, singleLayouts } from './identify/layouts.ts';
import { type Grid, type Stored, storedAs } from './identify/numbers.ts';
import { readingsOf } from './identify/readings.ts';
import { volumeWaves } from './identify/volumes.ts';
import { waves, wavesOfTheirOwn } from './identify/waves.ts';

export type { Identification, Identified } from './identify/found.ts';

/** A list of numbers, nested arrays, or flat `data` with its `shape`. */
type Numbers =
  | ArrayLike<number>
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] }
  | readonly unknown[];

/** More rows are not looked at: the first ones tell the formula. */
const MOST_ROWS = 4096;
const NONE =
  'none of these: sinusoidal tables, rotary caches, time steps, 2-D and 3-D sines and cosines, inverse frequencies, ALiBi, KERPLE, T5 buckets';

/**
 * Which formula made these numbers: every formula that gives all of them back within the rounding of their format, or why none
 * does.
 * A formula must give every number back within the rounding of its format; the search is float64.
 * @param table a Tensor, nested arrays, `{ data, shape }`, a list of numbers, or `{ cos, sin }` of those (a RotaryTable). Rows may be cut out of
 *   a larger table; of sines or cosines alone, and of scaled frequencies, they must follow one another.
 * @param options `divisors`: a list that the frequencies were divided by, where it is known
 * @returns found (the formulas, with the options that make the table anew), also (those that fit less well) and reason
 * @throws ERR_OPTION, ERR_SHAPE for what is no array of numbers
 * @see docs/absolute.md, docs/rotary.md and docs/bias.md name the source of each arrangement
 * @example
 * console.log(identify(sinusoidal({ length: 32, dim: 64 })).found[0].options); // { dim: 64, base: 10000, arrangement: 'interleaved', order: 'sin-cos', denominator: 'half' }
 */
export function identify(
  table: Numbers | { readonly cos: Numbers; readonly sin: Numbers },
  options: IdentifyOptions = {},
): Identification {
  const { divisors: given } = take('identify', options, ['divisors']);
  const divisors = given === undefined ? undefined : listOfDivisors(given);
  const { cos: cosine, sin: sine } = (table ?? {}) as { cos?: unknown; sin?: unknown };
  if (cosine !== undefined && sine !== undefined) {
    const [cos, sin] = [read('cos', cosine), read('sin', sine)];
    if (cos.shape.join() !== sin.shape.join()) {
      throw new PosencError(
        'ERR_SHAPE',
        `sin: expected the shape of cos, [${cos.shape.join(', ')}], got [${sin.shape.join(', ')}]`,
      );
    }
    return separate(gridOf(cos.data, cos.shape), gridOf(sin.data, sin.shape), divisors);
  }
  const { data, shape } = read('table', table);
  if (data.length < 2) return none('too few numbers to tell anything');
  if (data.every((value) => value === data[0])) return none('all numbers are equal');
  return byShape(data, shape.length === 0 ? [data.length] : shape, divisors);
}

/** Numbers that are known of the table. */
export interface IdentifyOptions {
  /** One a pair: what the ladder of frequencies was divided by, such as short_factor or long_factor of a config.json (LongRoPE). */
  readonly divisors?: NumberList;
}

type Divisors = readonly number[] | undefined;
const LISTS = 'which of its two lists a LongRoPE model was asked for, and its original length';

function listOfDivisors(given: unknown): readonly number[] {
  const { values } = listOf('divisors', given);
  return Array.from(values as ArrayLike<number>, (value, i) =>
    finite(`divisors[${i}]`, value, { min: 1e-6, max: 1e6 }),
  );
}

interface Array1 {
  readonly data: Float64Array;
  /** Without axes of length 1. */
  readonly shape: readonly number[];
}

function read(name: string, value: unknown): Array1 {
  const { values, shape } = listOf(name, value);
  const data = new Float64Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const item = values[i];
    data[i] = typeof item === 'bigint' ? Number(item) : (item as number);
    if ((typeof item !== 'number' && typeof item !== 'bigint') || Number.isNaN(data[i]) || data[i] === Infinity) {
      throw new PosencError('ERR_OPTION', `${name}[${i}]: expected a number or -Infinity, got ${show(item)}`);
    }
  }
  const kept = shape.filter((n) => n !== 1);
  return { data, shape: kept };
}

const none = (why: string): Identification => ({ found: [], also: [], reason: why });

/** All axes but the last are rows. */
function gridOf(data: Float64Array, shape: readonly number[]): Grid {
  const columns = shape[shape.length - 1] ?? 1;
  const rows = Math.min(MOST_ROWS, columns === 0 ? 0 : data.length / columns);
  return { rows, columns, data: data.subarray(0, rows * columns) };
}

function byShape(data: Float64Array, shape: readonly number[], divisors: Divisors): Identification {
  const stored = storedAs(data);
  if (shape.length === 1) return firstOf([() => listed(data, stored, divisors)]);
  const finite = data.every(Number.isFinite);
  const grid = gridOf(data, shape);
  const last = shape[shape.length - 1];
  const steps: (() => Identification)[] = [() => buckets(data, shape)];
  if (finite) {
    steps.push(() => joint(grid, stored, false, divisors));
    // cos and sin behind one another, as `posenc table --out t.npy` writes them
    if (shape.length === 3 && shape[0] === 2) {
      const half = data.length / 2;
      const [first, second] = [data.subarray(0, half), data.subarray(half)].map((part) => gridOf(part, shape.slice(1)));
      steps.push(
        () => separate(first, second, divisors),
        () => separate(second, first, divisors),
      );
    }
    if (shape.length === 3 && last === 2) {
      const pairs: Grid = gridOf(data, [shape[0], shape[1] * 2]);
      steps.push(() => joint(pairs, stored, true, divisors));
    }
    steps.push(() => planes(grid, stored, false));
    if (shape.length >= 3) steps.push(() => planes(channelsLast(data, shape), stored, true));
    steps.push(
      () => volumes(grid, stored),
      () => single(grid, stored),
      () => own(grid, stored),
    );
  }
  steps.push(
    () => alibi(data, shape, stored),
    () => kernels(data, shape, stored),
  );
  return firstOf(steps);
}

function firstOf(steps: readonly (() => Identification)[]): Identification {
  for (const step of steps) {
    const result = step();
    if (result.found.length > 0) return result;
  }
  return none(NONE);
}

/** [..., dim, H, W] of the first image as [H W, dim]. */
function channelsLast(data: Float64Array, shape: readonly number[]): Grid {
  const [dim, height, width] = shape.slice(-3);
  const cells = height * width;
  const transposed = new Float64Array(dim * cells);
  for (let c = 0; c < dim; c++) for (let i = 0; i < cells; i++) transposed[i * dim + c] = data[c * cells + i];
  return { rows: cells, columns: dim, data: transposed };
}

function joint(grid: Grid, stored: Stored, complex: boolean, divisors: Divisors): Identification {
  const all = jointLayouts(grid).flatMap((layout) => waves(grid, layout, stored, divisors));
  return readingsOf(all, stored, { complex });
}

function separate(cosine: Grid, sine: Grid, divisors: Divisors): Identification {
  if (cosine.rows === 0 || cosine.columns === 0) return none('too few numbers to tell anything');
  const { grid, layout } = separateLayouts(cosine, sine);
  if (!grid.data.every(Number.isFinite)) return none(NONE);
  const stored = storedAs(grid.data);
  const found = waves(grid, layout, stored, divisors);
  const all = found.length > 0 || divisors ? found : wavesOfTheirOwn(grid, layout, stored);
  const result = readingsOf(all, stored, { complex: false });
  return result.found.length > 0 ? result : none(NONE);
}

/** Cosines and sines in one table, of frequencies that are no ladder's. */
function own(grid: Grid, stored: Stored): Identification {
  const all = jointLayouts(grid).flatMap((layout) => wavesOfTheirOwn(grid, layout, stored));
  return all.length > 0 ? readingsOf(all, stored, { complex: false }) : none(NONE);
}

function volumes(grid: Grid, stored: Stored): Identification {
  const found = volumeWaves(grid, stored).map(
    ({ options, maxError, told, unknown }): Identified => ({
      encoding: 'sincos3d',
      options,
      stored,
      maxError,
      sure: told >= 3 ? 'certain' : 'likely',
      unknown,
    }),
  );
  return { found, also: [], reason: 'sines and cosines of three axes' };
}

function single(grid: Grid, stored: Stored): Identification {
  for (const layout of singleLayouts(grid)) {
    const result = readingsOf(waves(grid, layout, stored), stored, { complex: false });
    if (result.found.length > 0) return result;
  }
  return none(NONE);
}

function planes(grid: Grid, stored: Stored, channelsFirst: boolean): Identification {
  const found = gridWaves(grid, stored, channelsFirst).map(
    ({ options, maxError, told, unknown }): Identified => ({
      encoding: 'sincos2d',
      options,
      stored,
      maxError,
      sure: told >= 3 ? 'certain' : 'likely',
      unknown,
    }),
  );
  const also =
    found[0]?.options.variant === 'timm' ? ['timm with reverseCoord, over the transposed grid, is the same table'] : [];
  return { found: found.slice(0, 1), also, reason: 'sines and cosines of two axes' };
}

/** One axis: inverse frequencies, or slopes. */
function listed(data: Float64Array, stored: Stored, divisors: Divisors): Identification {
  const negative = data.every((value) => value < 0);
  const values = negative ? data.map((value) => -value) : data;
  const rule = slopesOf(values, stored);
  const also: string[] = [];
  const found: Identified[] = [];
  if (rule) {
    const { slopes, heads, alibiBiasMax, from, maxError } = rule;
    found.push({
      encoding: 'alibiSlopes',
      options: {
        heads,
        slopes,
        alibiBiasMax,
        ...(from !== undefined && { fromHead: from }),
        ...(negative && { negated: true }),
      },
      stored,
      maxError,
      sure: heads >= 4 ? 'certain' : 'likely',
      unknown: heads < 4 ? ['so few slopes are powers of two of many things'] : [],
    });
    if (slopes === 'press' && Number.isInteger(Math.log2(heads)))
      also.push('all orders of slopes are equal for a power of two');
  }
  // inverse frequencies are positive and begin with the fastest
  const [frequency] = negative || data.length < 3 ? [] : frequencyCandidates(data, stored, divisors);
  if (frequency && !(rule && frequency.digits > 2)) {
    const { ladder, scaling, divisors: list } = frequency;
    const error = Math.max(...frequency.frequencies.map((f, k) => Math.abs(f - data[k])));
    const options = { rotaryDim: 2 * data.length, ropeTheta: ladder.base, ...scaling, ...(list && { divisors: list }) };
    if (rule)
      also.push(`inverse frequencies of base ${ladder.base}${scaling ? ` with ${scaling.ropeType} scaling` : ''}`);
    else {
      const round = frequency.digits < 6;
      const unknown = list
        ? [LISTS]
        : round
          ? []
          : ['the base is not round: it may have been raised (NTK) or belong to another width'];
      found.push({
        encoding: 'invFreq',
        options,
        stored,
        maxError: error,
        sure: round ? 'certain' : 'likely',
        unknown,
      });
    }
  }
  return { found, also, reason: found.length > 0 ? 'a list that one rule gives' : NONE };
}

function buckets(data: Float64Array, shape: readonly number[]): Identification {
  if (shape.length !== 2) return none(NONE);
  const fits: Buckets[] = bucketsOf(data, shape[0], shape[1]);
  if (fits.length === 0) return none(NONE);
  const [{ numBuckets, maxDistance, bidirectional, queryOffset }] = fits;
  const others = fits.slice(1, 4).map((fit) => `numBuckets ${fit.numBuckets}, maxDistance ${fit.maxDistance}`);
  return {
    found: [
      {
        encoding: 't5Buckets',
        options: { numBuckets, maxDistance, bidirectional, queryLength: shape[0], keyLength: shape[1], queryOffset },
        stored: 'int32',
        maxError: 0,
        sure: fits.length === 1 ? 'certain' : 'likely',
        unknown: fits.length === 1 ? [] : ['numBuckets and maxDistance: distances are too short to tell them apart'],
      },
    ],
    also: others.map((text) => `buckets with ${text}`),
    reason: 'ids of buckets of distances',
  };
}

/** [heads, queries, keys], or one head. */
function kernels(data: Float64Array, shape: readonly number[], stored: Stored): Identification {
  if (shape.length < 2 || shape.length > 3) return none(NONE);
  const tries =
    shape.length === 3
      ? [shape]
      : [
          [1, ...shape],
          [shape[0], 1, shape[1]],
        ];
  for (const [heads, queries, keys] of tries) {
    const fit = kerpleOf(data, [heads, queries, keys], stored);
    if (fit) return kernel(fit, queries, keys, stored);
  }
  return none(NONE);
}

function kernel(fit: KerpleMatrix, queries: number, keys: number, stored: Stored): Identification {
  const { kind, p, a, causal, queryOffset, maxError } = fit;
  const found: Identified = {
    encoding: 'kerple',
    options: {
      kind,
      p,
      a,
      ...(causal && { causal }),
      queryLength: queries,
      keyLength: keys,
      ...(queryOffset !== keys - queries && { queryOffset }),
    },
    stored,
    maxError,
    sure: 'likely',
    unknown: ['p and a are learned: these are fitted to the numbers, as round as they allow'],
  };
  return { found: [found], also: [], reason: 'a kernel of the distance with two numbers a head' };
}

function alibi(data: Float64Array, shape: readonly number[], stored: Stored): Identification {
  const tries: (readonly [number, number, number])[] =
    shape.length === 3
      ? [[shape[0], shape[1], shape[2]]]
      : shape.length === 2
        ? [
            [1, shape[0], shape[1]],
            [shape[0], 1, shape[1]],
          ]
        : [];
  for (const [heads, queries, keys] of tries) {
    const fits: AlibiMatrix[] = alibiOf(data, [heads, queries, keys], stored);
    const best = fits.find(({ rule }) => rule) ?? (heads > 1 && queries === 1 ? undefined : fits[0]);
    if (!best) continue;
    const { form, causal, queryOffset, slopes, rule, maxError } = best;
    const unknown: string[] = [];
    if (!rule)
      unknown.push(heads === 1 ? 'how many heads there are: one slope is told' : 'the rule of these slopes (learned?)');
    const words = rule ? { slopes: rule.slopes, alibiBiasMax: rule.alibiBiasMax } : { slopes };
    const shard = rule?.from === undefined ? {} : { fromHead: rule.from };
    const found: Identified = {
      encoding: 'alibi',
      options: {
        heads: form === 'nonsymmetric' ? 2 * slopes.length : (rule?.heads ?? slopes.length),
        ...words,
        ...shard,
        form,
        ...(causal && { causal }),
        queryLength: queries,
        keyLength: keys,
        ...(queryOffset !== undefined && queryOffset !== keys - queries && { queryOffset }),
      },
      stored,
      maxError,
      sure: rule && slopes.length >= 2 ? 'certain' : 'likely',
      unknown,
    };
    const also = fits
      .filter((fit) => fit !== best && fit.form !== form)
      .map((fit) => `form '${fit.form}' gives the same numbers here`);
    return { found: [found], also, reason: 'a bias linear in the distance' };
  }
  return none(NONE);
}
