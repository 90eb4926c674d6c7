/**
 * Programs that ask for what cannot be: the compiler says so in readable words, and so does the library when it runs all the same.
 * wrong.ts holds the calls and what both must say.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PosencError } from '../../src/index.ts';

const file = fileURLToPath(new URL('wrong.ts', import.meta.url));
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

interface Program {
  /** The line the call begins at; it ends before the next one's comment. */
  readonly line: number;
  readonly compile: string;
  readonly run: string;
}

const programs: readonly Program[] = readFileSync(file, 'utf8')
  .split('\n')
  .flatMap((text, at) => {
    const said = /^ {2}\/\/ compile: (.*) \| run: (.*)$/.exec(text);
    return said ? [{ line: at + 2, compile: said[1], run: said[2] }] : [];
  });

/** Messages of the compiler by line, with the lines that explain them. */
async function messages(): Promise<Map<number, string>> {
  const flags = [
    '--ignoreConfig',
    '--pretty',
    'false',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--allowImportingTsExtensions',
    '--verbatimModuleSyntax',
  ];
  const modules = [
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    'es2022,dom',
    '--resolveJsonModule',
    '--types',
    'node',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...flags, ...modules, file]).catch(
    (error: { stdout: string }) => error,
  );
  const byLine = new Map<number, string>();
  let line = 0;
  for (const text of stdout.split('\n')) {
    const found = /wrong\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(text);
    if (found) line = Number(found[1]);
    else if (/^\S/.test(text)) assert.unreachable(`an error elsewhere: ${text}`);
    byLine.set(line, `${byLine.get(line) ?? ''}${found ? found[2] : text}\n`);
  }
  return byLine;
}

test('the compiler refuses at least 30 of them, each at its line with the expected words', async () => {
  const said = await messages();
  const refused = programs.filter(({ compile }) => compile !== 'accepts');
  assert.ok(refused.length >= 30, String(refused.length));
  const wrong: string[] = [];
  const used = new Set<number>();
  programs.forEach(({ line, compile }, i) => {
    const end = programs[i + 1]?.line ?? Number.POSITIVE_INFINITY;
    const own = [...said].filter(([at]) => at >= line && at < end);
    for (const [at] of own) used.add(at);
    const message = own.map(([, text]) => text).join('');
    const fits = compile === 'accepts' ? message === '' : message.includes(compile);
    if (!fits) wrong.push(`line ${line}: expected ${compile}, got ${message}`);
  });
  for (const [at, text] of said) if (!used.has(at)) wrong.push(`line ${at}: ${text}`);
  assert.equal(wrong, []);
});

test('the library refuses all of them, by the name of the option', async () => {
  // the file does not compile as part of the project, and need not to be run
  const { wrong } = (await import(file)) as { wrong: readonly (() => unknown)[] };
  assert.is(wrong.length, programs.length);
  const accepted: string[] = [];
  wrong.forEach((call, i) => {
    const { line, run } = programs[i];
    try {
      call();
      accepted.push(`line ${line}: accepted`);
    } catch (error) {
      const { message } = error as Error;
      if (!(error instanceof PosencError) || !message.includes(run)) accepted.push(`line ${line}: ${message}`);
    }
  });
  assert.equal(accepted, []);
});

test.run();
