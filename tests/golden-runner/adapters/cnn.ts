/** Positions from zero padding: CPVT's PEG, wav2vec 2.0's convolution. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { floats, input, number, product, required, word } from './shared.ts';

function pegTokens(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  if ((number(params, 'kernel') ?? 3) !== 3 || (number(params, 'padding') ?? 1) !== 1) {
    throw new Unsupported("parameter 'kernel': only 3 x 3 with padding 1");
  }
  const [height, width] = [required(params, 'H'), required(params, 'W')];
  const options = {
    height,
    width,
    weight: floats(record, 'weight'),
    bias: floats(record, 'bias'),
    stride: number(params, 'stride') ?? 1,
    residual: params.residual === true,
  };
  const x = input(record, 'x');
  const outputs: Outputs = { out: api.peg(Float32Array.from(x.data), { ...options, shape: x.shape }) };
  if (record.outputs.on_ones !== undefined) {
    const shape = [1, height * width, x.shape[2]];
    outputs.on_ones = api.peg(new Float32Array(product(shape)).fill(1), { ...options, shape });
  }
  return outputs;
}

function wav2vec(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  if ((number(params, 'weight_norm_dim') ?? 2) !== 2) throw new Unsupported("parameter 'weight_norm_dim': only 2");
  const taps = required(params, 'kernel');
  if ((params.same_pad_removes_last === true) !== (taps % 2 === 0)) {
    throw new Unsupported("parameter 'same_pad_removes_last': even kernels drop the last sample, odd ones do not");
  }
  const v = input(record, 'weight_v');
  const weight = api.weightNorm(floats(record, 'weight_v'), floats(record, 'weight_g'), { shape: v.shape });
  const out = api.convPositional(floats(record, 'x'), {
    weight,
    bias: floats(record, 'bias'),
    groups: number(params, 'groups') ?? 1,
    padding: number(params, 'padding'),
    activation: word(params, 'activation', { 'gelu(erf)': 'gelu' }, 'gelu'),
    shape: input(record, 'x').shape,
  });
  return { out };
}

export const cnn: Adapter[] = [
  {
    when: { system: ['cnn-peg'] },
    params: ['H', 'W', 'C', 'stride', 'kernel', 'padding', 'residual', 'layout'],
    inputs: ['x', 'weight', 'bias'],
    run: pegTokens,
  },
  {
    when: { system: ['cnn-conv1d'] },
    params: ['kernel', 'groups', 'padding', 'same_pad_removes_last', 'activation', 'weight_norm_dim', 'layout'],
    // weight_effective is what weightNorm must produce; `out` depends on every number of it
    inputs: ['x', 'weight_g', 'weight_v', 'bias', 'weight_effective'],
    run: wav2vec,
  },
];
