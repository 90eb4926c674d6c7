/** The list of encodings: a filter, families that fold, one stop of the Tab key with arrow keys inside. It outlives a change of view. */
import { h } from './dom.ts';
import { type Entry, entries, search } from './route.ts';
import { T, tr } from './text.ts';
import type { View } from './view.ts';
import { families } from './views/index.ts';

export class List {
  readonly element: HTMLElement;
  #filter: HTMLInputElement;
  #links = new Map<string, HTMLAnchorElement>();
  #groups: HTMLDetailsElement[] = [];
  #found = h('ul', { class: 'found', hidden: true });
  #count = h('p', { class: 'away', role: 'status' });
  #current = '';
  #address: (page: string, query?: Readonly<Record<string, string>>) => string;

  constructor(address: (page: string, query?: Readonly<Record<string, string>>) => string) {
    this.#address = address;
    this.#filter = h('input', {
      id: 'filter',
      type: 'search',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: tr(T('Find: RoPE, extrapolation, RPR …', '查找：旋转、外推、RPR…')),
      'aria-label': tr(T('Find an encoding', '查找编码')),
      input: () => this.#search(),
      keydown: (event) => this.#filterKey(event as KeyboardEvent),
    });
    const groups = h('div', { class: 'groups' });
    for (const family of families) {
      const items = h('ul');
      const own = entries.filter(({ view, id }) =>
        view ? family.views.includes(view) : family.places?.some((place) => place.id === id),
      );
      for (const entry of own) {
        const link = this.#link(entry, `to-${entry.id}`);
        this.#links.set(entry.id, link);
        items.append(h('li', {}, link));
      }
      const group = h('details', { open: true }, h('summary', { tabindex: -1 }, tr(family.title)), items);
      this.#groups.push(group);
      groups.append(group);
    }
    const toggle = h(
      'button',
      {
        type: 'button',
        id: 'open-list',
        class: 'quiet',
        'aria-expanded': 'false',
        click: () => toggle.setAttribute('aria-expanded', String(this.element.classList.toggle('open'))),
      },
      tr(T('All encodings', '全部编码')),
    );
    this.element = h(
      'nav',
      {
        class: 'list',
        'aria-label': tr(T('Encodings', '编码')),
        keydown: (event) => this.#key(event as KeyboardEvent),
      },
      toggle,
      this.#filter,
      this.#count,
      this.#found,
      groups,
    );
  }

  /** Marks the view that is shown and brings its link into sight, without moving the page. */
  show(view: View | undefined): void {
    this.element.hidden = view === undefined;
    this.#current = view?.id ?? '';
    for (const entry of entries) {
      const link = this.#links.get(entry.id) as HTMLAnchorElement;
      link.href = this.#href(entry);
      const here = entry.id === this.#current;
      link.tabIndex = here ? 0 : -1;
      if (here) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    const link = this.#links.get(this.#current);
    if (!link) return;
    const group = link.closest('details') as HTMLDetailsElement;
    group.open = true;
    this.element.classList.remove('open');
    this.element.querySelector('#open-list')?.setAttribute('aria-expanded', 'false');
    const [box, own] = [this.element.getBoundingClientRect(), link.getBoundingClientRect()];
    if (own.top < box.top + 60 || own.bottom > box.bottom - 20)
      this.element.scrollTop += own.top - box.top - box.height / 2;
  }

  #href = (entry: Entry): string => this.#address(entry.page ?? entry.id, entry.query);

  #link(entry: Entry, id: string): HTMLAnchorElement {
    return h('a', { id, 'data-page': entry.page ?? entry.id, href: this.#href(entry), tabindex: -1 }, tr(entry.title));
  }

  #search(): void {
    const query = this.#filter.value;
    const some = query.trim() !== '';
    const answers = some ? search(query) : [];
    this.#found.hidden = !some;
    this.element.classList.toggle('searching', some);
    this.#found.replaceChildren(
      ...answers.slice(0, 20).map((entry) => h('li', {}, this.#link(entry, `found-${entry.id}`))),
    );
    if (some && answers.length === 0)
      this.#found.append(h('li', { class: 'soft' }, tr(T('No encoding answers to that.', '没有匹配的编码。'))));
    this.#count.textContent = some ? tr(T(`${answers.length} found`, `找到 ${answers.length} 项`)) : '';
  }

  #filterKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.#found.querySelector<HTMLAnchorElement>('a')?.click();
    else if (event.key === 'Escape') {
      this.#filter.value = '';
      this.#search();
    } else return;
    event.preventDefault();
  }

  /** Arrow keys go through the links that are in sight, the filter included. */
  #key(event: KeyboardEvent): void {
    if (!['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) return;
    const inFilter = event.target === this.#filter;
    if (inFilter && event.key !== 'ArrowDown') return;
    const holder = this.#found.hidden ? '.groups details[open] a' : '.found a';
    const links = [...this.element.querySelectorAll<HTMLAnchorElement>(holder)];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const last = links.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key] as number;
    event.preventDefault();
    if (to < 0) this.#filter.focus();
    else links[Math.min(to, last)]?.focus();
  }
}
