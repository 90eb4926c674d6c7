/** posenc fingerprint: the hash that is equal on every runtime and machine. */
import { Command } from 'commander';
import { fingerprint } from '../index.ts';
import { toJson } from './explain.ts';
import { example } from './options.ts';
import type { Shell } from './shell.ts';

export function fingerprintCommand(shell: Shell): Command {
  return new Command('fingerprint')
    .description('a hash over a fixed battery of outputs; equal on every machine')
    .option('--json', 'as JSON')
    .addHelpText('after', example('posenc fingerprint'))
    .action(async ({ json }: { json?: boolean }) => {
      const hash = fingerprint();
      await shell.write(json ? toJson({ fingerprint: hash }) : `${hash}\n`);
    });
}
