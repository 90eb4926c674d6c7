/** PoPE: against the plain twin, and what makes it polar. Golden: npm run golden. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { applyPope, createEngine, popeTable, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';

const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.fround((((seed % 997) + i * 7919) % 2001) / 100 - 10));

test('queries and keys in both layouts: the numbers of the plain twin', () => {
  fc.assert(
    fc.property(
      fc.record({
        layout: fc.constantFrom('BSHD', 'BHSD'),
        batch: fc.integer({ min: 1, max: 2 }),
        tokens: fc.integer({ min: 1, max: 4 }),
        heads: fc.integer({ min: 1, max: 3 }),
        dim: fc.integer({ min: 1, max: 9 }),
        key: fc.boolean(),
        by: fc.constantFrom('length', 'offset', 'positions'),
        seed: fc.nat(),
      }),
      (c) => {
        const layout = c.layout as 'BSHD' | 'BHSD';
        const shape = layout === 'BSHD' ? [c.batch, c.tokens, c.heads, c.dim] : [c.batch, c.heads, c.tokens, c.dim];
        const x = numbers(c.batch * c.tokens * c.heads * c.dim, c.seed);
        const bias = c.key ? numbers(c.heads * c.dim, c.seed + 1) : undefined;
        const rows =
          c.by === 'positions'
            ? { positions: Array.from({ length: c.tokens }, (_, i) => 50 - 7 * i) }
            : { length: c.tokens, offset: c.by === 'offset' ? 1000 : 0 };
        const table = popeTable({ dim: c.dim, ropeTheta: 500, bias, ...rows });
        const got = applyPope(x, table, { layout, shape });
        const want = reference.pope(x, { layout, shape, ropeTheta: 500, bias, ...rows });
        assert.equal(got.shape, want.shape);
        for (let i = 0; i < want.data.length; i++) {
          const limit = 2 ** -23 * Math.max(1, Math.abs(want.data[i]));
          assert.ok(Math.abs(got.data[i] - want.data[i]) <= limit, `[${i}]: got ${got.data[i]}, want ${want.data[i]}`);
        }
        got.dispose();
        table.dispose();
      },
    ),
    { numRuns: 120 },
  );
});

test('the length of a channel is softplus(x) at every position', () => {
  const x = Float32Array.from([-80, -1, 0, 1, 25, 3]);
  const table = popeTable({ dim: 6, length: 3, offset: 12345 });
  for (const offset of [12345, 12347]) {
    const y = applyPope(x, table, { shape: [1, 1, 1, 6], offset });
    x.forEach((v, i) => {
      const want = v > 20 ? v : Math.log1p(Math.exp(v));
      assert.ok(Math.abs(Math.hypot(y.data[i], y.data[i + 6]) - want) <= 1e-6 * Math.max(want, 1e-30));
    });
  }
});

test('a bias outside [-2 pi, 0] is clamped', () => {
  const of = (bias: number[]) => popeTable({ dim: 2, positions: [3], bias });
  assert.equal(of([5, -7]).cos.data, of([0, -2 * Math.PI]).cos.data);
  assert.equal(of([1, 2]).sin.shape, [1, 1, 2]);
});

test('a given out: no allocation, the same bits', () => {
  const engine = createEngine();
  const table = popeTable({ dim: 64, length: 30, engine });
  const x = Tensor.from(numbers(30 * 2 * 64, 5), [1, 30, 2, 64], { engine });
  const want = applyPope(x, table);
  const out = Tensor.zeros([1, 30, 2, 128], { engine });
  const before = engine.memory.buffer.byteLength;
  assert.is(applyPope(x, table, { out }), out);
  assert.is(engine.memory.buffer.byteLength, before);
  assert.equal(out.toFloat32Array(), want.toFloat32Array());
});

test('what cannot be is said', () => {
  const x = new Float32Array(8);
  const table = popeTable({ dim: 4, length: 2 });
  const options = { shape: [1, 2, 1, 4] };
  assert.throws(() => applyPope(x, popeTable({ dim: 3, length: 2 }), options), /table: has 3 channels, but x has 4/);
  assert.throws(() => applyPope(x, popeTable({ dim: 4, length: 2, bias: numbers(8, 1) }), options), /rows for 2 heads/);
  assert.throws(() => applyPope(x, table, { ...options, offset: 1 }), /leave the table of 2 rows/);
  assert.throws(() => applyPope(x, popeTable({ dim: 4, positions: [1] }), options), /1 rows follow positions/);
  assert.throws(() => popeTable({ dim: 4, length: 2, bias: [1, 2, 3] }), /bias: expected \[heads, 4\]/);
  assert.throws(() => applyPope(x, {} as never, options), /expected what popeTable returns/);
});

test.run();
