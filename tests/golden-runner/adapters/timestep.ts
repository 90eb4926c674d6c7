/** Diffusion time steps: diffusers, guided-diffusion, F5-TTS, DiffWave's table, pi0's periods. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, input, number, required, word } from './shared.ts';
import { routeOf } from './sinusoidal.ts';

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  word(params, 'odd_rule', { 'zero last column (after the flip)': true }, true);
  const flip = params.flip_sin_to_cos;
  if (flip !== undefined && typeof flip !== 'boolean') throw new Unsupported("parameter 'flip_sin_to_cos': no boolean");
  // guided-diffusion's function has neither parameter: [cos | sin], denominator half
  const guided = flip === undefined && params.downscale_freq_shift === undefined;
  const embedding = api.timestepEmbedding(
    input(record, 'timesteps').data,
    defined({
      dim: required(params, 'embedding_dim'),
      ...(guided
        ? { preset: 'guided-diffusion' }
        : { flipSinToCos: flip ?? false, downscaleFreqShift: number(params, 'downscale_freq_shift') ?? 1 }),
      scale: number(params, 'scale'),
      maxPeriod: number(params, 'max_period'),
      precision,
    }),
  );
  return { embedding };
}

/** The order of the factors of diffusers' and of F5-TTS's angle. */
const SCALE_ORDER = { 'scale*(t*freq)': 'angle', '(scale*t)*freq': 'step' };

function rows(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { api, precision } = context;
  word(params, 'odd_rule', { 'zero last column (after the flip)': true }, true);
  const route = routeOf(record, context);
  const options = defined({
    dim: required(params, 'embedding_dim'),
    flipSinToCos: params.flip_sin_to_cos ?? false,
    downscaleFreqShift: number(params, 'downscale_freq_shift') ?? 1,
    scale: number(params, 'scale'),
    scaleOrder: word(params, 'scale_order', SCALE_ORDER, 'angle'),
    maxPeriod: route.invFreq === undefined ? number(params, 'max_period') : undefined,
    fractional: params.variant === 'diffwave' ? 'lerp' : undefined,
    maxSteps: number(params, 'rows'),
    precision,
    ...route,
  });
  const outputs: Outputs = { embedding: api.timestepEmbedding(input(record, 'timesteps').data, options) };
  if (record.inputs.fractional !== undefined) {
    outputs.lerp = api.timestepEmbedding(record.inputs.fractional.data, options);
  }
  return outputs;
}

/** pi0: sines of whole periods, in float64. */
function periods(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const embedding = api.timestepEmbedding(
    input(record, 'timesteps').data,
    defined({
      preset: 'pi0',
      dim: required(params, 'embedding_dim'),
      minPeriod: number(params, 'min_period'),
      maxPeriod: number(params, 'max_period'),
      flipSinToCos: params.flip_sin_to_cos,
      precision,
    }),
  );
  return { embedding };
}

export const timestep: Adapter[] = [
  {
    when: { system: ['timestep'], op: [undefined] },
    params: ['embedding_dim', 'flip_sin_to_cos', 'downscale_freq_shift', 'scale', 'max_period', 'odd_rule'],
    inputs: ['timesteps'],
    run,
  },
  {
    when: { system: ['timestep'], op: ['timestep_rows'], variant: [undefined, 'diffwave'] },
    params: [
      'frequency_route',
      'embedding_dim',
      'flip_sin_to_cos',
      'downscale_freq_shift',
      'max_period',
      'odd_rule',
      'scale',
      'scale_order',
      'rows',
    ],
    inputs: ['timesteps', 'inv_freq_f32', 'fractional'],
    run: rows,
  },
  {
    when: { system: ['timestep'], op: ['timestep_rows'], variant: ['period'] },
    params: ['embedding_dim', 'min_period', 'max_period', 'flip_sin_to_cos'],
    inputs: ['timesteps'],
    run: periods,
  },
];
