/** vLLM's rotary classes: scaled by method, one table of cos and sin side by side, packed tokens of heads side by side. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { tableOutputs } from './rotary-shared.ts';
import { defined, floats, number, required } from './shared.ts';

/** The spec of a record; `factor` picks one of the linear class's several. */
function specOf({ params }: GoldenRecord, { api, precision }: Context, factor?: number): Record<string, unknown> {
  const headDim = required(params, 'head_size');
  const scaling = number(params, 'scaling_factor');
  const maximum = number(params, 'max_position_embeddings');
  const attnFactor = number(params, 'attn_factor');
  const yarn = {
    ropeType: 'yarn',
    factor: scaling,
    originalMaxPositionEmbeddings: maximum,
    betaFast: number(params, 'beta_fast'),
    betaSlow: number(params, 'beta_slow'),
    extrapolationFactor: number(params, 'extrapolation_factor'),
    truncate: params.truncate ?? undefined,
  };
  const rules: Record<string, () => Record<string, unknown>> = {
    base: () => ({}),
    // t / scale, not inv_freq / scale
    linear: () => ({ ropeType: 'linear', factor, linearRounding: 'position' }),
    ntk: () => ({ ropeType: 'ntk', factor: scaling, mixedB: number(params, 'mixed_b') }),
    dynamic_ntk_static: () => ({ ropeType: 'dynamic', factor: scaling, maxPositionEmbeddings: maximum }),
    dynamic_ntk_alpha: () => ({ ropeType: 'ntk', alpha: number(params, 'scaling_alpha') }),
    yarn: () =>
      params.apply_yarn_scaling === false ? { ...yarn, attentionFactor: attnFactor ?? 1 } : { ...yarn, attnFactor },
    deepseek_yarn: () => {
      const ratio =
        api.yarnMscale(scaling, number(params, 'mscale') ?? 1) /
        api.yarnMscale(scaling, number(params, 'mscale_all_dim') ?? 0);
      return { ...yarn, attentionFactor: ratio * (attnFactor ?? 1) };
    },
    proportional: () => ({
      ropeType: 'proportional',
      partialRotaryFactor: number(params, 'partial_rotary_factor'),
      factor: scaling,
    }),
  };
  const rule = rules[String(params.method)];
  if (rule === undefined) throw new Unsupported(`parameter 'method': unknown value '${String(params.method)}'`);
  return defined({
    headDim,
    rotaryDim: params.method === 'proportional' ? undefined : number(params, 'rotary_dim'),
    ropeTheta: number(params, 'base'),
    pairing: params.is_neox_style === false ? 'interleaved' : 'half',
    precision,
    ...rule(),
  });
}

/** The table of the positions asked for. */
function tableOf(record: GoldenRecord, context: Context, positions: ArrayLike<number>) {
  const { params } = record;
  const { api } = context;
  if (params.method === 'linear') return linearTable(record, context, positions);
  const spec = specOf(record, context);
  const want = number(params, 'attention_factor');
  // the class's static length: max_position_embeddings times the factor
  const length = (number(params, 'max_position_embeddings') ?? 1) * (number(params, 'scaling_factor') ?? 1);
  const made = api.rotaryFrequencies(spec, { context: Math.ceil(length) });
  if (want !== undefined && Math.abs(made.attentionFactor - want) > 1e-12) {
    throw new Error(`attention factor ${made.attentionFactor}, want ${want}`);
  }
  const dtype = params.cache_dtype ?? undefined;
  return api.rotaryTable(spec, defined({ positions, context: Math.ceil(length), dtype }));
}

/** The linear class keeps the tables of all its factors one after another; a position is a row of that. */
function linearTable(record: GoldenRecord, context: Context, positions: ArrayLike<number>) {
  const { api } = context;
  const factors = record.params.scaling_factors ?? [required(record.params, 'scaling_factor')];
  if (!Array.isArray(factors)) throw new Unsupported("parameter 'scaling_factors': expected a list");
  const maximum = required(record.params, 'max_position_embeddings');
  const parts = factors.map((factor: number) =>
    api.rotaryTable(specOf(record, context, factor), { length: Math.floor(maximum * factor) }),
  );
  const { width, pairing } = parts[0];
  const joined = (name: 'cos' | 'sin') => {
    const all = parts.flatMap((part) => Array.from<number>(part[name].data));
    return Float32Array.from(Array.from(positions).flatMap((p) => all.slice(p * width, (p + 1) * width)));
  };
  const shape = [1, positions.length, width];
  return api.rotaryTableFrom({ cos: joined('cos'), sin: joined('sin'), shape, pairing });
}

function run(record: GoldenRecord, context: Context): Outputs {
  const { params, inputs } = record;
  const positions = inputs.positions ?? inputs.position_ids;
  if (positions === undefined) throw new Unsupported("input 'positions' is missing");
  const table = tableOf(record, context, positions.data);
  const outputs = tableOutputs(record, context.api, table, positions.shape);
  for (const [name, heads] of [
    ['q', 'num_heads'],
    ['k', 'num_kv_heads'],
  ]) {
    if (record.outputs[name] === undefined) continue;
    const { shape } = inputs[name];
    const options = { layout: 'TD', shape, heads: required(params, heads) };
    outputs[name] = { shape, data: context.api.applyRotary(floats(record, name), table, options) };
  }
  return outputs;
}

export const rotaryVllm: Adapter[] = [
  {
    when: {
      system: ['rotary/vllm_rotary'],
      op: ['rope_end_to_end', 'cos_sin_table'],
      layout: [undefined, 'T,(H*D)'],
      cache_dtype: [undefined, 'float32', 'float16', 'bfloat16'],
      table_layout: ['cos_sin_concat'],
      rope_type: [undefined, 'default', 'proportional'],
    },
    params: [
      'head_size',
      'rotary_dim',
      'is_neox_style',
      'base',
      'max_position_embeddings',
      'num_heads',
      'num_kv_heads',
      'method',
      'attention_factor',
      'scaling_factor',
      'scaling_factors',
      'scaling_alpha',
      'mixed_b',
      'beta_fast',
      'beta_slow',
      'extrapolation_factor',
      'attn_factor',
      'apply_yarn_scaling',
      'truncate',
      'mscale',
      'mscale_all_dim',
      'partial_rotary_factor',
    ],
    inputs: ['positions', 'position_ids', 'q', 'k'],
    run,
  },
];
