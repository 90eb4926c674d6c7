/** What the binaries may contain: read from their sections, so that a data segment or an import cannot slip in. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kernels } from '../src/runtime/kernels.ts';

interface Sections {
  imports: string[];
  exports: string[];
  globals: { mutable: boolean }[];
  hasStart: boolean;
  dataBytes: number;
  dataSegments: number;
}

/** The few sections of the binary format that matter here (WebAssembly core specification, section 5.5). */
function sections(bytes: Uint8Array): Sections {
  const found: Sections = { imports: [], exports: [], globals: [], hasStart: false, dataBytes: 0, dataSegments: 0 };
  let at = 8;
  const u32 = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const name = () => {
    const length = u32();
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const limits = () => {
    const flags = bytes[at++];
    u32();
    if (flags & 1) u32();
  };
  while (at < bytes.length) {
    const id = bytes[at++];
    const end = u32() + at;
    if (id === 2) {
      for (let n = u32(); n > 0; n--) {
        const path = `${name()}.${name()}`;
        const kind = bytes[at++];
        found.imports.push(`${path}:${['function', 'table', 'memory', 'global'][kind]}`);
        if (kind === 0) u32();
        else if (kind === 2) limits();
        else if (kind === 3) at += 2;
        else {
          at++;
          limits();
        }
      }
    } else if (id === 6) {
      for (let n = u32(); n > 0; n--) {
        at++;
        found.globals.push({ mutable: bytes[at++] === 1 });
        while (bytes[at] !== 0x0b) at++; // constant expressions of these modules hold no 0x0b byte
        at++;
      }
    } else if (id === 7) {
      for (let n = u32(); n > 0; n--) {
        found.exports.push(name());
        at++;
        u32();
      }
    } else if (id === 8) {
      found.hasStart = true;
    } else if (id === 11) {
      found.dataSegments = u32();
      found.dataBytes = end - at;
    }
    at = end;
  }
  return found;
}

const read = (name: string) => new Uint8Array(readFileSync(new URL(`../build/posenc.${name}.wasm`, import.meta.url)));
/** Name and number of parameters of every kernel in the generated types. */
const typed = new Map(
  [
    ...readFileSync(new URL('../src/runtime/kernels.ts', import.meta.url), 'utf8').matchAll(
      /^ {2}readonly (\w+): \(\n([^)]*)\n {2}\) => \w+;$/gm,
    ),
  ].map(([, name, parameters]) => [name, parameters.split(',').length]),
);
const kernels = [...typed.keys()].sort();

test('simd: imports memory alone, no data, no start function, no mutable global, exports the kernels alone', () => {
  const simd = sections(read('simd'));
  assert.equal(simd.imports, ['env.memory:memory']);
  assert.is(simd.dataSegments, 0);
  assert.not(simd.hasStart);
  assert.is(simd.globals.filter((g) => g.mutable).length, 0);
  assert.equal(simd.exports.sort(), kernels);
});

test('heap: imports memory alone, exports the runtime alone and holds at most 128 bytes of data', () => {
  const heap = sections(read('heap'));
  assert.equal(heap.imports, ['env.memory:memory']);
  assert.ok(heap.dataBytes <= 128, `${heap.dataBytes} bytes of data`);
  const runtime = ['Float32ArrayId', '__collect', '__new', '__pin', '__rtti_base', '__unpin', 'memory'];
  assert.equal(heap.exports.sort(), runtime);
});

for (const name of ['simd', 'debug']) {
  test(`${name}: every kernel has the number of parameters its type says`, () => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    const module = new WebAssembly.Module(read(name));
    const { exports } = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } });
    for (const [kernel, arity] of typed) {
      assert.is((exports[kernel] as (...parameters: number[]) => void).length, arity, kernel);
    }
  });
}

/** Never called: each line is an error of types unless the compiler knows the parameters of the kernels. */
export function wrongCalls(kernels: Kernels): void {
  // @ts-expect-error: a parameter is missing
  kernels.copyRows(0, 16, 0, 16, 1, 4);
  // @ts-expect-error: one too many
  kernels.scaleFloats(0, 4, 1, 1);
  // @ts-expect-error: a boolean where a pointer belongs
  kernels.scaleFloats(true, 4, 1);
  // @ts-expect-error: a number where a boolean belongs
  kernels.axisAngles(0, 1, 2, 0, 1, 1, 0);
  // @ts-expect-error: a result that is none
  kernels.scaleFloats(0, 4, 1).toFixed();
  // @ts-expect-error: no such kernel
  kernels.scaleDoubles(0, 4, 1);
}

test('the section reader sees what it looks for', () => {
  // (module (memory 1) (global (mut i32) (i32.const 0)) (data (i32.const 0) "ab") (func) (start 0))
  const planted = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 6, 6, 1, 127, 1, 65, 0, 11, 8, 1, 0, 10,
    4, 1, 2, 0, 11, 11, 8, 1, 0, 65, 0, 11, 2, 97, 98,
  ]);
  assert.ok(WebAssembly.validate(planted));
  const found = sections(planted);
  assert.ok(found.hasStart);
  assert.is(found.dataSegments, 1);
  assert.equal(found.globals, [{ mutable: true }]);
});

test.run();
