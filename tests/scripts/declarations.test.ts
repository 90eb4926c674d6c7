/** What is made of the package's declarations (scripts/declarations.ts). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widened } from '../../scripts/declarations.ts';

const rewritten = (text: string) => widened(text).text;

test('an optional member takes undefined, whatever its type', () => {
  assert.is(
    rewritten(
      'export interface A {\n    readonly a?: number;\n    b: string;\n    c?: (x: number) => void;\n    d?: number | undefined;\n    e?: 1 | 2;\n}\n',
    ),
    'export interface A {\n    readonly a?: number | undefined;\n    b: string;\n    c?: ((x: number) => void) | undefined;\n    d?: number | undefined;\n    e?: 1 | 2 | undefined;\n}\n',
  );
});

test('members inside members, and in the parameters of functions and classes', () => {
  assert.is(
    rewritten(
      'export declare function f(x: {\n    y?: {\n        z?: 1;\n    };\n}, w?: number): void;\nexport declare class C {\n    y?: 2;\n}\n',
    ),
    'export declare function f(x: {\n    y?: {\n        z?: 1 | undefined;\n    } | undefined;\n}, w?: number): void;\nexport declare class C {\n    y?: 2 | undefined;\n}\n',
  );
});

test('typed arrays lose the parameter that came with TypeScript 5.7, not what it says', () => {
  assert.is(
    rewritten('export type A = Float32Array<ArrayBuffer> | Float32Array | Map<string, BigInt64Array<ArrayBuffer>>;\n'),
    'export type A = ReturnType<typeof Float32Array.of> | Float32Array | Map<string, ReturnType<typeof BigInt64Array.of>>;\n',
  );
  assert.is(
    rewritten('export interface A {\n    b?: ArrayBufferView<ArrayBuffer>;\n}\n'),
    'export interface A {\n    b?: (ArrayBufferView & { readonly buffer: ArrayBuffer }) | undefined;\n}\n',
  );
});

test('imports are named, of whatever form', () => {
  const { imports } = widened(
    "import type { A } from './a.ts';\nexport * from '../b.ts';\nexport { C } from './c.ts';\nexport type D = import('./d.ts').D;\nimport 'e';\n",
  );
  assert.equal([...imports].sort(), ['../b.ts', './a.ts', './c.ts', './d.ts']);
});

test.run();
