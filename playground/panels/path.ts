/** Positions as a way through a plane: a bead at every whole position, other ways beside it. */
import { css, lineColours } from '../colour.ts';
import { s } from '../dom.ts';
import { show, T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import { extent, type PathPanel } from '../view.ts';

const MARGIN = 30;

export function path(panel: PathPanel, width: number): SVGElement {
  const size = Math.min(width, 440);
  const height = size + 26;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const [first] = panel.ways;
  const finite = (list: ArrayLike<number>) => Array.from(list).filter((v) => Math.abs(v) < 1e6);
  const [xl, xh] = extent(finite(first.x));
  const [yl, yh] = extent(finite(first.y));
  const reach = (Math.max(xh - xl, yh - yl) || 1) * 0.58;
  const [cx, cy] = [(xl + xh) / 2, (yl + yh) / 2];
  const left = (width - size) / 2;
  const px = (x: number) => left + size / 2 + ((x - cx) / reach) * (size / 2 - MARGIN);
  const py = (y: number) => 26 + size / 2 - ((y - cy) / reach) * (size / 2 - MARGIN);
  const colours = lineColours(theme());
  svg.append(s('rect', { class: 'edge', x: left + 0.5, y: 26.5, width: size - 1, height: size - 1 }));
  svg.append(
    s('text', { class: 'title', x: left + size / 2, y: height - 8, 'text-anchor': 'middle' }, tr(panel.axes[0])),
  );
  svg.append(
    s(
      'text',
      { class: 'title', transform: `translate(${left + 16} ${26 + size / 2}) rotate(-90)`, 'text-anchor': 'middle' },
      tr(panel.axes[1]),
    ),
  );
  // what leaves the frame ends at it
  const inside = s('svg', { x: 0, y: 0, width, height, overflow: 'hidden' });
  const clip = `posenc-path-${width}-${size}`;
  inside.append(s('clipPath', { id: clip }, s('rect', { x: left, y: 26, width: size, height: size })));
  svg.append(inside);
  let x = left;
  panel.ways.forEach((way, n) => {
    const stroke = css(colours[n % 7]);
    let d = '';
    for (let i = 0; i < way.x.length; i++) {
      const [a, b] = [px(way.x[i]), py(way.y[i])];
      // what leaves the picture is not drawn further
      if (!Number.isFinite(a + b) || a < left - 400 || a > left + size + 400 || b < -400 || b > height + 400) break;
      d += `${d ? 'L' : 'M'}${a.toFixed(1)} ${b.toFixed(1)}`;
    }
    inside.append(
      s('path', {
        class: 'curve',
        'clip-path': `url(#${clip})`,
        d,
        stroke,
        'stroke-dasharray': way.dashed ? '5 4' : undefined,
      }),
    );
    svg.append(
      s('line', {
        x1: x,
        x2: x + 18,
        y1: 12,
        y2: 12,
        stroke,
        'stroke-width': 3,
        'stroke-dasharray': way.dashed ? '5 4' : undefined,
      }),
    );
    svg.append(s('text', { class: 'tick', x: x + 24, y: 16 }, tr(way.name)));
    x += 40 + [...tr(way.name)].reduce((sum, c) => sum + (c > '\u2e80' ? 12 : 6.8), 0);
  });
  for (const bead of panel.beads) {
    const [a, b] = [px(bead.x), py(bead.y)];
    if (!(a > left && a < left + size && b > 26 && b < 26 + size)) continue;
    const say = T(
      `Position ${bead.at}: (${show(bead.x, 3)}, ${show(bead.y, 3)})`,
      `位置 ${bead.at}：（${show(bead.x, 3)}，${show(bead.y, 3)}）`,
    );
    const group = s('g', { class: 'bead', 'data-say': tr(say) });
    group.append(s('circle', { class: 'hit', cx: a, cy: b, r: 9 }));
    group.append(s('circle', { class: 'dot', cx: a, cy: b, r: bead.at % 4 === 0 ? 4.5 : 3, fill: css(colours[0]) }));
    if (bead.at % 4 === 0) group.append(s('text', { class: 'mark', x: a + 7, y: b - 6 }, String(bead.at)));
    svg.append(group);
  }
  return svg;
}
