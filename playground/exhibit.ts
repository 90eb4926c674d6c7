/** A view on the page: text, controls, figures, formula and code. Its parameters live in the address. */
import { CodeBox } from './codebox.ts';
import { formula, h } from './dom.ts';
import { math } from './mathml.ts';
import { Curves } from './panels/curves.ts';
import { Figure } from './panels/figure.ts';
import { type Cell, Heatmap } from './panels/heatmap.ts';
import { entries } from './route.ts';
import type { Shown as OnPage } from './sections/section.ts';
import { address, get, put } from './state.ts';
import { meaning } from './symbols.ts';
import { grouped, show, T, type Text, tr } from './text.ts';
import {
  type Code,
  type Control,
  type CurvePanel,
  type DrawnPanel,
  extent,
  type MapPanel,
  type Panel,
  type Params,
  parse,
  type Slider,
  spell,
  type TermKey,
  type View,
  Workspace,
} from './view.ts';

interface Shown {
  readonly kind: Panel['kind'];
  readonly element: HTMLElement;
  update(panel: Panel): void;
}

export class Exhibit implements OnPage {
  readonly element: HTMLElement;
  readonly view: View;
  #params: Record<string, number | string | boolean> = {};
  #work = new Workspace();
  #figures = h('div', { class: 'figures' });
  #shown: Shown[] = [];
  #code: CodeBox | undefined;
  #sliders: { control: Slider; limit(to: number): void }[] = [];
  #frame = 0;
  #embedded: boolean;

  /** @param embedded only the figure and its controls, inside another page */
  constructor(view: View, { embedded = false } = {}) {
    this.view = view;
    this.#embedded = embedded;
    for (const control of view.controls) this.#params[control.key] = parse(control, get(control.key));
    const controls = h('div', { class: 'controls', role: 'group', 'aria-label': tr(T('Parameters', '参数')) });
    for (const control of view.controls) controls.append(this.#control(control));
    if (view.code && !embedded) this.#code = new CodeBox();
    const body = embedded
      ? [h('h2', {}, tr(view.title)), view.controls.length > 0 && controls, this.#figures, credit(view)]
      : [
          h('h2', {}, tr(view.title)),
          h('p', { class: 'what' }, tr(view.what)),
          view.controls.length > 0 && controls,
          this.#figures,
          h('h3', { class: 'part' }, tr(T('Formula', '公式'))),
          ...formulas(view),
          this.#code && h('h3', { class: 'part' }, tr(T('Code', '代码'))),
          this.#code?.element,
          view.porters && h('h3', { class: 'part' }, tr(T('For those who port models', '写给移植模型的人'))),
          view.porters && h('p', { class: 'porters' }, tr(view.porters)),
          sources(view),
          this.#end(),
        ];
    this.element = h('article', { class: 'exhibit', id: `view-${view.id}`, 'data-view': view.id }, ...body);
    this.#compute();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#work.dispose();
  }

  repaint(): void {
    this.#compute();
  }

  #set(control: Control, value: number | string | boolean): void {
    this.#params[control.key] = value;
    put({ [control.key]: spell(control, value) });
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#compute());
  }

  /** A slider that would say more than there is says the most there is. */
  #limit(): void {
    for (const { control, limit } of this.#sliders) {
      const most = control.limit?.(this.#params);
      if (most === undefined) continue;
      limit(Math.max(control.min, Math.min(control.max, most)));
    }
  }

  #compute(): void {
    this.#limit();
    const params: Params = this.#params;
    this.#work.next();
    let panels: readonly Panel[];
    try {
      panels = this.view.compute(params, this.#work);
      this.#code?.update(this.view.code?.(params) as Code);
    } catch (error) {
      this.#shown = [];
      this.#figures.replaceChildren(h('p', { class: 'error', role: 'alert', lang: 'en' }, (error as Error).message));
      return;
    }
    if (this.#embedded) {
      const wanted = Number(get('figure') ?? 0);
      const figures = panels.filter(({ kind }) => kind !== 'note');
      panels = [figures[wanted] ?? figures[0]];
    }
    if (panels.length === this.#shown.length && panels.every(({ kind }, i) => kind === this.#shown[i].kind)) {
      panels.forEach((panel, i) => {
        this.#shown[i].update(panel);
      });
      return;
    }
    this.#shown = panels.map((panel, i) => this.#make(panel, i));
    this.#figures.replaceChildren(...this.#shown.map(({ element }) => element));
    this.#figures.dataset.count = String(panels.filter(({ kind }) => kind === 'map').length);
  }

  #make(panel: Panel, index: number): Shown {
    if (panel.kind === 'note') {
      const element = h('p', { class: 'note' }, tr(panel.text));
      return { kind: 'note', element, update: (to) => to.kind === 'note' && (element.textContent = tr(to.text)) };
    }
    if (panel.kind === 'curves') {
      const curves = new Curves(panel);
      return { kind: 'curves', element: curves.element, update: (to) => curves.update(to as CurvePanel) };
    }
    if (panel.kind !== 'map') {
      const figure = new Figure(
        panel,
        (key) => this.#toggleTerm(key),
        (key) => this.#mover(key),
      );
      return { kind: panel.kind, element: figure.element, update: (to) => figure.update(to as DrawnPanel) };
    }
    const key = `cell${index || ''}`;
    let current = panel;
    let through: Curves | undefined;
    const cross = (cell: Cell | undefined) => through?.update(section(current, cell ?? middle(current)));
    const map = new Heatmap(panel, (cell) => {
      put({ [key]: cell && `${cell.row}.${cell.col}` });
      cross(cell);
    });
    const element = h('div', { class: 'panel' }, map.element);
    if (panel.through && !this.#embedded) {
      through = new Curves(section(panel, middle(panel)));
      element.append(through.element);
    }
    const [row, col] = (get(key) ?? '').split('.').map(Number);
    if (Number.isInteger(row) && Number.isInteger(col) && row >= 0 && col >= 0) {
      map.choose({ row, col });
      cross(map.cell);
    }
    return {
      kind: 'map',
      element,
      update: (to) => {
        current = to as MapPanel;
        map.update(current);
        cross(map.cell);
      },
    };
  }

  /** A term that is pressed in the figure is the toggle of the same key. */
  #toggleTerm(key: TermKey): void {
    const input = this.element.querySelector<HTMLInputElement>(`#${this.view.id}-${key}`);
    if (input) input.click();
  }

  /** Moves a slider away from where it is now, as far as it goes. */
  #mover(key: string): (by: number) => void {
    const input = this.element.querySelector<HTMLInputElement>(`#${this.view.id}-${key}`);
    const from = Number(input?.value);
    return (by) => {
      if (!input) return;
      input.value = String(Math.round(from + by));
      input.dispatchEvent(new Event('input'));
    };
  }

  #control(control: Control): HTMLElement {
    const id = `${this.view.id}-${control.key}`.replace(/\W/g, '-');
    const value = this.#params[control.key];
    const name = tr(control.label);
    if (control.kind === 'button') {
      return h(
        'button',
        { type: 'button', id, click: () => this.#set(control, Number(this.#params[control.key]) + 1) },
        name,
      );
    }
    if (control.kind === 'toggle') {
      const input = h('input', {
        type: 'checkbox',
        id,
        checked: value === true,
        change: (event) => this.#set(control, (event.target as HTMLInputElement).checked),
      });
      return h('label', { class: 'toggle', for: id, 'data-control': control.key }, input, name);
    }
    if (control.kind === 'choice') {
      const select = h('select', {
        id,
        change: (event) => this.#set(control, (event.target as HTMLSelectElement).value),
      });
      for (const option of control.options)
        select.append(h('option', { value: option.value, selected: option.value === value }, tr(option.label)));
      return h('div', { class: 'control', 'data-control': control.key }, h('label', { for: id }, name), select);
    }
    const { values } = control;
    const read = (text: string) => (values ? values[Number(text)] : Number(text));
    const output = h('output', { for: id, 'aria-live': 'off' }, said(value as number));
    const say = (to: number) => {
      output.textContent = said(to);
      input.setAttribute('aria-valuetext', said(to));
    };
    const input = h('input', {
      type: 'range',
      id,
      min: control.min,
      max: control.max,
      step: values ? 1 : (control.step ?? 1),
      value: values ? values.indexOf(value as number) : (value as number),
      'aria-valuetext': said(value as number),
      input: (event) => {
        const to = read((event.target as HTMLInputElement).value);
        say(to);
        this.#set(control, to);
      },
    });
    this.#sliders.push({
      control,
      limit: (to) => {
        input.max = String(to);
        const now = Math.min(to, this.#params[control.key] as number);
        if (now === this.#params[control.key]) return;
        this.#params[control.key] = now;
        input.value = String(now);
        say(now);
        put({ [control.key]: spell(control, now) });
      },
    });
    return h('div', { class: 'control', 'data-control': control.key }, h('label', { for: id }, name), output, input);
  }

  /** The way on: the view before and the one behind, and the defaults. */
  #end(): HTMLElement {
    const all = entries.filter(({ view }) => view);
    const at = all.findIndex(({ view }) => view === this.view);
    const link = (to: number, mark: Text) => {
      const entry = all[to];
      return (
        entry &&
        h(
          'a',
          { href: address(entry.id), 'data-page': entry.id },
          tr(T(mark.en + entry.title.en, mark.zh + entry.title.zh)),
        )
      );
    };
    return h(
      'nav',
      { class: 'onwards', 'aria-label': tr(T('Neighbours', '前后')) },
      link(at - 1, T('← ', '← ')) ?? h('span'),
      this.view.controls.length > 0 &&
        h(
          'a',
          { href: address(this.view.id), 'data-page': this.view.id, id: 'reset' },
          tr(T('Back to the defaults', '恢复默认参数')),
        ),
      link(at + 1, T('→ ', '→ ')) ?? h('span'),
    );
  }
}

const said = (value: number) => (Number.isInteger(value) && value >= 10000 ? grouped(value) : show(value));
const middle = ({ rows, cols, through }: MapPanel): Cell =>
  through === 'row' ? { row: rows - 1, col: 0 } : { row: 0, col: Math.floor(cols / 4) };

/** The row or column through a cell, as a curve. */
function section(panel: MapPanel, cell: Cell): CurvePanel {
  const { rows, cols, start = 0, rowStride = cols, colStride = 1, rowAt, colAt } = panel;
  const data = panel.data();
  const along = panel.through === 'row';
  const count = along ? cols : rows;
  const from = start + (along ? cell.row * rowStride : cell.col * colStride);
  const stride = along ? colStride : rowStride;
  const y = Float64Array.from({ length: count }, (_, i) => data[from + i * stride]);
  const name = (at: MapPanel['rowAt'], i: number) => (at ? at(i) : i);
  const x = Float64Array.from({ length: count }, (_, i) => {
    const value = name(along ? colAt : rowAt, i);
    return typeof value === 'number' ? value : i;
  });
  const fixed: Text = along ? panel.rowTitle : panel.colTitle;
  const value = along ? name(rowAt, cell.row) : name(colAt, cell.col);
  const whole = extent(panel.range);
  return {
    kind: 'curves',
    label: T(`Through ${fixed.en} ${value}`, `沿${fixed.zh} ${value} 的剖面`),
    x: { title: along ? panel.colTitle : panel.rowTitle },
    y: { title: T('value', '值'), min: whole[0], max: whole[1] },
    series: [{ name: T(`Through ${fixed.en} ${value}`, `沿${fixed.zh} ${value} 的剖面`), x, y }],
    height: 170,
  };
}

/** The formula, and what its letters mean; a letter that is pointed at shows its meaning and its slider. */
function formulas(view: View): HTMLElement[] {
  const holder = h('div', { class: 'formulas', tabindex: 0, role: 'group', 'aria-label': tr(T('Formula', '公式')) });
  for (const line of view.formula) holder.append(formula(math(typeof line === 'string' ? line : tr(line))));
  const meanings = h('dl', { class: 'symbols' });
  const seen = new Map<string, HTMLElement>();
  const found = [...holder.querySelectorAll('mi:not([mathvariant])')];
  const letters = new Set(found.map((letter) => letter.textContent ?? ''));
  for (const letter of found) {
    const name = letter.textContent ?? '';
    const known = meaning(name, letters, view.symbols);
    if (!known) continue;
    const [said, control] = known;
    if (!seen.has(name)) {
      const entry = h('div', {}, h('dt', { translate: 'no' }, name), h('dd', {}, tr(said)));
      seen.set(name, entry);
      meanings.append(entry);
    }
    letter.classList.add('symbol');
    const mark = (on: boolean) => {
      seen.get(name)?.classList.toggle('on', on);
      const place = control && document.querySelector(`[data-control="${control}"]`);
      if (place) place.classList.toggle('on', on);
    };
    letter.addEventListener('pointerenter', () => mark(true));
    letter.addEventListener('pointerleave', () => mark(false));
  }
  return [holder, meanings];
}

function sources(view: View): HTMLElement {
  const links = view.sources.flatMap(({ label, href }, i) => [
    i ? ' · ' : '',
    h('a', { href, rel: 'noreferrer', lang: 'en', translate: 'no' }, label),
  ]);
  return h('p', { class: 'sources' }, h('span', {}, tr(T('Source: ', '出处：'))), ...links);
}

/** Two words under an embedded figure that lead to the whole page. */
function credit(view: View): HTMLElement {
  return h(
    'p',
    { class: 'credit' },
    h(
      'a',
      { href: address(view.id), target: '_blank', rel: 'noopener' },
      tr(T('posenc playground', 'posenc 演示')),
      ' ↗',
    ),
  );
}
