/** The embedded text is the binary beside it (scripts/build-wasm.mjs writes both), and survives any quotes. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { heap } from '#wasm/heap';
import { simd } from '#wasm/simd';
import { binaryOf } from '../../src/runtime/engine.ts';

for (const [name, text] of Object.entries({ simd, heap })) {
  test(`${name}: the text decodes to the file`, () => {
    const file = readFileSync(`dist/posenc.${name}.wasm`);
    assert.equal(Buffer.from(binaryOf(text as string)).toString('hex'), file.toString('hex'));
  });
  test(`${name}: no character needs an escape`, () => {
    assert.match(text as string, /^[ !#-&(-[\]-_a-~]+$/);
  });
}

test.run();
