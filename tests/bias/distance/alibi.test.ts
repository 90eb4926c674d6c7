/** ALiBi as a function of the distance: learned slopes, addTo, diagonal, padding in front. The forms themselves: reference tests and golden. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type AlibiOptions, alibi, createEngine, expandDiagonal, Tensor } from '../../../src/index.ts';
import { alibi as reference } from '../../../src/reference/index.ts';
import { test } from '../../support/test.ts';
import { closeTo, floats, rejects } from '../common.ts';

const learned = { leftSlopes: [-0.5, 0.25, -2, -0.1], rightSlopes: [-0.125, -3, 0, 0.7] };
const variants: readonly Partial<AlibiOptions>[] = [
  {},
  { form: 'tril' },
  { form: 'nonsymmetric' },
  { rounding: 'bfloat16', slopes: 'geometric' },
  learned,
];
const position = fc.integer({ min: -70, max: 70 });
const forms = fc.oneof(
  fc.record({
    queryLength: fc.integer({ min: 1, max: 30 }),
    keyLength: fc.integer({ min: 1, max: 50 }),
    queryOffset: fc.integer({ min: -40, max: 80 }),
  }),
  fc.record({
    queryPositions: fc.array(position, { minLength: 1, maxLength: 7 }),
    keyPositions: fc.array(fc.oneof(position, fc.constant(2 ** 31 - 1)), { minLength: 1, maxLength: 20 }),
  }),
  fc.record({
    queryLength: fc.constant(5),
    keyLength: fc.constant(12),
    keyLengths: fc.constant([12, 7]),
    queryLengths: fc.constant([5, 3]),
  }),
);
const masks = fc.record({
  causal: fc.boolean(),
  window: fc.option(fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })), { nil: undefined }),
});

test('addTo gives S + matrix, the diagonal expands to the matrix, both as the reference', () => {
  fc.assert(
    fc.property(fc.constantFrom(...variants), forms, masks, (variant, form, mask) => {
      const o = { heads: 4, ...variant, ...form, ...mask } as AlibiOptions;
      const matrix = alibi(o);
      // beyond 2^24 a distance is rounded before it is multiplied
      closeTo(matrix.data, reference(o as never).data, 0, 1.3e-7, 'matrix');
      const scores = floats(2 * matrix.length, 3);
      const want = scores.map((v, t) => v + matrix.data[t % matrix.length]);
      const tensor = Tensor.from(scores, [2, ...matrix.shape]);
      assert.is(alibi({ ...o, addTo: tensor }), tensor);
      closeTo(tensor.data, want, 0, 0, 'Tensor');
      alibi({ ...o, addTo: scores });
      closeTo(scores, want, 0, 0, 'Float32Array');
      if ('queryOffset' in form) {
        const diagonal = alibi({ ...o, diagonal: true });
        const { queryLength, keyLength } = form;
        closeTo(expandDiagonal(diagonal, { queryLength, keyLength }).data, matrix.data, 0, 0, 'diagonal');
      }
    }),
    { seed: 41, numRuns: 200 },
  );
});

test('padding in front of the keys shifts them and is masked', () => {
  for (const variant of variants) {
    const o = { heads: 4, queryLength: 6, keyLength: 11, keyLeftPad: [0, 4, 11], causal: true, ...variant } as const;
    const got = alibi(o);
    assert.equal([...got.shape], [3, 4, 6, 11]);
    closeTo(got.data, reference(o as never).data, 0, 0, JSON.stringify(variant));
  }
});

test('learned slopes in blocks of rows and in a small arena', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const o = { heads: 4, keyLength: 3000, queryLength: 40, ...learned };
  const whole = alibi(o);
  const block = alibi({ ...o, rows: [17, 21], engine });
  for (let h = 0; h < 4; h++) {
    const want = whole.data.subarray((h * 40 + 17) * 3000, (h * 40 + 21) * 3000);
    closeTo(block.data.subarray(h * 12000, (h + 1) * 12000), want, 0, 0, 'rows');
  }
});

test('key-last-zero counts from the last key, wherever that is', () => {
  const o = { heads: 2, form: 'key-last-zero', keyPositions: [3, 7, 20], queryLength: 2, queryOffset: 0 } as const;
  const { data } = alibi(o);
  // slopes 1/16 and 1/256
  const row = [-17 / 16, -13 / 16, 0];
  assert.equal([...data.subarray(0, 6)], [...row, ...row]);
  assert.equal([...data.subarray(6, 9)], [-17 / 256, -13 / 256, 0]);
  assert.equal(data, reference(o).data);
});

test('rounding to bfloat16 takes ties to even, of the mask value too', () => {
  const o = { heads: 1, queryLength: 1, queryOffset: 0, keyLength: 2, causal: true, rounding: 'bfloat16' } as const;
  const cases = [
    [1 + 2 ** -8, 1],
    [1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
    [-(2 ** 100) - 2 ** 92, -(2 ** 100)],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];
  for (const [maskValue, rounded] of cases) {
    const { data } = alibi({ ...o, maskValue });
    assert.is(data[1], Math.fround(rounded), String(maskValue));
    assert.equal(data, reference({ ...o, maskValue }).data);
  }
});

test('bad input names the option', () => {
  const bias = (o: object) => () => alibi({ heads: 4, keyLength: 3, ...o } as never);
  rejects(bias({ leftSlopes: [1, 2, 3, 4] }), 'ERR_OPTION', 'rightSlopes');
  rejects(bias({ ...learned, heads: 3 }), 'ERR_SHAPE', 'leftSlopes');
  rejects(bias({ ...learned, slopes: 'mpt' }), 'ERR_OPTION', 'slopes');
  rejects(bias({ ...learned, form: 'tril' }), 'ERR_OPTION', 'form');
  rejects(bias({ diagonal: true, form: 'key' }), 'ERR_OPTION', 'form');
  rejects(bias({ addTo: new Float32Array(36), totalHeads: 5 }), 'ERR_SHAPE', 'addTo');
  rejects(bias({ keyLeftPad: [0], mask: [[1, 1, 1]], keyLength: undefined }), 'ERR_OPTION', 'mask');
  rejects(bias({ addTo: new Float32Array(35) }), 'ERR_SHAPE', 'addTo');
  rejects(bias({ keyLeftPad: [4] }), 'ERR_OPTION', 'keyLeftPad[0]');
  rejects(bias({ heads: 0 }), 'ERR_SHAPE', 'heads');
});

test.run();
