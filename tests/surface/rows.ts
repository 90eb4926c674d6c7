/** Calls of posenc/rows, of the Tensor class and of posenc/analysis that touch memory. */
import { floats } from './absolute.ts';
import type { Generator } from './generators.ts';
import { Floats, List } from './material.ts';

const ids = (random: Parameters<Generator>[0], rows: number) => {
  const shape = random.pick([[random.int(0, 7)], [random.int(1, 3), random.int(1, 4)]]);
  const n = shape.reduce((a, b) => a * b, 1);
  return new List(
    Array.from({ length: n }, () => random.int(0, rows - 1)),
    shape,
  );
};

export const rows: Readonly<Record<string, Generator>> = {
  'Tensor.zeros': (random) => ({
    args: [[random.int(0, 4), random.int(1, 5)], { dtype: random.pick(['float32', 'float64', 'int32', 'uint8']) }],
  }),
  'Tensor.from'(random) {
    const n = random.int(0, 9);
    return { args: [new List(Array.from(random.floats(n)), [n], 'number'), [n], {}] };
  },
  merge(random) {
    const [b, s, d] = [random.int(1, 3), random.int(1, 5), random.int(1, 17)];
    const mode = random.pick(['add', 'mul', 'mulPlusOne', 'concat', 'zero']);
    const width = mode === 'concat' ? random.int(1, 9) : d;
    return { args: [floats(random, [b, s, d]), floats(random, [s, width]), { mode }], out: 'one' };
  },
  learnedPositions(random) {
    const [n, dim] = [random.int(1, 8), random.int(1, 9)];
    const which = random.chance(0.5) ? { ids: ids(random, n) } : { length: random.int(0, n) };
    return {
      args: [
        floats(random, [n, dim]),
        { ...which, ...(random.chance(0.3) && { l2Normalize: true }), ...(random.chance(0.3) && { scale: 0.5 }) },
      ],
      out: 'one',
    };
  },
  learnedPositions2d(random) {
    const [h, w] = [random.int(1, 4), random.int(1, 4)];
    return {
      args: [
        floats(random, [w + random.int(0, 2), random.int(1, 4)]),
        floats(random, [h + random.int(0, 2), random.int(1, 4)]),
        { height: h, width: w },
      ],
      out: 'one',
    };
  },
  hierarchicalPositions(random) {
    const n = random.int(1, 4);
    const which = random.chance(0.5) ? { positions: ids(random, n * n) } : { length: random.int(0, n * n) };
    return { args: [floats(random, [n, random.int(1, 6)]), which], out: 'one' };
  },
  resizeRelativeTable(random) {
    const [h, w, heads, extraRows] = [random.int(1, 4), random.int(1, 4), random.int(1, 5), random.int(0, 3)];
    const table = floats(random, [(2 * h - 1) * (2 * w - 1) + extraRows, heads]);
    return { args: [table, { from: [h, w], to: [random.int(1, 5), random.int(1, 5)], extraRows }], out: 'one' };
  },
  resizePositionTable(random) {
    const [h, w] = [random.int(1, 5), random.int(1, 5)];
    const prefixTokens = random.int(0, 2);
    return {
      args: [
        floats(random, [prefixTokens + h * w, random.int(1, 6)]),
        {
          from: [h, w],
          to: [random.int(1, 6), random.int(1, 6)],
          prefixTokens,
          mode: random.pick(['bicubic', 'bilinear', 'nearest', 'nearest-exact']),
        },
      ],
      out: 'one',
    };
  },
  rmtInput(random) {
    const [b, d] = [random.int(1, 2), random.int(1, 5)];
    const memory = random.pick([
      [random.int(0, 3), d],
      [b, random.int(1, 3), d],
    ]);
    return { args: [floats(random, [b, random.int(0, 4), d]), floats(random, memory), {}], out: 'one' };
  },
  rmtOutput: (random) => ({ args: [floats(random, [random.int(1, 2), random.int(4, 7), 3]), { memoryTokens: 2 }] }),
  rmtWriteMemory: (random) => ({
    args: [
      new Floats(random.floats(2 * 5 * 3), [2, 5, 3], true, true),
      floats(
        random,
        random.pick([
          [2, 3],
          [2, 2, 3],
        ]),
      ),
      { memoryStart: random.int(0, 3) },
    ],
    engine: false,
  }),
  rmtReadMemory: (random) => ({
    args: [floats(random, [2, 5, 3]), { memoryStart: random.int(0, 3), memoryTokens: random.int(0, 2) }],
    engine: false,
  }),
  permuteRows(random) {
    const n = random.int(1, 5);
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = random.int(0, i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return { args: [floats(random, [random.int(1, 2), n, 3]), new List(order, [n])], engine: false };
  },
  permutationError: (random) => ({
    args: [(x: unknown) => x, new Floats(random.floats(6), [3, 2], false, true), new List([2, 0, 1], [3])],
    engine: false,
  }),
  fourTermDecomposition(random) {
    const [n, d, h] = [random.int(1, 4), random.int(1, 4), random.int(1, 4)];
    return {
      args: [
        {
          x: floats(random, [n, d]),
          p: floats(random, [n, d]),
          wq: floats(random, [d, h]),
          wk: floats(random, [d, h]),
        },
      ],
    };
  },
  sinusoidalGram: (random) => ({ args: [{ dim: 2 * random.int(1, 9), length: random.int(0, 9) }], out: 'one' }),
  ropeDecayBound: (random) => ({
    args: [{ dim: 2 * random.int(1, 9), distances: new List([0, -3, 1000], [3]) }],
    out: 'one',
  }),
};
