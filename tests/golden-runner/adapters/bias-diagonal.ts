/** Biases that depend on the distance: T5, KERPLE, Sandwich, FIRE, networks, the naive table, masks. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, reshaped, word } from './shared.ts';

/** A record's matrix has a leading 1 where the reference broadcasts over a batch. */
function like(bias: Output, want: readonly number[]): Output {
  return want.length === bias.shape.length + 1 && want[0] === 1 ? reshaped(bias, [1, ...bias.shape]) : bias;
}

function flag(record: GoldenRecord, key: string): boolean | undefined {
  const value = record.params[key];
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
}

function table(record: GoldenRecord, name: string): { data: Float32Array; shape: readonly number[] } {
  return { data: floats(record, name), shape: input(record, name).shape };
}

function t5(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const outputs: Outputs = {};
  if (record.inputs.relative_position !== undefined) {
    const distances = input(record, 'relative_position').data;
    for (const name of Object.keys(record.outputs)) {
      const parts = /^bi([01])_nb(\d+)_md(\d+)$/.exec(name);
      if (parts === null) continue;
      const [bidirectional, numBuckets, maxDistance] = [parts[1] === '1', Number(parts[2]), Number(parts[3])];
      outputs[name] = api.t5Buckets({ distances, bidirectional, numBuckets, maxDistance });
    }
    return outputs;
  }
  const causal = flag(record, 'causal');
  const options = defined({
    numBuckets: number(params, 'num_buckets'),
    maxDistance: number(params, 'max_distance'),
    bidirectional: flag(record, 'bidirectional') ?? (causal === undefined ? undefined : !causal),
    queryLength: required(params, 'q_len'),
    keyLength: required(params, 'k_len'),
    // without an offset of its own a record's queries start with its keys
    queryOffset: number(params, 'q_offset') ?? 0,
  });
  const { data, shape } = table(record, 'table');
  for (const [name, want] of Object.entries(record.outputs)) {
    if (name === 'bucket') outputs[name] = api.t5Buckets(options);
    if (name === 'bias') {
      outputs[name] = like(
        api.t5Bias(data, defined({ ...options, shape, scale: number(params, 'scale') })),
        want.shape,
      );
    }
  }
  return outputs;
}

function kerple(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const name = String(params.pos_emb);
  const heads = required(params, 'heads');
  const list = (key: string) => (record.inputs[key] === undefined ? undefined : floats(record, key));
  let given: Record<string, unknown>;
  if (name === 'kerple_log') given = { kind: 'log', p: list('bias_p'), a: list('bias_a') };
  else if (name === 'kerple_power_original') given = { kind: 'power', a: api.alibiSlopes({ heads }).data, eps: 1e-30 };
  else if (/^kerple_power_(a|p|ap)_(a|p|ap)?$/.test(name)) {
    given = { kind: 'power', p: list('bias_p'), a: list('bias_a'), weightP: list('wei_p'), weightA: list('wei_a') };
  } else throw new Unsupported(`parameter 'pos_emb': unknown value ${JSON.stringify(name)}`);
  const options = defined({ eps: number(params, 'eps'), ...given });
  const { data: x, shape } = input(record, 'x');
  const [q, k] = shape.slice(-2);
  const outputs: Outputs = {
    scores: { shape, data: api.kerple({ ...options, queryLength: q, keyLength: k, addTo: Float32Array.from(x) }).data },
  };
  if (record.outputs.scores_last_query !== undefined) {
    // the last query of every matrix, against all keys
    const last: number[] = [];
    for (let at = (q - 1) * k; at < x.length; at += q * k) last.push(...x.slice(at, at + k));
    const addTo = Float32Array.from(last);
    const data = api.kerple({ ...options, queryLength: 1, keyLength: k, addTo }).data;
    outputs.scores_last_query = { shape: [...shape.slice(0, -2), 1, k], data };
  }
  return outputs;
}

function sandwich(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const dim = required(params, 'd_bar');
  const outputs: Outputs = {};
  if (record.inputs.distance !== undefined) {
    const distance = input(record, 'distance');
    // one head divides by 8
    const bias: Output = api.sandwich({ heads: 1, dim, queryPositions: [0], keyPositions: distance.data });
    outputs.inner_product = { shape: distance.shape, data: Array.from(bias.data, (value) => 8 * value) };
    return outputs;
  }
  const heads = required(params, 'heads');
  const nemo = params.nemo as Record<string, number> | undefined;
  for (const name of Object.keys(record.outputs)) {
    if (name === 'paper') outputs[name] = api.sandwich({ heads, dim, keyLength: required(params, 'L') });
    if (name !== 'nemo_causal' && name !== 'nemo_bidirectional') continue;
    if (nemo === undefined || Object.keys(nemo).some((key) => !['q_len', 'k_len', 'hidden_size'].includes(key))) {
      throw new Unsupported(`parameter 'nemo': unknown value ${JSON.stringify(nemo)}`);
    }
    const { q_len: queryLength, k_len: keyLength, hidden_size } = nemo;
    const form = name === 'nemo_causal' ? 'nemo-causal' : 'nemo';
    outputs[name] = api.sandwich({ heads, dim: hidden_size, queryLength, keyLength, form });
  }
  return outputs;
}

/** mlp_{i}_0_weight for the layers with an activation, mlp_{i}_weight for the last. */
function dynamicBias(record: GoldenRecord, { api }: Context): Outputs {
  const layers: { weight: Float32Array; bias?: Float32Array }[] = [];
  const used = new Set<string>();
  for (let i = 0; ; i++) {
    const name = [`mlp_${i}_0`, `mlp_${i}`].find((prefix) => record.inputs[`${prefix}_weight`] !== undefined);
    if (name === undefined) break;
    const bias = record.inputs[`${name}_bias`] === undefined ? undefined : floats(record, `${name}_bias`);
    layers.push({ weight: floats(record, `${name}_weight`), ...(bias && { bias }) });
    used.add(`${name}_weight`).add(`${name}_bias`);
  }
  const unknown = Object.keys(record.inputs).find((name) => !used.has(name));
  if (unknown !== undefined) throw new Unsupported(`unknown input '${unknown}'`);
  const activation = word(
    record.params,
    'activation',
    { silu: 'silu', relu: 'relu', gelu: 'gelu', tanh: 'tanh' },
    'silu',
  );
  const bias = api.dynamicBias({
    layers,
    activation,
    logDistance: flag(record, 'log_distance') ?? false,
    queryLength: required(record.params, 'q_len'),
    keyLength: required(record.params, 'k_len'),
  });
  return { bias };
}

function fire(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const bias: Output = api.fire(
    defined({
      layers: [
        { weight: floats(record, 'w1'), bias: floats(record, 'b1') },
        { weight: floats(record, 'w2'), bias: floats(record, 'b2') },
      ],
      c: number(params, 'c'),
      initL: number(params, 'init_L'),
      lMultiplier: number(params, 'L_multiplier'),
      eps: number(params, 'eps'),
      keyLength: required(params, 'L'),
    }),
  );
  return { bias: like(bias, record.outputs.bias?.shape ?? bias.shape) };
}

function naive(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const layout = word(params, 'layout', { '[q,k,H] (heads LAST)': 'qkh', '[H,q,k]': 'hqk' });
  const { data, shape } = table(record, 'table');
  const options = { queryLength: required(params, 'q_len'), keyLength: required(params, 'k_len'), queryOffset: 0 };
  const outputs: Outputs = { bias: api.naiveRelativeBias(data, { shape, layout, ...options }) };
  if (record.outputs.index !== undefined) {
    // the rows of the table themselves: a table of one head that holds its row numbers
    const rows = Float32Array.from({ length: shape[0] }, (_, row) => row);
    const index: Output = api.naiveRelativeBias(rows, { shape: [shape[0], 1], ...options });
    outputs.index = reshaped(index, index.shape.slice(1));
  }
  return outputs;
}

interface MaskCase {
  seqlen_q: number;
  seqlen_k: number;
  window: [number, number];
  q_lens?: number[] | null;
  k_lens?: number[] | null;
  key_leftpad?: number[] | null;
}

function masks(record: GoldenRecord, { api }: Context): Outputs {
  const outputs: Outputs = {};
  for (const [c, given] of (record.params.cases as MaskCase[]).entries()) {
    const { seqlen_q: queryLength, seqlen_k: keyLength, window, q_lens, k_lens, key_leftpad, ...rest } = given;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw new Unsupported(`unknown parameter 'cases[${c}].${unknown}'`);
    const batch = (q_lens ?? k_lens ?? key_leftpad)?.length;
    // the reference counts the whole key length where none is given, padding in front included
    const keyLengths = k_lens ?? (batch === undefined ? undefined : Array.from({ length: batch }, () => keyLength));
    const allowed: Output = api.attentionMask(
      defined({
        queryLength,
        keyLength,
        window,
        queryLengths: q_lens ?? undefined,
        keyLengths,
        keyLeftPad: key_leftpad ?? undefined,
        padding: batch === undefined ? undefined : 'flash',
        dtype: 'uint8',
      }),
    );
    // 1 means masked there, allowed here
    outputs[`case${c}`] = { shape: allowed.shape, data: Array.from(allowed.data, (value) => 1 - value) };
  }
  return outputs;
}

function fused(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  if (params.fused !== true) throw new Unsupported(`parameter 'fused': unknown value ${JSON.stringify(params.fused)}`);
  const options = {
    queryLength: required(params, 'q_len'),
    keyLength: required(params, 'k_len'),
    window: params.window as [number, number],
  };
  const { data, shape } = table(record, 't5_table');
  const [numBuckets, maxDistance] = [required(params, 'num_buckets'), required(params, 'max_distance')];
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    if (name === 't5_masked') {
      // x-transformers' buckets are causal unless it says otherwise; the window leaves no key after the query
      const bidirectional = flag(record, 'bidirectional') ?? false;
      outputs[name] = api.t5Bias(data, { shape, numBuckets, maxDistance, bidirectional, ...options });
    }
    if (name === 'alibi_masked') outputs[name] = api.alibi({ heads: required(params, 'heads'), ...options });
  }
  return outputs;
}

const T5_PARAMS = ['num_heads', 'num_buckets', 'max_distance', 'bidirectional', 'q_len', 'k_len', 'q_offset', 'layout'];
const DYNAMIC_INPUTS = Array.from({ length: 10 }, (_, i) => [`mlp_${i}`, `mlp_${i}_0`]).flatMap((layers) =>
  layers.flatMap((name) => [`${name}_weight`, `${name}_bias`]),
);

export const biasDiagonal: Adapter[] = [
  {
    when: { system: ['t5'], variant: [undefined, 'x-transformers'] },
    params: [...T5_PARAMS, 'scale', 'causal'],
    inputs: ['table', 'relative_position'],
    run: t5,
  },
  {
    when: { system: ['kerple'] },
    params: ['pos_emb', 'heads', 'L', 'eps'],
    inputs: ['bias_p', 'bias_a', 'wei_p', 'wei_a', 'x'],
    run: kerple,
  },
  { when: { system: ['sandwich'] }, params: ['heads', 'L', 'd_bar', 'nemo'], inputs: ['distance'], run: sandwich },
  {
    when: { system: ['dynamic-bias'] },
    params: ['log_distance', 'q_len', 'k_len', 'activation', 'layout'],
    inputs: DYNAMIC_INPUTS,
    run: dynamicBias,
  },
  {
    when: { system: ['fire'] },
    params: ['num_heads', 'mlp_width', 'c', 'init_L', 'L_multiplier', 'eps', 'L'],
    inputs: ['w1', 'b1', 'w2', 'b2'],
    run: fire,
  },
  {
    when: { system: ['naive-relative-bias'] },
    params: ['max_position', 'num_heads', 'q_len', 'k_len', 'layout'],
    inputs: ['table'],
    run: naive,
  },
  { when: { system: ['masks'], fused: [undefined], variant: [undefined] }, params: ['cases'], inputs: [], run: masks },
  {
    when: { system: ['masks'], fused: [true], variant: [undefined] },
    params: ['fused', 'num_buckets', 'max_distance', 'bidirectional', 'q_len', 'k_len', 'window', 'heads'],
    inputs: ['t5_table'],
    run: fused,
  },
];
