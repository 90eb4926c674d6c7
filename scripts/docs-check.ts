/**
 * npm run docs:check [-- --fill]: what the documentation says is true of the sources.
 *
 * - Every ts and js block of README*.md and docs/*.md is a program of its own: it passes the compiler, runs as printed, and a
 *   comment behind console.log(...) is what it prints (`...` stands for anything). Recipes run in tests/recipes, with their libraries.
 * - Every @example of a public value is such a program too; what it names of the package is imported for it.
 * - Every public value says what it takes, gives and refuses, how exact it is and where it is from.
 * - Every relative link leads somewhere, in the published package too.
 *
 * --fill writes the output behind every console.log(...) that is followed by an empty comment.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from '@babel/parser';
import { lacks } from './docs-parts.ts';
import { publicValues, ROOT } from './docs-values.ts';

const work = join(ROOT, 'build', 'docs-check');
const pages = (dir: string) =>
  readdirSync(join(ROOT, dir))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(dir, name));

/** A piece of documentation that is a program. */
interface Program {
  /** Where it stands, for a reader: README.md:13, or a value's name. */
  readonly place: string;
  readonly file: string;
  readonly code: string;
}

const blocksOf = (file: string): Program[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```(?:ts|js)\n(.*?)^```$/gms)].map(
    ({ 1: code, index, input }) => ({
      place: `${file}:${input.slice(0, index).split('\n').length + 1}`,
      file,
      code,
    }),
  );

const values = publicValues();
const names = new Set(values.map(({ name }) => name));

/** The names that a program declares itself are not the package's. */
function withImports(code: string): string {
  const own = new Set(
    [...code.matchAll(/\b(?:const|let|using) (?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))/g)].flatMap(([, a, b, c]) =>
      (a ?? b ?? c).split(',').map((part) => part.split(':').pop()!.trim()),
    ),
  );
  const used = new Set(
    code.match(/(?<![.\w'-])[A-Za-z_]\w*(?!\w*['":])/g)?.filter((word) => names.has(word) && !own.has(word)),
  );
  return used.size > 0 ? `import { ${[...used].join(', ')} } from 'posenc';\n${code}` : code;
}

const examples = values.flatMap(({ name, file, doc }): Program[] =>
  doc
    .split(/^@/m)
    .filter((part) => part.startsWith('example'))
    .map((part) => ({ place: name, file, code: withImports(`${part.slice('example'.length).trim()}\n`) })),
);

/** A call of console.log, what is said of it, and where. */
interface Print {
  readonly start: number;
  readonly end: number;
  readonly said: string;
}

/** The calls of console.log with a comment behind them; lines of comment below continue it. */
function prints(code: string): Print[] {
  const { program, comments } = parse(code, {
    sourceType: 'module',
    plugins: ['typescript', 'explicitResourceManagement'] as never[],
  });
  const found: Print[] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    const { type, expression, end } = node as {
      type?: string;
      end: number;
      expression?: { type: string; start: number; callee?: { start: number; end: number } };
    };
    const callee = expression?.callee;
    if (type === 'ExpressionStatement' && callee && code.slice(callee.start, callee.end) === 'console.log') {
      const said: string[] = [];
      let from = end;
      for (const comment of comments ?? []) {
        const between = comment.start! < from ? undefined : code.slice(from, comment.start!);
        if (between === undefined || comment.type !== 'CommentLine') continue;
        if (!(said.length === 0 ? /^ *(\n *)?$/ : /^\n *$/).test(between)) break;
        said.push(comment.value);
        from = comment.end!;
      }
      if (said.length > 0) found.push({ start: callee.start, end: callee.end, said: said.join(' ') });
    }
    for (const [key, value] of Object.entries(node)) if (!key.endsWith('omments')) visit(value);
  };
  visit(program.body);
  return found;
}

const spaced = (text: string) => text.replace(/\s+/g, ' ').trim();
const matches = (said: string, printed: string) => {
  const pattern = spaced(said)
    .split('...')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(spaced(printed));
};

/** What the child reports: for every program what failed, and what each of its marked calls printed. */
interface Ran {
  readonly error?: string;
  readonly printed: Readonly<Record<string, string>>;
}

const blocks = ['README.md', 'README.zh-CN.md', ...pages('docs')].flatMap(blocksOf);
const programs = [...blocks, ...examples];
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const failures = new Map<Program | string, string[]>();
const fail = (at: Program | string, message: string) => failures.set(at, [...(failures.get(at) ?? []), message]);

const marked = programs.map((program, i) => {
  // a module even without imports; its own line numbers stay as they are
  writeFileSync(join(work, `p${i}.ts`), `${program.code}export {};\n`);
  try {
    const calls = prints(program.code);
    const running = calls.reduceRight(
      (code, { start, end }, n) => `${code.slice(0, start)}globalThis.said[${n}]${code.slice(end)}`,
      program.code,
    );
    writeFileSync(join(work, `r${i}.ts`), `${running}export {};\n`);
    return calls;
  } catch (error) {
    fail(program, (error as Error).message);
    return undefined;
  }
});
const paths = { posenc: ['../../src/index.ts'], 'posenc/*': ['../../src/*/index.ts', '../../src/*.ts'] };
writeFileSync(
  join(work, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: { paths, noUnusedLocals: false },
    include: ['p*.ts'],
    exclude: [],
  }),
);
const compiled = spawnSync(
  process.execPath,
  [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', work, '--pretty', 'false'],
  { cwd: work, encoding: 'utf8' },
);
for (const line of compiled.stdout.split('\n')) {
  const [, i, at, message] = /^p(\d+)\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? [];
  if (i) fail(programs[Number(i)], `line ${at}: ${message}`);
  else if (/error TS/.test(line)) fail('compiler', line);
}
writeFileSync(
  join(work, 'run.mjs'),
  `import { format } from 'node:util';
import { writeFileSync } from 'node:fs';
const [name, ...numbers] = process.argv.slice(2);
const ran = {};
console.log = () => {};
for (const i of numbers) {
  const printed = {};
  globalThis.said = new Proxy({}, { get: (_, n) => (...args) => { printed[n] ??= format(...args); } });
  let error;
  await import('./r' + i + '.ts').catch((caught) => { error = String(caught?.stack ?? caught).split('\\n').slice(0, 4).join('\\n'); });
  ran[i] = { error, printed };
}
writeFileSync(new URL(name, import.meta.url), JSON.stringify(ran));
`,
);

/** Runs programs, by number, in one process. */
function run(name: string, numbers: readonly number[]): Record<string, Ran> {
  const child = spawnSync(process.execPath, ['--import', 'tsx', join(work, 'run.mjs'), name, ...numbers.map(String)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, TSX_TSCONFIG_PATH: join(work, 'tsconfig.json') },
  });
  if (child.status !== 0) throw new Error(`the programs did not come to an end: ${child.stderr}`);
  return JSON.parse(readFileSync(join(work, name), 'utf8')) as Record<string, Ran>;
}
const sound = programs.flatMap((_, i) => (marked[i] ? [i] : []));
// init() makes the default engine: it must be the first to ask for it
const first = sound.filter((i) => /\bawait init\(/.test(programs[i].code));
const ran = {
  ...run(
    'ran.json',
    sound.filter((i) => !first.includes(i)),
  ),
  ...Object.assign({}, ...first.map((i) => run(`first${i}.json`, [i]))),
} as Record<string, Ran>;
marked.forEach((calls, i) => {
  if (!calls) return;
  const program = programs[i];
  const { error, printed } = ran[i];
  if (error) fail(program, error);
  calls.forEach(({ said, start }, n) => {
    if (printed[n] === undefined) {
      if (!error) fail(program, `never reaches what prints${said}`);
    } else if (said.trim() === '' && process.argv.includes('--fill')) {
      const statement = program.code.slice(start, program.code.indexOf('//\n', start) + 2);
      const path = join(ROOT, program.file);
      const text = readFileSync(path, 'utf8');
      const star = program.file.endsWith('.ts') ? statement.replaceAll('\n', '\n * ') : statement;
      writeFileSync(
        path,
        text.replace(`${star}\n`, () => `${star} ${spaced(printed[n])}\n`),
      );
    } else if (!matches(said, printed[n])) fail(program, `says${said}\nprints ${spaced(printed[n])}`);
  });
});

/** Headings as GitHub names them. */
const anchors = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    );
// npm on Windows is a batch file, which only a shell runs
const [packed] = JSON.parse(
  execFileSync('npm pack --dry-run --json --silent --ignore-scripts', { cwd: ROOT, encoding: 'utf8', shell: true }),
) as { files: { path: string }[] }[];
const shipped = new Set(packed.files.map(({ path }) => path));
let [links, dead] = [0, 0];
const written = [
  'README.md',
  'README.zh-CN.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...pages('docs'),
  ...pages('docs/recipes'),
];
// pictures are shown from the repository and weigh more than the code: they are not in the package
for (const file of written) {
  const text = readFileSync(join(ROOT, file), 'utf8')
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '');
  for (const [, target] of text.matchAll(/(?<!!\[[^\]]*)\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    links++;
    const [path, anchor] = target.split('#');
    const to = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path);
    const inside = relative(ROOT, to);
    const broken = !existsSync(to)
      ? 'is not there'
      : !(shipped.has(inside) || [...shipped].some((name) => name.startsWith(`${inside.replace(/\/$/, '')}/`)))
        ? 'is not in the published package'
        : anchor !== undefined && !anchors(to).includes(anchor)
          ? 'has no such heading'
          : undefined;
    if (broken) {
      dead++;
      fail(file, `${target} ${broken}`);
    }
  }
  // a line that begins so by accident of wrapping becomes a list
  for (const line of text.matchAll(/^[^\n|#>-][^\n]*\n([+-] [^\n]*)\n/gm))
    if (!/^\s/.test(line[0])) fail(file, `a paragraph goes on with "${line[1].slice(0, 40)}"`);
}

let undocumented = 0;
for (const value of values) {
  const missing = lacks(value);
  if (missing.length > 0) {
    undocumented++;
    fail(`${value.name} (${value.file})`, `its docstring lacks ${missing.join(', ')}`);
  }
}

for (const [at, messages] of failures)
  console.log(`${typeof at === 'string' ? at : at.place}: ${messages.join('\n  ')}`);
const good = (list: readonly Program[]) => list.filter((program) => !failures.has(program)).length;
const others = [...failures.keys()].filter((key) => typeof key === 'string').length;
console.log(`blocks ${good(blocks)} of ${blocks.length}`);
console.log(`examples ${good(examples)} of ${examples.length}`);
console.log(`public values ${values.length}, ${undocumented} undocumented; links ${links}, ${dead} dead`);
const passed = good(programs) + values.length - undocumented + links - dead;
console.log(`${passed} passed, ${programs.length - good(programs) + others} failed`);
process.exit(failures.size > 0 ? 1 : 0);
