/** The four terms of a score in a grid: content or position of the query, by content or position of the key; and their sum. */
import { colours, css, step } from '../colour.ts';
import { s } from '../dom.ts';
import { show, T, type Text, tr } from '../text.ts';
import { theme } from '../theme.ts';
import { around, type TermKey, type TermsPanel } from '../view.ts';

const NAMES: Readonly<Record<TermKey, Text>> = {
  cc: T('content to content', '内容对内容'),
  cp: T('content to position', '内容对位置'),
  pc: T('position to content', '位置对内容'),
  pp: T('position to position', '位置对位置'),
};
const KEYS: readonly TermKey[] = ['cc', 'cp', 'pc', 'pp'];

export function terms(panel: TermsPanel, width: number): SVGElement {
  const narrow = width < 520;
  const small = Math.floor(narrow ? (width - 30) / 2 : Math.min(190, (width - 110) / 4));
  const large = narrow ? Math.min(width - 60, 2 * small) : 2 * small + 40;
  const line = 40;
  const gridHeight = 2 * (small + line);
  const height = narrow ? gridHeight + large + 60 : gridHeight + 8;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const drawn = KEYS.flatMap((key) => (panel.terms[key].data ? [Array.from(panel.terms[key].data as number[])] : []));
  const range = around([...drawn.flat(), ...Array.from(panel.total)]);
  KEYS.forEach((key, i) => {
    const { name, on, data } = panel.terms[key];
    const [x, y] = [(i % 2) * (small + 18), Math.floor(i / 2) * (small + line)];
    const state = !data ? T('does not exist here', '此处没有这一项') : on ? T('on', '开') : T('off', '关');
    const group = s('g', {
      class: `term${data && on ? '' : ' out'}`,
      'data-say': `${tr(NAMES[key])}${name ? `, ${name}` : ''}: ${tr(state)}`,
      'data-term': data ? key : undefined,
    });
    group.append(s('text', { class: 'label', x: x + 2, y: y + 13 }, tr(NAMES[key])));
    group.append(s('text', { class: 'tick', x: x + 2, y: y + 28 }, name || '–'));
    group.append(s('rect', { class: 'edge', x, y: y + 34, width: small, height: small }));
    if (data) group.append(cells(data, panel.rows.length, panel.cols.length, x, y + 34, small, range));
    if (!data || !on) {
      const [a, b] = [y + 34, y + 34 + small];
      group.append(s('path', { class: 'cross', d: `M${x} ${a}L${x + small} ${b}M${x} ${b}L${x + small} ${a}` }));
    }
    svg.append(group);
  });
  const [x, y] = narrow ? [44, gridHeight + 30] : [2 * small + 100, 34];
  const side = narrow ? large : Math.min(large, width - x - 4, gridHeight - 40);
  svg.append(
    s(
      'text',
      { class: 'label', x, y: y - 18 },
      tr(T('= the score: how much a word looks at another', '= 分数：一个词对另一个词的关注')),
    ),
  );
  svg.append(s('rect', { class: 'edge', x, y, width: side, height: side }));
  const [rows, cols] = [panel.rows.length, panel.cols.length];
  svg.append(cells(panel.total, rows, cols, x, y, side, range));
  const every = Math.ceil(cols / (side / 16));
  panel.rows.forEach((word, r) => {
    const best = panel.cols.reduce(
      (most, _, c) => (panel.total[r * cols + c] > panel.total[r * cols + most] ? c : most),
      0,
    );
    const group = s('g', {
      'data-say': tr(
        T(
          `“${word}” looks most at “${panel.cols[best]}” (score ${show(panel.total[r * cols + best], 3)})`,
          `“${word}”最关注“${panel.cols[best]}”（分数 ${show(panel.total[r * cols + best], 3)}）`,
        ),
      ),
    });
    group.append(s('rect', { class: 'hit', x, y: y + (r * side) / rows, width: side, height: side / rows }));
    if (r % every === 0)
      group.append(
        s('text', { class: 'tick', x: x - 4, y: y + ((r + 0.5) * side) / rows + 4, 'text-anchor': 'end' }, word),
      );
    svg.append(group);
  });
  return svg;
}

function cells(
  data: ArrayLike<number>,
  rows: number,
  cols: number,
  x: number,
  y: number,
  side: number,
  range: readonly [number, number],
): SVGElement {
  const table = colours('diverging', theme());
  const group = s('g', { 'shape-rendering': 'crispEdges' });
  // one path a colour, not one element a cell: a slider redraws them at every step
  const paths = new Map<number, string>();
  const [wide, tall] = [(side / cols + 0.4).toFixed(2), (side / rows + 0.4).toFixed(2)];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++) {
      const index = step(data[r * cols + c], 'diverging', range);
      const [at, down] = [(x + (c * side) / cols).toFixed(2), (y + (r * side) / rows).toFixed(2)];
      paths.set(index, `${paths.get(index) ?? ''}M${at} ${down}h${wide}v${tall}h-${wide}z`);
    }
  for (const [index, d] of paths) group.append(s('path', { d, fill: css(table[index]) }));
  return group;
}
