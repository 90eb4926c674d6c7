/**
 * npm run bench -- [--filter PREFIX] [--json FILE] [--svg FILE] [--quick] [--gate] [--micro] [--memory] [--cold]
 *
 * Times every row against its floor (docs/performance.md), prints a table; with --gate exits 1 when a row misses its gate
 * twice. --micro runs the public microbenchmarks instead, --memory shows what fresh memory costs, --cold what the first call
 * of a program costs.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { chart } from './chart.ts';
import { formatCold, measureCold } from './cold.ts';
import { missed } from './gates.ts';
import { openLab } from './lab.ts';
import { formatMemory, measureMemory } from './memory.ts';
import { MICROS, runMicros } from './micro.ts';
import { measure, type Row } from './row.ts';
import { formatTable } from './table.ts';
import type { TimerOptions } from './timer.ts';

// rows of microseconds take many rounds, so that the best ones are among them; those of milliseconds 31
const FULL: TimerOptions = { rounds: 301, budgetNs: 3e8, leastSamples: 31 };
const QUICK: TimerOptions = { rounds: 9, budgetNs: 5e8, warmupNs: 2e7 };

const { values: flags } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    json: { type: 'string' },
    svg: { type: 'string' },
    quick: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    micro: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false },
  },
});
const machine = { cpu: cpus()[0]?.model ?? 'unknown', node: process.version };
process.stdout.write(`${machine.cpu}, Node ${machine.node}\n\n`);
if (flags.micro) micro();
else if (flags.memory) process.stdout.write(formatMemory(measureMemory()));
else if (flags.cold) process.stdout.write(formatCold(measureCold()) + formatCold(measureCold(15, 'config to table')));
else await rows();

function micro(): void {
  const chosen = some(MICROS.filter(({ name }) => name.startsWith(flags.filter)));
  const results = runMicros(chosen, flags.quick ? 0.2 : 2);
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, hz, rme } of results) {
    const rate = Math.round(hz).toLocaleString('en').padStart(11);
    process.stdout.write(`${name.padEnd(width)} ${rate} calls a second +-${rme.toFixed(1)} %\n`);
  }
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ ...machine, micro: results }, null, 1)}\n`);
}

async function rows(): Promise<void> {
  const chosen = some(CASES.filter(({ id }) => id.startsWith(flags.filter)));
  const lab = await openLab();
  const options = flags.quick ? QUICK : FULL;
  const done: Row[] = [];
  const misses: string[] = [];
  for (const [i, benchCase] of chosen.entries()) {
    progress(`${i + 1}/${chosen.length} ${benchCase.id}`);
    let row = measure(benchCase, lab, options);
    if (flags.gate && missed(row)) row = measure(benchCase, lab, options);
    const miss = flags.gate && missed(row);
    if (miss) misses.push(miss);
    done.push(row);
  }
  progress('');
  process.stdout.write(formatTable(done));
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ ...machine, rows: done }, null, 1)}\n`);
  if (flags.svg) writeFileSync(flags.svg, chart(done));
  for (const miss of misses) process.stdout.write(`missed twice: ${miss}\n`);
  if (misses.length > 0) process.exitCode = 1;
}

function some<T>(chosen: readonly T[]): readonly T[] {
  if (chosen.length > 0) return chosen;
  process.stderr.write(`--filter: nothing begins with '${flags.filter}'\n`);
  process.exit(2);
}

/** One line that rewrites itself, for people watching. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
