// After tsc: nothing the package ships may be missing, and what nobody reads is not shipped. The modules become minified
// chunks (one file a module takes three times as long to import in Node, and an eighth more to download), and the declarations
// keep what an entry leads to.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { pruned } from './declarations.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const files = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(files));
const entries = [...new Set(files([manifest.exports, manifest.imports, manifest.bin ?? {}]))].map((file) => join(file));
const missing = entries.filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.error(`missing after the build: ${missing.join(', ')}`);
  process.exit(1);
}

const walk = (dir) =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
// the command and the embedded binaries are bundles already
const isModule = (path) => path.endsWith('.js') && path !== join('dist/cli.js') && dirname(path) !== join('dist/wasm');
const modules = walk('dist').filter(isModule);

/**
 * esbuild puts into one chunk the modules that the same entries reach. Bundlers drop whole files more reliably than parts of
 * one, so that who imports one encoder should not get files of others: every directory of encoders is an entry to this end, and
 * every module of config, whose tables of models are large.
 */
const groups = {};
for (const [, path] of readFileSync('dist/index.js', 'utf8').matchAll(/ from '(\..+)'/g)) {
  const wing = dirname(path) === './config' ? path : dirname(path);
  (groups[`group-${wing.replace(/\W/g, '')}`] ??= []).push(path);
}

/**
 * A class of the package, so that its name survives: a Tensor still says that it is one in a console. `static name` makes
 * `instanceof` ten times slower, which calls of a microsecond notice, and esbuild drops the name of a property's class unless
 * the class does something.
 */
function named(_whole, name, head, body) {
  const runs = body.includes('static {');
  const own = body.replaceAll(`${name}.prototype`, 'this.prototype'); // its constant has no value yet
  return runs
    ? `export const ${name} = { ${name}: class${head}${own}} }.${name};`
    : `export class ${name}${head} static name = '${name}';${body}}`;
}

const { outputFiles } = await build({
  entryPoints: [...entries.filter(isModule).map((file) => resolve(file)), ...Object.keys(groups)],
  outbase: 'dist',
  outdir: 'dist',
  write: false,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  plugins: [
    {
      name: 'package',
      setup(builder) {
        builder.onResolve({ filter: /^group-/ }, ({ path }) => ({ path, namespace: 'group' }));
        builder.onLoad({ filter: /./, namespace: 'group' }, ({ path }) => ({
          contents: groups[path].map((file) => `export * from '${file}';`).join('\n'),
          resolveDir: resolve('dist'),
        }));
        // what conditions choose, and what is installed beside the package, stays outside
        builder.onResolve({ filter: /^(#|@assemblyscript\/)|\.wasm(\?module)?$/ }, ({ path }) => ({
          path,
          external: true,
        }));
        builder.onLoad({ filter: /\.js$/, namespace: 'file' }, ({ path }) => ({
          contents: readFileSync(path, 'utf8').replace(/^export class (\w+)(.*\{)$([\s\S]*?)^\}$/gm, named),
        }));
      },
    },
  ],
});
for (const file of modules) rmSync(file);
for (const { path, text } of outputFiles) {
  if (basename(path).startsWith('group-')) continue;
  mkdirSync(dirname(path), { recursive: true });
  // a chunk that is imported only to run runs nothing: the package has no side effects
  writeFileSync(path, text.replaceAll(/import"[^"]+";/g, ''));
}

const typed = entries.filter((file) => file.endsWith('.d.ts'));
const declared = walk('dist').filter((file) => file.endsWith('.d.ts'));
const texts = pruned(new Map(declared.map((file) => [file, readFileSync(file, 'utf8')])), typed);
const reached = new Set();
const follow = (file) => {
  if (reached.has(file) || !texts.has(file)) return;
  reached.add(file);
  for (const [, path] of texts.get(file).matchAll(/(?:from|import\(?)\s*['"](\.[^'"]+)['"]/g)) {
    follow(join(dirname(file), path.replace(/\.[jt]s$/, '.d.ts')));
  }
};
for (const file of typed) follow(file);
for (const [file, text] of texts) {
  if (reached.has(file)) writeFileSync(file, text);
  else rmSync(file);
}

const size = (file) => `${readFileSync(file).length} B, ${gzipSync(readFileSync(file), { level: 9 }).length} B gzip`;
for (const file of ['dist/posenc.simd.wasm', 'dist/wasm/simd.js']) console.log(`${file}  ${size(file)}`);
