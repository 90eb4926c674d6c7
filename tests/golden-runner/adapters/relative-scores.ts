/** Decomposed 2-D relative positions, Conformer's scores, Gemma's local audio scores, WavLM's gate. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { asShaped, type Shaped, shaped } from './attention.ts';
import { defined, floats, input, number, required } from './shared.ts';
import { routeOf } from './sinusoidal.ts';

function grid(record: GoldenRecord, key: string): [number, number] {
  const value = record.params[key];
  if (Array.isArray(value) && value.length === 2) return value as [number, number];
  throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
}

const filled = (shape: number[], value: (t: number) => number): Shaped => {
  const length = shape.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length }, (_, t) => value(t)), shape };
};

/** The index of one axis: the scores of queries of 1 and a table that holds its own rows, on grids of one column. */
function axisIndex({ api }: Context, q: number, k: number): Output {
  const rows = 2 * Math.max(q, k) - 1;
  const ones = (n: number) => filled([1, 1, n, 1], () => 1);
  const table = filled([rows, 1], (t) => t);
  const options = { querySize: [q, 1], keySize: [k, 1], content: false };
  const scores = api.decomposedRelativeScores(
    ones(q),
    ones(k),
    table,
    filled([1, 1], () => 0),
    options,
  );
  return { shape: [q, k], data: scores.data };
}

function decomposed(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const [querySize, keySize] = [grid(record, 'q_size'), grid(record, 'k_size')];
  const options = defined({
    querySize,
    keySize,
    scale: required(params, 'scale'),
    prefixTokens: number(params, 'prefix_tokens'),
  });
  const [q, k, h, w] = ['q', 'k', 'rel_pos_h', 'rel_pos_w'].map((name) => shaped(record, name));
  return {
    index_h: axisIndex(context, querySize[0], keySize[0]),
    index_w: axisIndex(context, querySize[1], keySize[1]),
    bias: context.api.decomposedRelativeScores(q, k, h, w, { ...options, content: false }),
    scores: context.api.decomposedRelativeScores(q, k, h, w, options),
  };
}

function conformer(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const keyLength = required(params, 'k_len');
  // published tables are float32 angles of float32 frequencies, whatever the scores are computed in
  const table = api.sinusoidal({
    ...routeOf(record, { api, precision: 'torch' }),
    positions: Array.from({ length: 2 * keyLength - 1 }, (_, t) => keyLength - 1 - t),
    dim: required(params, 'd_model'),
    precision: 'torch',
  });
  const [q, k, r] = [shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'r')];
  const [u, v] = [shaped(record, 'u_bias'), shaped(record, 'v_bias')];
  const scale = required(params, 'scale');
  const lengths = record.inputs.lengths === undefined ? undefined : Array.from(input(record, 'lengths').data);
  return {
    R: table,
    bd_shifted: api.conformerScores(q, k, r, { v, scale, content: false }),
    scores: api.conformerScores(q, k, r, defined({ u, v, scale, lengths })),
  };
}

/** [B, T, H, d] as [B, H, T, d]; [F, H, d] as [H, F, d]. */
function headsFirst({ data, shape }: Output): Shaped {
  const [batch, length, heads, dim] = shape.length === 4 ? shape : [1, ...shape];
  const out = new Float32Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < heads; h++) {
        for (let c = 0; c < dim; c++) {
          out[((b * heads + h) * length + t) * dim + c] = data[((b * length + t) * heads + h) * dim + c];
        }
      }
    }
  }
  return { data: out, shape: shape.length === 4 ? [batch, heads, length, dim] : [heads, length, dim] };
}

function gemma(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const [contextLeft, contextRight] = [required(params, 'context_left'), required(params, 'context_right')];
  const chunkSize = required(params, 'chunk_size');
  const positions = Array.from({ length: contextLeft + contextRight }, (_, t) => contextLeft - 1 - t);
  const [q, k, r] = ['q', 'k', 'sin_emb'].map((name) => headsFirst(asShaped(input(record, name))));
  const options = { contextLeft, contextRight };
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    if (name === 'R') {
      const dim = required(params, 'channels');
      // two channels are one frequency, whose denominator is 1
      const denominator = dim === 2 ? 1 : 'half-1';
      outputs.R = api.sinusoidal({ positions, dim, arrangement: 'concat', denominator, precision });
    }
    if (name === 'logits_dense') outputs[name] = api.localRelativeScores(q, k, r, options);
    if (name === 'logits_blocks') outputs[name] = api.localRelativeScores(q, k, r, { ...options, chunkSize });
  }
  return outputs;
}

function gated(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const hidden = shaped(record, 'hidden');
  const constant = floats(record, 'const');
  const heads = required(params, 'num_heads');
  if (constant.length !== heads) throw new Unsupported(`parameter 'num_heads': ${heads}, const has ${constant.length}`);
  const layer = { weight: shaped(record, 'weight'), bias: shaped(record, 'bias_vector'), constant };
  const bias = api.t5Bias(floats(record, 'table'), {
    shape: input(record, 'table').shape,
    numBuckets: required(params, 'num_buckets'),
    maxDistance: required(params, 'max_distance'),
    keyLength: hidden.shape[1],
  });
  return {
    position_bias: bias,
    gate: api.relativeGate(hidden, layer),
    gated_bias: api.gatedRelativeBias(bias, hidden, layer),
  };
}

export const relativeScores: Adapter[] = [
  {
    when: { system: ['decomposed-2d'], op: ['decomposed_relative_scores'] },
    params: ['q_size', 'k_size', 'scale', 'prefix_tokens', 'layout'],
    inputs: ['q', 'k', 'rel_pos_h', 'rel_pos_w'],
    run: decomposed,
  },
  {
    when: { system: ['conformer'], op: ['conformer_relative_scores'] },
    params: ['q_len', 'k_len', 'd_model', 'frequency_route', 'scale', 'layout'],
    inputs: ['q', 'k', 'r', 'u_bias', 'v_bias', 'lengths'],
    run: conformer,
  },
  {
    when: { system: ['gemma-audio'], op: ['local_relative_scores'] },
    params: ['chunk_size', 'context_left', 'context_right', 'channels', 'layout'],
    inputs: ['q', 'k', 'sin_emb'],
    run: gemma,
  },
  {
    when: { system: ['gated-bias'], op: ['gated_relative_bias'] },
    params: ['num_buckets', 'max_distance', 'num_heads', 'layout'],
    inputs: ['hidden', 'weight', 'bias_vector', 'const', 'table'],
    run: gated,
  },
];
