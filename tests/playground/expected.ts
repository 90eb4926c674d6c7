/** What the page must show at an address: the view computed here, in Node, by the package, and its colours. */
import { type Theme as ColourTheme, colours, STEPS, step } from '../../playground/colour.ts';
import { views } from '../../playground/route.ts';
import { type MapPanel, parse, type View, Workspace } from '../../playground/view.ts';
import type { Seen } from './inPage.ts';

/** Every address that shows a view. */
export const addresses: readonly string[] = views.map(({ id }) => `#${id}`);
/** And those of the other pages. */
export const allAddresses: readonly string[] = ['#', ...addresses, '#model', '#speed'];

function viewAt(hash: string): { view: View | undefined; query: URLSearchParams } {
  const [id, search = ''] = hash.replace(/^#/, '').split('?');
  return { view: views.find((view) => view.id === id), query: new URLSearchParams(search) };
}

/** Differences between the pixels seen and those computed here; empty when all agree. Counts the cells it compared. */
export function compare(seen: Seen, theme: ColourTheme): { differences: string[]; cells: number } {
  const { view, query } = viewAt(seen.hash);
  const differences: string[] = [];
  let cells = 0;
  if (view) {
    const params = Object.fromEntries(
      view.controls.map((control) => [control.key, parse(control, query.get(control.key) ?? undefined)]),
    );
    const work = new Workspace();
    const maps = view.compute(params, work).filter((panel): panel is MapPanel => panel.kind === 'map');
    const shown = seen.maps.filter((map) => map.view === view.id);
    if (shown.length !== maps.length)
      differences.push(`${seen.hash} ${view.id}: ${shown.length} maps, not ${maps.length}`);
    maps.forEach((map, i) => {
      const { rows, cols, start = 0, rowStride = cols, colStride = 1, palette, range } = map;
      const data = map.data();
      if (shown[i] && (shown[i].rows !== rows || shown[i].cols !== cols)) {
        differences.push(
          `${seen.hash} ${view.id}: map ${i} is ${shown[i].rows} x ${shown[i].cols}, not ${rows} x ${cols}`,
        );
        return;
      }
      for (const { row, col, rgb } of shown[i]?.samples ?? []) {
        cells++;
        const index = step(data[start + row * rowStride + col * colStride], palette, range);
        // a cell without a value is left out of the picture
        const wanted = index === STEPS ? [0, 0, 0] : colours(palette, theme)[index];
        if (rgb.some((value, c) => value !== wanted[c]))
          differences.push(`${seen.hash} ${view.id}: map ${i} cell ${row}, ${col} is ${rgb}, not ${wanted}`);
      }
    });
    work.dispose();
  }
  return { differences, cells };
}
