/**
 * npm run test:consumers -- [NAME...]: packs the package, installs it in clean projects made from the directories beside this
 * file, and uses it there as its consumers do. Every program that can runs prints the fingerprint, which must be the one of
 * the sources. One line a check; exit 1 when any failed.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { DATA_SOURCES } from '../../scripts/maps.ts';
import { fingerprint, sinusoidal } from '../../src/index.ts';
import { serve as servePage, visit } from '../runtimes/browsers.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'posenc-consumers-'));
const tarball = join(work, 'posenc.tgz');
const expected = fingerprint();

const MAX_WORKER_GZIP = 40_000;

const execute = promisify(execFile);
async function run(cwd: string, command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await execute(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 1 << 26,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', ...env },
  });
  return stdout;
}
const node = (cwd: string, ...args: string[]) => run(cwd, process.execPath, args);

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
/** The last line of a program's output must be the fingerprint. */
function same(output: string): undefined {
  const last = output.trim().split('\n').at(-1);
  must(last === expected, `expected fingerprint ${expected}, got ${last}`);
}

/** A clean project with the packed package and its own dependencies installed. */
async function project(name: string): Promise<string> {
  const dir = join(work, name);
  cpSync(join(here, name), dir, { recursive: true });
  copyFileSync(join(here, 'app.mjs'), join(dir, 'app.mjs'));
  await run(dir, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--silent']);
  return dir;
}

/** Every file below a directory. */
function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}
const gzip = (paths: string[]) => paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);

/** Each check of a consumer throws or gives what there is to say about it. */
type Check = (dir: string) => Promise<string | undefined>;

const bundled =
  (...outputs: string[]): Check =>
  async (dir) => {
    await node(dir, 'build.mjs');
    for (const file of outputs) same(await node(dir, file));
    return outputs.join(', ');
  };

const DOORS = ['absolute', 'analysis', 'bias', 'models', 'positions', 'rotary', 'rows', 'scores'] as const;
/** Wings that stand on another one, and the chunk that the models' two readers share. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { models: ['rotary', 'ggufRecords'], scores: ['bias'] };

/** A door is its wing and the runtime: no module of another wing, and nothing twice. */
async function loadsItsWing(dir: string, door: string): Promise<string> {
  const text = await node(dir, '--import', './loaded.mjs', '--input-type=module', '-e', `import 'posenc/${door}'`);
  const loaded = text.trim().split('\n');
  const beside = (BESIDE[door] ?? []).map((name) => `chunks/${name}`);
  const may = [door, `chunks/${door}`, ...beside, 'chunks/runtime', 'wasm'];
  const strange = loaded.filter((file) => !may.includes(file.replace(/\.js$/, '')));
  must(strange.length === 0 && loaded.includes(`${door}.js`), `loads ${loaded.join(', ')}`);
  must(new Set(loaded).size === loaded.length, `loads twice: ${loaded.join(', ')}`);
  return loaded.join(', ');
}

/** What a terminal shows of the first error of every user. */
async function uncaught(dir: string): Promise<string> {
  const program = "import('posenc').then((p) => p.sinusoidal({ length: 4, dim: 5 }))";
  const shown = await node(dir, '-e', program).then(
    () => must(false, 'no error'),
    (error: { stderr: string }) => error.stderr.trimEnd().split('\n'),
  );
  const lines = shown ?? [];
  const sentence = lines.findIndex((line) => line.startsWith('PosencError: dim: 5 is odd'));
  must(lines.length <= 15 && sentence >= 0 && sentence < 5, lines.join('\n'));
  return `${lines.length} lines, its sentence is number ${sentence + 1}`;
}

async function compiles(dir: string, version: string, resolution: string, skipLibCheck: boolean): Promise<undefined> {
  const project = join(dir, `tsconfig.${version}.${resolution}.${skipLibCheck}.json`);
  const module = resolution === 'bundler' ? 'esnext' : resolution;
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['es2022', 'dom'], types: [], strict: true, noEmit: true },
    ...{ module, moduleResolution: resolution, skipLibCheck, exactOptionalPropertyTypes: true },
  };
  writeFileSync(project, JSON.stringify({ compilerOptions, files: ['floor.ts'] }));
  await node(dir, `node_modules/typescript${version}/bin/tsc`, '-p', project);
}

/** The code of docs/recipes/<name>.md as it is printed: a test, and before it a configuration where there is one. */
function recipe(program: string, ...args: string[]): Check {
  return async (dir) => {
    const text = readFileSync(join(root, 'docs/recipes', `${basename(dir)}.md`), 'utf8');
    const blocks = Array.from(text.matchAll(/^```\w+\n(.*?)^```$/gms), ([, block]) => block);
    must(blocks.length > 0, 'no code in the recipe');
    const names = ['table.test.js', 'jest.config.js'];
    for (const [i, block] of blocks.reverse().entries()) writeFileSync(join(dir, names[i]), block);
    const shown = await execute(process.execPath, [program, ...args], { cwd: dir, encoding: 'utf8' });
    must(/1 passed/.test(shown.stdout + shown.stderr), shown.stdout + shown.stderr);
    return undefined;
  };
}

/** The file that CDNs serve, in a page without anything else. */
function page(browser: 'chromium' | 'firefox', ...commands: string[]): Check {
  return async (dir) => {
    const command = commands
      .flatMap((name) => (process.env.PATH ?? '').split(':').map((path) => join(path, name)))
      .find((file) => existsSync(file));
    must(command !== undefined, `needs one of ${commands.join(', ')}`);
    const installed = join(dir, 'node_modules/posenc');
    const { jsdelivr, unpkg } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    must(jsdelivr === unpkg, 'CDNs serve different files');
    const body = `<!doctype html><script type="module">
      import { fingerprint } from './posenc.js';
      await fetch('./result', { method: 'POST', body: fingerprint() });
    </script>`;
    const served = await servePage({
      '/': { type: 'text/html', body },
      '/posenc.js': { type: 'text/javascript', body: readFileSync(join(installed, jsdelivr)) },
    });
    return same(await visit(browser, command as string, served));
  };
}

const CONSUMERS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  node: {
    'one runtime dependency': async (dir) => {
      const list = files(join(dir, 'node_modules')).filter((file) =>
        /node_modules\/(@[^/]+\/)?[^/]+\/package.json$/.test(file),
      );
      must(list.length === 2, `expected posenc and its loader, got ${list.join(', ')}`);
    },
    import: async (dir) => same(await node(dir, 'app.mjs')),
    require: async (dir) => same(await node(dir, 'require.cjs')),
    init: async (dir) => same(await node(dir, 'init.mjs')),
    'one engine behind every door': async (dir) => same(await node(dir, 'doors.mjs')),
    ...Object.fromEntries(
      DOORS.map((door): [string, Check] => [`posenc/${door} loads`, (dir) => loadsItsWing(dir, door)]),
    ),
    'instanceof at its usual speed': async (dir) => {
      const ratio = Number(await node(dir, 'instanceof.mjs'));
      must(ratio < 3, `x instanceof Tensor takes ${ratio} times as long as with a class of one's own`);
      return `${ratio.toFixed(2)} of a class of one's own`;
    },
    'an uncaught error': uncaught,
  },
  typescript: {
    ...Object.fromEntries(
      ['59', '70'].flatMap((version) =>
        ['es2022', 'node', 'dom', 'worker'].map((lib): [string, Check] => [
          `${version[0]}.${version[1]}, ${lib}`,
          async (dir) => {
            await node(dir, `node_modules/typescript${version}/bin/tsc`, '-p', `tsconfig.${lib}.json`);
          },
        ]),
      ),
    ),
    ...Object.fromEntries(
      ['50', '54', '59', '70'].flatMap((version) =>
        ['node16', 'nodenext', 'bundler'].flatMap((resolution) =>
          [true, false].map((skipLibCheck): [string, Check] => [
            `${version[0]}.${version[1]}, ${resolution}${skipLibCheck ? ', skipLibCheck' : ''}`,
            (dir) => compiles(dir, version, resolution, skipLibCheck),
          ]),
        ),
      ),
    ),
  },
  jest: { 'the recipe': recipe('node_modules/jest/bin/jest.js', '--ci') },
  vitest: { 'the recipe': recipe('node_modules/vitest/vitest.mjs', 'run') },
  page: {
    chromium: page('chromium', 'chromium-headless-shell', 'chromium', 'google-chrome'),
    firefox: page('firefox', 'firefox-esr', 'firefox'),
  },
  esbuild: { bundle: bundled('out/esm/app.mjs', 'out/iife/app.js', 'out/cjs/app.cjs') },
  rollup: { bundle: bundled('out/app.mjs') },
  vite: { bundle: bundled('out/web/app.mjs', 'out/ssr/app.mjs') },
  webpack: { bundle: bundled('out/web/app.mjs', 'out/node/app.mjs') },
  next: { turbopack: next('--turbopack'), webpack: next('--webpack') },
  wrangler: {
    'one encoder': async (dir) => {
      const out = await wrangler(dir, 'worker.mjs');
      const data = sinusoidal({ length: 512, dim: 384 }).toFloat32Array();
      const hash = createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');
      const answer = (await serve(dir, out, 'worker.js', 'hash')).trim();
      must(answer === `${data.byteLength} ${hash}`, `the Worker answered ${answer}`);
      const shipped = files(join(dir, out)).filter((file) => /\.(js|wasm)$/.test(file));
      const size = gzip(shipped);
      must(size < MAX_WORKER_GZIP, `${size} B gzip, more than ${MAX_WORKER_GZIP}`);
      must(shipped.length === 3, `expected one script, the kernels and the heap, got ${shipped.join(', ')}`);
      return `${size} B gzip`;
    },
    everything: async (dir) => same(await serve(dir, await wrangler(dir, 'all.mjs'), 'all.js', 'text')),
  },
  tools: {
    publint: async (dir) => {
      const text = await run(dir, 'node_modules/.bin/publint', [tarball, '--strict']);
      must(/All good/i.test(text), text);
    },
    jsr: async () => {
      const deno = ofRuntimes('@deno/linux-x64-glibc/deno');
      await run(root, deno, ['publish', '--dry-run', '--allow-dirty']);
      return undefined;
    },
    attw: async (dir) => {
      await run(dir, 'node_modules/.bin/attw', [tarball, '--profile', 'esm-only']);
    },
  },
};

/** Builds the application and asks both of its routes. */
function next(builder: string): Check {
  return async (dir) => {
    rmSync(join(dir, '.next'), { recursive: true, force: true });
    await node(dir, 'node_modules/next/dist/bin/next', 'build', builder);
    const port = String(22000 + (process.pid % 10000));
    const server = spawn(
      process.execPath,
      ['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', port],
      {
        cwd: dir,
        stdio: 'ignore',
        detached: true,
        env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
      },
    );
    try {
      for (const route of ['node', 'edge']) same(await answer(`http://127.0.0.1:${port}/${route}`));
      const page = await answer(`http://127.0.0.1:${port}/`);
      must(page.includes('0 1 0 1 0.8414'), `the page says ${page.slice(0, 200)}`);
    } finally {
      if (server.pid) process.kill(-server.pid, 'SIGKILL');
    }
    return 'page, node route, edge route';
  };
}

async function answer(url: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return response.text();
    if (response || attempt > 60) throw new Error(`${url} answered ${response?.status}: ${await response?.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A file of the runtimes suite's own installation. */
function ofRuntimes(path: string): string {
  const file = join(root, 'tests/runtimes/installed/node_modules', path);
  must(existsSync(file), `${path} is missing: \`npm ci --ignore-scripts --prefix tests/runtimes/installed\` first`);
  return file;
}

/** wrangler wants Node 22: this one, or the one of the runtimes suite. */
const node22 = () =>
  Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : ofRuntimes('node22/bin/node');

/** What a built Worker answers in workerd. */
const serve = (dir: string, out: string, script: string, form: 'text' | 'hash') =>
  run(dir, node22(), ['run.mjs', ofRuntimes('miniflare/dist/src/index.js'), out, script, form]);

/** The directory of the built Worker. */
async function wrangler(dir: string, script: string): Promise<string> {
  const out = `out-${script}`;
  await run(dir, node22(), ['node_modules/wrangler/bin/wrangler.js', 'deploy', script, '--dry-run', '--outdir', out], {
    HOME: work,
  });
  return out;
}

/** The tarball holds what is imported, and nothing else; how large it may be checks scripts/size.ts. */
async function pack(): Promise<string> {
  const [{ filename, size, files: listed }] = JSON.parse(
    await run(root, 'npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', work]),
  ) as { filename: string; size: number; files: { path: string }[] }[];
  copyFileSync(join(work, filename), tarball);
  const paths = listed.map((file) => file.path);
  const allowed =
    /^(dist\/.+\.(js|js\.map|d\.ts|wasm)|dist\/(cli\.)?LICENSES\.txt|docs\/.+\.(md|json|svg|png)|package\.json|LICENSE|[A-Z]+(\.[\w-]+)?\.md)$/;
  const strange = paths.filter((path) => !allowed.test(path));
  must(strange.length === 0, `should not be packed: ${strange.join(', ')}`);
  for (const path of paths.filter((file) => file.endsWith('.js'))) {
    const [, map] = /\/\/# sourceMappingURL=(\S+)/.exec(readFileSync(join(root, path), 'utf8')) ?? [];
    must(!map || paths.includes(join(path, '..', map)), `${path} maps to nowhere`);
  }
  for (const path of paths.filter((file) => file.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const whole = sources.every(
      (source: string, i: number) => source.startsWith('src/') && (sourcesContent[i] || DATA_SOURCES.test(source)),
    );
    must(whole, `${path} does not hold its sources`);
  }
  return `${paths.length} files, ${size} B`;
}

let [passed, failed] = [0, 0];
async function check(name: string, fn: () => Promise<string | undefined>): Promise<boolean> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(8);
  try {
    const detail = await fn();
    passed++;
    console.log(`${name.padEnd(32)} ok ${seconds()}  ${detail ?? ''}`.trimEnd());
    return true;
  } catch (error) {
    failed++;
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
    console.log(`${name.padEnd(32)} failed: ${[message, stdout, stderr].filter(Boolean).join('\n')}`);
    return false;
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in CONSUMERS));
if (unknown.length > 0) throw new Error(`unknown consumer: ${unknown}; known: ${Object.keys(CONSUMERS).join(', ')}`);
try {
  if (await check('pack', pack)) {
    const queue = Object.entries(CONSUMERS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
    const consume = async () => {
      for (let entry = queue.shift(); entry; entry = queue.shift()) {
        const [name, checks] = entry;
        let dir = '';
        const installed = await check(`${name}: install`, async () => {
          dir = await project(name);
        });
        for (const [what, fn] of installed ? Object.entries(checks) : [])
          await check(`${name}: ${what}`, () => fn(dir));
        rmSync(join(work, name), { recursive: true, force: true });
      }
    };
    // two at a time: one waits for the registry while the other computes
    await Promise.all([consume(), consume()]);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
