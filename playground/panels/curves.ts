/**
 * Lines, steps, bands and points in SVG: linear and logarithmic axes, marks, a legend. Hovering or the arrow keys read the values
 * of every series at one place of the x axis.
 */
import { css, lineColours } from '../colour.ts';
import { h, s } from '../dom.ts';
import { grouped, show, T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import { type CurvePanel, extent, type Series } from '../view.ts';
import { label, type Scale, scale } from './axes.ts';
import { shareButtons } from './share.ts';

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
export const seriesColour = (n: number): string => css(lineColours(theme())[n % COLOURS]);

export class Curves {
  readonly element: HTMLElement;
  #caption = h('h3');
  #holder: HTMLElement;
  #legend = h('div', { class: 'bar keys' });
  #readout = h('p', { class: 'readout hint' });
  #cross = s('line', { class: 'cross', visibility: 'hidden' });

  #panel: CurvePanel;
  #width = 0;
  #xs: Scale | undefined;
  /** The places of the x axis that can be read, in order. */
  #places: readonly number[] = [];
  #at = -1;

  constructor(panel: CurvePanel) {
    this.#panel = panel;
    this.#holder = h('div', {
      class: 'lines',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': tr(T('curves', '曲线图')),
      keydown: (event) => this.#key(event as KeyboardEvent),
      pointermove: (event) => this.#hover(event as PointerEvent),
      pointerdown: (event) => this.#hover(event as PointerEvent),
      pointerleave: () => this.#read(-1),
      blur: () => this.#read(-1),
    });
    this.element = h(
      'figure',
      { class: 'curves' },
      this.#caption,
      this.#holder,
      this.#legend,
      this.#readout,
      shareButtons(
        () => tr(this.#panel.label),
        () => this.#holder.firstElementChild as SVGElement,
      ),
    );
    this.update(panel);
    // letters keep their size whatever the width, so another width is another drawing
    new ResizeObserver(() => {
      const width = this.#holder.clientWidth;
      if (width === 0 || width === this.#width) return;
      this.#width = width;
      requestAnimationFrame(() => this.update(this.#panel));
    }).observe(this.#holder);
  }

  update(panel: CurvePanel): void {
    this.#caption.textContent = tr(panel.label);
    this.#panel = panel;
    // asked once: the observer tells the rest, and asking makes the browser lay out the page
    this.#width ||= this.#holder.clientWidth;
    const drawing = draw(panel, this.#width || WIDTH);
    this.#xs = drawing.xs;
    drawing.svg.append(this.#cross);
    this.#holder.replaceChildren(drawing.svg);
    this.#holder.setAttribute('aria-label', `${tr(panel.label)}. ${summary(panel)}`);
    // series often share one list of places
    const lists = [...new Set(panel.series.map(({ x }) => x))];
    this.#places = [...new Set(lists.flatMap((x) => Array.from(x)))]
      .filter((x) => Number.isFinite(drawing.xs.at(x)) && x >= drawing.xs.low && x <= drawing.xs.high)
      .sort((a, b) => a - b);
    this.#read(Math.min(this.#at, this.#places.length - 1));
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

  repaint(): void {
    this.update(this.#panel);
  }

  #hover(event: PointerEvent): void {
    if (!this.#xs || this.#places.length === 0) return;
    this.#readout.removeAttribute('aria-live');
    const box = this.#holder.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) * (this.#width || WIDTH)) / box.width;
    let best = 0;
    this.#places.forEach((x, i) => {
      if (Math.abs((this.#xs as Scale).at(x) - wanted) < Math.abs((this.#xs as Scale).at(this.#places[best]) - wanted))
        best = i;
    });
    this.#read(best);
  }

  #key(event: KeyboardEvent): void {
    const last = this.#places.length - 1;
    const far = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const to = { ArrowRight: this.#at + far, ArrowLeft: this.#at - far, Home: 0, End: last }[event.key];
    if (event.key === 'Escape') this.#read(-1);
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#readout.setAttribute('aria-live', 'polite');
    this.#read(Math.min(last, Math.max(0, to)));
  }

  /** Says what every series is at a place; −1 says how to ask. */
  #read(at: number): void {
    this.#at = at;
    this.#cross.setAttribute('visibility', at < 0 ? 'hidden' : 'visible');
    this.#readout.classList.toggle('hint', at < 0);
    if (at < 0) {
      this.#readout.textContent = tr(
        T('Point at the curves, or use the arrow keys, to read values.', '指向曲线，或用左右方向键，即可读出数值。'),
      );
      return;
    }
    const { series, x: axis, height = 240 } = this.#panel;
    const place = this.#places[at];
    const px = (this.#xs as Scale).at(place);
    for (const [name, value] of Object.entries({ x1: px, x2: px, y1: TOP, y2: height - BOTTOM }))
      this.#cross.setAttribute(name, String(value));
    const found = series.flatMap(({ name, x, y }) => {
      const i = Array.prototype.indexOf.call(x, place);
      return i < 0 ? [] : [`${series.length > 1 ? `${tr(name)} ` : ''}${number(y[i])}`];
    });
    const few = found.slice(0, 8).join(' · ');
    this.#readout.replaceChildren(`${tr(axis.title)} ${number(place)}: `, h('strong', {}, few || '–'));
  }
}

const number = (value: number) =>
  Number.isInteger(value) && Math.abs(value) >= 10000 ? grouped(value) : show(value, 4);

function draw(panel: CurvePanel, width: number): { svg: SVGElement; xs: Scale } {
  const height = panel.height ?? 240;
  const xs = scale(
    panel.x,
    panel.series.map(({ x }) => x).concat([(panel.marks ?? []).flatMap(({ x }) => x ?? [])]),
    LEFT,
    width - RIGHT,
  );
  const ys = scale(
    panel.y,
    panel.series.flatMap(({ y, low = [], high = [] }) => [y, low, high]),
    height - BOTTOM,
    TOP,
  );
  const svg = s('svg', {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'aria-hidden': 'true',
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
    if (series.low && series.high) svg.append(s('path', { d: band(series, xs, ys), fill: colour, class: 'band' }));
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
  (panel.marks ?? []).forEach(({ x, y, label: text }, i) => {
    if (y !== undefined && y >= ys.low && y <= ys.high) {
      const at = ys.at(y);
      svg.append(s('line', { class: 'mark', x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
      svg.append(s('text', { class: 'mark', x: LEFT + 6, y: at - 5 }, tr(text)));
    }
    if (x === undefined || x < xs.low || x > xs.high) return;
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
  return { svg, xs };
}

/** What the first curves say, for those who hear them: where they begin, end, and their range. */
function summary(panel: CurvePanel): string {
  return panel.series
    .slice(0, 2)
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

function line({ x, y, as }: Series, xs: Scale, ys: Scale, panel: CurvePanel): string {
  let out = '';
  let open = false;
  for (let i = 0; i < y.length; i++) {
    const bad = !Number.isFinite(y[i]) || (panel.y.log && y[i] <= 0) || (panel.x.log && x[i] <= 0);
    if (bad) {
      open = false;
      continue;
    }
    const [px, py] = [xs.at(x[i]), ys.at(Math.min(ys.high, Math.max(ys.low, y[i])))];
    // a step stays at a value for half a place on either side
    if (as === 'steps') {
      const half = (other: number) => (other >= 0 && other < x.length ? (px + xs.at(x[other])) / 2 : px).toFixed(1);
      out += `${open ? `V${py.toFixed(1)}` : `M${half(i - 1)} ${py.toFixed(1)}`}H${half(i + 1)}`;
    } else out += `${open ? 'L' : 'M'}${px.toFixed(1)} ${py.toFixed(1)}`;
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

/** The ground between the least and the most. */
function band({ x, low = [], high = [] }: Series, xs: Scale, ys: Scale): string {
  const there: string[] = [];
  const back: string[] = [];
  for (let i = 0; i < x.length; i++) {
    there.push(`${xs.at(x[i]).toFixed(1)} ${ys.at(high[i]).toFixed(1)}`);
    back.unshift(`${xs.at(x[i]).toFixed(1)} ${ys.at(low[i]).toFixed(1)}`);
  }
  return `M${[...there, ...back].join('L')}Z`;
}
