/** Curves in braille dots and heatmaps in half blocks, or in shades of text where there are no colours. */
import type { Picture } from './picture.ts';
import { colourOf, decades, rangeOf, reduced, short } from './plotScale.ts';
import type { Axes, Curve } from './plotSvg.ts';

export interface Size {
  readonly columns: number;
  readonly colour: boolean;
}

const ROWS = 18;
/** Bits of the dots of a braille character, [column][row]. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
const SHADES = ' .:-=+*#%@';
const CURVE_COLOURS = [90, 34, 31, 32, 33, 35];

/** Values on a logarithmic axis over their index. */
export function terminalCurves(curves: readonly Curve[], axes: Axes, { columns, colour }: Size): string {
  const margin = 7;
  const width = Math.max(16, columns - margin - 1);
  const [low, high] = decades(rangeOf(curves.flatMap(({ values }) => values)));
  const longest = Math.max(...curves.map(({ values }) => values.length));
  const cells = Array.from({ length: ROWS }, () => new Array<number>(width).fill(0));
  const owner = Array.from({ length: ROWS }, () => new Array<number>(width).fill(0));
  curves.forEach(({ values }, n) => {
    for (let x = 0; x < 2 * width; x++) {
      const value = values[Math.floor((x * longest) / (2 * width))];
      if (!Number.isFinite(value)) continue;
      const y = Math.round((4 * ROWS - 1) * (1 - (Math.log10(value) - low) / (high - low)));
      cells[y >> 2][x >> 1] |= DOTS[x & 1][y & 3];
      owner[y >> 2][x >> 1] = n;
    }
  });
  const lines = [`${axes.title} (${axes.y}, by ${axes.x})`];
  cells.forEach((row, r) => {
    const power = high - ((high - low) * r) / (ROWS - 1);
    const near = Math.abs(power - Math.round(power)) * (ROWS - 1) < (high - low) / 2;
    const text = row.map((bits, c) => {
      const dot = bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits);
      return colour && bits !== 0
        ? `\x1b[${CURVE_COLOURS[(curves.length === 1 ? 1 : owner[r][c]) % CURVE_COLOURS.length]}m${dot}\x1b[0m`
        : dot;
    });
    lines.push(`${(near ? `1e${Math.round(power)}` : '').padStart(margin - 1)}|${text.join('').trimEnd()}`);
  });
  lines.push(`${' '.repeat(margin - 1)}0${String(longest - 1).padStart(width)}`);
  const ends = curves.map(({ name, values }) => {
    const finite = values.filter(Number.isFinite);
    return `${name}: ${short(finite[0])} to ${short(finite[finite.length - 1])}`;
  });
  lines.push(...ends.map((text) => `${' '.repeat(margin)}${text}`));
  return `${lines.join('\n')}\n`;
}

/** Two rows a line with colours, one without. */
export function terminalHeatmap(picture: Picture, { columns, colour }: Size): string {
  const margin = 7;
  const small = reduced(picture, colour ? 48 : 32, Math.max(8, columns - margin - 1));
  const [low, high] = rangeOf(small.data);
  const at = (row: number, column: number): number =>
    row < small.rows ? (small.data[row * small.columns + column] - low) / (high - low) : Number.NaN;
  const lines = [`${picture.title}: ${short(low)} to ${short(high)} (${picture.y} down, ${picture.x} across)`];
  const step = colour ? 2 : 1;
  for (let row = 0; row < small.rows; row += step) {
    let line = `${String(Math.floor((row * picture.rows) / small.rows)).padStart(margin - 1)}|`;
    for (let column = 0; column < small.columns; column++) {
      if (!colour) {
        const t = at(row, column);
        line += Number.isNaN(t) ? ' ' : SHADES[Math.min(SHADES.length - 1, Math.floor(t * SHADES.length))];
        continue;
      }
      line += `${paint(38, at(row, column))}${paint(48, at(row + 1, column))}\u2580`;
    }
    lines.push(colour ? `${line}\x1b[0m` : line.trimEnd());
  }
  lines.push(`${' '.repeat(margin)}0${String(picture.columns - 1).padStart(Math.max(2, small.columns - 1))}`);
  return `${lines.join('\n')}\n`;
}

function paint(ground: 38 | 48, t: number): string {
  return Number.isNaN(t) ? `\x1b[${ground + 1}m` : `\x1b[${ground};2;${colourOf(t).join(';')}m`;
}
