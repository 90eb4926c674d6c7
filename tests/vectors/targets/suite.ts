/** What the targets share: the suite, and where the code of others lies. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildVectors } from '../../../scripts/build-vectors.ts';
import type { Suite, SuiteCase } from '../../../src/cli/suiteCase.ts';

export const here = fileURLToPath(new URL('.', import.meta.url));
export const modules = join(here, 'installed/node_modules');
export const installed = createRequire(join(here, 'installed', 'package.json'));
export const work = mkdtempSync(join(tmpdir(), 'posenc-targets-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: libraries of others
export type Loose = any;
/** id -> outputs, { error } or { skipped }. */
export type Results = Record<string, unknown>;

export const vectors = join(work, 'vectors');
const { index, cases } = await buildVectors(vectors);
const flags = JSON.parse(readFileSync(join(vectors, 'flags.json'), 'utf8'));
export const suite = { version: index.version, fingerprint: index.fingerprint, cases, flags } as unknown as Suite;
export const casesOf = (op: string): readonly SuiteCase[] => suite.cases.filter((one) => one.op === op);

export const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
export const message = (error: unknown) => String((error as Error).message ?? error).split('\n')[0];
