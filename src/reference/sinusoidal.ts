/**
 * Sinusoidal position encoding, all published layouts: Vaswani et al. 2017 (arXiv 1706.03762) section 3.5,
 * tensor2tensor, fairseq, XLM, Marian, Whisper, complex-order.
 * angle = position * scale * minTimescale * base^(-k/denominator), value = amplitude * sin|cos(angle).
 */
import { div, exp, fixed, lnOf, mul, toNumber } from './fixed.ts';
import { quarterTurnRate, type SinCos, sincos, sincosAt } from './math.ts';
import {
  finiteNumber,
  integerAtLeast,
  onlyKeys,
  output,
  type PositionOptions,
  positionList,
  positiveNumber,
  type ReferenceTensor,
  type Shaped,
  word,
} from './result.ts';
import { routeFrequencies } from './routes.ts';

const PRESETS: Readonly<Record<string, Partial<SinusoidalOptions>>> = {
  whisper: { arrangement: 'concat', denominator: 'half-1', frequencies: 'exp' },
  fairseq: { arrangement: 'concat', denominator: 'half-1', frequencies: 'exp', oddRule: 'zero' },
  tensor2tensor: { arrangement: 'concat', denominator: 'half-1', frequencies: 'exp-float32', oddRule: 'zero' },
  'transformer-xl': { arrangement: 'concat', frequencies: 'pow' },
  marian: { arrangement: 'concat', frequencies: 'float64', oddRule: 'ceil' },
  xlm: { frequencies: 'float64', oddRule: 'ceil' },
  opennmt: { frequencies: 'exp' },
  'pytorch-tutorial': { frequencies: 'exp' },
  nemo: { frequencies: 'exp' },
  espnet: { frequencies: 'exp' },
};

export interface SinusoidalOptions extends PositionOptions {
  /** Columns of the table. */
  readonly dim: number;
  /** Default 10000. */
  readonly base?: number;
  /** 'interleaved': sin0 cos0 sin1 cos1 ...; 'concat': all sines, then all cosines. Default 'interleaved'. */
  readonly arrangement?: 'interleaved' | 'concat';
  /** Multiplies every position. Default 1. */
  readonly scale?: number;
  /** 'half': dim/2 (ceil(dim/2) for oddRule 'truncate'); 'half-1': floor(dim/2) - 1; or a number > 0. Default 'half'. */
  readonly denominator?: 'half' | 'half-1' | number;
  /** An odd dim is an error, or computed wider and cut, or ends with a zero column, or has one more sine. Default 'error'. */
  readonly oddRule?: 'error' | 'truncate' | 'zero' | 'ceil';
  /** Which comes first. Default 'sin-cos'. */
  readonly order?: 'sin-cos' | 'cos-sin';
  /** Multiplies every value. Default 1. */
  readonly amplitude?: number;
  /** Multiplies every frequency. Default 1. */
  readonly minTimescale?: number;
  /** The rows of this position are zero (fairseq's padding_idx). */
  readonly zeroRow?: number;
  /** A published variant; options beside it win. */
  readonly preset?: string;
  /** The route of precision 'torch': 'exp', 'exp-ratio', 'exp-float32', 'pow', 'pow10', 'float64' (as exact). Default 'exp'. */
  readonly frequencies?: string;
  /** The frequencies themselves. */
  readonly invFreq?: ArrayLike<number>;
  /** 'exact': the real-valued formula, rounded once; 'torch': angle = fl32(fl32(fl32(position) * fl32(scale)) * fl32(frequency)). Default 'exact'. */
  readonly precision?: 'exact' | 'torch';
  readonly out?: Float32Array | Shaped;
}

const OPTIONS = [
  'dim',
  'base',
  'arrangement',
  'scale',
  'denominator',
  'oddRule',
  'order',
  'amplitude',
  'minTimescale',
  'zeroRow',
  'precision',
  'preset',
  'frequencies',
  'invFreq',
  'out',
  'length',
  'positions',
  'offset',
];

interface Resolved {
  readonly options: SinusoidalOptions;
  readonly zeroColumn: boolean;
  readonly torch: boolean;
  readonly omega: readonly bigint[];
}

function resolved(name: string, given: SinusoidalOptions): Resolved {
  onlyKeys(name, given, OPTIONS);
  const preset = given.preset === undefined ? {} : PRESETS[word('preset', given.preset, Object.keys(PRESETS))];
  const options = { ...preset, ...given };
  const dim = integerAtLeast('dim', options.dim, 1);
  const base = positiveNumber('base', options.base ?? 10000);
  const minTimescale = finiteNumber('minTimescale', options.minTimescale ?? 1);
  const oddRule = word('oddRule', options.oddRule ?? 'error', ['error', 'truncate', 'zero', 'ceil']);
  const precision = word('precision', options.precision ?? 'exact', ['exact', 'torch']);
  if (dim % 2 === 1 && oddRule === 'error') throw new RangeError(`dim: ${dim} is odd; choose an oddRule`);
  const zeroColumn = dim % 2 === 1 && oddRule === 'zero';
  const count = zeroColumn ? (dim - 1) / 2 : Math.ceil(dim / 2);
  const route = options.frequencies ?? 'exp';
  const torch = precision === 'torch' && (options.invFreq !== undefined || route !== 'float64');
  if (options.invFreq !== undefined) {
    const list = Array.from(options.invFreq, torch ? Math.fround : Number);
    if (list.length !== count) throw new RangeError(`invFreq: expected ${count} numbers, got ${list.length}`);
    return { options, zeroColumn, torch, omega: list.map(fixed) };
  }
  const atLeast = given.preset === 'tensor2tensor' ? 1 : 0;
  const denominator = resolveDenominator(options.denominator ?? 'half', dim, oddRule, atLeast);
  if (torch) {
    const list = routeFrequencies(route, { base, count, denominator });
    return { options, zeroColumn, torch, omega: list.map((f) => fixed(Math.fround(f * Math.fround(minTimescale)))) };
  }
  const lnBase = lnOf(base);
  const omega = Array.from({ length: count }, (_, k) =>
    mul(fixed(minTimescale), exp(-mul(div(fixed(k), fixed(denominator)), lnBase))),
  );
  return { options, zeroColumn, torch, omega };
}

/** The frequencies of a table, in radians per position. */
export function sinusoidalFrequencies(options: SinusoidalOptions): Float64Array {
  return Float64Array.from(resolved('sinusoidalFrequencies', options).omega, (w) => toNumber(w));
}

/** The sinusoidal table [n, dim]. Throws RangeError or TypeError naming the option. */
export function sinusoidal(given: SinusoidalOptions): ReferenceTensor {
  const { options, zeroColumn, torch, omega } = resolved('sinusoidal', given);
  const { dim } = options;
  const scale = finiteNumber('scale', options.scale ?? 1);
  const amplitude = finiteNumber('amplitude', options.amplitude ?? 1);
  const arrangement = word('arrangement', options.arrangement ?? 'interleaved', ['interleaved', 'concat']);
  const cosFirst = word('order', options.order ?? 'sin-cos', ['sin-cos', 'cos-sin']) === 'cos-sin';
  const positions = positionList(options);
  const table = output([positions.length, dim], options.out);
  const frequencies = omega.length;
  const rates = omega.map((w) => quarterTurnRate(mul(fixed(scale), w)));
  const omega32 = omega.map((w) => Math.fround(toNumber(w)));

  positions.forEach((position, row) => {
    for (let k = 0; k < frequencies; k++) {
      const { sin, cos } =
        position === options.zeroRow
          ? { sin: 0, cos: 0 }
          : !torch
            ? scaled(sincosAt(position, rates[k]), amplitude)
            : scaled(
                roundPair(sincos(Math.fround(Math.fround(Math.fround(position) * Math.fround(scale)) * omega32[k]))),
                Math.fround(amplitude),
              );
      const first = arrangement === 'interleaved' ? 2 * k : k;
      const second = arrangement === 'interleaved' ? 2 * k + 1 : frequencies + k;
      table.data[row * dim + first] = cosFirst ? cos : sin;
      // The partner of the last frequency of an odd width does not fit: 'truncate' and 'ceil' leave it out.
      if (second < dim) table.data[row * dim + second] = cosFirst ? sin : cos;
    }
    if (zeroColumn) table.data[row * dim + dim - 1] = 0;
  });
  return table;
}

function scaled({ sin, cos }: SinCos, amplitude: number): SinCos {
  return { sin: amplitude * sin, cos: amplitude * cos };
}

function roundPair({ sin, cos }: SinCos): SinCos {
  return { sin: Math.fround(sin), cos: Math.fround(cos) };
}

function resolveDenominator(given: 'half' | 'half-1' | number, dim: number, oddRule: string, atLeast: number): number {
  if (typeof given === 'number') return positiveNumber('denominator', given);
  if (word('denominator', given, ['half', 'half-1']) === 'half') {
    return oddRule === 'truncate' ? Math.ceil(dim / 2) : dim / 2;
  }
  const value = Math.max(Math.floor(dim / 2) - 1, atLeast);
  if (value < 1) throw new RangeError(`denominator: 'half-1' is ${value} for dim ${dim}; give a number > 0`);
  return value;
}
