/** Shaw's relative scores and values against their formula, in every public variant; the index. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { attach, PosencError, shawIndex, shawScores, shawValues, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, probabilities, promises, random, same, tight } from './content.ts';

const VARIANTS = [
  { name: 'tensor2tensor', rows: 9, options: { scale: 1 } },
  { name: 'bert4keras', rows: 7, options: { queryOffset: 0 } },
  { name: 'wav2vec2-BERT', rows: 12, options: { centre: 9, queryOffset: 0 } },
  { name: 'BERT relative_key', rows: 199, options: { direction: 'query-key', beyond: 'error', queryOffset: 0 } },
  {
    name: 'BERT relative_key_query',
    rows: 199,
    options: { direction: 'query-key', keyPosition: true, queryOffset: 0 },
  },
  { name: 'Music Transformer, masked', rows: 20, options: { centre: 19, beyond: 'zero', causal: true } },
  { name: 'Music Transformer, unmasked', rows: 39, options: { beyond: 'zero' } },
  { name: 'sign turned, off centre', rows: 10, options: { centre: 2, direction: 'query-key' } },
] as const;

for (const { name, rows, options } of VARIANTS) {
  test(`scores: ${name}`, () => {
    for (const [B, H, q, k, d] of [
      [2, 3, 5, 8, 6],
      [1, 2, 70, 99, 9],
    ]) {
      const [x, y, table] = [random([B, H, q, d], 1), random([B, H, k, d], 2), random([rows, d], 3)];
      promises(
        `${name} ${q} x ${k}`,
        q,
        (o) => shawScores(x, y, table, { ...options, ...o }),
        (o) => reference.shawScores(x, y, table, { ...options, ...o }),
      );
    }
  });
}

test('scores: any size, table and offset', () => {
  const sizes = fc.record({
    q: fc.integer({ min: 1, max: 40 }),
    k: fc.integer({ min: 1, max: 40 }),
    d: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 12 }),
    centre: fc.nat(11),
    queryOffset: fc.integer({ min: -60, max: 60 }),
    beyond: fc.constantFrom('clip' as const, 'zero' as const),
    direction: fc.constantFrom('key-query' as const, 'query-key' as const),
    keyPosition: fc.boolean(),
    shared: fc.integer({ min: 2, max: 4 }),
    content: fc.boolean(),
  });
  fc.assert(
    fc.property(sizes, ({ q, k, d, rows, centre, keyPosition, shared, ...more }) => {
      fc.pre(centre < rows && !(keyPosition && more.beyond === 'zero'));
      const [x, y] = [random([2, 2, q, d], 1), random([2, 2, k, d], 2)];
      const table = random([2, 2, rows, d].slice(-shared), 3);
      const options = { ...more, centre, keyPosition };
      const got = shawScores(x, y, table, options);
      close(got, reference.shawScores(x, y, table, options));
      got.dispose();
    }),
    { numRuns: 150 },
  );
});

test('scores: long rows and wide tables are cut to fit the smallest arena', () => {
  const [x, y, table] = [random([1, 1, 40, 4], 1), random([1, 1, 1500, 4], 2), random([2999, 4], 3)];
  promises(
    '40 x 1500',
    40,
    (o) => shawScores(x, y, table, { keyPosition: true, ...o }),
    (o) => reference.shawScores(x, y, table, { keyPosition: true, ...o }),
  );
  const [tall, few] = [random([1, 1, 1500, 4], 1), random([1, 1, 40, 4], 2)];
  const options = { keyPosition: true, queryOffset: 0 };
  const want = shawScores(tall, few, table, options);
  close(want, reference.shawScores(tall, few, table, options));
  same(shawScores(tall, few, table, { ...options, engine: tight }), want.data, '1500 x 40');
});

test('values: every variant without keys of their own', () => {
  for (const { name, rows, options } of VARIANTS) {
    const how = Object.fromEntries(
      Object.entries(options).filter(([key]) => !['scale', 'causal', 'keyPosition'].includes(key)),
    );
    for (const [B, H, q, k, d] of [
      [2, 3, 5, 8, 6],
      [1, 2, 70, 99, 9],
    ]) {
      const [p, v, table] = [probabilities([B, H, q, k], 1), random([B, H, k, d], 2), random([rows, d], 3)];
      promises(
        `${name} ${q} x ${k}`,
        q,
        (o) => shawValues(p, v, table, { ...how, ...o }),
        (o) => reference.shawValues(p, v, table, { ...how, ...o }),
      );
    }
  }
});

test('values: a table wider than the smallest arena is cut, without another bit', () => {
  const [p, table] = [probabilities([1, 2, 3, 50], 1), random([2, 40001, 3], 3)];
  for (const queryOffset of [0, 15000, -19000, 60000, -60000]) {
    const options = { content: false, queryOffset };
    const whole = shawValues(p, null, table, options);
    close(whole, reference.shawValues(p, null, table, options), `offset ${queryOffset}`);
    same(shawValues(p, null, table, { ...options, engine: tight }), whole.data, `offset ${queryOffset}`);
  }
});

test("position term alone, without keys, added onto scores of one's own", () => {
  const [q, k, table] = [random([2, 2, 6, 5], 1), random([2, 2, 9, 5], 2), random([7, 5], 3)];
  const own = shawScores(q, k, table, { content: true });
  const content = reference.hybridScores(q, k, null);
  const scores = Tensor.from(content.data, content.shape);
  shawScores(q, null, table, { content: false, keyLength: 9, addTo: scores });
  close(scores, { shape: own.shape, dtype: 'float32', data: own.toFloat32Array() });
});

test('masks: causal, window, cells, after everything else', () => {
  const [q, k, table] = [random([2, 2, 6, 5], 1), random([2, 2, 9, 5], 2), random([7, 5], 3)];
  const bits = (n: number) => Array.from({ length: n }, (_, i) => Number((i * 7) % 5 < 3));
  for (const options of [
    { causal: true },
    { window: [2, 1] as const, maskValue: -10000 },
    { mask: { data: bits(18), shape: [2, 9] } },
    { mask: { data: bits(9), shape: [1, 9] }, causal: true },
    { mask: { data: bits(2 * 54), shape: [2, 6, 9] } },
    { mask: { data: bits(2 * 54), shape: [1, 2, 6, 9] }, maskValue: -3.4e38 },
    { mask: { data: bits(4 * 54), shape: [2, 2, 6, 9] } },
  ]) {
    promises(
      JSON.stringify(options),
      6,
      (o) => shawScores(q, k, table, { ...options, ...o }),
      (o) => reference.shawScores(q, k, table, { ...options, ...o }),
    );
  }
});

test('masks: blocks that no query sees are not computed, and no seen cell changes', () => {
  const [q, k, table] = [random([1, 2, 150, 5], 1), random([1, 2, 199, 5], 2), random([7, 5], 3)];
  for (const options of [
    { causal: true },
    { window: [20, 5] as const },
    { window: [0, 0] as const, queryOffset: -40 },
    { window: [3, -1] as const, queryOffset: 120, content: false },
    { causal: true, queryOffset: -200 },
  ]) {
    const how = { ...options, keyPosition: true };
    promises(
      JSON.stringify(options),
      150,
      (o) => shawScores(q, k, table, { ...how, ...o }),
      (o) => reference.shawScores(q, k, table, { ...how, ...o }),
    );
  }
});

test('index: lengths, positions, rows, edges, both signs', () => {
  const sizes = fc.record({
    tableRows: fc.integer({ min: 1, max: 11 }),
    centre: fc.nat(10),
    queryLength: fc.integer({ min: 1, max: 9 }),
    keyLength: fc.integer({ min: 1, max: 9 }),
    queryOffset: fc.integer({ min: -20, max: 20 }),
    beyond: fc.constantFrom('clip' as const, 'zero' as const),
    direction: fc.constantFrom('key-query' as const, 'query-key' as const),
  });
  fc.assert(
    fc.property(sizes, (o) => {
      fc.pre(o.centre < o.tableRows);
      const want = reference.shawIndex(o);
      const got = shawIndex(o);
      assert.is(got.dtype, 'int32');
      assert.equal([...got.shape], want.shape);
      assert.equal([...got.data], [...want.data]);
    }),
  );
  const positions = { queryPositions: [5, -3, 0], keyPositions: [9, 9, 2, -4], maxRelativePosition: 4 };
  assert.equal([...shawIndex(positions).data], [...reference.shawIndex(positions).data]);
  const keys = { keyPositions: [9, 2, 5], queryLength: 2, queryOffset: 5, maxRelativePosition: 4 };
  assert.equal([...shawIndex(keys).data], [8, 1, 4, 7, 0, 3]);
  assert.equal([...shawIndex({ maxRelativePosition: 2, queryLength: 1, keyLength: 6 }).data], [0, 0, 0, 0, 1, 2]);
  assert.equal([...shawIndex({ maxRelativePosition: 2, queryLength: 4, rows: [1, 3] }).data], [1, 2, 3, 4, 0, 1, 2, 3]);
  const out = Tensor.zeros([1, 2], { dtype: 'int32' });
  assert.is(shawIndex({ maxRelativePosition: 2, queryLength: 1, keyLength: 2, out }), out);
  // so far off that a distance would leave int32
  const far = { maxRelativePosition: 2, queryLength: 1, keyLength: 2, queryOffset: 2 ** 30 + 1 };
  assert.throws(
    () => shawIndex(far),
    (error: PosencError) => error.code === 'ERR_OPTION' && /queryOffset/.test(error.message),
  );
  const beyond = { tableRows: 3, beyond: 'error', queryLength: 1, queryOffset: 0 } as const;
  assert.equal([...shawIndex({ ...beyond, keyLength: 2 }).data], [1, 2]);
  assert.throws(
    () => shawIndex({ ...beyond, keyLength: 3 }),
    (error: PosencError) => error.code === 'ERR_POSITION' && /distance 2/.test(error.message),
  );
});

test('with Tensors and out nothing is allocated', () => {
  const tensor = (shape: number[], seed: number) => Tensor.from(random(shape, seed).data, shape, { engine: tight });
  const [q, k, table] = [tensor([1, 2, 40, 8], 1), tensor([1, 2, 50, 8], 2), tensor([9, 8], 3)];
  const [out, p, values] = [tensor([1, 2, 40, 50], 4), tensor([1, 2, 40, 50], 5), tensor([1, 2, 40, 8], 6)];
  allocatesNothing(tight, () => {
    shawScores(q, k, table, { out, keyPosition: true });
    shawScores(q, k, table, { addTo: out });
    shawValues(p, k, table, { out: values });
  });
});

test("in a memory of one's own", () => {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const engine = attach(memory, { scratch: { byteOffset: 0, byteLength: 2 ** 17 } });
  let top = 2 ** 17;
  const view = ({ data, shape }: ReturnType<typeof random>) => {
    const copy = new Float32Array(memory.buffer, top, data.length);
    copy.set(data);
    top += 4 * data.length;
    return { data: copy, shape };
  };
  const [q, k, table] = [random([1, 2, 6, 5], 1), random([1, 2, 9, 5], 2), random([7, 5], 3)];
  const out = view({ data: new Float32Array(108), shape: [108] }).data;
  const [x, y, rows] = [view(q), view(k), view(table)];
  shawScores(x, y, rows, { out, engine });
  assert.equal([...out], [...shawScores(q, k, table).data]);
  assert.throws(() => shawScores(x, y, rows, { engine }), /out: an engine attached/);
  assert.throws(() => shawScores(x, y, rows, { engine, addTo: new Float32Array(108) }), /addTo: an engine attached/);
});

test('empty sizes give empty or zero results', () => {
  const table = random([3, 4], 1);
  assert.equal([...shawScores(random([1, 2, 0, 4], 1), random([1, 2, 3, 4], 1), table).shape], [1, 2, 0, 3]);
  assert.equal([...shawScores(random([1, 2, 3, 4], 1), random([1, 2, 0, 4], 1), table).shape], [1, 2, 3, 0]);
  const none = shawValues(random([1, 1, 2, 0], 1), random([1, 1, 0, 4], 1), table);
  assert.equal([...none.data], new Array(8).fill(0));
});

test('what is wrong is named, and out stays as it was', () => {
  const [q, k, table] = [random([1, 2, 3, 4], 1), random([1, 2, 3, 4], 2), random([5, 4], 3)];
  const out = Tensor.from(new Float32Array(18).fill(7), [1, 2, 3, 3]);
  const fails = (code: string, word: string, run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.instance(error, PosencError);
      assert.is((error as PosencError).code, code);
      assert.ok((error as Error).message.includes(word), `'${(error as Error).message}' names ${word}`);
      assert.equal([...out.data], new Array(18).fill(7));
      return;
    }
    assert.unreachable(`${code} about ${word} was expected`);
  };
  fails('ERR_SHAPE', 'q', () => shawScores(random([2, 3, 4], 1), k, table, { out }));
  fails('ERR_SHAPE', 'k', () => shawScores(q, random([1, 2, 3, 5], 1), table, { out }));
  fails('ERR_SHAPE', 'table', () => shawScores(q, k, random([5, 3], 1), { out }));
  fails('ERR_OPTION', 'centre', () => shawScores(q, k, random([4, 4], 1), { out }));
  fails('ERR_OPTION', 'centre', () => shawScores(q, k, table, { out, centre: 5 }));
  fails('ERR_POSITION', 'beyond', () => shawScores(q, k, random([3, 4], 1), { out, beyond: 'error' }));
  fails('ERR_OPTION', 'scales', () => shawScores(q, k, table, { out, scales: 1 } as never));
  fails('ERR_OPTION', 'k', () => shawScores(q, null, table, { keyLength: 3, out }));
  fails('ERR_SHAPE', 'mask', () => shawScores(q, k, table, { out, mask: { data: [1, 1], shape: [1, 2] } }));
  fails('ERR_SHAPE', 'out', () => shawScores(q, k, table, { out: Tensor.zeros([3]) }));
  fails('ERR_OPTION', 'addTo', () => shawScores(q, k, table, { out, addTo: out }));
  fails('ERR_SHAPE', 'addTo', () => shawScores(q, k, table, { addTo: Tensor.zeros([3]) }));
  fails('ERR_OPTION', 'addTo', () => shawScores(q, k, table, { addTo: [1] as never }));
  fails('ERR_OPTION', 'out', () => shawScores(out, random([1, 2, 3, 3], 2), random([5, 3], 3), { out }));
  fails('ERR_SHAPE', 'v', () => shawValues(out, random([1, 2, 4, 4], 1), table));
  fails('ERR_OPTION', 'rows', () => shawScores(q, k, table, { out, rows: [2, 5] }));
  fails('ERR_OPTION', 'maxRelativePosition', () => shawIndex({ queryLength: 3 }));
});

test.run();
