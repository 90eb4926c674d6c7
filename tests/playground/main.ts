/**
 * npm run test:playground: the built page in real browsers. Chromium is walked through by keyboard, pointer and address, from
 * loopback and from file://; Firefox and WebKit, where present, make the tour of all views. Pictures of every view in both
 * languages: build/playground/screenshots.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE } from '../../playground/build.ts';
import { serve, visit, visitWebKit } from '../runtimes/browsers.ts';
import { axePath, launch, type Page } from './browser.ts';
import { addresses, allAddresses, compare } from './expected.ts';
import type { Seen } from './inPage.ts';

const find = (...paths: string[]) => paths.find(existsSync);
const CHROMIUM = find(
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
);
const FIREFOX = find('/usr/bin/firefox', '/usr/bin/firefox-esr');
const WEBKIT_DRIVER = find('/usr/bin/WebKitWebDriver');
const MINI_BROWSER = find(
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
);
const SCREENSHOTS = join(dirname(PAGE), 'screenshots');
const MIN_CELLS = 1000;
const FRAME = 1000 / 60;

const here = dirname(fileURLToPath(import.meta.url));
const configs = join(here, '..', '..', 'examples', 'configs');
const html = readFileSync(PAGE, 'utf8');

/** The functions of inPage.ts as a script that defines `inPage`. */
const script = (
  await build({
    entryPoints: [join(here, 'inPage.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'inPage',
    footer: { js: 'globalThis.inPage = inPage;' },
  })
).outputFiles[0].text;

function serveFile(): Promise<{ url: string; server: Server }> {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html),
  );
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }),
    ),
  );
}

interface Visit {
  readonly page: Page;
  /** Errors of the page and its console, and requests other than for the page itself. */
  readonly troubles: string[];
}

if (!CHROMIUM) throw new Error('no Chromium was found; the page is tested in one');
const browser = await launch(CHROMIUM);
const { url, server } = await serveFile();

async function open(
  hash: string,
  options: { from?: string; dark?: boolean; width?: number; locale?: string } = {},
): Promise<Visit> {
  const { from = url, dark = false, width = 1280, locale = 'en-US' } = options;
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    locale,
  });
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== from && !request.url().startsWith('data:'))
      troubles.push(`request: ${request.url()}`);
  });
  await page.goto(from + hash);
  await page.waitForSelector('main h2');
  await page.evaluate(script);
  return { page, troubles };
}

const tour = (page: Page, hashes: readonly string[]) => page.evaluate<Seen[]>(`inPage.tour(${JSON.stringify(hashes)})`);

function checkTour(seen: readonly Seen[], theme: 'light' | 'dark', name: string): void {
  let cells = 0;
  for (const one of seen) {
    assert.equal(one.errors, [], one.hash);
    assert.ok(one.heading, one.hash);
    const found = compare(one, theme);
    assert.equal(found.differences, []);
    cells += found.cells;
  }
  assert.ok(cells > MIN_CELLS, `${name}: only ${cells} cells were compared`);
  console.log(`\n${name}: ${seen.length} addresses, ${cells} cells equal to the package's values`);
}

for (const [name, from, dark] of [
  ['a static server, light', url, false],
  ['file://, dark', pathToFileURL(PAGE).href, true],
] as const) {
  test(`every view shows the package's values: Chromium, ${name}`, async () => {
    const { page, troubles } = await open('', { from, dark });
    checkTour(await tour(page, allAddresses), dark ? 'dark' : 'light', `Chromium ${browser.version()}, ${name}`);
    assert.equal(troubles, []);
    await page.close();
  });
}

/** The page with a script in it that makes the tour and sends home what it saw. */
function touring(hashes: readonly string[]) {
  const body = html.replace("default-src 'none'", "default-src 'none'; connect-src 'self'").replace(
    '</body>',
    () => `<script>${script}
const troubles = [];
addEventListener('error', (event) => troubles.push(event.message));
addEventListener('unhandledrejection', (event) => troubles.push(String(event.reason)));
addEventListener('load', () => setTimeout(() => inPage.tour(${JSON.stringify(hashes)}).then(
  (seen) => fetch('./result', { method: 'POST', body: JSON.stringify({ seen, troubles }) }),
  (error) => fetch('./result', { method: 'POST', body: JSON.stringify({ seen: [], troubles: [String(error)] }) }),
), 500));
</script></body>`,
  );
  return serve({ '/': { type: 'text/html; charset=utf-8', body } });
}

const others: [string, (page: Awaited<ReturnType<typeof touring>>) => Promise<string>][] = [];
if (FIREFOX) others.push(['Firefox', (page) => visit('firefox', FIREFOX, page)]);
else console.log('Firefox: missing');
if (WEBKIT_DRIVER && MINI_BROWSER) others.push(['WebKit', (page) => visitWebKit(WEBKIT_DRIVER, MINI_BROWSER, page)]);
else console.log('WebKit: missing');
for (const [name, go] of others) {
  test(`every view shows the package's values: ${name}`, async () => {
    const result = JSON.parse(await go(await touring(allAddresses.map((hash) => `${hash}?theme=light`)))) as {
      seen: Seen[];
      troubles: string[];
    };
    assert.equal(result.troubles, []);
    checkTour(result.seen, 'light', name);
  });
}

/** Moves a slider with the keyboard, as a person would. */
async function press(page: Page, selector: string, key: string, times: number): Promise<void> {
  await page.focus(selector);
  for (let i = 0; i < times; i++) await page.keyboard.press(key);
}

test('moving controls redraws the map and writes the address; the address brings all of it back', async () => {
  const { page, troubles } = await open('#/encodings/sinusoidal?lang=en&theme=light');
  await press(page, '#sinusoidal-length', 'ArrowLeft', 5);
  await press(page, '#sinusoidal-dim', 'ArrowLeft', 2);
  await press(page, '#sinusoidal-offset', 'PageUp', 1);
  await page.evaluate(`(() => {
    const select = document.getElementById('sinusoidal-arrangement');
    select.value = 'concat';
    select.dispatchEvent(new Event('change'));
  })()`);
  await press(page, '.map .frame', 'ArrowDown', 3);
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(400);
  const hash = new URL(page.url()).hash;
  for (const part of ['length=123', 'dim=64', 'arrangement=concat', 'offset=', 'cell=2.1', 'lang=en'])
    assert.ok(hash.includes(part), hash);
  const readout = await page.textContent('.readout');
  assert.match(readout, /position \d+, channel 1: /);
  const again = await open(hash);
  const [moved] = await tour(again.page, [hash]);
  const found = compare(moved, 'light');
  assert.equal(found.differences, []);
  assert.is(moved.maps[0].rows, 123);
  assert.is(moved.maps[0].cols, 64);
  assert.is(await again.page.textContent('.readout'), readout);
  assert.equal([...troubles, ...again.troubles], []);
  await page.close();
  await again.page.close();
});

test('a click on a cell names position, channel and value; in a bias, who attends where', async () => {
  const { page } = await open('#/encodings/alibi?lang=en');
  await page.evaluate(`(() => {
    const frame = document.querySelector('.map .frame');
    const box = frame.getBoundingClientRect();
    const at = { clientX: box.left + (10.5 / 64) * box.width, clientY: box.top + (20.5 / 64) * box.height, bubbles: true };
    frame.dispatchEvent(new PointerEvent('pointerdown', at));
  })()`);
  assert.is(await page.textContent('.readout'), 'query 20, key 10: −5 · query 20 attends to key 10, 10 before it');
  await page.close();
});

test('three real configurations and a broken one', async () => {
  const { page, troubles } = await open('#/model?lang=en');
  const expected: Record<string, RegExp> = {
    'gemma-2-2b': /base is 10/,
    'qwen2.5-7b-yarn': /yarn, factor 4/,
    'gpt-oss-20b': /yarn, factor 32/,
  };
  for (const [name, words] of Object.entries(expected)) {
    await page.fill('#config', readFileSync(join(configs, `${name}.json`), 'utf8'));
    assert.match(await page.textContent('.result'), words);
    assert.is(await page.evaluate('document.querySelectorAll(".result .error").length'), 0, name);
    assert.ok(await page.evaluate('document.querySelectorAll(".result svg").length >= 2'), name);
  }
  // the address holds what was read of the last one
  await page.waitForTimeout(300);
  const again = await open(new URL(page.url()).hash);
  assert.match(await again.page.textContent('.result'), expected['gpt-oss-20b']);
  await again.page.close();

  const broken = JSON.parse(readFileSync(join(configs, 'llama-3.1-8b.json'), 'utf8'));
  broken.rope_scaling.factor = 'eight';
  await page.fill('#config', JSON.stringify(broken));
  const message = await page.textContent('.result .error');
  assert.match(message, /This cannot be read/);
  assert.match(message, /rope_scaling\.factor/);
  assert.match(message, /eight/);
  await page.fill('#config', '{ "model_type": ');
  assert.match(await page.textContent('.result .error'), /JSON/);
  await page.setInputFiles('#file', {
    name: 'a.gguf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('not a model'),
  });
  await page.waitForSelector('.result .error');
  assert.match(await page.textContent('.result .error'), /gguf/);
  assert.equal(troubles, []);
  await page.close();
});

test('the language switch translates everything, on every address', async () => {
  const { page, troubles } = await open('');
  assert.is(await page.evaluate('document.documentElement.lang'), 'en');
  await page.click('#language');
  assert.is(await page.evaluate('document.documentElement.lang'), 'zh-CN');
  for (const hash of allAddresses) {
    await tour(page, [`${hash}?lang=zh`]);
    assert.equal(await page.evaluate('inPage.english()'), [], hash);
    await tour(page, [`${hash}?lang=en`]);
    const chinese = await page.evaluate<string>(
      `[...document.querySelectorAll('main *:not([lang="zh-CN"])')].filter((e) => e.children.length === 0).map((e) => e.textContent).join('\\n')`,
    );
    assert.not.match(chinese, /[\u4e00-\u9fff]/, hash);
  }
  assert.equal(troubles, []);
  await page.close();
  const chinese = await open('', { locale: 'zh-CN' });
  assert.is(await chinese.page.evaluate('document.documentElement.lang'), 'zh-CN');
  await chinese.page.close();
});

test('all of it by keyboard: skip link, language, sections, list, slider, map, code', async () => {
  const { page } = await open('#/encodings/sinusoidal?lang=en');
  const active = () =>
    page.evaluate<string>(
      'document.activeElement.id || document.activeElement.className || document.activeElement.tagName',
    );
  const reached: string[] = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const at = await active();
    if (at === 'BODY') break;
    reached.push(at);
    // whatever has the keyboard shows it
    assert.ok(
      await page.evaluate(
        '(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" && s.outlineWidth !== "0px"; })()',
      ),
      `${at} shows no focus`,
    );
  }
  for (const wanted of ['skip', 'language', 'theme', 'section-speed', 'to-rope', 'sinusoidal-length', 'frame', 'quiet'])
    assert.ok(reached.includes(wanted), `${wanted} was not reached: ${reached.join(' ')}`);
  await page.focus('#to-alibi');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(100);
  assert.is(await page.textContent('article h2'), 'ALiBi');
  await press(page, '.map .frame', 'End', 2);
  assert.match(await page.textContent('.readout'), /query 0 cannot see key 63/);
  await page.focus('#section-speed');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(100);
  assert.is(await page.textContent('main h2'), 'Speed');
  await page.close();
});

test('axe finds nothing serious, in light and dark, in both languages', async () => {
  const axe = readFileSync(axePath, 'utf8');
  for (const [dark, lang] of [
    [false, 'en'],
    [true, 'zh'],
  ] as const) {
    const { page } = await open('', { dark });
    await page.evaluate(axe);
    for (const hash of allAddresses) {
      await tour(page, [`${hash}?lang=${lang}`]);
      const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
        "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)",
      );
      const serious = found
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${hash}: ${id}: ${nodes[0].html}`);
      assert.equal(serious, []);
    }
    await page.close();
  }
});

test('nothing is wider than a phone', async () => {
  const { page } = await open('', { width: 360 });
  for (const hash of allAddresses) {
    await tour(page, [`${hash}?lang=en`]);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(width <= 360, `${hash} is ${width} pixels wide`);
  }
  await page.close();
});

test('a frame of a 512 x 256 table takes less than a sixtieth of a second', async () => {
  const { page } = await open('#/encodings/sinusoidal?length=512&dim=256');
  const times = await page.evaluate<number[]>(`(async () => {
    const slider = document.getElementById('sinusoidal-offset');
    const times = [];
    for (let i = 0; i < 90; i++) {
      slider.value = String(1000 + 37 * i);
      slider.dispatchEvent(new Event('input'));
      const start = await new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      times.push(await new Promise((resolve) => setTimeout(() => resolve(performance.now() - start))));
    }
    return times.slice(10).sort((a, b) => a - b);
  })()`);
  const median = times[times.length / 2];
  console.log(`\n512 x 256: computed and painted in ${median.toFixed(1)} ms (median of ${times.length} frames)`);
  assert.ok(median < FRAME, `${median} ms`);
  await page.close();
});

test('the fingerprint of the browser is the published one, and the kernels are timed', async () => {
  const { page, troubles } = await open('#/speed?lang=en');
  assert.match(await page.textContent('#equal'), /✓/);
  await page.click('#measure');
  for (let i = 0; i < 60 && !/^Done/.test((await page.textContent('main [role=status]')) ?? ''); i++)
    await page.waitForTimeout(500);
  assert.is(await page.evaluate('document.querySelectorAll("main tbody tr").length'), 3);
  assert.match(await page.textContent('main tbody'), /ms/);
  assert.equal(troubles, []);
  await page.close();
});

test('pictures of every view in both languages', async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  for (const lang of ['en', 'zh']) {
    const { page } = await open('');
    for (const hash of allAddresses) {
      await tour(page, [`${hash}?lang=${lang}`]);
      const path = join(SCREENSHOTS, `${hash.replace(/^#\//, '').replaceAll('/', '-')}.${lang}.png`);
      await page.screenshot({ path, fullPage: true });
      assert.ok(existsSync(path));
    }
    await page.close();
  }
  assert.ok(addresses.length < allAddresses.length);
});

test('where WebAssembly is off, the page says so in words', async () => {
  const off = await serve({
    '/': {
      type: 'text/html; charset=utf-8',
      body: html.replace(
        '<script type="module">',
        () => '<script>globalThis.WebAssembly = undefined</script><script type="module">',
      ),
    },
  });
  off.result.catch(() => {});
  const page = await browser.newPage({ viewport: { width: 800, height: 600 }, colorScheme: 'light', locale: 'en-US' });
  await page.goto(off.url);
  await page.waitForSelector('.fatal');
  assert.match(await page.textContent('.fatal'), /WebAssembly SIMD does not run here/);
  await page.close();
  off.close();
});

test('the end', async () => {
  await browser.close();
  server.close();
});

test.run();
