/**
 * npm run bench:peers -- [--filter PREFIX] [--json FILE] [--quick] [--gate] [--no-install]
 *
 * Installs other libraries into bench/peers/external, compares their numbers with ours, times both in turns and prints how many
 * times slower they are (docs/performance.md). A library that cannot be installed or does not run here is reported as missing.
 * A comparison that misses a target is measured twice. With --gate exits 1 when one is still missed, or a library is missing.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLab } from './lab.ts';
import { duration, times } from './table.ts';
import type { TimerOptions } from './timer.ts';
import { type Comparison, contest, type Library, misses, VERSUS } from './versus.ts';

const FULL: TimerOptions = { rounds: 31, budgetNs: 2e9 };
const QUICK: TimerOptions = { rounds: 5, budgetNs: 2e8, warmupNs: 1e7 };

const LEGEND = `
x ours    how many times longer the competitor takes than our public call with a reused output
x copied  the same against ours with the copy from a plain array and to a new one
per node  one more RotaryEmbedding in a chain of nine, so without input and output of run()
target    'x ours' must be at least this: what was reached less 10 % for the machine
`;

const { values: flags } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    'no-install': { type: 'boolean', default: false },
  },
});

type Missing = { readonly name: string; readonly reason: string };

const chosen = VERSUS.filter(({ id }) => id.startsWith(flags.filter));
if (chosen.length === 0) {
  process.stderr.write(`--filter: nothing begins with '${flags.filter}'\n`);
  process.exit(2);
}
const machine = { cpu: cpus()[0]?.model ?? 'unknown', node: process.version };
process.stdout.write(`${machine.cpu}, Node ${machine.node}\n`);
if (!flags['no-install']) install();
const { libraries, missing } = await open();
for (const { name, reason } of missing) process.stdout.write(`missing: ${name}: ${reason}\n`);
const options = flags.quick ? QUICK : FULL;
const { engine } = await openLab();
const done: Comparison[] = [];
const missed: string[] = [];
for (const versus of chosen) {
  const run = () => contest(versus, libraries, engine, options).catch(fail);
  let comparison = await run();
  if (misses(comparison).length > 0) comparison = await run();
  done.push(comparison);
  missed.push(...misses(comparison));
  process.stdout.write(formatted(comparison));
}
process.stdout.write(LEGEND);
if (flags.json) {
  writeFileSync(flags.json, `${JSON.stringify({ ...machine, comparisons: done, missing, missed }, null, 1)}\n`);
}
for (const miss of missed) process.stdout.write(`MISS ${miss}\n`);
if (flags.gate && missed.length + missing.length > 0) process.exitCode = 1;

/** tfjs answers an uncaught error by printing itself. */
function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

/** Into bench/peers/external/node_modules; what fails shows when the libraries are opened. */
function install(): void {
  const folder = fileURLToPath(new URL('./peers/external', import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    cwd: folder,
    stdio: 'ignore',
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    process.stdout.write('npm ci in bench/peers/external failed: what is not there already is missing\n');
}

async function open(): Promise<{ libraries: Library[]; missing: Missing[] }> {
  // loaded by name: what these modules import is there after the installation only
  const openers: Record<string, () => Promise<Omit<Library, 'name'>>> = {
    'onnxruntime-web': async () => (await import('./peers/external/ort.ts')).open(),
    'tfjs-wasm': async () => (await import('./peers/external/tfjs.ts')).open('wasm'),
    'tfjs-cpu': async () => (await import('./peers/external/tfjs.ts')).open('cpu'),
    'transformers.js': async () => (await import('./peers/external/transformers.ts')).open(),
    'jax-js': async () => (await import('./peers/external/jax.ts')).open(),
  };
  const libraries: Library[] = [];
  const missing: Missing[] = [];
  for (const [name, opener] of Object.entries(openers)) {
    try {
      libraries.push({ name, ...(await opener()) });
    } catch (error) {
      missing.push({ name, reason: String(error).split('\n')[0] });
    }
  }
  return { libraries, missing };
}

function formatted({ id, ours, copying, others }: Comparison): string {
  const lines = [
    ['posenc', duration(ours), '', '', ''],
    ['posenc, copied in and out', duration(copying), times(copying / ours), '', ''],
    ...others.map(({ name, time, slower, slowerThanCopying, target }) => [
      name,
      duration(time),
      times(slower),
      times(slowerThanCopying),
      target === undefined ? '-' : `${slower >= target ? 'ok' : 'MISS'} ${times(target)}`,
    ]),
  ];
  const head = ['', 'time', 'x ours', 'x copied', 'target'];
  const rows = [head, ...lines].map(([name, ...rest]) =>
    `  ${name.padEnd(36)}${rest.map((cell) => cell.padStart(11)).join('')}`.trimEnd(),
  );
  return `\n${id}\n${rows.join('\n')}\n`;
}
