/** What the golden runner prints and writes. */
import type { Result, Status } from './types.ts';

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
  readonly records: readonly Result[];
}

export function summarize(records: readonly Result[]): Summary {
  const count = (status: Status): number => records.filter((r) => r.status === status).length;
  return { passed: count('passed'), failed: count('failed'), unsupported: count('unsupported'), records };
}

/** One line a file, its failures and unsupported records below it, the totals in the last line. */
export function format(summary: Summary): string {
  const lines: string[] = [];
  const byFile = new Map<string, Result[]>();
  for (const r of summary.records) {
    const group = byFile.get(r.path);
    if (group === undefined) byFile.set(r.path, [r]);
    else group.push(r);
  }
  for (const [path, records] of byFile) {
    const s = summarize(records);
    const word = s.failed > 0 ? 'FAILED' : s.unsupported > 0 ? '-' : 'ok';
    lines.push(`${word.padEnd(6)} ${path}: ${totals(s)}`);
    for (const r of records) {
      if (r.status === 'passed') continue;
      lines.push(`       ${r.status} ${r.name}${r.op === null ? '' : ` (${r.op})`}`);
      for (const message of r.messages ?? []) lines.push(`         ${message}`);
    }
  }
  lines.push(totals(summary));
  return `${lines.join('\n')}\n`;
}

function totals(s: Summary): string {
  return `${s.passed} passed, ${s.failed} failed, ${s.unsupported} unsupported`;
}
