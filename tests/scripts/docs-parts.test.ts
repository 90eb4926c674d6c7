/** What public values and their options must say (scripts/docs-parts.ts), on a package of one function. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { publicOptions, publicResults } from '../../scripts/docs-options.ts';
import { lacks, optionLacks } from '../../scripts/docs-parts.ts';
import { publicValues, ROOT } from '../../scripts/docs-values.ts';
import { test } from '../support/test.ts';

const VALUE = `/**
 * The angles of a table, in radians.
 * Each is correctly rounded.
 * @param x positions, [n]
 * @param given options
 * @returns float32 [n, dim]
 * @throws ERR_OPTION
 * @see Vaswani et al., arXiv 1706.03762
 * @example
 * someAngles(x, { dim: 4 });
 */
export function someAngles(x: Floats, given: Options & { readonly out?: Tensor }): Tensor {
  const dim = size('dim', given.dim, 0);
  const scale = finite('scale', given.scale, {}, preset?.scale ?? 1);
  return oneOf('order', given.order, ['sin', 'cos'], 'sin');
}
`;
const OPTIONS = `import type { Base } from './base.ts';
export interface Options extends Base {
  /** Columns. */
  readonly dim: number;
  /** Multiplied into every position. Default 1. */
  readonly scale?: number;
  /** Which comes first. Default 'sin'. */
  readonly order?: 'sin' | 'cos';
}
`;
const BASE = `export interface Base {
  /** Time between rows, radians per position. Default: what the model says. */
  readonly dt?: number;
}
`;

/** What is said to be missing in a package of these files: of the value, and of each option. */
function missing(value = VALUE, options = OPTIONS, base = BASE, door = 'rotary'): string[] {
  const root = mkdtempSync(join(tmpdir(), 'posenc-docs-'));
  try {
    mkdirSync(join(root, 'src', door), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(root, 'src', name), text);
    write('index.ts', `export * from './${door}/index.ts';`);
    write(`${door}/index.ts`, "export { someAngles } from './angles.ts';\nexport type { Options } from './angles.ts';");
    write(`${door}/angles.ts`, options + value);
    write(`${door}/base.ts`, base);
    const values = publicValues(root);
    assert.equal(
      values.map(({ name }) => name),
      ['someAngles'],
    );
    const found = publicOptions(values, root);
    return [
      ...values.flatMap(lacks),
      ...found.flatMap((option) => optionLacks(option).map((words) => `${option.name}: ${words}`)),
    ];
  } finally {
    rmSync(root, { recursive: true });
  }
}

const replaced = (text: string, old: string, by: string) => {
  assert.ok(text.includes(old), old);
  return text.replace(old, by);
};

const OUT = 'out: a sentence';

test('an option that is written out in the parameter needs a word of the text around it', () => {
  assert.equal(missing(), [OUT]);
  assert.equal(missing(replaced(VALUE, '@param given options', '@param given options, `out`')), []);
});

test('a public value says every part, and each that is missing is named', () => {
  const parts: [string, string, string][] = [
    [' * The angles of a table, in radians.\n * Each is correctly rounded.\n', '', 'a sentence'],
    ['someAngles(x, { dim: 4 });\n */', '4;\n */', '@example'],
    [' * @param x positions, [n]\n', '', '@param x'],
    ['positions, [n]', 'positions', 'the shape in @param x, such as [rows, dim]'],
    [' * @returns float32 [n, dim]\n', '', '@returns'],
    ['float32 [n, dim]', 'float32', 'the shape in @returns, such as [rows, dim]'],
    [', in radians.', '.', 'the unit, such as radians per position'],
    [' * @throws ERR_OPTION\n', '', '@throws'],
    [' * @see Vaswani et al., arXiv 1706.03762\n', '', '@see (its source)'],
    ['Each is correctly rounded.', 'Each is good.', 'how exact it is'],
  ];
  for (const [old, by, message] of parts) {
    const said = missing(replaced(VALUE, old, by));
    assert.ok(said.includes(message), `${message}: ${said.join('; ')}`);
  }
  const bare = missing(VALUE.slice(VALUE.indexOf('export')));
  assert.equal(bare.length, 10);
});

test('doors without numbers of an encoding need no source and no error bound', () => {
  const bare = VALUE.replace(/ \* @see.*\n/, '').replace('Each is correctly rounded.', '');
  assert.equal(missing(bare, OPTIONS, BASE, 'positions'), [OUT]);
  assert.equal(missing(bare).length, 3);
});

test('an option says what it is, its unit and the default that the code takes', () => {
  const options: [string, string, string][] = [
    ['  /** Columns. */\n', '', 'dim: a sentence'],
    [' Default 1.', '', 'scale: its default, which is 1'],
    ['Default 1.', 'Default 2.', 'scale: its true default: it says 2, the code takes 1'],
    [" Default 'sin'.", '', 'order: its default, which is sin'],
    ["Default 'sin'.", "Default 'cos'.", 'order: its true default: it says cos, the code takes sin'],
  ];
  for (const [old, by, message] of options)
    assert.equal(missing(VALUE, replaced(OPTIONS, old, by)).sort(), [message, OUT].sort());
  assert.equal(missing(VALUE, replaced(OPTIONS, 'Default 1.', 'Default 1.0: nothing.')), [OUT]);
  assert.equal(missing(VALUE, replaced(OPTIONS, 'Default 1.', "Default: the preset's.")), [OUT]);
  // declared in another file, which an interface extends
  const unit = missing(VALUE, OPTIONS, replaced(BASE, ', radians per position', ''));
  assert.equal(unit, ['dt: the unit, such as radians per position', OUT]);
});

test('what a public function returned is not asked for again', () => {
  const taken = replaced(VALUE, 'readonly out?: Tensor', 'readonly form: Form').replace(
    '@param given options',
    '@param given options, `form`',
  );
  const form = `${OPTIONS}export interface Form {\n  readonly a: number;\n}\n`;
  assert.equal(missing(taken, form), ['a: a sentence']);
  assert.equal(missing(taken.replace('}): Tensor {', '}): Form {'), form), []);
});

test('what comes out says what it is, and so does a member of a class', () => {
  const root = mkdtempSync(join(tmpdir(), 'posenc-docs-'));
  try {
    mkdirSync(join(root, 'src', 'rotary'), { recursive: true });
    writeFileSync(join(root, 'src', 'index.ts'), "export * from './rotary/index.ts';");
    writeFileSync(
      join(root, 'src', 'rotary', 'index.ts'),
      `export interface Form {
  /** One. */
  readonly a: number;
  readonly b: number;
  readonly kind: 'form';
}
/** Makes a form, or its \`c\`. */
export function form(): Form | { readonly c: number } {}
/** A table. */
export class Table {
  /** Rows. */
  readonly rows: number;
  readonly columns: number;
  #own = 1;
  private hidden = 2;
  constructor() {}
  extend(length: number): void {}
  [Symbol.dispose](): void {}
}
`,
    );
    const found = publicResults(publicValues(root), root).filter((member) => optionLacks(member).length > 0);
    assert.equal(
      found.map(({ owner, name }) => `${owner}.${name}`),
      ['Form.b', 'form.c', 'Table.columns', 'Table.extend'],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('the package lacks nothing of this', () => {
  const values = publicValues();
  const options = [...publicOptions(values, ROOT), ...publicResults(values, ROOT)];
  assert.ok(values.length > 140 && options.length > 1000, `${values.length} values, ${options.length} options`);
  const incomplete = [
    ...values.map((value) => [value.name, lacks(value)] as const),
    ...options.map((option) => [`${option.name} of ${option.owner}`, optionLacks(option)] as const),
  ];
  assert.equal(
    incomplete.filter(([, words]) => words.length > 0),
    [],
  );
});

test.run();
