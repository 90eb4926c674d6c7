/** Entry of the `posenc` command; scripts/build-cli.mjs makes dist/cli.js of it. */
import { readFileSync } from 'node:fs';
import { run } from './program.ts';
import { processShell } from './shell.ts';

// both src/cli and dist are below the package: the nearest package.json upwards is its own
function version(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      return JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')).version;
    } catch {}
  }
  return 'unknown';
}

// the reader of a pipe may leave early (head): that is its right
process.stdout.on('error', () => {});
process.exitCode = await run(process.argv.slice(2), processShell(), version());
