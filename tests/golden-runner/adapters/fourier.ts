/** Fourier features: NeRF, random features, diffusers' Gaussian projection, timm's pixel bands. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { defined, floats, input, number, required } from './shared.ts';

function nerf(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const embedding = api.nerfEncoding(
    floats(record, 'x'),
    defined({
      shape: input(record, 'x').shape,
      numFrequencies: required(params, 'num_freqs'),
      maxFrequencyLog2: number(params, 'max_freq_log2'),
      logSampling: params.log_sampling,
      includeInput: params.include_input,
    }),
  );
  return { embedding };
}

function random(record: GoldenRecord, { api }: Context): Outputs {
  const [x, matrix] = [input(record, 'x'), input(record, 'B')];
  const options = { shape: x.shape, matrixShape: matrix.shape };
  return { embedding: api.fourierFeatures(floats(record, 'x'), floats(record, 'B'), options) };
}

function gaussian(record: GoldenRecord, { api }: Context): Outputs {
  const { log = true, flip_sin_to_cos: flipSinToCos } = record.params;
  return { embedding: api.gaussianFourier(floats(record, 'x'), floats(record, 'W'), defined({ log, flipSinToCos })) };
}

function pixels(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  return api.pixelBands(
    defined({
      grid: params.feat_shape,
      numBands: number(params, 'num_bands'),
      maxRes: number(params, 'max_res'),
      linearBands: params.linear_bands,
    }),
  );
}

export const fourier: Adapter[] = [
  {
    when: { system: ['fourier'], variant: ['nerf'] },
    params: ['num_freqs', 'max_freq_log2', 'log_sampling', 'include_input', 'layout'],
    inputs: ['x'],
    run: nerf,
  },
  {
    when: { system: ['fourier'], variant: ['random'] },
    params: ['layout'],
    inputs: ['x', 'B'],
    run: random,
  },
  {
    when: { system: ['fourier'], variant: ['gaussian-1d'] },
    params: ['log', 'flip_sin_to_cos'],
    inputs: ['x', 'W'],
    run: gaussian,
  },
  {
    when: { system: ['fourier'], variant: ['pixel-bands'] },
    params: ['feat_shape', 'num_bands', 'max_res', 'linear_bands'],
    inputs: [],
    run: pixels,
  },
];
