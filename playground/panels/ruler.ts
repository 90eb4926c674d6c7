/** Distances as a ruler: bars say what each distance gets, marks say which distances are one to the model. */
import { css, lineColours } from '../colour.ts';
import { s } from '../dom.ts';
import { show, T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import { extent, type RulerPanel } from '../view.ts';
import { scale } from './axes.ts';

const [LEFT, RIGHT, TOP, PLOT, RULE] = [46, 10, 26, 150, 44];

export function ruler(panel: RulerPanel, width: number): SVGElement {
  const { from, values, groups, others = [], trained } = panel;
  const count = values.length;
  const height = TOP + PLOT + RULE + 30;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const step = (width - LEFT - RIGHT) / count;
  const xAt = (i: number) => LEFT + i * step;
  const [low, high] = extent([0, ...Array.from(values), ...others.flatMap((other) => Array.from(other.values))]);
  const ys = scale({ title: panel.unit, min: low, max: high }, [], TOP + PLOT, TOP);
  const zero = ys.at(Math.min(high, Math.max(low, 0)));
  const colours = lineColours(theme());
  for (const tick of ys.ticks) {
    svg.append(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: ys.at(tick), y2: ys.at(tick) }));
    svg.append(s('text', { class: 'tick', x: LEFT - 6, y: ys.at(tick) + 4, 'text-anchor': 'end' }, show(tick, 3)));
  }
  svg.append(s('text', { class: 'label', x: LEFT, y: 14 }, tr(panel.unit)));
  const groupOf = (i: number) => groups?.[i] ?? i;
  const base = TOP + PLOT + 8;
  svg.append(s('rect', { class: 'rule', x: LEFT, y: base, width: width - LEFT - RIGHT, height: RULE - 8 }));
  // one block of the ruler for every run of distances that share a mark
  let bars = '';
  let notches = '';
  const blocks = ['', ''];
  const hits: SVGElement[] = [];
  for (let i = 0, block = 0; i < count; block++) {
    let end = i + 1;
    while (end < count && groupOf(end) === groupOf(i)) end++;
    const [a, b] = [from + i, from + end - 1];
    const where = a === b ? `${a}` : `${a} … ${b}`;
    const text = T(
      `Distance ${where}: ${value(values, i, end)}${end - i > 1 ? `; these ${end - i} distances are one to the model` : ''}`,
      `距离 ${where}：${value(values, i, end)}${end - i > 1 ? `；这 ${end - i} 个距离对模型来说没有区别` : ''}`,
    );
    hits.push(
      s('rect', {
        class: 'hit',
        'data-say': tr(text),
        x: xAt(i),
        y: TOP,
        width: (end - i) * step,
        height: PLOT + RULE,
      }),
    );
    for (let k = i; k < end; k++) {
      const y = Number.isFinite(values[k]) ? ys.at(values[k]) : zero;
      const wide = Math.max(0.6, step - Math.min(2, step * 0.2));
      const tall = Math.max(1, Math.abs(zero - y));
      bars += `M${(xAt(k) + Math.min(1, step * 0.1)).toFixed(1)} ${Math.min(y, zero).toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}h${(-wide).toFixed(1)}z`;
    }
    blocks[block % 2] +=
      `M${xAt(i).toFixed(1)} ${base}h${((end - i) * step).toFixed(1)}v${RULE - 8}h${(-(end - i) * step).toFixed(1)}z`;
    notches += `M${xAt(i).toFixed(1)} ${base}v${end - i > 1 ? 18 : 11}`;
    if ((end - i) * step > 26 || (block % Math.ceil(26 / step) === 0 && step * (end - i) >= step && count - i > 2))
      if ((end - i) * step > 26 || i % Math.ceil(30 / step) === 0)
        svg.append(
          s(
            'text',
            { class: 'tick', x: xAt(i) + ((end - i) * step) / 2, y: base + 31, 'text-anchor': 'middle' },
            (end - i) * step > 60 ? where : `${a}`,
          ),
        );
    i = end;
  }
  // a few paths instead of many elements: a slider redraws them at every step
  svg.append(s('path', { class: 'block', d: blocks[0] }), s('path', { class: 'block odd', d: blocks[1] }));
  svg.append(s('path', { class: 'notch', d: notches }), s('path', { class: 'bar', d: bars, fill: css(colours[0]) }));
  others.forEach((other, n) => {
    const points = Array.from(
      other.values,
      (v, i) => `${(xAt(i) + step / 2).toFixed(1)} ${ys.at(Math.max(low, v)).toFixed(1)}`,
    );
    svg.append(s('path', { class: 'curve', d: `M${points.join('L')}`, stroke: css(colours[(n + 1) % 7]) }));
  });
  // behind the unit, which stands on the same line
  let x = LEFT + 24 + [...tr(panel.unit)].reduce((sum, c) => sum + (c > '\u2e80' ? 13 : 7), 0);
  [{ name: panel.name ?? panel.unit }, ...others].forEach(({ name }, n) => {
    if (others.length === 0) return;
    svg.append(s('line', { x1: x, x2: x + 16, y1: 10, y2: 10, stroke: css(colours[n % 7]), 'stroke-width': 3 }));
    svg.append(s('text', { class: 'tick', x: x + 21, y: 14 }, tr(name)));
    x += 34 + [...tr(name)].reduce((sum, c) => sum + (c > '\u2e80' ? 12 : 6.6), 0);
  });
  if (trained !== undefined && trained - from > 0 && trained - from < count) {
    const at = xAt(trained - from + 1);
    svg.append(s('line', { class: 'trained', x1: at, x2: at, y1: TOP, y2: base + RULE - 8 }));
    // beside the unit where there is room, or else over the bars
    const room = others.length === 0 ? LEFT + 24 + 7 * tr(panel.unit).length : x;
    const place = { x: at + 5, y: at > room ? 14 : TOP + 12 };
    svg.append(s('text', { class: 'mark', ...place }, tr(T('trained up to here', '训练到此为止'))));
  }
  svg.append(
    s(
      'text',
      { class: 'title', x: LEFT + (width - LEFT - RIGHT) / 2, y: height - 4, 'text-anchor': 'middle' },
      tr(from < 0 ? T('key − query', '键 − 查询') : T('distance from the query, in words', '与查询的距离（词）')),
    ),
  );
  svg.append(...hits);
  return svg;
}

function value(values: ArrayLike<number>, from: number, to: number): string {
  const [low, high] = extent(Array.from({ length: to - from }, (_, i) => values[from + i]));
  return low === high ? show(low, 4) : `${show(high, 4)} … ${show(low, 4)}`;
}
