/**
 * Golden records become drafts of cases. A record that holds several questions (slopes of many head counts, buckets of many
 * settings, two public rules side by side) becomes one case for each, with the setting among its parameters instead of in the
 * name of an output. Schema of the records: tests/golden/README.md.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Draft, Loose, Numbers, Source } from './types.ts';

/** Every record below a directory of golden files, in a stable order. */
export function readGolden(root: string): Source[] {
  const folders = readdirSync(root).sort();
  return folders
    .filter((group) => statSync(join(root, group)).isDirectory())
    .flatMap((group) =>
      readdirSync(join(root, group))
        .sort()
        .filter((file) => file.endsWith('.json'))
        .flatMap((file) => {
          const json = JSON.parse(readFileSync(join(root, group, file), 'utf8'));
          const records: Loose[] = json.cases ?? [json];
          return records.map((record) => ({ group, topic: file.slice(0, -5), record }));
        }),
    );
}

interface Part {
  readonly part: string;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Name in the case: name in the record. */
  readonly outputs: Readonly<Record<string, string>>;
}

type Split = (record: Loose) => Part[];

/** One case an output: its name is read by a pattern, which gives parameters. */
function each(
  pattern: RegExp,
  op: string,
  output: string,
  params: (found: RegExpExecArray, record: Loose) => Readonly<Record<string, unknown>>,
): Split {
  return (record) =>
    Object.keys(record.outputs).map((name) => {
      const found = pattern.exec(name);
      if (!found) throw new Error(`${record.name}: output ${name} is not ${pattern}`);
      return { part: name, op, params: params(found, record), outputs: { [output]: name } };
    });
}

const rule = ([, name]: RegExpExecArray) => ({ rule: name });
const buckets = ([, numBuckets, maxDistance]: string[]) => ({
  num_buckets: Number(numBuckets),
  max_distance: Number(maxDistance),
});
/** Two rules in one record, by the ending of the outputs' names. */
const byRule =
  (op: string, rules: readonly string[]): Split =>
  (record) =>
    rules.map((name) => ({
      part: name,
      op,
      params: { rule: name },
      outputs: Object.fromEntries(
        Object.keys(record.outputs)
          .filter((output) => output.endsWith(`_${name}`))
          .map((output) => [output.slice(0, -name.length - 1), output]),
      ),
    }));

const caseOfParams = each(/^case(\d+)$/, '', 'result', ([, index], record) => {
  const { cases } = record.params;
  return { cases: undefined, ...cases[Number(index)] };
});

const SPLITS: Readonly<Record<string, Split>> = {
  'bias/alibi-slopes': each(/^(press|mpt|geometric)_h(\d+)$/, 'alibi_slopes', 'slopes', ([, name, heads]) => ({
    heads: Number(heads),
    rule: name,
    alibi_bias_max_for_mpt: undefined,
    alibi_bias_max: 8,
  })),
  'bias/alibi-matrices-h4': each(/^(.+)$/, 'alibi_bias', 'bias', rule),
  'bias/alibi-matrices-h6': each(/^(.+)$/, 'alibi_bias', 'bias', rule),
  'bias/alibi-bloom-from-mask': each(/^(.+)$/, 'alibi_bias_from_mask', 'bias', rule),
  'bias/t5-buckets-default': each(/^bi([01])_nb(\d+)_md(\d+)$/, 't5_buckets', 'buckets', ([, both, ...sizes]) => ({
    bidirectional: both === '1',
    ...buckets(['', ...sizes]),
  })),
  'bias/t5-buckets-odd': each(/^bi([01])_nb(\d+)_md(\d+)$/, 't5_buckets', 'buckets', ([, both, ...sizes]) => ({
    bidirectional: both === '1',
    ...buckets(['', ...sizes]),
  })),
  'bias/deberta-log-buckets': each(
    /^(ms|hf)_b(\d+)_m(\d+)$/,
    'deberta_log_buckets',
    'buckets',
    ([, name, ...sizes]) => ({
      rule: name,
      position_buckets: Number(sizes[0]),
      max_relative_positions: Number(sizes[1]),
    }),
  ),
  'bias/mask-local-flash': (record) => caseOfParams(record).map((part) => ({ ...part, op: 'window_mask' })),
  'bias/sandwich': each(/^(.+)$/, 'sandwich', 'bias', ([, name], record) => ({
    rule: name,
    ...(name === 'paper' ? {} : record.params.nemo),
    nemo: undefined,
  })),
  'absolute/sinusoidal-interleaved-float-positions': each(/^base_(\d+)$/, 'sinusoidal_rows', 'rows', ([, base]) => ({
    base: Number(base),
  })),
  'other/decay-rope-upper-bound': each(/^(.+)_base_(\d+)$/, 'decay', 'values', ([, quantity, base]) => ({
    quantity,
    base: Number(base),
    bases: undefined,
  })),
  'other/rmt-segmentation': (record) => caseOfParams(record).map((part) => ({ ...part, op: 'rmt_segments' })),
  'other/rmt-segmentation-encoder': (record) => caseOfParams(record).map((part) => ({ ...part, op: 'rmt_segments' })),
  mrope_text_after_video: byRule('mrope_text_after_video', ['maximum', 'spatial']),
};

/** Directories of records that describe files: parameters in, facts out. */
const FILES = ['configs', 'configs-bad', 'gguf', 'extend', 'llama-cpp'];

/** The drafts of a record. */
export function draftsOf(source: Source): Draft[] {
  const { group, topic, record } = source;
  // refused for want of a record of the type only: a reader that knows the type is not wrong
  if (group === 'configs-bad' && record.about === 'model_type') return [];
  if (FILES.includes(group)) return [fileDraft(source)];
  const split = SPLITS[`${group}/${topic}`] ?? SPLITS[record.op];
  const inputs = present(record.inputs);
  // a missing op is the system: one operation is all that it has
  const op = String(record.op ?? record.params.system).replaceAll('-', '_');
  if (split === undefined) return [{ source, op, params: record.params, inputs, outputs: present(record.outputs) }];
  const parts = split(record);
  const used = parts.flatMap((part) => Object.values(part.outputs)).sort();
  const all = Object.keys(record.outputs).sort();
  if (JSON.stringify(used) !== JSON.stringify(all)) throw new Error(`${record.name}: outputs ${all}, split as ${used}`);
  return parts.map(({ part, op, params, outputs: names }) => ({
    source,
    part,
    op,
    params: Object.fromEntries(
      Object.entries({ ...record.params, ...params }).filter(([, value]) => value !== undefined),
    ),
    inputs,
    outputs: Object.fromEntries(Object.entries(names).map(([name, golden]) => [name, record.outputs[golden]])),
    names,
  }));
}

function present(arrays: Readonly<Record<string, Numbers | null>> = {}): Record<string, Numbers> {
  return Object.fromEntries(Object.entries(arrays).filter(([, value]) => value !== null)) as Record<string, Numbers>;
}

function fileDraft(source: Source): Draft {
  const { group, record } = source;
  const op = { configs: 'read_config', 'configs-bad': 'refuse_config' }[group] ?? String(record.op);
  const params =
    record.params ??
    (record.config_json === undefined ? { config: record.config } : { config_json: record.config_json });
  return { source, op, params, inputs: {}, outputs: factsOf(record.expected ?? {}) };
}

/** Facts of one table of a file that are compared. */
const OF_TABLE = ['inv_freq', 'attention_factor', 'rotary_dim', 'rotary_offset', 'pairing', 'softmax_scale'];
/** Facts of a file that are compared. */
const OF_FILE = ['family', 'num_heads', 'rows', 'row_offset', 'padding_idx', 'num_buckets', 'max_distance'];
/** Of the records whose whole answer is a few words and numbers. */
const PROSE = ['reason', 'checks', 'notes_about', 'note', 'block', 'about'];

function factsOf(expected: Loose): Record<string, Numbers> {
  const found: [string, unknown][] = [];
  if (expected.family === undefined) {
    const walk = (at: string, value: Loose) => {
      const plain = typeof value !== 'object' || value === null || Array.isArray(value);
      if (plain) found.push([at, value]);
      else for (const key of Object.keys(value)) walk(at === '' ? key : `${at}.${key}`, value[key]);
    };
    walk('', Object.fromEntries(Object.entries(expected).filter(([key]) => !PROSE.includes(key))));
    if (expected.block)
      found.push(...Object.entries(expected.block).map(([key, value]): [string, unknown] => [`block.${key}`, value]));
  } else {
    for (const key of OF_FILE) if (expected[key] !== undefined) found.push([key, expected[key]]);
    for (const [label, table] of Object.entries<Loose>(expected.per_layer_type ?? {})) {
      for (const key of OF_TABLE) if (table[key] !== undefined) found.push([`${label}.${key}`, table[key]]);
    }
    for (const [label, list] of Object.entries(expected.layers ?? {})) {
      // layers in no list have no attention: nothing to compare
      if (Array.isArray(list) && label !== 'no_attention') found.push([`layers.${label}`, list]);
    }
  }
  return Object.fromEntries(found.flatMap(([name, value]) => asNumbers(value).map((numbers) => [name, numbers])));
}

/** A plain value as an array; nothing for what is no list of one kind. */
function asNumbers(value: unknown): Numbers[] {
  const list = Array.isArray(value) ? value : [value];
  const shape = Array.isArray(value) ? [value.length] : [];
  if (list.every((item) => typeof item === 'boolean')) return [{ shape, dtype: 'bool', data: list.map(Number) }];
  if (list.every((item) => typeof item === 'string')) return [{ shape, dtype: 'text', data: list as string[] }];
  if (!list.every((item) => typeof item === 'number')) return [];
  const integers = list.every((item) => Number.isInteger(item) && Math.abs(item as number) < 2 ** 31);
  return [{ shape, dtype: integers ? 'int32' : 'float64', data: list as number[] }];
}
