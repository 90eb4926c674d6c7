/** Axial rotary tables of image and video generators with axes of unequal width, their ids, and golden-gate frequencies. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { repeated } from './rotary-layouts.ts';
import { defined, floats, input, number, required, word } from './shared.ts';

const PRESET = {
  flux: 'flux',
  flux2: 'flux-2',
  wan: 'wan',
  hunyuan_video: 'hunyuan-video',
  qwen_image: 'qwen-image',
  cogvideox: 'cogvideox',
  z_image: 'z-image',
  lumina2: 'lumina-2',
};

/** Ids of all tokens where the record says how they come about; its grid where cells are plainly counted. */
function places({ params, inputs }: GoldenRecord, { api }: Context): Record<string, unknown> {
  if (inputs.position_ids !== undefined) return { positions: inputs.position_ids.data };
  const textLength = number(params, 'text_length');
  switch (params.variant) {
    case 'flux':
      return { positions: api.axialPositions(defined({ model: 'flux', grid: params.grid, textLength })) };
    case 'qwen_image': {
      const one = [number(params, 'frames') ?? 1, ...((params.grid as number[] | undefined) ?? [])];
      const grid = params.shapes ?? one;
      const centered = params.scale_rope;
      return { positions: api.axialPositions(defined({ model: 'qwen-image', grid, textLength, centered })) };
    }
    case 'cogvideox': {
      // 'slice' cuts plain indices out of a larger table; 'linspace' takes points of a crop
      const crop = word(params, 'grid_type', { linspace: params.crops_coords, slice: undefined }, undefined);
      return { positions: api.axialPositions(defined({ model: 'cogvideox', grid: params.grid, crop })) };
    }
    default:
      return { grid: params.grid };
  }
}

function spec({ params, outputs }: GoldenRecord, { precision }: Context): Record<string, unknown> {
  word(params, 'pairing', { interleaved: true }, true);
  const axesDim = params.axes_dim as number[] | undefined;
  const width = outputs.cos.shape[1] * (params.table_layout === 'half' ? 2 : 1);
  const headDim = number(params, 'head_dim') ?? axesDim?.reduce((sum, n) => sum + n, 0) ?? width;
  const preset = word(params, 'variant', PRESET);
  return defined({ preset, headDim, axesDim, ropeTheta: number(params, 'rope_theta'), precision });
}

function table(record: GoldenRecord, context: Context): Outputs {
  const { params, outputs: wanted } = record;
  const where = places(record, context);
  const made = context.api.axialTable(spec(record, context), where);
  const layout = word(params, 'table_layout', { half: 'half', repeated: 'repeated' } as const);
  const rows = (part: Output): Output =>
    layout === 'half' ? part : repeated(part, 'full_interleaved', [part.shape[0]]);
  const outputs: Outputs = { cos: rows(made.cos), sin: rows(made.sin) };
  if (record.inputs.q !== undefined) {
    const { shape } = input(record, 'q');
    outputs.q = { shape, data: context.api.applyRotary(floats(record, 'q'), made, { layout: 'BSHD', shape }) };
  }
  if (wanted.position_ids !== undefined) outputs.position_ids = where.positions as Output;
  return outputs;
}

function ids(record: GoldenRecord, context: Context): Outputs {
  const { positions } = places(record, context);
  if (positions === undefined) throw new Unsupported(`ids of variant '${String(record.params.variant)}'`);
  return { position_ids: positions as Output };
}

/** [axes, heads, pairs] as [heads, pairs, axes]. */
function axesLast({ shape: [axes, heads, pairs], data }: Output): Output {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = data[(i % axes) * heads * pairs + Math.floor(i / axes)];
  return { shape: [heads, pairs, axes], data: out };
}

function goldenGate(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const heads = required(params, 'n_heads');
  const axes = required(params, 'pos_dim');
  const pairs = required(params, 'head_dim') / 2;
  const frequencies = api.goldenGateFrequencies(
    defined({
      heads,
      pairs,
      axes,
      minFrequency: required(params, 'min_freq'),
      maxFrequency: required(params, 'max_freq'),
      zeroFraction: number(params, 'p_zero_freqs'),
    }),
  );
  const [from, to] = (params.head_range as [number, number] | undefined) ?? [0, heads];
  const heading = ({ shape, data }: Output): Output => {
    const one = data.length / shape[0];
    return {
      shape: [to - from, ...shape.slice(1)],
      data: Array.prototype.slice.call(data, from * one, to * one),
    };
  };
  const outputs: Outputs = { frequencies: heading(axesLast(frequencies)) };
  if (record.inputs.positions !== undefined) {
    const made = api.mixedAxialTable(frequencies, { positions: record.inputs.positions.data, precision });
    outputs.cos = heading(made.cos);
    outputs.sin = heading(made.sin);
  }
  return outputs;
}

function mixed(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { shape, data } = input(record, 'frequencies');
  const [heads, pairs, axes] = shape;
  const own = Float32Array.from(data, (_, i) => {
    const [axis, rest] = [Math.floor(i / (heads * pairs)), i % (heads * pairs)];
    return data[rest * axes + axis];
  });
  const { cos, sin } = api.mixedAxialTable(own, {
    shape: [axes, heads, pairs],
    positions: input(record, 'positions').data,
    precision,
  });
  return { cos, sin };
}

export const rotaryAxial: Adapter[] = [
  {
    when: { system: ['rotary/axial_split'], op: ['axial_split_table'] },
    params: [
      'variant',
      'pairing',
      'table_layout',
      'axes_dim',
      'head_dim',
      'rope_theta',
      'grid',
      'frames',
      'shapes',
      'text_length',
      'scale_rope',
      'grid_type',
      'crops_coords',
      'max_size',
      'layout',
      'order',
    ],
    inputs: ['position_ids', 'q'],
    run: table,
  },
  {
    when: { system: ['rotary/axial_split'], op: ['axial_ids'] },
    params: [
      'variant',
      'grid',
      'frames',
      'shapes',
      'text_length',
      'scale_rope',
      'grid_type',
      'crops_coords',
      'max_size',
      'order',
    ],
    inputs: [],
    run: ids,
  },
  {
    when: { system: ['rotary/golden_gate', 'rotary/published_tables'], op: ['golden_gate'] },
    params: ['n_heads', 'head_dim', 'pos_dim', 'min_freq', 'max_freq', 'p_zero_freqs', 'head_range', 'layout'],
    inputs: ['positions'],
    run: goldenGate,
  },
  {
    when: { system: ['rotary/golden_gate', 'rotary/published_tables'], op: ['axial_mixed_table'] },
    params: ['pairing', 'layout'],
    inputs: ['frequencies', 'positions'],
    run: mixed,
  },
];
