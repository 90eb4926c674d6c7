// After tsc: nothing the package ships may be missing, and what nobody reads is not shipped: comments and indentation of the
// JavaScript (they stay in the declarations, where editors show them), and declarations no entry leads to.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const files = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(files));
const entries = [...new Set(files([manifest.exports, manifest.imports, manifest.bin ?? {}]))];
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
const shipped = walk('dist');

for (const file of shipped.filter((path) => path.endsWith('.js'))) {
  const source = readFileSync(file, 'utf8');
  const { code } = transformSync(source, { minifyWhitespace: true, legalComments: 'none', target: 'es2022' });
  // a command starts with the line that names its interpreter
  const first = source.startsWith('#!') && !code.startsWith('#!') ? `${source.slice(0, source.indexOf('\n'))}\n` : '';
  writeFileSync(file, first + code);
}

const reached = new Set();
const follow = (file) => {
  if (reached.has(file) || !existsSync(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\(?)\s*['"](\.[^'"]+)['"]/g)) {
    follow(join(dirname(file), path.replace(/\.[jt]s$/, '.d.ts')));
  }
};
for (const entry of entries) follow(join(entry.replace(/\.js$/, '.d.ts')));
for (const file of shipped) if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);

const size = (file) => `${readFileSync(file).length} B, ${gzipSync(readFileSync(file), { level: 9 }).length} B gzip`;
for (const file of ['dist/posenc.simd.wasm', 'dist/wasm/simd.js']) console.log(`${file}  ${size(file)}`);
