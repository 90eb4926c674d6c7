/**
 * The gauge of the elementary kernels (mapUnary, mapUnary64, mapPow, mapPow64) against elementaryReference.ts. float32
 * results are to be the nearest ones; float64 results have the bounds that assembly/math states.
 */
import { createEngine, kernelsOf } from '../../src/kernels.ts';
import type { DD } from '../../src/phase/dd.ts';
import { UNARY } from '../../src/runtime/operations.ts';
import type { Api } from '../golden-runner/api.ts';
import * as truth from './elementaryReference.ts';
import type { Limit, Row } from './gauge.ts';
import { type Random, random } from './random.ts';
import { ErrorStatistics } from './statistics.ts';

const BLOCK = 4096;
/** Arguments of a range, as a share of the values asked for: their truth costs some microseconds each. */
const SHARE = 0.1;

type Draw = (source: Random) => number;

/** 53 random bits: 32 alone would leave the low half of every argument zero. */
const unit: Draw = (source) => source.next() + source.next() / 2 ** 32;
const uniform =
  (from: number, to: number): Draw =>
  (source) =>
    from + (to - from) * unit(source);
/** +-2^e, e uniform: every binade is met as often. `signs`: 1 positive only, -1 negative only, 0 both. */
const binades =
  (from: number, to: number, signs: number): Draw =>
  (source) => {
    const magnitude = 2 ** (from + Math.floor((to - from) * source.next())) * (1 + unit(source));
    return (signs === 0 ? source.next() < 0.5 : signs < 0) ? -magnitude : magnitude;
  };

interface Range {
  readonly name: string;
  readonly draw: Draw;
  /** Where float32 results pass below 2^-40, or may be 0, `ErrorStatistics` decides no rounding: only ulps are limited. */
  readonly small?: true;
  /** Beyond float32. */
  readonly doubleOnly?: true;
}

interface Kernel {
  readonly kernel: string;
  readonly truth: (x: number) => DD;
  /** Bound in float64 ulps. */
  readonly ulp: number;
  readonly ranges: readonly Range[];
  /** The exponent, for a power. */
  readonly power?: number;
}

const small = true;
const doubleOnly = true;
const near: Range = { name: '-4 .. 4', draw: uniform(-4, 4) };
const tiny = (signs: number): Range => ({ name: '2^-100 .. 2^-2', draw: binades(-100, -2, signs), small });
const tails = (to: number): Range => ({ name: `-${to} .. ${to}`, draw: uniform(-to, to), small });

const power = (y: number, ulp: number, range: Range): Kernel => ({
  kernel: `pow ${y}`,
  truth: (x) => truth.pow(x, y),
  ulp,
  ranges: [range],
  power: y,
});
const everyBinade: Range = { name: '2^-126 .. 2^127', draw: binades(-126, 127, 1), small };

const KERNELS: readonly Kernel[] = [
  {
    kernel: 'exp',
    truth: truth.exp,
    ulp: 1,
    ranges: [near, tails(87), { name: '-660 .. 709', draw: uniform(-660, 709), doubleOnly }],
  },
  { kernel: 'expm1', truth: truth.expm1, ulp: 1.25, ranges: [near, tiny(0), tails(87)] },
  {
    kernel: 'log',
    truth: truth.log,
    ulp: 1,
    ranges: [
      { name: '0.25 .. 4', draw: uniform(0.25, 4) },
      everyBinade,
      { name: '2^-1074 .. 2^1023', draw: binades(-1074, 1023, 1), doubleOnly },
    ],
  },
  {
    kernel: 'log1p',
    truth: truth.log1p,
    ulp: 1,
    ranges: [
      { name: '-0.99 .. 4', draw: uniform(-0.99, 4) },
      tiny(0),
      { name: '1 .. 2^127', draw: binades(0, 127, 1) },
    ],
  },
  { kernel: 'tanh', truth: truth.tanh, ulp: 2.5, ranges: [near, tiny(0), tails(30)] },
  { kernel: 'sigmoid', truth: truth.sigmoid, ulp: 2.5, ranges: [near, tails(87)] },
  { kernel: 'silu', truth: truth.silu, ulp: 3.5, ranges: [near, tiny(0), tails(87)] },
  { kernel: 'gelu', truth: truth.gelu, ulp: 6, ranges: [near, tiny(0), tails(12)] },
  { kernel: 'softplus', truth: truth.softplus, ulp: 2, ranges: [near, tails(87)] },
  { kernel: 'erf', truth: truth.erf, ulp: 1.25, ranges: [near, tiny(0), tails(6)] },
  power(0.5, 1, everyBinade),
  power(-0.1, 1, everyBinade),
  power(1 / 3, 1, everyBinade),
  power(2.5, 1, { name: '2^-30 .. 2^30', draw: binades(-30, 30, 1), small }),
  power(-17.25, 1, { name: '2^-5 .. 2^5', draw: binades(-5, 5, 1), small }),
];

/** `only`: names of the kernels to measure, default all. */
export const elementary = (_: Api, values: number, only?: readonly string[]): Row[] => {
  const engine = createEngine();
  const rows: Row[] = [];
  KERNELS.forEach((kernel, index) => {
    if (only !== undefined && !only.includes(kernel.kernel)) return;
    kernel.ranges.forEach((range, r) => {
      const seed = 16 * index + r + 1;
      if (!range.doubleOnly) rows.push(measure(engine, kernel, range, values * SHARE, seed, 4));
      rows.push(measure(engine, kernel, range, values * SHARE, seed, 8));
    });
  });
  engine.dispose();
  return rows;
};

type Engine = ReturnType<typeof createEngine>;

function measure(engine: Engine, kernel: Kernel, range: Range, wanted: number, seed: number, bytes: 4 | 8): Row {
  const source = random(seed);
  const statistics = new ErrorStatistics();
  const { kernels, coefficients } = kernelsOf(engine);
  const x = engine.scratch();
  const out = x + bytes * BLOCK;
  const view = bytes === 4 ? engine.f32 : engine.f64;
  while (statistics.count < wanted) {
    for (let i = 0; i < BLOCK; i++) view[x / bytes + i] = range.draw(source);
    if (kernel.power === undefined) {
      const map = bytes === 4 ? kernels.mapUnary : kernels.mapUnary64;
      map(out, x, BLOCK, UNARY[kernel.kernel as keyof typeof UNARY], coefficients);
    } else {
      (bytes === 4 ? kernels.mapPow : kernels.mapPow64)(out, x, BLOCK, kernel.power, coefficients);
    }
    for (let i = 0; i < BLOCK; i++) {
      const { hi, lo } = kernel.truth(view[x / bytes + i]);
      if (bytes === 4) statistics.add(view[out / bytes + i], hi, lo);
      else statistics.addDouble(view[out / bytes + i], hi, lo);
    }
  }
  return {
    kernel: kernel.kernel,
    precision: bytes === 4 ? 'float32' : 'float64',
    range: range.name,
    statistics,
    limit: bytes === 4 ? single(range) : { maxUlp: kernel.ulp },
    breaches: [],
  };
}

function single(range: Range): Limit {
  return range.small ? { maxUlp: 0.50001 } : { maxUlp: 0.50001, minCorrect: 0.9999 };
}
