/** jquesnelle/yarn's classes: the frequencies, the amplitude and some rows of each table. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { tableOutputs } from './rotary-shared.ts';
import { defined, input, number, required } from './shared.ts';

/** The rule of the class at `seq_len`, and what multiplies or divides its positions. */
function ruleOf({ params }: GoldenRecord): { rule: Record<string, unknown>; position: Record<string, unknown> } {
  const length = required(params, 'seq_len');
  const maximum = required(params, 'max_position_embeddings');
  const original = number(params, 'original_max_position_embeddings') ?? maximum;
  const scale = number(params, 'scale');
  const finetuned = params.finetuned === true || params.finetuned === 1;
  const weights = {
    extrapolationFactor: number(params, 'extrapolation_factor'),
    attnFactor: number(params, 'attn_factor'),
    betaFast: number(params, 'beta_fast'),
    betaSlow: number(params, 'beta_slow'),
  };
  const lengths = { maxPositionEmbeddings: maximum, originalMaxPositionEmbeddings: original };
  // the classes that follow the length start from the plain frequencies, or finetuned from the whole extension
  const grown = length > maximum ? length / original : finetuned ? maximum / original : undefined;
  const { extrapolationFactor } = weights;
  const ntkFactor = number(params, 'ntk_factor');
  switch (params.method) {
    case 'yarn':
      return { rule: { ropeType: 'yarn', factor: scale, ...lengths, ...weights }, position: {} };
    case 'dynamic_yarn':
      if (finetuned) return { rule: { ropeType: 'yarn', factor: grown, ...lengths, ...weights }, position: {} };
      return { rule: { ropeType: 'dynamic-yarn', ...lengths, ...weights }, position: {} };
    case 'ntk_fixed':
      return { rule: { ropeType: 'ntk', alpha: required(params, 'alpha') }, position: {} };
    case 'ntk_by_parts':
      return {
        rule: { ropeType: 'ntk-by-parts', factor: scale, ...lengths, extrapolationFactor, ntkFactor },
        position: {},
      };
    case 'dynamic_ntk_by_parts':
      if (grown === undefined) return { rule: {}, position: {} };
      return {
        rule: { ropeType: 'ntk-by-parts', factor: grown, ...lengths, extrapolationFactor, ntkFactor },
        position: {},
      };
    case 'dynamic_ntk':
      return { rule: { ropeType: 'dynamic', factor: required(params, 'ntk'), ...lengths }, position: {} };
    case 'dynamic_linear':
      return { rule: {}, position: length > maximum ? { positionScale: maximum / length } : {} };
    case 'linear':
      return { rule: {}, position: { ropeType: 'linear', factor: scale, linearRounding: 'position' } };
    default:
      throw new Unsupported(`parameter 'method': unknown value '${String(params.method)}'`);
  }
}

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  if (params.method === 'dynamic_linear' && params.ntk !== false) throw new Unsupported("parameter 'ntk': not false");
  const dim = required(params, 'dim');
  const { rule, position } = ruleOf(record);
  const plain = defined({ headDim: dim, ropeTheta: number(params, 'base'), precision, ...rule });
  const length = required(params, 'seq_len');
  // inv_freq is the class's buffer, which does not know what happens to the positions
  const made = api.rotaryFrequencies(plain, { context: length });
  const { data: positions, shape } = input(record, 'position_ids');
  const table = api.rotaryTable({ ...plain, ...position }, { positions, context: length });
  return {
    inv_freq: { shape: [made.pairs], data: made.float32 ?? made.ladder.hi },
    mscale: { shape: [], data: [made.attentionFactor] },
    ...tableOutputs(record, api, table, shape),
  };
}

export const rotaryYarnRepo: Adapter[] = [
  {
    when: { system: ['rotary/yarn_repo'], op: ['cos_sin_table'], table_layout: ['half'] },
    params: [
      'method',
      'dim',
      'max_position_embeddings',
      'base',
      'scale',
      'alpha',
      'ntk',
      'ntk_factor',
      'original_max_position_embeddings',
      'beta_fast',
      'beta_slow',
      'extrapolation_factor',
      'attn_factor',
      'finetuned',
      'seq_len',
    ],
    inputs: ['position_ids'],
    run,
  },
];
