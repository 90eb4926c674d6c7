/** Decomposed relative positions: grids of any two sizes, resized tables, prefix tokens. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { decomposedRelativeScores, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, promises, random } from './content.ts';

const side = fc.integer({ min: 1, max: 9 });

test('scores: reference, rows, arenas, out, addTo', () => {
  const grids = fc.record({
    querySize: fc.tuple(side, side),
    keySize: fc.tuple(side, side),
    prefixTokens: fc.integer({ min: 0, max: 2 }),
    heads: fc.integer({ min: 1, max: 2 }),
    batch: fc.integer({ min: 1, max: 2 }),
    dim: fc.integer({ min: 1, max: 9 }),
    other: fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
    how: fc.constantFrom({}, { content: false }, { scale: 2 }),
  });
  fc.assert(
    fc.property(grids, ({ querySize, keySize, prefixTokens, heads, batch, dim, other, how }) => {
      const q = random([batch, heads, prefixTokens + querySize[0] * querySize[1], dim], 1);
      const k = random([batch, heads, prefixTokens + keySize[0] * keySize[1], dim], 2);
      // 0: a table of the size that is read
      const [h, w] = other.map((n, a) => {
        const rows = n === 0 ? 2 * Math.max(querySize[a], keySize[a]) - 1 : n;
        return random([rows, dim], 3 + a);
      });
      const options = { querySize, keySize, prefixTokens, ...how };
      promises(
        JSON.stringify(options),
        q.shape[2],
        (o) => decomposedRelativeScores(q, k, h, w, { ...options, ...o }),
        (o) => reference.decomposedRelativeScores(q, k, h, w, { ...options, ...o }),
      );
    }),
    { seed: 61, numRuns: 60 },
  );
});

test('long axes and wide heads: tables that do not fit the arena, resized in parts', () => {
  for (const [height, width, rows, dim] of [
    [300, 1, 20, 3],
    [2, 300, 900, 40],
    [1, 1, 5, 3000],
  ]) {
    const tokens = height * width;
    const [q, k] = [random([1, 1, tokens, dim], 1), random([1, 1, tokens, dim], 2)];
    const [h, w] = [random([rows, dim], 3), random([rows, dim], 4)];
    const options = { querySize: [height, width], content: false, rows: [0, Math.min(3, tokens)] } as const;
    const want = reference.decomposedRelativeScores(q, k, h, w, options);
    const got = decomposedRelativeScores(q, k, h, w, options);
    for (let t = 0; t < want.data.length; t++) {
      if (Math.abs(got.data[t] - want.data[t]) > 1e-4) assert.unreachable(`${height} x ${width} [${t}]`);
    }
  }
});

test('the added terms take the query without the scale', () => {
  const [q, k] = [random([1, 1, 6, 4], 1), random([1, 1, 6, 4], 2)];
  const [h, w] = [random([3, 4], 3), random([5, 4], 4)];
  const terms = (scale: number) => decomposedRelativeScores(q, k, h, w, { querySize: [2, 3], scale, content: false });
  assert.equal(terms(7).toFloat32Array(), terms(0.1).toFloat32Array());
});

test('Tensors of the right size and out: nothing is allocated', () => {
  const [q, k, h, w] = [random([1, 2, 6, 4], 1), random([1, 2, 6, 4], 2), random([3, 4], 3), random([5, 4], 4)].map(
    (x) => Tensor.from(x.data, x.shape),
  );
  const out = Tensor.zeros([1, 2, 6, 6]);
  allocatesNothing(q.engine, () => decomposedRelativeScores(q, k, h, w, { querySize: [2, 3], out }));
});

test('what is refused', () => {
  const [q, k] = [random([1, 1, 6, 4], 1), random([1, 1, 4, 4], 2)];
  const table = random([3, 4], 3);
  const call = (o: object) => decomposedRelativeScores(q, k, table, table, o as { querySize: [number, number] });
  assert.throws(() => call({ querySize: [2, 2], keySize: [2, 2] }), /querySize: expected the 6 tokens of q, got 2 x 2/);
  assert.throws(() => call({ querySize: [2, 3] }), /keySize: expected the 4 tokens of k/);
  assert.throws(() => call({ querySize: [2, 3], keySize: [2, 2], causal: true }), /causal/);
  assert.throws(() => call({ querySize: [2, 3], keySize: [2, 2], prefixTokens: 1 }), /1 \+ 2 x 3/);
  assert.throws(
    () => decomposedRelativeScores(q, q, random([3, 5], 1), table, { querySize: [2, 3] }),
    /relPosH: expected \[rows, 4\]/,
  );
  assert.throws(() => decomposedRelativeScores(q, q, random([0, 4], 1), table, { querySize: [2, 3] }), /at least one/);
});

test.run();
