/** A longer context asked of a configuration: the outcome of extend, the block afterwards, and the checks each rescaled case names. */
import type { NormalForm } from '../../../src/models/normalForm.ts';
import type { Api } from '../api.ts';
import { type CheckingAdapter, type Finding, type GoldenRecord, Unsupported } from '../types.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
type Loose = any;

const CHECKS: Readonly<Record<string, (api: Api, before: Loose, result: Loose, record: Loose) => string[]>> = {
  'no pair turns faster than before at any length': notFaster,
  're-reading the file with the block in place covers the context': (api, _, { config }, { context }) => {
    const again = api.extend(config, { context });
    return again.outcome === 'covered' ? [] : [`read again, the outcome is ${again.outcome}: ${again.reason}`];
  },
  'no key of the old block is lost': (_, before, { config }, { path }) => {
    const [old, now] = [at(before, path) ?? {}, at(config, path) ?? {}];
    const lost = Object.keys(old).filter((key) => !(key in now));
    return lost.map((key) => `${path}.${key} is lost`);
  },
};

const at = (object: Loose, path: string): Loose => path.split('.').reduce((value, key) => value?.[key], object);

/** At the lengths where a rule may change, and far beyond. */
export const LENGTHS = [1, 512, 4096, 8192, 32768, 131072, 262144, 1048576, 8388608];

/** Pairs of any table that turn faster in `after`. */
export function notFaster(api: Api, before: Loose, { config }: Loose): string[] {
  for (const context of LENGTHS) {
    const [old, now] = [before, config].map((given) => api.fromHF(given, { context }) as NormalForm);
    for (const [label, layer] of Object.entries(old.layerTypes ?? {})) {
      const [a, b] = [layer, now.layerTypes?.[label]].map(
        (table) => api.rotaryFrequencies({ ...table?.spec, precision: 'exact' }, { context }).ladder.hi as Float64Array,
      );
      const faster = b.findIndex((f, i) => f > a[i] * (1 + 1e-12));
      if (faster >= 0)
        return [`${label}: pair ${faster} turns faster at ${context} positions: ${b[faster]} after ${a[faster]}`];
    }
  }
  return [];
}

/** A factor is a quotient; everything else is exact. */
function different(got: Loose, want: Loose, path: string): string[] {
  if (typeof want === 'number' && typeof got === 'number') {
    return Math.abs(got - want) <= 1e-9 * Math.abs(want) ? [] : [`${path}: ${got}, expected ${want}`];
  }
  if (want === null || typeof want !== 'object')
    return got === want ? [] : [`${path}: ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`];
  // keys may be spelt as in the file
  const keys = new Set(
    [...Object.keys(want), ...Object.keys(got ?? {})].map((key) => (key === 'rope_type' ? 'type' : key)),
  );
  const read = (object: Loose, key: string): Loose =>
    key === 'type' ? (object?.type ?? object?.rope_type) : object?.[key];
  return [...keys].flatMap((key) => different(read(got, key), read(want, key), `${path}.${key}`));
}

function problemsOf(record: GoldenRecord, api: Api): string[] {
  const { config, context, ...others } = record.params as Loose;
  if (Object.keys(others).length > 0) throw new Unsupported(`unknown parameter ${Object.keys(others)[0]}`);
  const expected = record.raw.expected as Loose;
  const before = structuredClone(config);
  const result = api.extend(config, { context });
  const problems: string[] = [];
  if (JSON.stringify(config) !== JSON.stringify(before)) problems.push('the given configuration was changed');
  if (result.outcome !== expected.outcome)
    return [`outcome ${result.outcome} (${result.reason}), expected ${expected.outcome}`];
  if (typeof result.reason !== 'string' || result.reason === '') problems.push('there is no reason');
  for (const [ours, theirs] of [
    ['trainedLength', 'trained_length'],
    ['supportedLength', 'supported_length'],
  ] as const) {
    if (expected[theirs] !== undefined) problems.push(...different(result[ours] ?? null, expected[theirs], ours));
  }
  if (expected.outcome !== 'rescaled') {
    if (result.config !== undefined) problems.push('nothing was to change, and there is a config');
    return problems;
  }
  problems.push(...different(at(result.config, expected.path), expected.block, expected.path));
  for (const [path, value] of Object.entries(expected.also_set ?? {}))
    problems.push(...different(at(result.config, path), value, path));
  for (const name of expected.checks ?? []) {
    const check = CHECKS[name];
    if (!check) throw new Unsupported(`unknown check '${name}'`);
    problems.push(...check(api, before, result, { context, path: expected.path }));
  }
  return problems;
}

export const extend: readonly CheckingAdapter[] = [
  {
    when: { op: ['extend_context'] },
    check(record, { api }): Finding[] {
      const [first] = problemsOf(record, api);
      return [
        first === undefined
          ? { output: 'extend', ok: true, maxAbs: 0, allowed: 0 }
          : { output: 'extend', ok: false, maxAbs: Number.POSITIVE_INFINITY, allowed: 0, message: first },
      ];
    },
  },
];
