/** Ids of image and video generators: where text and cells stand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { axialPositions, axialTable } from '../../src/index.ts';

const rows = ({ shape, data }: { shape: readonly number[]; data: Float64Array }) =>
  Array.from({ length: shape[0] }, (_, t) => Array.from(data.subarray(t * shape[1], (t + 1) * shape[1])).join(' '));

test('Flux: text at zero, then the cells; Flux.2 counts the text on its fourth axis', () => {
  const flux = axialPositions({ model: 'flux', grid: [2, 3], textLength: 2 });
  assert.equal(rows(flux), ['0 0 0', '0 0 0', '0 0 0', '0 0 1', '0 0 2', '0 1 0', '0 1 1', '0 1 2']);
  const flux2 = axialPositions({ model: 'flux-2', grid: [1, 2], textLength: 3 });
  assert.equal(rows(flux2), ['0 0 0 0', '0 0 0 1', '0 0 0 2', '0 0 0 0', '0 0 1 0']);
  assert.equal(axialTable({ preset: 'flux-2', headDim: 128 }, { positions: flux2 }).length, 5);
});

test('Qwen-Image: cells from the centre, images one frame after the other, text behind the largest half side', () => {
  const one = axialPositions({ model: 'qwen-image', grid: [1, 3, 2], textLength: 2 });
  assert.equal(rows(one), ['1 1 1', '2 2 2', '0 -2 -1', '0 -2 0', '0 -1 -1', '0 -1 0', '0 0 -1', '0 0 0']);
  const two = axialPositions({
    model: 'qwen-image',
    grid: [
      [1, 1, 1],
      [2, 1, 6],
    ],
    textLength: 1,
  });
  assert.equal(rows(two).slice(0, 3), ['3 3 3', '0 -1 -1', '1 -1 -3']);
  assert.is(rows(two)[13], '2 -1 2');
  const plain = axialPositions({ model: 'qwen-image', grid: [1, 3, 2], textLength: 1, centered: false });
  assert.equal(rows(plain).slice(0, 3), ['3 3 3', '0 0 0', '0 0 1']);
});

test('CogVideoX: points of a crop are no offsets; without one plain indices', () => {
  const crop = axialPositions({
    model: 'cogvideox',
    grid: [1, 2, 2],
    crop: [
      [1, 0],
      [7, 8],
    ],
  });
  assert.equal(rows(crop), ['0 1 0', '0 1 4', '0 3.5 0', '0 3.5 4']);
  const whole = axialPositions({ model: 'cogvideox', grid: [2, 1, 2] });
  assert.equal(rows(whole), ['0 0 0', '0 0 1', '1 0 0', '1 0 1']);
});

test('what has no meaning is refused', () => {
  assert.throws(() => axialPositions({ model: 'wan', grid: [1, 2] } as never), /model: expected one of 'flux'/);
  assert.throws(() => axialPositions({ model: 'flux', grid: [1, 2, 3] }), /grid: expected 2 sides/);
  assert.throws(
    () => axialPositions({ model: 'flux', grid: [1, 2], centered: true } as never),
    /centered: has no effect/,
  );
  assert.throws(
    () => axialPositions({ model: 'cogvideox', grid: [1, 2, 2], textLength: 3 } as never),
    /textLength: has no effect for model 'cogvideox'/,
  );
  assert.throws(() => axialPositions({ model: 'flux', grid: [2 ** 20, 2 ** 20] }), /grid|tokens/);
  assert.throws(() => axialPositions({ model: 'cogvideox', grid: [1, 2, 2], crop: [[1, 2]] }), /crop: expected/);
});

test.run();
