/**
 * What the gate promises, for biases and scores: memory that grows inside a call changes nothing, a rejected call leaves no
 * trace, lists of every kind mean the same, outputs do not lie on inputs, and sizes of no use are refused at once.
 */
import * as assert from 'uvu/assert';
import {
  alibi,
  alibiSlopes,
  attentionMask,
  beitBias,
  createEngine,
  debertaScores,
  dynamicBias,
  type Engine,
  expandDiagonal,
  fire,
  hybridScores,
  kerple,
  naiveRelativeBias,
  nezhaTable,
  shawIndex,
  shawScores,
  shawValues,
  swinBias,
  swinV2Bias,
  Tensor,
  t5Bias,
  t5Buckets,
  transformerXlScores,
  tupe,
  tupeBuckets,
  xlnetPositions,
  xlnetScores,
} from '../../src/index.ts';
import { test } from '../support/test.ts';
import { floats, rejects, sameBits } from './common.ts';

type Make = (array: (values: Float32Array, shape: number[]) => never, engine: Engine | undefined) => Tensor;

const pair = (n: number, seed: number) => floats(n, seed);
const calls: Record<string, Make> = {
  t5Bias: (a, engine) => t5Bias(a(pair(64, 1), [32, 2]), { keyLength: 300, engine, shape: undefined }),
  naiveRelativeBias: (a, engine) => naiveRelativeBias(a(pair(1198, 2), [599, 2]), { keyLength: 300, engine }),
  expandDiagonal: (a, engine) =>
    expandDiagonal(a(pair(1198, 3), [2, 599]), { queryLength: 300, keyLength: 300, engine }),
  dynamicBias: (a, engine) =>
    dynamicBias({
      layers: [
        { weight: a(pair(5, 4), [5, 1]), bias: a(pair(5, 5), [5]) },
        { weight: a(pair(10, 6), [2, 5]), bias: a(pair(2, 7), [2]) },
      ],
      keyLength: 300,
      engine,
    }),
  fire: (a, engine) =>
    fire({
      layers: [
        { weight: a(pair(5, 4), [5, 1]), bias: a(pair(5, 5), [5]) },
        { weight: a(pair(10, 6), [2, 5]), bias: a(pair(2, 7), [2]) },
      ],
      keyLength: 300,
      engine,
    }),
  swinBias: (a, engine) => swinBias(a(pair(2 * 37 * 37, 8), [37 * 37, 2]), { windowSize: [19, 19], engine }),
  beitBias: (a, engine) => beitBias(a(pair(2 * 1372, 9), [1372, 2]), { windowSize: [19, 19], engine }),
  swinV2Bias: (a, engine) =>
    swinV2Bias({
      layers: [{ weight: a(pair(10, 4), [5, 2]) }, { weight: a(pair(10, 6), [2, 5]) }],
      windowSize: [19, 19],
      engine,
    }),
  tupe: (a, engine) => {
    const projection = (n: number) => ({ weight: a(pair(n, n), n === 64 ? [8, 8] : [8]), bias: a(pair(8, 3), [8]) });
    return tupe({
      length: 300,
      heads: 2,
      positions: a(pair(8 * 301, 2), [301, 8]),
      norm: projection(8),
      query: projection(64),
      key: projection(64),
      relativeTable: a(pair(66, 5), [33, 2]),
      engine,
    });
  },
  shawScores: (a, engine) =>
    shawScores(a(pair(2400, 1), [1, 1, 300, 8]), a(pair(2400, 2), [1, 1, 300, 8]), a(pair(40, 3), [5, 8]), { engine }),
  shawValues: (a, engine) =>
    shawValues(a(pair(90000, 1), [1, 1, 300, 300]), a(pair(2400, 2), [1, 1, 300, 8]), a(pair(40, 3), [5, 8]), {
      engine,
    }),
  hybridScores: (a, engine) =>
    hybridScores(a(pair(2400, 1), [1, 1, 300, 8]), a(pair(2400, 2), [1, 1, 300, 8]), a(pair(90000, 3), [1, 300, 300]), {
      engine,
    }),
  debertaScores: (a, engine) =>
    debertaScores(a(pair(2400, 1), [1, 1, 300, 8]), a(pair(2400, 2), [1, 1, 300, 8]), {
      posKey: a(pair(80, 3), [10, 8]),
      posQuery: a(pair(80, 4), [10, 8]),
      engine,
    }),
  transformerXlScores: (a, engine) =>
    transformerXlScores(
      a(pair(2400, 1), [1, 1, 300, 8]),
      a(pair(2400, 2), [1, 1, 300, 8]),
      a(pair(2400, 3), [1, 300, 8]),
      { u: a(pair(8, 4), [1, 8]), v: a(pair(8, 5), [1, 8]), engine },
    ),
  xlnetScores: (a, engine) =>
    xlnetScores(a(pair(2400, 1), [1, 1, 300, 8]), a(pair(2400, 2), [1, 1, 300, 8]), a(pair(4800, 3), [1, 600, 8]), {
      rRBias: a(pair(8, 4), [1, 8]),
      engine,
    }),
};

/** Grows the memory before every reservation, as a full engine does. */
function growing(): Engine {
  const engine = createEngine({ initialBytes: 1 << 20, scratchBytes: 65536 });
  const allocate = engine.allocate.bind(engine);
  engine.allocate = (bytes: number) => {
    (engine.memory as { grow(pages: number): number }).grow(1);
    return allocate(bytes);
  };
  return engine;
}

for (const [name, make] of Object.entries(calls)) {
  test(`${name}: Tensors, views and { data, shape } give the same, also where the memory grows inside the call`, () => {
    const want = make((values, shape) => ({ data: values, shape }) as never, undefined).toFloat32Array();
    const engine = growing();
    const kept: Tensor[] = [];
    const inMemory = (values: Float32Array, shape: number[]) => {
      const tensor = Tensor.from(values, shape, { engine });
      kept.push(tensor);
      return tensor;
    };
    sameBits(make((values, shape) => inMemory(values, shape) as never, undefined).toFloat32Array(), want, 'Tensors');
    const made: { tensor: Tensor; shape: number[] }[] = [];
    // the arrays are made first, so that their views are alive when the call begins
    make((values, shape) => {
      made.push({ tensor: inMemory(values, shape), shape });
      return { data: values, shape } as never;
    }, undefined);
    let next = 0;
    const views = make(() => {
      const { tensor, shape } = made[next++];
      return { data: tensor.data, shape } as never;
    }, engine);
    sameBits(views.toFloat32Array(), want, 'views');
    for (const tensor of kept) tensor.dispose();
    engine.dispose();
  });
}

function filled(values: number[], dtype: 'int32' | 'uint8', engine: Engine): unknown {
  const tensor = Tensor.zeros([values.length], { engine, dtype });
  tensor.data.set(values);
  return tensor;
}

test('positions, lengths and masks: the same whatever they are held in', () => {
  const list = [3, 0, 7, 2];
  const engine = createEngine();
  const kinds = (values: number[]): unknown[] => [
    new Float32Array(values),
    BigInt64Array.from(values, BigInt),
    filled(values, 'int32', engine),
    { data: values, shape: [values.length] },
  ];
  const bias = (keyPositions: unknown) => alibi({ heads: 2, queryPositions: [1, 9], keyPositions, engine } as never);
  for (const kind of kinds(list)) sameBits(bias(kind).data, bias(list).data, 'keyPositions');
  const lengths = (queryLengths: unknown) => kerple({ p: [1], a: [2], keyLength: 5, queryLengths, engine } as never);
  for (const kind of kinds([5, 2])) sameBits(lengths(kind).data, lengths([5, 2]).data, 'queryLengths');
  const [q, table] = [
    Tensor.from(floats(40, 1), [1, 1, 5, 8], { engine }),
    Tensor.from(floats(24, 2), [3, 8], { engine }),
  ];
  const bits = Array.from({ length: 25 }, (_, n) => (n % 3 > 0 ? 1 : 0));
  const scores = (data: unknown) => shawScores(q, q, table, { mask: { data, shape: [1, 5, 5] } } as never).data;
  const masks = [bits.map(Boolean), BigInt64Array.from(bits, BigInt), filled(bits, 'uint8', engine)];
  for (const mask of masks) sameBits(scores(mask), scores(bits), 'mask');
  rejects(() => scores(bits.map((m) => m / 2)), 'ERR_OPTION', 'mask[1]');
  const bloom = (mask: unknown) => alibi({ heads: 2, mask, engine } as never).data;
  sameBits(bloom([[false, true, true]]), bloom([[0, 1, 1]]), 'nested booleans');
  engine.dispose();
});

test('lengths per batch behave the same with and without addTo', () => {
  const scores = () => floats(2 * 8 * 16, 1);
  for (const given of [
    { queryLengths: [2, 4] },
    { keyLengths: [1, 3] },
    { queryLengths: [2, 0], keyLengths: [4, 4] },
  ]) {
    const o = { heads: 8, keyLength: 4, ...given };
    const matrix = alibi(o);
    const sums = scores().map((x, t) => x + matrix.data[t]);
    sameBits(alibi({ ...o, addTo: scores() }).data, sums, 'addTo');
  }
  for (const addTo of [undefined, new Float32Array(128)]) {
    const call = () => alibi({ heads: 8, keyLength: 4, queryLengths: [9], keyLengths: [4], addTo });
    rejects(call, 'ERR_OPTION', 'queryLengths[0]');
  }
});

test('a rejected call changes nothing and keeps nothing', () => {
  const engine = createEngine();
  const scores = Tensor.from(floats(16, 1), [1, 4, 4], { engine });
  const before = scores.toFloat32Array();
  const o = { kind: 'power', p: [1], a: [1], weightP: [1], weightA: [1], addTo: scores, keyLength: 4 } as const;
  const blocks = engine.usage().blocks;
  for (const bad of [{ window: [Number.NaN, 1] }, { causal: 'yes' }, { maskValue: 'low' }, { rows: [0, 9] }]) {
    assert.throws(() => kerple({ ...o, ...bad } as never), /PosencError|expected/);
    sameBits(scores.data, before, 'scores');
  }
  const wrong = Tensor.zeros([5, 1], { engine, dtype: 'float64' });
  const layers = [{ weight: wrong }, { weight: floats(10, 1) }] as never;
  rejects(() => dynamicBias({ layers, keyLength: 300, engine }), 'ERR_OPTION', 'layers[0].weight');
  rejects(() => fire({ layers, keyLength: 300, engine }), 'ERR_OPTION', 'layers[0].weight');
  wrong.dispose();
  assert.is(engine.usage().blocks, blocks);
  const small = createEngine({ fixed: true, initialBytes: 1 << 20, scratchBytes: 65536 });
  const held = small.usage().blocks;
  for (let n = 0; n < 3; n++) {
    assert.throws(() => t5Bias(floats(64, 1), { shape: [32, 2], keyLength: 2000, engine: small }), /no room/);
    assert.is(small.usage().blocks, held);
  }
  engine.dispose();
  small.dispose();
});

test('outputs on inputs, lists and tables are refused', () => {
  const engine = createEngine();
  const table = Tensor.from(floats(64, 1), [32, 2], { engine });
  rejects(() => t5Bias(table, { queryLength: 4, keyLength: 8, out: table }), 'ERR_OPTION', 'out');
  const scores = Tensor.zeros([1, 1, 8, 8], { engine });
  const q = Tensor.from(floats(64, 2), [1, 1, 8, 8], { engine });
  rejects(() => shawScores(q, q, floatsOf(3), { addTo: q }), 'ERR_OPTION', 'addTo');
  rejects(() => hybridScores(q, q, scores, { out: scores }), 'ERR_OPTION', 'out');
  engine.dispose();
});

function floatsOf(rows: number): { data: Float32Array; shape: number[] } {
  return { data: floats(8 * rows, rows), shape: [rows, 8] };
}

test('the weight kernel leaves padding to the bias that follows', () => {
  const scores = floats(2 * 12, 5);
  const o = { kind: 'power', p: [0.5], a: [1], keyLength: 4, queryLength: 3, keyLeftPad: [2, 0] } as const;
  const got = kerple({ ...o, weightP: [1], weightA: [0.5], addTo: scores });
  for (let t = 0; t < 24; t++) {
    const padded = t < 12 && t % 4 < 2;
    assert.is(got.data[t] === Number.NEGATIVE_INFINITY, padded, `cell ${t}: ${got.data[t]}`);
  }
});

test('what Object.prototype holds is no option', () => {
  const names = [
    ...['causal', 'window', 'rows', 'diagonal', 'queryLengths', 'keyLeftPad', 'cuSeqlens', 'queryPositions', 'mask'],
    ...[
      'keyPositions',
      'addTo',
      'dtype',
      'width',
      'range',
      'squeeze',
      'factor',
      'multiply',
      'classToken',
      'bias',
      'left',
    ],
  ];
  for (const [name, make] of Object.entries(calls)) {
    const run = () => make((values, shape) => Tensor.from(values, shape) as never, undefined).toFloat32Array();
    const want = run();
    for (const option of names) {
      Object.defineProperty(Object.prototype, option, {
        value: [1, 2],
        writable: true,
        configurable: true,
        enumerable: true,
      });
      let got: Float32Array;
      try {
        got = run();
      } finally {
        delete (Object.prototype as Record<string, unknown>)[option];
      }
      sameBits(got, want, `${name}, ${option}`);
    }
  }
});

test('sizes of no use end at once', () => {
  const started = performance.now();
  rejects(() => xlnetPositions({ queryLength: 2 ** 30 }), 'ERR_SHAPE', 'queryLength');
  const index = { maxRelativePosition: 4, beyond: 'error', queryLength: 2 ** 31 - 1, keyLength: 1 } as const;
  rejects(() => shawIndex(index), 'ERR_POSITION', 'beyond');
  rejects(() => attentionMask({ keyLength: 2 ** 31 - 1 }), 'ERR_SHAPE', 'output shape');
  rejects(() => alibi({ heads: 8, keyLength: 2 ** 20, queryLength: 2 ** 20 }), 'ERR_SHAPE', 'output shape');
  rejects(() => tupeBuckets({ length: 2 ** 31 - 1 }), 'ERR_SHAPE', 'output shape');
  rejects(() => t5Buckets({ keyLength: 2 ** 16, queryLength: 2 ** 16 }), 'ERR_SHAPE', 'output shape');
  rejects(() => nezhaTable({ dim: 8192, maxRelativePosition: 2 ** 24 }), 'ERR_SHAPE', 'output shape');
  assert.is(attentionMask({ queryLength: 2 ** 31 - 1, keyLength: 0 }).length, 0);
  assert.ok(performance.now() - started < 2000);
});

test('many heads go through the arena in groups', () => {
  const heads = 3000;
  const engine = createEngine({ scratchBytes: 65536 });
  const slopes = alibiSlopes({ heads, engine }).toFloat32Array();
  const bias = alibi({ heads, totalHeads: 3100, queryLength: 2, keyLength: 3, engine });
  const added = alibi({
    heads,
    totalHeads: 3100,
    queryLength: 2,
    keyLength: 3,
    engine,
    addTo: new Float32Array(18600),
  });
  for (let h = 0; h < 3100; h++) {
    for (const [at, distance] of [1, 0, 1, 2, 1, 0].entries()) {
      const want = h < heads ? -Math.fround(slopes[h] * distance) + 0 : 0;
      assert.is(bias.data[6 * h + at] + 0, want, `head ${h}`);
      assert.is(added.data[6 * h + at] + 0, want, `head ${h}, added`);
    }
  }
  engine.dispose();
});

test('a decode row from a diagonal that was made once', () => {
  const n = 200;
  const o = { p: [1.5, 0.5], a: [0.25, 2] };
  const diagonal = kerple({ ...o, queryLength: 1, keyLength: n, diagonal: true });
  for (const t of [0, 1, 63, 199]) {
    const step = { queryLength: 1, keyLength: t + 1 };
    const want = kerple({ ...o, ...step });
    const expand = { ...step, firstDistance: 1 - n };
    sameBits(expandDiagonal(diagonal, expand).data, want.data, `row ${t}`);
    const scores = floats(want.length, t + 1);
    const sums = scores.map((x, i) => x + want.data[i]);
    sameBits(expandDiagonal(diagonal, { ...expand, addTo: scores }).data, sums, `row ${t}, added`);
    const window = { window: [5, 0] as const, maskValue: -3 };
    sameBits(
      expandDiagonal(diagonal, { ...expand, ...window }).data,
      kerple({ ...o, ...step, ...window }).data,
      'window',
    );
  }
  rejects(
    () => expandDiagonal(diagonal, { queryLength: 1, keyLength: n + 1, firstDistance: 1 - n }),
    'ERR_POSITION',
    'diagonal',
  );
  rejects(() => expandDiagonal(diagonal, { cuSeqlens: [0, 3] }), 'ERR_OPTION', 'firstDistance');
});

test.run();
