/** The state of the page is its address: #/section/item?key=value. A link reproduces the view. */
export interface Route {
  readonly section: string;
  readonly item: string;
}

let route: Route = { section: '', item: '' };
let query = new URLSearchParams();
let written = '';

export function readHash(): Route {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [section = '', item = ''] = path.split('/').map(decodeURIComponent);
  query = new URLSearchParams(search);
  written = location.hash;
  return (route = { section, item });
}

/** Whether the address was changed by a person or a link, not by `put`. */
export const foreignHash = (): boolean => location.hash !== written;

export const get = (key: string): string | undefined => query.get(key) ?? undefined;

/** Sets or (undefined) removes keys; the history gets no entry. */
export function put(values: Record<string, string | undefined>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) query.delete(key);
    else query.set(key, value);
  }
  schedule();
}

/** Language and theme survive a change of place. */
const KEPT = ['lang', 'theme'];

/** The address of another place. */
export function address(to: Route): string {
  return hashOf(to, new URLSearchParams([...query].filter(([key]) => KEPT.includes(key))));
}

function hashOf(to: Route, search: URLSearchParams): string {
  const text = search.toString();
  return `#/${to.section}${to.item ? `/${to.item}` : ''}${text ? `?${text}` : ''}`;
}

let pending = 0;
function schedule(): void {
  if (pending) return;
  // browsers limit how often the address may change: a slider's every step is too often
  pending = window.setTimeout(() => {
    pending = 0;
    write();
  }, 150);
}

export function write(): void {
  clearTimeout(pending);
  pending = 0;
  const hash = hashOf(route, query);
  if (hash === location.hash) return;
  written = hash;
  history.replaceState(null, '', hash);
}

export function setRoute(to: Route): void {
  route = to;
}
