import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, resizeRelativeTable } from '../../src/index.ts';
import { resizeRelativeTable as reference } from '../../src/reference/index.ts';
import { fails, noise, worst } from '../absolute/support.ts';

const rowsOf = (h: number, w: number) => (2 * h - 1) * (2 * w - 1);

test('any windows, heads and extra rows equal the reference', () => {
  const side = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(
      fc.tuple(side, side, side, side),
      fc.integer({ min: 1, max: 19 }),
      fc.integer({ min: 0, max: 3 }),
      ([h, w, height, width], heads, extraRows) => {
        const shape = [rowsOf(h, w) + extraRows, heads];
        const table = noise(shape[0] * heads, heads);
        const options = { from: [h, w], to: [height, width], extraRows, shape } as const;
        const got = resizeRelativeTable(table, options);
        assert.equal(got.shape, [rowsOf(height, width) + extraRows, heads]);
        assert.ok(worst(got.data, reference(table, options).data) <= 2e-6);
      },
    ),
    { numRuns: 80 },
  );
});

test('one axis of 0 .. 4 read off at nine places', () => {
  const table = Float32Array.from({ length: 5 }, (_, i) => i);
  const { data } = resizeRelativeTable(table, { shape: [5, 1], from: [1, 3], to: [1, 5] });
  const want = [0, 0, 1 / 3, 1, 2, 3, 11 / 3, 4, 4];
  assert.ok(worst(data, want) < 1e-5, [...data].join(' '));
});

test('the same window gives the bits back; the middle row and the extra rows are kept; a square needs no from', () => {
  const table = noise(rowsOf(3, 3) * 2 + 6, 4);
  const shape = [rowsOf(3, 3) + 3, 2];
  assert.equal(resizeRelativeTable(table, { shape, to: [3, 3], extraRows: 3 }).toFloat32Array(), table);
  const wide = resizeRelativeTable(table, { shape, to: [5, 7], extraRows: 3 }).toFloat32Array();
  assert.equal([...wide.slice(-6)], [...table.slice(-6)]);
  const middle = (rowsOf(5, 7) - 1) / 2;
  assert.equal([...wide.slice(2 * middle, 2 * middle + 2)], [...table.slice(24, 26)], 'distance 0');
});

test('a small scratch arena splits the work without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const table = noise(rowsOf(16, 16) * 40, 3);
  const options = { shape: [rowsOf(16, 16), 40], to: [31, 24] } as const;
  assert.equal(
    resizeRelativeTable(table, { ...options, engine }).toFloat32Array(),
    resizeRelativeTable(table, options).toFloat32Array(),
  );
  engine.dispose();
});

test('bad input is refused by name', () => {
  const table = noise(27, 1);
  fails('ERR_SHAPE', /from: 27 rows .* no square/, () => resizeRelativeTable(table, { shape: [27, 1], to: [3, 3] }));
  fails('ERR_SHAPE', /from: 3 x 5 distances/, () =>
    resizeRelativeTable(table, { shape: [27, 1], from: [2, 3], to: [3, 3] }),
  );
  fails('ERR_SHAPE', /to\[1\]/, () => resizeRelativeTable(table, { shape: [27, 1], to: [3, 0], extraRows: 2 }));
  fails('ERR_SHAPE', /table|shape/, () => resizeRelativeTable(table, { to: [3, 3] }));
});

test.run();
