/** Biases over a window of tokens: Swin, SwinV2, BEiT, MaxViT. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, product, reshaped, word } from './shared.ts';

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
