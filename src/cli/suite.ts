/**
 * The conformance suite in the command: `posenc vectors --all` lists its cases, `posenc check --suite` compares results with it.
 * The cases themselves are the package posenc-vectors, which this one does not depend on.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { toJson } from './explain.ts';
import { readJson } from './input.ts';
import { parseJson } from './json.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import type { Suite, SuiteCase } from './suiteCase.ts';
import { type Choice, chosen, report, reportText } from './suiteReport.ts';
import { printable } from './text.ts';

export interface SuiteOptions {
  readonly group?: readonly string[];
  readonly flag?: readonly string[];
  /** Directory of the package posenc-vectors. */
  readonly vectors?: string;
  /** What is allowed to code that repeats the float32 operations of the source. */
  readonly tight?: boolean;
  readonly badge?: boolean;
  readonly json?: boolean;
}

/** For options that may be given several times. */
export const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Options of the suite do nothing to a single vector: in silence they would mislead. */
export function onlyForSuite(options: SuiteOptions): void {
  const given = (['group', 'flag', 'vectors', 'tight', 'badge'] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) throw new CliError(EXIT.usage, `--${given} is for the conformance suite: add --suite`);
}

function directory(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    return dirname(createRequire(join(process.cwd(), 'package.json')).resolve('posenc-vectors/package.json'));
  } catch {
    throw new CliError(
      EXIT.file,
      'posenc-vectors is not installed here: npm install --save-dev posenc-vectors, or --vectors DIR',
    );
  }
}

/** The suite of a directory, with the groups that are asked for. */
function readSuite(options: SuiteOptions): Suite {
  const at = directory(options.vectors);
  // biome-ignore lint/suspicious/noExplicitAny: files of the package, whose schemas are tested there
  const read = (name: string): any => parseJson(readFileSync(join(at, name), 'utf8'), name);
  const index = read('index.json');
  if (index.schema !== 'posenc-vectors/1') {
    throw new CliError(
      EXIT.input,
      `${printable(at)}: expected schema posenc-vectors/1, got ${printable(String(index.schema))}`,
    );
  }
  const flags = read('flags.json');
  const groups: { name: string; file: string }[] = index.groups;
  refuse(
    'group',
    options.group,
    groups.map(({ name }) => name),
  );
  refuse('flag', options.flag, Object.keys(flags));
  const cases: SuiteCase[] = groups.flatMap(({ file }) => read(file).cases);
  return { version: index.version, fingerprint: index.fingerprint, cases, flags };
}

function refuse(what: string, given: readonly string[] = [], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new CliError(EXIT.usage, `no ${what} '${printable(unknown)}'; there are ${known.join(', ')}`);
}

const choiceOf = ({ group, flag, tight }: SuiteOptions): Choice => ({ groups: group, flags: flag, strict: tight });

/** posenc vectors --all: one line a case; --json prints the cases themselves. */
export async function listSuite(options: SuiteOptions, shell: Shell): Promise<void> {
  const suite = readSuite(options);
  const cases = chosen(suite.cases, choiceOf(options));
  if (options.json) {
    // one case a line: a list of thousands of numbers each is not for reading
    await shell.write(`[\n${cases.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
    return;
  }
  const results = { valid: '', acceptable: ' (acceptable)', invalid: ' (invalid)' };
  for (const { id, flags, comment, result } of cases) {
    await shell.write(`${id}${results[result]}\n  ${comment}\n${flags.length > 0 ? `  ${flags.join(' ')}\n` : ''}`);
  }
  shell.note(
    `posenc-vectors ${suite.version} (${suite.fingerprint}): ${cases.length} of ${suite.cases.length} cases\n`,
  );
}

/** posenc check --suite results.json. */
export async function checkSuite(file: string, options: SuiteOptions, shell: Shell): Promise<void> {
  const given = await readJson(file, shell);
  const wrapped = given as { results?: unknown; suite?: unknown } | null;
  const results = typeof given === 'object' && given !== null && 'results' in given ? wrapped?.results : given;
  if (typeof results !== 'object' || results === null || Array.isArray(results)) {
    throw new CliError(EXIT.input, `${printable(file)}: expected an object of results, { "case id": numbers }`);
  }
  const suite = readSuite(options);
  if (
    typeof wrapped?.suite === 'string' &&
    'results' in wrapped &&
    wrapped.suite.split('.')[0] !== suite.version.split('.')[0]
  ) {
    throw new CliError(
      EXIT.input,
      `${printable(file)}: made for suite ${printable(wrapped.suite)}, this one is ${suite.version}`,
    );
  }
  const of = report(suite, results as Record<string, unknown>, choiceOf(options));
  if (of.passed + of.failed === 0 && of.answers.length === 0) {
    throw new CliError(EXIT.input, `${printable(file)}: none of its keys is the id of a case that was asked for`);
  }
  if (of.failed > 0) shell.exitCode = EXIT.difference;
  if (options.badge) await shell.write(`${of.badge}\n`);
  else await shell.write(options.json ? toJson(of) : reportText(suite, of));
}
