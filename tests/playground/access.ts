/** For everybody: both languages, the keyboard alone, axe, a phone, paper. */
import { readFileSync } from 'node:fs';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { axePath } from '../../playground/browser.ts';
import { allAddresses } from './expected.ts';
import { open, press, tour } from './harness.ts';

export function accessTests(test: Test): void {
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

  test('all of it by keyboard; at most 10 Tabs to the first control', async () => {
    for (const [hash, control] of [
      ['#sinusoidal', 'sinusoidal-place'],
      ['#deberta', 'deberta-cc'],
      ['#', 'gesture-swap'],
    ]) {
      const { page } = await open(`${hash}?lang=en`);
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
      const first = reached.indexOf(control) + 1;
      assert.ok(first > 0 && first <= 10, `${control} is number ${first}: ${reached.slice(0, 20).join(' ')}`);
      for (const wanted of [
        'skip',
        'language',
        'theme',
        'tab-speed',
        ...(hash === '#' ? ['strips'] : ['filter', 'frame']),
      ])
        assert.ok(reached.includes(wanted), `${wanted} was not reached: ${reached.join(' ')}`);
      await page.close();
    }
    const { page } = await open('#sinusoidal?lang=en');
    // the list is one stop; the arrows go through it
    await page.focus('#filter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.is(await page.evaluate('document.activeElement.id'), 'to-sinusoidal');
    await page.focus('#to-alibi');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(100);
    assert.is(await page.textContent('article h2'), 'ALiBi');
    await press(page, '.map .frame', 'End', 2);
    assert.match(await page.textContent('.map .readout'), /query 0 cannot see key 63/);
    await page.focus('#tab-speed');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(100);
    assert.is(await page.textContent('main h2'), 'Speed');
    await page.close();
  });

  test('axe finds nothing, in light and dark, in both languages', async () => {
    const axe = readFileSync(axePath, 'utf8');
    // the second round changes colours and words, not the structure: a few views of every kind are enough
    const some = ['#', '#rope', '#alibi', '#deberta', '#recursive', '#rmt', '#merge', '#decay', '#model', '#speed'];
    for (const [dark, lang, addresses] of [
      [false, 'en', allAddresses],
      [true, 'zh', some],
    ] as const) {
      const { page } = await open('', { dark });
      await page.evaluate(axe);
      for (const hash of addresses) {
        await tour(page, [`${hash}?lang=${lang}`]);
        const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
          "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)",
        );
        assert.equal(
          found.map(({ id, nodes }) => `${hash}: ${id}: ${nodes[0].html.slice(0, 200)}`),
          [],
        );
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

  test('lines stand out from the paper: at least 3 : 1 in both themes', async () => {
    const { page } = await open('#decay?lang=en');
    for (const theme of ['light', 'dark']) {
      await tour(page, [`#decay?lang=en&theme=${theme}`]);
      const ratios = await page.evaluate<number[]>(`(() => {
        const luminance = (colour) => {
          const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = luminance(getComputedStyle(document.documentElement).backgroundColor);
        return [...document.querySelectorAll('.curves .curve')].map((path) => {
          const line = luminance(getComputedStyle(path).stroke);
          return (Math.max(line, paper) + 0.05) / (Math.min(line, paper) + 0.05);
        });
      })()`);
      assert.is(ratios.length, 8);
      for (const ratio of ratios) assert.ok(ratio >= 3, `${theme}: ${ratios}`);
    }
    await page.close();
  });

  test('on paper the page is light, and what only works on a screen is left out', async () => {
    const { page } = await open('#alibi?lang=en', { dark: true });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await page.emulateMedia({ media: 'print' });
    assert.is(await page.evaluate('document.documentElement.dataset.theme'), 'light');
    const hidden = await page.evaluate<string[]>(
      "['.settings', '.tabs', '.list', '.shares', 'input[type=range]'].filter((s) => document.querySelector(s).offsetParent !== null)",
    );
    assert.equal(hidden, []);
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    assert.is(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    await page.close();
  });

  test('nothing moves where less motion is asked for', async () => {
    const { page } = await open('#?lang=en');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = await page.evaluate<number>(
      "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e); return s.transitionDuration.split(',').some((d) => parseFloat(d) > 0) || s.animationName !== 'none'; }).length",
    );
    assert.is(moving, 0);
    await page.close();
  });
}
