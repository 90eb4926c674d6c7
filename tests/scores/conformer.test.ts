/** Conformer: both directions, fewer queries than keys, longer tables, lengths. */
import * as assert from 'uvu/assert';
import { conformerScores, Tensor, transformerXlScores } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, promises, random, same } from './content.ts';

test('scores: reference, rows, arenas, out, addTo; biases or none, lengths, masks', () => {
  for (const [B, H, q, k, d, more] of [
    [2, 3, 5, 5, 6, 0],
    [1, 2, 4, 11, 3, 4],
    [1, 1, 70, 139, 8, 0],
    [1, 1, 1, 1, 1, 2],
  ]) {
    const [x, y, r] = [random([B, H, q, d], 1), random([B, H, k, d], 2), random([H, 2 * k - 1 + more, d], 3)];
    const [u, v] = [random([H, d], 4), random([H, d], 5)];
    const lengths = [Math.ceil(k / 2), 0].slice(0, B);
    for (const how of [
      {},
      { u, v },
      { u, v, lengths, maskValue: -9 },
      { v, content: false, scale: 1 },
      { u, window: [2, 3] as const },
      { v, causal: true },
    ]) {
      promises(
        `${q} of ${k}, ${Object.keys(how)}`,
        q,
        (o) => conformerScores(x, y, r, { ...how, ...o }),
        (o) => reference.conformerScores(x, y, r, { ...how, ...o }),
      );
    }
  }
});

test('for keys up to the query it is Transformer-XL', () => {
  const [q, k, r] = [random([1, 2, 4, 5], 1), random([1, 2, 9, 5], 2), random([2, 17, 5], 3)];
  const [u, v] = [random([2, 5], 4), random([2, 5], 5)];
  const half = Tensor.from(
    Float32Array.from([0, 1].flatMap((h) => [...r.data.subarray(h * 85, h * 85 + 45)])),
    [2, 9, 5],
  );
  const a = conformerScores(q, k, r, { u, v, causal: true });
  same(transformerXlScores(q, k, half, { u, v }), a.data, 'causal');
});

test('the shift of the published code: pad, view, drop a row', () => {
  const [L, K, d] = [3, 5, 4];
  const [q, k, r] = [random([1, 1, L, d], 1), random([1, 1, K, d], 2), random([1, 2 * K - 1, d], 3)];
  const got = conformerScores(q, k, r, { content: false, scale: 1 });
  const rows = 2 * K - 1;
  const padded: number[] = [];
  for (let i = 0; i < L; i++) {
    padded.push(0);
    for (let t = 0; t < rows; t++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += q.data[i * d + c] * r.data[t * d + c];
      padded.push(sum);
    }
  }
  const shifted = padded.slice(L);
  const want = { shape: [1, 1, L, K], dtype: 'float32' as const, data: new Float32Array(L * K) };
  for (let i = 0; i < L; i++) for (let j = 0; j < K; j++) want.data[i * K + j] = shifted[i * rows + j];
  close(got, want, 'rel_shift');
});

test('Tensors and out: nothing is allocated', () => {
  const [q, k, r] = [random([1, 2, 6, 4], 1), random([1, 2, 6, 4], 2), random([2, 11, 4], 3)].map((x) =>
    Tensor.from(x.data, x.shape),
  );
  const out = Tensor.zeros([1, 2, 6, 6]);
  allocatesNothing(q.engine, () => conformerScores(q, k, r, { lengths: [4], out }));
});

test('what is refused', () => {
  const [q, k] = [random([2, 1, 4, 3], 1), random([2, 1, 4, 3], 2)];
  const r = random([1, 7, 3], 3);
  assert.throws(() => conformerScores(q, k, random([1, 6, 3], 3)), /r: expected an odd number of rows, at least 7/);
  assert.throws(() => conformerScores(q, k, random([1, 5, 3], 3)), /at least 7/);
  assert.throws(() => conformerScores(q, random([2, 1, 3, 3], 2), r), /k: expected at least the 4 keys/);
  assert.throws(() => conformerScores(q, k, r, { lengths: [4] }), /lengths: expected 2/);
  assert.throws(() => conformerScores(q, k, r, { lengths: [4, 5] }), /lengths/);
  assert.throws(() => conformerScores(q, k, r, { lengths: [4, 4], cuSeqlens: [0, 4] }), /cuSeqlens/);
});

test.run();
