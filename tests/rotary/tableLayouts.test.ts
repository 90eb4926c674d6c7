/** Storage orders in and out, caches from elsewhere, and M-RoPE from given caches. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  applyRotary,
  mropeTableFrom,
  PosencError,
  rotaryTable,
  rotaryTableAs,
  rotaryTableFrom,
  scope,
  type TableLayout,
  Tensor,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import type { MropeLayout } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { noise, same, specs } from './specs.ts';

const LAYOUTS: readonly TableLayout[] = [
  'half',
  'full_duplicated',
  'full_interleaved',
  'per_channel',
  'cos_sin_concat',
  'sin_cos_concat',
  'cos_sin_interleaved',
  'sin_cos_interleaved',
  'complex',
];
const code = (expected: string) => (error: unknown) => error instanceof PosencError && error.code === expected;

test('the storage orders are what their names say', () => {
  const cos = [1, 2, 3];
  const sin = [4, 5, 6];
  const want: Record<string, number[] | [number[], number[]]> = {
    half: [cos, sin],
    full_duplicated: [
      [1, 2, 3, 1, 2, 3],
      [4, 5, 6, 4, 5, 6],
    ],
    full_interleaved: [
      [1, 1, 2, 2, 3, 3],
      [4, 4, 5, 5, 6, 6],
    ],
    cos_sin_concat: [1, 2, 3, 4, 5, 6],
    sin_cos_concat: [4, 5, 6, 1, 2, 3],
    cos_sin_interleaved: [1, 4, 2, 5, 3, 6],
    sin_cos_interleaved: [4, 1, 5, 2, 6, 3],
    complex: [1, 4, 2, 5, 3, 6],
  };
  scope(() => {
    const table = rotaryTableFrom({ cos: Float32Array.from(cos), sin: Float32Array.from(sin), shape: [1, 3] });
    for (const [layout, values] of Object.entries(want)) {
      const stored = rotaryTableAs(table, { tableLayout: layout as TableLayout });
      if (stored instanceof Tensor) {
        assert.equal(Array.from(stored.data), values, layout);
        assert.equal(stored.shape, layout === 'complex' ? [1, 3, 2] : [1, 6]);
      } else assert.equal([Array.from(stored.cos.data), Array.from(stored.sin.data)], values, layout);
    }
  });
});

test('a table stored in any order and read back is the same table, and equals the reference', () => {
  fc.assert(
    fc.property(
      specs(['torch']),
      fc.constantFrom(...LAYOUTS),
      fc.integer({ min: 0, max: 8 }),
      fc.constantFrom('float32', 'float16', 'bfloat16'),
      fc.boolean(),
      (spec, tableLayout, length, dtype, own) => {
        scope(() => {
          const frame = { pairing: spec.pairing, outputPairing: spec.outputPairing, rotaryOffset: spec.rotaryOffset };
          const width = spec.rotaryDim!;
          const given = { cos: noise(length * width, 1), sin: noise(length * width, 2), shape: [length, width] };
          // own angles are kept by 'per_channel' alone
          const perChannel = own && tableLayout === 'per_channel';
          const table = perChannel
            ? rotaryTableFrom({ ...given, ...frame, tableLayout })
            : rotaryTable(spec, { length, dtype: dtype as 'float32' });
          const twin = perChannel
            ? reference.rotaryTableFrom({ ...given, ...frame, tableLayout })
            : reference.rotaryTable(spec, { length, dtype: dtype as 'float32' });
          if (!perChannel) {
            twin.cos.data.set(table.cos.toFloat32Array());
            twin.sin.data.set(table.sin.toFloat32Array());
          }
          const stored = rotaryTableAs(table, { tableLayout });
          const want = reference.rotaryTableAs(twin, { tableLayout });
          if (stored instanceof Tensor) same(stored.data, (want as typeof twin.cos).data, tableLayout);
          else {
            same(stored.cos.data, (want as typeof twin).cos.data, `${tableLayout} cos`);
            same(stored.sin.data, (want as typeof twin).sin.data, `${tableLayout} sin`);
          }
          const back = rotaryTableFrom({
            ...frame,
            tableLayout,
            ...(stored instanceof Tensor ? { table: stored } : { cos: stored.cos, sin: stored.sin }),
          });
          const x = noise(length * 2 * spec.headDim);
          const shape = [1, length, 2, spec.headDim];
          same(applyRotary(x.slice(), back, { shape }), applyRotary(x.slice(), table, { shape }), 'rotation');
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('caches [B, S, h] hold a row per token; caches [n, h] a row per position', () => {
  scope(() => {
    const cos = noise(24, 1);
    const sin = noise(24, 2);
    const x = noise(2 * 3 * 8, 3);
    const shape = [2, 3, 1, 8];
    const perToken = rotaryTableFrom({ cos, sin, shape: [2, 3, 4] });
    const perPosition = rotaryTableFrom({ cos, sin, shape: [6, 4] });
    same(
      applyRotary(x.slice(), perToken, { shape }),
      applyRotary(x.slice(), perPosition, { shape, positions: [0, 1, 2, 3, 4, 5] }),
      'rotation',
    );
    assert.throws(() => applyRotary(x, perToken, { shape, positions: [0, 1, 2] }), /leave it out/);
  });
});

test('M-RoPE from caches picks what a table of positions computes, bit for bit', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        { mropeLayout: 'chunked', mropeSection: [2, 3, 3] },
        { mropeLayout: 'interleaved', mropeSection: [4, 2, 2] },
        { mropeLayout: 'ernie_hw_alternating', mropeSection: [3, 3, 2] },
        { mropeLayout: 'hunyuan_fullwidth', mropeSection: [2, 2, 2, 2] },
      ),
      fc.constantFrom('exact', 'torch', 'ggml'),
      fc.integer({ min: 0, max: 12 }),
      fc.nat(),
      (sections, precision, n, seed) => {
        const given = sections as { mropeLayout: MropeLayout; mropeSection: readonly number[] };
        const spec = { headDim: 16, precision: precision as 'exact' };
        const positions = Array.from({ length: given.mropeSection.length * n }, (_, i) => 3 + ((i * 7919 + seed) % 40));
        scope(() => {
          const table = rotaryTable(spec, { length: 50, offset: 3 });
          const got = mropeTableFrom(table, { positions, ...given });
          const want = rotaryTable({ ...spec, ...given }, { positions });
          same(got.cos.data, want.cos.data, 'cos');
          same(got.sin.data, want.sin.data, 'sin');
          const x = noise(n * 16);
          same(
            applyRotary(x.slice(), got, { shape: [1, n, 1, 16] }),
            applyRotary(x, want, { shape: [1, n, 1, 16] }),
            'x',
          );
        });
      },
    ),
    { numRuns: 80 },
  );
});

test('positions outside the caches are an error with index and length', () => {
  const table = rotaryTable({ headDim: 8 }, { length: 10 });
  const given = { mropeSection: [2, 1, 1], positions: [1, 2, 3, 4, 10, 0] };
  assert.throws(() => mropeTableFrom(table, given), /token 4 is at 10, but the table of 10 rows/);
  assert.throws(() => mropeTableFrom(table, { ...given, positions: [1, 2] }), code('ERR_SHAPE'));
  table.dispose();
});

test('caches that do not fit their layout are refused by name', () => {
  const a = noise(8);
  assert.throws(() => rotaryTableFrom({ cos: a, sin: a, shape: [2, 4], tableLayout: 'complex' }), /takes table/);
  assert.throws(() => rotaryTableFrom({ table: a, shape: [2, 4] }), /takes cos and sin/);
  assert.throws(() => rotaryTableFrom({ table: a, shape: [2, 4], tableLayout: 'complex' }), /ends in 2/);
  assert.throws(() => rotaryTableFrom({ cos: a, sin: a, shape: [8] }), code('ERR_SHAPE'));
  assert.throws(() => rotaryTableFrom({ cos: a, sin: noise(4), shape: [2, 4] }), code('ERR_SHAPE'));
  assert.throws(
    () =>
      rotaryTableFrom({ cos: a.subarray(0, 3), sin: a.subarray(0, 3), shape: [1, 3], tableLayout: 'full_duplicated' }),
    /3 columns/,
  );
  const half = Tensor.zeros([2, 4], { dtype: 'float16' });
  assert.throws(
    () => rotaryTableFrom({ cos: half, sin: Tensor.zeros([2, 4], { dtype: 'bfloat16' }) } as never),
    /one dtype/,
  );
  const own = rotaryTableFrom({ cos: a, sin: a, shape: [2, 4], tableLayout: 'per_channel' });
  assert.throws(() => rotaryTableAs(own, { tableLayout: 'half' }), /per_channel/);
});

test('a full-width cache whose columns are no copies of that order is refused, with the order they have', () => {
  const table = rotaryTable({ headDim: 8 }, { length: 3 });
  const stored = rotaryTableAs(table, { tableLayout: 'full_interleaved' });
  const from = (tableLayout: TableLayout, { cos, sin } = stored) => rotaryTableFrom({ cos, sin, tableLayout });
  assert.equal(from('full_interleaved').cos.data, table.cos.data);
  assert.throws(() => from('full_duplicated'), /columns of cos are no copies .*; they are 'full_interleaved'/);
  const doubled = rotaryTableAs(table, { tableLayout: 'full_duplicated' });
  assert.throws(() => from('full_interleaved', doubled), /they are 'full_duplicated'/);
  const sin = Tensor.from(doubled.sin.data, [3, 8]);
  sin.data[23] += 1;
  assert.throws(() => from('full_duplicated', { cos: doubled.cos, sin }), /columns of sin .*'per_channel' keeps both/);
});

test.run();
