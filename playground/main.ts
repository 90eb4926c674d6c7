/** The shell of the page: header, pages, the list of encodings, language, theme; and the address that reproduces all of it. */

import { h } from './dom.ts';
import { Exhibit } from './exhibit.ts';
import { init } from './library.ts';
import { List } from './list.ts';
import { type PAGES, resolve, type Target, views } from './route.ts';
import { lazily } from './sections/lazily.ts';
import type { Shown } from './sections/section.ts';
import { sentencePage } from './sections/sentence.ts';
import { unknownPage } from './sections/unknown.ts';
import { address, foreign, get, go, keys, put, read, scrolledAt, settle, write } from './state.ts';
import { currentLanguage, type Language, setLanguage, T, type Text, tr } from './text.ts';
import { forceTheme, onSystemTheme, setTheme, theme } from './theme.ts';

interface Page {
  readonly title: Text;
  render(main: HTMLElement): Shown;
}
/** It brings what is known about every architecture: loaded when it is asked for. */
const modelPage: Page = lazily(
  T('Your model', '你的模型'),
  async () => (await import('./sections/model.ts')).modelPage,
);
/** Its fingerprint computes with everything there is. */
const speedPage: Page = lazily(T('Speed', '速度'), async () => (await import('./sections/speed.ts')).speedPage);
const pages: Readonly<Record<(typeof PAGES)[number], Page>> = { '': sentencePage, model: modelPage, speed: speedPage };
/** The links at the top; an encoding stands for all of them. */
const TABS: readonly (readonly [page: string, title: Text])[] = [
  ['', T('One sentence', '一句话')],
  ['sinusoidal', T('Encodings', '编码')],
  ['model', modelPage.title],
  ['precision', T('Precision', '数值精度')],
  ['speed', speedPage.title],
];

const root = document.getElementById('app') as HTMLElement;
/** Whether this is a figure inside another page. */
let embedded = false;
let shown: Shown | undefined;
let target: Target = { page: '' };
let shell: { language: Language; main: HTMLElement; list: List } | undefined;

function readSettings(): void {
  const language = get('lang') ?? (document.documentElement.dataset.site !== undefined ? 'en' : navigator.language);
  setLanguage(language.startsWith('zh') ? 'zh' : 'en');
  const wanted = get('theme');
  setTheme(wanted === 'dark' || wanted === 'light' ? wanted : undefined);
  document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.classList.toggle('clear', get('background') === 'none');
}

/** Earlier addresses put the view in front of its parameters: #/relative?decay.dim=64. */
function plainKeys(id: string): void {
  for (const key of keys()) {
    if (!key.startsWith(`${id}.`)) continue;
    put({ [key.slice(id.length + 1)]: get(key), [key]: undefined });
  }
}

/** The view that an earlier address of several views was about. */
function formerly(wanted: string): string {
  const old = /^(relative|images|precision)$/i.test(wanted);
  const named = old && views.find(({ id }) => keys().some((key) => key.startsWith(`${id}.`)));
  return named ? named.id : wanted;
}

/** Shows what the address asks for; the header and the list stay while the language does. */
function render(): void {
  const focused = document.activeElement?.id;
  const where = read();
  embedded = where.embed;
  target = resolve(formerly(where.page));
  if ('page' in target) {
    plainKeys(target.page);
    settle(target.page);
  }
  readSettings();
  write();
  shown?.dispose();
  if (shell?.language !== currentLanguage()) shell = build();
  const { main, list } = shell;
  main.className = '';
  main.replaceChildren();
  const id = 'page' in target ? target.page : '';
  const view = 'page' in target ? target.view : undefined;
  root.classList.toggle('with-list', view !== undefined);
  root.classList.toggle('embed', embedded);
  list.show(view);
  for (const tab of root.querySelectorAll<HTMLAnchorElement>('.tabs a')) {
    const own = tab.dataset.page as string;
    tab.href = address(own);
    const current = own === id || (own === 'sinusoidal' && view !== undefined && id !== 'precision');
    if (current) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
    if (current && tab.parentElement)
      tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  }
  paintSettings();
  let title: Text = T('Unknown address', '未知地址');
  if ('unknown' in target) shown = unknownPage(main, target.unknown);
  else if (view) {
    const exhibit = new Exhibit(view, { embedded });
    main.append(exhibit.element);
    shown = exhibit;
    title = view.title;
  } else {
    const page = pages[target.page as keyof typeof pages];
    shown = page.render(main);
    title = page.title;
  }
  document.title = id === '' && 'page' in target ? `posenc: ${tr(title)}` : `${tr(title)} · posenc`;
  if (focused && document.activeElement?.id !== focused)
    document.getElementById(focused)?.focus({ preventScroll: true });
  if (embedded) tellHeight();
}

/** The page around an embedded figure may make room for it (embed.js): what the figure would take, were there no frame. */
function tellHeight(): void {
  requestAnimationFrame(() => {
    const article = root.querySelector<HTMLElement>('.exhibit, .stage');
    if (!article) return;
    const figures = article.querySelector<HTMLElement>('.figures');
    const drawing = figures?.querySelector<SVGElement>('.lines svg');
    let wanted = article.scrollHeight + 16;
    if (figures) {
      const box = drawing?.getAttribute('viewBox')?.split(' ').map(Number);
      const own = box ? (box[3] * figures.clientWidth) / box[2] : 300;
      wanted = article.clientHeight - figures.clientHeight + own + 110;
    }
    parent.postMessage({ posenc: 'height', height: Math.max(240, wanted) }, '*');
  });
}

function build(): NonNullable<typeof shell> {
  const main = h('main', { id: 'main', tabindex: -1 });
  const list = new List(address);
  const nav = h(
    'nav',
    { class: 'tabs', 'aria-label': tr(T('Pages', '页面')) },
    ...TABS.map(([page, title]) =>
      h('a', { id: `tab-${page || 'sentence'}`, 'data-page': page, href: address(page) }, tr(title)),
    ),
  );
  const skip = h(
    'a',
    {
      class: 'skip',
      href: '#main',
      click: (event) => {
        event.preventDefault();
        main.focus();
      },
    },
    tr(T('Skip to content', '跳到正文')),
  );
  root.replaceChildren(skip, header(nav), main, list.element, footer());
  return { language: currentLanguage(), main, list };
}

function header(nav: HTMLElement): HTMLElement {
  const quiet = (id: string, click: () => void) => h('button', { type: 'button', id, class: 'quiet', click });
  return h(
    'header',
    { class: 'top' },
    h('h1', { class: 'name', translate: 'no' }, 'posenc'),
    nav,
    h(
      'div',
      { class: 'settings' },
      quiet('language', () => change({ lang: currentLanguage() === 'en' ? 'zh' : 'en' })),
      quiet('theme', () => {
        put({ theme: theme() === 'dark' ? 'light' : 'dark' });
        write();
        repaint();
      }),
    ),
  );
}

/** What the two buttons of the header say. */
function paintSettings(): void {
  const language = document.getElementById('language') as HTMLElement;
  const other = currentLanguage() === 'en';
  language.textContent = other ? '简体中文' : 'English';
  language.lang = other ? 'zh-CN' : 'en';
  const button = document.getElementById('theme') as HTMLElement;
  button.textContent = theme() === 'dark' ? tr(T('Light', '浅色')) : tr(T('Dark', '深色'));
}

function change(values: Record<string, string>): void {
  put(values);
  write();
  render();
}

/** Other colours: everything is drawn again, nothing is built again. */
function repaint(): void {
  readSettings();
  paintSettings();
  shown?.repaint();
}

function footer(): HTMLElement {
  return h(
    'footer',
    {},
    h(
      'p',
      {},
      tr(
        T(
          'Computed in this page by the library itself: no server, no cookies, nothing is sent. Copy the address to share exactly what you see.',
          '由本库在此页面中直接计算：没有服务器、没有 Cookie、不发送任何数据。复制网址即可分享你所看到的画面。',
        ),
      ),
    ),
    h('p', { translate: 'no' }, h('code', {}, 'npm install posenc')),
  );
}

function fail(error: unknown): void {
  root.replaceChildren(
    h(
      'main',
      { class: 'fatal', role: 'alert' },
      h('h1', {}, tr(T('WebAssembly SIMD does not run here', '此处无法运行 WebAssembly SIMD'))),
      h(
        'p',
        {},
        tr(
          T(
            'This page computes everything with it. Any browser since 2023 has it; a strict content policy or a lockdown mode turns it off.',
            '本页面的一切计算都依赖它。2023 年以后的浏览器均支持；严格的内容策略或锁定模式会将其关闭。',
          ),
        ),
      ),
      h('pre', { lang: 'en' }, String(error)),
    ),
  );
}

/** A link to another place of this page: only what differs is drawn. */
function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.<HTMLAnchorElement>('a[href]');
  if (!link || link.classList.contains('skip') || link.target || event.defaultPrevented) return;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const to = new URL(link.href);
  const inside = to.origin === location.origin && to.protocol === location.protocol && link.dataset.page !== undefined;
  if (!inside || embedded) return;
  event.preventDefault();
  go(link.href);
  render();
  window.scrollTo(0, 0);
}

read();
readSettings();
init().then(() => {
  render();
  root.addEventListener('click', follow);
  window.addEventListener('popstate', () => {
    if (!foreign()) return;
    render();
    window.scrollTo(0, scrolledAt());
  });
  onSystemTheme(repaint);
  window.addEventListener('beforeprint', () => {
    forceTheme('light');
    shown?.repaint();
  });
  window.addEventListener('afterprint', () => {
    forceTheme(undefined);
    shown?.repaint();
  });
  if (embedded) new ResizeObserver(tellHeight).observe(root);
}, fail);
