import { h } from '../dom.ts';
import { Exhibit } from '../exhibit.ts';
import { type Text, tr } from '../text.ts';
import type { View } from '../view.ts';

/** One of the six parts of the page. */
export interface Section {
  readonly id: string;
  readonly title: Text;
  /** The item that is shown when the address asks for `wanted`. */
  item?(wanted: string): string;
  render(main: HTMLElement, item: string): { dispose(): void };
}

/** A section that shows its views one below the other. */
export function stacked(id: string, title: Text, lead: Text, views: readonly View[]): Section {
  return {
    id,
    title,
    render(main) {
      const exhibits = views.map((view) => new Exhibit(view, `${view.id}.`, 3));
      main.append(
        h('h2', {}, tr(title)),
        h('p', { class: 'lead' }, tr(lead)),
        ...exhibits.map(({ element }) => element),
      );
      return {
        dispose: () => {
          for (const exhibit of exhibits) exhibit.dispose();
        },
      };
    },
  };
}
