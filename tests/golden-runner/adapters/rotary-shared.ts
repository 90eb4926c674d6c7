/** Rotary records: parameters to a `RotarySpec`, and half-width tables to the layouts the references keep. */
import { type Context, type GoldenRecord, type Output, type Params, type Precision, Unsupported } from '../types.ts';
import { defined, input, number, word } from './shared.ts';

const PAIRING = { half: 'half', interleaved: 'interleaved' };
const ROPE_TYPE = {
  default: 'default',
  linear: 'linear',
  ntk: 'ntk',
  dynamic: 'dynamic',
  yarn: 'yarn',
  longrope: 'longrope',
  su: 'longrope',
  llama3: 'llama3',
  proportional: 'proportional',
};

/** The parameters that `rotarySpec` reads. */
export const SPEC_PARAMS: readonly string[] = [
  'head_dim',
  'rotary_dim',
  'partial_rotary_factor',
  'passthrough',
  'pairing',
  'rotation_sign',
  'rope_type',
  'rope_theta',
  'factor',
  'alpha',
  'mixed_b',
  'attention_factor',
  'attention_scaling',
  'max_position_embeddings',
  'original_max_position_embeddings',
  'beta_fast',
  'beta_slow',
  'mscale',
  'mscale_all_dim',
  'truncate',
  'extrapolation_factor',
  'low_freq_factor',
  'high_freq_factor',
  'short_factor',
  'long_factor',
  'ext_factors',
  'short_mscale',
  'long_mscale',
];

/**
 * The record's parameters as a `RotarySpec`. In torch precision `inputs.inv_freq_f32`, where present, replaces the
 * frequency rule: it is what the reference really multiplied with.
 */
export function rotarySpec(record: GoldenRecord, precision: Precision): Record<string, unknown> {
  const { params } = record;
  const given = precision === 'torch' ? record.inputs.inv_freq_f32 : undefined;
  const partialRotaryFactor = number(params, 'partial_rotary_factor');
  const rotaryDim = given === undefined ? number(params, 'rotary_dim') : 2 * given.data.length;
  const headDim = number(params, 'head_dim') ?? rotaryDim;
  if (headDim === undefined) throw new Unsupported("parameter 'head_dim' is missing");
  const byFactor = given === undefined && partialRotaryFactor !== undefined;
  const leading = word(params, 'passthrough', { trailing: false, leading: true }, false);
  return defined({
    headDim,
    // The factor says more than the width: an odd int(headDim * factor) keeps its odd exponent denominator.
    rotaryDim: byFactor ? undefined : rotaryDim,
    partialRotaryFactor: byFactor ? partialRotaryFactor : undefined,
    rotaryOffset: leading ? headDim - (rotaryDim ?? headDim) : undefined,
    pairing: word(params, 'pairing', PAIRING, 'half'),
    rotationSign: number(params, 'rotation_sign'),
    attentionFactor: number(params, 'attention_factor') ?? number(params, 'attention_scaling'),
    precision,
    ...(given === undefined ? frequencyRule(params) : { invFreq: given.data }),
  });
}

function frequencyRule(params: Params): Record<string, unknown> {
  // `ext_factors` is one list of divisors whatever the length, and says nothing of an amplitude.
  const ext = params.ext_factors ?? undefined;
  const fixed = ext === undefined ? {} : { maxPositionEmbeddings: 1, originalMaxPositionEmbeddings: 1 };
  return {
    ropeType: word(params, 'rope_type', ROPE_TYPE, 'default'),
    ropeTheta: number(params, 'rope_theta'),
    factor: number(params, 'factor'),
    alpha: number(params, 'alpha'),
    mixedB: number(params, 'mixed_b'),
    betaFast: number(params, 'beta_fast'),
    betaSlow: number(params, 'beta_slow'),
    mscale: number(params, 'mscale'),
    mscaleAllDim: number(params, 'mscale_all_dim'),
    truncate: params.truncate ?? undefined,
    extrapolationFactor: number(params, 'extrapolation_factor'),
    lowFreqFactor: number(params, 'low_freq_factor'),
    highFreqFactor: number(params, 'high_freq_factor'),
    shortMscale: number(params, 'short_mscale'),
    longMscale: number(params, 'long_mscale'),
    ...fixed,
    maxPositionEmbeddings: number(params, 'max_position_embeddings') ?? fixed.maxPositionEmbeddings,
    originalMaxPositionEmbeddings:
      number(params, 'original_max_position_embeddings') ?? fixed.originalMaxPositionEmbeddings,
    shortFactor: params.short_factor ?? ext,
    longFactor: params.long_factor ?? ext,
  };
}

/** One row of each layout from a row of cosines and sines: where every number of the reference's table comes from. */
const ROWS: Readonly<Record<string, (first: ArrayLike<number>, second: ArrayLike<number>) => number[]>> = {
  half: (f) => Array.from(f),
  full_duplicated: (f) => [...Array.from(f), ...Array.from(f)],
  full_interleaved: (f) => Array.from(f).flatMap((v) => [v, v]),
  cos_sin_concat: (cos, sin) => [...Array.from(cos), ...Array.from(sin)],
  sin_cos_concat: (cos, sin) => [...Array.from(sin), ...Array.from(cos)],
  sin_cos_interleaved: (cos, sin) => Array.from(cos).flatMap((c, i) => [sin[i], c]),
  cos_sin_interleaved: (cos, sin) => Array.from(cos).flatMap((c, i) => [c, sin[i]]),
  complex: (cos, sin) => Array.from(cos).flatMap((c, i) => [c, sin[i]]),
};

const ONE_FUNCTION: readonly string[] = ['half', 'full_duplicated', 'full_interleaved'];

/** Names under which the references keep cos and sin in one array. */
const JOINED: readonly string[] = ['sincos', 'cos_sin', 'cos_sin_cache', 'freqs_cis'];

/** Whether `tableOutput` can build an output of this name. */
export function isTableOutput(name: string): boolean {
  return name === 'cos' || name === 'sin' || JOINED.includes(name);
}

/** A half-width table [n, h] in `params.table_layout`; `lead` is the shape of the positions. */
export function tableOutput(
  name: string,
  params: Params,
  table: { readonly cos: Output; readonly sin: Output },
  lead: readonly number[],
): Output {
  const layout = String(params.table_layout ?? 'half');
  const row = ROWS[layout];
  const single = name === 'cos' || name === 'sin';
  if (row === undefined || ONE_FUNCTION.includes(layout) !== single) {
    throw new Unsupported(`parameter 'table_layout': unknown value '${layout}' for output '${name}'`);
  }
  const [n, h] = table.cos.shape;
  const data: number[] = [];
  for (let r = 0; r < n; r++) {
    const cos = Array.prototype.slice.call(table.cos.data, r * h, (r + 1) * h);
    const sin = Array.prototype.slice.call(table.sin.data, r * h, (r + 1) * h);
    data.push(...(name === 'sin' ? row(sin, cos) : row(cos, sin)));
  }
  const width = layout === 'complex' ? [h, 2] : [data.length / Math.max(n, 1)];
  return { shape: [...lead, ...width], data };
}

/** The table of a record's `position_ids`, row by row. The references' own tables hold the sine of the unturned angle. */
export function positionTable(record: GoldenRecord, { api, precision }: Context, turned: boolean) {
  const spec = rotarySpec(record, precision);
  const { rotationSign: _, ...unturned } = spec;
  const positions = input(record, 'position_ids').data;
  const context = number(record.params, 'seq_len');
  return api.rotaryTable(turned ? spec : unturned, defined({ positions, context }));
}
