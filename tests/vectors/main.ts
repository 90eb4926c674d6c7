/**
 * npm run test:vectors: what a user of posenc-vectors does. Packs the package, installs it in a clean project and runs the
 * JavaScript runner there; compiles and runs the runner of every language whose compiler is here (the others are named and not
 * counted); changes one line in them for each known mistake and asks the report for its name; and lets posenc, packed and
 * installed, answer all cases. Needs `npm run build`. One line a check, "N passed, N failed" at the end.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildVectors } from '../../scripts/build-vectors.ts';
import { loadApi } from '../golden-runner/api.ts';
import { type Language, MISTAKES } from './mistakes.ts';
import { BY_GOLDEN_RUNNER, posencResults } from './posenc.ts';

const MAX_PACKED = 1_500_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const golden = join(root, 'tests/golden');
const work = mkdtempSync(join(tmpdir(), 'posenc-vectors-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

interface Outcome {
  readonly status: number;
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd = work): Outcome {
  try {
    const output = execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    });
    return { status: 0, output };
  } catch (error) {
    const { status, stdout, stderr, message } = error as {
      status?: number;
      stdout?: string;
      stderr?: string;
      message: string;
    };
    return { status: status ?? -1, output: `${stdout ?? ''}${stderr ?? message}` };
  }
}

let [passed, failed] = [0, 0];
function check(name: string, body: () => string): void {
  try {
    console.log(`ok      ${name}: ${body()}`);
    passed++;
  } catch (error) {
    console.log(`FAILED  ${name}: ${(error as Error).message}`);
    failed++;
  }
}
function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
const last = (text: string, lines = 4) => text.trim().split('\n').slice(-lines).join(' | ');

/** Packs a directory. @returns the tarball */
function pack(directory: string): string {
  const { status, output } = run('npm', ['pack', '--silent', '--pack-destination', work], directory);
  must(status === 0, last(output));
  return join(work, output.trim().split('\n').at(-1) as string);
}

// -- the package, in a clean project ----------------------------------------------------------------------------------

const built = join(work, 'built');
const { index } = await buildVectors(built, golden);
const project = join(work, 'project');
mkdirSync(project);
writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
const suite = join(project, 'node_modules/posenc-vectors');

check('npm pack', () => {
  const bytes = statSync(pack(built)).size;
  must(bytes <= MAX_PACKED, `${bytes} bytes, at most ${MAX_PACKED}`);
  return `${bytes} bytes, ${index.cases} cases`;
});
check('install', () => {
  must(existsSync(join(root, 'dist/index.js')), 'there is no dist: npm run build');
  const tarballs = [pack(root), join(work, `posenc-vectors-${index.version}.tgz`)];
  const { status, output } = run(
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs],
    project,
  );
  must(status === 0, last(output));
  return 'posenc and posenc-vectors';
});
check('the doors of the package', () => {
  writeFileSync(
    join(project, 'doors.mjs'),
    `import { createRequire } from 'node:module';
import { report, reportText } from 'posenc-vectors/check';
const require = createRequire(import.meta.url);
const index = require('posenc-vectors');
const cases = index.groups.flatMap(({ file }) => require('posenc-vectors/' + file).cases);
const flags = require('posenc-vectors/flags.json');
const suite = { version: index.version, fingerprint: index.fingerprint, cases, flags };
if (cases.length !== index.cases) throw new Error('counts');
console.log(reportText(suite, report(suite, { 'bias/t5-buckets-default/bi1_nb32_md128': [1] })));`,
  );
  const { output } = run('node', ['doors.mjs'], project);
  must(/0 \/ \d+/.test(output) && output.includes('1 numbers, expected 297'), last(output));
  return last(output, 1);
});

const posenc = (...args: string[]) => run('npx', ['--no-install', 'posenc', ...args], project);
// the adapters of the golden runner call the installed package
const entry = join(project, 'node_modules/posenc/dist/index.js');
const answers = existsSync(entry) ? posencResults(golden, await loadApi(entry)) : {};
check('posenc, packed and installed, passes all', () => {
  const own = index.groups.map(({ name }) => name).filter((name) => !BY_GOLDEN_RUNNER.includes(name));
  writeFileSync(join(project, 'posenc.json'), JSON.stringify({ suite: index.version, results: answers }));
  const { status, output } = posenc('check', '--suite', 'posenc.json', ...own.flatMap((name) => ['--group', name]));
  const [, got, of] = /: (\d+) \/ (\d+)\n/.exec(output) ?? [];
  must(status === 0 && got === of && Number(got) > 700, output.split('\n').slice(0, 12).join(' | '));
  return output.split('\n')[0];
});
check('posenc vectors --all', () => {
  const { status, output } = posenc('vectors', '--all', '--group', 'rotary', '--flag', 'LongPosition');
  must(status === 0 && output.includes('rotary/ggml_rope'), last(output));
  return `${output.split('\n').filter((line) => line.startsWith('rotary/')).length} cases`;
});

// -- the runners ------------------------------------------------------------------------------------------------------

interface Tool {
  readonly command: string;
  readonly version: string;
  readonly file: string;
  /** Compiles, if there is something to compile, and runs. */
  readonly start: (file: string, args: readonly string[]) => Outcome;
}

const compiled =
  (compile: (file: string, out: string) => [string, string[]]) => (file: string, args: readonly string[]) => {
    const out = file.replace(/\.\w+$/, '.out');
    const done = run(...compile(file, out));
    if (done.status !== 0) throw new Error(`does not compile: ${last(done.output, 8)}`);
    return run(out, args);
  };

const TOOLS: Readonly<Record<Language, Tool>> = {
  javascript: {
    command: 'node',
    version: '--version',
    file: 'runner.mjs',
    start: (file, args) => run('node', [file, ...args]),
  },
  python: {
    command: 'python3',
    version: '--version',
    file: 'runner.py',
    start: (file, args) => run('python3', [file, ...args]),
  },
  go: {
    command: 'go',
    version: 'version',
    file: 'runner.go',
    start: compiled((file, out) => ['go', ['build', '-o', out, file]]),
  },
  rust: {
    command: 'rustc',
    version: '--version',
    file: 'runner.rs',
    start: compiled((file, out) => ['rustc', ['--edition', '2021', '-o', out, file]]),
  },
  cpp: {
    command: 'c++',
    version: '--version',
    file: 'runner.cpp',
    start: compiled((file, out) => ['c++', ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-o', out, file]]),
  },
};

/** A copy of a runner, with one place changed if that is wanted. */
function runner(language: Language, name: string, edit?: readonly [string, string]): string {
  const folder = join(work, language, name.replaceAll(' ', '-'));
  cpSync(join(suite, 'runners', language), folder, { recursive: true });
  const file = join(folder, TOOLS[language].file);
  if (edit) {
    const source = readFileSync(file, 'utf8');
    must(source.split(edit[0]).length === 2, `the runner has '${edit[0]}' ${source.split(edit[0]).length - 1} times`);
    writeFileSync(
      file,
      source.replace(edit[0], () => edit[1]),
    );
  }
  return file;
}

const skipped: string[] = [];
for (const language of Object.keys(TOOLS) as Language[]) {
  const { command, version, start } = TOOLS[language];
  const there = run(command, [version]);
  if (there.status !== 0) {
    skipped.push(`${language} (no ${command})`);
    continue;
  }
  check(`${language}, ${there.output.trim().split('\n')[0]}`, () => {
    const results = join(work, `${language}.json`);
    const { status, output } = start(runner(language, 'right'), [suite, results]);
    must(status === 0, last(output));
    const { status: agreed, output: said } = posenc('check', '--suite', results);
    must(agreed === 0, last(said, 12));
    return `${/^all: .*/m.exec(output)?.[0]}; ${said.split('\n')[0]}`;
  });
  for (const { name, said, edits } of MISTAKES) {
    const edit = edits[language];
    if (!edit) continue;
    check(`${language}, wrong ${name}`, () => {
      const results = join(work, `${language}-wrong.json`);
      const { status, output } = start(runner(language, name, edit), [suite, results]);
      must(status === 1, `the runner ends with ${status}: ${last(output)}`);
      const { status: found, output: text } = posenc('check', '--suite', results);
      must(found === 1, `the report ends with ${found}`);
      const named = text.split('\n').find((line) => said.test(line));
      must(named !== undefined, `not named: ${text.split('\n').slice(2, 8).join(' | ')}`);
      return (named as string).trim();
    });
  }
}
if (process.env.KEEP) cpSync(work, process.env.KEEP, { recursive: true });
if (skipped.length > 0) console.log(`skipped, not counted: ${skipped.join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
