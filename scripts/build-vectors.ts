/**
 * npm run vectors: makes the package posenc-vectors in build/posenc-vectors from tests/golden. Nothing of it but what a person
 * wrote is in the repository (vectors/): schemas, runners, words. `--golden DIR` takes other records; `--accept` writes the ids
 * and contents of all cases to vectors/ids.txt, which later builds must not lose; `--pages` writes docs/disagreements.md and the flags of
 * docs/conformance.md.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { disagreementsPage, flagsTable, sourcesFile, withPart } from '../vectors/make/pages.ts';
import {
  flagsFile,
  groupFile,
  groupsOf,
  hashOf,
  indexOf,
  makeCases,
  questionsFile,
  schemaFile,
} from '../vectors/make/suite.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes the package to a directory. @returns what index.json says */
export async function buildVectors(out: string, golden = join(root, 'tests/golden')) {
  const home = join(root, 'vectors');
  const { scripts: _, ...manifest } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const version: string = manifest.version;
  const cases = makeCases(golden).map((made) => made.case);
  const groups = groupsOf(cases);
  const index = indexOf(version, groups);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const json = (name: string, value: unknown) => writeFileSync(join(out, name), `${JSON.stringify(value, null, 2)}\n`);
  for (const group of groups)
    writeFileSync(join(out, `${group.name}.json`), groupFile(version, index.fingerprint, group));
  json('index.json', index);
  json('flags.json', flagsFile());
  json('questions.json', questionsFile(cases));
  writeFileSync(join(out, 'SOURCES.md'), sourcesFile(cases));
  // its scripts are those of this repository
  json('package.json', manifest);
  copyFileSync(join(home, 'README.md'), join(out, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
  cpSync(join(home, 'runners'), join(out, 'runners'), { recursive: true });
  mkdirSync(join(out, 'schema'));
  copyFileSync(join(home, 'schema/case.schema.json'), join(out, 'schema/case.schema.json'));
  for (const group of groups) {
    const file = `schema/${group.name}.schema.json`;
    json(file, schemaFile(JSON.parse(readFileSync(join(home, file), 'utf8')), group));
  }
  await build({
    entryPoints: [join(root, 'src/cli/suiteReport.ts')],
    outfile: join(out, 'check.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    banner: { js: '// Compares results with the suite and says what fails and what that usually means.' },
  });
  return { index, cases };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      golden: { type: 'string' },
      accept: { type: 'boolean', default: false },
      pages: { type: 'boolean', default: false },
    },
  });
  const { index, cases } = await buildVectors(values.out ?? join(root, 'build/posenc-vectors'), values.golden);
  if (values.accept) {
    const lines = cases.map((one) => `${one.id} ${hashOf(one)}\n`).sort();
    writeFileSync(join(root, 'vectors/ids.txt'), lines.join(''));
  }
  if (values.pages) {
    writeFileSync(join(root, 'docs/disagreements.md'), disagreementsPage(cases));
    const guide = join(root, 'docs/conformance.md');
    writeFileSync(guide, withPart(readFileSync(guide, 'utf8'), 'flags', flagsTable(cases)));
    execFileSync('npx', ['biome', 'format', '--write', 'docs/disagreements.md', guide], { cwd: root, stdio: 'ignore' });
  }
  console.log(`posenc-vectors ${index.version}: ${index.cases} cases, fingerprint ${index.fingerprint}`);
}
