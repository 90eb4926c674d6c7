/** Fourier features: NeRF in three layouts, random features, diffusers' Gaussian projection, timm's pixel bands, Perceiver. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
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

const ARRANGEMENT: Readonly<Record<string, string>> = {
  'nerf-concat': 'concat',
  'nerf-paper': 'dimensions',
  'nerf-bands': 'bands',
};

/** With or without the factor pi; the paper and tiny-cuda-nn leave the input out where nothing is said. */
function nerfMore(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const { variant, factor } = params;
  if (factor !== undefined && factor !== null && factor !== 'pi' && factor !== 1 && factor !== 'none') {
    throw new Unsupported(`parameter 'factor': ${JSON.stringify(factor)}`);
  }
  const embedding = api.nerfEncoding(
    floats(record, 'x'),
    defined({
      shape: input(record, 'x').shape,
      numFrequencies: required(params, 'num_freqs'),
      maxFrequencyLog2: number(params, 'max_freq_log2'),
      logSampling: params.log_sampling,
      includeInput: params.include_input ?? variant !== 'nerf-paper',
      timesPi: factor === 'pi',
      arrangement: ARRANGEMENT[String(variant)],
    }),
  );
  return { embedding };
}

function perceiver(record: GoldenRecord, { api }: Context): Outputs {
  const { params, inputs } = record;
  const coordinates = inputs.x ?? inputs.positions;
  const embedding = api.perceiverEncoding(
    defined({
      grid: coordinates === undefined ? params.index_dims : undefined,
      positions: coordinates?.data,
      maxResolution: params.max_resolution,
      numBands: required(params, 'num_bands'),
      concatPos: params.concat_pos,
      sineOnly: params.sine_only,
    }),
  );
  return { embedding };
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
  {
    when: { system: ['fourier'], op: ['fourier_features'], variant: Object.keys(ARRANGEMENT) },
    params: ['num_freqs', 'max_freq_log2', 'log_sampling', 'include_input', 'factor', 'layout'],
    inputs: ['x'],
    run: nerfMore,
  },
  {
    when: { system: ['fourier'], op: ['fourier_features'], variant: ['perceiver'] },
    params: ['index_dims', 'max_resolution', 'num_bands', 'concat_pos', 'sine_only', 'layout'],
    inputs: ['x', 'positions'],
    run: perceiver,
  },
];
