import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { attentionMask, Tensor } from '../../../src/index.ts';
import { attentionMask as reference } from '../../../src/reference/masks.ts';
import { test } from '../../support/test.ts';
import { closeTo, floats, rejects, sameBits } from '../common.ts';

const lengths = { queryLength: fc.integer({ min: 0, max: 12 }), keyLength: fc.integer({ min: 0, max: 40 }) };
const batches = fc.integer({ min: 1, max: 3 }).chain((count) => {
  const list = (max: number) =>
    fc.option(fc.array(fc.integer({ min: 0, max }), { minLength: count, maxLength: count }), { nil: undefined });
  return fc.record({
    queryLength: fc.constant(6),
    keyLength: fc.constant(21),
    keyLeftPad: fc.array(fc.integer({ min: 0, max: 21 }), { minLength: count, maxLength: count }),
    queryLengths: list(6),
    keyLengths: list(21),
    padding: fc.constantFrom('mask' as const, 'flash' as const),
  });
});
const position = fc.integer({ min: -30, max: 30 });
const lists = fc.record({
  queryPositions: fc.array(position, { minLength: 1, maxLength: 6 }),
  keyPositions: fc.array(position, { minLength: 1, maxLength: 20 }),
});
const forms = fc.oneof(
  fc.record({ ...lengths, queryOffset: fc.option(fc.integer({ min: -20, max: 50 }), { nil: undefined }) }),
  batches,
  lists,
);
const windows = fc.record({
  causal: fc.boolean(),
  window: fc.option(fc.tuple(fc.integer({ min: -1, max: 12 }), fc.integer({ min: -1, max: 12 })), { nil: undefined }),
});

test('equal to the reference, as float32 and as bytes; blocks of rows are slices', () => {
  fc.assert(
    fc.property(forms, windows, fc.nat(), fc.nat(), (form, window, a, b) => {
      const o = { ...form, ...window };
      const want = reference(o);
      const got = attentionMask(o);
      assert.equal([...got.shape], [...want.shape]);
      sameBits(got.data, want.data, 'float32');
      const bytes = attentionMask({ ...o, dtype: 'uint8' });
      assert.equal([...bytes.shape], [...want.shape]);
      assert.equal(
        [...bytes.data],
        Array.from(want.data, (v) => (v === 0 ? 1 : 0)),
      );
      const queryLength = 'queryPositions' in o ? o.queryPositions.length : o.queryLength;
      const rows = [a % (queryLength + 1), b % (queryLength + 1)].sort((x, y) => x - y) as [number, number];
      const block = reference({ ...o, rows });
      sameBits(attentionMask({ ...o, rows }).data, block.data, 'rows');
      assert.equal(
        [...attentionMask({ ...o, rows, dtype: 'uint8' }).data],
        Array.from(block.data, (v) => (v === 0 ? 1 : 0)),
      );
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('added to scores of several heads', () => {
  fc.assert(
    fc.property(forms, windows, (form, window) => {
      const o = { ...form, ...window, maskValue: -1e4 };
      const mask = attentionMask({ ...o, heads: 2 });
      if (mask.length === 0) return;
      const scores = floats(mask.length, 5);
      const tensor = Tensor.from(scores, mask.shape);
      attentionMask({ ...o, heads: 2, addTo: tensor });
      sameBits(
        tensor.data,
        scores.map((v, t) => v + mask.data[t]),
        'scores',
      );
      closeTo(mask.data, reference({ ...o, heads: 2 }).data, 0, 0, 'heads');
    }),
    { seed: 4, numRuns: 60 },
  );
});

test('long byte masks by positions pass through the arena in parts', () => {
  const keyPositions = Int32Array.from({ length: 9001 }, (_, t) => (t * 7919) % 9001);
  const o = { queryPositions: [4000, 9000], keyPositions, window: [100, 50] as const };
  const got = attentionMask({ ...o, dtype: 'uint8' });
  assert.equal(
    got.data,
    Uint8Array.from(reference(o).data, (v) => (v === 0 ? 1 : 0)),
  );
});

test('bad input names the option', () => {
  const mask = (o: object) => () => attentionMask({ keyLength: 4, ...o } as never);
  rejects(mask({ window: [-2, 0] }), 'ERR_OPTION', 'window[0]');
  rejects(mask({ window: [1] }), 'ERR_SHAPE', 'window');
  rejects(mask({ heads: 0 }), 'ERR_SHAPE', 'heads');
  rejects(mask({ keyLengths: [5] }), 'ERR_OPTION', 'keyLengths[0]');
  rejects(mask({ keyLengths: [4], keyLeftPad: [0, 1] }), 'ERR_SHAPE', 'keyLeftPad');
  rejects(mask({ keyLengths: [4], queryOffset: 1 }), 'ERR_OPTION', 'queryOffset');
  rejects(mask({ keyLengths: [4], queryOffset: 1, dtype: 'uint8' }), 'ERR_OPTION', 'queryOffset');
  rejects(mask({ dtype: 'bool' }), 'ERR_OPTION', 'dtype');
  rejects(mask({ dtype: 'uint8', addTo: new Float32Array(16) }), 'ERR_OPTION', 'addTo');
  rejects(mask({ dtype: 'uint8', out: new Float32Array(16) }), 'ERR_OPTION', 'out');
  rejects(mask({ padding: 'left' }), 'ERR_OPTION', 'padding');
  rejects(mask({ keyLength: -1 }), 'ERR_OPTION', 'keyLength');
  rejects(() => attentionMask({} as never), 'ERR_SHAPE', 'attentionMask');
});

test.run();
