/**
 * Programs of the documentation: the ts and js blocks of a page, the @example of a value. Each passes the compiler, runs as
 * printed in a process that it shares, and prints what its comments say.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';
import { type PublicValue, ROOT } from './docs-values.ts';

/** A piece of documentation that is a program. */
export interface Program {
  /** Where it stands, for a reader: README.md:13, or a value's name. */
  readonly place: string;
  readonly file: string;
  readonly code: string;
}

/** The blocks of a page. */
export const blocksOf = (file: string, text: string): Program[] =>
  [...text.matchAll(/^```(?:ts|js)\n(.*?)^```$/gms)].map(({ 1: code, index, input }) => ({
    place: `${file}:${input.slice(0, index).split('\n').length + 1}`,
    file,
    code,
  }));

/** The names that a program declares itself are not the package's. */
function withImports(code: string, names: ReadonlySet<string>): string {
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

/** The examples of public values; what they name of the package is imported for them. */
export function examplesOf(values: readonly PublicValue[]): Program[] {
  const names = new Set(values.map(({ name }) => name));
  return values.flatMap(({ name, file, doc }) =>
    doc
      .split(/^@/m)
      .filter((part) => part.startsWith('example'))
      .map((part) => ({ place: name, file, code: withImports(`${part.slice('example'.length).trim()}\n`, names) })),
  );
}

/** A call of console.log, what is said of it, and where. */
interface Print {
  readonly start: number;
  readonly end: number;
  readonly said: string;
}

/**
 * The calls of console.log with a comment behind them; lines of comment below continue it. @throws for a value that stands by itself and
 * has a comment that looks like one: it would be believed, and nothing would look.
 */
function prints(code: string): Print[] {
  const { program, comments } = parse(code, {
    sourceType: 'module',
    plugins: ['typescript', 'explicitResourceManagement'] as never[],
  });
  const behind = (end: number): string[] => {
    const said: string[] = [];
    let from = end;
    for (const comment of comments ?? []) {
      const between = comment.start! < from ? undefined : code.slice(from, comment.start!);
      if (between === undefined || comment.type !== 'CommentLine') continue;
      if (!(said.length === 0 ? /^ *(\n *)?$/ : /^\n *$/).test(between)) break;
      said.push(comment.value);
      from = comment.end!;
    }
    return said;
  };
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
      const said = behind(end);
      if (said.length > 0) found.push({ start: callee.start, end: callee.end, said: said.join(' ') });
    } else if (type === 'ExpressionStatement' && /^(Identifier|(Optional)?MemberExpression)$/.test(expression!.type)) {
      const [said] = behind(end);
      if (/^ *['"[{\d-]/.test(said ?? ''))
        throw new Error(
          `nothing holds this to be true; put console.log around it: ${code.slice(expression!.start, end)}`,
        );
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

/**
 * What is wrong with programs, of each that has something; they are written to the folder `work`, two levels below the root.
 * `fill` writes the output behind every console.log(...) that is followed by an empty comment.
 */
export function failuresOf(programs: readonly Program[], work: string, fill = false): Map<Program, string[]> {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const failures = new Map<Program, string[]>();
  const fail = (at: Program, message: string) => failures.set(at, [...(failures.get(at) ?? []), message]);

  const marked = programs.map((program, i) => {
    try {
      const calls = prints(program.code);
      // a module even without imports; its own line numbers stay as they are. One that cannot be read would stop the compiler
      writeFileSync(join(work, `p${i}.ts`), `${program.code}export {};\n`);
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
    else if (/error TS/.test(line)) throw new Error(line);
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
    const child = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(work, 'run.mjs'), name, ...numbers.map(String)],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, TSX_TSCONFIG_PATH: join(work, 'tsconfig.json') },
      },
    );
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
      } else if (said.trim() === '' && fill) {
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

  return failures;
}
