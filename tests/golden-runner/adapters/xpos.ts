/** xPos in the four conventions of its references, RoPE on values, and llama.cpp's context shift of cached keys. */
import type { Adapter, Context, GoldenRecord, Output, Outputs } from '../types.ts';
import { repeated } from './rotary-layouts.ts';
import { isTableOutput, positionTable, SPEC_PARAMS, tableOutputs } from './rotary-shared.ts';
import { defined, floats, input, number, required, word } from './shared.ts';

function spec({ params }: GoldenRecord, { precision }: Context): Record<string, unknown> {
  const rotaryDim = number(params, 'rotary_dim');
  return defined({
    headDim: number(params, 'head_dim') ?? rotaryDim,
    rotaryDim,
    ropeTheta: number(params, 'rope_theta'),
    pairing: word(params, 'pairing', { half: 'half', interleaved: 'interleaved' }, 'half'),
    precision,
  });
}

function scaleBase({ params }: GoldenRecord): number | undefined {
  return number(params, 'scale_base') ?? number(params, 'xpos_scale_base');
}

function rotated(
  record: GoldenRecord,
  { api }: Context,
  name: string,
  table: unknown,
  shape: readonly number[],
): Output {
  const data = api.applyRotary(floats(record, name), table, { layout: 'BHSD', shape });
  return { shape: input(record, name).shape, data };
}

function torchscale(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const [vectors, length, dim] = input(record, 'x').shape;
  const offset = number(params, 'offset') ?? 0;
  const table = context.api.xposTable(
    spec(record, context),
    defined({
      length,
      offset,
      side: params.downscale === true ? 'key' : 'query',
      center: context.api.xposCenter('torchscale', { length: length + offset }),
      scaleBase: scaleBase(record),
    }),
  );
  // every vector of B*H is a batch of one head; the table begins at the offset
  const { data, shape } = input(record, 'x');
  const y = context.api.applyRotary(Float32Array.from(data), table, {
    layout: 'BHSD',
    shape: [vectors, 1, length, dim],
    offset,
  });
  return { y: { shape, data: y } };
}

/** q and k of one length or of two: each side is centred on its own length, as executed; q takes the last positions of k. */
function rotaryEmbeddingTorch(record: GoldenRecord, context: Context): Outputs {
  const keys = input(record, 'k').shape[2];
  const outputs: Outputs = {};
  for (const [name, side] of [
    ['q', 'query'],
    ['k', 'key'],
  ] as const) {
    const { shape } = input(record, name);
    const length = shape[2];
    // each side is centred at half its own length
    const table = context.api.xposCachedTables(
      spec(record, context),
      defined({
        queryLength: length,
        keyLength: keys,
        center: 'rotary-embedding-torch',
        scaleBase: scaleBase(record),
      }),
    )[side];
    outputs[name] = rotated(record, context, name, table, shape);
  }
  return outputs;
}

function xTransformers(record: GoldenRecord, context: Context): Outputs {
  const { api, precision } = context;
  const positions = input(record, 'position_ids').data;
  const rule = spec(record, context);
  const center = api.xposCenter('x-transformers', {
    length: Math.max(...Array.from(positions as ArrayLike<number>)) + 1,
  });
  const made = (side: string) =>
    api.xposTable(rule, defined({ positions, side, center, scaleBase: scaleBase(record) }));
  const [query, key] = [made('query'), made('key')];
  const shape = (name: string) => input(record, name).shape;
  const axisDim = required(record.params, 'rotary_dim');
  const angles = api.axialAngles(
    defined({ headDim: axisDim, axes: 1, ropeTheta: number(record.params, 'rope_theta'), precision }),
    { positions },
  );
  // the decay is the length of (cos, sin), which the public table holds multiplied out
  const cos = query.cos.data as Float32Array;
  const sin = query.sin.data as Float32Array;
  const decay = { shape: query.cos.shape, data: cos.map((c, i) => Math.sqrt(c * c + sin[i] * sin[i])) };
  const lead = [1, positions.length];
  const twice = (t: Output): Output => repeated(t, 'full_interleaved', lead);
  return {
    freqs: twice(angles),
    scale: twice(decay),
    q: rotated(record, context, 'q', query, shape('q')),
    k: rotated(record, context, 'k', key, shape('k')),
  };
}

function flashAttention(record: GoldenRecord, context: Context): Outputs {
  const length = required(record.params, 'seqlen');
  const center = context.api.xposCenter('flash-attention', { length });
  const made = (side: string) =>
    context.api.xposTable(
      { ...spec(record, context), pairing: 'half' },
      defined({ length, side, center, scaleBase: scaleBase(record) }),
    );
  const [query, key] = [made('query'), made('key')];
  return { cos: query.cos, sin: query.sin, cos_k: key.cos, sin_k: key.sin };
}

/** q, k and v rotate alike. */
function onValues(record: GoldenRecord, context: Context): Outputs {
  const table = positionTable(record, context, true);
  const lead = input(record, 'position_ids').shape;
  const outputs = tableOutputs(record, context.api, table, lead);
  for (const name of Object.keys(record.outputs)) {
    if (!isTableOutput(name) && record.inputs[name] !== undefined) {
      const { shape } = input(record, name);
      const data = context.api.applyRotary(floats(record, name), table, { layout: record.params.layout, shape });
      outputs[name] = { shape, data };
    }
  }
  return outputs;
}

function contextShift(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'k_unrotated');
  const rule = {
    headDim: shape[2],
    rotaryDim: required(params, 'n_dims'),
    ropeTheta: number(params, 'freq_base') ?? 10000,
    pairing: word(params, 'mode', { NEOX: 'half', NORMAL: 'interleaved', NORM: 'interleaved' }),
    precision,
  };
  const at = input(record, 'positions').data;
  const delta = input(record, 'delta').data as Int32Array;
  const options = { layout: 'THD', shape };
  const direct = (positions: ArrayLike<number>) =>
    api.applyRotary(floats(record, 'k_unrotated'), api.rotaryTable(rule, { positions }), options);
  const cached = direct(at as Int32Array);
  const shifted = api.shiftKeys(cached.slice(), delta, rule, options);
  return {
    k_cached: { shape, data: cached },
    k_shifted: { shape, data: shifted },
    k_direct: { shape, data: direct(Int32Array.from(delta, (d, i) => Number(at[i]) + d)) },
  };
}

const system = ['rotary/xpos'];
const SCALE = ['head_dim', 'rotary_dim', 'scale_base', 'xpos_scale_base', 'pairing', 'rope_theta'];

export const xpos: Adapter[] = [
  {
    when: { system, op: ['xpos_torchscale'], layout: ['B*H,S,D'] },
    // `min_pos` follows from length and offset
    params: [...SCALE, 'offset', 'downscale', 'min_pos'],
    inputs: ['x'],
    run: torchscale,
  },
  {
    when: { system, op: ['xpos_lucidrains_ret', 'xpos_lucidrains_ret_cached'], layout: ['BHSD'] },
    params: SCALE,
    inputs: ['q', 'k'],
    run: rotaryEmbeddingTorch,
  },
  {
    when: { system, op: ['xpos_x_transformers'], layout: ['BHSD'] },
    params: SCALE,
    inputs: ['position_ids', 'q', 'k'],
    run: xTransformers,
  },
  {
    when: { system, op: ['xpos_tables'], table_layout: ['half'] },
    params: [...SCALE, 'seqlen'],
    inputs: [],
    run: flashAttention,
  },
  {
    when: { system: ['rotary/rope_on_values'], op: ['rope_qkv'], layout: ['BHSD', 'BSHD'] },
    params: [...SPEC_PARAMS, 'table_layout'],
    inputs: ['position_ids', 'q', 'k', 'v', 'inv_freq_f32'],
    run: onValues,
  },
  {
    when: { system: ['rotary/ggml_rope'], op: ['ggml_kshift'], layout: ['THD'] },
    params: ['n_dims', 'mode', 'freq_base'],
    inputs: ['k_unrotated', 'positions', 'delta'],
    run: contextShift,
  },
];
