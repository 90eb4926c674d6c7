/** NEZHA's table and the scores and values made with it. */
import * as assert from 'uvu/assert';
import { nezhaScores, nezhaTable, nezhaValues, shawScores } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { probabilities, promises, random, same } from './content.ts';

test('table: the sinusoid at the shifted index, correctly rounded, 129 rows by default', () => {
  for (const options of [
    { dim: 16 },
    { dim: 6, maxRelativePosition: 3 },
    { dim: 2, maxRelativePosition: 0 },
    { dim: 64, maxRelativePosition: 200, precision: 'torch' },
  ] as const) {
    const want = reference.nezhaTable(options);
    const got = nezhaTable(options);
    assert.equal([...got.shape], [...want.shape]);
    for (let i = 0; i < want.data.length; i++) {
      assert.ok(Math.abs(got.data[i] - want.data[i]) <= 6e-8, `${i}: ${got.data[i]} and ${want.data[i]}`);
    }
  }
  assert.equal([...nezhaTable({ dim: 8 }).shape], [129, 8]);
  assert.throws(() => nezhaTable({ dim: 7 }), /dim/);
});

test('scores and values', () => {
  const [q, k, v] = [random([2, 2, 37, 8], 1), random([2, 2, 41, 8], 2), random([2, 2, 41, 8], 3)];
  const p = probabilities([2, 2, 37, 41], 4);
  const table = reference.nezhaTable({ dim: 8, maxRelativePosition: 5 });
  promises(
    'scores',
    37,
    (o) => nezhaScores(q, k, table, o),
    (o) => reference.nezhaScores(q, k, table, o),
  );
  promises(
    'values',
    37,
    (o) => nezhaValues(p, v, table, o),
    (o) => reference.nezhaValues(p, v, table, o),
  );
  same(nezhaScores(q, k, table), shawScores(q, k, table).data, 'as Shaw');
  assert.throws(() => nezhaScores(q, k, table, { centre: 1 } as never), /nezhaScores: unknown option 'centre'/);
});

test.run();
