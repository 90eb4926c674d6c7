import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type MergeOptions, merge, sinusoidal } from '../../src/reference/index.ts';
import { close, float32, golden } from './golden.ts';

for (const record of golden('absolute', 'merge-')) {
  test(`golden ${record.name}`, () => {
    const { params, outputs } = record;
    const x = float32(record.inputs.x);
    const [, length, dim] = x.shape;
    const sine = sinusoidal({ dim, length });
    const rows = (table: { shape: number[]; data: Float32Array }) => ({
      shape: [length, table.shape[1]],
      data: table.data.slice(0, length * table.shape[1]),
    });
    const table = record.inputs.table ? rows(float32(record.inputs.table)) : sine;
    for (const [key, want] of Object.entries(outputs)) {
      const word = (key === 'out' ? params.mode : key.replace(/^(head|sinusoidal)_/, '')) as string;
      const mode = (word === 'mul' && params.mul_plus_one ? 'mulPlusOne' : word) as MergeOptions['mode'];
      const other = record.inputs.table_concat && mode === 'concat' ? rows(float32(record.inputs.table_concat)) : table;
      const got = merge(x, key.startsWith('sinusoidal_') ? sine : other, { mode });
      // The source returns p alone without the batch; here it is repeated to the shape of x.
      const data = mode === 'zero' ? got.data.slice(0, want.data.length) : got.data;
      close({ shape: mode === 'zero' ? want.shape : got.shape, data }, want, record.tolerance, `${record.name}.${key}`);
    }
  });
}

test('a position table of its own per batch entry is not repeated', () => {
  const x = Float32Array.of(1, 2, 3, 4);
  assert.equal(
    merge(x, Float32Array.of(10, 20, 30, 40), { mode: 'add', shape: [2, 1, 2] }).data,
    Float32Array.of(11, 22, 33, 44),
  );
  assert.equal(
    merge(x, Float32Array.of(10, 20), { mode: 'add', shape: [2, 1, 2] }).data,
    Float32Array.of(11, 22, 13, 24),
  );
});

test('out receives the result and may be x itself', () => {
  const x = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const result = merge(x, Float32Array.of(1, 1, 2, 2), { mode: 'mulPlusOne', out: x });
  assert.is(result.data, x.data);
  assert.equal(x.data, Float32Array.of(2, 4, 9, 12));
});

test('a table that does not fit is refused', () => {
  const x = { shape: [2, 3, 4], data: new Float32Array(24) };
  assert.throws(() => merge(x, { shape: [2, 4], data: new Float32Array(8) }, { mode: 'add' }), /p: expected \[3, 4\]/);
  assert.throws(() => merge(x, { shape: [3, 5], data: new Float32Array(15) }, { mode: 'mul' }), /p: expected/);
  assert.throws(() => merge(new Float32Array(24), x, { mode: 'add' }), /shape/);
});

test.run();
