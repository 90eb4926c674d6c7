/** Rotary records: parameters to a `RotarySpec`, and tables in the layouts the references keep. */
import type { RopeType } from '../../../src/rotary/spec.ts';
import { type Context, type GoldenRecord, type Outputs, type Params, type Precision, Unsupported } from '../types.ts';
import { defined, input, number, word } from './shared.ts';

const PAIRING = { half: 'half', interleaved: 'interleaved' };
/** The types of the records by the library's own; one that the library has and that is missing here does not compile. */
const ROPE_TYPE: { readonly [T in RopeType]: T } & { readonly su: 'longrope' } = {
  default: 'default',
  linear: 'linear',
  ntk: 'ntk',
  'ntk-by-parts': 'ntk-by-parts',
  dynamic: 'dynamic',
  yarn: 'yarn',
  'dynamic-yarn': 'dynamic-yarn',
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
  const side = { passthrough: firstWord(params.passthrough) };
  const leading = word(side, 'passthrough', { trailing: false, leading: true }, false);
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

/** Names under which the references keep cos and sin in one array. */
const JOINED: readonly string[] = ['sincos', 'cos_sin', 'cos_sin_cache', 'freqs_cis'];

/** Whether `tableOutputs` can build an output of this name. */
export function isTableOutput(name: string): boolean {
  return name === 'cos' || name === 'sin' || JOINED.includes(name);
}

/** The table outputs of a record in its `table_layout`; `lead` is the shape of the positions. */
export function tableOutputs(
  { outputs, params }: GoldenRecord,
  api: Context['api'],
  // biome-ignore lint/suspicious/noExplicitAny: a table of the library
  table: any,
  lead: readonly number[],
): Outputs {
  const names = Object.keys(outputs).filter(isTableOutput);
  const result: Outputs = {};
  if (names.length === 0) return result;
  // freqs_cis are complex numbers by name
  const tableLayout = firstWord(params.table_layout) ?? (names.includes('freqs_cis') ? 'complex' : 'half');
  const stored = api.rotaryTableAs(table, { tableLayout });
  const together = stored.cos === undefined;
  for (const name of names) {
    const single = name === 'cos' || name === 'sin';
    if (single === together) {
      throw new Unsupported(`parameter 'table_layout': unknown value '${tableLayout}' for output '${name}'`);
    }
    const { shape, data } = single ? stored[name] : stored;
    result[name] = { shape: [...lead, ...shape.slice(1)], data };
  }
  return result;
}

/** Some records explain a word in brackets after it. */
export function firstWord(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value).split(' ')[0];
}

/** The table of a record's `position_ids`, row by row. The references' own tables hold the sine of the unturned angle. */
export function positionTable(
  record: GoldenRecord,
  { api, precision }: Context,
  turned: boolean,
  more: Record<string, unknown> = {},
) {
  const spec = { ...rotarySpec(record, precision), ...more };
  const { rotationSign: _, ...unturned } = spec as Record<string, unknown>;
  const positions = input(record, 'position_ids').data;
  const context = number(record.params, 'seq_len');
  return api.rotaryTable(turned ? spec : unturned, defined({ positions, context }));
}
