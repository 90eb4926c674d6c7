/** xPos: against the plain twin, the law that makes it relative, and the centers of the references. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { applyRotary, createEngine, rotaryTable, xposCachedTables, xposCenter, xposTable } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';

/** Within one ulp of the twin, whose decay is a float64 of its own. */
function near(got: Float32Array, want: Float32Array): void {
  assert.is(got.length, want.length);
  for (let i = 0; i < want.length; i++) {
    const limit = 2 ** -23 * Math.max(Math.abs(want[i]), 2 ** -126);
    assert.ok(Math.abs(got[i] - want[i]) <= limit, `[${i}]: got ${got[i]}, want ${want[i]}`);
  }
}

test('both sides, any center, base and positions: the numbers of the plain twin', () => {
  fc.assert(
    fc.property(
      fc.record({
        pairs: fc.integer({ min: 1, max: 40 }),
        side: fc.constantFrom('query', 'key'),
        center: fc.constantFrom(0, 7, -3, 1000.5),
        scaleBase: fc.constantFrom(512, 128, 100.5),
        gamma: fc.constantFrom(0.4, 0.1),
        offset: fc.integer({ min: -300, max: 3000 }),
        length: fc.integer({ min: 0, max: 40 }),
        scattered: fc.boolean(),
      }),
      ({ pairs, offset, length, scattered, ...c }) => {
        const positions = Array.from({ length }, (_, i) => ((i * 37) % 91) - 12.5);
        const rows = scattered ? { positions } : { offset, length };
        const options = { ...c, ...rows } as { side: 'query'; center: number; positions: number[] };
        const table = xposTable({ headDim: 2 * pairs }, options);
        const want = reference.xposTable({ headDim: 2 * pairs }, options);
        near(table.cos.data, want.cos.data);
        near(table.sin.data, want.sin.data);
        assert.is(table.start, scattered ? undefined : offset);
        table.dispose();
      },
    ),
    { numRuns: 80 },
  );
});

test('a score depends on the distance alone, whatever the shared center', () => {
  const spec = { headDim: 16, pairing: 'interleaved' } as const;
  const q = Float32Array.from({ length: 16 }, (_, i) => Math.fround(((i * 7) % 11) / 4 - 1));
  const k = Float32Array.from({ length: 16 }, (_, i) => Math.fround(((i * 5) % 13) / 4 - 1));
  const score = (i: number, j: number, center: number) => {
    const one = (x: Float32Array, side: 'query' | 'key', at: number) =>
      applyRotary(x.slice(), xposTable(spec, { positions: [at], side, center }), { shape: [1, 1, 1, 16] });
    const a = one(q, 'query', i);
    const b = one(k, 'key', j);
    return a.reduce((sum, v, c) => sum + v * b[c], 0);
  };
  const want = score(20, 5, 0);
  for (const [i, j, center] of [
    [20, 5, 512],
    [115, 100, 7],
    [1015, 1000, 1024],
  ]) {
    assert.ok(Math.abs(score(i, j, center) - want) < 1e-5 * Math.abs(want), `${i} ${j} ${center}`);
  }
  assert.ok(Math.abs(score(21, 5, 0) - want) > 1e-3);
});

test('at the center the decay is 1: the bits of the plain table; the key side is its inverse', () => {
  const spec = { headDim: 24 };
  const plain = rotaryTable(spec, { positions: [33] });
  for (const precision of ['exact', 'torch'] as const) {
    const table = xposTable({ ...spec, precision }, { positions: [33], side: 'key', center: 33 });
    const want = precision === 'exact' ? plain : rotaryTable({ ...spec, precision }, { positions: [33] });
    assert.equal(table.cos.data, want.cos.data);
    assert.equal(table.sin.data, want.sin.data);
  }
  const query = xposTable(spec, { positions: [900], side: 'query', center: 0 });
  const key = xposTable(spec, { positions: [900], side: 'key', center: 0 });
  for (let i = 0; i < 12; i++) {
    const norm = (t: typeof key) => Math.sqrt(t.cos.data[i] ** 2 + t.sin.data[i] ** 2);
    assert.ok(Math.abs(norm(query) * norm(key) - 1) < 1e-6);
    assert.ok(norm(query) < 1);
  }
});

test('a slice, a small arena and a given out: the bits of the whole', () => {
  const spec = { headDim: 600 };
  const options = { side: 'query', center: 100 } as const;
  const whole = xposTable(spec, { ...options, length: 90 });
  const part = xposTable(spec, { ...options, length: 20, offset: 50 });
  assert.equal(part.cos.data, whole.cos.data.slice(50 * 300, 70 * 300));
  const engine = createEngine({ scratchBytes: 1 << 16 });
  const small = xposTable(spec, { ...options, length: 90, engine });
  assert.equal(small.sin.toFloat32Array(), whole.sin.toFloat32Array());
  const before = engine.memory.buffer.byteLength;
  small.cos.data.fill(0);
  xposTable(spec, { ...options, length: 90, out: { cos: small.cos, sin: small.sin } });
  assert.is(engine.memory.buffer.byteLength, before);
  assert.equal(small.cos.toFloat32Array(), whole.cos.toFloat32Array());
});

test('the centers of the references', () => {
  assert.equal(
    [4, 5].map((length) => [
      xposCenter('torchscale', { length }),
      xposCenter('rotary-embedding-torch', { length }),
      xposCenter('x-transformers', { length }),
      xposCenter('flash-attention', { length }),
    ]),
    [
      [2, 2, 2, 2],
      [3, 2, 2, 2],
    ],
  );
});

test('cached keys: both tables are slices of the whole ones, each side centred as asked', () => {
  const spec = { headDim: 16 };
  for (const center of [7, 'rotary-embedding-torch'] as const) {
    const sizes = { queryLength: 5, keyLength: 23, center };
    const { query, key } = xposCachedTables(spec, sizes);
    const at = (length: number) => (typeof center === 'number' ? center : Math.floor(length / 2));
    const queries = xposTable(spec, { length: 40, side: 'query', center: at(5) });
    const keys = xposTable(spec, { length: 40, side: 'key', center: at(23) });
    assert.equal(query.sin.data, queries.sin.data.slice(18 * 8, 23 * 8));
    assert.equal(key.cos.data, keys.cos.data.slice(0, 23 * 8));
    const twin = reference.xposCachedTables(spec, sizes);
    query.cos.data.forEach((x, i) => {
      assert.ok(Math.abs(x - twin.query.cos.data[i]) <= 2e-7);
    });
  }
  assert.throws(() => xposCachedTables(spec, { queryLength: 9, keyLength: 3, center: 0 }), /queryLength/);
  assert.throws(
    () => xposCachedTables(spec, { queryLength: 1, keyLength: 3, center: 'torchscale' as never }),
    /center/,
  );
  assert.throws(() => xposCachedTables(spec, { queryLength: 1, keyLength: 3 } as never), /center/);
});

test('what cannot be is said', () => {
  assert.throws(
    () => xposTable({ headDim: 8 }, { length: 2, side: 'query' } as never),
    /center: expected a finite number/,
  );
  assert.throws(() => xposTable({ headDim: 8 }, { length: 2, center: 1 } as never), /side: expected one of/);
  assert.throws(() => xposTable({ headDim: 8, precision: 'ggml' }, { length: 2, side: 'key', center: 0 }), /precision/);
  assert.throws(
    () => xposTable({ headDim: 8 }, { length: 2, offset: 50000, side: 'key', center: 0 }),
    /at position 50000 the key factor leaves float32/,
  );
  assert.throws(() => xposCenter('flash' as 'torchscale', { length: 1 }), /convention: expected one of 'torchscale'/);
});

test.run();
