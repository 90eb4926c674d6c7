/**
 * What the first call costs a program that has just started: the embedded binaries are decoded, compiled and instantiated,
 * the coefficients are written, and code that has never run runs. Importing the package is not counted.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ColdReport {
  /** Milliseconds of the first call of each process, ascending. */
  readonly milliseconds: readonly number[];
  readonly median: number;
}

const FIRST_CALL = `
import { sinusoidal } from 'posenc';
const start = performance.now();
sinusoidal({ length: 64, dim: 64 });
const milliseconds = performance.now() - start;
process.stdout.write(String(milliseconds));
`;

/** The first call in `processes` fresh processes, one after the other. */
export function measureCold(processes = 15): ColdReport {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const first = () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '--eval', FIRST_CALL], { cwd: root, encoding: 'utf8' }),
    );
  const milliseconds = Array.from({ length: processes }, first).sort((a, b) => a - b);
  const middle = (processes - 1) / 2;
  return { milliseconds, median: (milliseconds[Math.floor(middle)] + milliseconds[Math.ceil(middle)]) / 2 };
}

export function formatCold({ milliseconds, median }: ColdReport): string {
  const from = milliseconds[0].toFixed(1);
  const to = milliseconds[milliseconds.length - 1].toFixed(1);
  return `first call of ${milliseconds.length} fresh processes: median ${median.toFixed(1)} ms, ${from} to ${to} ms\n`;
}
