/** Real browsers without a driver package: a page on loopback runs the suite and posts its result back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT = 60_000;

const PAGE = `<!doctype html><meta charset="utf-8"><title>posenc</title><script type="module">
import { runAll } from './suite.mjs';
const send = (body) => fetch('./result', { method: 'POST', body: JSON.stringify(body) });
runAll().then(send, (error) => send({ passed: 0, failed: 1, fingerprint: '', errors: [String(error)] }));
</script>`;

export interface Served {
  readonly url: string;
  readonly result: Promise<string>;
  close(): void;
}

/** Serves the page, the given files, and waits for one POST. `policy` is sent as Content-Security-Policy. */
export async function serve(
  files: Record<string, { type: string; body: string | Buffer }>,
  policy?: string,
): Promise<Served> {
  let settle: (body: string) => void = () => {};
  const result = new Promise<string>((resolve, reject) => {
    settle = resolve;
    setTimeout(() => reject(new Error('no result within a minute')), TIMEOUT).unref();
  });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.end();
        settle(Buffer.concat(parts).toString());
      });
      return;
    }
    const file = files[request.url ?? ''];
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': file.type, ...(policy && { 'content-security-policy': policy }) })
      .end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    result,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const suitePage = (suite: string) => ({
  '/': { type: 'text/html', body: PAGE },
  '/suite.mjs': { type: 'text/javascript', body: readFileSync(suite) },
});

function start(command: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(command, args, { detached: true, stdio: 'ignore', env: { ...process.env, ...env } });
}

/** The process and all it started. */
function stop(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** Opens the page and gives what it posted. */
export async function visit(browser: 'chromium' | 'firefox', command: string, page: Served): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'posenc-browser-'));
  const args =
    browser === 'chromium'
      ? [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
          '--remote-debugging-port=0',
          `--user-data-dir=${profile}`,
          page.url,
        ]
      : ['--headless', '--no-remote', '--profile', profile, page.url];
  const child = start(command, args, { HOME: profile });
  try {
    return await page.result;
  } finally {
    stop(child);
    page.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** WebKitGTK's own MiniBrowser through its WebDriver, on a display of its own. */
export async function visitWebKit(driver: string, miniBrowser: string, page: Served): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'posenc-webkit-'));
  const display = `:${90 + (process.pid % 100)}`;
  const xvfb = start('Xvfb', [display, '-screen', '0', '800x600x24'], {});
  const port = 20000 + (process.pid % 10000);
  const webdriver = start(driver, [`--port=${port}`], {
    HOME: home,
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
  });
  const call = async (path: string, body?: unknown, method = 'POST') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return (await response.json()) as { value: { sessionId?: string } };
  };
  try {
    let session: string | undefined;
    for (let attempt = 0; attempt < 30 && !session; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      session = await call('/session', {
        capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] } } },
      }).then(
        ({ value }) => value.sessionId,
        () => undefined,
      );
    }
    if (!session) throw new Error('WebKitWebDriver gave no session');
    void call(`/session/${session}/url`, { url: page.url }).catch(() => {});
    const text = await page.result;
    await call(`/session/${session}`, undefined, 'DELETE').catch(() => {});
    return text;
  } finally {
    stop(webdriver);
    stop(xvfb);
    page.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
