/** A shell that keeps what a command writes, and files that go away again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';
import type { Shell } from '../../src/cli/shell.ts';

export interface Result {
  readonly code: number;
  /** Standard output as text. */
  readonly out: string;
  readonly bytes: Buffer;
  /** Standard error. */
  readonly err: string;
}

export async function posenc(
  line: readonly string[],
  given: Partial<Shell> & { input?: string | Buffer } = {},
): Promise<Result> {
  const chunks: Buffer[] = [];
  let err = '';
  const { input = '', ...rest } = given;
  const shell: Shell = {
    // copied: the buffer is the command's own again once this returns
    write: async (chunk) => void chunks.push(Buffer.from(chunk as string)),
    note: (text) => {
      err += text;
    },
    async *readInput() {
      yield Buffer.from(input as string);
    },
    columns: undefined,
    interactive: false,
    colour: false,
    exitCode: 0,
    ...rest,
  };
  const code = await run(line, shell, '1.2.3');
  const bytes = Buffer.concat(chunks);
  return { code, out: bytes.toString(), bytes, err };
}

export const directory = mkdtempSync(join(tmpdir(), 'posenc-cli-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
export const file = (name: string): string => join(directory, name);

export const config = (name: string): string =>
  new URL(`../../examples/configs/${name}.json`, import.meta.url).pathname;
