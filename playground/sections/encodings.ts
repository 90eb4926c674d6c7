/** Section 1: every encoding, one at a time. */
import { h } from '../dom.ts';
import { Exhibit } from '../exhibit.ts';
import { address } from '../state.ts';
import { T, tr } from '../text.ts';
import { encodings, families } from '../views/index.ts';
import type { Section } from './section.ts';

export const encodingsSection: Section = {
  id: 'encodings',
  title: T('Encodings', '编码'),
  item: (wanted) => (encodings.some(({ id }) => id === wanted) ? wanted : encodings[0].id),
  render(main, item) {
    const view = encodings.find(({ id }) => id === item) ?? encodings[0];
    const to = (id: string) => address({ section: 'encodings', item: id });
    const list = h('nav', { class: 'list', 'aria-label': tr(T('Encodings', '编码')) });
    const select = h('select', {
      id: 'encoding',
      change: (event) => {
        location.hash = to((event.target as HTMLSelectElement).value);
      },
    });
    for (const family of families) {
      const group = h('optgroup', { label: tr(family.title) });
      const items = h('ul');
      for (const { id, title } of family.views) {
        const here = id === view.id;
        group.append(h('option', { value: id, selected: here }, tr(title)));
        items.append(
          h('li', {}, h('a', { id: `to-${id}`, href: to(id), 'aria-current': here ? 'page' : undefined }, tr(title))),
        );
      }
      select.append(group);
      list.append(h('p', {}, tr(family.title)), items);
    }
    const exhibit = new Exhibit(view);
    main.classList.add('with-list');
    main.append(
      list,
      h('div', { class: 'picker' }, h('label', { for: 'encoding' }, tr(T('Encoding', '编码'))), select),
      exhibit.element,
    );
    return exhibit;
  },
};
