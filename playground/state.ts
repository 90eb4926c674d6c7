/**
 * The state of the page is its address. The page as one file keeps it behind the hash: #alibi?heads=4&lang=zh. On the site every
 * view has a page of its own, /zh/alibi/?heads=4; `data-site` on the root element is the way from that page to the first one.
 */
export interface Address {
  /** Id of a page or of a view; empty for the first screen. */
  readonly page: string;
  readonly query: URLSearchParams;
  readonly embed: boolean;
}

const html = document.documentElement;
/** The address of the site, or undefined in the single file. */
const site = html.dataset.site === undefined ? undefined : new URL(html.dataset.site, location.href);

let current: Address = { page: '', query: new URLSearchParams(), embed: false };
let written = '';

/** Language and theme survive a change of place. */
const KEPT = ['lang', 'theme'];

function parse(text: string): { page: string; query: URLSearchParams } {
  const [path, search = ''] = text.replace(/^#?\/*/, '').split('?');
  let page = path;
  try {
    page = decodeURIComponent(path);
  } catch {
    // a stray percent sign stays as it is: the page says that there is no such view
  }
  return { page: page.replace(/\/+$/, ''), query: new URLSearchParams(search) };
}

/** Reads the address bar. A hash on the site is an address of the single file, and wins. */
export function read(): Address {
  written = location.href;
  if (!site) return (current = { ...parse(location.hash), embed: false });
  const parts = location.pathname.slice(site.pathname.length).split('/').filter(Boolean);
  const query = new URLSearchParams(location.search);
  if (parts[0] === 'zh') {
    parts.shift();
    if (!query.has('lang')) query.set('lang', 'zh');
  }
  const embed = parts[0] === 'embed';
  if (embed) parts.shift();
  if (location.hash.length > 1) {
    const { page, query: more } = parse(location.hash);
    for (const [key, value] of more) query.set(key, value);
    return (current = { page, query, embed });
  }
  return (current = { page: parse(parts.join('/')).page, query, embed });
}

/** Whether the address was changed by a person or a link, not by this file. */
export const foreign = (): boolean => location.href !== written;

export const get = (key: string): string | undefined => current.query.get(key) ?? undefined;
export const keys = (): string[] => [...current.query.keys()];

/** Sets or (undefined) removes keys; the history gets no entry. */
export function put(values: Readonly<Record<string, string | undefined>>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) current.query.delete(key);
    else current.query.set(key, value);
  }
  if (pending) return;
  // browsers limit how often the address may change: a slider's every step is too often
  pending = window.setTimeout(write, 150);
}
let pending = 0;

/** The same address under the name that is its own: aliases and old spellings are replaced. */
export function settle(page: string, query = current.query): void {
  current = { ...current, page, query };
}

export function write(): void {
  clearTimeout(pending);
  pending = 0;
  const to = href(current.page, current.query, current.embed);
  if (new URL(to, location.href).href !== location.href) history.replaceState(history.state, '', to);
  written = location.href;
}

/** The address of a page with these parameters. */
export function href(page: string, query: URLSearchParams, embed = false): string {
  const rest = new URLSearchParams(query);
  if (!site) {
    const text = rest.toString();
    return `#${page}${text ? `?${text}` : ''}`;
  }
  const chinese = rest.get('lang') === 'zh';
  rest.delete('lang');
  const text = rest.toString();
  const path = `${chinese ? 'zh/' : ''}${embed ? 'embed/' : ''}${page ? `${page}/` : ''}`;
  return `${site.pathname}${path}${text ? `?${text}` : ''}`;
}

/** The address of another place: parameters are left behind, language and theme go along. */
export function address(page: string, more: Readonly<Record<string, string>> = {}): string {
  const kept = [...current.query].filter(([key]) => KEPT.includes(key));
  return href(page, new URLSearchParams([...Object.entries(more), ...kept]));
}

/** What to paste elsewhere to see the same; on the single file it is the file's own address. */
export const here = (): string => new URL(href(current.page, current.query), location.href).href;

/** The line that puts the figure into another page; only the site has one. */
export function embedding(title: string): string | undefined {
  if (!site) return undefined;
  const query = new URLSearchParams(current.query);
  query.delete('theme');
  const source = new URL(href(current.page, query, true), location.href).href;
  return `<iframe src="${source.replaceAll('&', '&amp;')}" title="${title}" width="100%" height="420" loading="lazy" style="border:0"></iframe>`;
}

/** Where the page stood before it was left, by address: Back returns there. */
const scrolled = new Map<string, number>();
export function go(to: string): void {
  scrolled.set(location.href, window.scrollY);
  write();
  history.pushState(null, '', to);
}
export const scrolledAt = (): number => scrolled.get(location.href) ?? 0;
