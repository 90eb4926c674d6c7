/** npm run playground:build: the whole page as one HTML file, build/playground/index.html. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { fingerprint } from '../src/index.ts';

const here = dirname(fileURLToPath(import.meta.url));
export const PAGE = join(here, '..', 'build', 'playground', 'index.html');
/** Bytes after gzip; more is a failure. */
const LIMIT = 300_000;

export async function buildPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(here, 'main.ts'), join(here, 'style.css')],
    outdir: 'out',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    define: { PUBLISHED_FINGERPRINT: JSON.stringify(fingerprint()) },
  });
  const output = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text.trim() ?? '';
  const script = output('.js').replaceAll('</script', '<\\/script');
  const html = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('/*STYLE*/', () => output('.css'))
    .replace('/*SCRIPT*/', () => script);
  const size = gzipSync(html, { level: 9 }).length;
  if (size > LIMIT) throw new Error(`${size} bytes gzip, at most ${LIMIT} are allowed`);
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, html);
  console.log(`build/playground/index.html  ${Buffer.byteLength(html)} B, ${size} B gzip`);
  return html;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage();
