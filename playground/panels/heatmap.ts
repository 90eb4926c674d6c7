/**
 * A matrix as a picture: one canvas pixel a cell, painted straight from a tensor's zero-copy view through a table of colours,
 * and enlarged by the browser. Hovering reads a cell, a click or the arrow keys keep it, Escape lets go. Cells without a value are
 * transparent: the hatched ground shows through.
 */
import { colours, css, STEPS, step } from '../colour.ts';
import { h, s } from '../dom.ts';
import { show, T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import type { MapPanel } from '../view.ts';
import { shareButtons } from './share.ts';

export interface Cell {
  readonly row: number;
  readonly col: number;
}

export class Heatmap {
  readonly element: HTMLElement;
  #panel: MapPanel;
  #canvas = h('canvas', { 'aria-hidden': 'true' });
  #image: ImageData | undefined;
  #frame: HTMLElement;
  #cursor = h('div', { class: 'cursor', hidden: true });
  #readout = h('p', { class: 'readout' });
  #caption = h('h3');
  #ticksX = h('div', { class: 'ticks x', 'aria-hidden': 'true' });
  #ticksY = h('div', { class: 'ticks y', 'aria-hidden': 'true' });
  #titleX = h('div', { class: 'axis x' });
  #titleY = h('div', { class: 'axis y' });
  #bar = h('div', { class: 'bar' });
  #cell: Cell | undefined;
  #onCell: (cell: Cell | undefined) => void;

  constructor(panel: MapPanel, onCell: (cell: Cell | undefined) => void) {
    this.#panel = panel;
    this.#onCell = onCell;
    this.#frame = h(
      'div',
      {
        class: 'frame',
        tabindex: 0,
        role: 'application',
        'aria-roledescription': tr(T('heat map', '热力图')),
        keydown: (event) => this.#key(event as KeyboardEvent),
        pointerdown: (event) => this.#point(event as PointerEvent),
        pointermove: (event) => {
          if ((event as PointerEvent).buttons === 1) this.#point(event as PointerEvent);
          else this.#show(this.#under(event as PointerEvent));
        },
        pointerleave: () => this.#show(),
      },
      this.#canvas,
      this.#cursor,
    );
    this.element = h(
      'figure',
      { class: 'map' },
      this.#caption,
      h('div', { class: 'plot' }, this.#titleY, this.#ticksY, this.#frame, this.#ticksX, this.#titleX),
      this.#bar,
      this.#readout,
      shareButtons(
        () => tr(this.#panel.label),
        () => this.picture(),
      ),
    );
    this.update(panel);
  }

  /** Another matrix of the same place; the chosen cell stays while it exists. */
  update(panel: MapPanel): void {
    const before = this.#panel;
    this.#panel = panel;
    const { rows, cols } = panel;
    if (this.#canvas.width !== cols || this.#canvas.height !== rows || !this.#image) {
      this.#canvas.width = cols;
      this.#canvas.height = rows;
      this.#image = new ImageData(cols, rows);
    }
    this.element.classList.toggle('square', panel.square === true);
    this.#frame.style.aspectRatio = panel.square ? `${cols} / ${rows}` : '';
    this.#frame.style.height = panel.height ? `${panel.height}px` : '';
    this.#caption.textContent = tr(panel.label);
    this.#frame.setAttribute(
      'aria-label',
      tr(
        T(
          `${panel.label.en}, ${rows} by ${cols}. Arrow keys choose a cell.`,
          `${panel.label.zh}，${rows} 行 ${cols} 列。用方向键选择单元格。`,
        ),
      ),
    );
    this.#titleX.textContent = tr(panel.colTitle);
    this.#titleY.textContent = tr(panel.rowTitle);
    ticks(this.#ticksX, cols, panel.colAt, 'left');
    ticks(this.#ticksY, rows, panel.rowAt, 'top');
    if (before !== panel || this.#bar.childElementCount === 0) this.#legend();
    this.paint();
    if (this.#cell && (this.#cell.row >= rows || this.#cell.col >= cols)) this.#cell = undefined;
    this.#show();
  }

  paint(): void {
    const { rows, cols, start = 0, rowStride = cols, colStride = 1, palette, range } = this.#panel;
    const data = this.#panel.data();
    const image = this.#image as ImageData;
    const pixels = new Uint32Array(image.data.buffer);
    const table = packed(palette);
    const low = range[0];
    const scale = range[1] === low ? 0 : STEPS / (range[1] - low);
    const plain = palette !== 'categories';
    let changed = false;
    for (let r = 0, at = 0; r < rows; r++) {
      for (let c = 0, from = start + r * rowStride; c < cols; c++, from += colStride) {
        const value = data[from];
        let index = Math.floor((value - low) * scale);
        if (!(value > Number.NEGATIVE_INFINITY && value < Number.POSITIVE_INFINITY)) index = STEPS;
        else if (!plain) index = step(value, palette, range);
        else if (index < 0) index = 0;
        else if (index >= STEPS) index = STEPS - 1;
        if (pixels[at] !== table[index]) {
          pixels[at] = table[index];
          changed = true;
        }
        at++;
      }
    }
    // a canvas that is written is composed anew, even when nothing changed
    if (changed) (this.#canvas.getContext('2d') as CanvasRenderingContext2D).putImageData(image, 0, 0);
  }

  get cell(): Cell | undefined {
    return this.#cell;
  }

  /** Chooses a cell without telling the listener. */
  choose(cell: Cell | undefined): void {
    this.#cell = cell && cell.row < this.#panel.rows && cell.col < this.#panel.cols ? cell : undefined;
    this.#show();
  }

  #valueAt(row: number, col: number): number {
    const { start = 0, cols, rowStride = cols, colStride = 1 } = this.#panel;
    return this.#panel.data()[start + row * rowStride + col * colStride];
  }

  #move(row: number, col: number): void {
    const { rows, cols } = this.#panel;
    this.#cell = { row: Math.min(rows - 1, Math.max(0, row)), col: Math.min(cols - 1, Math.max(0, col)) };
    this.#show();
    this.#onCell(this.#cell);
  }

  #under(event: PointerEvent): Cell {
    const box = this.#frame.getBoundingClientRect();
    const { rows, cols } = this.#panel;
    const at = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return {
      row: at((event.clientY - box.top) / box.height, rows),
      col: at((event.clientX - box.left) / box.width, cols),
    };
  }

  #point(event: PointerEvent): void {
    this.#readout.removeAttribute('aria-live');
    const { row, col } = this.#under(event);
    this.#move(row, col);
  }

  #key(event: KeyboardEvent): void {
    const { row, col } = this.#cell ?? { row: -1, col: -1 };
    const { rows, cols } = this.#panel;
    const far = event.shiftKey ? 10 : 1;
    const to: Record<string, [number, number]> = {
      ArrowUp: [row - far, col],
      ArrowDown: [row + far, col],
      ArrowLeft: [row, col - far],
      ArrowRight: [row, col + far],
      PageUp: [row - Math.ceil(rows / 10), col],
      PageDown: [row + Math.ceil(rows / 10), col],
      Home: [row, 0],
      End: [row, cols - 1],
    };
    if (event.key === 'Escape' && this.#cell) {
      this.#cell = undefined;
      this.#show();
      this.#onCell(undefined);
    }
    const target = to[event.key];
    if (!target || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    // spoken only when the keyboard asks: a hand on the mouse would never let it finish
    this.#readout.setAttribute('aria-live', 'polite');
    this.#move(this.#cell ? target[0] : 0, this.#cell ? target[1] : 0);
  }

  /** Reads the cell under the pointer, else the one that was chosen. */
  #show(under?: Cell): void {
    const { rows, cols, rowTitle, colTitle, rowAt, colAt, cell, legend } = this.#panel;
    const at = under ?? this.#cell;
    this.#cursor.hidden = !at;
    if (!at) {
      this.#readout.textContent = tr(
        T('Point at a cell, or use the arrow keys, to read its value.', '指向单元格，或用方向键选择，即可读出数值。'),
      );
      this.#readout.classList.add('hint');
      return;
    }
    const { row, col } = at;
    this.#cursor.style.left = `${(100 * col) / cols}%`;
    this.#cursor.style.top = `${(100 * row) / rows}%`;
    this.#cursor.style.width = `${100 / cols}%`;
    this.#cursor.style.height = `${100 / rows}%`;
    const value = this.#valueAt(row, col);
    const where = `${tr(rowTitle)} ${rowAt ? rowAt(row) : row}, ${tr(colTitle)} ${colAt ? colAt(col) : col}: `;
    this.#readout.classList.remove('hint');
    this.#readout.replaceChildren(
      where,
      h('strong', {}, legend ? `${show(value)} · ${tr(legend[value % legend.length])}` : show(value, 8)),
    );
    if (cell) this.#readout.append(` · ${tr(cell(row, col, value))}`);
  }

  /** The map as a drawing: the cells as an image, with titles and the ends of the range. */
  picture(): SVGElement {
    const { rows, cols, rowTitle, colTitle, label, range, square } = this.#panel;
    const [left, top, width] = [40, 34, 560];
    const height = square ? Math.round((width * rows) / cols) : 360;
    const large = h('canvas', { width, height });
    const context = large.getContext('2d') as CanvasRenderingContext2D;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#canvas, 0, 0, width, height);
    const text = (x: number, y: number, words: string, more = {}) =>
      s('text', { x, y, 'font-size': 13, 'font-family': 'sans-serif', fill: '#59616b', ...more }, words);
    const middle = { 'text-anchor': 'middle' };
    return s(
      'svg',
      { width: left + width + 12, height: top + height + 46, viewBox: `0 0 ${left + width + 12} ${top + height + 46}` },
      text(left, 22, tr(label), { 'font-weight': 600 }),
      s('image', { href: large.toDataURL(), x: left, y: top, width, height }),
      text(left + width / 2, top + height + 18, tr(colTitle), middle),
      text(0, 0, tr(rowTitle), { ...middle, transform: `translate(24 ${top + height / 2}) rotate(-90)` }),
      text(left, top + height + 38, `${show(range[0], 3)} … ${show(range[1], 3)}`),
    );
  }

  #legend(): void {
    const { palette, range, legend } = this.#panel;
    if (legend) {
      const table = colours(palette, theme());
      this.#bar.className = 'bar keys';
      this.#bar.replaceChildren(
        ...legend.map((text, i) => h('span', {}, h('i', { style: `background:${css(table[i])}` }), tr(text))),
      );
      return;
    }
    const table = colours(palette, theme());
    const stops = Array.from({ length: 17 }, (_, i) => css(table[Math.round((i * (STEPS - 1)) / 16)]));
    this.#bar.className = 'bar';
    this.#bar.replaceChildren(
      h('span', {}, show(range[0], 3)),
      h('i', { style: `background:linear-gradient(90deg,${stops.join(',')})` }),
      h('span', {}, show(range[1], 3)),
    );
  }
}

/** The colours as pixels in the byte order of ImageData. */
function packed(palette: MapPanel['palette']): Uint32Array {
  const key = `${palette} ${theme()}`;
  let table = tables.get(key);
  if (!table) {
    const bytes = new Uint8Array(4 * (STEPS + 1));
    colours(palette, theme()).forEach((colour, i) => {
      if (i < STEPS) bytes.set([...colour, 255], 4 * i);
    });
    table = new Uint32Array(bytes.buffer);
    tables.set(key, table);
  }
  return table;
}
const tables = new Map<string, Uint32Array>();

/** Up to six labels at round indices. */
function ticks(holder: HTMLElement, count: number, at: MapPanel['rowAt'], side: 'left' | 'top'): void {
  const named = at !== undefined && typeof at(0) === 'string';
  const wanted = named ? Math.min(count, 12) : 6;
  const rough = Math.max(1, count / wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough) as number;
  const key = `${count} ${every} ${at?.(0)} ${at?.(count - 1)}`;
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  holder.classList.toggle('named', named);
  const labels = [];
  for (let i = 0; i < count; i += every)
    labels.push(h('span', { style: `${side}:${(100 * (i + 0.5)) / count}%` }, String(at ? at(i) : i)));
  holder.replaceChildren(...labels);
}
