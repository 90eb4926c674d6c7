/** Swin, SwinV2, BEiT, MaxViT: reference, row blocks, addTo, any arena. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  beitBias,
  createEngine,
  type Engine,
  maxvitBias,
  offsetBias,
  swinBias,
  swinRelativePositionIndex,
  swinV2Bias,
  swinV2Coordinates,
  Tensor,
} from '../../../src/index.ts';
import * as reference from '../../../src/reference/windowBias.ts';
import { test } from '../../support/test.ts';
import { closeTo, floats, rejects, sameBits } from '../common.ts';

type Window = readonly [number, number];
interface Extra {
  readonly rows?: readonly [number, number];
  readonly addTo?: Tensor | Float32Array;
  readonly engine?: Engine;
}
interface Subject {
  readonly name: string;
  readonly extra: number;
  readonly abs: number;
  readonly make: (window: Window, heads: number, o?: Extra) => Tensor;
  readonly reference: (window: Window, heads: number) => { readonly data: Float32Array };
}

const entries = ([h, w]: Window) => (2 * h - 1) * (2 * w - 1);
const table = (rows: number, heads: number) => ({ data: floats(rows * heads, 1 + heads), shape: [rows, heads] });
const planes = ([h, w]: Window, heads: number) => ({
  data: floats(entries([h, w]) * heads, 5),
  shape: [heads, 2 * h - 1, 2 * w - 1],
});
const network = (heads: number) => [
  { weight: floats(14, 1), bias: floats(7, 2) },
  { weight: floats(7 * heads, 3), bias: floats(heads, 4) },
];

const subjects: Subject[] = [
  {
    name: 'swin',
    extra: 0,
    abs: 0,
    make: (windowSize, heads, o) => {
      const { data, shape } = table(entries(windowSize), heads);
      return swinBias(data, { windowSize, shape, ...o });
    },
    reference: (windowSize, heads) => reference.swinBias(table(entries(windowSize), heads), { windowSize }),
  },
  {
    name: 'beit',
    extra: 1,
    abs: 0,
    make: (windowSize, heads, o) => {
      const { data, shape } = table(entries(windowSize) + 3, heads);
      return beitBias(data, { windowSize, shape, ...o });
    },
    reference: (windowSize, heads) => reference.beitBias(table(entries(windowSize) + 3, heads), { windowSize }),
  },
  {
    name: 'maxvit',
    extra: 0,
    abs: 0,
    make: (windowSize, heads, o) => {
      const { data, shape } = planes(windowSize, heads);
      return maxvitBias(data, { shape, ...o });
    },
    reference: (windowSize, heads) => reference.maxvitBias(planes(windowSize, heads), { windowSize }),
  },
  ...(['swin', 'cr'] as const).flatMap((mode) =>
    [undefined, [9, 12] as const].map(
      (pretrainedWindowSize): Subject => ({
        name: `swinV2 ${mode}${pretrainedWindowSize ? ', pretrained' : ''}`,
        extra: 0,
        abs: 4e-6,
        make: (windowSize, heads, o) =>
          swinV2Bias({ windowSize, mode, pretrainedWindowSize, layers: network(heads), ...o }),
        reference: (windowSize, heads) =>
          reference.swinV2Bias({ windowSize, mode, pretrainedWindowSize, layers: network(heads) }),
      }),
    ),
  ),
];

const side = fc.integer({ min: 1, max: 8 });
const shapes = fc.tuple(fc.tuple(side, side), fc.integer({ min: 1, max: 3 }));

for (const s of subjects) {
  test(`${s.name}: equal to the reference; row blocks are slices; addTo is S + matrix`, () => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 2 }), ([window, heads], a, b, repeats) => {
        const n = window[0] * window[1] + s.extra;
        const whole = s.make(window, heads);
        assert.equal([...whole.shape], [heads, n, n]);
        closeTo(whole.data, s.reference(window, heads).data, s.abs, 1e-6, s.name);
        const [from, to] = [a % (n + 1), b % (n + 1)].sort((x, y) => x - y);
        const block = s.make(window, heads, { rows: [from, to] });
        const slices = Array.from({ length: heads }, (_, h) => [
          ...whole.data.subarray((h * n + from) * n, (h * n + to) * n),
        ]);
        sameBits(block.data, Float32Array.from(slices.flat()), 'rows');
        if (from === to) return;
        const scores = floats(repeats * block.length, 6);
        const want = scores.map((v, t) => v + block.data[t % block.length]);
        const tensor = Tensor.from(scores, [repeats, ...block.shape]);
        assert.is(s.make(window, heads, { rows: [from, to], addTo: tensor }), tensor);
        sameBits(tensor.data, want, 'addTo a Tensor');
        s.make(window, heads, { rows: [from, to], addTo: scores });
        sameBits(scores, want, 'addTo an array');
      }),
      { seed: 21, numRuns: 60 },
    );
  });

  test(`${s.name}: a table that does not fit the arena is read in parts`, () => {
    const small = createEngine({ scratchBytes: 65536 });
    const window = [20, 90] as const;
    const rows = [0, 130] as const;
    const a = s.make(window, 2, { rows });
    const b = s.make(window, 2, { rows, engine: small });
    sameBits(b.data, a.data, s.name);
    const scores = Tensor.from(new Float32Array(a.length), a.shape, { engine: small });
    s.make(window, 2, { rows, addTo: scores });
    closeTo(scores.data, a.data, 0, 0, s.name);
    a.dispose();
    small.dispose();
  });
}

test('Video Swin: reference, rows, addTo, fewer frames, a small arena', () => {
  const small = createEngine({ scratchBytes: 65536 });
  const axis = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(fc.tuple(axis, axis, axis, axis), fc.nat(), fc.nat(), ([f, h, w, heads], a, b) => {
      const windowSize = [f, h, w] as const;
      const rows3 = (2 * f - 1) * (2 * h - 1) * (2 * w - 1);
      const frames = 1 + (a % f);
      const { data, shape } = table(rows3, heads);
      const n = frames * h * w;
      const whole = swinBias(data, { windowSize, frames, shape });
      sameBits(whole.data, reference.swinBias({ data, shape }, { windowSize, frames }).data, 'reference');
      const [from, to] = [a % (n + 1), b % (n + 1)].sort((x, y) => x - y);
      const block = swinBias(data, { windowSize, frames, shape, rows: [from, to], engine: small });
      const slices = Array.from({ length: heads }, (_, t) => [
        ...whole.data.subarray((t * n + from) * n, (t * n + to) * n),
      ]);
      sameBits(block.data, Float32Array.from(slices.flat()), 'rows');
      const scores = floats(2 * whole.length, 6);
      const want = scores.map((v, t) => v + whole.data[t % whole.length]);
      swinBias(data, { windowSize, frames, shape, addTo: scores });
      sameBits(scores, want, 'addTo');
      const index = swinRelativePositionIndex({ windowSize, frames });
      assert.equal([...index.shape], [n, n]);
      for (let t = 0; t < n * n; t++) assert.is(data[index.data[t] * heads], whole.data[t]);
      for (const tensor of [whole, block, index]) tensor.dispose();
    }),
    { seed: 22, numRuns: 60 },
  );
  // a table of which not even one head's plane fits the arena
  const [window, entries3] = [[2, 60, 90] as const, 3 * 119 * 179];
  const { data, shape } = table(entries3, 2);
  const [a, b] = [undefined, small].map((engine) =>
    swinBias(data, { windowSize: window, shape, rows: [5390, 5410], engine }),
  );
  sameBits(b.data, a.data, 'parts');
  a.dispose();
  small.dispose();
});

test('Video Swin refuses what has no meaning', () => {
  const windowSize = [2, 2, 2] as const;
  rejects(() => swinBias(floats(27, 1), { windowSize, frames: 3, shape: [27, 1] }), 'ERR_SHAPE', 'frames');
  rejects(() => swinBias(floats(9, 1), { windowSize: [2, 2], frames: 1, shape: [9, 1] }), 'ERR_OPTION', 'frames');
  rejects(() => swinBias(floats(9, 1), { windowSize, shape: [9, 1] }), 'ERR_SHAPE', 'table');
  rejects(() => swinRelativePositionIndex({ windowSize, classToken: true }), 'ERR_OPTION', 'classToken');
  rejects(() => swinRelativePositionIndex({ windowSize: [2] as never }), 'ERR_SHAPE', 'windowSize');
});

test('offsets: reference, rows, addTo, strides, a small arena', () => {
  const small = createEngine({ scratchBytes: 65536 });
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 3 }), fc.nat(), fc.nat(), ([resolution, heads], s, a, b) => {
      const [h, w] = resolution;
      const stride = Math.min(s, Math.max(h, w));
      const data = floats(heads * h * w, 7);
      const shape = [heads, h * w];
      const n = Math.ceil(h / stride) * Math.ceil(w / stride);
      const whole = offsetBias(data, { resolution, stride, shape });
      assert.equal([...whole.shape], [heads, n, h * w]);
      sameBits(whole.data, reference.offsetBias({ data, shape }, { resolution, stride }).data, 'reference');
      const [from, to] = [a % (n + 1), b % (n + 1)].sort((x, y) => x - y);
      const block = offsetBias(data, { resolution, stride, shape, rows: [from, to], engine: small });
      const slices = Array.from({ length: heads }, (_, t) => [
        ...whole.data.subarray((t * n + from) * h * w, (t * n + to) * h * w),
      ]);
      sameBits(block.data, Float32Array.from(slices.flat()), 'rows');
      const scores = floats(2 * whole.length, 6);
      const want = scores.map((v, t) => v + whole.data[t % whole.length]);
      offsetBias(data, { resolution, stride, shape, addTo: scores });
      sameBits(scores, want, 'addTo');
      for (const tensor of [whole, block]) tensor.dispose();
    }),
    { seed: 23, numRuns: 80 },
  );
  // a grid of which not even one head's table fits the arena
  const resolution = [70, 90] as const;
  const data = floats(2 * 6300, 8);
  const [a, b] = [undefined, small].map((engine) =>
    offsetBias(data, { resolution, shape: [2, 6300], rows: [3000, 3020], engine }),
  );
  sameBits(b.data, a.data, 'parts');
  a.dispose();
  small.dispose();
  rejects(() => offsetBias(floats(9, 1), { resolution: [2, 3], shape: [1, 9] }), 'ERR_SHAPE', 'table');
  rejects(() => offsetBias(floats(6, 1), { resolution: [2, 3], stride: 4, shape: [1, 6] }), 'ERR_SHAPE', 'stride');
});

test('index matrices of Swin and BEiT', () => {
  for (const windowSize of [
    [1, 1],
    [7, 7],
    [3, 5],
    [2, 1],
  ] as const) {
    for (const classToken of [false, true]) {
      const got = swinRelativePositionIndex({ windowSize, classToken });
      const n = windowSize[0] * windowSize[1] + (classToken ? 1 : 0);
      assert.is(got.dtype, 'int32');
      assert.equal([...got.shape], [n, n]);
      const want = Int32Array.from({ length: n * n }, (_, t) =>
        reference.swinIndex(windowSize, Math.floor(t / n), t % n, classToken),
      );
      assert.equal(got.data, want);
      const rows = swinRelativePositionIndex({ windowSize, classToken, rows: [n - 1, n] });
      assert.equal([...rows.data], [...want.subarray((n - 1) * n)]);
    }
  }
});

test('coordinates of SwinV2', () => {
  for (const mode of ['swin', 'cr'] as const) {
    const got = swinV2Coordinates({ windowSize: [12, 1], pretrainedWindowSize: [16, 0], mode });
    assert.equal([...got.shape], [23, 1, 2]);
    for (let d = -11; d <= 11; d++) {
      closeTo([got.data[2 * (d + 11)]], [reference.swinV2Coordinate(d, 12, 16, mode)], 0, 6e-8, mode);
      assert.is(got.data[2 * (d + 11) + 1], 0);
    }
  }
});

test('bad input names the option', () => {
  const t = new Float32Array(15 * 2);
  const swin = (o: object) => () => swinBias(t, { windowSize: [3, 2], shape: [15, 2], ...o } as never);
  rejects(swin({ windowSize: [2, 2] }), 'ERR_SHAPE', 'table');
  rejects(swin({ windowSize: [0, 2] }), 'ERR_SHAPE', 'windowSize[0]');
  rejects(swin({ windowSize: 7 }), 'ERR_OPTION', 'windowSize');
  rejects(swin({ shape: [10, 3] }), 'ERR_SHAPE', 'table');
  rejects(swin({ rows: [0, 7] }), 'ERR_OPTION', 'rows[1]');
  rejects(swin({ addTo: new Float32Array(71) }), 'ERR_SHAPE', 'addTo');
  rejects(swin({ addTo: new Float32Array(72), out: new Float32Array(72) }), 'ERR_OPTION', 'out');
  rejects(swin({ window: [3, 2] }), 'ERR_OPTION', 'window');
  rejects(() => beitBias(t, { windowSize: [3, 2], shape: [15, 2] }), 'ERR_SHAPE', 'table');
  rejects(() => maxvitBias(t, { shape: [2, 3, 4] }), 'ERR_SHAPE', 'shape');
  rejects(() => maxvitBias(new Float32Array(24), { shape: [2, 3, 4] }), 'ERR_SHAPE', 'windowSize[1]');
  rejects(() => maxvitBias(t, { shape: [2, 3, 5], windowSize: [3, 3] }), 'ERR_SHAPE', 'table');
  const layers = network(2);
  rejects(() => swinV2Bias({ windowSize: [2, 2], layers: [] }), 'ERR_OPTION', 'layers');
  rejects(
    () => swinV2Bias({ windowSize: [2, 2], layers: [{ weight: floats(3, 1) }] }),
    'ERR_SHAPE',
    'layers[0].weight',
  );
  rejects(
    () => swinV2Bias({ windowSize: [2, 2], layers: [layers[0], { weight: layers[1].weight, bias: floats(3, 1) }] }),
    'ERR_SHAPE',
    'layers[1].bias',
  );
  rejects(() => swinV2Bias({ windowSize: [2, 2], layers, mode: 'log' as never }), 'ERR_OPTION', 'mode');
  rejects(
    () => swinV2Bias({ windowSize: [2, 2], layers, pretrainedWindowSize: [1, 0] }),
    'ERR_OPTION',
    'pretrainedWindowSize[0]',
  );
});

test.run();
