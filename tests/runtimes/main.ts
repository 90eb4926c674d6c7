/**
 * npm run test:runtimes -- [NAME...]: one suite in every runtime found. Prints version, passed, failed and fingerprint of
 * each; a missing runtime is listed as missing. Exit 1 when anything failed or two fingerprints differ, or when a runtime
 * that was named is missing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serve, suitePage, visit, visitWebKit } from './browsers.ts';
import { built, bundle } from './bundles.ts';
import { visitUnderPolicies } from './csp.ts';
import type { Result } from './suite.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const installed = (path: string) => join(here, 'installed', 'node_modules', path);
const suite = join(built, 'suite.mjs');

interface Runtime {
  readonly name: string;
  /** The executable or package; undefined when it is not here. */
  readonly at: string | undefined;
  version(at: string): string;
  run(at: string): Promise<string> | string;
}

const onPath = (...names: string[]) =>
  names
    .flatMap((name) => (process.env.PATH ?? '').split(':').map((dir) => join(dir, name)))
    .find((file) => existsSync(file));
const exists = (path: string) => (existsSync(path) ? path : undefined);
const output = (command: string, args: string[], input?: string) =>
  execFileSync(command, args, { encoding: 'utf8', input, timeout: 120_000, stdio: ['pipe', 'pipe', 'pipe'] });
const firstLine = (command: string, ...args: string[]) => output(command, args).trim().split('\n')[0];

/** A module that prints the result, for runtimes that run a file. */
function script(): string {
  const file = join(built, 'run.mjs');
  writeFileSync(
    file,
    `import { runAll } from ${JSON.stringify(pathToFileURL(suite).href)};\nconsole.log('RESULT ' + JSON.stringify(await runAll()));\n`,
  );
  return file;
}

const node = (version: string): Runtime => ({
  name: `node${version}`,
  at: exists(installed(`node${version}/bin/node`)),
  version: (at) => firstLine(at, '--version'),
  run: (at) => output(at, [script()]),
});

const browser = (name: 'chromium' | 'firefox', ...commands: string[]): Runtime => ({
  name,
  at: onPath(...commands),
  version: (at) => firstLine(at, '--version'),
  run: async (at) => visit(name, at, await serve(suitePage(suite))),
});

/** The same browser under a Content-Security-Policy. */
const restricted = (name: 'chromium' | 'firefox', ...commands: string[]): Runtime => ({
  ...browser(name, ...commands),
  name: `${name}-csp`,
  run: (at) => visitUnderPolicies(name, at),
});

const CHROMIUM = ['chromium', 'chromium-headless-shell', 'chromium', 'google-chrome'] as const;
const FIREFOX = ['firefox', 'firefox-esr', 'firefox'] as const;

const RUNTIMES: readonly Runtime[] = [
  { name: 'node', at: process.execPath, version: () => process.version, run: (at) => output(at, [script()]) },
  node('20'),
  node('22'),
  node('24'),
  node('26'),
  {
    name: 'deno',
    at: exists(installed('@deno/linux-x64-glibc/deno')),
    version: (at) => firstLine(at, '--version'),
    run: (at) => output(at, ['run', '-A', script()]),
  },
  {
    name: 'bun',
    at: exists(installed('@oven/bun-linux-x64/bin/bun')),
    version: (at) => firstLine(at, '--version'),
    run: (at) => output(at, ['run', script()]),
  },
  {
    name: 'workerd',
    at: exists(installed('workerd/bin/workerd')),
    version: (at) => firstLine(at, '--version'),
    run: workerd,
  },
  {
    name: 'miniflare',
    at: exists(installed('miniflare')),
    version: () => JSON.parse(readFileSync(installed('miniflare/package.json'), 'utf8')).version,
    run: miniflare,
  },
  {
    name: 'edge-runtime',
    at: exists(installed('@edge-runtime/vm')),
    version: () => JSON.parse(readFileSync(installed('@edge-runtime/vm/package.json'), 'utf8')).version,
    run: edgeRuntime,
  },
  browser(...CHROMIUM),
  browser(...FIREFOX),
  restricted(...CHROMIUM),
  restricted(...FIREFOX),
  {
    name: 'webkitgtk',
    at: onPath('WebKitWebDriver'),
    version: () => 'MiniBrowser',
    run: async (at) => {
      const binary = ['4.1', '6.0', '4.0']
        .map((v) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${v}/MiniBrowser`)
        .find((file) => existsSync(file));
      if (!binary) throw new Error('MiniBrowser not found beside WebKitWebDriver');
      return visitWebKit(at, binary, await serve(suitePage(suite)));
    },
  },
  {
    name: 'jsc',
    at: onPath('jsc'),
    version: () => 'shell of libjavascriptcoregtk',
    run: (at) => {
      const file = join(built, 'jsc.js');
      const tail =
        "posencSuite.runAll().then((r) => print('RESULT ' + JSON.stringify(r)), (e) => print('RESULT ' + JSON.stringify({ passed: 0, failed: 1, fingerprint: '', errors: [String(e)] })));\n";
      writeFileSync(file, `${readFileSync(join(built, 'suite.js'), 'utf8')}\n${tail}`);
      return output(at, [file]);
    },
  },
];

const HANDLER = `import { runAll } from './suite.mjs';
export default { async fetch() { return new Response(JSON.stringify(await runAll())); } };
`;

function workerFiles(): { name: string; path: string }[] {
  const dir = join(built, 'worker');
  writeFileSync(join(dir, 'handler.mjs'), HANDLER);
  return readdirSync(dir).map((name) => ({ name, path: join(dir, name) }));
}

async function workerd(at: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'posenc-workerd-'));
  const port = 21000 + (process.pid % 10000);
  const modules = workerFiles()
    .sort((a, b) => Number(b.name === 'handler.mjs') - Number(a.name === 'handler.mjs'))
    .map(({ name, path }) => {
      writeFileSync(join(dir, name), readFileSync(path));
      return `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`;
    });
  writeFileSync(
    join(dir, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${modules.join(', ')}], compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`,
  );
  const { spawn } = await import('node:child_process');
  const child = spawn(at, ['serve', join(dir, 'config.capnp')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (part) => {
    log += part;
  });
  try {
    for (let attempt = 0; attempt < 40; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const text = await fetch(`http://127.0.0.1:${port}/`).then(
        (r) => r.text(),
        () => undefined,
      );
      if (text !== undefined) return text;
    }
    throw new Error(log || 'workerd did not answer');
  } finally {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

async function miniflare(at: string): Promise<string> {
  const { Miniflare } = (await import(pathToFileURL(join(at, 'dist/src/index.js')).href)) as {
    Miniflare: new (options: unknown) => { dispatchFetch(url: string): Promise<Response>; dispose(): Promise<void> };
  };
  workerFiles();
  const worker = new Miniflare({
    modules: true,
    scriptPath: join(built, 'worker', 'handler.mjs'),
    modulesRules: [
      { type: 'ESModule', include: ['**/*.mjs'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    compatibilityDate: '2025-01-01',
  });
  try {
    return await (await worker.dispatchFetch('http://localhost/')).text();
  } finally {
    await worker.dispose();
  }
}

async function edgeRuntime(at: string): Promise<string> {
  const { EdgeVM } = (await import(pathToFileURL(join(at, 'dist/index.js')).href)) as {
    EdgeVM: new () => { evaluate<T>(code: string): T };
  };
  const vm = new EdgeVM();
  vm.evaluate(`${readFileSync(join(built, 'suite.js'), 'utf8')};globalThis.posencSuite = posencSuite;`);
  return JSON.stringify(await vm.evaluate<Promise<Result>>('posencSuite.runAll()'));
}

function resultOf(text: string): Result {
  const line = text.split('\n').find((l) => l.startsWith('RESULT ')) ?? text;
  return JSON.parse(line.replace('RESULT ', '')) as Result;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !RUNTIMES.some((runtime) => runtime.name === name));
if (unknown.length > 0)
  throw new Error(`unknown runtime: ${unknown.join(', ')}; known: ${RUNTIMES.map((r) => r.name).join(', ')}`);
await bundle();
const prints = new Set<string>();
let [passed, failed] = [0, 0];
for (const runtime of RUNTIMES) {
  if (wanted.length > 0 && !wanted.includes(runtime.name)) continue;
  const name = runtime.name.padEnd(13);
  if (runtime.at === undefined) {
    console.log(`${name} missing`);
    if (wanted.includes(runtime.name)) failed++;
    continue;
  }
  try {
    const version = runtime.version(runtime.at);
    const result = resultOf(await runtime.run(runtime.at));
    prints.add(result.fingerprint);
    passed += result.passed;
    failed += result.failed;
    console.log(
      `${name} ${version.padEnd(42)} ${result.passed} passed, ${result.failed} failed, fingerprint ${result.fingerprint}`,
    );
    for (const error of result.errors) console.log(error);
  } catch (error) {
    failed++;
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    const detail = [stderr, stdout].filter(Boolean).join('\n') || (error as Error).stack || String(error);
    console.log(`${name} failed: ${detail}`);
  }
}
if (prints.size > 1) {
  failed++;
  console.log(`fingerprints differ: ${[...prints].join(', ')}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
