/** Calls of posenc/scores. */
import type { Random } from '../support/random.ts';
import { floats } from './absolute.ts';
import type { Generator } from './generators.ts';
import { Floats, List } from './material.ts';

interface Sizes {
  readonly b: number;
  readonly h: number;
  readonly q: number;
  readonly k: number;
  readonly d: number;
}

const sizesOf = (random: Random): Sizes => ({
  b: random.int(1, 2),
  h: random.int(1, 2),
  q: random.int(1, 5),
  k: random.int(1, 6),
  d: random.int(1, 6),
});

/** Options that every score shares: masks, row blocks, and where the result goes. */
function shared(random: Random, { b, h, q, k }: Sizes): Record<string, unknown> {
  const o: Record<string, unknown> = {};
  let rows = q;
  if (random.chance(0.3)) {
    const from = random.int(0, q - 1);
    const to = random.int(from + 1, q);
    o.rows = [from, to];
    rows = to - from;
  }
  if (random.chance(0.3)) o.causal = true;
  if (random.chance(0.3)) o.window = [random.int(-1, 5), random.int(-1, 5)];
  if (random.chance(0.3)) {
    o.mask = new List(
      Array.from({ length: b * k }, () => random.int(0, 1)),
      [b, k],
      'mask',
    );
  }
  if (random.chance(0.3)) o.addTo = new Floats(random.floats(b * h * rows * k), [b, h, rows, k], true);
  return o;
}

const finish = (args: unknown[], o: Record<string, unknown>) => ({
  args: [...args, o],
  ...(o.addTo === undefined && { out: 'one' as const }),
});

const queries = (random: Random, { b, h, q, d }: Sizes) => floats(random, [b, h, q, d]);
const keys = (random: Random, { b, h, k, d }: Sizes) => floats(random, [b, h, k, d]);

export const scores: Readonly<Record<string, Generator>> = {
  shawScores(random) {
    const s = sizesOf(random);
    const table = floats(random, [2 * random.int(0, 4) + 1, s.d]);
    return finish([queries(random, s), keys(random, s), table], shared(random, s));
  },
  shawValues(random) {
    const s = sizesOf(random);
    const table = floats(random, [2 * random.int(0, 4) + 1, s.d]);
    return finish([floats(random, [s.b, s.h, s.q, s.k]), floats(random, [s.b, s.h, s.k, s.d]), table], {});
  },
  shawIndex: (random) => ({
    args: [{ queryLength: random.int(1, 5), keyLength: random.int(1, 5), maxRelativePosition: random.int(0, 4) }],
    out: 'one',
  }),
  nezhaTable: (random) => ({
    args: [{ dim: 2 * random.int(1, 8), maxRelativePosition: random.int(1, 9) }],
    out: 'one',
  }),
  nezhaScores(random) {
    const s = sizesOf(random);
    return finish([queries(random, s), keys(random, s), floats(random, [9, s.d])], shared(random, s));
  },
  nezhaValues(random) {
    const s = sizesOf(random);
    const p = floats(random, [s.b, s.h, s.q, s.k]);
    return finish([p, floats(random, [s.b, s.h, s.k, s.d]), floats(random, [9, s.d])], {});
  },
  transformerXlTable: (random) => ({ args: [{ keyLength: random.int(1, 9), dim: 2 * random.int(1, 9) }], out: 'one' }),
  transformerXlScores(random) {
    const s = { ...sizesOf(random) };
    const k = s.q + random.int(0, 3);
    const sizes = { ...s, k };
    const r = floats(random, [s.h, k, s.d]);
    const u = floats(random, [s.h, s.d]);
    const v = floats(random, [s.h, s.d]);
    return finish([queries(random, sizes), keys(random, sizes), r], { ...shared(random, sizes), u, v });
  },
  xlnetPositions: (random) => ({
    args: [{ queryLength: random.int(1, 9), keyLength: random.int(9, 12) }],
    engine: false,
  }),
  xlnetScores(random) {
    const s = sizesOf(random);
    const sizes = { ...s, k: s.q + random.int(0, 2) };
    const r = floats(random, [s.h, sizes.k + s.q, s.d]);
    return finish([queries(random, sizes), keys(random, sizes), r], shared(random, sizes));
  },
  conformerScores(random) {
    const s = sizesOf(random);
    const sizes = { ...s, k: s.q + random.int(0, 3) };
    const r = floats(random, [s.h, 2 * sizes.k - 1 + 2 * random.int(0, 2), s.d]);
    const o: Record<string, unknown> = { ...shared(random, sizes), u: floats(random, [s.h, s.d]) };
    o.v = floats(random, [s.h, s.d]);
    if (random.chance(0.4)) {
      o.lengths = new List(
        Array.from({ length: s.b }, () => random.int(0, sizes.k)),
        [s.b],
      );
    }
    return finish([queries(random, sizes), keys(random, sizes), r], o);
  },
  localRelativeScores(random) {
    const s = sizesOf(random);
    const [contextLeft, contextRight] = [random.int(1, 4), random.int(0, 2)];
    const r = floats(random, [s.h, contextLeft + contextRight, s.d]);
    const o: Record<string, unknown> = { contextLeft, contextRight, ...(random.chance(0.4) && { softcap: 1.5 }) };
    if (random.chance(0.5)) {
      const chunkSize = random.int(1, 4);
      const sizes = { ...s, k: s.q };
      if (random.chance(0.4)) {
        const shape = [s.b, s.h, Math.ceil(s.q / chunkSize), chunkSize, chunkSize + contextLeft - 1 + contextRight];
        o.addTo = new Floats(random.floats(shape.reduce((a, b) => a * b, 1)), shape, true);
      }
      return finish([queries(random, sizes), keys(random, sizes), r], { ...o, chunkSize });
    }
    const sizes = { ...s, k: s.q + random.int(0, 3) };
    const { causal: _, window: __, ...rest } = shared(random, sizes);
    return finish([queries(random, sizes), keys(random, sizes), r], { ...rest, ...o });
  },
  decomposedRelativeScores(random) {
    const side = () => [random.int(1, 3), random.int(1, 3)];
    const [querySize, keySize, prefixTokens] = [side(), side(), random.int(0, 1)];
    const [q, k] = [querySize, keySize].map(([h, w]) => prefixTokens + h * w);
    const s = { ...sizesOf(random), q, k };
    const tables = [0, 1].map((axis) => {
      const rows = random.chance(0.3) ? random.int(1, 7) : 2 * Math.max(querySize[axis], keySize[axis]) - 1;
      return floats(random, [rows, s.d]);
    });
    const { causal: _, window: __, ...rest } = shared(random, s);
    return finish([queries(random, s), keys(random, s), ...tables], { ...rest, querySize, keySize, prefixTokens });
  },
  relativeGate(random) {
    const [b, l, h, d] = [random.int(1, 2), random.int(1, 5), random.int(1, 3), random.int(1, 5)];
    const layer = { weight: floats(random, [8, d]), bias: floats(random, [8]), constant: floats(random, [h]) };
    return { args: [floats(random, [b, l, h * d]), layer], out: 'one' };
  },
  gatedRelativeBias(random) {
    const [b, l, h, d] = [random.int(1, 2), random.int(1, 5), random.int(1, 3), random.int(1, 5)];
    const layer = { weight: floats(random, [8, d]), bias: floats(random, [8]), constant: floats(random, [h]) };
    const k = random.int(1, 6);
    const args = [floats(random, [h, l, k]), floats(random, [b, l, h * d])];
    if (random.chance(0.5)) return { args: [...args, layer], out: 'one' };
    const addTo = new Floats(random.floats(2 * b * h * l * k), [2, b, h, l, k], true);
    return { args: [...args, { ...layer, addTo }] };
  },
  debertaScores(random) {
    const s = sizesOf(random);
    const span = Math.max(s.q, s.k) + 2;
    const posKey = floats(random, [s.h, 2 * span, s.d]);
    const posQuery = floats(random, [s.h, 2 * span, s.d]);
    return finish([queries(random, s), keys(random, s)], { ...shared(random, s), posKey, posQuery });
  },
  debertaRelativePositions: (random) => ({
    args: [{ queryLength: random.int(1, 5), keyLength: random.int(1, 5) }],
    out: 'one',
  }),
  factoredScores(random) {
    const s = sizesOf(random);
    const position = (n: number) => floats(random, [s.h, n, s.d]);
    return finish([queries(random, s), keys(random, s), position(s.q), position(s.k)], shared(random, s));
  },
  hybridScores(random) {
    const s = sizesOf(random);
    const bias = random.chance(0.3) ? null : floats(random, [s.h, s.q, s.k]);
    return finish([queries(random, s), keys(random, s), bias], shared(random, s));
  },
  tupeBuckets: (random) => ({ args: [{ length: random.int(2, 9) }], out: 'one' }),
  tupe(random) {
    const [heads, width, length] = [random.int(1, 2), random.int(1, 3), random.int(2, 5)];
    const dim = heads * width;
    const projection = (shape: number[]) => ({ weight: floats(random, shape), bias: floats(random, [dim]) });
    return {
      args: [
        {
          length,
          heads,
          dim,
          positions: floats(random, [length + 1, dim]),
          norm: projection([dim]),
          query: projection([dim, dim]),
          key: projection([dim, dim]),
          ...(random.chance(0.5) && { relativeTable: floats(random, [33, heads]) }),
        },
      ],
      out: 'one',
    };
  },
};
