/** Runs one record: finds its adapter, makes the runs its precisions ask for, compares, and states one result. */
import type { Api } from './api.ts';
import { compare } from './compare.ts';
import {
  type Adapter,
  type ComputingAdapter,
  type Finding,
  type GoldenRecord,
  type Outputs,
  type Precision,
  type Result,
  type Tolerance,
  Unsupported,
} from './types.ts';

/** Above this, `tolerance_exact_mode` admits any cosine: it says nothing about exact precision. */
const MEANINGLESS = 0.05;

/** Parameters that every adapter may leave undeclared: identity, prose, and what `run` itself reads. */
const COMMON = new Set(['system', 'op', 'note', 'notes', 'precision']);

const PRECISIONS: readonly string[] = ['exact', 'torch', 'ggml'];

export function runRecord(record: GoldenRecord, api: Api, adapters: readonly Adapter[]): Result {
  let findings: Finding[];
  try {
    findings = examine(record, api, adapters);
  } catch (error) {
    if (error instanceof Unsupported) return result(record, 'unsupported', undefined, [error.message]);
    return result(record, 'failed', undefined, [String(error instanceof Error ? error.message : error)]);
  }
  const failures = findings.filter((f) => !f.ok).map((f) => f.message ?? `${f.output}: wrong`);
  return result(record, failures.length > 0 ? 'failed' : 'passed', worst(findings), failures);
}

function examine(record: GoldenRecord, api: Api, adapters: readonly Adapter[]): Finding[] {
  const adapter = choose(record, adapters);
  const made = record.params.precision ?? 'exact';
  if (typeof made !== 'string' || !PRECISIONS.includes(made)) throw new Unsupported(`unknown precision '${made}'`);
  const precision = made as Precision;
  if ('check' in adapter) return inScope(api, () => adapter.check(record, { api, precision }));

  refuseUnknown(record.params, [...adapter.params, ...Object.keys(adapter.when)], 'parameter');
  refuseUnknown(record.inputs, adapter.inputs, 'input');
  if (Object.keys(record.outputs).length === 0) throw new Error('the record has no outputs');
  const once = (mode: Precision, tolerance: Tolerance): Finding[] => {
    const outputs = computed(adapter, record, api, mode);
    return Object.entries(record.outputs).map(([name, want]) => compare(name, outputs[name], want, tolerance));
  };
  const findings = once(precision, record.tolerance);
  const exact = record.toleranceExactMode;
  if (exact !== undefined && precision !== 'exact' && exact.abs <= MEANINGLESS) {
    for (const f of once('exact', exact)) {
      findings.push(f.ok ? f : { ...f, message: `in exact precision: ${f.message}` });
    }
  }
  return findings;
}

function computed(adapter: ComputingAdapter, record: GoldenRecord, api: Api, precision: Precision): Outputs {
  return inScope(api, () => copied(adapter.run(record, { api, precision })));
}

/** The outputs of a record in one precision, for whoever compares them by other rules; undefined where an adapter compares. */
export function outputsOf(
  record: GoldenRecord,
  api: Api,
  adapters: readonly Adapter[],
  precision = (record.params.precision ?? 'exact') as Precision,
): Outputs | undefined {
  const adapter = choose(record, adapters);
  return 'check' in adapter ? undefined : computed(adapter, record, api, precision);
}

/** The one adapter whose discriminators fit. */
function choose(record: GoldenRecord, adapters: readonly Adapter[]): Adapter {
  const fits = adapters.filter((adapter) =>
    Object.entries(adapter.when).every(([key, values]) => {
      const value = key === 'system' ? record.system : key === 'op' ? record.op : record.params[key];
      return values.includes(value ?? undefined);
    }),
  );
  if (fits.length > 1) throw new Error('several adapters claim this record');
  if (fits.length === 0) {
    const given = ['method', 'variant', 'mode'].filter((key) => record.params[key] !== undefined);
    const words = [`system '${record.system}'`, ...(record.op === undefined ? [] : [`op '${record.op}'`])];
    for (const key of given) words.push(`${key} '${String(record.params[key])}'`);
    throw new Unsupported(`no adapter for ${words.join(', ')}`);
  }
  return fits[0];
}

/** A null parameter or input is an absent one. */
function refuseUnknown(given: Readonly<Record<string, unknown>>, known: readonly string[], kind: string): void {
  for (const [key, value] of Object.entries(given)) {
    if (value === null || known.includes(key) || (kind === 'parameter' && COMMON.has(key))) continue;
    throw new Unsupported(`unknown ${kind} '${key}'`);
  }
}

/** Everything a record allocates in the engine is given back before the next one. */
function inScope<T>(api: Api, body: () => T): T {
  return typeof api.scope === 'function' ? (api.scope(body) as T) : body();
}

function copied(outputs: Outputs): Outputs {
  const result: Outputs = {};
  for (const [name, { shape, data }] of Object.entries(outputs)) {
    result[name] = { shape: [...shape], data: Array.prototype.slice.call(data) };
  }
  return result;
}

function worst(findings: readonly Finding[]): Finding | undefined {
  const ratio = (f: Finding): number => (f.maxAbs === 0 ? 0 : f.maxAbs / f.allowed);
  let chosen: Finding | undefined;
  for (const f of findings) if (chosen === undefined || ratio(f) > ratio(chosen)) chosen = f;
  return chosen;
}

function result(
  record: GoldenRecord,
  status: Result['status'],
  finding: Finding | undefined,
  messages: readonly string[],
): Result {
  return {
    path: record.path,
    name: record.name,
    system: record.system,
    op: record.op ?? null,
    status,
    maxAbs: finding === undefined ? null : finding.maxAbs,
    allowed: finding === undefined ? null : finding.allowed,
    output: finding === undefined ? null : finding.output,
    ...(messages.length > 0 ? { messages } : {}),
  };
}
