/** No content-relative score writes a byte outside its output and the scratch arena, however long, wide or deep its arrays. */
import * as assert from 'uvu/assert';
import {
  attach,
  debertaScores,
  factoredScores,
  hybridScores,
  shawScores,
  shawValues,
  transformerXlScores,
  xlnetScores,
} from '../../../src/index.ts';
import { probabilities, random, type Shaped } from '../../scores/content.ts';
import { test } from '../../support/test.ts';

// no whole number of floats: sizes are to be rounded down
const ARENA = { byteOffset: 4096, byteLength: 65536 + 1024 + 2 };
const memory = new WebAssembly.Memory({ initial: 160 });
const engine = attach(memory, { scratch: ARENA });
const words = new Int32Array(memory.buffer);

/** Runs with every array in the memory, the arena between canaries, the output last. */
function intact(
  what: string,
  length: number,
  arrays: Shaped[],
  run: (x: Shaped[], out: Float32Array) => unknown,
): void {
  words.fill(0x5a5a5a5a, 0, ARENA.byteOffset / 4);
  words.fill(0x5a5a5a5a, Math.ceil((ARENA.byteOffset + ARENA.byteLength) / 4));
  let top = 2 * 65536;
  const place = (data: ArrayLike<number>) => {
    const view = new Float32Array(memory.buffer, top, data.length);
    view.set(data);
    top += 4 * data.length + 64;
    return view;
  };
  const placed = arrays.map(({ data, shape }) => ({ data: place(data), shape }));
  const out = place(new Float32Array(length));
  const before = words.slice();
  run(placed, out);
  const [from, to] = [out.byteOffset / 4, (out.byteOffset + out.byteLength) / 4];
  const [low, high] = [ARENA.byteOffset / 4, Math.floor((ARENA.byteOffset + ARENA.byteLength) / 4)];
  for (let i = 0; i < words.length; i++) {
    if ((i >= from && i < to) || (i >= low && i < high)) continue;
    if (words[i] !== before[i])
      assert.unreachable(`${what}: word ${i} changed; arena ${low} to ${high}, out ${from} to ${to}`);
  }
}

for (const [q, k, d] of [
  [33, 1700, 3],
  [1700, 33, 3],
  [40, 45, 1500],
  [3, 5, 8192],
  [2, 20000, 2],
  [600, 600, 64],
]) {
  test(`${q} queries, ${k} keys, dimension ${d}`, () => {
    const [x, y] = [random([1, 1, q, d], 1), random([1, 1, k, d], 2)];
    const table = (rows: number) => random([1, rows, d], 3);
    const [u, v] = [random([1, d], 4), random([1, d], 5)];
    const cells = q * k;
    const mask = { data: new Int32Array(cells).fill(1), shape: [1, q, k] };
    const wide = Math.min(2 * Math.max(q, k) + 1, Math.floor(4e5 / d) | 1);
    intact('shaw', cells, [x, y, table(wide)], ([a, b, t], out) =>
      shawScores(a, b, t, { out, engine, keyPosition: true, mask, causal: true }),
    );
    intact('shaw, narrow', cells, [x, y, table(5)], ([a, b, t], out) => shawScores(a, b, t, { addTo: out, engine }));
    const p = probabilities([1, 1, q, k], 6);
    intact('values', q * d, [p, y, table(wide)], ([a, b, t], out) => shawValues(a, b, t, { out, engine }));
    const span = Math.floor(wide / 2);
    intact('deberta', cells, [x, y, table(2 * span), table(2 * span)], ([a, b, posKey, posQuery], out) => {
      const posAttType = q <= span ? (['c2p', 'p2c', 'p2p'] as const) : (['c2p', 'p2c'] as const);
      debertaScores(a, b, { posKey, posQuery, posAttType, out, engine, window: [50, 60] });
      const buckets = { positionBuckets: span, maxRelativePositions: 2 * span };
      if (span > 2) debertaScores(a, b, { posKey, posQuery, ...buckets, addTo: out, engine });
    });
    intact('factored', cells, [x, y], ([a, b], out) => factoredScores(a, b, a, b, { out, engine }));
    const bias = random([1, q, k], 7);
    intact('hybrid', cells, [x, y, bias], ([a, b, c], out) => hybridScores(a, b, c, { addTo: out, engine }));
    if (k < q) return;
    const rows = Math.min(k, Math.floor(4e5 / d));
    const [emb, rBias] = [random([rows, 1, d], 8), random([rows, 1], 9)];
    intact('transformer-xl, learned', cells, [x, y, emb, u, v, rBias], ([a, b, r, c, e, f], out) =>
      transformerXlScores(a, b, r, { learned: true, u: c, v: e, rBias: f, out, engine, sameLength: true }),
    );
    intact('transformer-xl', cells, [x, y, table(k), u, v], ([a, b, r, c, e], out) =>
      transformerXlScores(a, b, r, { u: c, v: e, addTo: out, engine }),
    );
    intact('xlnet', cells, [x, y, table(q + k), u, v, random([2, 1, d], 8)], ([a, b, r, c, e, s], out) =>
      xlnetScores(a, b, r, { rWBias: c, rRBias: e, rSBias: c, segEmbed: s, segMat: mask, out, engine }),
    );
  });
}

test.run();
