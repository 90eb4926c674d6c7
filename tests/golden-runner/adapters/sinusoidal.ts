/** Sinusoidal tables: paper, tatp22, XLM, Marian, tensor2tensor, fairseq, Whisper, x-transformers, complex-order's TPE. */
import type { Adapter, Context, GoldenRecord, Output, Outputs, Params } from '../types.ts';
import { defined, input, number, required, reshaped, word } from './shared.ts';

const ARRANGEMENT = { interleaved: 'interleaved', concat: 'concat' };
const ORDER = { 'sin then cos': 'sin-cos', 'cos then sin': 'cos-sin' };
/** Routes by which float32 frequencies are made; 'given' means that the list is an input. */
export const ROUTES: Readonly<Record<string, string | undefined>> = {
  exp_step: 'exp',
  exp_ratio: 'exp-ratio',
  exp_step_f32: 'exp-float32',
  pow: 'pow',
  pow10: 'pow10',
  given: undefined,
};
const AMPLITUDE = { pi: Math.PI };
const ODD_RULE = {
  error: 'error',
  'zero last column': 'zero',
  'sin gets ceil(d/2) columns, cos floor(d/2)': 'ceil',
  'ceil to even, then truncate channels': 'truncate',
};

/**
 * The record's spelling of the exponent's denominator in terms of the API's `denominator`, and the odd rule of the
 * references that use it, for records that do not name one.
 */
const DENOMINATOR: Readonly<Record<string, { value: (dim: number) => string | number; oddRule: string }>> = {
  d: { value: () => 'half', oddRule: 'error' },
  half: { value: () => 'half', oddRule: 'error' },
  '2*ceil(d/2)': { value: () => 'half', oddRule: 'truncate' },
  'half-1': { value: () => 'half-1', oddRule: 'zero' },
  'max(half-1,1)': { value: (dim) => Math.max(Math.floor(dim / 2) - 1, 1), oddRule: 'zero' },
};

/** Options of one table but for its rows. */
export function sinusoidalOptions(params: Params, dim: number, base?: number): Record<string, unknown> {
  const minTimescale = number(params, 'min_timescale');
  const maxTimescale = number(params, 'max_timescale');
  const timescaleBase = maxTimescale === undefined ? undefined : maxTimescale / (minTimescale ?? 1);
  const listed = spoken(params.exponent_denominator);
  const denominator =
    listed === undefined
      ? word(params, 'exponent_denominator', DENOMINATOR, DENOMINATOR.d)
      : { value: () => listed, oddRule: 'error' };
  const amplitude = typeof params.amplitude === 'string' ? word(params, 'amplitude', AMPLITUDE) : undefined;
  return defined({
    dim,
    base: base ?? timescaleBase ?? number(params, 'base'),
    arrangement: word(params, 'layout', ARRANGEMENT, 'interleaved'),
    denominator: denominator.value(dim),
    oddRule: word(params, 'odd_rule', ODD_RULE, denominator.oddRule),
    order: word(params, 'order', ORDER, 'sin-cos'),
    amplitude: amplitude ?? number(params, 'amplitude') ?? number(params, 'scale'),
    minTimescale,
    zeroRow: number(params, 'padding_idx'),
  });
}

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const offset = number(params, 'offset') ?? number(params, 'start_index') ?? 0;
  const table = (rows: Record<string, unknown>, dim: number, base?: number): Output =>
    api.sinusoidal({ ...sinusoidalOptions(params, dim, base), ...rows, precision });

  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    const dim = number(params, 'd_model') ?? number(params, 'channels') ?? want.shape[want.shape.length - 1];
    const listed = record.inputs.position_ids;
    const consecutive = { length: want.shape[0], offset };
    const perOutputBase = /^base_([0-9.e+]+)$/.exec(name);
    if (perOutputBase !== null) {
      outputs[name] = table({ positions: input(record, 'position_ids').data }, dim, Number(perOutputBase[1]));
    } else if (name === 'from_offset') {
      outputs[name] = table(consecutive, dim);
    } else if (name === 'table' || name === 'rows' || name === 'from_position_ids') {
      outputs[name] = table(listed === undefined ? consecutive : { positions: listed.data }, dim);
    } else if (name === 'positions' || name === 'embeddings' || name === 'incremental_step') {
      const positions = fairseqPositions(record);
      if (name === 'positions') outputs[name] = { shape: want.shape, data: positions };
      else if (name === 'embeddings') outputs[name] = reshaped(table({ positions }, dim), want.shape);
      else outputs[name] = reshaped(table({ positions: fairseqStep(record) }, dim), want.shape);
    } else if (name === 'one_position' || name === 'two_positions') {
      outputs[name] = addedSignal(record, name === 'one_position' ? 1 : 2, dim, table);
    }
  }
  return outputs;
}

/** A denominator that is said as a number. */
function spoken(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The route of a torch run, or the list that the record gives instead of one; nothing in exact precision. */
export function routeOf(record: GoldenRecord, { precision }: Context): Record<string, unknown> {
  const route = word(record.params, 'frequency_route', ROUTES, 'none');
  if (precision !== 'torch') return {};
  const list = record.inputs.inv_freq_f32;
  if (list !== undefined) return { invFreq: list.data };
  return route === 'none' || route === undefined ? {} : { frequencies: route };
}

/** Rows of given positions, by a route or with the frequencies of a record. */
function rowsRun(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { data } = input(record, 'position_ids');
  const route = routeOf(record, context);
  const options = sinusoidalOptions(params, required(params, 'd_model'));
  if (route.invFreq !== undefined) for (const key of ['base', 'denominator', 'minTimescale']) delete options[key];
  return { rows: context.api.sinusoidal({ ...options, ...route, positions: data, precision: context.precision }) };
}

/** The frequencies alone. */
function frequencyRoute(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const count = required(params, 'count');
  const route = routeOf(record, context);
  const { base, denominator, minTimescale } = sinusoidalOptions(params, 2 * count);
  // 10^(4k / 63) grows: the base of its formula is below one
  const grows = params.frequency_route === 'pow10' && (base as number) > 1;
  const list = context.api.sinusoidalFrequencies(
    defined({
      dim: 2 * count,
      base: grows ? 1 / (base as number) : base,
      denominator,
      minTimescale,
      ...route,
      precision: context.precision,
    }),
  );
  return { inv_freq: { shape: [list.length], data: list } };
}

/** fairseq counts real tokens from padding_idx + 1; padding stays at padding_idx. */
function fairseqPositions(record: GoldenRecord): Int32Array {
  const tokens = input(record, 'tokens');
  const pad = required(record.params, 'padding_idx');
  const length = tokens.shape[1];
  const positions = new Int32Array(tokens.data.length);
  for (let t = 0, seen = 0; t < positions.length; t++) {
    if (t % length === 0) seen = 0;
    const real = tokens.data[t] !== pad;
    if (real) seen++;
    positions[t] = real ? seen + pad : pad;
  }
  return positions;
}

/** A decoding step takes row padding_idx + seq_len for every sequence. */
function fairseqStep(record: GoldenRecord): Int32Array {
  const [batch, length] = input(record, 'tokens').shape;
  return new Int32Array(batch).fill(required(record.params, 'padding_idx') + length);
}

/**
 * tensor2tensor's add_timing_signals_given_positions: axis a of n fills columns [2a*nt, 2(a+1)*nt), nt = d // 2n;
 * the second axis counts 0..length-1. One axis appends the odd zero column; of several the rest stays untouched.
 */
function addedSignal(
  record: GoldenRecord,
  axes: number,
  dim: number,
  table: (rows: Record<string, unknown>, dim: number) => Output,
): Output {
  const x = input(record, 'x');
  const given = input(record, 'positions');
  const [batch, length] = given.shape;
  const width = 2 * Math.floor(dim / (2 * axes));
  const sum = Float32Array.from(x.data);
  for (let axis = 0; axis < axes; axis++) {
    const positions = axis === 0 ? given.data : Float32Array.from(given.data, (_, t) => t % length);
    const signal = table({ positions }, width).data;
    for (let t = 0; t < batch * length; t++) {
      for (let c = 0; c < width; c++) sum[t * dim + axis * width + c] += signal[t * width + c];
    }
  }
  return { shape: x.shape, data: sum };
}

export const sinusoidal: Adapter[] = [
  {
    when: { system: ['sinusoidal'], op: [undefined], variant: [undefined, 'tpe'] },
    params: [
      'layout',
      'num_embeddings',
      'd_model',
      'channels',
      'length',
      'seq_len',
      'offset',
      'start_index',
      'base',
      'min_timescale',
      'max_timescale',
      'exponent_denominator',
      'odd_rule',
      'order',
      'amplitude',
      'scale',
      'scale_default',
      'padding_idx',
    ],
    inputs: ['position_ids', 'tokens', 'x', 'positions'],
    run,
  },
  {
    when: { system: ['sinusoidal'], op: ['sinusoidal_rows'] },
    params: [
      'layout',
      'frequency_route',
      'd_model',
      'base',
      'exponent_denominator',
      'odd_rule',
      'order',
      'amplitude',
      'padding_idx',
      'min_timescale',
      'max_timescale',
    ],
    inputs: ['position_ids', 'inv_freq_f32'],
    run: rowsRun,
  },
  {
    when: { system: ['sinusoidal', 'timestep'], op: ['frequency_route'] },
    params: ['frequency_route', 'count', 'base', 'exponent_denominator', 'min_timescale', 'max_timescale'],
    inputs: [],
    run: frequencyRoute,
  },
];
