/** The part of playwright-core's interface that the tests use; the package is installed for them alone. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  evaluate<R>(code: string): Promise<R>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  focus(selector: string): Promise<void>;
  textContent(selector: string): Promise<string>;
  waitForTimeout(ms: number): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: {
    colorScheme?: 'light' | 'dark';
    media?: 'screen' | 'print';
    reducedMotion?: 'reduce' | 'no-preference';
  }): Promise<void>;
  setInputFiles(selector: string, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void>;
  on(event: 'console', handler: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', handler: (error: Error) => void): void;
  on(event: 'request', handler: (request: { url(): string }) => void): void;
  context(): {
    newCDPSession(page: Page): Promise<{
      send(method: string, options?: object): Promise<{ metrics: { name: string; value: number }[] }>;
    }>;
  };
  readonly keyboard: { press(key: string): Promise<void> };
  close(): Promise<void>;
}
interface Browser {
  newPage(options: {
    viewport: { width: number; height: number };
    colorScheme: 'light' | 'dark';
    locale: string;
  }): Promise<Page>;
  version(): string;
  close(): Promise<void>;
}

const installed = createRequire(fileURLToPath(new URL('../tests/playground/installed/package.json', import.meta.url)));

const CHROMIUM = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export function chromiumPath(): string {
  const found = CHROMIUM.find(existsSync);
  if (!found) throw new Error('no Chromium was found; apt-get install chromium-headless-shell');
  return found;
}

export function launch(executablePath: string): Promise<Browser> {
  const { chromium } = installed('playwright-core') as {
    chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
  };
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--js-flags=--expose-gc', '--enable-precise-memory-info'],
  });
}

/** axe-core's source, to be run inside the page. */
export const axePath: string = installed.resolve('axe-core/axe.min.js');
