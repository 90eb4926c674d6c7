/** Curves and heatmaps as SVG text. */
import type { Picture } from './picture.ts';
import { colourOf, decades, rangeOf, reduced, short } from './plotScale.ts';

export interface Curve {
  readonly name: string;
  /** One for each index; NaN is left out. */
  readonly values: readonly number[];
}

export interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

const [WIDTH, HEIGHT] = [720, 440];
const BOX = { left: 72, top: 40, width: 610, height: 340 };
const STROKES = ['#8a8a8a', '#2147a1', '#a01c2d', '#1d7a46', '#b8860b', '#6a3d9a'];
const SHADES = 64;
const MOST = 256;

const escaped = (text: string): string => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
const fixed = (value: number): string => String(Number(value.toFixed(2)));

function frame({ title, x, y }: Axes, body: readonly string[]): string {
  const { left, top, width, height } = BOX;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${left}" y="24" font-size="15">${escaped(title)}</text>`,
    `<text x="${left + width / 2}" y="${top + height + 36}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(18 ${top + height / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
    ...body,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#333"/>`,
    '</svg>\n',
  ].join('\n');
}

const label = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;

/** Values on a logarithmic axis over their index. */
export function svgCurves(curves: readonly Curve[], axes: Axes): string {
  const { left, top, width, height } = BOX;
  const [low, high] = decades(rangeOf(curves.flatMap(({ values }) => values)));
  const longest = Math.max(...curves.map(({ values }) => values.length));
  const px = (i: number): number => left + (width * (i + 0.5)) / longest;
  const py = (value: number): number => top + height * (1 - (Math.log10(value) - low) / (high - low));
  const body: string[] = [];
  for (let power = low; power <= high; power++) {
    const y = py(10 ** power);
    body.push(`<path d="M${left} ${fixed(y)}h${width}" stroke="#ddd"/>`, label(left - 6, y + 4, `1e${power}`, 'end'));
  }
  for (const i of ticks(longest)) body.push(label(px(i), top + height + 16, String(i), 'middle'));
  curves.forEach(({ name, values }, n) => {
    const stroke = STROKES[(curves.length === 1 ? 1 : n) % STROKES.length];
    const points = values.flatMap((value, i) =>
      Number.isFinite(value) ? [`${fixed(px(i))} ${fixed(py(value))}`] : [],
    );
    body.push(`<path d="M${points.join('L')}" fill="none" stroke="${stroke}" stroke-width="2"/>`);
    body.push(`<text x="${left + 12}" y="${top + 20 + 16 * n}" fill="${stroke}">${escaped(name)}</text>`);
  });
  return frame(axes, body);
}

/** A heatmap; cells of one shade are one path. */
export function svgHeatmap(picture: Picture): string {
  const { left, top, width, height } = BOX;
  const { rows, columns, data } = reduced(picture, MOST, MOST);
  const [low, high] = rangeOf(data);
  const paths = new Map<number, string[]>();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; ) {
      const shade = shadeOf(data[i * columns + j], low, high);
      let run = 1;
      while (j + run < columns && shadeOf(data[i * columns + j + run], low, high) === shade) run++;
      const list = paths.get(shade) ?? [];
      list.push(`M${j} ${i}h${run}v1h${-run}z`);
      paths.set(shade, list);
      j += run;
    }
  }
  const cells = [...paths]
    .sort(([a], [b]) => a - b)
    .map(([shade, list]) => {
      const colour = shade < 0 ? '#bbb' : `rgb(${colourOf((shade + 0.5) / SHADES).join(',')})`;
      return `<path fill="${colour}" d="${list.join('')}"/>`;
    });
  const scale = `translate(${left} ${top}) scale(${fixed6(width / columns)} ${fixed6(height / rows)})`;
  const body = [`<g transform="${scale}" shape-rendering="crispEdges">`, ...cells, '</g>'];
  for (const j of ticks(picture.columns))
    body.push(label(left + (width * (j + 0.5)) / picture.columns, top + height + 16, String(j), 'middle'));
  for (const i of ticks(picture.rows))
    body.push(label(left - 6, top + (height * (i + 0.5)) / picture.rows + 4, String(i), 'end'));
  body.push(label(left + width, 24, `${short(low)} (blue) to ${short(high)} (red)`, 'end'));
  return frame(picture, body);
}

const fixed6 = (value: number): string => String(Number(value.toFixed(6)));

function shadeOf(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(SHADES - 1, Math.floor((SHADES * (value - low)) / (high - low))) : -1;
}

/** About eight indices at round steps. */
function ticks(count: number): number[] {
  const rough = count / 8;
  const power = 10 ** Math.max(0, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 1;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}
