/**
 * npm run fuzz -- [--calls N] [--mode M] [--seed S] [--only NAME] [--verbose]: the surface suite for as long as asked. Prints calls per
 * mode and the functions covered; the last line is "N passed, N failed".
 */
import { parseArgs } from 'node:util';
import { GENERATORS } from './generators.ts';
import { MODES, type Mode, runOne } from './modes.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    mode: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const calls = Number(values.calls);
const modes = values.mode === undefined ? MODES : ([values.mode] as Mode[]);
const names = Object.keys(GENERATORS).filter((name) => values.only === undefined || name === values.only);
if (!(calls > 0) || modes.some((mode) => !MODES.includes(mode)) || names.length === 0) {
  console.error(`usage: --calls N --mode ${MODES.join('|')} --seed S --only NAME`);
  process.exit(2);
}

const made = new Map<string, number>();
const faults = new Map<string, { count: number; first: string }>();
const terminal = process.stderr.isTTY === true;
let passed = 0;
for (let i = 0; i < calls; i++) {
  const mode = modes[i % modes.length];
  const name = names[Math.floor(i / modes.length) % names.length];
  const seed = (Number(values.seed) * 1_000_003 + i) | 0;
  // a call that never ends is the last line of this
  if (values.verbose) process.stderr.write(`${mode} ${name} ${seed}\n`);
  made.set(mode, (made.get(mode) ?? 0) + 1);
  try {
    runOne(name, mode, seed);
    passed++;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const key = `${mode} ${name}`;
    const known = faults.get(key);
    if (known) known.count++;
    else faults.set(key, { count: 1, first: `seed ${seed}: ${text.slice(0, 600)}` });
  }
  if (terminal && i % 500 === 0) process.stderr.write(`\r${i} of ${calls} calls, ${faults.size} faults `);
}
if (terminal) process.stderr.write('\r\u001b[K');
for (const [key, { count, first }] of faults) console.log(`FAULT ${key} (${count} times), ${first}`);
console.log([...made].map(([mode, count]) => `${mode} ${count}`).join(', '));
console.log(`${names.length} functions`);
console.log(`${passed} passed, ${calls - passed} failed`);
process.exitCode = passed === calls ? 0 : 1;
