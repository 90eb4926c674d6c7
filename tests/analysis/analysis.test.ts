/** decay.ts, decomposition.ts, permutation.ts. */
import * as assert from 'uvu/assert';
import {
  createEngine,
  fourTermDecomposition,
  merge,
  permutationError,
  permuteRows,
  ropeDecayBound,
  sinusoidal,
  sinusoidalGram,
  Tensor,
  taylorDecomposition,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { fails, noise, worst } from '../absolute/support.ts';
import { test } from '../support/test.ts';

test('decay curves equal the reference for any base, distance and width', () => {
  const distances = [0, 1, -1, 2, 17, 1000, 2 ** 20 + 1, 0.5];
  for (const base of [1, 10, 10000, 1e6]) {
    for (const dim of [2, 6, 64]) {
      const options = { dim, base, distances };
      assert.ok(worst(sinusoidalGram(options).data, reference.sinusoidalGram(options)) <= 1e-12 * dim);
      assert.ok(worst(ropeDecayBound(options).data, reference.ropeDecayBound(options)) <= 1e-12 * dim);
    }
  }
});

test('what the curves are: even, largest at 0, flat for base 1', () => {
  const gram = sinusoidalGram({ dim: 64, distances: [3, -3, 0] }).data;
  assert.is(gram[0], gram[1]);
  assert.is(gram[2], 32);
  const flat = ropeDecayBound({ dim: 64, base: 1, length: 50 }).data;
  assert.ok(flat.every((value) => Math.abs(value - 16.5) < 1e-12));
  const falling = ropeDecayBound({ dim: 128, distances: [0, 20, 200] }).data;
  assert.ok(falling[0] > falling[1] && falling[1] > falling[2]);
  const table = sinusoidal({ length: 12, dim: 64 }).data;
  for (const [i, j] of [
    [3, 9],
    [0, 11],
  ]) {
    let product = 0;
    for (let c = 0; c < 64; c++) product += table[i * 64 + c] * table[j * 64 + c];
    assert.ok(Math.abs(product - sinusoidalGram({ dim: 64, distances: [j - i] }).data[0]) < 1e-5);
  }
});

test('curves: out, blocks of a small arena, and bad input', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const options = { dim: 128, length: 9000 };
  const whole = ropeDecayBound(options);
  const out = Tensor.zeros([9000], { dtype: 'float64', engine });
  assert.is(ropeDecayBound({ ...options, out }), out);
  assert.equal([...out.data], [...whole.data]);
  engine.dispose();
  fails('ERR_OPTION', /even/, () => sinusoidalGram({ dim: 3, length: 2 }));
  fails('ERR_SHAPE', /dim/, () => sinusoidalGram({ dim: 0, length: 2 }));
  fails('ERR_OPTION', /base/, () => ropeDecayBound({ dim: 4, base: 0, length: 2 }));
});

test('the four terms are the bilinear score of x + p, term by term', () => {
  const [n, d, h] = [5, 7, 3];
  const [x, p] = [noise(n * d, 1), noise(n * d, 2)];
  const [wq, wk] = [noise(d * h, 3), noise(d * h, 4)];
  const terms = fourTermDecomposition({ x, p, wq, wk, shape: [n, d], scale: 0.5 });
  const score = (a: Float32Array, b: Float32Array) =>
    Array.from({ length: n * n }, (_, cell) => {
      const [i, j] = [Math.floor(cell / n), cell % n];
      let sum = 0;
      for (let r = 0; r < d; r++) {
        for (let s = 0; s < d; s++) {
          let w = 0;
          for (let c = 0; c < h; c++) w += wq[r * h + c] * wk[s * h + c];
          sum += a[i * d + r] * w * b[j * d + s];
        }
      }
      return 0.5 * sum;
    });
  const both = x.map((v, i) => v + p[i]);
  assert.ok(worst(terms.xx.data, score(x, x)) < 3e-5);
  assert.ok(worst(terms.xp.data, score(x, p)) < 3e-5);
  assert.ok(worst(terms.px.data, score(p, x)) < 3e-5);
  assert.ok(worst(terms.pp.data, score(p, p)) < 3e-5);
  assert.ok(worst(terms.total.data, score(both, both)) < 6e-5);
  fails('ERR_SHAPE', /wk/, () => fourTermDecomposition({ x, p, wq, wk: noise(d, 1), shape: [n, d] }));
  fails('ERR_SHAPE', /wq/, () => fourTermDecomposition({ x, p, wq: noise(d + 1, 1), wk, shape: [n, d] }));
});

test('Taylor: exact for a quadratic score, with the halves where they belong', () => {
  // f(u, v) = u.a + v.b + u.A u + v.B v + u.C v, so that the Hessian blocks are A + A^T, B + B^T and C
  const [a, b, A, B, C] = [noise(2, 1), noise(2, 2), noise(4, 3), noise(4, 4), noise(4, 5)];
  const dot = (u: ArrayLike<number>, v: ArrayLike<number>) => u[0] * v[0] + u[1] * v[1];
  const through = (m: Float32Array, v: ArrayLike<number>) => [m[0] * v[0] + m[1] * v[1], m[2] * v[0] + m[3] * v[1]];
  const f = (u: number[], v: number[]) =>
    dot(u, a) + dot(v, b) + dot(u, through(A, u)) + dot(v, through(B, v)) + dot(u, through(C, v));
  const symmetric = (m: Float32Array) => [2 * m[0], m[1] + m[2], m[1] + m[2], 2 * m[3]];
  const [pm, pn] = [
    [0.25, -0.5],
    [0.125, 0.75],
  ];
  const terms = taylorDecomposition({
    pm,
    pn,
    gradientM: a,
    gradientN: b,
    hessianMM: symmetric(A),
    hessianNN: symmetric(B),
    hessianMN: C,
  });
  assert.ok(Math.abs(terms.total - f(pm, pn)) < 1e-12);
  assert.ok(Math.abs(terms.secondM - dot(pm, through(A, pm))) < 1e-12);
  assert.ok(Math.abs(terms.mixed - dot(pm, through(C, pn))) < 1e-12);
  assert.is(terms.zeroth, 0);
  fails('ERR_SHAPE', /hessianMN/, () =>
    taylorDecomposition({ pm, pn, gradientM: a, gradientN: b, hessianMN: [1, 2, 3] }),
  );
});

test('permutation: what sums over tokens is equivariant, what adds positions is not', () => {
  const x = Tensor.from(noise(2 * 5 * 4, 6), [2, 5, 4]);
  const order = [3, 0, 4, 1, 2];
  const moved = permuteRows(x, order);
  assert.equal([...moved.data.subarray(0, 4)], [...x.data.subarray(12, 16)]);
  assert.equal([...moved.data.subarray(20, 24)], [...x.data.subarray(32, 36)]);
  assert.is(
    permutationError((t) => merge(t, t), x, order),
    0,
  );
  const positions = sinusoidal({ length: 5, dim: 4 });
  assert.ok(permutationError((t) => merge(t, positions), x, order) > 0.1);
  fails('ERR_OPTION', /permutation/, () => permuteRows(x, [0, 0, 1, 2, 3]));
  fails('ERR_OPTION', /permutation/, () => permuteRows(x, [0, 1]));
});

test.run();
