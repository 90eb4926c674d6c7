/** Pictures of what the page looks like, to be looked at; two of them are README's. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE } from '../../playground/build.ts';
import { allAddresses } from './expected.ts';
import { open, tour } from './harness.ts';

const SCREENSHOTS = join(dirname(PAGE), 'screenshots');
/** README's pictures; `-- pictures` takes them anew. */
const README = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'playground', 'pictures');
const SLID = '#?gesture=slide&slide=11';

/** The first screen as it is met. */
const FIRST = [
  ['desktop', 1440, 900, false, 'en'],
  ['phone', 390, 844, false, 'en'],
  ['dark', 1440, 900, true, 'en'],
  ['chinese', 1440, 900, false, 'zh'],
  ['phone-dark-chinese', 390, 844, true, 'zh'],
] as const;

export function pictureTests(test: Test): void {
  test('pictures of the first screen, and of every view', async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    for (const [name, width, height, dark, lang] of FIRST) {
      const { page } = await open(`${SLID}&lang=${lang}`, { width, dark });
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(80);
      const path = join(SCREENSHOTS, `first-${name}.png`);
      await page.screenshot({ path, fullPage: false });
      assert.ok(existsSync(path));
      await page.close();
    }
    for (const [name, lang] of [
      ['encodings', 'en'],
      ['encodings.zh', 'zh'],
    ]) {
      const { page } = await open(`${SLID}&lang=${lang}`);
      await page.setViewportSize({ width: 1120, height: 900 });
      await page.waitForTimeout(80);
      // down to the last strip and the line below it
      const end = await page.evaluate<number>(
        "document.querySelector('.sentence > .readout').getBoundingClientRect().bottom",
      );
      await page.setViewportSize({ width: 1120, height: Math.ceil(end) + 12 });
      await page.waitForTimeout(80);
      // what the text beside the picture says is on it
      assert.match(await page.textContent('[data-strip=rope] .verdict'), /relative|相对/);
      const path = join(process.argv.includes('pictures') ? README : SCREENSHOTS, `${name}.png`);
      await page.screenshot({ path, fullPage: false });
      await page.close();
    }
    const languages = process.argv.includes('all') ? ['en', 'zh'] : ['en'];
    for (const lang of languages) {
      const { page } = await open('');
      for (const hash of allAddresses) {
        await tour(page, [`${hash}?lang=${lang}`]);
        const path = join(SCREENSHOTS, `${hash.slice(1) || 'sentence'}.${lang}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      await page.close();
    }
  });
}
