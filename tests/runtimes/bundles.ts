/** The suite, bundled once for each way a runtime takes code. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
export const built = join(here, 'installed', 'node_modules', '.built');

/** jsc has no TextDecoder, which the loader makes at its top level and posenc never uses, and no console. */
const STUBS = `
globalThis.TextDecoder ??= class { decode() { throw new Error('not used'); } };
globalThis.console ??= { log: print, error: print, warn: print };
`;

export async function bundle(): Promise<void> {
  mkdirSync(built, { recursive: true });
  const common: BuildOptions = {
    entryPoints: [join(here, 'entry.ts')],
    bundle: true,
    logLevel: 'warning',
    target: 'es2022',
    absWorkingDir: join(here, '..', '..'),
  };
  await build({ ...common, format: 'esm', outfile: join(built, 'suite.mjs') });
  await build({
    ...common,
    entryPoints: [join(here, 'page.ts')],
    format: 'esm',
    outfile: join(built, 'page.mjs'),
  });
  await build({
    ...common,
    format: 'iife',
    globalName: 'posencSuite',
    banner: { js: STUBS },
    outfile: join(built, 'suite.js'),
  });
  await build({
    ...common,
    format: 'esm',
    conditions: ['workerd'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    outfile: join(built, 'worker', 'suite.mjs'),
  });
}
