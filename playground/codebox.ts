/** The same thing in TypeScript, PyTorch and llama.cpp: one at a time, the choice is remembered; what does not exist has no tab. */
import { copyText, h } from './dom.ts';
import { program } from './snippet.ts';
import { T, tr } from './text.ts';
import type { Code } from './view.ts';

const KINDS = [
  { key: 'ts', label: T('TypeScript', 'TypeScript') },
  { key: 'torch', label: T('PyTorch-like', 'PyTorch 式写法') },
  { key: 'llama', label: T('llama.cpp flags', 'llama.cpp 参数') },
] as const;
type Kind = (typeof KINDS)[number]['key'];

let chosen: Kind = 'ts';

export class CodeBox {
  readonly element: HTMLElement;
  #code: Code | undefined;
  #place = h('code', { translate: 'no' });
  #prose = h('p', { class: 'aside' });
  #status = h('span', { class: 'copied', role: 'status' });
  #tabs = KINDS.map(({ key, label }) => ({
    key,
    tab: h('button', { type: 'button', class: 'tab', 'data-kind': key, click: () => this.#choose(key) }, tr(label)),
  }));

  constructor() {
    const copy = h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        id: 'copy-code',
        click: () =>
          void copyText(this.#place.textContent ?? '').then((done) => {
            this.#status.textContent = done
              ? tr(T('Copied', '已复制'))
              : tr(T('Select the text and copy it', '请选中文字后复制'));
            setTimeout(() => (this.#status.textContent = ''), 2000);
          }),
      },
      tr(T('Copy', '复制')),
    );
    this.element = h(
      'div',
      { class: 'codes' },
      h(
        'div',
        { class: 'code' },
        h('div', { class: 'codehead' }, ...this.#tabs.map(({ tab }) => tab), this.#status, copy),
        h('pre', { tabindex: 0, role: 'group', 'aria-label': tr(T('Code', '代码')) }, this.#place),
      ),
      this.#prose,
    );
  }

  update(code: Code): void {
    this.#code = code;
    this.#show();
  }

  #choose(kind: Kind): void {
    chosen = kind;
    this.#show();
  }

  #show(): void {
    const code = this.#code as Code;
    const kind = typeof code[chosen] === 'string' ? chosen : 'ts';
    for (const { key, tab } of this.#tabs) {
      tab.hidden = typeof code[key] !== 'string';
      tab.setAttribute('aria-pressed', String(key === kind));
    }
    this.#place.textContent = kind === 'ts' ? program(code) : (code[kind] as string);
    // why there are no flags is worth a line, not a box
    this.#prose.hidden = typeof code.llama === 'string';
    this.#prose.textContent = typeof code.llama === 'string' ? '' : tr(code.llama);
  }
}
