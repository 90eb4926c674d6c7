/** Every TypeScript program that the playground shows is collected, type-checked and run as printed, against the built package. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { views } from '../../playground/route.ts';
import { program } from '../../playground/snippet.ts';
import { type Control, defaults, type MapPanel, type Params, type View, Workspace } from '../../playground/view.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, 'build', 'snippets');

/** Values of a control that change more than a number. */
function kinds(control: Control): (number | string | boolean)[] {
  if (control.kind === 'choice') return control.options.map(({ value }) => value);
  if (control.kind === 'toggle') return [true, false];
  if (control.kind === 'slider') return control.values ? [control.values[0]] : [control.min];
  return [];
}

/** Programs by the name of their file. */
function collect(): Map<string, string> {
  const found = new Map<string, string>();
  for (const view of views) {
    const start = defaults(view.controls);
    const all: Params[] = [start];
    for (const control of view.controls)
      for (const value of kinds(control)) all.push({ ...start, [control.key]: value });
    const seen = new Set<string>();
    for (const params of all) {
      const code = view.code?.(params);
      assert.ok(code, `${view.id} shows no code`);
      const text = program(code);
      if (seen.has(text)) continue;
      seen.add(text);
      found.set(`${view.id}-${seen.size}`, text);
    }
  }
  return found;
}

test('every program has its import line, type-checks and runs as printed', async () => {
  assert.ok(existsSync(join(root, 'dist', 'index.js')), 'npm run build first: the programs import the package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const programs = collect();
  assert.ok(programs.size > 150, `only ${programs.size} programs`);
  for (const [name, text] of programs) {
    assert.match(text, /^import \{ [\w, ]+ \} from 'posenc';\n/, name);
    writeFileSync(join(folder, `${name}.ts`), text);
  }
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const checked = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
    encoding: 'utf8',
  });
  assert.is(checked.stdout, '');
  assert.is(checked.status, 0, checked.stderr);
  for (const name of programs.keys()) {
    try {
      await import(pathToFileURL(join(folder, `${name}.ts`)).href);
    } catch (error) {
      assert.unreachable(`${name}: ${(error as Error).message}\n${programs.get(name)}`);
    }
  }
  console.log(`\n${programs.size} programs of ${views.length} views ran as printed`);
});

test('the program of a view gives the matrix that the view draws', async () => {
  const result = async (view: View) => {
    const path = join(folder, `${view.id}-result.ts`);
    const text = program(view.code!(defaults(view.controls)));
    writeFileSync(path, `${text}export { result };\n`);
    return (await import(pathToFileURL(path).href)).result;
  };
  for (const id of ['sinusoidal', 'alibi', 'sandwich', 'linear', 'yarn', 'llama3', 'ntk', 'dynamic', 'xpos']) {
    const view = views.find((one) => one.id === id)!;
    const work = new Workspace();
    const drawn = view.compute(defaults(view.controls), work).find((panel): panel is MapPanel => panel.kind === 'map');
    const made = await result(view);
    const { rows, cols, start = 0 } = drawn!;
    assert.equal(
      Array.from(drawn!.data()).slice(start, start + rows * cols),
      Array.from((made.cos ?? made).data as Float32Array).slice(start, start + rows * cols),
      id,
    );
    work.dispose();
  }
});

test.run();
