/**
 * Embedding of diffusion time steps: a sinusoidal row [sin | cos] of each step t, angle = scale t maxPeriod^(-k / (half - shift)),
 * half = floor(dim / 2), an odd dim ends with a zero column. Ho et al., arXiv 2006.11239; diffusers get_timestep_embedding.
 */
import { boolean, finite, oneOf, size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Out } from '../runtime/gate.ts';
import type { Positions } from '../runtime/lists.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { sinusoidal } from './sinusoidal.ts';

/** What the models differ in. `downscaleFreqShift` is the number subtracted from half in the exponent's denominator. */
const PRESETS = {
  ddpm: { flipSinToCos: false, downscaleFreqShift: 1, scale: 1 },
  'stable-diffusion': { flipSinToCos: true, downscaleFreqShift: 0, scale: 1 },
  'guided-diffusion': { flipSinToCos: true, downscaleFreqShift: 0, scale: 1 },
  dit: { flipSinToCos: true, downscaleFreqShift: 0, scale: 1 },
  flux: { flipSinToCos: true, downscaleFreqShift: 0, scale: 1000 },
} as const;

export type TimestepPreset = keyof typeof PRESETS;

export interface TimestepEmbeddingOptions {
  /** Columns. */
  readonly dim: number;
  /**
   * 'ddpm': [sin | cos], shift 1; 'stable-diffusion', 'guided-diffusion', 'dit': [cos | sin], shift 0; 'flux': the same, steps
   * in [0, 1] times 1000. Without it give `flipSinToCos` and `downscaleFreqShift`.
   */
  readonly preset?: TimestepPreset;
  /** Cosines first. */
  readonly flipSinToCos?: boolean;
  /** Subtracted from half in the denominator of the exponent. */
  readonly downscaleFreqShift?: number;
  /** Multiplied into every step. Default: the preset's, else 1. */
  readonly scale?: number;
  /** Default 10000. */
  readonly maxPeriod?: number;
  readonly precision?: 'exact' | 'torch';
  readonly out?: Out;
  readonly engine?: Engine;
}

const OPTIONS = [
  'dim',
  'preset',
  'flipSinToCos',
  'downscaleFreqShift',
  'scale',
  'maxPeriod',
  'precision',
  'out',
  'engine',
] as const;

/**
 * One row for each time step, fractional ones included.
 * @returns float32 [steps, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function timestepEmbedding(timesteps: Positions, given: TimestepEmbeddingOptions): Tensor {
  const o = take('timestepEmbedding', given, OPTIONS);
  const dim = size('dim', o.dim, 2, 2 ** 24);
  const preset = o.preset === undefined ? undefined : PRESETS[oneOf('preset', o.preset, presetNames)];
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
  return sinusoidal({
    positions: timesteps,
    dim,
    arrangement: 'concat',
    oddRule: 'zero',
    order: boolean('flipSinToCos', flipSinToCos, false) ? 'cos-sin' : 'sin-cos',
    denominator: half - shift,
    base: finite('maxPeriod', o.maxPeriod, { above: 0 }, 10000),
    scale: finite('scale', o.scale, {}, preset?.scale ?? 1),
    precision: o.precision,
    out: o.out,
    engine: o.engine,
  });
}

const presetNames = Object.keys(PRESETS) as TimestepPreset[];
