/** The preview image of every page of the site: its embedded figure, photographed in Chromium at 1200 x 630. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromiumPath, launch } from './browser.ts';
import { imageOf, SITE, sitePages } from './site.ts';
import { serveSite } from './siteServer.ts';

/** @returns how many were made */
export async function makeImages(ids?: readonly string[]): Promise<number> {
  const { url, close } = await serveSite();
  const browser = await launch(chromiumPath());
  const page = await browser.newPage({ viewport: { width: 1200, height: 630 }, colorScheme: 'light', locale: 'en-US' });
  let made = 0;
  for (const language of ['en', 'zh'] as const)
    for (const { id } of sitePages) {
      if (ids && !ids.includes(id)) continue;
      const plain = id === 'model' || id === 'speed';
      await page.goto(
        `${url}${language === 'zh' ? 'zh/' : ''}${plain ? '' : 'embed/'}${id ? `${id}/` : ''}?theme=light`,
      );
      await page.waitForSelector('main h2');
      await page.waitForTimeout(120);
      const path = join(SITE, imageOf(id, language));
      mkdirSync(dirname(path), { recursive: true });
      await page.screenshot({ path, fullPage: false });
      made++;
    }
  await browser.close();
  close();
  return made;
}
