/** Calls of posenc/bias. */
import type { Random } from '../support/random.ts';
import { floats } from './absolute.ts';
import type { Generator } from './generators.ts';
import { Floats, List } from './material.ts';

/** Lengths, positions, row blocks and masks of a block of queries and keys. */
export function blockOptions(random: Random) {
  const queryLength = random.int(0, 9);
  const keyLength = random.int(1, 12);
  const o: Record<string, unknown> = { queryLength, keyLength };
  let rows = queryLength;
  if (random.chance(0.3)) {
    const from = random.int(0, queryLength);
    const to = random.int(from, queryLength);
    o.rows = [from, to];
    rows = to - from;
  }
  if (random.chance(0.3)) o.causal = true;
  if (random.chance(0.3)) o.window = [random.int(-1, 9), random.int(-1, 9)];
  if (random.chance(0.2)) o.maskValue = -1e9;
  if (random.chance(0.2)) {
    const list = (n: number) =>
      new List(
        Array.from({ length: n }, () => random.int(-90, 90)),
        [n],
      );
    if (random.chance(0.5)) o.queryPositions = list(queryLength);
    o.keyPositions = list(keyLength);
  } else if (random.chance(0.3)) o.queryOffset = random.pick([0, 7, -3, 100]);
  return { options: o, rows, keyLength };
}

/** A distance bias of `heads`, as a matrix, a diagonal, added to scores, or in a batch. */
function distance(random: Random, heads: number, head: unknown[], options: Record<string, unknown>) {
  const { options: block, rows, keyLength } = blockOptions(random);
  const all: Record<string, unknown> = { ...options, ...block };
  const way = random.int(0, 3);
  if (way === 1) {
    all.addTo = new Floats(random.floats(2 * heads * rows * keyLength), [2, heads, rows, keyLength], true);
    if (rows === 0) delete all.addTo;
  } else if (way === 2 && all.queryPositions === undefined && all.keyPositions === undefined) all.diagonal = true;
  else if (way === 3 && all.keyPositions === undefined && all.queryOffset === undefined) {
    all.keyLengths = new List([keyLength, random.int(0, keyLength)], [2]);
  }
  return { args: [...head, all], ...(all.addTo === undefined && { out: 'one' as const }) };
}

const network = (random: Random, inputs: number, heads: number) => {
  const width = random.int(1, 5);
  return [
    { weight: floats(random, [width, inputs]), bias: floats(random, [width]) },
    { weight: floats(random, [heads, width]), bias: floats(random, [heads]) },
  ];
};

function windowed(random: Random, heads: number, cells: number, head: unknown[], options: Record<string, unknown>) {
  if (random.chance(0.4)) {
    const scores = new Floats(random.floats(2 * heads * cells * cells), [2, heads, cells, cells], true);
    return { args: [...head, { ...options, addTo: scores }] };
  }
  return { args: [...head, options], out: 'one' as const };
}

const side = (random: Random) => [random.int(1, 3), random.int(1, 3)];

export const bias: Readonly<Record<string, Generator>> = {
  alibi(random) {
    const heads = 2 * random.int(1, 4);
    const form = random.pick(['distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric']);
    const { options } = blockOptions(random);
    if (random.chance(0.2)) {
      const mask = new List([1, 1, 0, 1, 0, 0], [2, 3], 'mask');
      return { args: [{ heads, mask }], out: 'one' };
    }
    return {
      args: [{ heads, form, ...options, ...(random.chance(0.2) && { rounding: 'bfloat16' }) }],
      out: 'one',
    };
  },
  alibiSlopes: (random) => ({
    args: [{ heads: random.int(1, 20), slopes: random.pick(['press', 'mpt', 'geometric']) }],
  }),
  t5Bias(random) {
    const heads = random.int(1, 4);
    return distance(random, heads, [floats(random, [32, heads])], { bidirectional: random.chance(0.5) });
  },
  t5Buckets(random) {
    const { queryLength, keyLength } = blockOptions(random).options;
    return { args: [{ queryLength, keyLength, bidirectional: random.chance(0.5) }], out: 'one' };
  },
  kerple(random) {
    const heads = random.int(1, 4);
    const list = () => new List(Array.from(random.floats(heads), Math.abs), [heads], 'number');
    return distance(random, heads, [], { kind: random.pick(['log', 'power']), p: list(), a: list() });
  },
  sandwich(random) {
    const heads = random.int(1, 4);
    return distance(random, heads, [], { heads, dim: 2 * random.int(1, 8) });
  },
  dynamicBias(random) {
    const heads = random.int(1, 3);
    return distance(random, heads, [], { layers: network(random, 1, heads) });
  },
  fire(random) {
    const heads = random.int(1, 3);
    const { options, rows, keyLength } = blockOptions(random);
    const layers = network(random, 1, heads);
    if (random.chance(0.4) && rows > 0) {
      const addTo = new Floats(random.floats(heads * rows * keyLength), [heads, rows, keyLength], true);
      return { args: [{ ...options, layers, addTo }] };
    }
    return { args: [{ ...options, layers }], out: 'one' };
  },
  naiveRelativeBias(random) {
    const heads = random.int(1, 3);
    const q = random.int(1, 5);
    return {
      args: [floats(random, [2 * q - 1, heads]), { queryLength: q, keyLength: q, queryOffset: 0, layout: 'hqk' }],
      out: 'one',
    };
  },
  clippedRelativeBias(random) {
    const [heads, rows] = [random.int(1, 3), random.int(2, 7)];
    const table = floats(random, [rows, heads]);
    if (random.chance(0.5)) {
      const centre = random.int(0, rows - 1);
      return distance(random, heads, [table], { direction: random.pick(['key-query', 'query-key']), centre });
    }
    const n = random.int(1, 6);
    const list = (from: number, to: number) =>
      new List(
        Array.from({ length: n }, () => random.int(from, to)),
        [n],
      );
    const layout = random.pick(['hqk', 'qkh']);
    const o: Record<string, unknown> = { queryPositions: list(0, 9), keyPositions: list(0, 9), layout };
    o.queryGroups = list(1, 2);
    if (random.chance(0.4)) {
      const shape = layout === 'qkh' ? [2, n, n, heads] : [2, heads, n, n];
      return { args: [table, { ...o, addTo: new Floats(random.floats(2 * n * n * heads), shape, true) }] };
    }
    return { args: [table, o], out: 'one' };
  },
  expandDiagonal(random) {
    const [h, q, k] = [random.int(1, 3), random.int(1, 5), random.int(1, 6)];
    return { args: [floats(random, [h, q + k - 1]), { queryLength: q, keyLength: k }], out: 'one' };
  },
  attentionMask(random) {
    const { options } = blockOptions(random);
    if (random.chance(0.3)) {
      const { maskValue: _, ...rest } = options;
      return { args: [{ ...rest, dtype: 'uint8' }], out: 'one' };
    }
    return { args: [options], out: 'one' };
  },
  swinBias(random) {
    const [windowSize, heads] = [side(random), random.int(1, 3)];
    const [h, w] = windowSize;
    if (random.chance(0.3)) {
      const frames = random.int(1, 3);
      const table = floats(random, [(2 * frames - 1) * (2 * h - 1) * (2 * w - 1), heads]);
      return windowed(random, heads, frames * h * w, [table], { windowSize: [frames, h, w] });
    }
    const table = floats(random, [(2 * h - 1) * (2 * w - 1), heads]);
    return windowed(random, heads, h * w, [table], { windowSize });
  },
  offsetBias(random) {
    const [resolution, heads, stride] = [side(random), random.int(1, 3), random.int(1, 2)];
    const [h, w] = resolution;
    const table = floats(random, [heads, h * w]);
    if (stride > Math.max(h, w)) return { args: [table, { resolution }], out: 'one' };
    if (stride > 1) return { args: [table, { resolution, stride }], out: 'one' };
    return windowed(random, heads, h * w, [table], { resolution });
  },
  shiftedWindowMask(random) {
    const axes = random.int(2, 3);
    const list = (low: number, high: number) => Array.from({ length: axes }, () => random.int(low, high));
    const [gridSize, windowSize] = [list(1, 5), list(1, 3)];
    const o: Record<string, unknown> = { gridSize, windowSize, shiftSize: windowSize.map((n) => random.int(0, n - 1)) };
    if (random.chance(0.2)) return { args: [{ ...o, distinct: true }], out: 'one' };
    if (random.chance(0.2)) return { args: [{ ...o, dtype: 'uint8' }], out: 'one' };
    if (random.chance(0.3)) {
      const n = windowSize.reduce((a, b) => a * b, 1);
      const windows = gridSize.reduce((a, cells, axis) => a * Math.ceil(cells / windowSize[axis]), 1);
      const scores = new Floats(random.floats(2 * windows * 2 * n * n), [2, windows, 2, n, n], true);
      return { args: [{ ...o, heads: 2, addTo: scores }] };
    }
    return { args: [o], out: 'one' };
  },
  beitBias(random) {
    const [windowSize, heads] = [side(random), random.int(1, 3)];
    const [h, w] = windowSize;
    const table = floats(random, [(2 * h - 1) * (2 * w - 1) + 3, heads]);
    return windowed(random, heads, h * w + 1, [table], { windowSize });
  },
  maxvitBias(random) {
    const [[h, w], heads] = [side(random), random.int(1, 3)];
    return windowed(random, heads, h * w, [floats(random, [heads, 2 * h - 1, 2 * w - 1])], { windowSize: [h, w] });
  },
  swinRelativePositionIndex: (random) => ({ args: [{ windowSize: side(random) }], out: 'one' }),
  swinV2Coordinates: (random) => ({ args: [{ windowSize: side(random) }], out: 'one' }),
  swinV2Bias(random) {
    const [[h, w], heads] = [side(random), random.int(1, 3)];
    const [first, { weight }] = network(random, 2, heads);
    return windowed(random, heads, h * w, [], { windowSize: [h, w], layers: [first, { weight }] });
  },
};
