/** Packed sequences: the scores of every sequence are those of it alone, bit for bit, and all other cells are masked. */
import * as assert from 'uvu/assert';
import {
  conformerScores,
  debertaScores,
  factoredScores,
  hybridScores,
  localRelativeScores,
  nezhaScores,
  shawScores,
  shawValues,
  Tensor,
  transformerXlScores,
  xlnetScores,
} from '../../src/index.ts';
import { test } from '../support/test.ts';
import { probabilities, random, type Shaped, same, tight } from './content.ts';

const [B, H, D] = [2, 3, 8];
const queries = [0, 4, 4, 5, 12];
const keys = [0, 6, 9, 10, 20];
const [Q, K] = [12, 20];

/** Rows [from, to) of the dimension before the last. */
function rowsOf({ data, shape }: Shaped, from: number, to: number): Shaped {
  const [rows, width] = shape.slice(-2);
  const matrices = data.length / rows / width;
  const parts = Array.from({ length: matrices }, (_, m) => [
    ...data.subarray((m * rows + from) * width, (m * rows + to) * width),
  ]);
  return { data: Float32Array.from(parts.flat()), shape: [...shape.slice(0, -2), to - from, width] };
}

function columnsOf({ data, shape }: Shaped, from: number, to: number): Shaped {
  const width = shape[shape.length - 1];
  const parts = Array.from({ length: data.length / width }, (_, r) => [
    ...data.subarray(r * width + from, r * width + to),
  ]);
  return { data: Float32Array.from(parts.flat()), shape: [...shape.slice(0, -1), to - from] };
}

const q = random([B, H, Q, D], 1);
const k = random([B, H, K, D], 2);
const bias = random([H, Q, K], 3);
const table = random([H, 11, D], 4);
const keyTable = random([H, 16, D], 5);
const queryTable = random([H, 16, D], 6);
const [longTable, localTable] = [random([H, 2 * K - 1, D], 14), random([H, 5, D], 15)];
const [content, position] = [random([H, D], 16), random([H, D], 17)];
const mask = { data: Array.from({ length: Q * K }, (_, n) => n % 7 > 0), shape: [1, Q, K] };

interface Scheme {
  run(o: object, queries: Shaped, keys: Shaped, part: (x: Shaped) => Shaped, length: number): Tensor;
  readonly options?: object;
}

const same2 = (x: Shaped) => x;
const schemes: Record<string, Scheme> = {
  shaw: { run: (o, a, b) => shawScores(a, b, table, { keyPosition: true, ...o }) },
  'shaw, causal window': { run: (o, a, b) => shawScores(a, b, table, { causal: true, window: [3, 0], ...o }) },
  nezha: { run: (o, a, b) => nezhaScores(a, b, table, o) },
  hybrid: { run: (o, a, b, part) => hybridScores(a, b, part(bias), o) },
  conformer: { run: (o, a, b) => conformerScores(a, b, longTable, { u: content, v: position, ...o }) },
  local: {
    run: (o, a, b) => localRelativeScores(a, b, localTable, { contextLeft: 3, contextRight: 2, softcap: 0.7, ...o }),
  },
  'deberta, all terms': {
    run: (o, a, b) =>
      debertaScores(a, b, { posKey: keyTable, posQuery: queryTable, posAttType: ['c2p', 'p2c', 'p2p'], ...o }),
  },
  'deberta, buckets': {
    run: (o, a, b) =>
      debertaScores(a, b, {
        posKey: keyTable,
        posQuery: queryTable,
        positionBuckets: 8,
        maxRelativePositions: 16,
        ...o,
      }),
  },
  'factored, without content': {
    run: (o, a, b) => factoredScores(a, b, a, b, { content: false, scale: 1, ...o }),
  },
};

for (const [name, { run }] of Object.entries(schemes)) {
  for (const added of [false, true]) {
    test(`${name}${added ? ', added' : ''}`, () => {
      const start = random([B, H, Q, K], 9);
      const addTo = added ? Tensor.from(start.data, start.shape) : undefined;
      const got = run({ cuSeqlens: queries, cuSeqlensK: keys, ...(addTo && { addTo }) }, q, k, same2, 0);
      assert.equal([...got.shape], [B, H, Q, K]);
      const want = new Float32Array(B * H * Q * K).fill(Number.NEGATIVE_INFINITY);
      for (let s = 0; s + 1 < queries.length; s++) {
        const [q0, q1, k0, k1] = [queries[s], queries[s + 1], keys[s], keys[s + 1]];
        const part = (x: Shaped) => columnsOf(rowsOf(x, q0, q1), k0, k1);
        const own = part(start);
        const o = added ? { addTo: Tensor.from(own.data, own.shape) } : {};
        const alone = run(o, rowsOf(q, q0, q1), rowsOf(k, k0, k1), part, k1 - k0);
        const { data } = alone;
        for (let m = 0; m < B * H; m++) {
          for (let i = 0; i < q1 - q0; i++) {
            const from = (m * (q1 - q0) + i) * (k1 - k0);
            want.set(data.subarray(from, from + k1 - k0), (m * Q + q0 + i) * K + k0);
          }
        }
      }
      same(got, want, name);
      if (added) return;
      const rows = run({ cuSeqlens: queries, cuSeqlensK: keys, rows: [3, 9] }, q, k, same2, 0);
      same(rows, rowsOf({ data: want, shape: [B, H, Q, K] }, 3, 9).data, `${name}, rows`);
      const small = run({ cuSeqlens: queries, cuSeqlensK: keys, engine: tight }, q, k, same2, 0);
      same(small, want, `${name}, a small arena`);
      const masked = run({ cuSeqlens: queries, cuSeqlensK: keys, mask }, q, k, same2, 0);
      const cells = want.map((x, n) => (mask.data[n % (Q * K)] ? x : Number.NEGATIVE_INFINITY));
      same(masked, cells, `${name}, masked`);
    });
  }
}

test('transformer-xl and xlnet: the distance decides the row, wherever the sequence lies', () => {
  const lengths = [0, 6, 9, 10, 20];
  const [own, r, rr] = [random([B, H, K, D], 1), random([H, K, D], 7), random([H, 2 * K, D], 8)];
  const segMat = { data: Array.from({ length: K * K }, (_, n) => n % 3 === 0), shape: [1, K, K] };
  const segEmbed = random([2, H, D], 11);
  const [u, v] = [random([H, D], 12), random([H, D], 13)];
  const xl = transformerXlScores(own, k, r, { cuSeqlens: lengths, u, v });
  const net = xlnetScores(own, k, rr, { cuSeqlens: lengths, rWBias: u, rRBias: v, segMat, segEmbed });
  for (let s = 0; s + 1 < lengths.length; s++) {
    const [from, to] = [lengths[s], lengths[s + 1]];
    const n = to - from;
    const [a, b] = [rowsOf(own, from, to), rowsOf(k, from, to)];
    const shortXl = transformerXlScores(a, b, rowsOf(r, K - n, K), { u, v }).data;
    const segments = columnsOf(
      rowsOf({ data: Float32Array.from(segMat.data, Number), shape: [1, K, K] }, from, to),
      from,
      to,
    );
    const o = { rWBias: u, rRBias: v, segMat: segments, segEmbed };
    const shortNet = xlnetScores(a, b, rowsOf(rr, K - n, K + n), o).data;
    for (let m = 0; m < B * H; m++) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < K; j++) {
          const at = (m * K + from + i) * K + j;
          const inside = j >= from && j < to;
          const cell = (m * n + i) * n + j - from;
          assert.is(xl.data[at], inside ? shortXl[cell] : Number.NEGATIVE_INFINITY);
          assert.is(net.data[at], inside ? shortNet[cell] : Number.NEGATIVE_INFINITY);
        }
      }
    }
  }
  assert.throws(
    () => transformerXlScores(own, k, r, { cuSeqlens: lengths, sameLength: true }),
    /sameLength: is defined/,
  );
});

test('values: probabilities outside the sequences are not looked at', () => {
  const p = probabilities([B, H, Q, K], 14);
  const v = random([B, H, K, D], 15);
  const packed = { cuSeqlens: queries, cuSeqlensK: keys };
  const got = shawValues(p, v, table, packed);
  const part = shawValues(p, v, table, { ...packed, rows: [3, 9] });
  for (let s = 0; s + 1 < queries.length; s++) {
    const [q0, q1, k0, k1] = [queries[s], queries[s + 1], keys[s], keys[s + 1]];
    const alone = shawValues(columnsOf(rowsOf(p, q0, q1), k0, k1), rowsOf(v, k0, k1), table).data;
    for (let m = 0; m < B * H; m++) {
      for (let t = 0; t < (q1 - q0) * D; t++) {
        assert.is(got.data[(m * Q + q0) * D + t], alone[m * (q1 - q0) * D + t]);
      }
    }
  }
  same(part, rowsOf({ data: got.toFloat32Array(), shape: [B, H, Q, D] }, 3, 9).data, 'rows');
});

test.run();
