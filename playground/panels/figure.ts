/**
 * A drawn figure: caption, drawing, read-out, buttons. What can be read in a drawing carries its words in `data-say`: pointing at it,
 * or going to it with the arrow keys, reads it.
 */
import { h } from '../dom.ts';
import { T, tr } from '../text.ts';
import type { DrawnPanel, TermKey } from '../view.ts';
import { bars } from './bars.ts';
import { dials, HandDrag } from './dials.ts';
import { path } from './path.ts';
import { ruler } from './ruler.ts';
import { shareButtons } from './share.ts';
import { terms } from './terms.ts';
import { train } from './train.ts';

const WIDTH = 640;
const DRAW: {
  readonly [K in DrawnPanel['kind']]: (panel: Extract<DrawnPanel, { kind: K }>, width: number) => SVGElement;
} = {
  dials,
  ruler,
  terms,
  path,
  bars,
  train,
};
const TURN_HINT = T(
  'Drag a hand to move its word; point at a dial, or use the arrow keys, to read it.',
  '拖动指针即可移动它的词；指向表盘，或用方向键，即可读出内容。',
);
const HINT = T('Point at the figure, or use the arrow keys, to read it.', '指向图形，或用方向键，即可读出内容。');

export class Figure {
  readonly element: HTMLElement;
  #caption = h('h3');
  #holder: HTMLElement;
  #readout = h('p', { class: 'readout hint' }, tr(HINT));
  #panel: DrawnPanel;
  #width = 0;
  #at = -1;

  #move: ((key: string) => (by: number) => void) | undefined;
  #drag: { readonly hand: HandDrag; readonly move: (by: number) => void } | undefined;

  /**
   * @param onTerm is told which term was pressed
   * @param move of a control: what moves it away from where it is now
   */
  constructor(panel: DrawnPanel, onTerm?: (key: TermKey) => void, move?: (key: string) => (by: number) => void) {
    this.#panel = panel;
    this.#move = move;
    this.#holder = h('div', {
      class: 'lines',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': tr(T('figure', '图形')),
      keydown: (event) => this.#key(event as KeyboardEvent, onTerm),
      pointermove: (event) => (this.#drag ? this.#dragged(event as PointerEvent) : this.#hover(event)),
      pointerdown: (event) => {
        this.#hover(event);
        this.#grab(event as PointerEvent);
      },
      pointerup: () => this.#let(),
      pointercancel: () => this.#let(),
      pointerleave: () => this.#read(-1),
      click: (event) => {
        const key = (event.target as Element).closest<SVGElement>('[data-term]')?.dataset.term;
        if (key) onTerm?.(key as TermKey);
      },
    });
    this.element = h(
      'figure',
      { class: `drawn ${panel.kind}` },
      this.#caption,
      this.#holder,
      this.#readout,
      shareButtons(
        () => tr(this.#panel.label),
        () => this.#holder.firstElementChild as SVGElement,
      ),
    );
    this.update(panel);
    new ResizeObserver(() => {
      const width = this.#holder.clientWidth;
      if (width === 0 || width === this.#width) return;
      this.#width = width;
      requestAnimationFrame(() => this.update(this.#panel));
    }).observe(this.#holder);
  }

  update(panel: DrawnPanel): void {
    this.#panel = panel;
    this.#caption.textContent = tr(panel.label);
    this.#holder.setAttribute('aria-label', tr(panel.label));
    // asked once: the observer tells the rest, and asking makes the browser lay out the page
    this.#width ||= this.#holder.clientWidth;
    const draw = DRAW[panel.kind] as (panel: DrawnPanel, width: number) => SVGElement;
    const svg = draw(panel, this.#width || WIDTH);
    this.#holder.classList.toggle('turnable', panel.kind === 'dials' && panel.drag !== undefined);
    svg.setAttribute('aria-hidden', 'true');
    this.#holder.replaceChildren(svg);
    this.#read(this.#at);
  }

  /** The hand of a dial that is pressed. */
  #grab(event: PointerEvent): void {
    const group = (event.target as Element).closest<SVGElement>('[data-dial]');
    if (!group || !this.#move || this.#panel.kind !== 'dials' || !this.#panel.drag) return;
    const dial = this.#panel.dials[Number(group.dataset.dial)];
    const hand = new HandDrag(dial, group.querySelector('.face') as Element, event);
    this.#drag = { hand, move: this.#move(this.#panel.drag[hand.hand]) };
    // the drawing is made anew while the hand moves: the holder keeps the pointer
    this.#holder.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  #dragged(event: PointerEvent): void {
    this.#drag?.move(this.#drag.hand.moved(event));
  }

  #let(): void {
    this.#drag = undefined;
  }

  #items = (): SVGElement[] => [...this.#holder.querySelectorAll<SVGElement>('[data-say]')];

  #hover(event: Event): void {
    const item = (event.target as Element).closest<SVGElement>('[data-say]');
    this.#readout.removeAttribute('aria-live');
    this.#read(item ? this.#items().indexOf(item) : -1);
  }

  #key(event: KeyboardEvent, onTerm?: (key: TermKey) => void): void {
    const last = this.#items().length - 1;
    const to = {
      ArrowRight: this.#at + 1,
      ArrowDown: this.#at + 1,
      ArrowLeft: this.#at - 1,
      ArrowUp: this.#at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Escape') this.#read(-1);
    const term = this.#items()[this.#at]?.dataset.term;
    if ((event.key === 'Enter' || event.key === ' ') && term && onTerm) {
      event.preventDefault();
      onTerm(term as TermKey);
    }
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#readout.setAttribute('aria-live', 'polite');
    this.#read(Math.min(last, Math.max(0, to)));
  }

  #read(at: number): void {
    const items = this.#items();
    const item = items[at];
    this.#at = item ? at : -1;
    for (const other of items) other.classList.toggle('on', other === item);
    this.#readout.classList.toggle('hint', !item);
    this.#readout.textContent = item?.dataset.say ?? tr(this.#holder.classList.contains('turnable') ? TURN_HINT : HINT);
  }
}
