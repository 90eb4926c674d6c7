/** A bar chart of the rows as SVG: times the floor on a logarithmic axis, ours above the others. */
import type { Row } from './row.ts';
import { size, times } from './table.ts';

const BAR = 14;
const GAP = 10;
const LEFT = 390;
const WIDTH = 620;
const OURS = '#1668b8';
const OTHER = '#b9bec5';

export function chart(rows: readonly Row[]): string {
  const groups = rows.map((row) => ({
    title: `${row.id} (${size(row.bytes)})`,
    bars: [
      { name: 'posenc', ratio: row.ratio, colour: OURS },
      ...Object.entries(row.peers).map(([name, { time }]) => ({ name, ratio: time / row.floor, colour: OTHER })),
    ],
  }));
  const most = Math.max(10, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  const decades = Math.ceil(Math.log10(most));
  const x = (ratio: number) => LEFT + (Math.max(0, Math.log10(ratio)) / decades) * WIDTH;
  const parts: string[] = [];
  let y = 50;
  for (const { title, bars } of groups) {
    parts.push(`<text x="${LEFT - 8}" y="${y + BAR - 3}" text-anchor="end">${plain(title)}</text>`);
    for (const { name, ratio, colour } of bars) {
      const end = x(ratio);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${Math.max(1, end - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${colour}"/>`,
        `<text x="${(end + 4).toFixed(1)}" y="${y + BAR - 3}">${plain(name)} ${times(ratio)}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  const axis = Array.from({ length: decades + 1 }, (_, i) => {
    const at = x(10 ** i).toFixed(1);
    return `<line x1="${at}" x2="${at}" y1="40" y2="${y}" stroke="#ddd"/><text x="${at}" y="36" text-anchor="middle">${10 ** i}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 150}" height="${y + 10}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="18" font-size="13">Time of a call, in times a bare store (or load and store) of the same bytes; logarithmic, shorter is faster</text>
${axis.join('\n')}
${parts.join('\n')}
</svg>
`;
}

function plain(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
}
