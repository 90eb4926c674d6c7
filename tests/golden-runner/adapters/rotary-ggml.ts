/** ggml_rope_ext and its kin: modes, YaRN arguments, frequency factors, sections, offsets, back, K-shift. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, word } from './shared.ts';

const MODES = { NORMAL: 'NORMAL', NEOX: 'NEOX', MROPE: 'MROPE', IMROPE: 'IMROPE', VISION: 'VISION' };

function flag(record: GoldenRecord, key: string): boolean {
  const value = record.params[key] ?? 0;
  if (value !== 0 && value !== 1 && typeof value !== 'boolean') {
    throw new Unsupported(`parameter '${key}': unknown value ${String(value)}`);
  }
  return Boolean(value);
}

function rope(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params, inputs } = record;
  const parameters = defined({
    nDims: required(params, 'n_dims'),
    mode: word(params, 'mode', MODES),
    freqBase: number(params, 'freq_base'),
    freqScale: number(params, 'freq_scale'),
    extFactor: number(params, 'ext_factor'),
    attnFactor: number(params, 'attn_factor'),
    betaFast: number(params, 'beta_fast'),
    betaSlow: number(params, 'beta_slow'),
    nCtxOrig: number(params, 'n_ctx_orig'),
    sections: params.sections ?? undefined,
    nOffs: number(params, 'n_offs'),
    freqFactors: inputs.freq_factors?.data,
    precision,
  });
  const table = api.ggmlRotaryTable(parameters, { positions: input(record, 'positions').data });
  const { shape } = input(record, 'x');
  const out = flag(record, 'inplace') ? undefined : api.Tensor.zeros(shape);
  const x = floats(record, 'x');
  const y = api.applyRotary(x, table, defined({ layout: 'THD', shape, inverse: flag(record, 'back'), out }));
  return { y: { shape, data: out === undefined ? y : y.data } };
}

export const rotaryGgml: Adapter[] = [
  {
    when: { system: ['rotary/ggml_rope'], op: ['ggml_rope'] },
    params: [
      'layout',
      'n_dims',
      'mode',
      'freq_base',
      'freq_scale',
      'ext_factor',
      'attn_factor',
      'beta_fast',
      'beta_slow',
      'n_ctx_orig',
      'sections',
      'n_offs',
      'back',
      'inplace',
    ],
    inputs: ['x', 'positions', 'freq_factors'],
    run: rope,
  },
];
