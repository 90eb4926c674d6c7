/** learned.ts and hierarchical.ts. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createEngine,
  hierarchicalPositions,
  learnedPositions,
  learnedPositions2d,
  positionIds,
  Tensor,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { fails, noise, worst } from '../absolute/support.ts';
import { test } from '../support/test.ts';

test('rows are gathered bit for bit, scaled and normalised as the reference does', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 11 })),
      fc.array(fc.nat(8), { maxLength: 12 }),
      fc.boolean(),
      fc.double({ min: -2, max: 2, noNaN: true }),
      (shape, list, l2Normalize, scale) => {
        const table = { data: noise(shape[0] * shape[1], 1), shape };
        const ids = list.map((i) => i % shape[0]);
        const options = { ids, l2Normalize, scale };
        const got = learnedPositions(table.data, { ...options, shape });
        assert.ok(worst(got.data, reference.learnedPositions(table, options).data) <= 6e-7);
        const plain = learnedPositions(table.data, { ids, shape });
        assert.equal(plain.toFloat32Array(), reference.learnedPositions(table, { ids }).data);
      },
    ),
  );
});

const shape = [10, 3];
const table = noise(30, 2);
/** The row numbers that a call used, read back from a table whose rows are their own number. */
function rowsUsed(options: object): number[] {
  const numbered = Float32Array.from({ length: 20 }, (_, i) => i);
  return Array.from(learnedPositions(numbered, { ...options, shape: [20, 1] } as never).data);
}

test('the id rules', () => {
  assert.equal(rowsUsed({ length: 3, offset: 5 }), [5, 6, 7], 'after a cache');
  assert.equal(rowsUsed({ length: 4, sequenceStart: [0, 2] }), [0, 1, 2, 3, 0, 0, 0, 1], 'x-transformers');
  const mask = [
    [0, 0, 1, 1],
    [1, 1, 1, 0],
  ];
  const opt = positionIds({ mask, masked: -1, rowOffset: 2 });
  assert.equal(rowsUsed({ ids: opt }), [1, 1, 2, 3, 2, 3, 4, 1], 'OPT: padding takes row 1');
  const roberta = positionIds({ inputIds: [[7, 8, 1, 1]], paddingIdx: 1 });
  assert.equal(rowsUsed({ ids: roberta }), [2, 3, 1, 1], 'RoBERTa: the first token is in row 2');
  assert.equal(learnedPositions(table, { ids: opt, shape }).shape, [2, 4, 3]);
  assert.equal(rowsUsed({ ids: BigInt64Array.of(3n, 0n) }), [3, 0]);
});

test('beyond the table: an error, or the zero rows of tensor2tensor', () => {
  fails('ERR_POSITION', /length - 1: row 1[0-9]/, () => learnedPositions(table, { length: 3, offset: 8, shape }));
  fails('ERR_POSITION', /ids\[0\]: row -1/, () => learnedPositions(table, { ids: [-1], beyond: 'zero', shape }));
  const out = Tensor.zeros([3, 3]);
  out.data.fill(9);
  const rows = learnedPositions(table, { length: 3, offset: 8, beyond: 'zero', shape, out });
  assert.equal([...rows.data], [...table.slice(24), 0, 0, 0]);
});

test('x-transformers scales by dim^-1/2', () => {
  const big = learnedPositions(noise(16, 1), { length: 1, scale: 'inverse-sqrt-dim', shape: [1, 16] });
  assert.equal([...big.data], [...noise(16, 1).map((v) => v / 4)]);
});

test('bad input is refused by name', () => {
  fails('ERR_OPTION', /either 'ids' or 'length'/, () => learnedPositions(table, { shape }));
  fails('ERR_OPTION', /ids\[0\]: expected an integer/, () => learnedPositions(table, { ids: [0.5], shape }));
  fails('ERR_SHAPE', /neither of them 0/, () => learnedPositions(new Float32Array(0), { length: 1, shape: [4, 0] }));
  fails('ERR_POSITION', /3 x 11 cells/, () =>
    learnedPositions2d(table, table, { height: 3, width: 11, columnShape: shape, rowShape: shape }),
  );
});

test('DETR: [columns | rows], channels first', () => {
  const [columns, rows] = [noise(5 * 2, 3), noise(4 * 3, 4)];
  const got = learnedPositions2d(columns, rows, { height: 4, width: 5, columnShape: [5, 2], rowShape: [4, 3] });
  assert.equal(got.shape, [5, 4, 5]);
  const want = Array.from({ length: 5 * 4 * 5 }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5];
    return channel < 2 ? columns[x * 2 + channel] : rows[y * 3 + channel - 2];
  });
  assert.equal([...got.data], want);
});

test('hierarchical: the reference to n^2 - 1, and the table itself below n', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 9 })),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }).filter((alpha) => alpha !== 0.5),
      (size, alpha) => {
        const learned = { data: noise(size[0] * size[1], 5), shape: size };
        const positions = Int32Array.from({ length: size[0] ** 2 }, (_, i) => i);
        const got = hierarchicalPositions(learned.data, { positions, alpha, shape: size });
        assert.ok(worst(got.data, reference.hierarchicalPositions(learned, { positions, alpha }).data) <= 1e-4);
        assert.equal(got.toFloat32Array().slice(0, learned.data.length), learned.data);
      },
    ),
  );
  const want = reference.hierarchicalPositions({ data: table, shape }, { positions: [57, 99] });
  const got = hierarchicalPositions(table, { positions: [57, 99], shape });
  assert.ok(worst(got.data, want.data) <= 1e-6);
});

test('hierarchical: alpha and positions are checked', () => {
  for (const alpha of [0, 0.5, 1, 1.5, -0.1, Number.NaN]) {
    fails('ERR_OPTION', /alpha/, () => hierarchicalPositions(table, { length: 1, alpha, shape }));
  }
  fails('ERR_POSITION', /positions\[0\]: row 100/, () => hierarchicalPositions(table, { positions: [100], shape }));
});

test('long lists are cut into blocks without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const length = 40000;
  const ids = Int32Array.from({ length }, (_, i) => (i * 7) % 10);
  assert.equal(
    learnedPositions(table, { ids, shape, engine }).toFloat32Array(),
    learnedPositions(table, { ids, shape }).toFloat32Array(),
  );
  engine.dispose();
});

test('int32 ids changed between calls are copied again, and each is checked', () => {
  const plain = Float32Array.from({ length: 30 }, (_, i) => i);
  const table = Tensor.from(plain, [10, 3]);
  const ids = Int32Array.of(2, 3, 4, 5, 6, 7, 8, 9, 9, 0, 1);
  const rows = () => learnedPositions(table, { ids }).toFloat32Array();
  const want = () => Float32Array.from({ length: 3 * ids.length }, (_, i) => 3 * ids[Math.floor(i / 3)] + (i % 3));
  assert.equal(rows(), want());
  ids.set([9, 0, 1, 2, 3, 5, 6, 7, 8, 9, 9]);
  assert.equal(rows(), want());
  for (let bad = 0; bad < ids.length; bad++) {
    for (const id of [10, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const before = ids[bad];
      ids[bad] = id;
      assert.throws(() => rows(), new RegExp(`ids\\[${bad}\\]: row ${id} of a table`));
      ids[bad] = before;
    }
  }
});

test('ids that mostly follow each other, after a longer list of them: every row is its own', () => {
  const rows = 64;
  const table = Tensor.from(
    Float32Array.from({ length: rows * 3 }, (_, i) => i),
    [rows, 3],
  );
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 1, 1, 1, 1, 2), { maxLength: 24 }), (steps) => {
      learnedPositions(table, { ids: all }).dispose();
      let id = 0;
      const ids = Int32Array.from(steps, (step) => (id += step));
      const want = Float32Array.from({ length: 3 * ids.length }, (_, i) => 3 * ids[Math.floor(i / 3)] + (i % 3));
      const got = learnedPositions(table, { ids });
      assert.equal(got.toFloat32Array(), want);
      got.dispose();
    }),
  );
});

test('int32 ids are checked like any others', () => {
  const table = new Float32Array(12);
  for (const ids of [Int32Array.of(0, -1), Int32Array.of(2, 3), Int32Array.of(-2147483648)]) {
    assert.throws(() => learnedPositions(table, { ids, shape: [3, 4] }), /row -?\d+ of a table with rows 0 to 2/);
  }
  assert.equal(learnedPositions(table, { ids: Int32Array.of(2, 0), shape: [3, 4] }).shape, [2, 4]);
});

test.run();
