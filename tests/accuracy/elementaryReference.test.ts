/** The double-double truth of the elementary gauge against the BigInt authority. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as truth from './elementaryReference.ts';
import * as hp from './highPrecision.ts';

const n = hp.fromNumber;
const rootHalf = hp.sqrt(hp.ONE / 2n);

const PAIRS: readonly [name: string, (x: number) => { hi: number; lo: number }, (x: number) => hp.Fixed][] = [
  ['exp', truth.exp, (x) => hp.exp(n(x))],
  ['expm1', truth.expm1, (x) => hp.exp(n(x)) - hp.ONE],
  ['log', (x) => truth.log(Math.abs(x)), (x) => hp.ln(n(Math.abs(x)))],
  ['log1p', (x) => truth.log1p(Math.abs(x)), (x) => hp.ln(hp.ONE + n(Math.abs(x)))],
  ['tanh', truth.tanh, (x) => hp.tanh(n(x))],
  ['sigmoid', truth.sigmoid, (x) => hp.div(hp.ONE, hp.ONE + hp.exp(n(-x)))],
  ['silu', truth.silu, (x) => hp.div(n(x), hp.ONE + hp.exp(n(-x)))],
  ['softplus', truth.softplus, (x) => hp.ln(hp.ONE + hp.exp(n(x)))],
  ['erf', truth.erf, (x) => hp.erf(n(x))],
  ['gelu', truth.gelu, (x) => hp.mul(n(x / 2), hp.ONE + hp.erf(hp.mul(n(x), rootHalf)))],
  ['pow', (x) => truth.pow(Math.abs(x), -2.25), (x) => hp.pow(n(Math.abs(x)), n(-2.25))],
];

test('relative error below 2^-85', () => {
  for (const magnitude of [2 ** -70, 1e-9, 0.01, 0.3, 0.49999, 0.5001, 0.9, 1.7, 2.0001, 2.9, 4.4, 7.77, 11.9]) {
    for (const x of [magnitude, -magnitude]) {
      for (const [name, double, fixed] of PAIRS) {
        const { hi, lo } = double(x);
        const want = fixed(x);
        // sums of tiny terms in fixed point end at 2^-320
        const error = n(hi) + n(lo) - want;
        const abs = (v: hp.Fixed) => (v < 0n ? -v : v);
        assert.ok(abs(error) << 85n <= abs(want), `${name} at ${x}: ${hi}`);
      }
    }
  }
});

test.run();
