/** From what stands in an address, or in the filter, to a page: ids, names in both languages, addresses of earlier versions. */
import type { Text } from './text.ts';
import type { View } from './view.ts';
import { families } from './views/index.ts';

/** Something the list leads to: a view, or a place on another page. */
export interface Entry {
  readonly id: string;
  readonly title: Text;
  /** Other names people search by, in any language. */
  readonly names: readonly string[];
  readonly view?: View;
  /** Parameters of the place. */
  readonly query?: Readonly<Record<string, string>>;
  /** The page, when it is not the id. */
  readonly page?: string;
}

export const PAGES = ['', 'model', 'speed'] as const;

export const views: readonly View[] = families.flatMap((family) => family.views);
export const entries: readonly Entry[] = families.flatMap((family) => [
  ...(family.places ?? []),
  ...family.views.map((view) => ({ id: view.id, title: view.title, names: view.names ?? [], view })),
]);

/** Without case, blanks and signs: 'T5 Buckets' and 't5-buckets' are one. */
export const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** Addresses of earlier versions: sections that held several views. */
const OLD: Readonly<Record<string, string>> = {
  encodings: 'sinusoidal',
  relative: 'scores',
  images: 'mrope',
  sentence: '',
};

export type Target = { readonly page: string; readonly view?: View } | { readonly unknown: string };

/** @param wanted as it stands in the address, decoded */
export function resolve(wanted: string): Target {
  const name = wanted.replace(/^(encodings|relative|images|precision)\//i, '');
  const page = OLD[name.toLowerCase()] ?? name;
  if ((PAGES as readonly string[]).includes(page.toLowerCase())) return { page: page.toLowerCase() };
  const view = viewOf(page) ?? found(page);
  return view ? { page: view.id, view } : { unknown: wanted };
}

export const viewOf = (id: string): View | undefined => views.find((view) => plain(view.id) === plain(id));

const found = (name: string): View | undefined => {
  const key = plain(name);
  return views.find((view) => [view.title.en, view.title.zh, ...(view.names ?? [])].some((own) => plain(own) === key));
};

/** How well an entry answers to a query; 0 is not at all. */
function score({ id, title, names, view }: Entry, key: string): number {
  let best = 0;
  const weigh = (text: string, exact: number, start: number, inside: number) => {
    const own = plain(text);
    if (own === key) best = Math.max(best, exact);
    else if (own.startsWith(key)) best = Math.max(best, start);
    else if (own.includes(key)) best = Math.max(best, inside);
  };
  weigh(id, 100, 80, 50);
  for (const name of names) weigh(name, 95, 75, 45);
  for (const text of [title.en, title.zh]) weigh(text, 98, 70, 48);
  if (best === 0 && key.length > 1 && view)
    for (const text of [view.what.en, view.what.zh, ...view.sources.map(({ label }) => label)])
      if (plain(text).includes(key)) best = Math.max(best, 10);
  return best;
}

/** Entries that answer to a query, best first; all of them, in their order, for an empty one. */
export function search(query: string): readonly Entry[] {
  const key = plain(query);
  if (key === '') return entries;
  return entries
    .map((entry, at) => ({ entry, at, score: score(entry, key) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map(({ entry }) => entry);
}

/** Letters that differ: insertions, deletions and exchanges (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

/** The entries whose names come nearest to an unknown one. */
export function near(wanted: string, count = 5): readonly Entry[] {
  const answers = search(wanted);
  if (answers.length > 0) return answers.slice(0, count);
  const key = plain(wanted).slice(0, 40);
  const off = ({ id, names }: Entry) => Math.min(...[id, ...names].map((name) => distance(plain(name), key)));
  return [...entries].sort((a, b) => off(a) - off(b)).slice(0, count);
}
