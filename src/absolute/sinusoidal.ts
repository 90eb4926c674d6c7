/**
 * Sinusoidal position table. Vaswani et al., arXiv 1706.03762, section 3.5:
 *   angle(p, k) = p * base^(-k / denominator),   value = sin, cos.
 * The public variants differ in arrangement, denominator, odd widths, one zeroed row, and in torch precision in the route by
 * which their float32 frequencies are made: see docs/absolute.md.
 */
import { MAX_COLUMNS } from '../phase/ladder.ts';
import type { Rows, Target } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { finite, oneOf, size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, gate, type Out } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption, PrecisionOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { writeColumns, zeroColumns } from './axes.ts';
import { type Frequencies, type FrequencyRule, frequenciesOf, mannerOf, RULES } from './frequencies.ts';

type OddRule = 'error' | 'truncate' | 'zero' | 'ceil';
type Arrangement = 'interleaved' | 'concat';
type Order = 'sin-cos' | 'cos-sin';

interface Preset {
  readonly arrangement: Arrangement;
  readonly denominator: 'half' | 'half-1';
  readonly frequencies: FrequencyRule;
  readonly oddRule?: OddRule;
  /** The denominator is at least 1. */
  readonly atLeastOne?: true;
}

/** What the models differ in. */
const PRESETS = {
  whisper: { arrangement: 'concat', denominator: 'half-1', frequencies: 'exp' },
  fairseq: { arrangement: 'concat', denominator: 'half-1', frequencies: 'exp', oddRule: 'zero' },
  tensor2tensor: {
    arrangement: 'concat',
    denominator: 'half-1',
    frequencies: 'exp-float32',
    oddRule: 'zero',
    atLeastOne: true,
  },
  'transformer-xl': { arrangement: 'concat', denominator: 'half', frequencies: 'pow' },
  marian: { arrangement: 'concat', denominator: 'half', frequencies: 'float64', oddRule: 'ceil' },
  xlm: { arrangement: 'interleaved', denominator: 'half', frequencies: 'float64', oddRule: 'ceil' },
  opennmt: { arrangement: 'interleaved', denominator: 'half', frequencies: 'exp' },
  'pytorch-tutorial': { arrangement: 'interleaved', denominator: 'half', frequencies: 'exp' },
  nemo: { arrangement: 'interleaved', denominator: 'half', frequencies: 'exp' },
  espnet: { arrangement: 'interleaved', denominator: 'half', frequencies: 'exp' },
} as const satisfies Record<string, Preset>;

export type SinusoidalPreset = keyof typeof PRESETS;

const presetNames = Object.keys(PRESETS) as SinusoidalPreset[];

/** What decides the frequencies of a sinusoidal table. */
export interface SinusoidalFrequenciesOptions extends PrecisionOption {
  /** Columns of the table. */
  readonly dim: number;
  /** A model's variant; options beside it win. 'whisper', 'fairseq', 'tensor2tensor', 'marian' ...: docs/absolute.md. */
  readonly preset?: SinusoidalPreset;
  /** Default 10000. tensor2tensor: maxTimescale / minTimescale. */
  readonly base?: number;
  /** 'half' = dim / 2 (the paper), 'half-1' (fairseq, Whisper), or a number. Default 'half'. */
  readonly denominator?: 'half' | 'half-1' | number;
  /**
   * What an odd dim does. 'error'; 'truncate': compute dim + 1 columns, drop the last; 'zero': the last column is zero
   * (fairseq, tensor2tensor); 'ceil': one sine more than cosines, denominator dim / 2 (XLM, Marian). Default 'error'.
   */
  readonly oddRule?: OddRule;
  /** Multiplied into every frequency (tensor2tensor). Default 1. */
  readonly minTimescale?: number;
  /** How the float32 frequencies of precision 'torch' are made, see FrequencyRule. Default 'exp'. */
  readonly frequencies?: FrequencyRule;
  /** The frequencies themselves, in radians per position, instead of base, denominator, minTimescale and frequencies. */
  readonly invFreq?: NumberList;
}

export type SinusoidalOptions = RowOptions & SinusoidalTableOptions;

/** What a sinusoidal table is, besides its rows. */
export interface SinusoidalTableOptions extends SinusoidalFrequenciesOptions, OutOption, EngineOption {
  /** 'interleaved': sin, cos, sin, cos ... (the paper); 'concat': all sines, then all cosines. Default 'interleaved'. */
  readonly arrangement?: Arrangement;
  /** 'cos-sin' puts the cosine first. Default 'sin-cos'. */
  readonly order?: Order;
  /** Multiplied into every position. Default 1. */
  readonly scale?: number;
  /** Multiplied into every value. Default 1. */
  readonly amplitude?: number;
  /** The row of this position is all zero (fairseq's padding_idx). */
  readonly zeroRow?: number;
}

const FREQUENCIES = [
  'dim',
  'preset',
  'base',
  'denominator',
  'oddRule',
  'minTimescale',
  'frequencies',
  'invFreq',
  'precision',
] as const;

const OPTIONS = [
  ...FREQUENCIES,
  'length',
  'positions',
  'offset',
  'arrangement',
  'order',
  'scale',
  'amplitude',
  'zeroRow',
  'out',
  'engine',
] as const;

/**
 * The table of `length` consecutive positions from `offset`, or of `positions`.
 * Correctly rounded in precision 'exact' (the default) at any position; precision 'torch' is PyTorch's float32 arithmetic.
 * @param given which positions, `dim` columns, a `preset` or the convention by itself
 * @returns float32 [n, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Vaswani et al., arXiv 1706.03762, section 3.5
 * @example
 * const table = sinusoidal({ preset: 'whisper', length: 1500, dim: 512, precision: 'torch' });
 */
export function sinusoidal(given: SinusoidalOptions): Tensor {
  const o = take('sinusoidal', given, OPTIONS);
  const { dim, preset, oddRule, columns } = widthOf(o);
  const arrangement = oneOf(
    'arrangement',
    o.arrangement,
    ['interleaved', 'concat'],
    preset?.arrangement ?? 'interleaved',
  );
  const order = oneOf('order', o.order, ['sin-cos', 'cos-sin'], 'sin-cos');
  const scale = finite('scale', o.scale, {}, 1);
  const amplitude = finite('amplitude', o.amplitude, {}, 1);
  const zeroRow = o.zeroRow === undefined ? undefined : finite('zeroRow', o.zeroRow);
  const call = gate('sinusoidal', o.engine);
  const { rows, count } = rowsOf(call, o);
  const frequencies = resolved(o, dim, preset, oddRule, columns, scale);
  return sinusoidRows(call, rows, count, { dim, arrangement, oddRule, order, amplitude, zeroRow, frequencies }, o.out);
}

/**
 * The frequencies of a table: column pair k of position p turns by p * result[k] radians. For GPU engines, which upload these few
 * numbers instead of a table, and for comparing with a checkpoint.
 * The nearest float64 to the formula.
 * @param given the options of the table: `dim`, and `base` or a `preset`
 * @returns float64 [ceil(dim / 2)], or floor(dim / 2) with oddRule 'zero'; in precision 'torch' they are float32 numbers
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Vaswani et al., arXiv 1706.03762, section 3.5
 * @example
 * console.log(sinusoidalFrequencies({ dim: 8 })); // Float64Array(4) [ 1, 0.1, 0.01, 0.001 ]
 */
export function sinusoidalFrequencies(given: SinusoidalFrequenciesOptions): Float64Array {
  const o = take('sinusoidalFrequencies', given, FREQUENCIES);
  const { dim, preset, oddRule, columns } = widthOf(o);
  const { ladder, single } = resolved(o, dim, preset, oddRule, columns, 1);
  return Float64Array.from(single ?? ladder.hi);
}

/** The number of frequencies, and what decides it. */
function widthOf(o: SinusoidalFrequenciesOptions) {
  const dim = size('dim', o.dim, 1, MAX_COLUMNS);
  const preset: Preset | undefined =
    o.preset === undefined ? undefined : PRESETS[oneOf('preset', o.preset, presetNames)];
  const oddRule = oneOf('oddRule', o.oddRule, ['error', 'truncate', 'zero', 'ceil'], preset?.oddRule ?? 'error');
  if (dim % 2 === 1 && oddRule === 'error') {
    throw new PosencError(
      'ERR_OPTION',
      `dim: ${dim} is odd; choose an even dim, or an oddRule: 'truncate', 'zero' or 'ceil'`,
    );
  }
  // an odd width has one frequency whose cosine is left out, unless its last column is zero
  const columns = oddRule === 'zero' ? Math.floor(dim / 2) : Math.ceil(dim / 2);
  return { dim, preset, oddRule, columns };
}

function resolved(
  o: SinusoidalFrequenciesOptions,
  dim: number,
  preset: Preset | undefined,
  oddRule: OddRule,
  count: number,
  scale: number,
): Frequencies {
  const precision = oneOf('precision', o.precision, ['exact', 'torch'], 'exact');
  const { invFreq } = o;
  if (invFreq !== undefined) {
    for (const option of ['base', 'denominator', 'minTimescale', 'frequencies'] as const) {
      if (o[option] === undefined) continue;
      throw new PosencError(
        'ERR_OPTION',
        `${option}: has no effect beside invFreq, which is the frequencies themselves`,
      );
    }
    return frequenciesOf({ invFreq, count, precision, scale });
  }
  if (o.frequencies !== undefined && precision === 'exact') {
    throw new PosencError(
      'ERR_OPTION',
      "frequencies: says how float32 frequencies are made, precision 'exact' has none; add precision: 'torch', or leave it out",
    );
  }
  return frequenciesOf({
    base: finite('base', o.base, { above: 0 }, 10000),
    count,
    denominator: denominatorOf(o.denominator ?? preset?.denominator, dim, oddRule, preset),
    minTimescale: finite('minTimescale', o.minTimescale, {}, 1),
    rule: oneOf('frequencies', o.frequencies, RULES, preset?.frequencies ?? 'exp'),
    precision,
    scale,
  });
}

/** @internal Everything of a table but its rows. */
export interface Sinusoid {
  readonly dim: number;
  readonly arrangement: Arrangement;
  readonly oddRule: OddRule;
  readonly order: Order;
  readonly amplitude: number;
  readonly zeroRow?: number;
  readonly frequencies: Frequencies;
}

/** @internal The table of a sinusoid that was checked. */
export function sinusoidRows(call: Call, rows: Rows, count: number, sinusoid: Sinusoid, out: Out | undefined): Tensor {
  const output = call.output('out', out, [count, sinusoid.dim]);
  return call.run((engine) => {
    writeSinusoid(engine, rows, count, sinusoid, output.pointer);
    return output.tensor;
  });
}

/** @internal Writes the table [count, dim] at `to`. */
export function writeSinusoid(engine: Engine, rows: Rows, count: number, sinusoid: Sinusoid, to: number): void {
  const { dim, arrangement, order, zeroRow, frequencies } = sinusoid;
  const how = mannerOf(frequencies, sinusoid.amplitude);
  const stride = 4 * dim;
  const at = (column: number) => to + 4 * column;
  const sinFirst = order === 'sin-cos';
  const odd = dim % 2 === 1;
  const pairs = Math.floor(dim / 2);
  const extra = odd && sinusoid.oddRule !== 'zero';
  const write = (target: Target, from: number, n: number) =>
    writeColumns(engine, frequencies.ladder, rows, how, target, from, n);
  if (arrangement === 'interleaved') {
    write({ store: order, first: at(0), stride }, 0, pairs);
  } else {
    const second = pairs + (extra ? 1 : 0);
    write({ store: 'split', first: at(sinFirst ? 0 : second), second: at(sinFirst ? second : 0), stride }, 0, pairs);
  }
  if (extra) {
    const column = arrangement === 'interleaved' ? dim - 1 : pairs;
    write({ store: sinFirst ? 'sin' : 'cos', first: at(column), stride }, pairs, 1);
  }
  if (odd && !extra) zeroColumns(engine, at(dim - 1), stride, count, 1);
  if (zeroRow !== undefined) {
    for (const row of rowsAt(rows, zeroRow)) zeroColumns(engine, at(row * dim), stride, 1, dim);
  }
}

function denominatorOf(
  given: SinusoidalOptions['denominator'],
  dim: number,
  oddRule: string,
  preset: Preset | undefined,
): number {
  if (given === undefined || given === 'half') return oddRule === 'truncate' ? Math.ceil(dim / 2) : dim / 2;
  if (given === 'half-1') {
    const denominator = Math.max(Math.floor(dim / 2) - 1, preset?.atLeastOne ? 1 : 0);
    if (denominator > 0) return denominator;
    throw new PosencError(
      'ERR_OPTION',
      `denominator: 'half-1' is ${Math.floor(dim / 2) - 1} for dim ${dim}; use dim >= 4, or the number 1 as tensor2tensor does`,
    );
  }
  if (typeof given === 'string') oneOf('denominator', given, ['half', 'half-1']);
  return finite('denominator', given, { above: 0 });
}

function rowsAt(rows: Rows, position: number): number[] {
  if ('positions' in rows) return [...rows.positions.keys()].filter((row) => rows.positions[row] === position);
  const row = position - rows.start;
  return Number.isInteger(row) && row >= 0 && row < rows.count ? [row] : [];
}
