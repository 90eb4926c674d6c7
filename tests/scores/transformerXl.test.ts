/** Transformer-XL: the R table, scores with and without memory, both masks, the learned form. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { sinusoidal, Tensor, transformerXlScores, transformerXlTable } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, promises, random, same, tight } from './content.ts';

test('table: positions descend, clampLen bounds them', () => {
  for (const options of [
    { keyLength: 7, dim: 8 },
    { keyLength: 9, dim: 6, clampLen: 4 },
    { keyLength: 3, dim: 6, clampLen: 20 },
    { keyLength: 5, dim: 4, precision: 'torch' as const },
    { keyLength: 5000, dim: 4, clampLen: -1 },
  ]) {
    close(transformerXlTable(options), reference.transformerXlTable(options), JSON.stringify(options));
  }
  const far = { keyLength: 3000, dim: 64, precision: 'torch' } as const;
  const want = reference.transformerXlTable(far).data;
  transformerXlTable(far).data.forEach((got, i) => {
    assert.ok(Math.abs(got - want[i]) <= 6e-8, `${i}: ${got}, ${want[i]}`);
  });
  const rows = sinusoidal({ positions: [4, 3, 2, 1, 0], dim: 6, arrangement: 'concat' });
  same(transformerXlTable({ keyLength: 5, dim: 6 }), rows.data, 'the rows of the sinusoidal table');
  assert.is(transformerXlTable({ keyLength: 0, dim: 6 }).length, 0);
});

test('scores: memory or none, biases or none', () => {
  for (const [B, H, q, k, d] of [
    [2, 3, 5, 5, 6],
    [1, 2, 4, 11, 3],
    [1, 1, 70, 139, 8],
  ]) {
    const [x, y, r] = [random([B, H, q, d], 1), random([B, H, k, d], 2), random([H, k, d], 3)];
    const [u, v] = [random([H, d], 4), random([H, d], 5)];
    for (const how of [{}, { u }, { u, v }, { u, v, sameLength: true }, { v, content: false, causal: false }]) {
      promises(
        `${q} of ${k}, ${Object.keys(how)}`,
        q,
        (o) => transformerXlScores(x, y, r, { ...how, ...o }),
        (o) => reference.transformerXlScores(x, y, r, { ...how, ...o }),
      );
    }
  }
});

test("sameLength: every query sees as many keys, and the mask is the reference's tril", () => {
  const [q, k, r] = [random([1, 1, 4, 2], 1), random([1, 1, 7, 2], 2), random([1, 7, 2], 3)];
  const masked = (o: object) => [...transformerXlScores(q, k, r, { sameLength: true, ...o }).data].map(Number.isFinite);
  for (const memLength of [undefined, 3, 5, 20, 1]) {
    // kimiyoung/transformer-xl: triu(1 + mlen) + tril(-shift), shift = qlen - max(klen - mem_len, 0)
    const shift = 4 - Math.max(7 - (memLength ?? 3), 0);
    const want = Array.from({ length: 28 }, (_, n) => {
      const [i, j] = [Math.floor(n / 7), n % 7];
      return !(j >= i + 1 + 3 || j <= i - shift);
    });
    assert.equal(masked(memLength === undefined ? {} : { memLength }), want, `memLength ${memLength}`);
  }
  assert.throws(() => transformerXlScores(q, k, r, { memLength: 3 }), /memLength/);
});

test('the learned form: more rows than keys, fewer, clamped', () => {
  const sizes = fc.record({
    q: fc.integer({ min: 1, max: 40 }),
    memory: fc.nat(20),
    rows: fc.integer({ min: 1, max: 70 }),
    clampLen: fc.integer({ min: -1, max: 30 }),
    bias: fc.boolean(),
  });
  fc.assert(
    fc.property(sizes, ({ q, memory, rows, clampLen, bias }) => {
      const [x, y] = [random([2, 2, q, 3], 1), random([2, 2, q + memory, 3], 2)];
      const [r, u] = [random([rows, 2, 3], 3), random([2, 3], 4)];
      const options = { learned: true, u, clampLen, ...(bias ? { rBias: random([rows, 2], 5) } : {}) };
      const got = transformerXlScores(x, y, r, options);
      close(got, reference.transformerXlScores(x, y, r, options));
      got.dispose();
    }),
    { numRuns: 60 },
  );
  const [x, y, r] = [random([1, 2, 35, 3], 1), random([1, 2, 700, 3], 2), random([600, 2, 3], 3)];
  const options = { learned: true, rBias: random([600, 2], 5), v: random([2, 3], 6) };
  promises(
    '35 of 700',
    35,
    (o) => transformerXlScores(x, y, r, { ...options, ...o }),
    (o) => reference.transformerXlScores(x, y, r, { ...options, ...o }),
  );
});

test('long memories are cut to fit the smallest arena', () => {
  const [x, y, r] = [random([1, 1, 33, 4], 1), random([1, 1, 5000, 4], 2), random([1, 5000, 4], 3)];
  const how = { u: random([1, 4], 4), v: random([1, 4], 5) };
  const whole = transformerXlScores(x, y, r, how);
  close(whole, reference.transformerXlScores(x, y, r, how));
  same(transformerXlScores(x, y, r, { ...how, engine: tight }), whole.data, '64 KiB arena');
});

test('with Tensors and out nothing is allocated', () => {
  const tensor = (shape: number[], seed: number) => Tensor.from(random(shape, seed).data, shape, { engine: tight });
  const [q, k, r, u] = [tensor([1, 2, 8, 4], 1), tensor([1, 2, 9, 4], 2), tensor([2, 9, 4], 3), tensor([2, 4], 4)];
  const out = tensor([1, 2, 8, 9], 5);
  const table = tensor([9, 8], 6);
  allocatesNothing(tight, () => {
    transformerXlScores(q, k, r, { u, v: u, out, sameLength: true });
    transformerXlTable({ keyLength: 9, dim: 8, out: table });
  });
});

test('what is wrong is named', () => {
  const [q, k, r] = [random([1, 2, 3, 4], 1), random([1, 2, 5, 4], 2), random([2, 5, 4], 3)];
  assert.throws(() => transformerXlScores(k, q, r), /k: .*at least the 5/);
  assert.throws(() => transformerXlScores(q, k, random([2, 4, 4], 1)), /r: expected \[2, 5, 4\]/);
  assert.throws(() => transformerXlScores(q, k, r, { u: random([4], 1) }), /u: expected \[2, 4\]/);
  assert.throws(() => transformerXlScores(q, k, r, { clampLen: 3 }), /clampLen: only for learned/);
  assert.throws(() => transformerXlScores(q, k, r, { queryOffset: 3 } as never), /queryOffset/);
  assert.throws(() => transformerXlTable({ keyLength: 4, dim: 5 }), /dim/);
});

test.run();
