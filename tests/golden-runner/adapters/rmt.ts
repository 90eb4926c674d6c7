/** Recurrent Memory Transformer: plans of segments, and a decoder wrapped around the records' toy model. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, required, word } from './shared.ts';

const ALIGNMENT = { left: 'left', right: 'right', center: 'center' };

interface Case {
  readonly L: number;
  readonly segment_size: number;
  readonly max_n_segments?: number;
  readonly segment_alignment?: string | null;
}

/** Unset means right in the encoder, which is the one that has a number of segments, and left in the decoder. */
function plans(record: GoldenRecord, { api }: Context): Outputs {
  const cases = record.params.cases as readonly Case[];
  const outputs: Outputs = {};
  cases.forEach((plan, i) => {
    const encoder = plan.max_n_segments !== undefined && plan.max_n_segments !== null;
    const segments: { start: number; length: number }[] = api.rmtSegments(
      defined({
        length: plan.L,
        segmentSize: plan.segment_size,
        alignment: word({ ...plan }, 'segment_alignment', ALIGNMENT, encoder ? 'right' : 'left'),
        maxSegments: encoder ? plan.max_n_segments : undefined,
      }),
    );
    outputs[`case${i}`] = { shape: [segments.length, 2], data: segments.flatMap((s) => [s.start, s.length]) };
  });
  return outputs;
}

/** h = tanh(cumulative mean of the inputs, times w); logits = h u. Plain arithmetic around the library's rows. */
function toyModel(x: ArrayLike<number>, batch: number, rows: number, dim: number, w: Float32Array): Float32Array {
  const hidden = new Float32Array(batch * rows * dim);
  for (let b = 0; b < batch; b++) {
    const sum = new Float64Array(dim);
    for (let t = 0; t < rows; t++) {
      const at = (b * rows + t) * dim;
      for (let c = 0; c < dim; c++) sum[c] += x[at + c];
      for (let o = 0; o < dim; o++) {
        let value = 0;
        for (let c = 0; c < dim; c++) value += (sum[c] / (t + 1)) * w[c * dim + o];
        hidden[at + o] = Math.tanh(value);
      }
    }
  }
  return hidden;
}

function decoder(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  if (params.toy_model !== 'h=tanh(cumulative_mean(x) @ w); logits=h @ u')
    throw new Unsupported("parameter 'toy_model'");
  const ids = input(record, 'input_ids');
  const [batch, length] = ids.shape;
  const embedding = floats(record, 'embedding');
  const [vocabulary, dim] = input(record, 'embedding').shape;
  const memoryTokens = required(params, 'num_mem_tokens');
  const [w, u] = [floats(record, 'w'), floats(record, 'u')];
  const segments: { start: number; length: number }[] = api.rmtSegments({
    length,
    segmentSize: required(params, 'segment_size'),
    alignment: word(params, 'segment_alignment', ALIGNMENT, 'left'),
  });
  const hidden = new Float32Array(batch * length * dim);
  const logits = new Float32Array(batch * length * vocabulary);
  const outputs: Outputs = {
    segment_lengths: { shape: [segments.length], data: segments.map((s) => s.length) },
    hidden: { shape: [batch, length, dim], data: hidden },
    logits: { shape: [batch, length, vocabulary], data: logits },
  };
  const learned = input(record, 'memory');
  let memory = api.Tensor.from(learned.data, learned.shape);
  segments.forEach(({ start, length: n }, s) => {
    const tokens = new Float32Array(batch * n * dim);
    const mask = new Int32Array(batch * n);
    for (let i = 0; i < batch * n; i++) {
      const at = Math.floor(i / n) * length + start + (i % n);
      tokens.set(embedding.subarray(ids.data[at] * dim, (ids.data[at] + 1) * dim), i * dim);
      mask[i] = record.inputs.attention_mask?.data[at] ?? 1;
    }
    const joined = api.rmtInput(tokens, memory, { shape: [batch, n, dim] });
    outputs[`segment${s}_inputs_embeds`] = joined;
    if (record.inputs.attention_mask !== undefined) {
      outputs[`segment${s}_attention_mask`] = api.rmtMask({ data: mask, shape: [batch, n] }, { memoryTokens });
    }
    const states = toyModel(joined.data, batch, joined.shape[1], dim, w);
    const left = api.rmtOutput(states, { memoryTokens, shape: joined.shape });
    memory = left.memory;
    for (let i = 0; i < batch * n; i++) {
      const at = Math.floor(i / n) * length + start + (i % n);
      const row = left.hidden.data.subarray(i * dim, (i + 1) * dim);
      hidden.set(row, at * dim);
      for (let v = 0; v < vocabulary; v++) {
        let value = 0;
        for (let c = 0; c < dim; c++) value += row[c] * u[c * vocabulary + v];
        logits[at * vocabulary + v] = value;
      }
    }
  });
  return outputs;
}

export const rmt: Adapter[] = [
  { when: { system: ['rmt'], toy_model: [undefined] }, params: ['cases'], inputs: [], run: plans },
  {
    when: { system: ['rmt'], cases: [undefined] },
    params: ['num_mem_tokens', 'segment_size', 'segment_alignment', 'L', 'toy_model'],
    inputs: ['memory', 'embedding', 'w', 'u', 'input_ids', 'attention_mask'],
    run: decoder,
  },
];
