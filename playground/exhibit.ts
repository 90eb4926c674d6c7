/** A view on the page: text, controls, panels, formula and code. Its parameters live in the address. */
import { formula, h } from './dom.ts';
import { math } from './mathml.ts';
import { Curves } from './panels/curves.ts';
import { type Cell, Heatmap } from './panels/heatmap.ts';
import { get, put } from './state.ts';
import { grouped, show, T, type Text, tr } from './text.ts';
import {
  type Code,
  type Control,
  type CurvePanel,
  extent,
  type MapPanel,
  type Panel,
  type Params,
  parse,
  spell,
  type View,
  Workspace,
} from './view.ts';

interface Shown {
  readonly kind: Panel['kind'];
  readonly element: HTMLElement;
  update(panel: Panel): void;
}

export class Exhibit {
  readonly element: HTMLElement;
  readonly view: View;
  #prefix: string;
  #params: Record<string, number | string | boolean> = {};
  #work = new Workspace();
  #figures = h('div', { class: 'figures' });
  #shown: Shown[] = [];
  #code: CodeBox | undefined;
  #frame = 0;

  /** @param prefix of the keys in the address, where several exhibits share a page */
  constructor(view: View, prefix = '', level: 2 | 3 = 2) {
    this.view = view;
    this.#prefix = prefix;
    for (const control of view.controls) this.#params[control.key] = parse(control, get(prefix + control.key));
    const controls = h('div', { class: 'controls', role: 'group', 'aria-label': tr(T('Parameters', '参数')) });
    for (const control of view.controls) controls.append(this.#control(control));
    if (view.code) this.#code = new CodeBox();
    this.element = h(
      'article',
      { class: 'exhibit', id: `view-${view.id}`, 'data-view': view.id },
      h(`h${level}`, {}, tr(view.title)),
      h('p', { class: 'what' }, tr(view.what)),
      sources(view),
      view.controls.length > 0 && controls,
      this.#figures,
      h('h4', {}, tr(T('Formula', '公式'))),
      h(
        'div',
        { class: 'formulas', tabindex: 0, role: 'group', 'aria-label': tr(T('Formula', '公式')) },
        ...view.formula.map((line) => formula(math(typeof line === 'string' ? line : tr(line)))),
      ),
      this.#code?.element,
    );
    this.#compute();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#work.dispose();
  }

  #set(control: Control, value: number | string | boolean): void {
    this.#params[control.key] = value;
    put({ [this.#prefix + control.key]: spell(control, value) });
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#compute());
  }

  #compute(): void {
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
      const element = h('p', { class: 'note', 'aria-live': 'polite' }, tr(panel.text));
      return { kind: 'note', element, update: (to) => to.kind === 'note' && (element.textContent = tr(to.text)) };
    }
    if (panel.kind === 'curves') {
      const curves = new Curves(panel);
      return { kind: 'curves', element: curves.element, update: (to) => curves.update(to as CurvePanel) };
    }
    const key = `${this.#prefix}cell${index || ''}`;
    let current = panel;
    let through: Curves | undefined;
    const cross = (cell: Cell | undefined) => {
      if (through && cell) through.update(section(current, cell));
      if (through) through.element.hidden = !cell;
    };
    const map = new Heatmap(panel, (cell) => {
      put({ [key]: `${cell.row}.${cell.col}` });
      cross(cell);
    });
    const element = h('div', { class: 'panel' }, map.element);
    if (panel.through) {
      through = new Curves(section(panel, { row: 0, col: 0 }));
      element.append(through.element);
    }
    const [row, col] = (get(key) ?? '').split('.').map(Number);
    if (Number.isInteger(row) && Number.isInteger(col) && row >= 0 && col >= 0) map.choose({ row, col });
    cross(map.cell);
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

  #control(control: Control): HTMLElement {
    const id = `${this.#prefix}${this.view.id}-${control.key}`.replace(/\W/g, '-');
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
      return h('label', { class: 'toggle', for: id }, input, name);
    }
    if (control.kind === 'choice') {
      const select = h('select', {
        id,
        change: (event) => this.#set(control, (event.target as HTMLSelectElement).value),
      });
      for (const option of control.options)
        select.append(h('option', { value: option.value, selected: option.value === value }, tr(option.label)));
      return h('div', { class: 'control' }, h('label', { for: id }, name), select);
    }
    const { values } = control;
    const read = (text: string) => (values ? values[Number(text)] : Number(text));
    const output = h('output', { for: id }, said(value as number));
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
        output.textContent = said(to);
        input.setAttribute('aria-valuetext', said(to));
        this.#set(control, to);
      },
    });
    return h('div', { class: 'control' }, h('label', { for: id }, name), output, input);
  }
}

const said = (value: number) => (Number.isInteger(value) && value >= 10000 ? grouped(value) : show(value));

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

function sources(view: View): HTMLElement {
  const links = view.sources.flatMap(({ label, href }, i) => [
    i ? ' · ' : '',
    h('a', { href, rel: 'noreferrer', lang: 'en', translate: 'no' }, label),
  ]);
  return h('p', { class: 'sources' }, h('span', {}, tr(T('Source: ', '出处：'))), ...links);
}

const KINDS = [
  { key: 'ts', label: T('TypeScript', 'TypeScript') },
  { key: 'torch', label: T('PyTorch-like formula', 'PyTorch 式写法') },
  { key: 'llama', label: T('llama.cpp flags', 'llama.cpp 参数') },
] as const;

/** Three spellings of the same thing, each with its button to copy it. */
class CodeBox {
  readonly element: HTMLElement;
  #blocks = KINDS.map(({ key, label }) => {
    const code = h('code', { translate: 'no' });
    const status = h('span', { class: 'copied', role: 'status' });
    const copy = h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-label': tr(T(`Copy as ${label.en}`, `复制为 ${label.zh}`)),
        click: () => {
          void copyText(code.textContent ?? '').then((done) => {
            status.textContent = done
              ? tr(T('Copied', '已复制'))
              : tr(T('Select the text and copy it', '请选中文字后复制'));
            setTimeout(() => (status.textContent = ''), 2000);
          });
        },
      },
      tr(T('Copy', '复制')),
    );
    const block = h(
      'div',
      { class: 'code', 'data-kind': key },
      h('div', { class: 'codehead' }, h('h4', {}, tr(label)), status, copy),
      h('pre', { tabindex: 0, role: 'group', 'aria-label': tr(label) }, code),
    );
    return { key, code, copy, block };
  });

  constructor() {
    this.element = h('div', { class: 'codes' }, ...this.#blocks.map(({ block }) => block));
  }

  update(code: Code): void {
    for (const { key, code: place, copy } of this.#blocks) {
      const text = code[key];
      const prose = typeof text !== 'string';
      place.textContent = prose ? tr(text) : text;
      place.classList.toggle('prose', prose);
      copy.hidden = prose;
    }
  }
}

/** The clipboard needs a secure context; from file:// an old way remains. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { class: 'away', 'aria-hidden': 'true', tabindex: -1 });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
