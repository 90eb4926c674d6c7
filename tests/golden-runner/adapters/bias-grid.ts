/** Biases over a window of tokens: Swin, Video Swin, SwinV2, BEiT, MaxViT, LeViT; the mask of shifted windows. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, product, reshaped, word } from './shared.ts';

function pair(record: GoldenRecord, key: string): [number, number] | undefined {
  const value = record.params[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.length === 2) return value as [number, number];
  throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
}

function window(record: GoldenRecord): [number, number] {
  const value = pair(record, 'window_size');
  if (value === undefined) throw new Unsupported("parameter 'window_size' is missing");
  return value;
}

const sides = ([height, width]: [number, number]): [number, number] => [2 * height - 1, 2 * width - 1];

/** [heads, n, n], with a leading 1 where the reference has one. */
function like(bias: Output, want: readonly number[]): Output {
  const leading = want.length - bias.shape.length;
  return leading > 0 && product(want) === product(bias.shape)
    ? reshaped(bias, [...want.slice(0, leading), ...bias.shape])
    : bias;
}

function swin(record: GoldenRecord, { api }: Context): Outputs {
  const windowSize = window(record);
  const { shape } = input(record, 'table');
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'index') outputs.index = api.swinRelativePositionIndex({ windowSize });
    if (name === 'bias') outputs.bias = like(api.swinBias(floats(record, 'table'), { windowSize, shape }), want.shape);
  }
  return outputs;
}

/** Three numbers, frames first. */
function triple(record: GoldenRecord, key: string): [number, number, number] | undefined {
  const value = record.params[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.length === 3) return value as [number, number, number];
  throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
}

/**
 * Video Swin. With a smaller input the published code keeps the first rows and columns of the whole index: where only frames are
 * missing that is the `frames` option; elsewhere the cut is made here, of the whole matrix.
 */
function swin3d(record: GoldenRecord, { api }: Context): Outputs {
  const windowSize = triple(record, 'window_size');
  if (windowSize === undefined) throw new Unsupported("parameter 'window_size' is missing");
  const input3 = triple(record, 'input_window') ?? windowSize;
  const fewer = input3[1] === windowSize[1] && input3[2] === windowSize[2];
  const size = fewer ? { windowSize, frames: input3[0] } : { windowSize };
  const { shape } = input(record, 'table');
  const tokens = product(input3);
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'index') outputs.index = corner(api.swinRelativePositionIndex(size), tokens);
    if (name === 'bias') {
      outputs.bias = like(corner(api.swinBias(floats(record, 'table'), { ...size, shape }), tokens), want.shape);
    }
  }
  return outputs;
}

/** The first n rows and columns of every matrix. */
function corner(whole: Output, n: number): Output {
  const size = whole.shape[whole.shape.length - 1];
  if (size === n) return whole;
  const data: number[] = [];
  for (let at = 0; at < whole.data.length; at++) {
    if (at % size < n && Math.floor(at / size) % size < n) data.push(whole.data[at]);
  }
  return { shape: [...whole.shape.slice(0, -2), n, n], data };
}

function offsets(record: GoldenRecord, { api }: Context): Outputs {
  const resolution = pair(record, 'resolution');
  if (resolution === undefined) throw new Unsupported("parameter 'resolution' is missing");
  const options = defined({ resolution, stride: number(record.params, 'stride') });
  const { shape } = input(record, 'table');
  const cells = product(resolution);
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'bias')
      outputs.bias = like(api.offsetBias(floats(record, 'table'), { ...options, shape }), want.shape);
    if (name === 'index') {
      // the bias of a table that holds its own places
      const places = Float32Array.from({ length: cells }, (_, t) => t);
      outputs.index = reshaped(api.offsetBias(places, { ...options, shape: [1, cells] }), want.shape);
    }
  }
  return outputs;
}

function shifted(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const list = (key: string) => {
    const value = params[key];
    if (Array.isArray(value) && (value.length === 2 || value.length === 3)) return value as number[];
    throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
  };
  const gridSize = list('input_resolution');
  const grid = { gridSize, windowSize: list('window_size'), shiftSize: list('shift_size') };
  const maskValue = number(params, 'mask_value');
  return {
    allowed: api.shiftedWindowMask({ ...grid, dtype: 'uint8' }),
    attn_mask: api.shiftedWindowMask(defined({ ...grid, maskValue })),
  };
}

function beit(record: GoldenRecord, { api }: Context): Outputs {
  const windowSize = window(record);
  const { shape } = input(record, 'table');
  const data = floats(record, 'table');
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'index') outputs.index = api.swinRelativePositionIndex({ windowSize, classToken: true });
    if (name === 'bias') outputs.bias = like(api.beitBias(data, { windowSize, shape }), want.shape);
    const to = pair(record, 'new_window_size');
    if (name === 'bias_resized' && to !== undefined) {
      const grid = { from: sides(windowSize), to: sides(to), suffixTokens: 3 };
      const table = api.resizePositionTable(data, { ...grid, mode: 'bilinear', shape });
      outputs[name] = like(api.beitBias(table, { windowSize: to }), want.shape);
    }
  }
  return outputs;
}

function maxvit(record: GoldenRecord, { api }: Context): Outputs {
  const windowSize = window(record);
  const { shape } = input(record, 'table');
  const data = floats(record, 'table');
  const to = pair(record, 'new_window_size');
  const resized = () => api.resizePositionTable(data, { to: sides(to!), mode: 'bicubic', layout: 'CHW', shape });
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'bias') outputs.bias = like(api.maxvitBias(data, { windowSize, shape }), want.shape);
    if (name === 'table_resized' && to !== undefined) outputs[name] = resized();
    if (name === 'bias_resized' && to !== undefined) outputs[name] = like(api.maxvitBias(resized()), want.shape);
  }
  return outputs;
}

function swinV2(record: GoldenRecord, { api }: Context): Outputs {
  const layer = (name: string) =>
    defined({
      weight: floats(record, `${name}_weight`),
      bias: record.inputs[`${name}_bias`] === undefined ? undefined : floats(record, `${name}_bias`),
    });
  const coordinates = defined({
    windowSize: window(record),
    pretrainedWindowSize: pair(record, 'pretrained_window_size'),
    mode: word(record.params, 'mode', { swin: 'swin', cr: 'cr' }),
  });
  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'coords') outputs.coords = like(api.swinV2Coordinates(coordinates), want.shape);
    if (name === 'bias') {
      outputs.bias = like(api.swinV2Bias({ ...coordinates, layers: [layer('fc1'), layer('fc2')] }), want.shape);
    }
  }
  return outputs;
}

export const biasGrid: Adapter[] = [
  {
    when: { system: ['swin-3d'], op: ['window_bias_3d'] },
    params: ['window_size', 'input_window', 'num_heads', 'layout'],
    inputs: ['table'],
    run: swin3d,
  },
  {
    when: { system: ['offset-bias'], op: ['offset_bias'], variant: ['first-seen', 'row-major'] },
    params: ['resolution', 'stride'],
    inputs: ['table'],
    run: offsets,
  },
  {
    when: { system: ['masks'], op: ['shifted_window_mask'], variant: ['shifted-window'] },
    params: ['input_resolution', 'window_size', 'shift_size', 'mask_value'],
    inputs: [],
    run: shifted,
  },
  { when: { system: ['swin'] }, params: ['window_size', 'num_heads', 'layout'], inputs: ['table'], run: swin },
  { when: { system: ['beit'] }, params: ['window_size', 'new_window_size', 'num_heads'], inputs: ['table'], run: beit },
  {
    when: { system: ['maxvit'] },
    params: ['window_size', 'new_window_size', 'num_heads'],
    inputs: ['table'],
    run: maxvit,
  },
  {
    when: { system: ['swinv2-cpb'] },
    params: ['mode', 'window_size', 'pretrained_window_size', 'num_heads', 'hidden'],
    inputs: ['fc1_weight', 'fc1_bias', 'fc2_weight', 'fc2_bias'],
    run: swinV2,
  },
];
