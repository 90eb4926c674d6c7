/** Ladders against 300-bit fixed point, their keys, and the memo behind them. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ladder, ladderFrom, ladderOf } from '../../src/phase/ladder.ts';
import { memo } from '../../src/phase/memo.ts';
import { test } from '../support/test.ts';
import { errorBits, expFixed, fixed, lnFixed, over, times } from './fixed.ts';

test('scale * base^(-k / denominator) within 2^-98 of the real value', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1.5, max: 1e8, noNaN: true }),
      fc.integer({ min: 1, max: 64 }),
      fc.constantFrom(1, 0.25, 1000, 0.1),
      (base, denominator, scale) => {
        const made = ladder({ base, count: denominator + 1, denominator, scale });
        const lnBase = lnFixed(fixed(base));
        for (const k of [0, 1, Math.floor(denominator / 2), denominator]) {
          const want = times(fixed(scale), expFixed(over(-lnBase * BigInt(k), fixed(denominator))));
          const bits = errorBits({ hi: made.hi[k], lo: made.lo[k] }, want);
          assert.ok(bits < -98, `base ${base} k ${k} / ${denominator}: 2^${bits}`);
          assert.is(made.hi[k] + made.lo[k], made.hi[k]);
        }
      },
    ),
    { numRuns: 40, seed: 3 },
  );
});

test('a real denominator, a base below 1, and base 1', () => {
  const made = ladder({ base: 0.5, count: 3, denominator: 2.5 });
  const lnBase = lnFixed(fixed(0.5));
  for (let k = 0; k < 3; k++) {
    const want = expFixed(over(-lnBase * BigInt(k), fixed(2.5)));
    assert.ok(errorBits({ hi: made.hi[k], lo: made.lo[k] }, want) < -98);
  }
  assert.equal(Array.from(ladder({ base: 1, count: 3, denominator: 4 }).hi), [1, 1, 1]);
  assert.is(ladder({ base: 10000, count: 0, denominator: 4 }).count, 0);
});

test('equal keys mean equal values, and the same ladder', () => {
  const a = ladder({ base: 10000, count: 8, denominator: 8 });
  assert.is(ladder({ base: 10000, count: 8, denominator: 8, scale: 1 }), a);
  const others = [
    ladder({ base: 10001, count: 8, denominator: 8 }),
    ladder({ base: 10000, count: 7, denominator: 8 }),
    ladder({ base: 10000, count: 8, denominator: 7 }),
    ladder({ base: 10000, count: 8, denominator: 8, scale: 2 }),
    ladderOf(a.hi),
    ladderOf([1, 2]),
    ladderOf([12]),
  ];
  assert.is(new Set([a, ...others].map(({ key }) => key)).size, 8);
  assert.is(ladderOf(Float32Array.of(1, 2)), ladderOf([1, 2]));
  assert.ok(Object.is(ladderOf([-0]).hi[0], 0));
  assert.equal(Array.from(ladderOf([0.1, 3]).lo), [0, 0]);
});

test('ladderFrom computes once a key', () => {
  let calls = 0;
  const values = () => {
    calls++;
    return [{ hi: 0.5, lo: 1e-20 }];
  };
  const made = ladderFrom('test ladder', values);
  assert.is(ladderFrom('test ladder', values), made);
  assert.is(calls, 1);
  assert.equal([made.count, made.hi[0], made.lo[0]], [1, 0.5, 1e-20]);
});

test('the memo forgets the key that was not used for longest', () => {
  const made: string[] = [];
  const small = memo<string>(2);
  const get = (key: string) =>
    small.get(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) assert.is(get(key), key.toUpperCase());
  assert.equal(made, ['a', 'b', 'c', 'b']);
});

test.run();
