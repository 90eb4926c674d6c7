/** A page that is loaded when it is first shown. */
import type { Text } from '../text.ts';
import type { Shown } from './section.ts';

interface Page {
  readonly title: Text;
  render(main: HTMLElement): Shown;
}

export function lazily(title: Text, load: () => Promise<Page>): Page {
  return {
    title,
    render(main) {
      let shown: Shown | undefined;
      let gone = false;
      void load().then((page) => {
        if (!gone) shown = page.render(main);
      });
      return {
        repaint: () => shown?.repaint(),
        dispose: () => {
          gone = true;
          shown?.dispose();
        },
      };
    },
  };
}
