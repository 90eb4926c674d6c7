/** The dense algebra against plain loops in the documented order, bit for bit, and blocks against the whole. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, kernelsOf } from '../../src/kernels.ts';
import * as reference from '../../src/reference/math.ts';
import { UNARY } from '../../src/runtime/operations.ts';
import { random } from '../accuracy/random.ts';
import { test } from '../support/test.ts';

const engine = createEngine();
const { kernels, coefficients: k } = kernelsOf(engine);
const f = Math.fround;
const MARK = 12345;

/** Matrices laid out one after the other in the arena, every row followed by `pad` marked floats, all by a marked row. */
class Arena {
  private next = engine.scratch();
  matrix(rows: number, columns: number, pad: number, value: (r: number, c: number) => number) {
    const pointer = this.next;
    const stride = 4 * (columns + pad);
    this.next += Math.ceil(((rows + 1) * stride) / 16) * 16;
    const at = (r: number) => (pointer + r * stride) / 4;
    engine.f32.fill(MARK, at(rows), at(rows + 1));
    for (let r = 0; r < rows; r++) {
      engine.f32.fill(MARK, at(r), at(r) + columns + pad);
      for (let c = 0; c < columns; c++) engine.f32[at(r) + c] = value(r, c);
    }
    return {
      pointer,
      stride,
      row: (r: number) => [...engine.f32.subarray(at(r), at(r) + columns)],
      /** Nothing but the matrix itself was written. */
      intact: () =>
        [...engine.f32.subarray(at(0), at(rows + 1))].every(
          (v, i) => v === MARK || (i < (rows * stride) / 4 && i % (columns + pad) < columns),
        ),
    };
  }
}

/** The documented order: four lanes, (0 + 1) + (2 + 3). */
function dot(a: readonly number[], b: readonly number[]): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) lanes[i % 4] = f(lanes[i % 4] + f(a[i] * b[i]));
  return f(f(lanes[0] + lanes[1]) + f(lanes[2] + lanes[3]));
}

const size = fc.integer({ min: 1, max: 23 });
const sizes = fc.record({ m: size, n: fc.integer({ min: 1, max: 41 }), d: size, pad: fc.nat(3), seed: fc.nat() });
const runs = { numRuns: 150, seed: 1 };

function normal(seed: number) {
  const source = random(seed);
  return () => f(4 * source.next() - 2);
}

test('productTransposed: scale x A B^T, any shape and stride; padding untouched', () => {
  fc.assert(
    fc.property(sizes, ({ m, n, d, pad, seed }) => {
      const arena = new Arena();
      const value = normal(seed);
      const a = arena.matrix(m, d, pad, value);
      const b = arena.matrix(n, d, pad, value);
      const out = arena.matrix(m, n, pad, () => MARK);
      kernels.productTransposed(out.pointer, a.pointer, b.pointer, m, n, d, a.stride, b.stride, out.stride, 0.3);
      for (let i = 0; i < m; i++) {
        const want = Array.from({ length: n }, (_, j) => f(dot(a.row(i), b.row(j)) * f(0.3)));
        assert.equal(out.row(i), want);
      }
      assert.ok(out.intact());
    }),
    runs,
  );
});

test('product: A B in ascending order, alone or added to what is there', () => {
  fc.assert(
    fc.property(sizes, fc.boolean(), ({ m, n, d, pad, seed }, accumulate) => {
      const arena = new Arena();
      const value = normal(seed);
      const a = arena.matrix(m, d, pad, value);
      const b = arena.matrix(d, n, pad, value);
      const out = arena.matrix(m, n, pad, value);
      const want = Array.from({ length: m }, (_, i) => {
        const row = accumulate ? out.row(i) : Array<number>(n).fill(0);
        a.row(i).forEach((w, t) => {
          b.row(t).forEach((v, j) => {
            row[j] = f(row[j] + f(w * v));
          });
        });
        return row;
      });
      kernels.product(out.pointer, a.pointer, b.pointer, m, n, d, a.stride, b.stride, out.stride, accumulate ? 1 : 0);
      want.forEach((row, i) => {
        assert.equal(out.row(i), row);
      });
      assert.ok(out.intact());
    }),
    runs,
  );
});

test('linear: act(x W^T + b), with and without bias and activation', () => {
  const activation = fc.constantFrom('identity' as const, 'relu' as const, 'tanh' as const);
  fc.assert(
    fc.property(sizes, fc.boolean(), activation, ({ m, n, d, pad, seed }, biased, act) => {
      const arena = new Arena();
      const value = normal(seed);
      const x = arena.matrix(m, d, pad, value);
      const w = arena.matrix(n, d, 0, value);
      const b = arena.matrix(1, n, 0, value);
      const out = arena.matrix(m, n, pad, () => MARK);
      kernels.linear(
        out.pointer,
        x.pointer,
        w.pointer,
        biased ? b.pointer : 0,
        m,
        d,
        n,
        x.stride,
        out.stride,
        UNARY[act],
        k,
      );
      const bias = b.row(0);
      for (let i = 0; i < m; i++) {
        const want = Array.from({ length: n }, (_, j) => {
          const y = biased ? f(dot(x.row(i), w.row(j)) + bias[j]) : dot(x.row(i), w.row(j));
          return act === 'tanh' ? f(reference.tanh(y)) : act === 'relu' && y < 0 ? 0 : y;
        });
        assert.equal(out.row(i), want);
      }
      assert.ok(out.intact());
    }),
    { numRuns: 60, seed: 1 },
  );
});

test('row and column blocks of a product larger than one panel are the bits of the whole', () => {
  const [m, n, d] = [7, 45, 300];
  const arena = new Arena();
  const value = normal(5);
  const a = arena.matrix(m, d, 0, value);
  const b = arena.matrix(n, d, 0, value);
  const whole = arena.matrix(m, n, 0, () => MARK);
  const part = arena.matrix(m, n, 0, () => MARK);
  kernels.productTransposed(whole.pointer, a.pointer, b.pointer, m, n, d, a.stride, b.stride, whole.stride, 1);
  for (const [row, rows, column, columns] of [
    [0, 3, 0, 17],
    [0, 3, 17, 28],
    [3, 1, 0, 1],
    [3, 1, 1, 44],
    [4, 3, 0, 45],
  ]) {
    kernels.productTransposed(
      part.pointer + row * part.stride + 4 * column,
      a.pointer + row * a.stride,
      b.pointer + column * b.stride,
      rows,
      columns,
      d,
      a.stride,
      b.stride,
      part.stride,
      1,
    );
  }
  for (let i = 0; i < m; i++) {
    assert.equal(part.row(i), whole.row(i));
    assert.is(whole.row(i)[44], dot(a.row(i), b.row(44)));
  }
});

test('layerNormRows: float64 statistics, one rounding', () => {
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 5 }), fc.nat(), fc.boolean(), (width, rows, seed, affine) => {
      const arena = new Arena();
      const value = normal(seed);
      const x = arena.matrix(rows, width, 0, () => 1000 + value());
      const gamma = arena.matrix(1, width, 0, value);
      const beta = arena.matrix(1, width, 0, value);
      const given = Array.from({ length: rows }, (_, r) => x.row(r));
      const [g, b] = affine ? [gamma.pointer, beta.pointer] : [0, 0];
      kernels.layerNormRows(x.pointer, x.pointer, g, b, rows, width, 1e-5);
      given.forEach((row, r) => {
        const mean = row.reduce((sum, v) => sum + v, 0) / width;
        const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
        x.row(r).forEach((y, c) => {
          const plain = (row[c] - mean) / Math.sqrt(variance + 1e-5);
          const want = affine ? plain * gamma.row(0)[c] + beta.row(0)[c] : plain;
          assert.ok(Math.abs(y - want) <= 2 ** -24 * Math.abs(want) + 1e-9, `${y} is not ${want}`);
        });
      });
    }),
    runs,
  );
});

test.run();
