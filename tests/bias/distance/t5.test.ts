import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { t5Bias, t5Buckets } from '../../../src/index.ts';
import * as reference from '../../../src/reference/t5.ts';
import { test } from '../../support/test.ts';
import { rejects } from '../common.ts';

test('buckets equal the published float32 procedure for 900 parameter sets and distances up to 5000', () => {
  const distances = Int32Array.from({ length: 10001 }, (_, t) => t - 5000);
  const f = Math.fround;
  let sets = 0;
  let powers = 0;
  for (let numBuckets = 4; numBuckets <= 60; numBuckets += 2) {
    for (const maxDistance of [31, 33, 40, 50, 64, 100, 127, 128, 160, 200, 256, 320, 640, 1000, 2048, 9999]) {
      for (const bidirectional of [true, false]) {
        const count = bidirectional ? numBuckets / 2 : numBuckets;
        const exact = Math.floor(count / 2);
        if (maxDistance <= exact) continue;
        sets++;
        const span = f(Math.log(maxDistance / exact));
        const got = t5Buckets({ numBuckets, maxDistance, bidirectional, distances });
        assert.equal(got.shape, [10001]);
        assert.is(got.dtype, 'int32');
        const data = got.data;
        for (let t = 0; t < 10001; t++) {
          const n = bidirectional ? Math.abs(t - 5000) : Math.max(5000 - t, 0);
          let want = n;
          if (n >= exact) {
            const scaled = f(f(f(Math.log(f(n / exact))) / span) * (count - exact));
            want = Math.min(exact + Math.trunc(scaled), count - 1);
            const plain = (Math.log(n / exact) / Math.log(maxDistance / exact)) * (count - exact);
            if (Math.min(exact + Math.trunc(plain), count - 1) !== want) powers++;
          }
          if (bidirectional && t > 5000) want += count;
          if (data[t] !== want) {
            assert.unreachable(
              `${numBuckets} ${maxDistance} ${bidirectional} at ${t - 5000}: ${data[t]}, want ${want}`,
            );
          }
        }
        got.dispose();
      }
    }
  }
  assert.ok(sets >= 900, `${sets} sets`);
  assert.ok(powers > 0, 'no set in which float64 would differ');
});

test('a float64 logarithm would be one bucket too low at these exact powers', () => {
  for (const [numBuckets, maxDistance, bidirectional, n] of [
    [20, 160, true, 20],
    [40, 320, true, 40],
    [10, 160, false, 20],
    [20, 320, false, 40],
    [40, 640, false, 80],
  ] as const) {
    const got = t5Buckets({ numBuckets, maxDistance, bidirectional, distances: [-n, 1 - n] });
    assert.is(got.data[0], got.data[1] + 1);
    assert.is(got.data[0], reference.t5Bucket(-n, { numBuckets, maxDistance, bidirectional }));
  }
});

test('bucket matrix: rows of queries, offset, positions', () => {
  const whole = t5Buckets({ queryLength: 5, keyLength: 200 });
  assert.equal(whole.shape, [5, 200]);
  for (let r = 0; r < 5; r++) {
    for (let c = 0; c < 200; c++) assert.is(whole.data[200 * r + c], reference.t5Bucket(c - r - 195));
  }
  const some = t5Buckets({ queryLength: 5, keyLength: 200, rows: [2, 4] });
  assert.equal(some.data, whole.data.slice(400, 800));
  const far = t5Buckets({ queryPositions: [-(2 ** 31) + 1, 0], keyPositions: [2 ** 31 - 1, 0, -3] });
  assert.equal([...far.data], [31, 31, 31, 31, 0, 3]);
});

test('bidirectional with an odd number of buckets halves downwards, as the published code', () => {
  const distances = Int32Array.from({ length: 101 }, (_, t) => t - 50);
  const got = t5Buckets({ numBuckets: 13, maxDistance: 40, distances });
  assert.equal(
    [...got.data],
    Array.from(distances, (d) => reference.t5Bucket(d, { numBuckets: 13, maxDistance: 40 })),
  );
});

test('equal to the reference for any lengths, masks, positions and scale', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: -20, max: 200 }),
      fc.boolean(),
      fc.option(fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })), { nil: undefined }),
      fc.constantFrom(1, 0.3, 8),
      (queryLength, keyLength, heads, queryOffset, causal, window, scale) => {
        const shape = [16, heads];
        const table = Float32Array.from({ length: 16 * heads }, (_, t) => Math.fround(t * 0.37 - 3));
        const o = {
          numBuckets: 16,
          maxDistance: 40,
          queryLength,
          keyLength,
          queryOffset,
          causal,
          window,
          scale,
          shape,
        };
        assert.equal(t5Bias(table, o).data, reference.t5Bias(table, o).data);
      },
    ),
    { seed: 5, numRuns: 200 },
  );
});

test('a table entry of -0 or a negative one keeps its sign', () => {
  const got = t5Bias(
    Float32Array.from({ length: 32 }, () => -0),
    { queryLength: 2, keyLength: 40, shape: [32, 1] },
  );
  assert.ok(got.data.every((v) => Object.is(v, -0)));
});

test('bad input names the option', () => {
  const table = new Float32Array(64);
  const shape = [32, 2];
  const bias =
    (o: object, t: unknown = table) =>
    () =>
      t5Bias(t as Float32Array, { keyLength: 4, shape, ...o } as never);
  rejects(bias({ shape: [16, 4] }), 'ERR_SHAPE', 'table');
  rejects(bias({ shape: [2, 32] }), 'ERR_SHAPE', 'table');
  rejects(bias({ shape: [64] }), 'ERR_SHAPE', 'table');
  rejects(bias({ shape: [32, 0] }, new Float32Array(0)), 'ERR_SHAPE', 'table');
  rejects(bias({ shape: [32, 3] }), 'ERR_SHAPE', 'shape');
  rejects(bias({ shape: undefined }), 'ERR_SHAPE', 'shape');
  rejects(bias({}, [1, 2]), 'ERR_OPTION', 'table');
  rejects(bias({ maxDistance: 8 }), 'ERR_OPTION', 'maxDistance');
  rejects(bias({ maxDistance: 16, bidirectional: false }), 'ERR_OPTION', 'maxDistance');
  rejects(bias({ numBuckets: 3 }), 'ERR_OPTION', 'numBuckets');
  rejects(bias({ numBuckets: 0 }), 'ERR_OPTION', 'numBuckets');
  rejects(bias({ numBuckets: 1e9 }), 'ERR_OPTION', 'numBuckets');
  rejects(bias({ window: [-2, 0] }), 'ERR_OPTION', 'window[0]');
  rejects(bias({ queryOffset: 2 ** 31 }), 'ERR_OPTION', 'queryOffset');
  rejects(bias({ queryOffset: 2 ** 31 - 2 }), 'ERR_POSITION', 'queryOffset');
  rejects(bias({ keyPositions: [0, 1, 2, 2 ** 31] }), 'ERR_POSITION', 'keyPositions[3]');
  rejects(bias({ scale: Number.NaN }), 'ERR_OPTION', 'scale');
  rejects(bias({ bidirectional: 1 }), 'ERR_OPTION', 'bidirectional');
  rejects(bias({ maxdistance: 1 }), 'ERR_OPTION', 'maxdistance');
  rejects(() => t5Buckets({ distances: [1], keyLength: 3 }), 'ERR_OPTION', 'keyLength');
  rejects(() => t5Buckets({ distances: [0.5] }), 'ERR_POSITION', 'distances[0]');
});

test.run();
