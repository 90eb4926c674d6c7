/** The built site on loopback, under a path of its own as GitHub Pages has it: for pictures and tests. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { SITE } from './site.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.png': 'image/png',
  '.xml': 'application/xml',
};
export const ROOT = '/posenc/';

export function serveSite(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '').split('?')[0]));
    let file = path.startsWith(ROOT) ? join(SITE, path.slice(ROOT.length)) : '';
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    const found = file !== '' && existsSync(file);
    const answer = found ? file : join(SITE, '404.html');
    response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(answer)] ?? 'application/octet-stream' });
    response.end(readFileSync(answer));
  });
  // nobody waits for a server: a failed test must not keep the process
  server.unref();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${ROOT}`,
        close: () => server.close(),
      }),
    ),
  );
}
