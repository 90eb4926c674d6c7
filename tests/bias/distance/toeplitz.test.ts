/** Every bias of the distance, by the same rules: reference, row blocks, addTo, diagonal, batches, positions, any arena. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { ToeplitzOptions } from '../../../src/bias/distance/encoding.ts';
import {
  clippedRelativeBias,
  createEngine,
  dynamicBias,
  type Engine,
  expandDiagonal,
  kerple,
  naiveRelativeBias,
  sandwich,
  Tensor,
  t5Bias,
} from '../../../src/index.ts';
import * as clippedReference from '../../../src/reference/clipped.ts';
import * as dynamicReference from '../../../src/reference/dynamicBias.ts';
import * as kerpleReference from '../../../src/reference/kerple.ts';
import * as naiveReference from '../../../src/reference/naive.ts';
import * as sandwichReference from '../../../src/reference/sandwich.ts';
import * as t5Reference from '../../../src/reference/t5.ts';
import type { FlatNumbers } from '../../../src/runtime/lists.ts';
import { test } from '../../support/test.ts';
import { closeTo, floats, rejects, sameBits } from '../common.ts';

type Lengths = 'queryLengths' | 'keyLengths' | 'keyLeftPad';
type Options = Omit<ToeplitzOptions, 'out' | 'engine' | 'addTo' | 'diagonal' | Lengths> & {
  readonly [K in Lengths]?: readonly number[];
};

interface Subject {
  readonly name: string;
  readonly heads: number;
  readonly make: (o: ToeplitzOptions) => Tensor;
  readonly reference: (o: Options) => { readonly shape: readonly number[]; readonly data: Float32Array };
  readonly abs: number;
  readonly rel: number;
  /** No positions, no batches. */
  readonly consecutiveOnly?: boolean;
  readonly headsLast?: boolean;
}

const t5Table = floats(16 * 3, 1);
const t5 = { numBuckets: 16, maxDistance: 60, shape: [16, 3], scale: 0.3 };
const naiveTable = floats(2 * 799 + 1, 2);
const naiveWide = floats(3 * (2 * 799 + 1), 3);
const log = { p: [1.5, 0.0001, 0.75], a: [0.25, 3, -1] };
const power = { kind: 'power', p: [1.5, 3, 0.005], a: [0.25, 0.1, -1] } as const;
const weight = { kind: 'power', weightP: [0.5, 1.7], weightA: [0.01, 0.3], part: 'weight' } as const;
const layers = [
  { weight: floats(5, 4), bias: floats(5, 5) },
  { weight: floats(35, 6) },
  { weight: floats(14, 7), bias: floats(2, 8) },
];

const clippedTable = floats(3 * 7, 9);
/** More rows than any distance that the properties reach: a symmetric table refuses to be too short on one side. */
const symmetricTable = floats(2 * 2000, 10);

const subjects: Subject[] = [
  ...(['key-query', 'query-key'] as const).map(
    (direction): Subject => ({
      name: `clipped ${direction}`,
      heads: 3,
      make: (o) => clippedRelativeBias(clippedTable, { shape: [7, 3], direction, ...o }),
      reference: (o) => clippedReference.clippedRelativeBias(clippedTable, { shape: [7, 3], direction, ...o }),
      abs: 0,
      rel: 0,
    }),
  ),
  {
    name: 'clipped heads last',
    heads: 3,
    headsLast: true,
    make: (o) => clippedRelativeBias(clippedTable, { shape: [7, 3], centre: 5, layout: 'qkh', ...o }),
    reference: (o) =>
      clippedReference.clippedRelativeBias(clippedTable, { shape: [7, 3], centre: 5, layout: 'qkh', ...o }),
    abs: 0,
    rel: 0,
  },
  {
    name: 'clipped symmetric',
    heads: 2,
    make: (o) => clippedRelativeBias(symmetricTable, { shape: [2000, 2], symmetric: true, ...o }),
    reference: (o) => clippedReference.clippedRelativeBias(symmetricTable, { shape: [2000, 2], symmetric: true, ...o }),
    abs: 0,
    rel: 0,
  },
  {
    name: 't5',
    heads: 3,
    make: (o) => t5Bias(t5Table, { ...t5, ...o }),
    reference: (o) => t5Reference.t5Bias(t5Table, { ...t5, ...o }),
    abs: 0,
    rel: 0,
  },
  {
    name: 'kerple log',
    heads: 3,
    make: (o) => kerple({ ...log, ...o }),
    reference: (o) => kerpleReference.kerple({ ...log, ...o }),
    abs: 0,
    rel: 1e-7,
  },
  {
    name: 'kerple power',
    heads: 3,
    make: (o) => kerple({ ...power, ...o }),
    reference: (o) => kerpleReference.kerple({ ...power, ...o }),
    abs: 0,
    rel: 1e-7,
  },
  {
    name: 'sandwich',
    heads: 2,
    make: (o) => sandwich({ heads: 2, dim: 10, ...o }),
    reference: (o) => sandwichReference.sandwich({ heads: 2, dim: 10, ...o }),
    abs: 2e-7,
    rel: 1e-7,
  },
  {
    name: 'sandwich nemo',
    heads: 3,
    make: (o) => sandwich({ heads: 3, dim: 14, form: 'nemo', ...o }),
    reference: (o) => sandwichReference.sandwich({ heads: 3, dim: 14, form: 'nemo', ...o }),
    abs: 2e-7,
    rel: 1e-7,
  },
  {
    name: 'sandwich nemo-causal',
    heads: 3,
    consecutiveOnly: true,
    make: (o) => sandwich({ heads: 3, dim: 8, form: 'nemo-causal', ...o }),
    reference: (o) => sandwichReference.sandwich({ heads: 3, dim: 8, form: 'nemo-causal', ...o }),
    abs: 2e-7,
    rel: 1e-7,
  },
  {
    name: 'dynamic bias',
    heads: 2,
    make: (o) => dynamicBias({ layers, logDistance: true, ...o }),
    reference: (o) => dynamicReference.dynamicBias({ layers, logDistance: true, ...o }),
    abs: 1e-6,
    rel: 1e-6,
  },
  {
    name: 'dynamic bias, linear distance',
    heads: 2,
    make: (o) => dynamicBias({ layers, activation: 'relu', ...o }),
    reference: (o) => dynamicReference.dynamicBias({ layers, activation: 'relu', ...o }),
    abs: 1e-4,
    rel: 1e-5,
  },
  {
    name: 'naive',
    heads: 1,
    make: (o) => naiveRelativeBias(naiveTable, { shape: [1599, 1], ...o }),
    reference: (o) => naiveReference.naiveRelativeBias(naiveTable, { shape: [1599, 1], ...o }),
    abs: 0,
    rel: 0,
  },
  {
    name: 'naive, heads last',
    heads: 3,
    headsLast: true,
    make: (o) => naiveRelativeBias(naiveWide, { shape: [1599, 3], layout: 'qkh', ...o }),
    reference: (o) => naiveReference.naiveRelativeBias(naiveWide, { shape: [1599, 3], layout: 'qkh', ...o }),
    abs: 0,
    rel: 0,
  },
];

const masks = fc.record({
  causal: fc.boolean(),
  window: fc.option(fc.tuple(fc.integer({ min: -1, max: 30 }), fc.integer({ min: -1, max: 30 })), { nil: undefined }),
  maskValue: fc.constantFrom(undefined, -1e9),
});
const consecutive = fc.record({
  queryLength: fc.integer({ min: 0, max: 40 }),
  keyLength: fc.integer({ min: 0, max: 90 }),
  queryOffset: fc.option(fc.integer({ min: -50, max: 120 }), { nil: undefined }),
});
const lists = fc.record({
  queryPositions: fc.array(fc.integer({ min: 0, max: 380 }), { minLength: 1, maxLength: 9 }),
  keyPositions: fc.array(fc.integer({ min: 0, max: 380 }), { minLength: 1, maxLength: 25 }),
});
const batches = fc.integer({ min: 1, max: 3 }).chain((count) =>
  fc.record({
    queryLength: fc.constant(7),
    keyLength: fc.constant(19),
    keyLeftPad: fc.array(fc.integer({ min: 0, max: 19 }), { minLength: count, maxLength: count }),
    queryLengths: fc.option(fc.array(fc.integer({ min: 0, max: 7 }), { minLength: count, maxLength: count }), {
      nil: undefined,
    }),
    keyLengths: fc.option(fc.array(fc.integer({ min: 0, max: 19 }), { minLength: count, maxLength: count }), {
      nil: undefined,
    }),
  }),
);

const small: Engine = createEngine({ scratchBytes: 65536 });

for (const s of subjects) {
  const forms = s.consecutiveOnly ? consecutive : fc.oneof(consecutive, lists, batches);
  const maskable = masks;

  test(`${s.name}: equal to the reference`, () => {
    fc.assert(
      fc.property(forms, maskable, (form, mask) => {
        const o = { ...form, ...mask } as Options;
        const got = s.make(o);
        const want = s.reference(o);
        assert.equal([...got.shape], [...want.shape]);
        closeTo(got.data, want.data, s.abs, s.rel, s.name);
        got.dispose();
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  test(`${s.name}: a row block is that part of the whole, bit for bit`, () => {
    fc.assert(
      fc.property(forms, maskable, fc.nat(), fc.nat(), (form, mask, a, b) => {
        const o = { ...form, ...mask } as Options;
        const queryLength = ((o.queryPositions as FlatNumbers | undefined)?.length ?? o.queryLength)!;
        const [from, to] = [a % (queryLength + 1), b % (queryLength + 1)].sort((x, y) => x - y);
        const whole = s.make(o);
        const block = s.make({ ...o, rows: [from, to] });
        sameBits(block.data, rowsOf(whole, from, to, s.headsLast === true), s.name);
        whole.dispose();
        block.dispose();
      }),
      { seed: 12, numRuns: 60 },
    );
  });

  test(`${s.name}: addTo gives S + matrix, bit for bit, for any number of leading dimensions`, () => {
    fc.assert(
      fc.property(forms, maskable, fc.integer({ min: 1, max: 3 }), (form, mask, repeats) => {
        const o = { ...form, ...mask } as Options;
        const matrix = s.make(o);
        if (matrix.length === 0) return;
        const scores = floats(repeats * matrix.length, 9);
        const want = scores.map((v, t) => v + matrix.data[t % matrix.length]);
        const tensor = Tensor.from(scores, [repeats, ...matrix.shape]);
        assert.is(s.make({ ...o, addTo: tensor }), tensor);
        sameBits(tensor.data, want, `${s.name}: Tensor`);
        const copy = s.make({ ...o, addTo: scores });
        sameBits(scores, want, `${s.name}: Float32Array`);
        for (const t of [matrix, tensor, copy]) t.dispose();
      }),
      { seed: 13, numRuns: 40 },
    );
  });

  test(`${s.name}: the diagonal expands to the matrix`, () => {
    fc.assert(
      fc.property(consecutive, maskable, (form, mask) => {
        const o = { ...form, ...mask } as Options;
        const diagonal = s.make({ ...o, diagonal: true });
        const { queryLength, keyLength } = form;
        const width = s.headsLast ? s.heads : 1;
        const entries = Math.max(0, queryLength + keyLength - 1);
        assert.equal([...diagonal.shape], s.headsLast ? [entries, width] : [s.heads, entries]);
        const matrix = s.make(o);
        if (!s.headsLast) {
          const expanded = expandDiagonal(diagonal, { queryLength, keyLength });
          sameBits(matrix.data, expanded.data, s.name);
          expanded.dispose();
        } else {
          for (let i = 0; i < queryLength; i++) {
            const row = matrix.data.subarray(i * keyLength * width, (i + 1) * keyLength * width);
            const start = (queryLength - 1 - i) * width;
            sameBits(row, diagonal.data.subarray(start, start + keyLength * width), s.name);
          }
        }
        diagonal.dispose();
        matrix.dispose();
      }),
      { seed: 14, numRuns: 40 },
    );
  });

  test(`${s.name}: a small arena and a large one give the same bits`, () => {
    const o = { queryLength: 150, keyLength: 640, window: [200, 300] as const };
    const a = s.make(o);
    const b = s.make({ ...o, engine: small });
    sameBits(a.data, b.data, s.name);
    const scores = Tensor.from(floats(a.length, 3), a.shape, { engine: small });
    const want = scores.data.map((v, t) => v + a.data[t]);
    s.make({ ...o, addTo: scores });
    sameBits(scores.data, want, s.name);
    for (const t of [a, b, scores]) t.dispose();
  });

  test(`${s.name}: one row, as in decoding, is the last row of the whole`, () => {
    const whole = s.make({ keyLength: 321 });
    if (!s.consecutiveOnly) {
      const row = s.make({ queryLength: 1, keyLength: 321 });
      sameBits(row.data, rowsOf(whole, 320, 321, s.headsLast === true), s.name);
      row.dispose();
    }
    const block = s.make({ keyLength: 321, rows: [320, 321] });
    sameBits(block.data, rowsOf(whole, 320, 321, s.headsLast === true), s.name);
    for (const t of [whole, block]) t.dispose();
  });

  test(`${s.name}: a call with out allocates nothing and writes nothing else`, () => {
    const o = { queryLength: 33, keyLength: 70 };
    const want = s.make(o);
    const around = Tensor.from(new Float32Array(want.length + 32).fill(7), [want.length + 32]);
    const before = around.engine.memory.buffer.byteLength;
    const out = around.data.subarray(16, 16 + want.length);
    s.make({ ...o, out });
    assert.is(around.engine.memory.buffer.byteLength, before);
    sameBits(around.data.subarray(16, 16 + want.length), want.data, s.name);
    assert.ok([...around.data.subarray(0, 16), ...around.data.subarray(16 + want.length)].every((v) => v === 7));
    for (const t of [want, around]) t.dispose();
  });

  if (!s.consecutiveOnly) {
    test(`${s.name}: positions far apart give the same bits as positions close together`, () => {
      // the far key makes a diagonal over all distances too long: cells are computed one by one
      const far = s.name.startsWith('naive') ? 700 : 2 ** 31 - 1;
      const keys = [3, 1, far, 4, 1, 5, 9, 2, 6];
      const queries = [8, 2, 0];
      const a = s.make({ queryPositions: queries, keyPositions: keys });
      const b = s.make({ queryPositions: queries, keyPositions: keys.map((k) => (k === far ? 0 : k)) });
      const width = s.headsLast ? s.heads : 1;
      for (let t = 0; t < a.length; t++) {
        if (Math.floor(t / width) % keys.length !== 2) assert.is(a.data[t], b.data[t], `${s.name}[${t}]`);
      }
      closeTo(a.data, s.reference({ queryPositions: queries, keyPositions: keys }).data, s.abs, s.rel + 1e-6, s.name);
      const scores = Tensor.from(new Float32Array(a.length), a.shape);
      s.make({ queryPositions: queries, keyPositions: keys, addTo: scores });
      closeTo(scores.data, a.data, 0, 0, s.name);
      for (const t of [a, b, scores]) t.dispose();
    });
  }
}

/** Rows [from, to) of every matrix in [..., q, k] or [..., q, k, heads]. */
function rowsOf(whole: Tensor, from: number, to: number, headsLast: boolean): Float32Array {
  const [q, ...inner] = whole.shape.slice(headsLast ? -3 : -2);
  const row = inner.reduce((a, b) => a * b, 1);
  const matrices = q * row === 0 ? 0 : whole.length / (q * row);
  const parts: number[] = [];
  for (let m = 0; m < matrices; m++) {
    parts.push(...whole.data.subarray((m * q + from) * row, (m * q + to) * row));
  }
  return Float32Array.from(parts);
}

test('the weight kernel of KERPLE: its matrix, and what it does to scores', () => {
  const o = { queryLength: 6, keyLength: 9 };
  const matrix = kerple({ ...weight, ...o });
  const bias = kerple({ ...power, p: [1, 0.5], a: [0.5, 0.25], ...o, causal: true });
  closeTo(matrix.data, kerpleReference.kerple({ ...weight, ...o }).data, 0, 1e-7, 'weight');
  const scores = floats(matrix.length, 20);
  const want = scores.map((v, t) => Math.fround(v * matrix.data[t]) + bias.data[t]);
  const { weightP, weightA } = weight;
  kerple({ kind: 'power', p: [1, 0.5], a: [0.5, 0.25], weightP, weightA, ...o, causal: true, addTo: scores });
  sameBits(scores, want, 'weighted scores');
});

test('bad input names the option', () => {
  const k = (o: object) => () => kerple({ keyLength: 4, ...log, ...o } as never);
  rejects(k({ p: [1, 2] }), 'ERR_SHAPE', 'a');
  rejects(k({ p: undefined }), 'ERR_OPTION', 'p');
  rejects(k({ a: undefined }), 'ERR_OPTION', 'a');
  rejects(k({ p: [], a: [] }), 'ERR_SHAPE', 'p');
  rejects(k({ p: [1, Number.NaN, 1] }), 'ERR_OPTION', 'p[1]');
  rejects(k({ kind: 'exp' }), 'ERR_OPTION', 'kind');
  rejects(k({ kind: 'power', p: undefined, a: undefined }), 'ERR_OPTION', 'p');
  rejects(k({ weightA: [1, 1, 1] }), 'ERR_OPTION', 'weightP');
  rejects(k({ kind: 'power', weightA: [1, 1, 1] }), 'ERR_OPTION', 'weightP');
  rejects(k({ kind: 'power', weightA: [1, 1], addTo: new Float32Array(48) }), 'ERR_SHAPE', 'weightP');
  rejects(k({ kind: 'power', part: 'weight' }), 'ERR_OPTION', 'part');
  rejects(k({ kind: 'power', weightA: [1], part: 'weight', causal: true }), 'ERR_OPTION', 'causal');
  rejects(k({ eps: 0 }), 'ERR_OPTION', 'eps');
  rejects(k({ addTo: new Float32Array(47) }), 'ERR_SHAPE', 'addTo');
  rejects(k({ addTo: new Float32Array(48), diagonal: true }), 'ERR_OPTION', 'addTo');
  rejects(k({ addTo: new Float32Array(48), out: new Float32Array(48) }), 'ERR_OPTION', 'out');
  rejects(k({ keyLeftPad: [1], queryOffset: 2 }), 'ERR_OPTION', 'queryOffset');
  rejects(k({ keyLeftPad: [1, 2], keyLengths: [1] }), 'ERR_SHAPE', 'keyLeftPad');
  rejects(k({ queryLengths: [5] }), 'ERR_OPTION', 'queryLengths[0]');
  rejects(k({ window: [-2, 1] }), 'ERR_OPTION', 'window[0]');
  rejects(k({ rows: [0, 5] }), 'ERR_OPTION', 'rows[1]');

  const s = (o: object) => () => sandwich({ keyLength: 4, heads: 2, ...o } as never);
  rejects(s({ heads: 0 }), 'ERR_SHAPE', 'heads');
  rejects(s({ heads: undefined }), 'ERR_SHAPE', 'heads');
  rejects(s({ dim: 7 }), 'ERR_OPTION', 'dim');
  rejects(s({ base: 0 }), 'ERR_OPTION', 'base');
  rejects(s({ form: 'nemo-causal', queryPositions: [1], keyLength: 4 }), 'ERR_OPTION', 'queryPositions');
  rejects(s({ form: 'nemo-causal', keyLengths: [4] }), 'ERR_OPTION', 'keyLengths');
  rejects(s({ queryOffset: 2 ** 31 }), 'ERR_OPTION', 'queryOffset');

  const d = (o: object) => () => dynamicBias({ keyLength: 4, layers, ...o } as never);
  rejects(d({ layers: undefined }), 'ERR_OPTION', 'layers');
  rejects(d({ layers: [{ weight: floats(6, 1) }, { weight: floats(7, 1) }] }), 'ERR_SHAPE', 'layers[1].weight');
  rejects(d({ layers: [{ weight: floats(6, 1), bias: floats(5, 1) }] }), 'ERR_SHAPE', 'layers[0].bias');
  rejects(d({ layers: [{ weights: floats(6, 1) }] }), 'ERR_OPTION', 'weights');
  rejects(d({ activation: 'swish' }), 'ERR_OPTION', 'activation');

  const n = (o: object) => () => naiveRelativeBias(floats(22, 1), { keyLength: 6, shape: [11, 2], ...o } as never);
  assert.is(n({})().length, 72);
  rejects(n({ keyLength: 7 }), 'ERR_POSITION', 'table');
  assert.is(n({ keyLength: 7, window: [5, 5] })().length, 98);
  rejects(n({ queryOffset: 6 }), 'ERR_POSITION', 'table');
  rejects(n({ keyPositions: [0, 6], queryPositions: [0], keyLength: undefined }), 'ERR_POSITION', 'table');
  rejects(n({ shape: [2, 11] }), 'ERR_SHAPE', 'table');
  rejects(n({ layout: 'khq' }), 'ERR_OPTION', 'layout');
});

test('a bias has the same rows however often, and in whatever order, they are asked for', () => {
  const o = { p: [1.5, 2.25, 3], a: [0.5, 1.25, 2], keyLength: 300 };
  const whole = kerple({ ...o, queryLength: 300 }).toFloat32Array();
  const row = (query: number) =>
    Float32Array.from({ length: 900 }, (_, i) => whole[90000 * Math.floor(i / 300) + 300 * query + (i % 300)]);
  for (const query of [299, 299, 299, 298, 298, 299, 17, 17, 299]) {
    sameBits(kerple({ ...o, rows: [query, query + 1], queryLength: 300 }).toFloat32Array(), row(query), `row ${query}`);
  }
  const shorter = kerple({ ...o, queryLength: 1, keyLength: 200 }).toFloat32Array();
  sameBits(kerple({ ...o, queryLength: 1, keyLength: 200 }).toFloat32Array(), shorter, 'asked again');
  sameBits(kerple({ ...o, queryLength: 1, keyLength: 200 }).toFloat32Array(), shorter, 'asked again');
  const expected = kerpleReference.kerple({ ...o, queryLength: 1, keyLength: 200 }).data;
  closeTo(shorter, expected, 1e-6, 1e-6, 'fewer keys');
  // more heads than the arena holds diagonals of
  const many = {
    p: Array.from({ length: 40 }, (_, h) => 1 + h / 8),
    a: new Float32Array(40).fill(0.75),
    keyLength: 300,
  };
  const small = createEngine({ scratchBytes: 65536 });
  const wanted = kerpleReference.kerple({ ...many, queryLength: 300 }).data;
  for (let time = 0; time < 3; time++) {
    const got = kerple({ ...many, queryLength: 300, engine: small });
    closeTo(got.toFloat32Array(), wanted, 1e-5, 1e-5, 'many heads');
    got.dispose();
  }
  small.dispose();
});

test.run();
