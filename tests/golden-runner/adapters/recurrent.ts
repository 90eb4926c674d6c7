/** Rows after rows: recursive perceptron, GRU, FLOATER's flows; and complex-order, whose phase runs with the position. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, reshaped, word } from './shared.ts';

function mlp(record: GoldenRecord, { api }: Context): Outputs {
  word(record.params, 'activation', { tanh: true }, true);
  const [w1, b1, w2, b2] = ['w1', 'b1', 'w2', 'b2'].map((name) => floats(record, name));
  const residual = record.params.residual === true;
  const length = record.outputs.p.shape[0];
  return { p: api.recursivePositions(floats(record, 'p0'), { length, w1, b1, w2, b2, residual }) };
}

function gru(record: GoldenRecord, { api }: Context): Outputs {
  const layers: unknown[] = [];
  for (let l = 0; record.inputs[`weight_ih_l${l}`] !== undefined; l++) {
    layers.push({
      weightIh: floats(record, `weight_ih_l${l}`),
      weightHh: floats(record, `weight_hh_l${l}`),
      biasIh: floats(record, `bias_ih_l${l}`),
      biasHh: floats(record, `bias_hh_l${l}`),
    });
  }
  const { data, shape } = input(record, 'h0');
  const length = record.outputs.p.shape[0];
  const dt = number(record.params, 'dt');
  return { p: api.gruPositions(api.Tensor.from(data, shape), defined({ length, layers, dt })) };
}

const METHODS = {
  euler: 'euler',
  midpoint: 'midpoint',
  'rk4 = 3/8 rule': 'rk4-3/8',
  'rk4 = classic': 'rk4-classic',
};
/** The names the released modules give their parameters. */
const FLOWS: Readonly<Record<string, { kind: string; first: string; second: string }>> = {
  flow_func_linear: { kind: 'linear', first: 'layers.0.linear', second: 'layers.2.linear' },
  flow_func: { kind: 'conv', first: 'layers.0.conv', second: 'layers.2.conv_tr' },
};

function floaterRows(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const { kind, first, second } = word(params, 'flow', FLOWS);
  const { data, shape } = input(record, 'p0');
  const p = api.floaterPositions(api.Tensor.from(data, shape), {
    length: record.outputs.p.shape[0],
    flow: {
      kind,
      w1: floats(record, `${first}.weight`),
      b1: floats(record, `${first}.bias`),
      w2: floats(record, `${second}.weight`),
      b2: floats(record, `${second}.bias`),
    },
    dt: required(params, 'dt_per_position'),
    substeps: required(params, 'substeps_per_position'),
    method: word(params, 'method', METHODS),
  });
  return { p };
}

function complex(record: GoldenRecord, { api }: Context): Outputs {
  if (record.params.formula !== 'amp[w] * exp(i*(freq[w]*pos + phase[w]))') {
    throw new Unsupported(`parameter 'formula': ${JSON.stringify(record.params.formula)}`);
  }
  const ids = input(record, 'word_ids');
  const outputs: Outputs = {};
  const embed = (phase: boolean, suffix: string) => {
    const both = api.complexOrder({
      ids: { data: ids.data, shape: ids.shape },
      positions: Array.from(input(record, 'position_ids').data),
      amplitude: floats(record, 'amplitude'),
      amplitudeShape: input(record, 'amplitude').shape,
      frequency: floats(record, 'frequency'),
      frequencyShape: input(record, 'frequency').shape,
      ...(phase ? { phase: floats(record, 'phase'), phaseShape: input(record, 'phase').shape } : {}),
    });
    const n = both.data.length / 2;
    const shape = both.shape.slice(1);
    outputs[`real${suffix}`] = reshaped({ shape, data: both.data.subarray(0, n) }, shape);
    outputs[`imag${suffix}`] = reshaped({ shape, data: both.data.subarray(n) }, shape);
  };
  embed(false, '');
  if (record.inputs.phase !== undefined) embed(true, '_with_phase');
  const initial = record.outputs.init_frequency;
  if (initial !== undefined) {
    outputs.init_frequency = api.complexOrderFrequency({ vocabulary: initial.shape[0], dim: initial.shape[1] });
  }
  return outputs;
}

const GRU_INPUTS = Array.from({ length: 8 }, (_, l) =>
  ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => `${name}_l${l}`),
).flat();

export const recurrent: Adapter[] = [
  {
    when: { system: ['recursive'], variant: ['mlp'] },
    params: ['activation', 'residual'],
    inputs: ['p0', 'w1', 'b1', 'w2', 'b2'],
    run: mlp,
  },
  {
    when: { system: ['recursive'], variant: ['gru'] },
    params: ['dt', 'layout'],
    // the grid is (0, 1, 2 ...) dt
    inputs: ['h0', 'time_grid', ...GRU_INPUTS],
    run: gru,
  },
  {
    when: { system: ['floater'] },
    params: ['flow', 'method', 'dt_per_position', 'substeps_per_position', 'layout'],
    inputs: [
      'p0',
      ...Object.values(FLOWS).flatMap(({ first, second }) =>
        [first, second].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
      ),
    ],
    run: floaterRows,
  },
  {
    when: { system: ['complex-order'] },
    params: ['formula'],
    inputs: ['amplitude', 'frequency', 'word_ids', 'position_ids', 'phase'],
    run: complex,
  },
];
