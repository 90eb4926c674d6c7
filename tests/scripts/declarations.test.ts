/** What is kept of the package's declarations (scripts/declarations.ts). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pruned } from '../../scripts/declarations.ts';

const kept = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(pruned(new Map(Object.entries(files)), ['index.d.ts']));

test('what no entry leads to goes, with its docstring and its imports', () => {
  const { 'a.d.ts': text } = kept({
    'index.d.ts': "export { f } from './a.ts';\n",
    'a.d.ts':
      "import { type Used, unused } from './b.ts';\nimport type { Gone } from './c.ts';\n/** Public. */\nexport declare function f(x: Used): void;\n/** Inner. */\nexport declare function g(x: Gone): void;\n",
    'b.d.ts': 'export type Used = number;\nexport declare const unused: 1;\n',
    'c.d.ts': 'export type Gone = 1;\n',
  });
  assert.is(text, "import { type Used } from './b.ts';\n/** Public. */\nexport declare function f(x: Used): void;\n");
});

test('what a kept statement mentions stays, however far away and however it is declared', () => {
  const files = {
    'index.d.ts':
      "/** The entry. */\nimport { B } from './a.ts';\nexport declare class A extends B {\n    x: number;\n}\n",
    'a.d.ts':
      "import { C } from './b.ts';\n/** B */\nexport declare abstract class B {\n    /** of C */\n    c(): C;\n}\ninterface D {\n    d: 1;\n}\nexport {};\n",
    'b.d.ts': 'type E = {\n    e: 1;\n} | {\n    e: 2;\n};\nexport interface C {\n    e: E;\n}\n',
  };
  const result = kept(files);
  assert.is(result['index.d.ts'], files['index.d.ts']);
  assert.is(result['a.d.ts'], files['a.d.ts'].replace('interface D {\n    d: 1;\n}\n', ''));
  assert.is(result['b.d.ts'], files['b.d.ts']);
});

test('every overload stays', () => {
  const overloads = '/** one */\nexport declare function f(x: 1): 1;\nexport declare function f(x: 2): 2;\n';
  assert.is(kept({ 'index.d.ts': "export { f } from './a.ts';\n", 'a.d.ts': overloads })['a.d.ts'], overloads);
});

test('the head of a file goes, what it refers to stays', () => {
  const { 'a.d.ts': text } = kept({
    'index.d.ts': "export { f } from './a.ts';\n",
    'a.d.ts':
      '/** Where this is specified. */\n/// <reference lib="esnext.disposable" preserve="true" />\n/** Head. */\n/** Doc. */\nexport declare function f(): void;\n',
  });
  assert.is(
    text,
    '/// <reference lib="esnext.disposable" preserve="true" />\n/** Doc. */\nexport declare function f(): void;\n',
  );
});

test('a word in a comment leads nowhere', () => {
  const { 'a.d.ts': text } = kept({
    'index.d.ts': "/** as g does */\nexport { f } from './a.ts';\n",
    'a.d.ts': 'export declare function f(): void;\nexport declare function g(): void;\n',
  });
  assert.is(text, 'export declare function f(): void;\n');
});

test.run();
