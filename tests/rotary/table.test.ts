/** Rotary tables: against the reference, in every precision and dtype, by stream, in slices, and growing. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createEngine,
  PosencError,
  type RotaryTable,
  rotaryTable,
  rotaryTableAs,
  scope,
  Tensor,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import type { MropeLayout, RotarySpec } from '../../src/rotary/spec.ts';
import type { TableDtype } from '../../src/rotary/table.ts';
import { test } from '../support/test.ts';
import { golden } from './golden.ts';
import { adjacent, same, specs } from './specs.ts';

const DTYPES: readonly TableDtype[] = ['float32', 'float16', 'bfloat16'];
const numbers = (table: RotaryTable<TableDtype>) => ({
  cos: table.cos.toFloat32Array(),
  sin: table.sin.toFloat32Array(),
});
const code = (expected: string) => (error: unknown) => error instanceof PosencError && error.code === expected;

test('tables equal the reference: every rule and precision', () => {
  fc.assert(
    fc.property(specs(), fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1, 500, 100000), (spec, length, offset) => {
      scope(() => {
        const got = rotaryTable(spec, { length, offset });
        const want = reference.rotaryTable(spec, { length, offset });
        assert.equal(got.cos.shape, want.cos.shape);
        assert.is(got.rotaryOffset, want.rotaryOffset);
        adjacent(got.cos.data, want.cos.data, 'cos');
        adjacent(got.sin.data, want.sin.data, 'sin');
      });
    }),
    { numRuns: 120 },
  );
});

test('a torch value does not depend on the frequencies beside its own', () => {
  const pairs = 32;
  const invFreq = Array.from({ length: pairs }, (_, i) => 1e5 ** (-i / pairs));
  const moved = Array.from(invFreq, (_, i) => (i * 11 + 5) % pairs);
  const spec = { headDim: 2 * pairs, precision: 'torch' } as const;
  for (const offset of [0, 2 ** 16 - 2048, 2 ** 19 - 2048])
    scope(() => {
      const ordered = rotaryTable({ ...spec, invFreq }, { offset, length: 4096 });
      const mixed = rotaryTable({ ...spec, invFreq: moved.map((i) => invFreq[i]) }, { offset, length: 4096 });
      for (const part of ['cos', 'sin'] as const) {
        const [a, b] = [ordered[part].data, mixed[part].data];
        let differ = 0;
        for (let at = 0; at < b.length; at++) if (b[at] !== a[at - (at % pairs) + moved[at % pairs]]) differ++;
        assert.is(differ, 0, `${part} from ${offset}`);
      }
    });
});

test('torch tables of transformers (hf_llama_half) are met within one ulp', () => {
  for (const { name, params, inputs, outputs } of golden('hf_llama_half')) {
    if (outputs.cos === undefined) continue;
    const invFreq = inputs.inv_freq_f32.data;
    const pairs = invFreq.length;
    const { attention_scaling: attentionFactor = 1 } = params;
    const spec = { headDim: 2 * pairs, invFreq, precision: 'torch', attentionFactor } as const;
    const table = rotaryTable(spec, { positions: [...inputs.position_ids.data] });
    const stored = rotaryTableAs(table, { tableLayout: params.table_layout ?? 'half' }) as { cos: Tensor; sin: Tensor };
    for (const kind of ['cos', 'sin'] as const) adjacent(stored[kind].data, outputs[kind].data, `${name} ${kind}`);
    table.dispose();
  }
});

test('16-bit tables are the float32 tables rounded', () => {
  fc.assert(
    fc.property(specs(), fc.integer({ min: 1, max: 40 }), fc.constantFrom('float16', 'bfloat16'), (spec, n, dtype) => {
      scope(() => {
        const plain = rotaryTable(spec, { length: n });
        const got = rotaryTable(spec, { length: n, dtype: dtype as 'float16' });
        assert.is(got.dtype, dtype);
        const rounded = reference.rotaryTable(
          { headDim: 2 * plain.width, invFreq: new Float32Array(plain.width) },
          { length: n, dtype: dtype as 'float16' },
        );
        // the reference rounds numbers, here those of the float32 table
        for (const name of ['cos', 'sin'] as const) {
          rounded[name].data.set(plain[name].data);
          const want = Float32Array.from(plain[name].data, (x) => nearest(x, dtype));
          same(got[name].toFloat32Array(), want, name);
        }
      });
    }),
    { numRuns: 60 },
  );
});

/** The nearest 16-bit number by search: between the two neighbours on its grid. */
function nearest(x: number, dtype: string): number {
  if (x === 0) return 0;
  const bits = dtype === 'float16' ? 10 : 7;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), dtype === 'float16' ? -14 : -126);
  const step = 2 ** (exponent - bits);
  const below = Math.floor(x / step);
  const rest = x / step - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (below + (up ? 1 : 0)) * step;
}

test('a slice of a table has the bits of the whole, in every precision and dtype', () => {
  fc.assert(
    fc.property(
      specs(),
      fc.nat(300),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(...DTYPES),
      (spec, at, n, dtype) => {
        scope(() => {
          const context = 400;
          const whole = numbers(rotaryTable(spec, { length: at + n, context, dtype }));
          const slice = rotaryTable(spec, { length: n, offset: at, context, dtype });
          const picked = rotaryTable(spec, {
            positions: Array.from({ length: n }, (_, i) => at + n - 1 - i),
            context,
            dtype,
          });
          const w = slice.width;
          for (const name of ['cos', 'sin'] as const) {
            same(numbers(slice)[name], whole[name].subarray(at * w), `${name} of the slice`);
            const reversed = numbers(picked)[name];
            for (let i = 0; i < n; i++) {
              same(
                reversed.subarray(i * w, (i + 1) * w),
                whole[name].subarray((at + n - 1 - i) * w, (at + n - i) * w),
                name,
              );
            }
          }
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('odd widths follow transformers: 5 of 20 channels are three pairs with the denominator 5', () => {
  const table = rotaryTable({ headDim: 20, partialRotaryFactor: 0.25 }, { length: 2 });
  assert.equal(table.cos.shape, [2, 3]);
  adjacent(
    table.cos.data.subarray(3),
    [1, 10000 ** -0.4, 10000 ** -0.8].map((w) => Math.fround(Math.cos(w))),
    'cos',
  );
  table.dispose();
});

const SECTIONS: readonly { layout: MropeLayout; section: number[]; pairs: number }[] = [
  { layout: 'chunked', section: [2, 3, 3], pairs: 8 },
  { layout: 'chunked', section: [1, 2, 1, 2], pairs: 8 },
  { layout: 'interleaved', section: [4, 2, 2], pairs: 8 },
  { layout: 'interleaved', section: [3, 3, 2, 0], pairs: 8 },
  { layout: 'ernie_hw_alternating', section: [3, 3, 2], pairs: 8 },
  { layout: 'hunyuan_fullwidth', section: [2, 2, 2, 2], pairs: 8 },
  { layout: 'interleaved', section: [24, 20, 20], pairs: 64 },
];

test('M-RoPE: every pair takes the position of its stream, in every precision', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SECTIONS),
      fc.constantFrom('exact', 'torch', 'ggml') as fc.Arbitrary<'exact' | 'torch' | 'ggml'>,
      fc.constantFrom(1, -1) as fc.Arbitrary<1 | -1>,
      fc.integer({ min: 0, max: 7 }),
      fc.nat(),
      ({ layout, section, pairs }, precision, rotationSign, n, seed) => {
        const spec: RotarySpec = {
          headDim: 2 * pairs,
          precision,
          rotationSign,
          ropeTheta: 1e6,
          mropeSection: section,
          mropeLayout: layout,
        };
        const positions = Array.from({ length: section.length * n }, (_, i) => (i * 7919 + seed) % 3001);
        scope(() => {
          const got = rotaryTable(spec, { positions });
          const want = reference.rotaryTable(spec, { positions });
          assert.is(got.start, undefined);
          assert.is(got.partnerAngles, layout === 'hunyuan_fullwidth');
          assert.equal(got.cos.shape, want.cos.shape);
          adjacent(got.cos.data, want.cos.data, 'cos');
          adjacent(got.sin.data, want.sin.data, 'sin');
        });
      },
    ),
    { numRuns: 80 },
  );
});

test('M-RoPE with equal streams is the plain table, bit for bit', () => {
  for (const precision of ['exact', 'torch', 'ggml'] as const) {
    for (const mropeLayout of ['chunked', 'interleaved'] as const) {
      scope(() => {
        const plain = { headDim: 16, precision };
        const spec = { ...plain, mropeSection: [3, 3, 2], mropeLayout };
        const list = Array.from({ length: 700 }, (_, i) => i * 3);
        const want = rotaryTable(plain, { positions: list });
        same(rotaryTable(spec, { positions: [...list, ...list, ...list] }).cos.data, want.cos.data, 'cos by streams');
        same(rotaryTable(spec, { length: 50 }).sin.data, rotaryTable(plain, { length: 50 }).sin.data, 'sin of text');
      });
    }
  }
});

test('a table that grows has the bits of one made at once, within and beyond its capacity', () => {
  fc.assert(
    fc.property(
      specs(),
      fc.constantFrom(...DTYPES),
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 50 }),
      fc.constantFrom(0, 7, 1000),
      (spec, dtype, steps, spare, offset) => {
        scope(() => {
          const context = offset + 400;
          const table = rotaryTable(spec, { length: 3, capacity: 3 + spare, offset, context, dtype });
          let length = 3;
          for (const step of steps) {
            length += step;
            const bytes = table.cos.engine.memory.buffer.byteLength;
            const { byteOffset } = table.cos;
            const fits = length <= table.capacity;
            assert.is(table.extend(length), table);
            if (fits) {
              assert.is(table.cos.byteOffset, byteOffset);
              assert.is(table.cos.engine.memory.buffer.byteLength, bytes);
            }
            assert.is(table.length, length);
            assert.equal(table.sin.shape, [length, table.width]);
          }
          const want = numbers(rotaryTable(spec, { length, offset, context, dtype }));
          same(numbers(table).cos, want.cos, 'cos');
          same(numbers(table).sin, want.sin, 'sin');
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('growing writes the new rows and nothing else', () => {
  const table = rotaryTable({ headDim: 8 }, { length: 4, capacity: 10 });
  table.cos.data.fill(5);
  table.extend(6);
  assert.equal(
    Array.from(table.cos.data.subarray(0, 16)),
    Array.from({ length: 16 }, () => 5),
  );
  assert.ok(table.cos.data.subarray(16).every((x) => x <= 1));
  table.extend(2);
  assert.is(table.length, 6);
  table.dispose();
  table.dispose();
  assert.throws(() => table.extend(7), code('ERR_DISPOSED'));
});

test('a table does not grow into other frequencies, nor where it has no room of its own', () => {
  const dynamic = { headDim: 8, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 16 } as const;
  const short = rotaryTable(dynamic, { length: 8 });
  short.extend(16);
  assert.throws(() => short.extend(17), /frequencies of this rule change.*context/);
  rotaryTable(dynamic, { length: 8, context: 40 }).extend(40);
  assert.throws(() => rotaryTable({ headDim: 8 }, { positions: [1, 2] }).extend(3), code('ERR_OPTION'));
  const out = { cos: Tensor.zeros([2, 4]), sin: Tensor.zeros([2, 4]) };
  assert.throws(() => rotaryTable({ headDim: 8 }, { length: 2, out }).extend(3), code('ERR_OPTION'));
  assert.throws(() => rotaryTable({ headDim: 8 }, { length: 2, out, capacity: 3 }), /capacity/);
  assert.throws(() => rotaryTable({ headDim: 8 }, { length: 4, capacity: 3 }), /capacity/);
});

test('a table given out allocates nothing, whatever the precision and dtype, in the smallest arena', () => {
  const engine = createEngine({ scratchBytes: 1 << 16 });
  for (const precision of ['exact', 'torch', 'ggml'] as const) {
    for (const dtype of DTYPES) {
      for (const [pairs, length] of [
        [64, 700],
        [2048, 9],
      ]) {
        const out = {
          cos: Tensor.zeros([length, pairs], { dtype, engine }),
          sin: Tensor.zeros([length, pairs], { dtype, engine }),
        };
        const allocate = engine.allocate;
        engine.allocate = () => {
          throw new Error('allocated');
        };
        rotaryTable({ headDim: 2 * pairs, precision }, { length, dtype, out });
        engine.allocate = allocate;
        scope(() => {
          const want = rotaryTable({ headDim: 2 * pairs, precision }, { length, dtype });
          same(out.cos.toFloat32Array(), want.cos.toFloat32Array(), `${precision} ${dtype} cos`);
          same(out.sin.toFloat32Array(), want.sin.toFloat32Array(), `${precision} ${dtype} sin`);
        });
        out.cos.dispose();
        out.sin.dispose();
      }
    }
  }
});

test('what cannot be is refused by name', () => {
  assert.throws(() => rotaryTable({ headDim: 8 }, { length: 1, dtype: 'float64' as 'float32' }), /dtype/);
  assert.throws(() => rotaryTable({ headDim: 8, mropeSection: [2, 1, 1] }, { positions: [1, 2] }), /3 streams/);
  assert.throws(() => rotaryTable({ headDim: 8192, precision: 'ggml' }, { length: 1 }), code('ERR_SHAPE'));
  assert.throws(
    () => rotaryTable({ headDim: 8, linearRounding: 'position' } as object as RotarySpec, { length: 1 }),
    /linearRounding/,
  );
  assert.throws(() => rotaryTable({ headDim: 8, positionScale: Number.NaN }, { length: 1 }), /positionScale/);
});

test('positions up to the largest that there are', () => {
  scope(() => {
    const [last, least] = [2 ** 53 - 2, -(2 ** 53)];
    assert.is(rotaryTable({ headDim: 8 }, { offset: last, length: 2 }).length, 2);
    assert.is(rotaryTable({ headDim: 8 }, { positions: [2 ** 53 - 1] }).length, 1);
    assert.is(rotaryTable({ headDim: 8 }, { offset: least, length: 2 }).length, 2);
    const linear = { headDim: 8, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 512 } as const;
    assert.is(rotaryTable(linear, { offset: last, length: 2 }).length, 2);
    assert.throws(() => rotaryTable({ headDim: 8 }, { offset: last, length: 4 }), /offset: 9007199254740990 \+ 4 rows/);
  });
});

test.run();
