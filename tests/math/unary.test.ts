/** Elementwise kernels: error bounds on seeded arguments, special values, and independence of place and count. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, kernelsOf } from '../../src/kernels.ts';
import * as reference from '../../src/reference/math.ts';
import { UNARY } from '../../src/runtime/operations.ts';
import { elementary } from '../accuracy/elementary.ts';
import { breaches } from '../accuracy/gauge.ts';

const engine = createEngine();
const { kernels, coefficients: k } = kernelsOf(engine);
type Op = keyof typeof UNARY;
const OPS = Object.keys(UNARY) as Op[];

function map(op: Op, x: readonly number[], bytes: 4 | 8 = 8): number[] {
  const [view, kernel] = bytes === 8 ? [engine.f64, kernels.mapUnary64] : [engine.f32, kernels.mapUnary];
  const at = engine.scratch();
  view.set(x, at / bytes);
  kernel(at + bytes * x.length, at, x.length, UNARY[op], k);
  return [...view.subarray(at / bytes + x.length, at / bytes + 2 * x.length)];
}

function power(x: readonly number[], y: number, bytes: 4 | 8 = 8): number[] {
  const [view, kernel] = bytes === 8 ? [engine.f64, kernels.mapPow64] : [engine.f32, kernels.mapPow];
  const at = engine.scratch();
  view.set(x, at / bytes);
  kernel(at + bytes * x.length, at, x.length, y, k);
  return [...view.subarray(at / bytes + x.length, at / bytes + 2 * x.length)];
}

test('every function keeps its bound: float32 correctly rounded, float64 within its ulps', () => {
  const rows = elementary({}, 1);
  assert.equal(rows.flatMap(breaches), []);
  assert.ok(rows.every((row) => row.statistics.count >= 4096));
  const measured = new Set(rows.map((row) => row.kernel));
  for (const op of OPS) assert.ok(measured.has(op) || op === 'identity' || op === 'relu', op);
});

test('special values', () => {
  const x = [0, -0, Infinity, -Infinity, NaN];
  const table: Record<Op, number[]> = {
    identity: x,
    relu: [0, -0, Infinity, 0, NaN],
    sigmoid: [0.5, 0.5, 1, 0, NaN],
    silu: [0, -0, Infinity, -0, NaN],
    gelu: [0, -0, Infinity, -0, NaN],
    tanh: [0, -0, 1, -1, NaN],
    exp: [1, 1, Infinity, 0, NaN],
    expm1: [0, -0, Infinity, -1, NaN],
    log: [-Infinity, -Infinity, Infinity, NaN, NaN],
    log1p: [0, -0, Infinity, NaN, NaN],
    softplus: [Math.LN2, Math.LN2, Infinity, 0, NaN],
    erf: [0, -0, 1, -1, NaN],
  };
  for (const op of OPS) {
    for (const bytes of [4, 8] as const) {
      const want = bytes === 8 ? table[op] : table[op].map(Math.fround);
      map(op, x, bytes).forEach((y, i) => {
        assert.ok(Object.is(y, want[i]), `${op}(${Object.is(x[i], -0) ? '-0' : x[i]}) = ${y}`);
      });
    }
  }
  assert.equal(map('log', [1, -1, -5e-324]), [0, NaN, NaN]);
  assert.equal(map('log1p', [-1, -2, -1e308]), [-Infinity, NaN, NaN]);
  assert.equal(map('exp', [709.79, 1e308, -745.2, -1e308]), [Infinity, Infinity, 0, 0]);
  assert.equal(map('expm1', [709.79, -60]), [Infinity, -1]);
});

test('denormals: as arguments and as results', () => {
  const tiny = [5e-324, -1e-310, 2 ** -1023];
  for (const op of ['tanh', 'expm1', 'log1p'] as const) assert.equal(map(op, tiny), tiny, op);
  assert.equal(map('log', [5e-324, 1e-310]), [reference.log(5e-324), reference.log(1e-310)]);
  const x = Array.from({ length: 400 }, (_, i) => -708 - i / 10);
  map('exp', x).forEach((y, i) => {
    // the last place of every denormal is 2^-1074
    assert.ok(Math.abs(y - reference.exp(x[i])) <= 5e-324, `exp(${x[i]}) = ${y}`);
  });
  assert.equal(map('exp', [-103.9, -104], 4), [2 ** -149, 0]);
});

test('pow: special values as in C', () => {
  const x = [0, 0.5, 1, 2, Infinity, NaN];
  assert.equal(power(x, 0), [1, 1, 1, 1, 1, 1]);
  assert.equal(power(x, 1), x);
  assert.equal(power(x, -1), [Infinity, 2, 1, 0.5, 0, NaN]);
  assert.equal(power(x, Infinity), [0, 0, 1, Infinity, Infinity, NaN]);
  assert.equal(power(x, -Infinity), [Infinity, Infinity, 1, 0, 0, NaN]);
  assert.equal(power(x, 1e308), [0, 0, 1, Infinity, Infinity, NaN]);
  assert.equal(power(x, NaN), [NaN, NaN, 1, NaN, NaN, NaN]);
  assert.equal(power([-1, -Infinity, -0], 2), [NaN, NaN, 0]);
  assert.equal(power([5e-324, 2, 2], -1074).slice(1), [5e-324, 5e-324]);
  assert.equal(power([2, 3, 10], 2, 4), [4, 9, 100]);
});

test('a value depends on its argument alone: any count, any place, in place, nothing beyond', () => {
  const at = engine.scratch();
  const value = fc.oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(
      fc.constantFrom(...OPS, 'pow' as const),
      fc.array(value, { minLength: 1, maxLength: 11 }),
      fc.nat(3),
      fc.constantFrom(4 as const, 8 as const),
      (op, x, shift, bytes) => {
        const view = bytes === 8 ? engine.f64 : engine.f32;
        const one = (v: number) => (op === 'pow' ? power([v], 0.3, bytes)[0] : map(op, [v], bytes)[0]);
        const want = x.map(one);
        const start = at / bytes + shift;
        view.set([...x, 7.5], start);
        const pointer = start * bytes;
        if (op === 'pow') (bytes === 8 ? kernels.mapPow64 : kernels.mapPow)(pointer, pointer, x.length, 0.3, k);
        else (bytes === 8 ? kernels.mapUnary64 : kernels.mapUnary)(pointer, pointer, x.length, UNARY[op], k);
        assert.equal([...view.subarray(start, start + x.length + 1)], [...want, 7.5]);
      },
    ),
    { numRuns: 400, seed: 1 },
  );
});

test.run();
