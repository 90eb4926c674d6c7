/**
 * Headers of GGUF files: the normal form of fromGGUF against what llama.cpp computes for them, layer by layer. Schema:
 * tests/golden/README.md, part gguf.
 */
import type { NormalForm, RotaryLayer } from '../../../src/models/normalForm.ts';
import type { Api } from '../api.ts';
import { type CheckingAdapter, type Finding, type GoldenRecord, Unsupported } from '../types.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
type Loose = any;

const TENSORS = ['ropeFreqs', 'ropeFactorsShort', 'ropeFactorsLong'];
/** What a record may expect; anything else is unsupported. */
const EXPECTED = [
  'family',
  'per_layer_type',
  'layers',
  'softmax_scale',
  'query_scale',
  'indexer',
  'num_heads',
  'alibi_bias_max',
  'slopes',
  'symmetric',
  'max_positions',
  'dim',
  'row_offset',
  'usable_length',
  'num_buckets',
  'max_distance',
  'encoder_bidirectional',
  'decoder',
  // prose
  'reason',
];
const LAYER = [
  'rope_type',
  'inv_freq',
  'inv_freq_alternative',
  'attention_factor',
  'rotary_dim',
  'head_dim',
  'head_alternatives',
  'rotary_offset',
  'pairing',
  'mrope_section',
  'mrope_layout',
  'mrope_stream_per_pair',
  'softmax_scale',
  'query_scale',
];

const close = (got: unknown, expected: number, rel: number): boolean =>
  typeof got === 'number' && (expected === 0 ? got === 0 : Math.abs(got - expected) <= rel * Math.abs(expected));

function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new Unsupported(`unknown ${what} '${key}'`);
  }
}

function options({ tensors = {}, context }: Loose): object {
  const { 'position_embd.weight': rows, ...lists } = tensors;
  refuseUnknown('tensor', lists, TENSORS);
  return {
    ...(context !== undefined && { context }),
    tensors: { ...lists, ...(rows !== undefined && { positionEmbd: JSON.parse(rows) }) },
  };
}

class Comparison {
  readonly problems: string[] = [];

  same(what: string, got: unknown, expected: unknown): void {
    if (JSON.stringify(got) === JSON.stringify(expected)) return;
    this.problems.push(`${what}: ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
  }

  near(what: string, got: unknown, expected: number | undefined, rel: number): void {
    if (expected !== undefined && !close(got, expected, rel))
      this.problems.push(`${what}: ${got}, expected ${expected}`);
  }

  list(what: string, got: ArrayLike<number> | undefined, expected: readonly number[], rel: number): void {
    if (got?.length !== expected.length) {
      this.problems.push(`${what}: ${got?.length} numbers, expected ${expected.length}`);
      return;
    }
    const worst = expected.findIndex((value, i) => !close(got[i], value, rel));
    if (worst >= 0) this.problems.push(`${what}[${worst}]: ${got[worst]}, expected ${expected[worst]}`);
  }
}

/** The name of a rule in the vectors: divisors of any origin are one. */
function ruleName({ spec, ropeType }: RotaryLayer): string {
  if (spec.invFreq !== undefined || ropeType === 'longrope') return 'divisors';
  return ropeType === 'ntk' ? 'default' : ropeType;
}

function compareLayer(to: Comparison, label: string, got: RotaryLayer, expected: Loose, raw: Loose): void {
  refuseUnknown('fact', expected, LAYER);
  const { tolerance, params } = raw;
  to.same(`${label}.ropeType`, ruleName(got), expected.rope_type);
  const long = got.lengthDependent !== undefined && params.context > got.lengthDependent.threshold;
  to.list(`${label}.invFreq`, long ? got.invFreqLong : got.invFreq, expected.inv_freq, tolerance.inv_freq_rel);
  to.near(`${label}.attentionFactor`, got.attentionFactor, expected.attention_factor, tolerance.attention_factor_rel);
  to.near(`${label}.softmaxScale`, got.softmaxScale, expected.softmax_scale, tolerance.softmax_scale_rel);
  to.same(`${label}.rotaryDim`, got.rotaryDim, expected.rotary_dim);
  to.same(`${label}.headDim`, got.headDim, expected.head_dim);
  to.same(`${label}.rotaryOffset`, got.rotaryOffset, expected.rotary_offset);
  to.same(`${label}.pairing`, got.pairing, expected.pairing);
  to.same(`${label}.mropeSection`, got.mropeSection, expected.mrope_section);
  to.same(`${label}.mropeLayout`, got.mropeLayout, expected.mrope_layout);
  if (expected.mrope_stream_per_pair !== undefined) {
    to.same(`${label}.mropeStreams`, got.mropeStreams, expected.mrope_stream_per_pair);
  }
}

/** What each layer does: the label of its table, 'nope', or nothing. */
function byLayer(
  count: number,
  tables: Readonly<Record<string, readonly number[]>>,
  nope: readonly number[],
): string[] {
  const layers = new Array<string>(count).fill('no attention');
  for (const [label, list] of Object.entries(tables)) for (const layer of list) layers[layer] = `table ${label}`;
  for (const layer of nope) layers[layer] = 'nope';
  return layers;
}

function compareTables(to: Comparison, form: NormalForm, expected: Loose, raw: Loose): void {
  const tables = form.layerTypes ?? {};
  const { num_hidden_layers: count, nope = [], no_attention, rotary, ...labelled } = expected.layers ?? {};
  const labels = Object.keys(expected.per_layer_type ?? {});
  if (expected.layers === undefined || expected.per_layer_type === undefined) {
    for (const label of labels) {
      if (tables[label]) compareLayer(to, label, tables[label], expected.per_layer_type[label], raw);
      else to.problems.push(`no layer type '${label}'`);
    }
  }
  if (expected.layers === undefined) return;
  to.same('layers.count', form.layers?.count, count);
  if (form.layers?.count !== count) return;
  const want = byLayer(count, rotary === undefined ? labelled : { default: rotary }, nope);
  const got = byLayer(count, form.layers?.rotary ?? {}, form.layers?.nope ?? []);
  const checked = new Set<string>();
  for (let layer = 0; layer < count; layer++) {
    const [theirs, ours] = [want[layer], got[layer]].map((use) =>
      use.startsWith('table ') ? use.slice(6) : undefined,
    );
    if (theirs === undefined || ours === undefined) {
      to.same(`layer ${layer}`, got[layer], want[layer]);
      continue;
    }
    // labels may be called otherwise: each pair of names is compared once
    const pair = `${theirs} as ${ours}`;
    if (checked.has(pair)) continue;
    checked.add(pair);
    if (tables[ours]) compareLayer(to, pair, tables[ours], expected.per_layer_type[theirs], raw);
    else to.problems.push(`layer ${layer}: no table '${ours}'`);
  }
  if (no_attention !== undefined) {
    to.same(
      'no attention',
      got.flatMap((use, layer) => (use === 'no attention' ? [layer] : [])),
      no_attention,
    );
  }
}

function compareQueryScale(to: Comparison, form: NormalForm, expected: Loose): void {
  const onTables = Object.values(form.layerTypes ?? {}).find(({ queryScale }) => queryScale !== undefined)?.queryScale;
  const got = form.queryScale ?? onTables;
  if (expected === undefined) {
    to.same('queryScale', got, undefined);
    return;
  }
  const { beta, attnScale, floorScale, originalMaxPositionEmbeddings } = got?.parameters ?? {};
  to.same('queryScale.appliesTo', got?.appliesTo, expected.applies_to);
  to.near('queryScale.scale', attnScale ?? beta, expected.scale, 1e-6);
  to.same('queryScale.floor', floorScale ?? originalMaxPositionEmbeddings, expected.floor);
  to.same('queryScale.offset', got?.formula.includes('position + 1') ? 1 : 0, expected.offset);
}

function compareForm(form: NormalForm, raw: Loose, api: Api): string[] {
  const { expected, tolerance } = raw;
  refuseUnknown('expectation', expected, EXPECTED);
  const to = new Comparison();
  to.same('family', form.family, expected.family);
  if (to.problems.length > 0) return to.problems;
  compareTables(to, form, expected, raw);
  compareQueryScale(to, form, expected.query_scale);
  const parameters: Loose = form.parameters ?? {};
  to.near('softmaxScale', parameters.softmaxScale, expected.softmax_scale, tolerance.softmax_scale_rel);
  for (const [theirs, got] of [
    ['num_heads', parameters.heads],
    ['alibi_bias_max', parameters.alibiBiasMax],
    ['symmetric', parameters.symmetric ?? false],
    ['max_positions', parameters.maxPositions],
    ['dim', parameters.dim],
    ['row_offset', parameters.rowOffset],
    ['usable_length', parameters.usableLength],
    ['num_buckets', parameters.numBuckets],
    ['max_distance', parameters.maxDistance],
    ['encoder_bidirectional', form.encoder?.parameters.bidirectional],
    ['decoder', form.decoder !== undefined],
  ]) {
    if (expected[theirs] !== undefined) to.same(theirs, got, expected[theirs]);
  }
  if (expected.slopes) {
    const { heads, slopes, alibiBiasMax } = parameters;
    const got = api.alibiSlopes({ heads, slopes, alibiBiasMax }) as { data: Float32Array };
    to.list('slopes', got.data, expected.slopes, tolerance.slopes_rel);
  }
  if (expected.indexer) {
    const { head_dim, rotary_dim, rotary_offset, pairing } = expected.indexer;
    to.same('indexer', form.indexer, {
      headDim: head_dim,
      rotaryDim: rotary_dim,
      rotaryOffset: rotary_offset,
      pairing,
    });
  }
  return to.problems;
}

function check({ raw }: GoldenRecord, { api }: { readonly api: Api }): Finding[] {
  if (typeof api.fromGGUF !== 'function') throw new Unsupported('the library has no fromGGUF');
  const { params, expected } = raw as Loose;
  refuseUnknown('parameter', params, ['metadata', 'tensors', 'context']);
  const before = JSON.stringify(params.metadata);
  let problems: string[];
  try {
    const form = api.fromGGUF(params.metadata, options(params)) as NormalForm;
    problems = expected.outcome === 'error' ? ['outcome: no error'] : compareForm(form, raw, api);
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    const { code, message } = error as { code?: string; message: string };
    const about = expected.outcome === 'error' ? String(expected.about) : undefined;
    const right = code === 'ERR_CONFIG' && about !== undefined && message.includes(about);
    problems = right ? [] : [`error: ${code ?? 'no PosencError'}: ${message}`];
  }
  if (JSON.stringify(params.metadata) !== before) problems.push('metadata: was changed');
  if (problems.length === 0) return [{ output: 'normal form', ok: true, maxAbs: 0, allowed: 0 }];
  return problems.map((message) => ({
    output: message.split(':')[0],
    ok: false,
    maxAbs: Number.POSITIVE_INFINITY,
    allowed: 0,
    message,
  }));
}

export const gguf: CheckingAdapter[] = [{ when: { op: ['gguf_normal_form'] }, check }];
