/**
 * Real configurations: the normal form of fromHF against what the model's own code did, and configurations that must be
 * refused or warned about. Schema: tests/golden/README.md, part configs.
 */
import type { NormalForm, RotaryLayer } from '../../../src/models/normalForm.ts';
import { recordOf } from '../../../src/models/records/index.ts';
import type { Api } from '../api.ts';
import { type CheckingAdapter, type Finding, type GoldenRecord, Unsupported } from '../types.ts';

/** Numbers that JSON cannot write are { "$number": "NaN" }. For JSON.parse. */
export function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$number')) return value;
  return Number((value as { $number: string }).$number);
}

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
type Loose = any;

const close = (got: number, expected: number, rel: number): boolean =>
  expected === 0 ? got === 0 : Math.abs(got - expected) <= rel * Math.abs(expected);

function compareList(what: string, got: readonly number[] | undefined, expected: readonly number[]): string[] {
  if (got?.length !== expected.length) return [`${what}: ${got?.length} numbers, expected ${expected.length}`];
  const worst = expected.findIndex((value, i) => !close(got[i], value, 1e-6));
  return worst < 0 ? [] : [`${what}[${worst}]: ${got[worst]}, expected ${expected[worst]}`];
}

function compareLayer(label: string, got: RotaryLayer | undefined, expected: Loose): string[] {
  if (!got) return [`no layer type '${label}'`];
  const problems: string[] = [];
  const same = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b))
      problems.push(`${label}.${what}: ${JSON.stringify(a)}, expected ${JSON.stringify(b)}`);
  };
  same('ropeType', got.ropeType, expected.rope_type);
  problems.push(...compareList(`${label}.invFreq`, got.invFreq, expected.inv_freq));
  if (expected.inv_freq_long)
    problems.push(...compareList(`${label}.invFreqLong`, got.invFreqLong, expected.inv_freq_long));
  if (!close(got.attentionFactor, expected.attention_factor, 1e-7)) {
    problems.push(`${label}.attentionFactor: ${got.attentionFactor}, expected ${expected.attention_factor}`);
  }
  same('rotaryDim', got.rotaryDim, expected.rotary_dim);
  same('headDim', got.headDim, expected.head_dim);
  same('rotaryOffset', got.rotaryOffset, expected.rotary_offset);
  same('pairing', got.pairing, expected.pairing);
  same('outputPairing', got.outputPairing, expected.output_pairing ?? expected.pairing);
  same('mropeSection', got.mropeSection, expected.mrope_section);
  same('mropeLayout', got.mropeLayout, expected.mrope_layout);
  same('mropeStreams', got.mropeStreams, expected.mrope_stream_per_pair);
  for (const [ours, theirs] of [
    ['softmaxScale', 'softmax_scale'],
    ['softmaxScaleFactor', 'softmax_scale_factor'],
  ] as const) {
    if (expected[theirs] !== undefined && !close(got[ours] ?? Number.NaN, expected[theirs], 1e-6)) {
      problems.push(`${label}.${ours}: ${got[ours]}, expected ${expected[theirs]}`);
    }
  }
  if (expected.query_scale) {
    const parameters = got.queryScale?.parameters;
    same('queryScale.beta', parameters?.beta, expected.query_scale.beta);
    const original = parameters?.originalMaxPositionEmbeddings;
    same('queryScale.original', original, expected.query_scale.original_max_position_embeddings);
  } else same('queryScale', got.queryScale, undefined);
  if (expected.original_max_position_embeddings !== undefined) {
    same('threshold', got.lengthDependent?.threshold, expected.original_max_position_embeddings);
  }
  return problems;
}

/** Differences between a normal form and the `expected` part of a record; empty when it passes. */
export function compareForm(form: NormalForm, expected: Loose): string[] {
  if (form.family !== expected.family) return [`family: ${form.family}, expected ${expected.family}`];
  const problems: string[] = [];
  const same = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b))
      problems.push(`${what}: ${JSON.stringify(a)}, expected ${JSON.stringify(b)}`);
  };
  for (const [label, layer] of Object.entries(expected.per_layer_type ?? {})) {
    problems.push(...compareLayer(label, form.layerTypes?.[label], layer));
  }
  if (expected.per_layer_type) {
    same('labels', Object.keys(form.layerTypes ?? {}).sort(), Object.keys(expected.per_layer_type).sort());
  }
  for (const [key, list] of Object.entries(expected.layers ?? {})) {
    if (key === 'num_hidden_layers') same('layers.count', form.layers?.count, list);
    else if (key === 'nope') same('layers.nope', form.layers?.nope, list);
    else same(`layers.${key}`, form.layers?.rotary[key === 'rotary' ? 'default' : key], list);
  }
  if (expected.layers && !expected.layers.nope) same('layers.nope', form.layers?.nope, []);
  if (expected.vision) {
    problems.push(...compareList('vision.invFreq', form.vision?.invFreq, expected.vision.inv_freq));
    same('vision.modelType', form.vision?.modelType, expected.vision.model_type);
    same('vision.ropeTheta', form.vision?.ropeTheta, expected.vision.rope_theta);
  }
  if (expected.query_scale) {
    same('queryScale.floorScale', form.queryScale?.parameters.floorScale, expected.query_scale.floor_scale);
    same('queryScale.attnScale', form.queryScale?.parameters.attnScale, expected.query_scale.attn_scale);
  }
  problems.push(...compareAxial(form, expected.axial), ...compareTower(form, expected.vision_encoder));
  const layer = expected.per_layer_type?.default;
  if (layer?.rotary_value !== undefined) same('rotaryValue', form.rotaryValue, layer.rotary_value);
  if (!expected.encoder) problems.push(...compareParameters('', form.parameters, expected));
  if (expected.max_positions !== undefined) {
    same('length', form.parameters?.length ?? form.parameters?.maxPositions, expected.max_positions);
  }
  for (const side of ['encoder', 'decoder'] as const) {
    if (!expected[side]) continue;
    same(`${side}.family`, form[side]?.family, expected[side].family);
    same(`${side}.dim`, form[side]?.parameters.dim, expected[side].dim);
    const length = form[side]?.parameters.length ?? form[side]?.parameters.maxPositions;
    same(`${side}.length`, length, expected[side].max_positions);
  }
  return problems;
}

/** The options of an encoder, under the names of the records; numbers as close as they are written. */
function compareParameters(where: string, got: Loose, expected: Loose): string[] {
  return Object.entries(PARAMETERS).flatMap(([theirs, ours]) => {
    const want = expected[theirs];
    if (want === undefined) return [];
    // Sinusoidal rows: the parameters are the options of the encoder, and every row is for a token.
    const value = theirs === 'usable_length' ? (got?.usableLength ?? got?.length) : got?.[ours];
    if (typeof want === 'number' && typeof value === 'number' && close(value, want, 1e-9)) return [];
    if (theirs.endsWith('_bias') && typeof want === 'object') return compareParameters(`${ours}.`, value, want);
    if (JSON.stringify(value) === JSON.stringify(want)) return [];
    return [`${where}${ours}: ${JSON.stringify(value)}, expected ${JSON.stringify(want)}`];
  });
}

/** Words of the records for the presets of axialTable. */
const VARIANTS: Readonly<Record<string, string>> = {
  qwen2_vl: 'qwen2-vl',
  pixtral: 'pixtral',
  kimi_k25: 'kimi-k2.5',
  minimax_m3: 'minimax-m3',
  gemma4: 'gemma-4',
  llama4: 'llama-4',
  dinov3: 'dinov3',
  sam2: 'sam-2',
  vjepa2: 'v-jepa-2',
};

/** A model that is a rotary tower itself. */
function compareAxial(form: NormalForm, expected: Loose): string[] {
  if (!expected) return [];
  const got = form.axial;
  const problems = compareList('axial.invFreq', got?.invFreq, expected.inv_freq);
  const facts = {
    variant: got && Object.keys(VARIANTS).find((variant) => VARIANTS[variant] === got.spec.preset),
    head_dim: got?.headDim,
    rope_theta: got?.ropeTheta,
    coordinates: got?.coordinates,
    pairing: got?.pairing,
    prefix_tokens: got?.rows.prefixTokens ?? 0,
  };
  for (const [key, value] of Object.entries(facts)) {
    if (expected[key] !== undefined && value !== expected[key]) {
      problems.push(`axial.${key}: ${value}, expected ${expected[key]}`);
    }
  }
  return problems;
}

/** The tower of a composite model. */
function compareTower(form: NormalForm, expected: Loose): string[] {
  if (!expected) return [];
  const got = form.visionEncoder;
  if (!got) return ['visionEncoder: none'];
  const problems = compareParameters('visionEncoder.', got.parameters, expected);
  if (got.family !== expected.family) problems.push(`visionEncoder: ${got.family}, expected ${expected.family}`);
  if (got.modelType !== expected.model_type) {
    problems.push(`visionEncoder: ${got.modelType}, expected ${expected.model_type}`);
  }
  return problems;
}

const PARAMETERS: Record<string, string> = {
  rows: 'rows',
  row_offset: 'rowOffset',
  padding_idx: 'paddingIdx',
  usable_length: 'usableLength',
  prefix_tokens: 'prefixTokens',
  grid: 'grid',
  relative_bias: 'relativeBias',
  spatial_bias: 'spatialBias',
  side: 'side',
  bidirectional: 'bidirectional',
  gated: 'gated',
  arrangement: 'arrangement',
  denominator: 'denominator',
  base: 'base',
  offset: 'offset',
  zero_row: 'zeroRow',
  variant: 'variant',
  normalize: 'normalize',
  object_queries: 'objectQueries',
  kind: 'kind',
  window: 'window',
  windows_per_stage: 'windowsPerStage',
  table_rows: 'tableRows',
  table_rows_per_stage: 'tableRowsPerStage',
  heads: 'heads',
  layers_per_stage: 'layersPerStage',
  pretrained_windows: 'pretrainedWindows',
  absolute_rows: 'absoluteRows',
  kernel: 'kernel',
  groups: 'groups',
  max_relative_position: 'maxRelativePosition',
  num_heads: 'heads',
  alibi_bias_max: 'alibiBiasMax',
  num_buckets: 'numBuckets',
  max_distance: 'maxDistance',
  softmax_scale: 'softmaxScale',
  dim: 'dim',
  relative_attention: 'relativeAttention',
  pos_att_type: 'posAttType',
  position_buckets: 'positionBuckets',
  max_relative_positions: 'maxRelativePositions',
  position_biased_input: 'positionBiasedInput',
  share_att_key: 'shareAttKey',
  d_model: 'dModel',
  n_head: 'heads',
  clamp_len: 'clampLen',
  bi_data: 'biData',
  attn_type: 'attnType',
};

const MISMATCH = { maxAbs: Number.POSITIVE_INFINITY, allowed: 0 };
const MATCH = { maxAbs: 0, allowed: 0 };

function findings(problems: readonly string[]): Finding[] {
  if (problems.length === 0) return [{ output: 'normal form', ok: true, ...MATCH }];
  return problems.map((message) => ({ output: message.split(':')[0], ok: false, ...MISMATCH, message }));
}

function call(api: Api, name: string): Api[string] {
  if (typeof api[name] !== 'function') throw new Unsupported(`the library has no ${name}`);
  return api[name];
}

/** Numbers that the encoder named by the family computes from the parameters of the normal form. */
function compareComputed(api: Api, form: NormalForm, expected: Loose): string[] {
  if (expected.slopes) {
    const { heads, slopes, alibiBiasMax } = form.parameters as Loose;
    const got = call(api, 'alibiSlopes')({ heads, slopes, alibiBiasMax }) as { data: Float32Array };
    return compareList('slopes', Array.from(got.data), expected.slopes);
  }
  const side = expected.encoder?.row_1_first4 ? form.encoder : form;
  const rows: Loose = expected.encoder?.row_1_first4 ? expected.encoder : expected;
  const distance = rows.pos_emb_row_for_distance_3_first4;
  if (!rows.row_1_first4 && !distance) return [];
  const parameters = side?.parameters as Loose;
  const { length: _, dModel, ...options } = parameters;
  const dim: number = dModel ?? options.dim;
  const table = call(
    api,
    'sinusoidal',
  )(
    distance
      ? { positions: [3], dim, arrangement: 'concat' }
      : { ...options, offset: undefined, zeroRow: undefined, positions: [1] },
  ) as {
    data: Float32Array;
  };
  const row = Array.from(table.data);
  const first = rows.row_1_first4 ?? distance;
  const half = rows.row_1_from_half ?? rows.pos_emb_row_for_distance_3_from_half;
  const near = (what: string, got: number[], want: number[]): string[] => {
    const bad = want.findIndex((value, i) => !(Math.abs(got[i] - value) <= 1e-6));
    return bad < 0 ? [] : [`${what}[${bad}]: ${got[bad]}, expected ${want[bad]}`];
  };
  return [
    ...near('row', row.slice(0, first.length), first),
    ...near('row from the middle', row.slice(dim / 2, dim / 2 + half.length), half),
  ];
}

/** Frequencies at lengths beyond the trained one. */
function compareDynamic(api: Api, config: unknown, expected: Loose): string[] {
  return Object.entries(expected.per_layer_type ?? {}).flatMap(([label, layer]: [string, Loose]) =>
    (layer.dynamic?.by_seq_len ?? []).flatMap(({ seq_len, inv_freq }: Loose) => {
      const form = call(api, 'fromHF')(config, { context: seq_len, layerType: label }) as NormalForm;
      return [
        ...compareList(`${label}.invFreq at ${seq_len}`, form.layerTypes?.[label].invFreq, inv_freq),
        ...compareList(`rotary.invFreq at ${seq_len}`, [...call(api, 'invFreq')(form.rotary).invFreq], inv_freq),
      ];
    }),
  );
}

function revived(value: unknown): Loose {
  return JSON.parse(JSON.stringify(value), revive);
}

function checkConfig({ raw }: GoldenRecord, { api }: { readonly api: Api }): Finding[] {
  const config = revived(raw.config);
  const before = JSON.stringify(config);
  const expected = revived(raw.expected);
  const form = call(api, 'fromHF')(config) as NormalForm;
  const problems = compareForm(form, expected);
  if (problems.length === 0)
    problems.push(...compareComputed(api, form, expected), ...compareDynamic(api, config, expected));
  if (JSON.stringify(config) !== before) problems.push('config: was changed');
  const said = form.warnings.map(({ message }) => message).join('; ');
  for (const word of (raw.must_mention ?? []) as string[]) {
    if (!said.includes(word)) problems.push(`warnings: nothing about '${word}' in: ${said}`);
  }
  return findings(problems);
}

function checkBad({ raw }: GoldenRecord, { api }: { readonly api: Api }): Finding[] {
  const config = raw.config_json === undefined ? revived(raw.config) : JSON.parse(String(raw.config_json), revive);
  const about = String(raw.about);
  let outcome = 'warning';
  let text: string;
  try {
    const form = call(api, 'fromHF')(config) as NormalForm;
    text = form.warnings.map(({ message }) => message).join('; ');
    // "Refused or reported as none": a model without positions is no error when the form says why.
    if (form.family === 'none' && form.note?.includes(about)) return findings([]);
    // Refused for want of a record only: with one, the file is read, and another record of the vectors says how.
    if (about === 'model_type' && text === '' && recordOf(String(config.model_type))) return findings([]);
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    if ((error as { code?: string }).code !== 'ERR_CONFIG') return findings([`error: ${String(error)}`]);
    outcome = 'error';
    text = (error as Error).message;
  }
  const problems: string[] = [];
  if (outcome !== raw.expect) problems.push(`outcome: ${outcome}, expected ${raw.expect}: ${text}`);
  if (!text.includes(about)) problems.push(`message: nothing about '${about}' in: ${text}`);
  if (({} as Record<string, unknown>).polluted !== undefined) problems.push('prototype: polluted');
  return findings(problems);
}

export const configs: CheckingAdapter[] = [
  { when: { system: ['configs'] }, check: checkConfig },
  { when: { system: ['configs-bad'] }, check: checkBad },
];
