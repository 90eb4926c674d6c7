/** Diffusion time steps: diffusers' get_timestep_embedding, guided-diffusion's timestep_embedding. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, input, number, required, word } from './shared.ts';

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

export const timestep: Adapter[] = [
  {
    when: { system: ['timestep'] },
    params: ['embedding_dim', 'flip_sin_to_cos', 'downscale_freq_shift', 'scale', 'max_period', 'odd_rule'],
    inputs: ['timesteps'],
    run,
  },
];
