// After tsc: nothing the package ships may be missing, and sizes are printed.
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const files = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(files));
const missing = files([manifest.exports, manifest.imports, manifest.bin ?? {}]).filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.error(`missing after the build: ${[...new Set(missing)].join(', ')}`);
  process.exit(1);
}
const size = (file) => `${readFileSync(file).length} B, ${gzipSync(readFileSync(file), { level: 9 }).length} B gzip`;
for (const file of ['dist/posenc.simd.wasm', 'dist/wasm/simd.js']) console.log(`${file}  ${size(file)}`);
