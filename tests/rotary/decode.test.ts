/** Prepared decode steps: each equals the ordinary rotation, allocates nothing, and follows a growing table. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { applyRotary, createEngine, PosencError, prepareDecode, rotaryTable, scope, Tensor } from '../../src/index.ts';
import type { TableDtype } from '../../src/rotary/table.ts';
import { test } from '../support/test.ts';
import { noise, same, specs } from './specs.ts';

const code = (expected: string) => (error: unknown) => error instanceof PosencError && error.code === expected;

test('a step rotates q and k as applyRotary does, bit for bit', () => {
  fc.assert(
    fc.property(
      specs(['torch', 'exact']),
      fc.constantFrom('BSHD', 'BHSD', 'THD'),
      fc.constantFrom<TableDtype>('float32', 'float16', 'bfloat16'),
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })),
      fc.boolean(),
      fc.boolean(),
      (spec, layout, dtype, [batch, queryHeads, keyHeads], inverse, each) => {
        const D = spec.headDim;
        const shapeOf = (heads: number) =>
          layout === 'THD' ? [batch, heads, D] : layout === 'BHSD' ? [batch, heads, 1, D] : [batch, 1, heads, D];
        scope(() => {
          const table = rotaryTable(spec, { length: 10, offset: 100, context: 200, dtype: dtype as 'float32' });
          const q = Tensor.zeros(shapeOf(queryHeads));
          const k = Tensor.zeros(shapeOf(keyHeads));
          const at = { layout: layout as 'BSHD', inverse };
          const decode = prepareDecode({ q, k, table, ...at });
          for (let step = 0; step < 4; step++) {
            const positions = Array.from({ length: batch }, (_, b) => 100 + ((step * 3 + (each ? b : 0)) % 10));
            q.data.set(noise(q.length, step));
            k.data.set(noise(k.length, step + 50));
            const want = [q, k].map((x) =>
              applyRotary(x.toFloat32Array(), table, { ...at, shape: x.shape, positions }).slice(),
            );
            decode.step(each ? positions : positions[0]);
            same(q.data, want[0], 'q');
            same(k.data, want[1], 'k');
          }
        });
      },
    ),
    { numRuns: 120 },
  );
});

test('steps go on while the table grows, within its capacity and beyond', () => {
  scope(() => {
    const spec = { headDim: 8 };
    const table = rotaryTable(spec, { length: 1, capacity: 4 });
    const whole = rotaryTable(spec, { length: 20 });
    const q = Tensor.zeros([1, 1, 2, 8]);
    const decode = prepareDecode({ q, table });
    for (let position = 0; position < 20; position++) {
      table.extend(position + 1);
      q.data.set(noise(16, position));
      const want = applyRotary(q.toFloat32Array(), whole, { shape: q.shape, offset: position });
      decode.step(position);
      same(q.data, want, `position ${position}`);
    }
  });
});

test('a step allocates nothing', () => {
  const engine = createEngine({ fixed: true });
  for (const dtype of ['float32', 'bfloat16'] as const) {
    const table = rotaryTable(
      { headDim: 16, pairing: 'interleaved', outputPairing: 'half' },
      { length: 64, dtype, engine },
    );
    const q = Tensor.zeros([2, 1, 4, 16], { engine });
    const decode = prepareDecode({ q, table });
    const { allocate } = engine;
    engine.allocate = () => {
      throw new Error('allocated');
    };
    for (let position = 0; position < 64; position++) decode.step(position);
    decode.step([3, 9]);
    engine.allocate = allocate;
  }
});

test('a position without a row, or something given back, is an error and writes nothing', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 8, offset: 2 });
  const q = Tensor.from(noise(8), [2, 1, 1, 4]);
  const decode = prepareDecode({ q, table });
  const before = q.toFloat32Array();
  for (const position of [1, 10, 2.5, Number.NaN, -1]) assert.throws(() => decode.step(position), code('ERR_POSITION'));
  assert.throws(() => decode.step([3, 10]), /token 1 is at 10/);
  assert.throws(() => decode.step([3]), code('ERR_SHAPE'));
  same(q.data, before, 'q');
  decode.step(2);
  q.dispose();
  assert.throws(() => decode.step(2), code('ERR_DISPOSED'));
  const k = Tensor.zeros([1, 1, 1, 4]);
  const other = prepareDecode({ k, table });
  other.dispose();
  other.dispose();
  assert.throws(() => other.step(2), code('ERR_DISPOSED'));
  const last = prepareDecode({ k, table });
  table.dispose();
  assert.throws(() => last.step(2), code('ERR_DISPOSED'));
});

test('what cannot be prepared is refused by name', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 8 });
  const q = Tensor.zeros([1, 1, 2, 4]);
  assert.throws(() => prepareDecode({ table }), /q, k or both/);
  assert.throws(() => prepareDecode({ q: new Float32Array(8), qShape: [1, 1, 2, 4], table }), /q: expected/);
  assert.throws(() => prepareDecode({ q: Tensor.zeros([1, 2, 1, 4]), table }), /one token/);
  assert.throws(() => prepareDecode({ q, k: Tensor.zeros([2, 1, 1, 4]), table }), /2 tokens/);
  assert.throws(() => prepareDecode({ q: Tensor.zeros([1, 1, 2, 2]), table }), /has 2 channels per head/);
  assert.throws(() => prepareDecode({ q, table: rotaryTable({ headDim: 4 }, { positions: [1] }) }), /consecutive/);
});

test.run();
