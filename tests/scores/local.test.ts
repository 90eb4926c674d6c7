/** Local relative scores: one matrix and chunks agree, and both with the reference. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { localRelativeScores, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, promises, random, same, tight } from './content.ts';

test('one matrix: reference, rows, arenas, out, addTo', () => {
  for (const [B, H, q, k, d, contextLeft, contextRight] of [
    [2, 3, 5, 5, 6, 3, 0],
    [1, 2, 4, 11, 3, 1, 2],
    [1, 1, 70, 139, 8, 13, 0],
    [1, 1, 4, 4, 2, 9, 9],
  ]) {
    const [x, y] = [random([B, H, q, d], 1), random([B, H, k, d], 2)];
    const r = random([H, contextLeft + contextRight, d], 3);
    for (const how of [{}, { softcap: 0.75 }, { scale: 0.5, softcap: 2, maskValue: -7 }, { content: false }]) {
      promises(
        `${q} of ${k}, ${contextLeft} ${contextRight}, ${Object.keys(how)}`,
        q,
        (o) => localRelativeScores(x, y, r, { contextLeft, contextRight, ...how, ...o }),
        (o) => reference.localRelativeScores(x, y, r, { contextLeft, contextRight, ...how, ...o }),
      );
    }
  }
});

test('chunks: reference; ranges are slices; every cell is that of the matrix; addTo', () => {
  const sizes = fc.record({
    length: fc.integer({ min: 1, max: 20 }),
    heads: fc.integer({ min: 1, max: 2 }),
    batch: fc.integer({ min: 1, max: 2 }),
    dim: fc.integer({ min: 1, max: 5 }),
    chunkSize: fc.integer({ min: 1, max: 7 }),
    contextLeft: fc.integer({ min: 1, max: 8 }),
    contextRight: fc.integer({ min: 0, max: 3 }),
    softcap: fc.constantFrom(undefined, 0.8),
    content: fc.boolean(),
    cut: fc.tuple(fc.nat(), fc.nat()),
  });
  fc.assert(
    fc.property(sizes, ({ length, heads, batch, dim, cut, ...given }) => {
      const { softcap, ...rest } = given;
      const o = softcap === undefined ? rest : { ...rest, softcap };
      const [q, k] = [random([batch, heads, length, dim], 1), random([batch, heads, length, dim], 2)];
      const r = random([heads, o.contextLeft + o.contextRight, dim], 3);
      const whole = localRelativeScores(q, k, r, o);
      close(whole, reference.localRelativeScores(q, k, r, o), 'reference');
      same(localRelativeScores(q, k, r, { ...o, engine: tight }), whole.data, 'a small arena');
      const { chunkSize: W, ...plain } = o;
      const dense = localRelativeScores(q, k, r, plain);
      const [count, across] = [whole.shape[2], whole.shape[4]];
      for (let m = 0; m < batch * heads; m++) {
        for (let i = 0; i < length; i++) {
          for (let c = 0; c < across; c++) {
            const j = Math.floor(i / W) * W - (o.contextLeft - 1) + c;
            if (j < 0 || j >= length) continue;
            assert.is(whole.data[(m * count * W + i) * across + c], dense.data[(m * length + i) * length + j]);
          }
        }
      }
      const [from, to] = cut.map((n) => n % (count + 1)).sort((a, b) => a - b);
      const part = localRelativeScores(q, k, r, { ...o, chunks: [from, to] });
      const size = W * across;
      const slices = Array.from({ length: batch * heads }, (_, m) => [
        ...whole.data.subarray((m * count + from) * size, (m * count + to) * size),
      ]);
      same(part, slices.flat(), 'chunks');
      const start = random([...whole.shape], 9);
      const added = Tensor.from(start.data, start.shape);
      assert.is(localRelativeScores(q, k, r, { ...o, addTo: added }), added);
      close(added, reference.localRelativeScores(q, k, r, { ...o, addTo: start.data }), 'addTo');
    }),
    { seed: 51, numRuns: 120 },
  );
});

test('Tensors and out: nothing is allocated', () => {
  const [q, k, r] = [random([1, 2, 6, 4], 1), random([1, 2, 6, 4], 2), random([2, 3, 4], 3)].map((x) =>
    Tensor.from(x.data, x.shape),
  );
  const out = Tensor.zeros([1, 2, 2, 4, 6]);
  const options = { contextLeft: 3, softcap: 50, chunkSize: 4, out } as const;
  allocatesNothing(q.engine, () => localRelativeScores(q, k, r, options));
});

test('what is refused', () => {
  const [q, k, r] = [random([1, 1, 4, 3], 1), random([1, 1, 4, 3], 2), random([1, 2, 3], 3)];
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 3 }), /r: expected/);
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 0 }), /contextLeft/);
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 2, softcap: 0 }), /softcap/);
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 2, chunks: [0, 1] }), /chunks/);
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 2, chunkSize: 2, rows: [0, 1] }), /rows/);
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 2, chunkSize: 2, chunks: [0, 3] }), /chunks\[1\]/);
  assert.throws(
    () => localRelativeScores(q, random([1, 1, 5, 3], 2), r, { contextLeft: 2, chunkSize: 2 }),
    /k: chunks need/,
  );
  assert.throws(() => localRelativeScores(q, k, r, { contextLeft: 2, causal: true } as never), /causal/);
});

test.run();
