/** What the page must show at an address: the view computed here, in Node, by the package, and its colours. */
import { type Theme as ColourTheme, colours, step } from '../../playground/colour.ts';
import { sections } from '../../playground/sections/views.ts';
import { type MapPanel, parse, type View, Workspace } from '../../playground/view.ts';
import type { Seen } from './inPage.ts';

/** Every address that shows a view. */
export const addresses: readonly string[] = [
  ...sections.encodings.map(({ id }) => `#/encodings/${id}`),
  ...Object.keys(sections)
    .filter((section) => section !== 'encodings')
    .map((section) => `#/${section}`),
];
/** And those of the other two sections. */
export const allAddresses: readonly string[] = [...addresses, '#/model', '#/speed'];

function viewsAt(hash: string): { views: readonly View[]; query: URLSearchParams; prefixed: boolean } {
  const [path, search = ''] = hash.replace(/^#\//, '').split('?');
  const [section, item] = path.split('/');
  const list = sections[section as keyof typeof sections] ?? [];
  const encodings = section === 'encodings';
  return {
    views: encodings ? list.filter(({ id }) => id === item) : list,
    query: new URLSearchParams(search),
    prefixed: !encodings,
  };
}

/** Differences between the pixels seen and those computed here; empty when all agree. Counts the cells it compared. */
export function compare(seen: Seen, theme: ColourTheme): { differences: string[]; cells: number } {
  const { views, query, prefixed } = viewsAt(seen.hash);
  const differences: string[] = [];
  let cells = 0;
  for (const view of views) {
    const prefix = prefixed ? `${view.id}.` : '';
    const params = Object.fromEntries(
      view.controls.map((control) => [control.key, parse(control, query.get(prefix + control.key) ?? undefined)]),
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
        const wanted = colours(palette, theme)[step(data[start + row * rowStride + col * colStride], palette, range)];
        if (rgb.some((value, c) => value !== wanted[c]))
          differences.push(`${seen.hash} ${view.id}: map ${i} cell ${row}, ${col} is ${rgb}, not ${wanted}`);
      }
    });
    work.dispose();
  }
  return { differences, cells };
}
