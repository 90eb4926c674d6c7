/** DeBERTa: buckets of both code bases, the index, scores with every choice of terms. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { debertaRelativePositions, debertaScores, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, promises, random, same, tight } from './content.ts';

test('buckets: distances far beyond the limit, all sizes, both code bases', () => {
  const sizes = fc.record({
    positionBuckets: fc.integer({ min: 2, max: 300 }),
    more: fc.integer({ min: 2, max: 500 }),
    variant: fc.constantFrom('microsoft' as const, 'hf' as const),
    form: fc.constantFrom('position' as const, 'index' as const),
    distance: fc.integer({ min: 0, max: 5000 }),
  });
  fc.assert(
    fc.property(sizes, ({ more, distance, ...options }) => {
      const queryPositions = [0, distance, -distance, 2 ** 29];
      const all = { ...options, maxRelativePositions: Math.floor(options.positionBuckets / 2) + more };
      const how = { ...all, queryPositions, keyPositions: [0, 3] };
      assert.equal([...debertaRelativePositions(how).data], [...reference.debertaRelativePositions(how).data]);
    }),
  );
});

test('relative positions: lengths, rows, no buckets', () => {
  for (const options of [
    { queryLength: 4, keyLength: 6 },
    { queryLength: 4, keyLength: 6, queryOffset: 2 },
    { queryLength: 9, rows: [2, 5] as const, positionBuckets: 4, maxRelativePositions: 8 },
    { queryLength: 9, positionBuckets: -1, maxRelativePositions: 3, form: 'index' as const },
    { queryLength: 9, form: 'index' as const, span: 2 },
  ]) {
    const want = reference.debertaRelativePositions(options);
    const got = debertaRelativePositions(options);
    assert.equal([...got.shape], want.shape);
    assert.equal([...got.data], [...want.data], JSON.stringify(options));
  }
});

const TYPES = [undefined, ['c2p'], ['p2c'], ['c2p', 'p2c', 'p2p'], ['p2p'], []] as const;

test('scores: terms, buckets, sizes', () => {
  for (const [B, H, q, k, d, s] of [
    [2, 3, 5, 5, 6, 6],
    [1, 2, 4, 11, 3, 5],
    [1, 2, 11, 4, 3, 12],
    [1, 1, 70, 99, 8, 80],
  ]) {
    const [x, y] = [random([B, H, q, d], 1), random([B, H, k, d], 2)];
    const [posKey, posQuery] = [random([H, 2 * s, d], 3), random([2 * s, d], 4)];
    for (const posAttType of TYPES) {
      for (const buckets of [{}, { positionBuckets: s, maxRelativePositions: 2 * s, variant: 'microsoft' as const }]) {
        if (posAttType?.includes('p2p' as never) && q > s) continue;
        const how = { posKey, posQuery, ...(posAttType ? { posAttType } : {}), ...buckets };
        promises(
          `${q} x ${k}, ${posAttType}, ${Object.keys(buckets)}`,
          q,
          (o) => debertaScores(x, y, { ...how, ...o }),
          (o) => reference.debertaScores(x, y, { ...how, ...o }),
        );
      }
    }
  }
});

test('v1: the whole table and its central rows are the same', () => {
  const [q, k] = [random([1, 2, 5, 4], 1), random([1, 2, 5, 4], 2)];
  const whole = random([2, 20, 4], 3);
  const central = { data: new Float32Array(80), shape: [2, 10, 4] };
  for (let h = 0; h < 2; h++) central.data.set(whole.data.subarray(h * 80 + 20, h * 80 + 60), h * 40);
  const options = (table: typeof whole | typeof central) => ({ posKey: table, posQuery: table });
  same(debertaScores(q, k, options(central)), debertaScores(q, k, options(whole)).data, 'central rows');
});

test('released sizes, cut to fit the smallest arena', () => {
  const [q, k] = [random([1, 1, 600, 4], 1), random([1, 1, 600, 4], 2)];
  for (const variant of ['hf', 'microsoft'] as const) {
    const tables = { posKey: random([1, 512, 4], 3), posQuery: random([1, 512, 4], 4) };
    const how = { ...tables, positionBuckets: 256, maxRelativePositions: 512, variant };
    const whole = debertaScores(q, k, how);
    close(whole, reference.debertaScores(q, k, how), variant);
    same(debertaScores(q, k, { ...how, engine: tight }), whole.data, variant);
  }
});

test('with Tensors and out nothing is allocated', () => {
  const tensor = (shape: number[], seed: number) => Tensor.from(random(shape, seed).data, shape, { engine: tight });
  const [q, k, posKey] = [tensor([1, 2, 8, 4], 1), tensor([1, 2, 9, 4], 2), tensor([2, 16, 4], 3)];
  const out = tensor([1, 2, 8, 9], 5);
  const how = { posKey, posQuery: posKey, out, positionBuckets: 8, maxRelativePositions: 16 };
  allocatesNothing(tight, () => {
    debertaScores(q, k, how);
  });
});

test('what is wrong is named', () => {
  const [q, k, posKey] = [random([1, 2, 3, 4], 1), random([1, 2, 5, 4], 2), random([2, 4, 4], 3)];
  assert.throws(() => debertaScores(q, k, { posKey, posAttType: ['p2c'] }), /posQuery: posAttType p2c/);
  assert.throws(() => debertaScores(q, k, { posKey, posAttType: ['p2x' as never] }), /posAttType\[0\]/);
  assert.throws(() => debertaScores(q, k, { posKey, positionBuckets: 4, maxRelativePositions: 8 }), /posKey: .*8/);
  assert.throws(() => debertaScores(q, k, { posKey, positionBuckets: 2 }), /maxRelativePositions/);
  assert.throws(() => debertaScores(q, k, { posKey, posQuery: random([2, 6, 4], 1) }), /posQuery: .*4/);
  assert.throws(() => debertaScores(q, k, { posKey, posQuery: posKey, posAttType: ['p2p'] }), /2 queries, got 3/);
  assert.throws(() => debertaRelativePositions({ queryLength: 3, span: 4 }), /span/);
});

test.run();
