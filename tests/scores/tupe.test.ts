import * as assert from 'uvu/assert';
import { createEngine, Tensor, tupe, tupeBuckets } from '../../src/index.ts';
import * as reference from '../../src/reference/tupe.ts';
import { closeTo, floats, rejects, sameBits } from '../bias/common.ts';
import { test } from '../support/test.ts';

function weights(dim: number, heads: number, rows: number) {
  const linear = (seed: number) => ({ weight: floats(dim * dim, seed), bias: floats(dim, seed + 1) });
  return {
    heads,
    dim,
    positions: floats(rows * dim, 1),
    norm: { weight: floats(dim, 2), bias: floats(dim, 3) },
    query: linear(4),
    key: linear(6),
    relativeTable: floats(17 * heads, 8),
    numBuckets: 16,
    maxDistance: 30,
  };
}

test('equal to the reference, each part and their sum', () => {
  for (const [dim, heads, length] of [
    [8, 2, 7],
    [12, 3, 1],
    [24, 4, 45],
    [6, 1, 2],
  ]) {
    const w = weights(dim, heads, length + 3);
    for (const part of ['sum', 'absolute', 'relative'] as const) {
      const got = tupe({ ...w, length, part });
      assert.equal([...got.shape], [heads, length, length]);
      const want = reference.tupe({ ...w, length, part });
      closeTo(got.data, want.data, part === 'relative' ? 0 : 3e-4, 2e-6, `${part} ${dim}`);
    }
    const { relativeTable, ...absolute } = w;
    sameBits(tupe({ ...absolute, length }).data, tupe({ ...w, length, part: 'absolute' }).data, 'TUPE-A');
    assert.is(relativeTable.length, 17 * heads);
  }
});

test('row blocks are slices; a small arena and Tensors give the same bits', () => {
  const w = weights(256, 4, 90);
  const length = 89;
  const whole = tupe({ ...w, length });
  const engine = createEngine({ scratchBytes: 65536 });
  const out = Tensor.from(new Float32Array(whole.length), whole.shape, { engine });
  assert.is(tupe({ ...w, length, out }), out);
  sameBits(out.data, whole.data, 'arena');
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [0, 40],
    [33, 89],
    [5, 5],
  ] as const) {
    const block = tupe({ ...w, length, rows: [from, to] });
    for (let h = 0; h < 4; h++) {
      const want = whole.data.subarray((h * length + from) * length, (h * length + to) * length);
      sameBits(
        block.data.subarray(h * (to - from) * length, (h + 1) * (to - from) * length),
        want,
        `rows ${from} ${to}`,
      );
    }
  }
});

test('buckets', () => {
  for (const length of [0, 1, 2, 50]) {
    const got = tupeBuckets({ length, numBuckets: 16, maxDistance: 30 });
    const want = Int32Array.from({ length: length * length }, (_, t) =>
      reference.tupeBucket(Math.floor(t / length), t % length, 16, 30),
    );
    assert.equal(got.data, want);
  }
});

test('bad input names the option', () => {
  const w = weights(8, 2, 7);
  const bias = (o: object) => () => tupe({ ...w, length: 5, ...o } as never);
  rejects(bias({ length: 7 }), 'ERR_SHAPE', 'positions');
  rejects(bias({ heads: 3 }), 'ERR_SHAPE', 'heads');
  rejects(bias({ dim: undefined }), 'ERR_SHAPE', 'dim');
  rejects(bias({ dim: 6 }), 'ERR_SHAPE', 'dim');
  rejects(bias({ query: { weight: w.query.weight, bias: floats(7, 1) } }), 'ERR_SHAPE', 'query.bias');
  rejects(bias({ relativeTable: floats(32, 1) }), 'ERR_SHAPE', 'relativeTable');
  rejects(bias({ relativeTable: undefined, part: 'relative' }), 'ERR_OPTION', 'part');
  rejects(bias({ maxDistance: 4 }), 'ERR_OPTION', 'maxDistance');
  rejects(bias({ numBuckets: 15 }), 'ERR_OPTION', 'numBuckets');
  rejects(bias({ rows: [3, 2] }), 'ERR_OPTION', 'rows[1]');
  rejects(() => tupeBuckets({ length: -1 }), 'ERR_SHAPE', 'length');
});

test.run();
