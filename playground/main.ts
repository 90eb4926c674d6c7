/** The shell of the page: header, six sections, language, theme, and the address that reproduces all of it. */
import { init } from '../src/index.ts';
import { h } from './dom.ts';
import { encodingsSection } from './sections/encodings.ts';
import { imagesSection } from './sections/images.ts';
import { modelSection } from './sections/model.ts';
import { precisionSection } from './sections/precision.ts';
import { relativeSection } from './sections/relative.ts';
import type { Section } from './sections/section.ts';
import { speedSection } from './sections/speed.ts';
import { address, foreignHash, get, put, type Route, readHash, setRoute, write } from './state.ts';
import { currentLanguage, type Language, setLanguage, T, tr } from './text.ts';
import { onSystemTheme, setTheme, theme } from './theme.ts';

const sections: readonly Section[] = [
  encodingsSection,
  relativeSection,
  modelSection,
  precisionSection,
  imagesSection,
  speedSection,
];
const root = document.getElementById('app') as HTMLElement;
let shown: { dispose(): void } | undefined;
let place = '';

function readSettings(): void {
  const lang = get('lang') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  setLanguage(lang === 'zh' ? 'zh' : 'en');
  const wanted = get('theme');
  setTheme(wanted === 'dark' || wanted === 'light' ? wanted : undefined);
  document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
  document.title = tr(T('posenc: see every positional encoding', 'posenc：看见每一种位置编码'));
}

function currentSection(route: Route): Section {
  return sections.find(({ id }) => id === route.section) ?? sections[0];
}

/** Draws everything again; the keyboard stays on the element that had it. */
function render(): void {
  const focused = document.activeElement?.id;
  let route = readHash();
  const section = currentSection(route);
  route = { section: section.id, item: section.item?.(route.item) ?? '' };
  setRoute(route);
  readSettings();
  write();
  place = `${route.section}/${route.item}`;
  shown?.dispose();
  const main = h('main', { id: 'main', tabindex: -1 });
  const nav = navigation(section);
  root.replaceChildren(skipLink(), header(), nav, main, footer());
  // on a phone the sections are wider than the page
  const current = nav.querySelector<HTMLElement>('[aria-current]');
  if (current) nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
  shown = section.render(main, route.item);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function skipLink(): HTMLElement {
  return h(
    'a',
    {
      class: 'skip',
      href: '#main',
      click: (event) => {
        event.preventDefault();
        document.getElementById('main')?.focus();
      },
    },
    tr(T('Skip to content', '跳到正文')),
  );
}

function header(): HTMLElement {
  const other: Language = currentLanguage() === 'en' ? 'zh' : 'en';
  const dark = theme() === 'dark';
  return h(
    'header',
    { class: 'top' },
    h(
      'div',
      { class: 'brand' },
      h('p', { class: 'name', translate: 'no' }, 'posenc'),
      h('h1', {}, tr(T('See how transformers know where a word is', '看见 Transformer 如何知道词的位置'))),
      h(
        'p',
        { class: 'lead' },
        tr(
          T(
            'Every positional encoding, computed live in this page by the library itself. Nothing is sent anywhere.',
            '每一种位置编码，都由本库在此页面中实时计算。不会发送任何数据。',
          ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'settings' },
      h(
        'button',
        {
          type: 'button',
          id: 'language',
          class: 'quiet',
          lang: other === 'zh' ? 'zh-CN' : 'en',
          click: () => change({ lang: other }),
        },
        other === 'zh' ? '简体中文' : 'English',
      ),
      h(
        'button',
        { type: 'button', id: 'theme', class: 'quiet', click: () => change({ theme: dark ? 'light' : 'dark' }) },
        dark ? tr(T('Light', '浅色')) : tr(T('Dark', '深色')),
      ),
    ),
  );
}

function change(values: Record<string, string>): void {
  put(values);
  write();
  render();
}

function navigation(current: Section): HTMLElement {
  return h(
    'nav',
    { class: 'sections', 'aria-label': tr(T('Sections', '栏目')) },
    ...sections.map((section) =>
      h(
        'a',
        {
          id: `section-${section.id}`,
          href: address({ section: section.id, item: '' }),
          'aria-current': section === current ? 'page' : undefined,
        },
        tr(section.title),
      ),
    ),
  );
}

function footer(): HTMLElement {
  return h(
    'footer',
    {},
    tr(
      T(
        'No server, no cookies, no request: this page is one file, and works from disk. The address of a view reproduces it.',
        '没有服务器、没有 Cookie、不发请求：本页面只是一个文件，可离线打开。复制网址即可重现当前视图。',
      ),
    ),
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

readHash();
readSettings();
init().then(() => {
  render();
  window.addEventListener('hashchange', () => {
    if (!foreignHash()) return;
    const before = place;
    render();
    if (place !== before) window.scrollTo(0, 0);
  });
  onSystemTheme(render);
}, fail);
