/** Every view draws the values that the package computes in Node, in every browser that is here. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE } from '../../playground/build.ts';
import { serve, visit, visitWebKit } from '../runtimes/browsers.ts';
import { allAddresses, compare } from './expected.ts';
import { browser, checkTour, find, html, open, press, script, tour, url } from './harness.ts';
import type { Seen } from './inPage.ts';

const FIREFOX = find('/usr/bin/firefox', '/usr/bin/firefox-esr');
const WEBKIT_DRIVER = find('/usr/bin/WebKitWebDriver');
const MINI_BROWSER = find(
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
);

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

export function tourTests(test: Test): void {
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

  if (process.argv.includes('all')) {
    const others: [string, (page: Awaited<ReturnType<typeof touring>>) => Promise<string>][] = [];
    if (FIREFOX) others.push(['Firefox', (page) => visit('firefox', FIREFOX, page)]);
    else console.log('Firefox: missing');
    if (WEBKIT_DRIVER && MINI_BROWSER)
      others.push(['WebKit', (page) => visitWebKit(WEBKIT_DRIVER, MINI_BROWSER, page)]);
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
  }

  test('moving controls redraws the map and writes the address; the address brings all of it back', async () => {
    const { page, troubles } = await open('#sinusoidal?lang=en&theme=light');
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
    for (const part of ['length=123', 'dim=64', 'arrangement=concat', 'offset=', 'cell', '=2.1', 'lang=en'])
      assert.ok(hash.includes(part), hash);
    const readout = await page.textContent('.map .readout');
    assert.match(readout, /position \d+, channel 1: /);
    const again = await open(hash);
    const [moved] = await tour(again.page, [hash]);
    const found = compare(moved, 'light');
    assert.equal(found.differences, []);
    assert.is(moved.maps[0].rows, 123);
    assert.is(moved.maps[0].cols, 64);
    assert.is(await again.page.textContent('.map .readout'), readout);
    assert.equal([...troubles, ...again.troubles], []);
    await page.close();
    await again.page.close();
  });

  test('pointing at a cell reads it, a click keeps it, Escape lets go; nothing jumps', async () => {
    const { page } = await open('#alibi?lang=en');
    const at = (type: string) =>
      page.evaluate(`(() => {
        const frame = document.querySelector('.map .frame');
        const box = frame.getBoundingClientRect();
        const where = { clientX: box.left + (10.5 / 64) * box.width, clientY: box.top + (20.5 / 64) * box.height, bubbles: true };
        frame.dispatchEvent(new PointerEvent('${type}', where));
      })()`);
    const height = () => page.evaluate<number>('document.documentElement.scrollHeight');
    const before = await height();
    const said = 'query 20, key 10: −5 · query 20 attends to key 10, 10 before it';
    await at('pointermove');
    assert.is(await page.textContent('.map .readout'), said);
    await at('pointerleave');
    assert.match(await page.textContent('.map .readout'), /^Point at/);
    await at('pointerdown');
    await at('pointerleave');
    assert.is(await page.textContent('.map .readout'), said);
    assert.ok(Math.abs((await height()) - before) < 30, 'the page jumped');
    await page.focus('.map .frame');
    await page.keyboard.press('Escape');
    assert.match(await page.textContent('.map .readout'), /^Point at/);
    await page.close();
  });

  test('curves and drawn figures are read by pointer and by keyboard', async () => {
    const { page } = await open('#decay?lang=en');
    await press(page, '.curves .lines', 'ArrowRight', 3);
    assert.match(await page.textContent('.curves .readout'), /^distance 2: .*base 1 /);
    await page.evaluate(`(() => {
      const lines = document.querySelector('.curves .lines');
      const box = lines.getBoundingClientRect();
      lines.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width / 2, clientY: box.top + 50, bubbles: true }));
    })()`);
    assert.match(await page.textContent('.curves .readout'), /^distance 1\d\d: /);
    await page.close();
  });

  test('a hand that is dragged moves its word: the first takes both along, the second changes the distance', async () => {
    const { page } = await open('#rope?lang=en');
    const drag = (from: number, to: number) =>
      page.evaluate(`(() => {
        const face = document.querySelector('[data-dial="0"] .face').getBoundingClientRect();
        const holder = document.querySelector('.dials .lines');
        holder.setPointerCapture = () => {};
        const [cx, cy, r] = [face.left + face.width / 2, face.top + face.height / 2, face.width / 3];
        const at = (angle, type, target) => target.dispatchEvent(new PointerEvent(type, {
          clientX: cx + r * Math.sin(angle), clientY: cy - r * Math.cos(angle), bubbles: true }));
        at(${from}, 'pointerdown', document.querySelector('[data-dial="0"] .face'));
        for (let i = 1; i <= 8; i++) at(${from} + (${to} - ${from}) * i / 8, 'pointermove', holder);
        at(${to}, 'pointerup', holder);
      })()`);
    const words = () =>
      page.evaluate<string[]>("['place', 'apart'].map((key) => document.getElementById('rope-' + key).value)");
    assert.equal(await words(), ['3', '5']);
    // pair 0 turns one radian a position; the hands stand at 3 and 8
    await drag(3, 5.1);
    assert.equal(await words(), ['5', '5']);
    await page.waitForTimeout(60);
    await drag(10, 13.1);
    assert.equal(await words(), ['5', '8']);
    await page.close();
  });

  test('a head that does not exist cannot be chosen', async () => {
    const { page } = await open('#alibi?head=20&lang=en');
    assert.is(await page.evaluate('document.getElementById("alibi-head").max'), '7');
    assert.is(await page.evaluate('document.getElementById("alibi-head").value'), '7');
    assert.match(await page.textContent('article'), /Bias of head 7/);
    await page.close();
  });

  test('pictures can be saved: an SVG that stands alone, a PNG', async () => {
    const { page } = await open('#alibi?lang=en');
    const links = await page.evaluate<string[]>(`(async () => {
      const found = [];
      HTMLAnchorElement.prototype.click = function () { found.push(this.download + ' ' + this.href); };
      for (const kind of ['svg', 'png'])
        for (const button of document.querySelectorAll('[data-share=' + kind + ']')) button.click();
      await new Promise((resolve) => setTimeout(resolve, 900));
      return found;
    })()`);
    const svg = links.filter((link) => link.includes('.svg data:image/svg+xml'));
    const png = links.filter((link) => link.includes('.png data:image/png'));
    assert.ok(svg.length >= 2 && svg.length === png.length, `${svg.length} SVG, ${png.length} PNG`);
    for (const link of svg) assert.not.match(decodeURIComponent(link), /var\(--|class="/);
    for (const link of png) assert.ok(link.length > 2000);
    await page.close();
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
    const page = await browser.newPage({
      viewport: { width: 800, height: 600 },
      colorScheme: 'light',
      locale: 'en-US',
    });
    await page.goto(off.url);
    await page.waitForSelector('.fatal');
    assert.match(await page.textContent('.fatal'), /WebAssembly SIMD does not run here/);
    await page.close();
    off.close();
    assert.ok(existsSync(PAGE));
  });

  test('the fingerprint of the browser is the published one, and the kernels are timed', async () => {
    const { page, troubles } = await open('#speed?lang=en');
    assert.match(await page.textContent('#equal'), /✓/);
    await page.click('#measure');
    for (let i = 0; i < 60 && !/^Done/.test((await page.textContent('main [role=status]')) ?? ''); i++)
      await page.waitForTimeout(500);
    assert.is(await page.evaluate('document.querySelectorAll("main tbody tr").length'), 3);
    assert.match(await page.textContent('main tbody'), /ms/);
    assert.equal(troubles, []);
    await page.close();
  });
}
