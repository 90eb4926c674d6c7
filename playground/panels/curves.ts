/** Lines and points in SVG: linear and logarithmic axes, marks, a legend, and the numbers as a table for those who hear them. */
import { CATEGORIES, css } from '../colour.ts';
import { h, s } from '../dom.ts';
import { show, T, tr } from '../text.ts';
import { type Axis, type CurvePanel, extent, type Series } from '../view.ts';

/** Until the place of the plot is known. */
const WIDTH = 640;
const LEFT = 62;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 42;
const DASHES = ['', '7 3', '2 3', '9 3 2 3'];
/** Colours that stand out on both backgrounds. */
const COLOURS = 7;

/** The colour of the n-th series; repeated colours differ by their dashes. */
export const seriesColour = (n: number): string => css(CATEGORIES[n % COLOURS]);

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
}

export class Curves {
  readonly element: HTMLElement;
  #caption = h('h4');
  #holder = h('div', { class: 'lines' });
  #legend = h('div', { class: 'bar keys' });

  #panel: CurvePanel;
  #width = 0;

  constructor(panel: CurvePanel) {
    this.#panel = panel;
    this.element = h('figure', { class: 'curves' }, this.#caption, this.#holder, this.#legend);
    this.update(panel);
    // letters keep their size whatever the width, so another width is another drawing
    new ResizeObserver(() => {
      const width = this.#holder.clientWidth;
      if (width > 0 && width !== this.#width) requestAnimationFrame(() => this.update(this.#panel));
    }).observe(this.#holder);
  }

  update(panel: CurvePanel): void {
    this.#caption.textContent = tr(panel.label);
    this.#panel = panel;
    this.#width = this.#holder.clientWidth;
    this.#holder.replaceChildren(draw(panel, this.#width || WIDTH));
    const named = panel.series.length > 1 || tr(panel.series[0]?.name ?? panel.label) !== tr(panel.label);
    this.#legend.hidden = !named;
    this.#legend.replaceChildren(
      ...panel.series.map((series, i) =>
        h(
          'span',
          {},
          h('i', {
            class: series.as === 'points' ? 'dot' : 'line',
            style: `${series.as === 'points' ? 'background' : 'border-color'}:${seriesColour(i)}${series.dashed || i >= COLOURS ? ';border-top-style:dashed' : ''}`,
          }),
          tr(series.name),
        ),
      ),
    );
  }
}

function draw(panel: CurvePanel, width: number): SVGElement {
  const height = panel.height ?? 240;
  const xs = scale(
    panel.x,
    panel.series.map(({ x }) => x).concat([(panel.marks ?? []).map(({ x }) => x)]),
    LEFT,
    width - RIGHT,
  );
  const ys = scale(
    panel.y,
    panel.series.map(({ y }) => y),
    height - BOTTOM,
    TOP,
  );
  const svg = s('svg', {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': `${tr(panel.label)}. ${summary(panel)}`,
  });
  for (const tick of ys.ticks) {
    const y = ys.at(tick);
    svg.append(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y, y2: y }));
    svg.append(s('text', { class: 'tick', x: LEFT - 7, y: y + 4, 'text-anchor': 'end' }, label(tick, panel.y)));
  }
  for (const tick of xs.ticks) {
    const x = xs.at(tick);
    svg.append(s('line', { class: 'grid', x1: x, x2: x, y1: TOP, y2: height - BOTTOM }));
    svg.append(s('text', { class: 'tick', x, y: height - BOTTOM + 16, 'text-anchor': 'middle' }, label(tick, panel.x)));
  }
  svg.append(
    s(
      'text',
      { class: 'title', x: (LEFT + width - RIGHT) / 2, y: height - 6, 'text-anchor': 'middle' },
      tr(panel.x.title),
    ),
    s(
      'text',
      {
        class: 'title',
        transform: `translate(13 ${(TOP + height - BOTTOM) / 2}) rotate(-90)`,
        'text-anchor': 'middle',
      },
      tr(panel.y.title),
    ),
  );
  panel.series.forEach((series, i) => {
    const colour = seriesColour(i);
    if (series.as === 'points') {
      svg.append(s('path', { d: points(series, xs, ys), stroke: colour, class: 'points' }));
    } else {
      const dash = series.dashed ? DASHES[1] : DASHES[Math.floor(i / COLOURS) % DASHES.length];
      svg.append(
        s('path', {
          d: line(series, xs, ys, panel),
          stroke: colour,
          class: 'curve',
          'stroke-dasharray': dash || undefined,
        }),
      );
    }
  });
  (panel.marks ?? []).forEach(({ x, label: text }, i) => {
    if (x < xs.low || x > xs.high) return;
    const at = xs.at(x);
    const right = at > width * 0.7;
    svg.append(s('line', { class: 'mark', x1: at, x2: at, y1: TOP, y2: height - BOTTOM }));
    svg.append(
      s(
        'text',
        { class: 'mark', x: at + (right ? -5 : 5), y: TOP + 12 + 15 * i, 'text-anchor': right ? 'end' : 'start' },
        tr(text),
      ),
    );
  });
  return svg;
}

/** What a curve says in one sentence each: where it begins, ends, and its range. */
function summary(panel: CurvePanel): string {
  return panel.series
    .slice(0, 8)
    .map(({ name, y }) => {
      const [low, high] = extent(y);
      return tr(
        T(
          `${name.en}: from ${show(y[0], 3)} to ${show(y[y.length - 1], 3)}, between ${show(low, 3)} and ${show(high, 3)}`,
          `${name.zh}：从 ${show(y[0], 3)} 到 ${show(y[y.length - 1], 3)}，范围 ${show(low, 3)} 至 ${show(high, 3)}`,
        ),
      );
    })
    .join('; ');
}

function scale(axis: Axis, values: readonly ArrayLike<number>[], from: number, to: number): Scale {
  let low = axis.min ?? Number.POSITIVE_INFINITY;
  let high = axis.max ?? Number.NEGATIVE_INFINITY;
  for (const list of values) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (!Number.isFinite(value) || (axis.log && value <= 0)) continue;
      if (axis.min === undefined && value < low) low = value;
      if (axis.max === undefined && value > high) high = value;
    }
  }
  if (!(low <= high)) [low, high] = axis.log ? [1, 10] : [0, 1];
  if (axis.log) {
    if (low === high) [low, high] = [low / 2, high * 2];
    const [a, b] = [Math.log10(low), Math.log10(high)];
    const first = Math.ceil(a - 1e-9);
    const count = Math.floor(b + 1e-9) - first + 1;
    const every = Math.max(1, Math.ceil(count / (Math.abs(to - from) / (from > to ? 26 : 46))));
    const ticks = Array.from({ length: Math.max(0, Math.ceil(count / every)) }, (_, i) => 10 ** (first + i * every));
    return { low, high, ticks, at: (v) => from + ((Math.log10(v) - a) / (b - a)) * (to - from) };
  }
  if (low === high) [low, high] = [low - 1, high + 1];
  if (axis.min === undefined && axis.max === undefined && from > to) {
    const margin = (high - low) * 0.04;
    low -= margin;
    high += margin;
  }
  const rough = (high - low) / (Math.abs(to - from) / (from > to ? 42 : 80));
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough * 0.999) as number;
  const ticks = [];
  for (let k = Math.ceil(low / every - 1e-9); k * every <= high + 1e-9 * every; k++) ticks.push(k * every);
  return { low, high, ticks, at: (v) => from + ((v - low) / (high - low)) * (to - from) };
}

function label(tick: number, axis: Axis): string {
  if (!axis.log) return show(tick, 4);
  const power = Math.round(Math.log10(tick));
  if (power >= 0 && power <= 3) return String(tick);
  return `10${String(power).replace(/./g, (c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻')}`;
}

function line({ x, y }: Series, xs: Scale, ys: Scale, panel: CurvePanel): string {
  let out = '';
  let open = false;
  for (let i = 0; i < y.length; i++) {
    const bad = !Number.isFinite(y[i]) || (panel.y.log && y[i] <= 0) || (panel.x.log && x[i] <= 0);
    if (bad) {
      open = false;
      continue;
    }
    const [px, py] = [xs.at(x[i]), ys.at(Math.min(ys.high, Math.max(ys.low, y[i])))];
    out += `${open ? 'L' : 'M'}${px.toFixed(1)} ${py.toFixed(1)}`;
    open = true;
  }
  return out;
}

function points({ x, y }: Series, xs: Scale, ys: Scale): string {
  let out = '';
  for (let i = 0; i < y.length; i++) {
    if (Number.isFinite(y[i]) && Number.isFinite(xs.at(x[i])))
      out += `M${xs.at(x[i]).toFixed(1)} ${ys.at(y[i]).toFixed(1)}h0`;
  }
  return out;
}
