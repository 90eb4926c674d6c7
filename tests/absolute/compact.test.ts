import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compactRelativeTable } from '../../src/index.ts';
import { compactRelativeTable as reference } from '../../src/reference/index.ts';
import { fails, worst } from './support.ts';

test('any width, length and factor equals the reference', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(1, 1.5, 8),
      (half, length, lengthFactor) => {
        const options = { dim: 2 * half, length, lengthFactor };
        const [got, want] = [compactRelativeTable(options), reference(options)];
        assert.equal(got.shape, [2 * length - 1, 2 * half]);
        assert.ok(worst(got.data, want.data) <= 6e-8);
      },
    ),
    { numRuns: 60 },
  );
});

test('a row is a function of its distance: any list is rows of the whole, bit for bit', () => {
  const whole = compactRelativeTable({ dim: 48, length: 700 }).toFloat32Array();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -699, max: 699 }), { maxLength: 20 }), (distances) => {
      const rows = compactRelativeTable({ dim: 48, distances }).toFloat32Array();
      distances.forEach((x, i) => {
        assert.equal(rows.slice(48 * i, 48 * i + 48), whole.slice(48 * (x + 699), 48 * (x + 700)));
      });
    }),
    { numRuns: 30 },
  );
});

test('mirrored distances have the same cosines and opposite sines; the last column is 1', () => {
  const { data } = compactRelativeTable({ dim: 10, distances: [-37, 0, 37, 2.5] });
  for (let k = 0; k < 4; k++) {
    assert.is(data[2 * k], data[20 + 2 * k]);
    assert.is(data[2 * k + 1], -data[20 + 2 * k + 1]);
  }
  assert.equal(Array.from(data.subarray(10, 20)), [1, 0, 1, 0, 1, 0, 1, 0, 1, 1]);
  for (const row of [0, 1, 2, 3]) assert.is(data[10 * row + 9], 1);
});

test('bad input is refused by name', () => {
  fails('ERR_OPTION', /dim: expected an even number, got 7/, () => compactRelativeTable({ dim: 7, length: 3 }));
  fails('ERR_OPTION', /lengthFactor/, () => compactRelativeTable({ dim: 8, length: 3, lengthFactor: 0.5 }));
  fails('ERR_OPTION', /'length'.*'distances'/, () => compactRelativeTable({ dim: 8 }));
  fails('ERR_OPTION', /not both/, () => compactRelativeTable({ dim: 8, length: 3, distances: [1] }));
  fails('ERR_POSITION', /distances\[0\]/, () => compactRelativeTable({ dim: 8, distances: [Number.NaN] }));
});

test.run();
