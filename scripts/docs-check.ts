/**
 * npm run docs:check [-- --fill]: what the documentation says is true of the sources.
 *
 * - Every ts and js block of README*.md and docs/*.md is a program of its own: it passes the compiler, runs as printed, and a
 *   comment behind console.log(...) is what it prints (`...` stands for anything). Recipes run in tests/recipes, with their libraries.
 * - Every @example of a public value is such a program too; what it names of the package is imported for it.
 * - Every public value says what it takes, gives and refuses, how exact it is and where it is from; every option what it is and
 *   what holds without it; every member of a result and of a class what it is.
 * - Every relative link leads somewhere, in the published package too.
 * - Numbers about the package itself (sizes, cases, the oldest Node) are what they are now.
 *
 * --fill writes the output behind every console.log(...) that is followed by an empty comment.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { facts, wrongFacts } from './docs-facts.ts';
import { linksOf, strayLists } from './docs-links.ts';
import { publicOptions, publicResults } from './docs-options.ts';
import { lacks, optionLacks } from './docs-parts.ts';
import { blocksOf, examplesOf, failuresOf, type Program } from './docs-programs.ts';
import { publicValues, ROOT } from './docs-values.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = (dir: string) =>
  readdirSync(join(ROOT, dir))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(dir, name));
const failures: string[] = [];

const values = publicValues();
const blocks = ['README.md', 'README.zh-CN.md', ...pages('docs')].flatMap((file) => blocksOf(file, read(file)));
const examples = examplesOf(values);
const wrong = failuresOf([...blocks, ...examples], join(ROOT, 'build', 'docs-check'), process.argv.includes('--fill'));
for (const [{ place }, messages] of wrong) failures.push(`${place}: ${messages.join('\n  ')}`);

// npm on Windows is a batch file, which only a shell runs
const [packed] = JSON.parse(
  execFileSync('npm pack --dry-run --json --silent --ignore-scripts', { cwd: ROOT, encoding: 'utf8', shell: true }),
) as { files: { path: string }[] }[];
const shipped = packed.files.map(({ path }) => path);
// TypeDoc checks the links of its pages itself
const written = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => !file.startsWith('docs/api/'));
let [links, dead] = [0, 0];
for (const file of written) {
  for (const { target, broken } of linksOf(file, ROOT, shipped)) {
    links++;
    if (broken === undefined) continue;
    dead++;
    failures.push(`${file}: ${target} ${broken}`);
  }
  for (const line of strayLists(read(file))) failures.push(`${file}: a paragraph goes on with "${line.slice(0, 40)}"`);
}

let undocumented = 0;
for (const value of values) {
  const missing = lacks(value);
  if (missing.length === 0) continue;
  undocumented++;
  failures.push(`${value.name} (${value.file}): its docstring lacks ${missing.join(', ')}`);
}
const options = publicOptions(values, ROOT);
const results = publicResults(values, ROOT);
let unsaid = 0;
for (const option of [...options, ...results]) {
  const missing = optionLacks(option);
  if (missing.length === 0) continue;
  unsaid++;
  failures.push(
    `${option.name} of ${option.owner} (${option.file}:${option.line}): its docstring lacks ${missing.join(', ')}`,
  );
}

const known = facts();
failures.push(...wrongFacts(known, read));

for (const failure of failures) console.log(failure);
const good = (list: readonly Program[]) => list.filter((program) => !wrong.has(program)).length;
console.log(`blocks ${good(blocks)} of ${blocks.length}`);
console.log(`examples ${good(examples)} of ${examples.length}`);
console.log(
  `public values ${values.length}, ${undocumented} undocumented; their options ${options.length} and what they return ${results.length}, ${unsaid} undocumented`,
);
console.log(`links ${links}, ${dead} dead; numbers about the package ${known.length}`);
const checks = [blocks, examples, values, options, results, known].reduce((sum, list) => sum + list.length, links);
console.log(`${checks - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
