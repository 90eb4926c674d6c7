/** The printed table: what a reader needs to see whether a row is good, in words and units that need no key. */
import { verdicts } from './gates.ts';
import type { Row } from './row.ts';

/** 12345 -> '12.3 us' */
export function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toPrecision(3)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toPrecision(3)} us`;
  if (ns < 1e9) return `${(ns / 1e6).toPrecision(3)} ms`;
  return `${(ns / 1e9).toPrecision(3)} s`;
}

export function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${Number((bytes / 2 ** 10).toFixed(1))} KiB`;
  return `${Number((bytes / 2 ** 20).toFixed(1))} MiB`;
}

export function times(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0);
}

const HEAD = ['row', 'writes', 'time', 'x floor', 'x own', 'median', 'spread', 'GB/s', 'gate', 'others, times slower'];

const LEGEND = `
row      family.encoding.case.size; one call of the public function with a reused output
x floor  our best time / best time of a bare loop that only stores (producers) or loads and stores (in place, joins)
         the same bytes: 1.00 is as fast as memory. 'kernel' is that without the call's argument checks.
x own    time of the kernel / time of a loop with its own operations, perfectly scheduled (or of the floor, where that is
         higher): what it loses to waiting and to control
gate     the bound a row must keep (docs/performance.md); 'JS': how many times slower plain JavaScript is; 'ns': the call
         without its kernels; 'own': of 'x own'; 'other': ours in times of the call named on the right
median   median of the same ratio over the rounds, spread: its interquartile range. Large means a busy machine.
`;

/** Several lines, ending in a newline. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const gates = verdicts(row).map(({ text }) => text);
    const { beside, heap } = row;
    const kernel = row.kernel === undefined ? '' : ` (kernel ${times(row.kernel / row.floor)})`;
    return [
      row.id,
      size(row.bytes),
      duration(row.ours),
      `${times(row.ratio)}${kernel}`,
      row.own === undefined ? '' : times((row.kernel ?? row.ours) / Math.max(row.own, row.floor)),
      times(row.median),
      row.spread.toFixed(2),
      (row.bytes / row.ours).toFixed(1),
      gates.join(', ') || '-',
      [
        ...Object.entries(row.peers).map(([name, { slower }]) => `${name} ${times(slower)}`),
        ...(beside ? [`(ours ${times(beside.ratio)} x ${beside.name})`] : []),
        ...(heap ? [`(heap +${size(heap.bytes)} in ${heap.calls.toLocaleString('en')} calls)`] : []),
      ].join(', '),
    ];
  });
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((line) => line[i].length)));
  const line = (parts: readonly string[]) =>
    parts
      .map((part, i) => (i === 0 || i === HEAD.length - 1 ? part.padEnd(widths[i]) : part.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return `${[line(HEAD), ...cells.map(line)].join('\n')}\n${LEGEND}`;
}
