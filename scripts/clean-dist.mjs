// Before tsc: what an earlier build left in dist would be packed too. The binaries stay: build-wasm.mjs knows whether they are new.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

rmSync('build/package', { recursive: true, force: true });
for (const name of readdirSync('dist')) {
  if (!/^wasm\.(js|d\.ts)$|\.wasm$/.test(name)) rmSync(join('dist', name), { recursive: true });
}
