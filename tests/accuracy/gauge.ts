/** What a gauge is: it measures rows, each a kernel over a range of arguments, and a row may have a limit to keep. */
import type { Api } from '../golden-runner/api.ts';
import type { ErrorStatistics } from './statistics.ts';

export interface Limit {
  readonly maxUlp: number;
  /** Smallest share of correctly rounded values, 0..1. */
  readonly minCorrect?: number;
}

export interface Row {
  readonly kernel: string;
  readonly precision: string;
  readonly range: string;
  readonly statistics: ErrorStatistics;
  /** Absent: reported only. */
  readonly limit?: Limit;
  /** Further conditions that did not hold. */
  readonly breaches: readonly string[];
}

/**
 * Measures one family of kernels through the public API, at least `values` results a row. To add kernels (exp, log,
 * tanh, erf, pow lanes), write a file with a Gauge whose truth comes from highPrecision.ts and add it to main.ts.
 */
export type Gauge = (api: Api, values: number) => Row[];

/** Everything that is wrong with a row, in words. */
export function breaches(row: Row): string[] {
  const { statistics: s, limit } = row;
  const found = [...row.breaches];
  if (limit !== undefined) {
    if (!(s.maxUlp <= limit.maxUlp)) found.push(`max error ${s.maxUlp} ulp is above ${limit.maxUlp}`);
    const correct = s.correctlyRounded / s.count;
    if (limit.minCorrect !== undefined && !(correct >= limit.minCorrect)) {
      found.push(`${100 * correct} % correctly rounded is below ${100 * limit.minCorrect} %`);
    }
  }
  return found.map((text) => `${row.kernel}, ${row.precision}, ${row.range}: ${text}`);
}

const COLUMNS: readonly [title: string, cell: (row: Row) => string][] = [
  ['kernel', (r) => r.kernel],
  ['precision', (r) => r.precision],
  ['positions', (r) => r.range],
  ['values', (r) => String(r.statistics.count)],
  ['max ulp', (r) => r.statistics.maxUlp.toPrecision(5)],
  ['mean ulp', (r) => r.statistics.meanUlp.toPrecision(4)],
  ['max abs', (r) => r.statistics.maxAbs.toExponential(2)],
  ['mean abs', (r) => r.statistics.meanAbs.toExponential(2)],
  ['max rad', (r) => r.statistics.maxRadians.toExponential(2)],
  ['% correct', (r) => ((100 * r.statistics.correctlyRounded) / r.statistics.count).toFixed(4)],
  ['undecided', (r) => String(r.statistics.undecided)],
  ['limit', (r) => limitText(r.limit)],
  ['', (r) => (breaches(r).length > 0 ? 'BREACH' : '')],
];

function limitText(limit: Limit | undefined): string {
  if (limit === undefined) return '';
  return `${limit.maxUlp} ulp${limit.minCorrect === undefined ? '' : `, ${100 * limit.minCorrect} %`}`;
}

export function formatTable(rows: readonly Row[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, c) => Math.max(...cells.map((line) => line[c].length)));
  const lines = cells.map((line) =>
    line
      .map((cell, c) => (c < 3 || c > 10 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
