/** npm run playground:build: the whole page as one HTML file, build/playground/index.html, which works from disk. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { fingerprint } from '../src/index.ts';

const here = dirname(fileURLToPath(import.meta.url));
export const PAGE = join(here, '..', 'build', 'playground', 'index.html');
/** Bytes after gzip; more is a failure. What a visitor of a page of the site loads (site.ts), and the one file with everything in it. */
export const LIMIT = 260_000;
const WHOLE = 340_000;

/** The kernels, packed before they are written as text: base64 hides from gzip how alike they are. */
const packed: Plugin = {
  name: 'packed kernels',
  setup(given) {
    given.onResolve({ filter: /^#wasm$/ }, () => ({ path: 'wasm', namespace: 'packed' }));
    given.onLoad({ filter: /.*/, namespace: 'packed' }, () => {
      const wasm = readFileSync(join(here, '..', 'dist', 'posenc.simd.wasm'));
      const text = gzipSync(wasm, { level: 9 }).toString('base64');
      return {
        contents: `const bytes = Uint8Array.from(atob('${text}'), (c) => c.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
const wasm = new Uint8Array(await new Response(stream).arrayBuffer());
export const simd = Array.from(wasm, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const heap = '${readFileSync(join(here, '..', 'dist', 'posenc.heap.wasm')).toString('hex')}';`,
      };
    });
  },
};

/** Where a fact was found, and what docs/ says of a rule, is for those who read the code: nothing reads it at run time. */
const withoutSources: Plugin = {
  name: 'records without sources',
  setup(given) {
    given.onLoad({ filter: /(models[\\/]records|rotary[\\/]rules)[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(/^ *source: '[^']*',\n/gm, '')
        .replace(/^ {2}docs: \{\n(?: {4}.*\n)*? {2}\},\n/gm, ''),
      loader: 'ts',
    }));
  },
};

/** Script and style of the page; `split`: what only one page needs is a file of its own. */
export async function bundle(split = false): Promise<{ script: string; style: string; chunks: Map<string, string> }> {
  const { outputFiles } = await build({
    entryPoints: [join(here, 'main.ts'), join(here, 'style.css')],
    outdir: 'out',
    bundle: true,
    splitting: split,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    plugins: [packed, withoutSources],
    define: { PUBLISHED_FINGERPRINT: JSON.stringify(fingerprint()) },
  });
  const output = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text.trim() ?? '';
  const chunks = outputFiles.filter(({ path }) => path.endsWith('.js') && basename(path) !== 'main.js');
  return {
    script: output('main.js'),
    style: output('.css'),
    chunks: new Map(chunks.map(({ path, text }) => [basename(path), text])),
  };
}

export const template = (): string => readFileSync(join(here, 'index.html'), 'utf8');

export async function buildPage(): Promise<string> {
  const { script, style } = await bundle();
  const html = template()
    .replace('/*STYLE*/', () => style)
    .replace('/*SCRIPT*/', () => script.replaceAll('</script', '<\\/script'));
  const size = gzipSync(html, { level: 9 }).length;
  if (size > WHOLE) throw new Error(`${size} bytes gzip, at most ${WHOLE} are allowed`);
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, html);
  console.log(`build/playground/index.html  ${Buffer.byteLength(html)} B, ${size} B gzip`);
  return html;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage();
