/**
 * The report of the conformance suite (docs/conformance.md): which cases of posenc-vectors an implementation's results pass,
 * which flags fail, and what that usually means. Pure: groups and results in, report out. The package posenc-vectors carries
 * this file too, as check.js.
 */
import type { Expected, Suite, SuiteCase } from './suiteCase.ts';
import { explain } from './suiteExplain.ts';

export interface Failure {
  readonly id: string;
  readonly flags: readonly string[];
  /** Where the numbers differ, and by how much. */
  readonly message: string;
  /** What it is, if it is a mistake that is known. */
  readonly cause?: string;
}

export interface Report {
  readonly badge: string;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly missing: number;
  readonly failures: readonly Failure[];
  /** Causes, most frequent first. */
  readonly causes: readonly { readonly cause: string; readonly cases: readonly string[] }[];
  readonly flags: readonly {
    readonly flag: string;
    readonly passed: number;
    readonly failed: number;
    readonly missing: number;
  }[];
  /** Of questions with several public answers: which of them the results give. */
  readonly answers: readonly { readonly question: string; readonly answers: readonly string[] }[];
  /** Ids in the results that the suite does not have. */
  readonly unknown: readonly string[];
}

export interface Choice {
  /** Only these groups (the id's first part). */
  readonly groups?: readonly string[];
  /** Only cases with one of these flags. */
  readonly flags?: readonly string[];
  /** Repeat the float32 operations of the source: the tolerance of the case's `strict`. */
  readonly strict?: boolean;
}

type Given = Readonly<Record<string, unknown>>;

export function chosen(cases: readonly SuiteCase[], { groups = [], flags = [] }: Choice): SuiteCase[] {
  return cases.filter(
    ({ id, flags: of }) =>
      (groups.length === 0 || groups.includes(id.split('/')[0])) &&
      (flags.length === 0 || flags.some((flag) => of.includes(flag))),
  );
}

/** Compares results (`id -> numbers`) with the suite. */
export function report(suite: Suite, results: Given, choice: Choice = {}): Report {
  const cases = chosen(suite.cases, choice);
  const failures: Failure[] = [];
  const flags = new Map<string, { passed: number; failed: number; missing: number }>();
  const answers = new Map<string, string[]>();
  let [passed, missing, total] = [0, 0, 0];
  for (const one of cases) {
    const given = Object.hasOwn(results, one.id) ? results[one.id] : undefined;
    const failure = given === undefined || skipped(given) ? undefined : examine(one, given, choice.strict === true);
    if (one.result === 'acceptable') {
      if (given !== undefined && !skipped(given) && failure === undefined) {
        const list = answers.get(one.question ?? '') ?? [];
        if (!list.includes(one.answer ?? '')) answers.set(one.question ?? '', [...list, one.answer ?? '']);
      }
      continue;
    }
    total++;
    const status = given === undefined || skipped(given) ? 'missing' : failure === undefined ? 'passed' : 'failed';
    if (status === 'passed') passed++;
    if (status === 'missing') missing++;
    if (failure) failures.push(failure);
    for (const flag of one.flags) {
      const counts = flags.get(flag) ?? { passed: 0, failed: 0, missing: 0 };
      counts[status]++;
      flags.set(flag, counts);
    }
  }
  const causes = new Map<string, string[]>();
  for (const { id, cause } of failures) if (cause) causes.set(cause, [...(causes.get(cause) ?? []), id]);
  const known = new Set(suite.cases.map(({ id }) => id));
  const of = choice.groups?.length ? ` ${choice.groups.join(', ')}` : '';
  const version = suite.version.split('.').slice(0, 2).join('.');
  return {
    badge: `posenc-vectors ${version}${of}: ${passed} / ${total}`,
    total,
    passed,
    failed: failures.length,
    missing,
    failures,
    causes: [...causes].map(([cause, ids]) => ({ cause, cases: ids })).sort((a, b) => b.cases.length - a.cases.length),
    flags: [...flags].map(([flag, counts]) => ({ flag, ...counts })).sort((a, b) => b.failed - a.failed),
    answers: [...answers].map(([question, list]) => ({ question, answers: list })),
    unknown: Object.keys(results).filter((id) => !known.has(id)),
  };
}

const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const skipped = (given: unknown): boolean => isObject(given) && given.skipped !== undefined;

function examine(one: SuiteCase, given: unknown, strict: boolean): Failure | undefined {
  const failed = (message: string, cause?: string): Failure => ({
    id: one.id,
    flags: one.flags,
    message,
    ...(cause && { cause }),
  });
  const said = isObject(given) ? ((given.error ?? given.warning) as unknown) : undefined;
  if (one.refuse) {
    const { as, about } = one.refuse;
    if (typeof said !== 'string')
      return failed(
        `expected ${as === 'warning' ? 'a warning' : 'an error'} that names '${about}', got an answer`,
        'what must be refused is answered',
      );
    if (as !== 'either' && isObject(given) && given[as] === undefined)
      return failed(
        `expected ${as === 'error' ? 'an error' : 'a warning'}, got ${as === 'error' ? 'a warning' : 'an error'}: ${said}`,
      );
    return said.includes(about) ? undefined : failed(`the message does not name '${about}': ${said}`);
  }
  if (typeof said === 'string' && isObject(given) && given.error !== undefined) return failed(`an error: ${said}`);
  const names = Object.keys(one.outputs);
  const single = !isObject(given) || (given.data !== undefined && !names.includes('data'));
  const needed = names.filter((name) => one.outputs[name].optional !== true);
  if (single && needed.length > 1) return failed(`expected ${needed.join(', ')}, got one list`);
  for (const name of single ? needed : names) {
    const value = single ? given : (given as Given)[name];
    if (value === undefined && !needed.includes(name)) continue;
    if (value === undefined) return failed(`${name}: missing`);
    const got = flat(value);
    if (got === undefined)
      return failed(`${name}: not a list of numbers; those that JSON has not are "-Infinity", "Infinity", "NaN"`);
    const output = one.outputs[name];
    const bounds =
      strict && one.tolerance?.strict && output.dtype.startsWith('float') ? one.tolerance.strict : undefined;
    const message = difference(name, output, got, bounds && { abs: [bounds.abs], rel: bounds.rel });
    if (message) return failed(message, explain(one, name, output, got as number[]));
  }
  return undefined;
}

const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Numbers of a list, nested lists or { data }. */
function flat(value: unknown): (number | string)[] | undefined {
  const list: unknown = isObject(value) ? value.data : value;
  const items: unknown[] = Array.isArray(list) ? list.flat(Number.POSITIVE_INFINITY) : [list];
  const numbers = items.map((item) => (typeof item === 'boolean' ? Number(item) : item));
  return numbers.every((item) => typeof item === 'number' || typeof item === 'string')
    ? (numbers as (number | string)[])
    : undefined;
}

/** Where two outputs differ most, or undefined when they agree. */
function difference(
  name: string,
  output: Expected,
  got: readonly (number | string)[],
  { abs, rel }: { readonly abs: readonly number[]; readonly rel: number } = output,
): string | undefined {
  const { data, shape, dtype } = output;
  if (got.length !== data.length)
    return `${name}: ${got.length} numbers, expected ${data.length} (shape [${shape.join(', ')}])`;
  if (dtype === 'text') {
    const bad = data.findIndex((want, i) => want !== got[i]);
    return bad < 0 ? undefined : `${name}: ${JSON.stringify(got[bad])}, expected ${JSON.stringify(data[bad])}`;
  }
  const width = shape[shape.length - 1] || 1;
  let [wrong, worst, most] = [0, -1, -1];
  for (let i = 0; i < data.length; i++) {
    const want = typeof data[i] === 'string' ? WORDS[data[i]] : (data[i] as number);
    // undefined in the source: not compared
    if (Number.isNaN(want)) continue;
    const value = typeof got[i] === 'string' ? (WORDS[got[i]] ?? Number.NaN) : (got[i] as number);
    const error = value === want ? 0 : Math.abs(value - want);
    const allowed = Number.isFinite(want)
      ? abs[abs.length === 1 ? 0 : Math.floor(i / width)] + rel * Math.abs(want)
      : 0;
    if (error <= allowed) continue;
    wrong++;
    const ratio = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / Math.max(allowed, 1e-30);
    if (ratio > most || worst < 0) [worst, most] = [i, ratio];
  }
  if (wrong === 0) return undefined;
  const allowed = abs[abs.length === 1 ? 0 : Math.floor(worst / width)];
  return `${name}[${worst}]: ${got[worst]}, expected ${data[worst]} (allowed ${allowed}); ${wrong} of ${data.length} wrong`;
}

/** The report in words. */
export function reportText(suite: Suite, of: Report, most = 10): string {
  const lines = [of.badge];
  if (of.missing > 0) lines.push(`  ${of.failed} failed, ${of.missing} not answered`);
  else if (of.failed > 0) lines.push(`  ${of.failed} failed`);
  if (of.causes.length > 0) {
    lines.push('', 'What is wrong:');
    for (const { cause, cases } of of.causes)
      lines.push(`  ${cause} (${cases.length} ${cases.length === 1 ? 'case' : 'cases'}, such as ${cases[0]})`);
  }
  const failing = of.flags.filter(({ failed }) => failed > 0);
  if (failing.length > 0) {
    lines.push('', 'Flags that fail:');
    for (const { flag, passed, failed } of failing) {
      const all = passed === 0 ? `all ${failed}` : `${failed} of ${failed + passed}`;
      const usually = suite.flags[flag]?.usually;
      lines.push(
        `  ${flag}: ${all} answered ${failed + passed === 1 ? 'case fails' : 'cases fail'}${passed === 0 && usually ? `; usually: ${usually}` : ''}`,
      );
    }
  }
  if (of.failures.length > 0) {
    lines.push('', 'Cases:');
    for (const { id, message } of of.failures.slice(0, most)) lines.push(`  ${id}: ${message}`);
    if (of.failures.length > most) lines.push(`  and ${of.failures.length - most} more`);
  }
  if (of.answers.length > 0) {
    lines.push('', 'Where public implementations differ, yours is:');
    for (const { question, answers } of of.answers) lines.push(`  ${question}: ${answers.join(', ')}`);
  }
  if (of.unknown.length > 0)
    lines.push('', `Not in the suite: ${of.unknown.slice(0, 5).join(', ')}${of.unknown.length > 5 ? ', ...' : ''}`);
  return `${lines.join('\n')}\n`;
}
