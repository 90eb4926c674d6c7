/** Rows of a fixed table for other grids: against a count of table cells, over random grids and batches. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { coarseGridIds } from '../../src/positions/coarseGridIds.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { test } from '../support/test.ts';

const sides = fc.integer({ min: 1, max: 80 });
const grids = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));

test('a patch takes the last table cell that starts at or before it', () => {
  fc.assert(
    fc.property(sides, grids, (side, [h, w]) => {
      const { data, shape } = coarseGridIds({ patchesPerSide: side, grid: [h, w] });
      assert.equal(shape, [h * w]);
      // integers only: cell k starts at k / side, patch i at i / n
      const cell = (i: number, n: number) => {
        let k = 0;
        while (k + 1 < side && (k + 1) * n <= i * side) k++;
        return k;
      };
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) assert.is(data[y * w + x], cell(y, h) * side + cell(x, w));
      }
    }),
  );
});

test('a grid of the size of the table is the table; a batch is its images in the corner', () => {
  const whole = coarseGridIds({ patchesPerSide: 5, grid: [5, 5], dtype: 'int64' }).data;
  assert.equal(
    whole,
    BigInt64Array.from({ length: 25 }, (_, i) => BigInt(i)),
  );
  fc.assert(
    fc.property(sides, fc.array(grids, { minLength: 1, maxLength: 3 }), (side, images) => {
      const [H, W] = [0, 1].map((axis) => Math.max(...images.map((grid) => grid[axis])) + 1);
      const mask = Uint8Array.from({ length: images.length * H * W }, (_, i) => {
        const [h, w] = images[Math.floor(i / (H * W))];
        return Math.floor(i / W) % H < h && i % W < w ? 1 : 0;
      });
      const { data, shape } = coarseGridIds({
        patchesPerSide: side,
        mask: { data: mask, shape: [images.length, H, W] },
      });
      assert.equal(shape, [images.length, H * W]);
      images.forEach(([h, w], b) => {
        const alone = coarseGridIds({ patchesPerSide: side, grid: [h, w] }).data;
        for (let i = 0; i < H * W; i++) {
          const [y, x] = [Math.floor(i / W), i % W];
          assert.is(data[b * H * W + i], y < h && x < w ? alone[y * w + x] : 0);
        }
      });
    }),
  );
});

test('refused', () => {
  const refused = (options: object, code: string, about: RegExp): void => {
    assert.throws(
      () => coarseGridIds(options as { patchesPerSide: number }),
      (error: unknown) => error instanceof PosencError && error.code === code && about.test(error.message),
      String(about),
    );
  };
  refused({ patchesPerSide: 3 }, 'ERR_OPTION', /grid or mask/);
  refused({ patchesPerSide: 0, grid: [1, 1] }, 'ERR_SHAPE', /patchesPerSide/);
  refused({ patchesPerSide: 3, grid: [1] }, 'ERR_SHAPE', /grid/);
  refused({ patchesPerSide: 3, grid: [0, 2] }, 'ERR_OPTION', /grid\[0\]/);
  refused({ patchesPerSide: 3, mask: { data: [1, 0, 1, 1], shape: [1, 2, 2] } }, 'ERR_SHAPE', /row 1, column 1 is 1/);
  refused({ patchesPerSide: 3, mask: { data: [1, 1, 1, 0], shape: [1, 2, 2] } }, 'ERR_SHAPE', /row 1, column 1 is 0/);
  refused({ patchesPerSide: 3, mask: { data: [1, 1], shape: [1, 2] } }, 'ERR_SHAPE', /\[B, H, W\]/);
  refused({ patchesPerSide: 3, mask: { data: [1, 2], shape: [1, 1, 2] } }, 'ERR_OPTION', /0, 1, false or true/);
});

test.run();
