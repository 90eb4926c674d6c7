/** An address that names nothing: said, with what comes nearest. */
import { h } from '../dom.ts';
import { near } from '../route.ts';
import { address } from '../state.ts';
import { T, tr } from '../text.ts';
import type { Shown } from './section.ts';

export function unknownPage(main: HTMLElement, wanted: string): Shown {
  const name = wanted.length > 60 ? `${wanted.slice(0, 60)}…` : wanted;
  main.append(
    h('h2', {}, tr(T('There is no such page', '没有这个页面'))),
    h(
      'p',
      { class: 'lead', id: 'unknown' },
      tr(T(`Nothing here is called “${name}”. Did you mean:`, `这里没有叫“${name}”的内容。你要找的是不是：`)),
    ),
    h(
      'ul',
      { class: 'said' },
      ...near(wanted).map((entry) =>
        h(
          'li',
          {},
          h(
            'a',
            { href: address(entry.page ?? entry.id, entry.query), 'data-page': entry.page ?? entry.id },
            tr(entry.title),
          ),
        ),
      ),
    ),
  );
  return { repaint: () => {}, dispose: () => {} };
}
