/**
 * The page as a site, build/site: every view has a page of its own in both languages, with its
 * text in the HTML, made from the same list of views; /embed/ holds their figures alone, embed.js puts one into another page.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.ts';
import { math } from './mathml.ts';
import { views } from './route.ts';
import { type Language, same, setLanguage, T, type Text } from './text.ts';
import type { View } from './view.ts';
import { families } from './views/index.ts';

const here = dirname(fileURLToPath(import.meta.url));
export const SITE = join(here, '..', 'build', 'site');
const LANGUAGES: readonly Language[] = ['en', 'zh'];

interface SitePage {
  /** As it stands in the address; empty for the first page. */
  readonly id: string;
  readonly title: Text;
  readonly text: Text;
  readonly view?: View;
}

/** Every page that has an address. */
export const sitePages: readonly SitePage[] = [
  {
    id: '',
    title: T('One sentence, three gestures, every encoding', '一句话，三个动作，所有位置编码'),
    text: T(
      'How does a transformer know where a word is? Swap two words, slide the sentence, stretch it past training, and see what every positional encoding does, computed live.',
      'Transformer 怎样知道词在哪里？交换两个词、平移句子、拉长到超出训练长度，看每一种位置编码会怎样，全部实时计算。',
    ),
  },
  ...views.map((view) => ({ id: view.id, title: view.title, text: view.what, view })),
  {
    id: 'model',
    title: T('Your model', '你的模型'),
    text: T(
      'What does a model do with positions, and how far can it go? Paste its config.json; it stays in the page.',
      '一个模型如何处理位置？能走多远？粘贴它的 config.json；内容不会离开页面。',
    ),
  },
  {
    id: 'speed',
    title: T('Speed', '速度'),
    text: T(
      'The kernels of the package in your browser, against plain JavaScript written with care.',
      '软件包的内核在你的浏览器中运行，与精心编写的 JavaScript 对比。',
    ),
  },
];

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const pathOf = (id: string, language: Language, embed = false) =>
  `${language === 'zh' ? 'zh/' : ''}${embed ? 'embed/' : ''}${id ? `${id}/` : ''}`;
/** A sentence or two: what a search result shows. */
const short = (text: string) => (text.length > 300 ? `${text.slice(0, 297).replace(/\s+\S*$/, '')}…` : text);

export const imageOf = (id: string, language: Language): string =>
  `images/${language === 'zh' ? 'zh-' : ''}${id || 'sentence'}.png`;

/** The text of a page for those who read it without running it: search engines first of all. */
function body(page: SitePage, language: Language, root: string): string {
  const { view } = page;
  const tr = (text: Text) => escaped(text[language]);
  const lines = [`<h2>${tr(page.title)}</h2>`, `<p>${tr(page.text)}</p>`];
  if (view) {
    if (view.porters) lines.push(`<p>${tr(view.porters)}</p>`);
    for (const line of view.formula) lines.push(math(typeof line === 'string' ? line : line[language]));
    for (const { label, href } of view.sources) lines.push(`<p><a href="${escaped(href)}">${escaped(label)}</a></p>`);
  }
  const list = families.flatMap((family) =>
    family.views.map(({ id, title }) => `<li><a href="${root}${pathOf(id, language)}">${tr(title)}</a></li>`),
  );
  return `<main>${lines.join('\n')}</main>\n<nav><ul>\n${list.join('\n')}\n</ul></nav>`;
}

interface Assets {
  readonly script: string;
  readonly style: string;
}

function html(page: SitePage, language: Language, base: string, assets: Assets, embed = false, root?: string): string {
  const path = pathOf(page.id, language, embed);
  const up = root ?? ('../'.repeat(path.split('/').length - 1) || './');
  const address = (l: Language) => new URL(pathOf(page.id, l), base).href;
  const title = page.id === '' ? `posenc: ${page.title[language]}` : `${page.title[language]} · posenc`;
  const text = short(page.text[language]);
  const image = new URL(imageOf(page.id, language), base).href;
  const meta = (name: string, content: string, kind = 'name') =>
    `<meta ${kind}="${name}" content="${escaped(content)}">`;
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}" data-site="${up}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
${meta('description', text)}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'">
<link rel="canonical" href="${address(language)}">
${LANGUAGES.map((l) => `<link rel="alternate" hreflang="${l === 'zh' ? 'zh-CN' : 'en'}" href="${address(l)}">`).join('\n')}
<link rel="alternate" hreflang="x-default" href="${address('en')}">
${meta('og:type', 'website', 'property')}
${meta('og:title', page.title[language], 'property')}
${meta('og:description', text, 'property')}
${meta('og:url', address(language), 'property')}
${meta('og:image', image, 'property')}
${meta('og:image:width', '1200', 'property')}
${meta('og:image:height', '630', 'property')}
${meta('twitter:card', 'summary_large_image')}${embed || root ? `\n${meta('robots', 'noindex')}` : ''}
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Crect width='8' height='8' fill='%23104a8a'/%3E%3Cpath d='M0 4c2-5 3-5 4 0s2 5 4 0' fill='none' stroke='%23ffaa54'/%3E%3C/svg%3E">
<link rel="stylesheet" href="${up}${assets.style}">
<script type="module" src="${up}${assets.script}"></script>
</head>
<body>
<div id="app">
${embed ? '' : body(page, language, up)}
</div>
</body>
</html>
`;
}

/** Writes the site, without its preview images. @param base where it will stand. @returns the number of pages */
export async function buildSite(base: string): Promise<number> {
  const { script, style, chunks } = await bundle(true);
  rmSync(SITE, { recursive: true, force: true });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(SITE, path)), { recursive: true });
    writeFileSync(join(SITE, path), text);
  };
  const named = (text: string, end: string) => {
    const path = `assets/app-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${end}`;
    write(path, text);
    return path;
  };
  const assets = { script: named(script, 'js'), style: named(style, 'css') };
  for (const [name, text] of chunks) write(`assets/${name}`, text);
  let count = 0;
  const addresses: string[] = [];
  for (const language of LANGUAGES) {
    setLanguage(language);
    for (const page of sitePages) {
      write(`${pathOf(page.id, language)}index.html`, html(page, language, base, assets));
      addresses.push(new URL(pathOf(page.id, language), base).href);
      count++;
      if (page.id === 'model' || page.id === 'speed') continue;
      write(`${pathOf(page.id, language, true)}index.html`, html(page, language, base, assets, true));
      count++;
    }
  }
  // an address that names nothing is answered by the page itself, which says so
  const missing: SitePage = { id: '404', title: T('Unknown address', '未知地址'), text: same('404') };
  write('404.html', html(missing, 'en', base, assets, false, new URL(base).pathname));
  const locations = addresses.map((address) => `<url><loc>${escaped(address)}</loc></url>`).join('\n');
  write(
    'sitemap.xml',
    `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${locations}\n</urlset>\n`,
  );
  write('.nojekyll', '');
  copyFileSync(join(here, 'embed.js'), join(SITE, 'embed.js'));
  return count;
}
