/**
 * Rotation of vectors: properties that hold for every layout, stride and width, on the kernels and on the reference, and the
 * two against each other bit for bit.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  type ApplyRotaryOptions,
  applyRotary,
  PosencError,
  rotaryTable,
  rotaryTableFrom,
  scope,
  Tensor,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import type { HeadSpec, RotarySpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { noise, same, specs } from './specs.ts';

type Layout = 'BSHD' | 'BHSD' | 'THD';
const code = (expected: string) => (error: unknown) => error instanceof PosencError && error.code === expected;

/** The same call on either implementation: a copy of x rotated by a table of `length` consecutive rows. */
interface Implementation {
  readonly name: string;
  rotate(
    x: Float32Array,
    spec: RotarySpec,
    table: { length: number; offset?: number },
    options: Omit<ApplyRotaryOptions, 'out' | 'engine'>,
  ): Float32Array;
}
const IMPLEMENTATIONS: readonly Implementation[] = [
  {
    name: 'kernels',
    rotate: (x, spec, table, options) =>
      scope(() => {
        // a context of its own keeps length-dependent rules the same for parts and wholes
        const made = rotaryTable(spec, { ...table, context: 2 ** 21 });
        return applyRotary(x.slice(), made, options);
      }),
  },
  {
    name: 'reference',
    rotate: (x, spec, table, options) =>
      reference.applyRotary(x.slice(), reference.rotaryTable(spec, { ...table, context: 2 ** 21 }), options).data,
  },
];

const rotations = (spec: RotarySpec): RotarySpec => ({ ...spec, precision: 'torch', outputPairing: undefined });

for (const { name, rotate } of IMPLEMENTATIONS) {
  const runs = { numRuns: name === 'kernels' ? 80 : 25 };

  test(`${name}: row i of a batch equals a batch of one, bit for bit`, () => {
    fc.assert(
      fc.property(
        specs(['torch', 'ggml']),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<Layout>('BSHD', 'BHSD'),
        fc.boolean(),
        (spec, batch, sequence, heads, layout, inverse) => {
          const size = sequence * heads * spec.headDim;
          const x = noise(batch * size);
          const shape = (b: number) =>
            layout === 'BSHD' ? [b, sequence, heads, spec.headDim] : [b, heads, sequence, spec.headDim];
          const positions = Array.from({ length: batch * sequence }, (_, t) => (t * 5) % 30);
          const whole = rotate(x, spec, { length: 30 }, { layout, shape: shape(batch), positions, inverse });
          for (let b = 0; b < batch; b++) {
            const one = rotate(
              x.slice(b * size, (b + 1) * size),
              spec,
              { length: 30 },
              {
                layout,
                shape: shape(1),
                positions: positions.slice(b * sequence, (b + 1) * sequence),
                inverse,
              },
            );
            same(one, whole.subarray(b * size, (b + 1) * size), `batch ${b}`);
          }
        },
      ),
      runs,
    );
  });

  test(`${name}: packed sequences equal the same ones apart, bit for bit`, () => {
    fc.assert(
      fc.property(
        specs(['torch', 'exact']),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (spec, lengths, heads, offsets) => {
          const starts = [0];
          for (const n of lengths) starts.push(starts[starts.length - 1] + n);
          const tokens = starts[lengths.length];
          const size = heads * spec.headDim;
          const x = noise(tokens * size);
          const offset = lengths.map((_, i) => (offsets ? 3 * i : 0));
          const table = { length: 20 };
          const packed = rotate(x, spec, table, {
            layout: 'THD',
            shape: [tokens, heads, spec.headDim],
            cuSeqlens: starts,
            offset,
          });
          lengths.forEach((n, i) => {
            const part = x.slice(starts[i] * size, starts[i + 1] * size);
            const shape = [1, n, heads, spec.headDim];
            const apart = rotate(part, spec, table, { layout: 'BSHD', shape, offset: offset[i] });
            same(apart, packed.subarray(starts[i] * size, starts[i + 1] * size), `sequence ${i}`);
          });
        },
      ),
      runs,
    );
  });

  test(`${name}: pair norms are kept, passthrough untouched, and the inverse undoes`, () => {
    fc.assert(
      fc.property(
        specs(['exact', 'torch', 'ggml']),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 1e6 }),
        (given, sequence, heads, offset) => {
          const spec = { ...given, attentionFactor: 1 };
          const { headDim, rotaryDim = headDim, rotaryOffset = 0, pairing = 'half' } = spec;
          const store = spec.outputPairing ?? pairing;
          const shape = [1, sequence, heads, headDim];
          const x = noise(sequence * heads * headDim, offset);
          const y = rotate(x, spec, { length: sequence, offset }, { shape, offset });
          const back = rotate(y, spec, { length: sequence, offset }, { shape, offset, inverse: true });
          const h = rotaryDim / 2;
          const channels = (kind: string, i: number) =>
            (kind === 'half' ? [i, i + h] : [2 * i, 2 * i + 1]).map((c) => rotaryOffset + c);
          for (let v = 0; v < x.length; v += headDim) {
            for (let c = 0; c < headDim; c++) {
              const passes = c < rotaryOffset || c >= rotaryOffset + rotaryDim;
              if (passes) assert.is(y[v + c], x[v + c]);
            }
            for (let i = 0; i < h; i++) {
              const [a, b] = channels(pairing, i);
              const [c, d] = channels(store, i);
              const norm = Math.hypot(x[v + a], x[v + b]);
              const turned = Math.hypot(y[v + c], y[v + d]);
              const ulp = 2 ** (Math.floor(Math.log2(Math.max(norm, 2 ** -100))) - 23);
              assert.ok(Math.abs(turned - norm) <= 4 * ulp, `pair ${i}: norm ${norm} became ${turned}`);
              const off = Math.hypot(back[v + a] - x[v + a], back[v + b] - x[v + b]);
              assert.ok(off <= 6 * 2 ** -24 * norm, `pair ${i}: back by ${off} of ${norm}`);
            }
          }
        },
      ),
      runs,
    );
  });

  test(`${name}: in exact precision a score depends on the distance alone, up to position 10^6`, () => {
    fc.assert(
      fc.property(
        specs(['exact']),
        fc.integer({ min: 0, max: 5e5 }),
        fc.integer({ min: 0, max: 5e5 }),
        fc.integer({ min: 1, max: 4e5 }),
        (spec, m, n, shift) => {
          const { headDim, rotaryDim, rotaryOffset, pairing, outputPairing, rotationSign, ropeTheta, precision } = spec;
          const shape = { headDim, rotaryDim, rotaryOffset };
          const plain: HeadSpec = { ...shape, pairing, outputPairing, rotationSign, ropeTheta, precision };
          const [q, k] = [noise(headDim, 3), noise(headDim, 11)];
          const at = (x: Float32Array, p: number) =>
            rotate(x, plain, { length: 1, offset: p }, { shape: [1, 1, 1, headDim], offset: p });
          const score = (s: number) => dot(at(q, m + s), at(k, n + s));
          const limit = 2 ** -22 * Math.sqrt(dot(q, q) * dot(k, k));
          const difference = Math.abs(score(0) - score(shift));
          assert.ok(difference <= limit, `${difference} > ${limit}`);
        },
      ),
      runs,
    );
  });
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

test('kernels and reference agree to the bit on one table: layouts, strides, offsets, directions, dtypes, own angles', () => {
  const layouts = ['BSHD', 'BHSD', 'THD', 'BSD', 'TD'] as const;
  fc.assert(
    fc.property(
      specs(['torch']),
      fc.constantFrom(...layouts),
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 4 })),
      fc.constantFrom('float32', 'float16', 'bfloat16', 'own angles'),
      fc.constantFrom('rows', 'positions', 'per batch', 'offset', 'outside'),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 0, max: 9 }),
      (spec, layout, [batches, sequence, heads], kind, how, inverse, apart, pad) => {
        const D = spec.headDim;
        const batch = layout === 'THD' || layout === 'TD' ? 1 : batches;
        const shapes = {
          BSHD: [batch, sequence, heads, D],
          BHSD: [batch, heads, sequence, D],
          THD: [sequence, heads, D],
          BSD: [batch, sequence, heads * D],
          TD: [sequence, heads * D],
        };
        // heads in one axis cannot be counted when there are none
        if ((layout === 'BSD' || layout === 'TD') && heads === 0) return;
        scope(() => {
          const width = kind === 'own angles' ? spec.rotaryDim! : spec.rotaryDim! / 2;
          const dtype = kind === 'float16' || kind === 'bfloat16' ? kind : 'float32';
          const frame = { pairing: spec.pairing, outputPairing: spec.outputPairing, rotaryOffset: spec.rotaryOffset };
          const plain = rotaryTable(spec, { length: 12, context: 99, dtype: dtype as 'float32' });
          const cos = kind === 'own angles' ? noise(12 * width, 5) : plain.cos.toFloat32Array();
          const sin = kind === 'own angles' ? noise(12 * width, 6) : plain.sin.toFloat32Array();
          const tableLayout = kind === 'own angles' ? 'per_channel' : 'half';
          const given = { ...frame, shape: [12, width], start: 2, tableLayout } as const;
          const table =
            dtype === 'float32'
              ? rotaryTableFrom({ cos, sin, ...given })
              : rotaryTableFrom({ cos: plain.cos, sin: plain.sin, ...frame, start: 2 });
          const twin = reference.rotaryTableFrom({ cos, sin, ...given });
          const place: Omit<ApplyRotaryOptions, 'out'> =
            how === 'positions'
              ? { positions: Array.from({ length: sequence }, (_, t) => 2 + ((7 * t) % 12)) }
              : how === 'per batch'
                ? { positions: Array.from({ length: batch * sequence }, (_, t) => 2 + ((5 * t) % 12)) }
                : how === 'offset'
                  ? { offset: Array.from({ length: batch }, (_, b) => 2 + b) }
                  : how === 'outside' && table.pairing === table.outputPairing
                    ? { positions: Array.from({ length: sequence }, (_, t) => 3 * t), outOfRange: 'identity' }
                    : { offset: 2 };
          const options = {
            layout,
            shape: shapes[layout],
            inverse,
            ...(layout.endsWith('SD') && layout !== 'BHSD' ? { heads } : {}),
            ...(layout === 'TD' ? { heads } : {}),
            ...place,
          };
          const strided = apart && layout === 'BSHD';
          const strides = { head: D + pad, sequence: heads * (D + pad) + 1, batch: sequence * (heads * (D + pad) + 1) };
          const x = noise(strided ? batch * strides.batch + 1 : batch * sequence * heads * D, 9);
          const call = strided ? { ...options, strides } : options;
          const want = reference.applyRotary(x.slice(), twin, call).data;
          same(applyRotary(x.slice(), table, call), want, 'foreign, in place');
          if (strided) return;
          const tensor = Tensor.from(x, shapes[layout]);
          const out = Tensor.zeros(shapes[layout]);
          assert.is(applyRotary(tensor, table, { ...options, shape: undefined, out }), out);
          same(out.data, want, 'into out');
          same(tensor.data, x, 'x beside out');
          assert.is(applyRotary(tensor, table, { ...options, shape: undefined }), tensor);
          same(tensor.data, want, 'in place');
        });
      },
    ),
    { numRuns: 400 },
  );
});

test('queries and keys of different head counts share a table (GQA)', () => {
  const spec = rotations({ headDim: 8 });
  scope(() => {
    const table = rotaryTable(spec, { length: 5 });
    const q = noise(5 * 6 * 8);
    const k = Float32Array.from({ length: 5 * 2 * 8 }, (_, i) => q[Math.floor(i / 16) * 48 + (i % 16)]);
    const rq = applyRotary(q, table, { shape: [1, 5, 6, 8] });
    const rk = applyRotary(k, table, { shape: [1, 5, 2, 8] });
    for (let s = 0; s < 5; s++) same(rk.subarray(16 * s, 16 * s + 16), rq.subarray(48 * s, 48 * s + 16), `token ${s}`);
  });
});

test('a position outside the table is an error with the index, the position and the range, and writes nothing', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 10, offset: 5 });
  const x = noise(12);
  const before = x.slice();
  assert.throws(
    () => applyRotary(x, table, { shape: [1, 3, 1, 4], positions: [5, 15, 6] }),
    /token 1 is at 15, but the table of 10 rows holds 5 to 14/,
  );
  assert.throws(() => applyRotary(x, table, { shape: [1, 3, 1, 4] }), code('ERR_POSITION'));
  same(x, before, 'x');
  table.dispose();
});

test('NaN, infinity and -0 in passthrough channels are copied as they are', () => {
  const table = rotaryTable({ headDim: 6, rotaryDim: 2, rotaryOffset: 2 }, { length: 1 });
  const x = Float32Array.of(Number.NaN, -0, 1, 2, Number.POSITIVE_INFINITY, -0);
  const out = Tensor.zeros([1, 1, 1, 6]);
  const y = applyRotary(x, table, { shape: [1, 1, 1, 6], out }).data;
  for (const c of [0, 1, 4, 5]) assert.ok(Object.is(y[c], x[c]), `channel ${c}`);
});

test('layouts that hold heads side by side need to know how many', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 3 });
  const x = noise(24);
  assert.throws(() => applyRotary(x, table, { layout: 'TD', shape: [3, 8] }), /heads: layout 'TD' needs it/);
  assert.throws(() => applyRotary(x, table, { layout: 'TD', shape: [3, 8], heads: 3 }), code('ERR_SHAPE'));
  assert.throws(() => applyRotary(x, table, { layout: 'THD', shape: [3, 2, 4], heads: 2 }), /heads/);
});

test('what a position without a row and a shape of another layout are told', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 4, offset: 2 });
  const x = new Float32Array(12);
  const at = (positions: number[]) => () => applyRotary(x, table, { shape: [1, 3, 1, 4], positions });
  assert.throws(at([2, 2.5, 3]), /token 1 is at 2\.5, .* make the table of \{ positions \}/);
  assert.throws(at([1, 2, 3]), /token 0 is at 1, .* holds 2 to 5; make it begin there: \{ offset \}/);
  assert.throws(at([3, 4, 6]), /token 2 is at 6, .* build a longer table/);
  assert.throws(at([3, 4]), /positions: expected 3, one per token, got 2/);
  assert.throws(
    () => applyRotary(x, table, { shape: [3, 1, 4] }),
    /has 4 sizes, .*; 3 sizes are layout 'THD' or 'BSD'/,
  );
});

test.run();
