/** npm run playground: builds the page and serves it on loopback; reload builds it again. Port: first argument, 8080. */
import { createServer } from 'node:http';
import { buildPage } from './build.ts';

const port = Number(process.argv[2] ?? 8080);
createServer((request, response) => {
  if (request.url?.split('?')[0] !== '/') {
    response.writeHead(404).end();
    return;
  }
  buildPage().then(
    (html) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html),
    (error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error)),
  );
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
