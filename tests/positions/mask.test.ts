/** Position ids of text: properties over random masks, and what is refused. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { positionIds } from '../../src/positions/mask.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { test } from '../support/test.ts';

const masks = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 12 })).chain(([rows, columns]) =>
  fc.array(fc.array(fc.constantFrom(0, 1), { minLength: columns, maxLength: columns }), {
    minLength: rows,
    maxLength: rows,
  }),
);

test('kept tokens count up from the offset, masked ones are constant', () => {
  fc.assert(
    fc.property(masks, fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 3 }), (mask, offset, rowOffset) => {
      const { data, shape } = positionIds({ mask, offset, rowOffset, masked: 7 });
      assert.equal(shape, [mask.length, mask[0].length]);
      mask.forEach((row, b) => {
        let seen = 0;
        row.forEach((kept, i) => {
          const got = data[b * row.length + i];
          assert.is(got, (kept ? offset + seen++ : 7) + rowOffset);
        });
      });
    }),
  );
});

test('the last columns are the end of the whole', () => {
  fc.assert(
    fc.property(masks, fc.nat(12), (mask, n) => {
      const columns = mask[0].length;
      const last = Math.min(n, columns);
      const whole = Array.from(positionIds({ mask }).data);
      const part = Array.from(positionIds({ mask, last }).data);
      const want = mask.flatMap((_, row) => whole.slice((row + 1) * columns - last, (row + 1) * columns));
      assert.equal(part, want);
    }),
  );
});

test('packed sequences restart; an offset for each is added', () => {
  const { data, shape } = positionIds({ cuSeqlens: [0, 3, 3, 5] });
  assert.equal(Array.from(data), [0, 1, 2, 0, 1]);
  assert.equal(shape, [5]);
  assert.equal(Array.from(positionIds({ cuSeqlens: [0, 3, 3, 5], offset: [10, 20, 30] }).data), [10, 11, 12, 30, 31]);
  assert.equal(Array.from(positionIds({ cuSeqlens: [0] }).data), []);
});

test('dtypes: the same values, in the array asked for', () => {
  const options = { length: 3, offset: 5 } as const;
  assert.ok(positionIds(options).data instanceof Int32Array);
  assert.ok(positionIds({ ...options, dtype: 'uint32' }).data instanceof Uint32Array);
  const wide = positionIds({ ...options, offset: 2 ** 40, dtype: 'int64' }).data;
  assert.equal(wide, BigInt64Array.of(1099511627776n, 1099511627777n, 1099511627778n));
});

test('int64 holds every position that a number can: negative ones, those beyond 32 bits', () => {
  for (const offset of [
    -(2 ** 52),
    -(2 ** 33) - 1,
    -(2 ** 32),
    -(2 ** 31) - 1,
    -2,
    2 ** 31 - 1,
    2 ** 32 - 1,
    2 ** 40 + 3,
  ]) {
    const { data } = positionIds({ length: 3, offset, dtype: 'int64' });
    assert.equal(Array.from(data), [BigInt(offset), BigInt(offset + 1), BigInt(offset + 2)]);
  }
});

test('mask as tensors of booleans or int64', () => {
  const want = [0, 0, 1];
  assert.equal(Array.from(positionIds({ mask: { data: BigInt64Array.of(0n, 1n, 1n), shape: [1, 3] } }).data), want);
  assert.equal(Array.from(positionIds({ mask: { data: [false, true, true], shape: [3] } }).data), want);
});

test('whatever is a list of numbers is taken: typed arrays, nested arrays, tensors', () => {
  const want = Array.from(positionIds({ mask: [[0, 1, 1]] }).data);
  for (const mask of [
    [0, 1, 1],
    Uint8Array.of(0, 1, 1),
    [[false, true, true]],
    Tensor.from(Int32Array.of(0, 1, 1), [1, 3]),
  ]) {
    assert.equal(Array.from(positionIds({ mask }).data), want);
  }
  assert.equal(
    Array.from(positionIds({ cuSeqlens: BigInt64Array.of(0n, 2n, 3n), offset: Int32Array.of(5, 7) }).data),
    [5, 6, 7],
  );
});

test('refused', () => {
  const refused = (options: object, code: string, about: RegExp): void => {
    assert.throws(
      () => positionIds(options),
      (error: unknown) => error instanceof PosencError && error.code === code && about.test(error.message),
      String(about),
    );
  };
  refused({}, 'ERR_OPTION', /none/);
  refused({ length: 3, mask: [[1]] }, 'ERR_OPTION', /mask, length/);
  refused({ mask: [[2]] }, 'ERR_OPTION', /0, 1, false or true/);
  refused({ mask: [[1], [1, 0]] }, 'ERR_SHAPE', /pad rows to one length/);
  refused({ mask: { data: [1, 1], shape: [3] } }, 'ERR_SHAPE', /mask/);
  refused({ mask: [[1]], offset: [1, 2] }, 'ERR_SHAPE', /offset/);
  refused({ inputIds: [[1]] }, 'ERR_OPTION', /paddingIdx/);
  refused({ cuSeqlens: [1, 2] }, 'ERR_OPTION', /cuSeqlens\[0\]/);
  refused({ cuSeqlens: [0, 3, 2] }, 'ERR_OPTION', /cuSeqlens\[2\]/);
  refused({ length: 2, offset: 2 ** 31 }, 'ERR_POSITION', /int32/);
  refused({ length: 2, offset: -1, dtype: 'uint32' }, 'ERR_POSITION', /uint32/);
  refused({ length: 2, dtype: 'int8' }, 'ERR_OPTION', /dtype/);
  refused({ length: 2, maskd: 1 }, 'ERR_OPTION', /maskd/);
});

test.run();
