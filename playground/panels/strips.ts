/** Strips: one row of bars an encoding; dashed, how it was before the gesture. One stop of the Tab key, arrow keys inside. */
import { h, s } from '../dom.ts';
import { show, T, tr } from '../text.ts';

export interface Row {
  readonly id: string;
  /** Name and verdict, made by the page. */
  readonly name: HTMLElement;
  readonly verdict: HTMLElement;
  /** Shares of attention; undefined where the encoding cannot go. */
  readonly now?: ArrayLike<number>;
  readonly before?: ArrayLike<number>;
}

export interface StripsState {
  readonly words: readonly string[];
  /** The word that looks. */
  readonly query: number;
  readonly rows: readonly Row[];
  /** Words to the left of this one are beyond the trained length. */
  readonly trainedFrom?: number;
}

const TALL = 34;
/** The share that fills a strip; a long text has smaller shares. */
const full = (words: number): number => (words > 12 ? 0.12 : 0.42);

export class Strips {
  readonly element: HTMLElement;
  readonly readout = h('p', { class: 'readout hint' });
  #state: StripsState | undefined;
  #at: { row: number; col: number } | undefined;

  constructor() {
    this.element = h('div', {
      class: 'strips',
      id: 'strips',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': tr(T('strips', '条形图')),
      keydown: (event) => this.#key(event as KeyboardEvent),
      pointermove: (event) => this.#hover(event as PointerEvent),
      pointerdown: (event) => this.#hover(event as PointerEvent),
      pointerleave: () => this.#read(undefined),
    });
    this.#read(undefined);
  }

  update(state: StripsState): void {
    this.#state = state;
    this.element.replaceChildren(
      ...state.rows.map((row) =>
        h(
          'div',
          { class: 'strip', 'data-strip': row.id },
          row.name,
          h('div', { class: 'bars' }, draw(row, state)),
          row.verdict,
        ),
      ),
    );
    this.element.setAttribute(
      'aria-label',
      tr(
        T(
          `How strongly “${state.words[state.query]}” looks at every word, by ${state.rows.length} encodings. Arrow keys read.`,
          `“${state.words[state.query]}”对每个词的关注程度，共 ${state.rows.length} 种编码。用方向键读数。`,
        ),
      ),
    );
    if (this.#at && (this.#at.row >= state.rows.length || this.#at.col >= state.words.length)) this.#at = undefined;
    this.#read(this.#at);
  }

  #hover(event: PointerEvent): void {
    const strip = (event.target as Element).closest<HTMLElement>('.strip');
    const bars = strip?.querySelector('svg');
    if (!strip || !bars || !this.#state) return;
    const box = bars.getBoundingClientRect();
    const col = Math.floor(((event.clientX - box.left) / box.width) * this.#state.words.length);
    this.readout.removeAttribute('aria-live');
    this.#read(
      col >= 0 && col < this.#state.words.length ? { row: [...this.element.children].indexOf(strip), col } : undefined,
    );
  }

  #key(event: KeyboardEvent): void {
    if ((event.target as Element).closest('a')) return;
    const state = this.#state as StripsState;
    const { row, col } = this.#at ?? { row: 0, col: -1 };
    const to = {
      ArrowRight: [row, col + 1],
      ArrowLeft: [row, col - 1],
      ArrowDown: [row + 1, Math.max(0, col)],
      ArrowUp: [row - 1, Math.max(0, col)],
    }[event.key];
    if (event.key === 'Escape') this.#read(undefined);
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.readout.setAttribute('aria-live', 'polite');
    const within = (x: number, most: number) => Math.min(most - 1, Math.max(0, x));
    this.#read({ row: within(to[0], state.rows.length), col: within(to[1], state.words.length) });
  }

  #read(at: { row: number; col: number } | undefined): void {
    this.#at = at;
    for (const bar of this.element.querySelectorAll('.bar.on')) bar.classList.remove('on');
    const state = this.#state;
    this.readout.classList.toggle('hint', !at);
    if (!at || !state) {
      this.readout.textContent = tr(
        T('Point at a bar, or use the arrow keys, to read it.', '指向柱子，或用方向键，即可读数。'),
      );
      return;
    }
    const row = state.rows[at.row];
    this.element.children[at.row].querySelector(`[data-col="${at.col}"]`)?.classList.add('on');
    const [from, to] = [state.words[state.query], state.words[at.col]];
    const share = (list?: ArrayLike<number>) => (list ? `${show(100 * list[at.col], 3)}%` : '–');
    const name = row.name.textContent ?? '';
    this.readout.textContent = tr(
      T(
        `${name}: “${from}” gives “${to}” ${share(row.now)} of its attention${row.before ? `; before: ${share(row.before)}` : ''}`,
        `${name}：“${from}”给“${to}”${share(row.now)} 的注意力${row.before ? `；之前为 ${share(row.before)}` : ''}`,
      ),
    );
  }
}

function draw(row: Row, { words, query, trainedFrom }: StripsState): SVGElement {
  const n = words.length;
  const width = 700;
  const step = width / n;
  const gap = n > 30 ? 0.12 : 0.16;
  const svg = s('svg', {
    viewBox: `0 0 ${width} ${TALL}`,
    width,
    height: TALL,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  svg.append(s('line', { class: 'floor', x1: 0, x2: width, y1: TALL - 0.5, y2: TALL - 0.5 }));
  if (trainedFrom !== undefined && trainedFrom > 0)
    svg.append(s('rect', { class: 'unseen', x: 0, y: 0, width: trainedFrom * step, height: TALL }));
  for (let i = 0; i < n; i++) {
    const tall = (share: number) => Math.min(1, share / full(n)) * (TALL - 2);
    const x = i * step + gap * step;
    const wide = step * (1 - 2 * gap);
    if (row.now) {
      const height = Math.max(0.8, tall(row.now[i]));
      svg.append(
        s('rect', {
          class: `bar${i === query ? ' me' : ''}`,
          'data-col': i,
          x,
          y: TALL - 1 - height,
          width: wide,
          height,
        }),
      );
    }
    if (row.before && Number.isFinite(row.before[i]) && row.before[i] > 0) {
      const height = Math.max(1, tall(row.before[i]));
      const [a, b] = [x - (n > 30 ? 0 : 4), wide + (n > 30 ? 0 : 8)];
      svg.append(
        s('path', {
          class: 'ghost',
          d: `M${a} ${TALL - 1}v${-height}h${b}v${height}`,
          'vector-effect': 'non-scaling-stroke',
        }),
      );
    }
  }
  if (!row.now)
    svg.append(s('path', { class: 'gone', d: `M0 ${TALL - 1}L${width} 2`, 'vector-effect': 'non-scaling-stroke' }));
  return svg;
}
