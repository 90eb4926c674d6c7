/** The constants block: every offset that kernels know has its value, and nothing lies over or between them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COEFFICIENT_BYTES, FLOATS, WORDS, writeCoefficients } from '../../src/runtime/coefficients.ts';
import * as constants from '../../src/runtime/constants.ts';

const places = [
  ...FLOATS.map(([offset, ...values]) => [offset, 8 * values.length]),
  ...WORDS.map(([offset]) => [offset, 8]),
  [constants.LANE_NUMBERS, 16],
].sort(([a], [b]) => a - b);

test('the table fills the block without holes and without overlaps', () => {
  let end = 0;
  for (const [offset, bytes] of places) {
    assert.is(offset, end);
    end = offset + bytes;
  }
  assert.is(end, COEFFICIENT_BYTES);
});

test('every constant a kernel can name has a value', () => {
  assert.equal(
    Object.values(constants).sort((a, b) => a - b),
    places.map(([offset]) => offset),
  );
});

test('the block is written where it is asked for, and nowhere else', () => {
  const bytes = new Uint8Array(COEFFICIENT_BYTES + 16).fill(0xa5);
  writeCoefficients(bytes.buffer, 8);
  assert.equal([...bytes.subarray(0, 8), ...bytes.subarray(-8)], new Array(16).fill(0xa5));
  const floats = new Float64Array(bytes.buffer, 8);
  assert.is(floats[constants.ONE / 8], 1);
  assert.is(floats[constants.TWO_TO_MINUS_50 / 8], 2 ** -50);
});

test.run();
