import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, resizePositionTable, Tensor } from '../../src/index.ts';
import { resizePositionTable as reference } from '../../src/reference/index.ts';
import { fails, noise, worst } from '../absolute/support.ts';
import { test } from '../support/test.ts';

/** Every size along one axis, the other sizes of the table and the target varied with it. */
function everySize(n: number, options: object): number {
  const table = noise((n * n + 2) * 2, n);
  let error = 0;
  for (let m = 1; m <= 64; m++) {
    const how = { ...options, from: [n, n], to: [m, 65 - m], prefixTokens: 2, shape: [n * n + 2, 2] } as const;
    const got = resizePositionTable(table, how);
    error = Math.max(error, worst(got.data, reference(table, how).data));
    assert.equal([...got.data.subarray(0, 4)], [...table.subarray(0, 4)], 'prefix rows are copied');
    got.dispose();
  }
  return error;
}

for (const n of [14, 37]) {
  for (const options of [
    { mode: 'bicubic' },
    { mode: 'bicubic', antialias: true },
    { mode: 'bilinear' },
    { mode: 'bilinear', antialias: true },
    { mode: 'bicubic', alignCorners: true },
  ] as const) {
    test(`${n} x ${n} to every size 1..64: ${JSON.stringify(options)}`, () => {
      const error = everySize(n, options);
      assert.ok(error <= 1e-5, `off by ${error}`);
    });
  }
  for (const mode of ['nearest', 'nearest-exact']) {
    test(`${n} x ${n} to every size 1..64: ${mode} selects bits`, () => {
      assert.is(everySize(n, { mode }), 0);
    });
  }
}

test("nearest picks torch's cells, where integers would pick others", () => {
  const cell = (mode: 'nearest' | 'nearest-exact', n: number, m: number, at: number) => {
    const table = Float32Array.from({ length: n }, (_, i) => i);
    const got = resizePositionTable(table, { mode, shape: [n, 1], from: [1, n], to: [1, m] });
    return got.data[at];
  };
  assert.is(cell('nearest', 14, 46, 23), 6);
  assert.is(cell('nearest', 39, 33, 22), 25);
  let other = 0;
  for (let n = 1; n <= 64; n++) {
    for (let m = 1; m <= 64; m++) {
      const step = Math.fround(n / m);
      for (let o = 0; o < m; o++) {
        if (Math.floor(Math.fround(o * step)) === Math.floor((o * n) / m)) continue;
        other++;
        break;
      }
    }
  }
  assert.is(other, 15, 'pairs of sizes up to 64 that differ');
});

test('any grid, width and layout equals the reference', () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(
      fc.tuple(side, side, side, side, fc.integer({ min: 1, max: 35 })),
      fc.constantFrom('bicubic', 'bilinear', 'nearest', 'nearest-exact'),
      fc.boolean(),
      fc.integer({ min: 0, max: 3 }),
      fc.option(fc.tuple(fc.double({ min: 0.3, max: 3, noNaN: true }), fc.double({ min: 0.3, max: 3, noNaN: true })), {
        nil: undefined,
      }),
      ([h, w, height, width, d], mode, wide, extra, anyScale) => {
        const antialias = wide && !mode.startsWith('nearest');
        // a scale far from the sizes leaves antialiasing weights that cancel: dividing by their sum magnifies any rounding
        const scale = antialias ? undefined : anyScale;
        const flat = { mode, antialias, from: [h, w], to: [height, width], suffixTokens: extra, scale } as const;
        const rows = noise((h * w + extra) * d, d);
        const flatShape = { shape: [h * w + extra, d] };
        assert.ok(
          worst(
            resizePositionTable(rows, { ...flat, ...flatShape }).data,
            reference(rows, { ...flat, ...flatShape }).data,
          ) < 2e-6,
        );
        const planar = { mode, antialias, to: [height, width], layout: 'CHW', shape: [d, h, w], scale } as const;
        const planes = rows.slice(0, h * w * d);
        const got = resizePositionTable(planes, planar);
        assert.equal(got.shape, [d, height, width]);
        assert.ok(worst(got.data, reference(planes, planar).data) < 2e-6);
      },
    ),
    { numRuns: 60 },
  );
});

test('a small scratch arena splits the work without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const table = noise(37 * 37 * 40, 3);
  const how = { to: [64, 50], shape: [37, 37, 40], antialias: true } as const;
  assert.equal(
    resizePositionTable(table, { ...how, engine }).toFloat32Array(),
    resizePositionTable(table, how).toFloat32Array(),
  );
  engine.dispose();
});

test('equal sizes give the table back; out is written and nothing is allocated', () => {
  const table = Tensor.from(noise(16 * 5, 1), [4, 4, 5]);
  assert.equal(resizePositionTable(table, { to: [4, 4] }).toFloat32Array(), table.toFloat32Array());
  const out = Tensor.zeros([3, 2, 5]);
  const before = table.engine.memory.buffer.byteLength;
  assert.is(resizePositionTable(table, { to: [3, 2], out }), out);
  assert.is(table.engine.memory.buffer.byteLength, before);
});

test('bad input is refused by name', () => {
  const table = noise(13 * 4, 2);
  const shape = [13, 4];
  fails('ERR_SHAPE', /from: 13 rows.*prefixTokens/, () => resizePositionTable(table, { to: [4, 4], shape }));
  fails('ERR_SHAPE', /from/, () => resizePositionTable(table, { from: [3, 5], to: [4, 4], shape }));
  fails('ERR_SHAPE', /to\[1\]/, () => resizePositionTable(table, { from: [13, 1], to: [4, 0], shape }));
  fails('ERR_OPTION', /nearest/, () =>
    resizePositionTable(table, { from: [13, 1], to: [4, 4], shape, mode: 'nearest', antialias: true }),
  );
  fails('ERR_OPTION', /scale/, () => resizePositionTable(table, { from: [13, 1], to: [4, 4], shape, scale: 0 }));
  fails('ERR_SHAPE', /no columns/, () =>
    resizePositionTable(new Float32Array(0), { from: [13, 1], to: [4, 4], shape: [13, 0] }),
  );
  fails('ERR_OPTION', /antialias/, () => resizePositionTable(table, { to: [4, 4], shape, antialias: 1 as never }));
});

test.run();
