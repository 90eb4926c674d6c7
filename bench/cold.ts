/**
 * What the first call costs a program that has just started: the embedded binaries are decoded, compiled and instantiated,
 * the coefficients are written, and code that has never run runs. Importing the package is not counted.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ColdReport {
  readonly name: string;
  /** Milliseconds of the first call of each process, ascending. */
  readonly milliseconds: readonly number[];
  readonly median: number;
}

/** What is timed, by the name of what it does. */
const CALLS = {
  'first call': 'sinusoidal({ length: 64, dim: 64 })',
  'config to table': `rotaryTable(fromHF({
    model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, max_position_embeddings: 131072, rope_theta: 500000,
    rope_scaling: {
      rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192,
    },
  }).rotary, { length: 8192 })`,
};

const program = (call: string) => `
import { fromHF, rotaryTable, sinusoidal } from 'posenc';
const start = performance.now();
${call};
const milliseconds = performance.now() - start;
process.stdout.write(String(milliseconds));
`;

/** The first call in `processes` fresh processes, one after the other. */
export function measureCold(processes = 15, name: keyof typeof CALLS = 'first call'): ColdReport {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const first = () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '--eval', program(CALLS[name])], {
        cwd: root,
        encoding: 'utf8',
      }),
    );
  const milliseconds = Array.from({ length: processes }, first).sort((a, b) => a - b);
  const middle = (processes - 1) / 2;
  return { name, milliseconds, median: (milliseconds[Math.floor(middle)] + milliseconds[Math.ceil(middle)]) / 2 };
}

export function formatCold({ name, milliseconds, median }: ColdReport): string {
  const from = milliseconds[0].toFixed(1);
  const to = milliseconds[milliseconds.length - 1].toFixed(1);
  return `${name} in ${milliseconds.length} fresh processes: median ${median.toFixed(1)} ms, ${from} to ${to} ms\n`;
}
