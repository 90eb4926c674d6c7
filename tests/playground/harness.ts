/** The built page in a Chromium: opening it, going around in it, and what it must show. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as assert from 'uvu/assert';
import { chromiumPath, launch, type Page } from '../../playground/browser.ts';
import { PAGE } from '../../playground/build.ts';
import { compare } from './expected.ts';
import type { Seen } from './inPage.ts';

export const find = (...paths: string[]) => paths.find(existsSync);
const MIN_CELLS = 1000;

const here = dirname(fileURLToPath(import.meta.url));
export const html = readFileSync(PAGE, 'utf8');

/** The functions of inPage.ts as a script that defines `inPage`. */
export const script = (
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

export interface Visit {
  readonly page: Page;
  /** Errors of the page and its console, and requests other than for the page itself. */
  readonly troubles: string[];
}

export const browser = await launch(chromiumPath());
export const { url, server } = await serveFile();

/** Whether a page of this run was loaded twice: a loaded machine may lose one, and no more. */
let reloaded = false;

/** Goes to an address and waits for its heading; a page that has none says what it shows instead, and once in a run is loaded anew. */
export async function arrive(page: Page, troubles: readonly string[], address: string): Promise<void> {
  await page.goto(address);
  try {
    await page.waitForSelector('main h2');
  } catch (error) {
    const shown = await page.evaluate<string>('document.body.textContent.slice(0, 500)');
    const said = `${address}: ${(error as Error).message}\n${troubles.join('\n')}\n${shown}`;
    if (reloaded) throw new Error(said);
    reloaded = true;
    console.log(`\n${said}`);
    await page.goto(address);
    await page.waitForSelector('main h2');
  }
}

export async function open(
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
  await arrive(page, troubles, from + hash);
  await page.evaluate(script);
  return { page, troubles };
}

export const tour = (page: Page, hashes: readonly string[]) =>
  page.evaluate<Seen[]>(`inPage.tour(${JSON.stringify(hashes)})`);

export function checkTour(seen: readonly Seen[], theme: 'light' | 'dark', name: string): void {
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

/** Moves a slider with the keyboard, as a person would. */
export async function press(page: Page, selector: string, key: string, times: number): Promise<void> {
  await page.focus(selector);
  for (let i = 0; i < times; i++) await page.keyboard.press(key);
}
