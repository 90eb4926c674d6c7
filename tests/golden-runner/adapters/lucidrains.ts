/** rotary-embedding-torch and x-transformers: language, pixel, constant and custom frequencies, axial and learned angles, PoPE. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { repeated } from './rotary-layouts.ts';
import { defined, floats, input, number, product, required, word } from './shared.ts';

const FREQUENCIES = { lang: 'language', pixel: 'pixel', constant: 'constant', custom: 'custom' } as const;

/** Channels that rotate (of one axis). */
function width({ params, inputs }: GoldenRecord): number {
  const constant = number(params, 'num_freqs');
  const dim = constant === undefined ? number(params, 'dim') : 2 * constant;
  if (dim !== undefined) return dim;
  if (inputs.freqs !== undefined) return 2 * inputs.freqs.data.length;
  throw new Unsupported("parameter 'dim' is missing");
}

/** Frequencies of one axis as options of axialTable; given ones replace the rule where they are what the reference used. */
function axisFrequencies(record: GoldenRecord, { precision }: Context): Record<string, unknown> {
  const rule = word(record.params, 'freqs_for', FREQUENCIES, 'language');
  const given = record.inputs.freqs;
  if (rule === 'custom' || (given !== undefined && precision === 'torch')) {
    return { invFreq: input(record, 'freqs').data };
  }
  return defined({
    frequencies: rule,
    ropeTheta: rule === 'language' ? number(record.params, 'theta') : undefined,
    maxFreq: rule === 'pixel' ? (number(record.params, 'max_freq') ?? 10) : undefined,
  });
}

function rotate(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 't');
  const layout = word(params, 'layout', { BHSD: 'BHSD', BSHD: 'BSHD' });
  const offset = number(params, 'offset') ?? 0;
  const by = number(params, 'interpolate_factor') ?? 1;
  const positions = Float32Array.from({ length: shape[layout === 'BHSD' ? 2 : 1] }, (_, i) => (i + offset) / by);
  const common = { headDim: shape[3], pairing: 'interleaved', precision: context.precision };
  const dim = width(record);
  const rescale = number(params, 'theta_rescale_factor');
  let table: unknown;
  if (rescale !== undefined && context.precision === 'exact') {
    const rule = { ropeTheta: number(params, 'theta'), ropeType: 'ntk', alpha: rescale };
    table = context.api.rotaryTable(defined({ ...common, rotaryDim: dim, ...rule }), { positions });
  } else {
    const spec = { ...common, axes: 1, axisDim: dim, ...axisFrequencies(record, context) };
    table = context.api.axialTable(spec, { positions });
  }
  const data = context.api.applyRotary(floats(record, 't'), table, { layout, shape });
  return { t: { shape, data } };
}

function axial(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const dims = params.dims as number[];
  const axisDim = width(record);
  const { shape } = input(record, 'x');
  const rule = word(params, 'freqs_for', FREQUENCIES, 'language');
  const spec = defined({
    headDim: shape[shape.length - 1],
    axes: dims.length,
    axisDim,
    coordinates: rule === 'pixel' ? 'unit' : undefined,
    gridOffset: params.offsets ?? undefined,
    precision: context.precision,
    ...axisFrequencies(record, context),
  });
  const table = context.api.axialTable(spec, { grid: dims });
  const [batch, heads] = shape;
  const flat = [batch, heads, product(dims), shape[shape.length - 1]];
  const data = context.api.applyRotary(floats(record, 'x'), table, { layout: 'BHSD', shape: flat });
  return {
    freqs: repeated(context.api.axialAngles(spec, { grid: dims }), 'full_interleaved', dims),
    y: { shape, data },
  };
}

function learned(record: GoldenRecord, { api }: Context): Outputs {
  const { shape } = input(record, 't');
  const [batch, tokens, dim] = shape;
  const table = api.rotaryTableFromAngles(
    floats(record, 'rotations'),
    defined({
      shape: input(record, 'rotations').shape,
      freqRanges: record.inputs.freq_ranges?.data,
      rotaryOffset: number(record.params, 'start_index'),
    }),
  );
  const data = api.applyRotary(floats(record, 't'), table, { shape: [batch, tokens, 1, dim] });
  return { t: { shape, data } };
}

/** base_rescale_factor is NTK's alpha, interpolation_factor the linear factor. */
function xTransformers(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const ids = input(record, 'position_ids');
  const { shape } = input(record, 'q');
  const dim = required(params, 'dim');
  const factor = number(params, 'interpolation_factor') ?? 1;
  const alpha = number(params, 'base_rescale_factor');
  const rule = defined({ headDim: dim, ropeTheta: number(params, 'base'), precision });
  const made = api.rotaryFrequencies(alpha === undefined ? rule : { ...rule, ropeType: 'ntk', alpha });
  const spec = { headDim: shape[3], axes: 1, axisDim: dim, precision, invFreq: made.float32 ?? made.ladder.hi };
  const positions = Float32Array.from(ids.data, (p) => p / factor);
  const lead = ids.shape.length === 1 ? [1, ...ids.shape] : ids.shape;
  const freqs = repeated(api.axialAngles(spec, { positions }), 'full_interleaved', lead);
  // a shorter q takes the last rows
  const tokens = shape[2];
  const known = ids.shape[ids.shape.length - 1];
  const last = positions.filter((_, i) => i % known >= known - tokens);
  const table = api.axialTable(spec, { positions: last });
  const data = api.applyRotary(floats(record, 'q'), table, { layout: 'BHSD', shape });
  return { freqs, q: { shape, data } };
}

function polar(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'x');
  const spec = defined({
    dim: required(params, 'dim'),
    ropeTheta: number(params, 'base'),
    length: shape[2],
    precision,
  });
  const options = { layout: 'BHSD', shape };
  const outputs: Outputs = { q: api.applyPope(floats(record, 'x'), api.popeTable(spec), options) };
  const bias = record.inputs.learned_bias?.data;
  outputs.k = api.applyPope(floats(record, 'x'), api.popeTable(defined({ ...spec, bias })), options);
  return outputs;
}

const system = ['rotary/lucidrains'];
const pairing = ['interleaved'];

export const lucidrains: Adapter[] = [
  {
    when: { system, op: ['ret_rotate'], pairing },
    params: [
      'offset',
      'freqs_for',
      'dim',
      'num_freqs',
      'theta',
      'max_freq',
      'layout',
      'interpolate_factor',
      'theta_rescale_factor',
    ],
    inputs: ['t', 'freqs'],
    run: rotate,
  },
  {
    when: { system, op: ['ret_axial'], pairing, layout: ['B,H,*grid,D'] },
    params: ['dims', 'offsets', 'dim', 'freqs_for', 'max_freq', 'theta', 'num_freqs'],
    inputs: ['x', 'freqs'],
    run: axial,
  },
  {
    when: { system, op: ['ret_learned'], pairing, layout: ['B,S,D'] },
    params: ['start_index'],
    inputs: ['rotations', 'freq_ranges', 't'],
    run: learned,
  },
  {
    when: { system, op: ['xt_rotate'], pairing, layout: ['BHSD'] },
    params: ['dim', 'base', 'interpolation_factor', 'base_rescale_factor'],
    inputs: ['position_ids', 'q'],
    run: xTransformers,
  },
  {
    when: { system, op: ['xt_polar'], layout: [undefined, 'BHSD'] },
    params: ['dim', 'heads', 'base'],
    inputs: ['learned_bias', 'x'],
    run: polar,
  },
];
