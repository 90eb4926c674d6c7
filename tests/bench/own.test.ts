/** The floors of a kernel's own operations have the operations of the shipped binary. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES } from '../../bench/cases.ts';
import { loopsOf, OWN, ownFloor, ownOf } from '../../bench/floor/own.ts';
import { createEngine } from '../../src/index.ts';

const binary = readFileSync(new URL('../../build/posenc.simd.wasm', import.meta.url));

test('every loop is one of the kernel that makes the row', async () => {
  const loops = await loopsOf(binary);
  for (const { prefix, kernel, operations } of OWN) {
    assert.ok(
      loops(kernel).some((loop) => isDeepStrictEqual(sorted(loop), sorted(operations))),
      `${prefix}: no innermost loop of ${kernel} has ${JSON.stringify(operations)}`,
    );
  }
});

test('every entry is the floor of a row', () => {
  const used = new Set(CASES.map(ownOf));
  for (const own of OWN) assert.ok(used.has(own), own.prefix);
});

test('a loop has the operations it was made of, and writes its bytes and no others', async () => {
  const engine = createEngine();
  const base = engine.memory.buffer.byteLength - 65536;
  for (const own of OWN) {
    const run = await ownFloor(engine, own);
    const bytes = new Uint8Array(engine.memory.buffer, base, 2048);
    new Float32Array(engine.memory.buffer, base, 512).fill(1);
    bytes.fill(0xa5, 1024);
    run(base, 1024, base + 1536);
    assert.ok(bytes.subarray(1024).every((byte) => byte === 0xa5));
    assert.ok(own.inPlace || bytes.subarray(0, 1024).some((byte, i) => byte !== [0, 0, 0x80, 0x3f][i % 4]));
  }
});

function sorted(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}

test.run();
