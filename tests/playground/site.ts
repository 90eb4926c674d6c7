/** The site: a page for every view, figures that fit into other pages. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Page } from '../../playground/browser.ts';
import { LIMIT } from '../../playground/build.ts';
import { views } from '../../playground/route.ts';
import { buildSite, imageOf, SITE, sitePages } from '../../playground/site.ts';
import { makeImages } from '../../playground/siteImages.ts';
import { serveSite } from '../../playground/siteServer.ts';
import { arrive, browser } from './harness.ts';

const BASE = 'https://example.org/posenc/';
const read = (path: string) => readFileSync(join(SITE, path), 'utf8');

async function visit(address: string, width = 1280, height = 900): Promise<{ page: Page; troubles: string[] }> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: 'light', locale: 'en-US' });
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  await arrive(page, troubles, address);
  await page.waitForTimeout(100);
  return { page, troubles };
}

export function siteTests(test: Test): void {
  test('every view has a page in both languages: own title, text, image, each naming the other', async () => {
    const count = await buildSite(BASE);
    assert.is(count, 2 * (2 * sitePages.length - 2));
    const titles = new Set<string>();
    for (const { id, title, text } of sitePages)
      for (const language of ['en', 'zh'] as const) {
        const path = `${language === 'zh' ? 'zh/' : ''}${id ? `${id}/` : ''}`;
        const html = read(`${path}index.html`);
        titles.add(/<title>(.*)<\/title>/.exec(html)?.[1] ?? '');
        const bare = (words: string) =>
          words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
        assert.ok(html.includes(bare(title[language])) && html.includes(bare(text[language])), path);
        assert.ok(html.includes(`property="og:image" content="${BASE}${imageOf(id, language)}"`), path);
        for (const [code, other] of [
          ['en', ''],
          ['zh-CN', 'zh/'],
        ])
          assert.ok(html.includes(`hreflang="${code}" href="${BASE}${other}${id ? `${id}/` : ''}"`), path);
      }
    assert.is(titles.size, new Set(sitePages.flatMap(({ title }) => [title.en, title.zh])).size);
    // what the browser loads for a view: the page, its style, the script and the files that it imports at once
    const sizes = new Map<string, number>();
    const load = (path: string): void => {
      if (sizes.has(path)) return;
      const text = read(path);
      sizes.set(path, gzipSync(text, { level: 9 }).length);
      for (const [, name] of text.matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g)) load(`assets/${name}`);
      for (const [, asset] of text.matchAll(/(?:src|href)="(?:\.\.\/|\.\/)*(assets\/[^"]+)"/g)) load(asset);
    };
    load('alibi/index.html');
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size);
    console.log(`\n/alibi/: ${bytes} B gzip in ${sizes.size} files`);
    assert.ok(sizes.size >= 3 && bytes <= LIMIT, `${bytes} bytes`);
    assert.is(await makeImages(['alibi']), 2);
    for (const language of ['en', 'zh'] as const)
      assert.ok(statSync(join(SITE, imageOf('alibi', language))).size > 10_000);
    assert.ok(existsSync(join(SITE, 'sitemap.xml')));
  });

  test('/alibi/, /zh/alibi/, #alibi and /embed/alibi/ open ALiBi; an unknown page says so', async () => {
    const { url, close } = await serveSite();
    const view = "document.querySelector('article')?.dataset.view";
    for (const [path, language] of [
      ['alibi/', 'en'],
      ['zh/alibi/', 'zh-CN'],
      ['alibi/?lang=zh', 'zh-CN'],
      ['#alibi', 'en'],
      ['#/encodings/alibi', 'en'],
      ['embed/alibi/', 'en'],
      ['embed/alibi/?heads=8&lang=zh', 'zh-CN'],
    ]) {
      const { page, troubles } = await visit(url + path);
      assert.is(await page.evaluate(view), 'alibi', path);
      assert.is(await page.evaluate('document.documentElement.lang'), language, path);
      const own = `${language === 'zh-CN' ? 'zh/' : ''}${path.startsWith('embed') ? 'embed/' : ''}alibi/`;
      assert.is(new URL(page.url()).pathname, `/posenc/${own}`, path);
      assert.equal(troubles, []);
      await page.close();
    }
    const { page, troubles } = await visit(`${url}alibi/`);
    await page.evaluate("document.getElementById('to-deberta').click()");
    await page.waitForTimeout(100);
    assert.is(new URL(page.url()).pathname, '/posenc/deberta/');
    await page.click('#language');
    assert.is(new URL(page.url()).pathname, '/posenc/zh/deberta/');
    await page.evaluate('history.back()');
    await page.waitForTimeout(100);
    assert.is(await page.evaluate(view), 'alibi');
    assert.equal(troubles, []);
    assert.match(await page.evaluate<string>("document.querySelector('[data-share=embed]') ? 'there' : ''"), /there/);
    await page.close();
    const lost = await visit(`${url}alibbi/`);
    assert.match(await lost.page.textContent('#unknown'), /alibbi/);
    await lost.page.close();
    close();
  });

  test('an embedded figure is wholly in a frame of 720 x 420, without a scroll bar: every view, both languages', async () => {
    const { url, close } = await serveSite();
    const { page, troubles } = await visit(`${url}embed/alibi/`, 720, 420);
    for (const id of ['', ...views.map((view) => view.id)])
      for (const path of [`embed/${id ? `${id}/` : '?gesture=slide&slide=11'}`, `zh/embed/${id ? `${id}/` : ''}`]) {
        await arrive(page, troubles, url + path);
        await page.waitForTimeout(30);
        const seen = await page.evaluate<{
          width: number;
          height: number;
          bottom: number;
          tall: number;
          error: string;
        }>(`(() => {
          const figure = document.querySelector('.figures canvas, .figures svg, .strips');
          const box = figure?.getBoundingClientRect();
          return {
            width: document.documentElement.scrollWidth,
            height: document.documentElement.scrollHeight,
            bottom: box?.bottom ?? Infinity,
            tall: box?.height ?? 0,
            error: document.querySelector('.error')?.textContent ?? '',
          };
        })()`);
        assert.is(seen.error, '', path);
        assert.ok(seen.width <= 720 && seen.height <= 420, `${path}: ${seen.width} x ${seen.height}`);
        assert.ok(
          seen.bottom <= 420 && seen.tall >= (id === 'mrope' ? 20 : 90),
          `${path}: ${seen.tall} tall, ends at ${seen.bottom}`,
        );
      }
    await page.close();
    close();
  });

  test('embed.js puts a frame where it stands and gives it the height that the figure wants', async () => {
    const { url, close } = await serveSite();
    const { page } = await visit(`${url}speed/`);
    const height = await page.evaluate<number>(`(async () => {
      document.body.replaceChildren();
      const script = document.createElement('script');
      script.src = new URL('embed.js', ${JSON.stringify(url)}).href;
      script.dataset.figure = 'deberta';
      script.dataset.lang = 'zh';
      document.body.append(script);
      // the page's own policy forbids frames: what is looked at is the frame that was made
      await new Promise((resolve) => setTimeout(resolve, 300));
      const frame = document.querySelector('iframe');
      window.posencFrame = frame.src;
      return frame.getBoundingClientRect().height;
    })()`);
    assert.is(height, 420);
    assert.is(await page.evaluate('window.posencFrame'), `${url}embed/deberta/?lang=zh`);
    await page.close();
    const outside = await browser.newPage({
      viewport: { width: 900, height: 900 },
      colorScheme: 'light',
      locale: 'en-US',
    });
    await outside.goto(`${url}images/alibi.png`);
    await outside.evaluate(`(() => {
      const script = document.createElement('script');
      script.src = '${url}embed.js';
      script.dataset.figure = 'deberta';
      document.body.append(script);
    })()`);
    await outside.waitForTimeout(1500);
    const tall = await outside.evaluate<number>("document.querySelector('iframe').getBoundingClientRect().height");
    assert.ok(tall > 420 && tall < 900, `${tall}`);
    await outside.close();
    close();
  });
}
