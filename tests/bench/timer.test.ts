// The interleaving timer, on a clock that only its fake candidates move.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Candidate, compareTimings, interleave, interleaveAsync, quantile } from '../../bench/timer.ts';

/** Candidates that take `cost` nanoseconds a call (by call number), the clock that sees them, and who ran when. */
function fakes(costs: Record<string, (call: number) => number>) {
  let clock = 0;
  const log: string[] = [];
  const candidates: Candidate[] = Object.entries(costs).map(([name, cost]) => {
    let calls = 0;
    return {
      name,
      run: () => {
        clock += cost(calls++);
        log.push(name);
      },
    };
  });
  return { candidates, log, now: () => clock };
}

/** A generator with every bit of its state visible, so that a run can be repeated. */
function seeded(seed: number) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

const SHORT = { warmupNs: 1000, warmupCalls: 10, sampleNs: 1000, rounds: 15 };

test('finds the cost of a call, by best and by round', () => {
  const { candidates, now } = fakes({ a: () => 100, b: () => 250 });
  const [a, b] = interleave(candidates, { ...SHORT, now });
  assert.is(a.name, 'a');
  assert.is(a.best, 100);
  assert.is(b.best, 250);
  assert.equal(a.samples, new Array(15).fill(100));
  assert.equal(compareTimings(b, a), { ratio: 2.5, median: 2.5, spread: 0 });
});

test('warms up before it measures: the slow first calls are in no sample', () => {
  const { candidates, now } = fakes({ a: (call) => (call < 10 ? 5000 : 100) });
  const [a] = interleave(candidates, { ...SHORT, warmupNs: 20000, now });
  assert.ok(a.samples.every((sample) => sample === 100));
});

test('warms up for the given time and calls, but not 500 calls of a slow candidate', () => {
  const fast = fakes({ a: () => 1 });
  interleave(fast.candidates, { ...SHORT, warmupNs: 1000, rounds: 1, now: fast.now });
  assert.ok(fast.log.length >= 1000);
  const slow = fakes({ a: () => 1e6 });
  interleave(slow.candidates, { ...SHORT, warmupCalls: 500, rounds: 1, now: slow.now });
  assert.ok(slow.log.length <= 3, `${slow.log.length} calls`);
});

test('a sample is at least as long as asked', () => {
  const { candidates, log, now } = fakes({ a: () => 10 });
  interleave(candidates, { ...SHORT, warmupNs: 0, warmupCalls: 0, sampleNs: 100_000, rounds: 1, now });
  // the last sample alone has 10,000 calls or more
  assert.ok(log.length >= 20_000);
});

test('candidates take turns in changing order', () => {
  const { candidates, log, now } = fakes({ a: () => 5000, b: () => 5000, c: () => 5000 });
  interleave(candidates, { ...SHORT, rounds: 40, now, random: seeded(1) });
  const rounds = log.slice(-120).join('').match(/.../g)!;
  assert.ok(rounds.every((round) => [...round].sort().join('') === 'abc'));
  assert.is(new Set(rounds).size, 6, 'every order occurs');
});

test('a candidate over its budget sits out, after three samples', () => {
  const { candidates, now } = fakes({ slow: () => 1e6, fast: () => 100 });
  const [slow, fast] = interleave(candidates, { ...SHORT, budgetNs: 2e6, now });
  assert.is(slow.samples.length, 3);
  assert.is(fast.samples.length, 15);
  assert.is(compareTimings(slow, fast).median, 1e4);
});

test('median and spread see what the best does not', () => {
  const a = { name: 'a', best: 1, samples: [1, 2, 3, 4, 5] };
  const b = { name: 'b', best: 1, samples: [1, 1, 1, 1, 1] };
  assert.equal(compareTimings(a, b), { ratio: 1, median: 3, spread: 2 });
  assert.is(quantile([4, 1, 2, 3], 0.5), 2.5);
});

test('asynchronous candidates are waited for, the others are not; preparation is outside the time', async () => {
  let clock = 0;
  let open = 0;
  const log: string[] = [];
  const candidates: Candidate[] = [
    {
      name: 'slow',
      asynchronous: true,
      before: () => {
        clock += 1e6;
        log.push('before');
      },
      run: async () => {
        assert.is(open++, 0, 'the call before has ended');
        await new Promise((resolve) => setImmediate(resolve));
        clock += 400;
        open--;
      },
    },
    { name: 'fast', run: () => (clock += 100) },
  ];
  const [slow, fast] = await interleaveAsync(candidates, { ...SHORT, now: () => clock });
  assert.equal(slow.samples, new Array(15).fill(400));
  assert.equal(fast.samples, new Array(15).fill(100));
  assert.ok(log.length >= 15);
});

test('no rounds is an error', () => {
  assert.throws(() => interleave([], { rounds: 0 }), /rounds/);
});

test.run();
