/**
 * Embedding of diffusion time steps: a sinusoidal row [sin | cos] of each step t, angle = scale t maxPeriod^(-k / (half - shift)),
 * half = floor(dim / 2), an odd dim ends with a zero column. Ho et al., arXiv 2006.11239; diffusers get_timestep_embedding.
 * Flow-matching policies (pi0, SmolVLA) give the periods themselves: 2 pi t / (minPeriod (maxPeriod / minPeriod)^(k / (half - 1))).
 */
import { div, divNumber, from, mul, TWO_PI } from '../phase/dd.ts';
import { ladderFrom, MAX_COLUMNS, powers } from '../phase/ladder.ts';
import { checkFrequencies, type Rows } from '../phase/plan.ts';
import { boolean, finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { JOIN_ADD } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { NumberList, Positions } from '../runtime/lists.ts';
import type { EngineOption, OutOption, PrecisionOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type Frequencies, type FrequencyRule, frequenciesOf, RULES } from './frequencies.ts';
import { type Sinusoid, sinusoidRows, writeSinusoid } from './sinusoidal.ts';

interface Preset {
  readonly flipSinToCos: boolean;
  readonly downscaleFreqShift: number;
  readonly scale?: number;
  /** Default 'angle'. */
  readonly scaleOrder?: 'step' | 'angle';
  /** Default 'exp-ratio'. */
  readonly frequencies?: FrequencyRule;
  /** Default 10000. */
  readonly maxPeriod?: number;
  readonly minPeriod?: number;
  readonly fractional?: 'sine' | 'lerp';
}

/** What the models differ in. `downscaleFreqShift` is the number subtracted from half in the exponent's denominator. */
const PRESETS = {
  ddpm: { flipSinToCos: false, downscaleFreqShift: 1 },
  'stable-diffusion': { flipSinToCos: true, downscaleFreqShift: 0 },
  sd3: { flipSinToCos: true, downscaleFreqShift: 0 },
  'guided-diffusion': { flipSinToCos: true, downscaleFreqShift: 0 },
  dit: { flipSinToCos: true, downscaleFreqShift: 0 },
  flux: { flipSinToCos: true, downscaleFreqShift: 0, scale: 1000, scaleOrder: 'step' },
  'f5-tts': { flipSinToCos: false, downscaleFreqShift: 1, scale: 1000, scaleOrder: 'step', frequencies: 'exp' },
  diffwave: {
    flipSinToCos: false,
    downscaleFreqShift: 1,
    maxPeriod: 1e-4,
    frequencies: 'pow10',
    fractional: 'lerp',
  },
  pi0: { flipSinToCos: false, downscaleFreqShift: 1, minPeriod: 4e-3, maxPeriod: 4, frequencies: 'float64' },
} as const satisfies Record<string, Preset>;

export type TimestepPreset = keyof typeof PRESETS;

/** Which model's embedding it is: by its name, or by what the models differ in. */
type Variant =
  | {
      /**
       * 'ddpm': [sin | cos], shift 1; 'stable-diffusion', 'sd3', 'guided-diffusion', 'dit': [cos | sin], shift 0; 'flux': the same,
       * steps in [0, 1] times 1000; 'f5-tts' (CosyVoice too), 'diffwave', 'pi0' (SmolVLA too): docs/absolute.md. Options beside
       * it win. Without it give `flipSinToCos` and `downscaleFreqShift`.
       */
      readonly preset: TimestepPreset;
      /** Cosines first. Default: the preset's. */
      readonly flipSinToCos?: boolean;
      /** Subtracted from half in the denominator of the exponent. Default: the preset's. */
      readonly downscaleFreqShift?: number;
    }
  | {
      readonly preset?: undefined;
      /** Cosines first. */
      readonly flipSinToCos: boolean;
      /** Subtracted from half in the denominator of the exponent. */
      readonly downscaleFreqShift: number;
    };

export type TimestepEmbeddingOptions = Variant & CommonOptions;

interface CommonOptions extends PrecisionOption, OutOption, EngineOption {
  /** Columns. */
  readonly dim: number;
  /** Multiplied into every step. Default: the preset's, else 1. */
  readonly scale?: number;
  /** Precision 'torch': the scale is multiplied into the finished angle (diffusers) or into the step. Default 'angle'. */
  readonly scaleOrder?: 'angle' | 'step';
  /** The longest period is 2 pi maxPeriod steps; beside minPeriod it is maxPeriod steps. Default 10000. */
  readonly maxPeriod?: number;
  /** The shortest period, in steps: column k has the period minPeriod (maxPeriod / minPeriod)^(k / (half - 1)) (pi0). */
  readonly minPeriod?: number;
  /**
   * What a fractional step is: the sine of the fraction, or the mix of the rows of the two whole steps around it, as in a table
   * that is looked up ('lerp', DiffWave). Default 'sine'.
   */
  readonly fractional?: 'sine' | 'lerp';
  /** With 'lerp': rows of the model's table; steps beyond maxSteps - 1 are refused. */
  readonly maxSteps?: number;
  /** How the float32 frequencies of precision 'torch' are made, see FrequencyRule. Default 'exp-ratio' (diffusers). */
  readonly frequencies?: FrequencyRule;
  /** The frequencies themselves, floor(dim / 2) of them, in radians per scaled step. */
  readonly invFreq?: NumberList;
}

const OPTIONS = [
  'dim',
  'preset',
  'flipSinToCos',
  'downscaleFreqShift',
  'scale',
  'scaleOrder',
  'maxPeriod',
  'minPeriod',
  'fractional',
  'maxSteps',
  'frequencies',
  'invFreq',
  'precision',
  'out',
  'engine',
] as const;

/**
 * One row for each time step, fractional ones included.
 * Correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic of diffusers.
 * @param timesteps n numbers, whole or not
 * @param given a `preset` or the convention by itself, and `dim` columns
 * @returns float32 [steps, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Ho et al., DDPM, arXiv 2006.11239; diffusers get_timestep_embedding
 * @example
 * console.log(timestepEmbedding([0, 500.5], { preset: 'ddpm', dim: 128 }).shape); // [ 2, 128 ]
 */
export function timestepEmbedding(timesteps: Positions, given: TimestepEmbeddingOptions): Tensor {
  const o = take('timestepEmbedding', given, OPTIONS);
  const dim = size('dim', o.dim, 2, MAX_COLUMNS);
  const preset: Preset | undefined =
    o.preset === undefined ? undefined : PRESETS[oneOf('preset', o.preset, presetNames)];
  const flipSinToCos = o.flipSinToCos ?? preset?.flipSinToCos;
  const downscaleFreqShift = o.downscaleFreqShift ?? preset?.downscaleFreqShift;
  if (flipSinToCos === undefined || downscaleFreqShift === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      `preset: give one of ${presetNames.join(', ')}, or both flipSinToCos and downscaleFreqShift; there is no common default`,
    );
  }
  const half = Math.floor(dim / 2);
  const shift = finite('downscaleFreqShift', downscaleFreqShift);
  if (!(half - shift > 0)) {
    throw new PosencError('ERR_OPTION', `downscaleFreqShift: ${shift} leaves no denominator for half = ${half}`);
  }
  const flip = boolean('flipSinToCos', flipSinToCos, false);
  const fractional = oneOf('fractional', o.fractional, ['sine', 'lerp'], preset?.fractional ?? 'sine');
  if (o.maxSteps !== undefined && fractional !== 'lerp') {
    throw new PosencError('ERR_OPTION', "maxSteps: says how long the table of fractional: 'lerp' is; leave it out");
  }
  const call = gate('timestepEmbedding', o.engine);
  const steps = call.positions('positions', timesteps).data;
  const sinusoid: Sinusoid = {
    dim,
    arrangement: 'concat',
    oddRule: 'zero',
    order: flip ? 'cos-sin' : 'sin-cos',
    amplitude: 1,
    frequencies: resolved(o, preset, half, half - shift),
  };
  if (fractional === 'sine') return sinusoidRows(call, { positions: steps }, steps.length, sinusoid, o.out);

  const most = o.maxSteps === undefined ? undefined : integer('maxSteps', o.maxSteps, 1, 2 ** 53);
  steps.forEach((step, i) => {
    if (step >= 0 && (most === undefined || step <= most - 1)) return;
    const range = most === undefined ? '0 or more' : `from 0 to ${most - 1}`;
    throw new PosencError('ERR_POSITION', `positions[${i}]: expected a row of the table, ${range}, got ${show(step)}`);
  });
  const low = steps.map(Math.floor);
  const mixed = steps.some((step, i) => step !== low[i]);
  const output = call.output('out', o.out, [steps.length, dim]);
  const bytes = mixed ? 4 * steps.length * dim : 0;
  const [upper, lower] = [call.work(bytes), call.work(bytes)];
  return call.run((engine) => {
    const write = (rows: Rows, to: number) => writeSinusoid(engine, rows, steps.length, sinusoid, to);
    write({ positions: low }, output.pointer);
    if (mixed) {
      write({ positions: steps.map(Math.ceil) }, upper.pointer);
      engine.kernels.copyRows(lower.pointer, 4 * dim, output.pointer, 4 * dim, steps.length, dim, steps.length);
      const fractions = Float32Array.from(steps, (step, i) => step - low[i]);
      mix(engine, output.pointer, upper.pointer, lower.pointer, fractions, dim);
    }
    return output.tensor;
  });
}

/** out = out + (upper - lower) fraction, every step in float32 as a framework's lerp of two looked-up rows. */
function mix(engine: Engine, out: number, upper: number, lower: number, fractions: Float32Array, dim: number): void {
  const { kernels } = engine;
  const n = fractions.length;
  kernels.scaleFloats(lower, n * dim, -1);
  kernels.joinRows(upper, upper, lower, n, dim, n, JOIN_ADD);
  const list = engine.scratch();
  const room = engine.scratchBytes >> 2;
  for (let row = 0; row < n; row += room) {
    const part = fractions.subarray(row, row + room);
    engine.f32.set(part, list >>> 2);
    kernels.scaleRows(upper + 4 * row * dim, 4 * dim, list, part.length, dim);
  }
  kernels.joinRows(out, out, upper, n, dim, n, JOIN_ADD);
}

function resolved(
  o: TimestepEmbeddingOptions,
  preset: Preset | undefined,
  count: number,
  denominator: number,
): Frequencies {
  const precision = oneOf('precision', o.precision, ['exact', 'torch'], 'exact');
  const scale = finite('scale', o.scale, {}, preset?.scale ?? 1);
  const order = oneOf('scaleOrder', o.scaleOrder, ['angle', 'step'], preset?.scaleOrder ?? 'angle');
  const scaleOrder = order === 'step' ? 'position' : 'angle';
  const minPeriod = o.minPeriod ?? preset?.minPeriod;
  if (o.invFreq !== undefined) {
    for (const option of ['maxPeriod', 'minPeriod', 'frequencies'] as const) {
      if (o[option] === undefined) continue;
      throw new PosencError(
        'ERR_OPTION',
        `${option}: has no effect beside invFreq, which is the frequencies themselves`,
      );
    }
    return frequenciesOf({ invFreq: o.invFreq, count, precision, scale, scaleOrder });
  }
  if (o.frequencies !== undefined && precision === 'exact') {
    throw new PosencError(
      'ERR_OPTION',
      "frequencies: says how float32 frequencies are made, precision 'exact' has none; add precision: 'torch', or leave it out",
    );
  }
  const rule = oneOf('frequencies', o.frequencies, RULES, preset?.frequencies ?? 'exp-ratio');
  const maxPeriod = finite('maxPeriod', o.maxPeriod, { above: 0 }, preset?.maxPeriod ?? 10000);
  if (minPeriod === undefined) {
    return frequenciesOf({ base: maxPeriod, count, denominator, rule, precision, scale, scaleOrder });
  }
  if (precision === 'torch' && rule !== 'float64') {
    throw new PosencError(
      'ERR_OPTION',
      `frequencies: periods are computed in 'float64' by every model that has them, got ${show(o.frequencies)}`,
    );
  }
  return periods(finite('minPeriod', minPeriod, { above: 0 }), maxPeriod, count, denominator, scale);
}

/** 2 pi scale / (shortest (longest / shortest)^(k / denominator)). */
function periods(shortest: number, longest: number, count: number, denominator: number, scale: number): Frequencies {
  const made = ladderFrom(`periods ${shortest} ${longest} ${count} ${denominator} ${scale}`, () => {
    const base = div(from(longest), from(shortest));
    const first = mul(divNumber(TWO_PI, shortest), from(scale));
    return powers({ base, count, denominator }).map((value) => mul(first, value));
  });
  checkFrequencies(made);
  return { ladder: made, scale, scaleOrder: 'position' };
}

const presetNames = Object.keys(PRESETS) as TimestepPreset[];
