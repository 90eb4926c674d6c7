/** Short vectors as bars above and below zero, one row each. */
import { css, lineColours } from '../colour.ts';
import { s } from '../dom.ts';
import { show, tr } from '../text.ts';
import { theme } from '../theme.ts';
import { around, type BarsPanel } from '../view.ts';

const LINE = 58;

export function bars(panel: BarsPanel, width: number): SVGElement {
  const name = width < 460 ? 0 : 150;
  const line = LINE + (name ? 0 : 18);
  const height = panel.rows.length * line + 6;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const most = Math.max(...panel.rows.map(({ values }) => around(values)[1]));
  const longest = Math.max(...panel.rows.map(({ values }) => values.length));
  const step = (width - name - 8) / longest;
  const colours = lineColours(theme());
  panel.rows.forEach((row, r) => {
    const middle = r * line + (name ? 0 : 18) + LINE / 2;
    svg.append(
      s(
        'text',
        {
          class: 'label',
          x: name ? name - 10 : 2,
          y: name ? middle + 4 : middle - LINE / 2 - 3,
          'text-anchor': name ? 'end' : 'start',
        },
        tr(row.name),
      ),
    );
    svg.append(s('line', { class: 'grid', x1: name, x2: width - 8, y1: middle, y2: middle }));
    for (let i = 0; i < row.values.length; i++) {
      const value = row.values[i];
      const tall = (Math.abs(value) / most) * (LINE / 2 - 3);
      const group = s('g', { 'data-say': `${tr(row.name)}, ${i}: ${show(value, 4)}` });
      group.append(s('rect', { class: 'hit', x: name + i * step, y: middle - LINE / 2, width: step, height: LINE }));
      group.append(
        s('rect', {
          class: 'bar',
          x: name + i * step + 1,
          y: value >= 0 ? middle - tall : middle,
          width: Math.max(1, step - 2),
          height: Math.max(0.8, tall),
          fill: css(colours[row.strong ? 5 : 0]),
        }),
      );
      svg.append(group);
    }
  });
  return svg;
}
