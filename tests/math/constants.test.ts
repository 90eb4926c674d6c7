/** The constants block: every offset that kernels know has its value, and nothing lies over or between them. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COEFFICIENT_BYTES, writeCoefficients } from '../../src/runtime/coefficients.ts';
import * as constants from '../../src/runtime/constants.ts';

const source = readFileSync(new URL('../../src/runtime/coefficients.ts', import.meta.url), 'utf8');
/** The lines of the block: its values, and the constant that the comment names. */
const lines = [...source.matchAll(/^ {2}(\S.*), \/\/ ([A-Z\d_]+)$/gm)].map(([, values, name]) => ({ values, name }));

const offsets = Object.entries(constants).sort(([, a], [, b]) => a - b);

test('the block holds every constant that a kernel can name, in the order of the offsets', () => {
  assert.equal(
    lines.map(({ name }) => name),
    offsets.map(([name]) => name),
  );
});

test('each constant takes up the bytes until the next one', () => {
  let end = 0;
  lines.forEach(({ values, name }, i) => {
    assert.is(offsets[i][1], end, name);
    const list = /^\.\.\.(\w+)$/.exec(values)?.[1];
    const numbers = list ? (new RegExp(`const ${list} = \\[([^\\]]*)\\]`).exec(source)?.[1] ?? '') : values;
    end += 8 * numbers.split(',').filter((number) => number.trim()).length;
  });
  assert.is(end, COEFFICIENT_BYTES);
});

test('the block is written where it is asked for, and nowhere else', () => {
  const bytes = new Uint8Array(COEFFICIENT_BYTES + 16).fill(0xa5);
  writeCoefficients(bytes.buffer, 8);
  assert.equal([...bytes.subarray(0, 8), ...bytes.subarray(-8)], new Array(16).fill(0xa5));
  const floats = new Float64Array(bytes.buffer, 8);
  assert.is(floats[constants.ONE / 8], 1);
  assert.is(floats[constants.TWO_TO_MINUS_50 / 8], 2 ** -50);
  assert.equal([...new Float32Array(bytes.buffer, 8 + constants.LANE_NUMBERS, 4)], [0, 1, 2, 3]);
});

test.run();
