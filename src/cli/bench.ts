/** posenc bench: a first impression of the speed on this machine. The real measurements are `npm run bench`. */
import { Command } from 'commander';
import { alibi, applyRotary, rotaryTable, sinusoidal, Tensor } from '../index.ts';
import { toJson } from './explain.ts';
import { example } from './options.ts';
import { progress, type Shell } from './shell.ts';

interface Row {
  readonly name: string;
  readonly bytes: number;
  /** Best time, nanoseconds. */
  readonly ns: number;
}

/** Time for each case. */
const MILLISECONDS = 150;

export function benchCommand(shell: Shell): Command {
  return new Command('bench')
    .description('how fast this machine computes, in about a second')
    .option('--json', 'as JSON')
    .addHelpText('after', example('posenc bench'))
    .action(async ({ json }: { json?: boolean }) => {
      const rows = measure(shell);
      const line = ({ name, bytes, ns }: Row) =>
        `${name.padEnd(44)}${(ns / 1e6).toFixed(3).padStart(9)} ms ${(bytes / ns).toFixed(1).padStart(7)} GB/s\n`;
      await shell.write(json ? toJson(rows) : rows.map(line).join(''));
    });
}

function measure(shell: Shell): Row[] {
  const spec = { headDim: 128, ropeTheta: 500000 };
  const plain = sinusoidal({ length: 4096, dim: 512 });
  const table = rotaryTable(spec, { length: 8192 });
  const x = Tensor.zeros([1, 512, 32, 128]);
  x.data.fill(0.5);
  const bias = alibi({ heads: 8, keyLength: 1024 });
  const cases: [string, number, () => unknown][] = [
    ['sinusoidal 4096 x 512', plain.length * 4, () => sinusoidal({ length: 4096, dim: 512, out: plain })],
    [
      'rotaryTable 8192 x 128',
      table.cos.length * 8,
      () => rotaryTable(spec, { length: 8192, out: { cos: table.cos, sin: table.sin } }),
    ],
    ['applyRotary 512 tokens x 32 heads x 128', x.length * 4, () => applyRotary(x, table, {})],
    ['alibi 8 heads x 1024 x 1024', bias.length * 4, () => alibi({ heads: 8, keyLength: 1024, out: bias })],
  ];
  const bar = progress(shell, 'bench');
  const rows = cases.map(([name, bytes, call], n): Row => {
    bar.update(n, cases.length);
    let best = Number.POSITIVE_INFINITY;
    for (const end = performance.now() + MILLISECONDS; performance.now() < end; ) {
      const start = performance.now();
      call();
      best = Math.min(best, performance.now() - start);
    }
    return { name, bytes, ns: best * 1e6 };
  });
  bar.end();
  return rows;
}
