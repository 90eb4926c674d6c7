/** Text that came from a file, as a terminal may see it; sizes and numbers as people read and write them. */
import { printable } from '../runtime/printable.ts';

export { printable };

/** A text of several lines, each printable. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => printable(line))
    .join('\n');

/** JSON text with the same characters as JSON escapes them. */
export const printableJson = (json: string): string =>
  json
    .split('\n')
    .map((line) => printable(line, true))
    .join('\n');

/** Bytes with a unit of a thousand: 15.4 GB. */
export function sizeWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`;
}

const SUFFIX: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A number as people write it: 131072, 131_072, '131 072', 128k (times 1024), 1M, 5e5; NaN when it is none. */
export function numberOf(text: string): number {
  const plain = text.trim();
  const grouped = /^[+-]?\d{1,3}(?:[ \u00a0\u202f_]\d{3})+$/.test(plain)
    ? plain.replace(/[ \u00a0\u202f_]/g, '')
    : plain;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([kmg]?)$/i.exec(grouped);
  return match === null ? Number.NaN : Number(match[1]) * SUFFIX[match[2].toLowerCase()];
}
