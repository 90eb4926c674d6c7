/** Packed sequences: every piece equals the bias of that sequence alone, bit for bit, and everything else is masked. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  alibi,
  attentionMask,
  createEngine,
  dynamicBias,
  expandDiagonal,
  fire,
  kerple,
  naiveRelativeBias,
  sandwich,
  type Tensor,
  t5Bias,
} from '../../../src/index.ts';
import { test } from '../../support/test.ts';
import { floats, rejects, sameBits } from '../common.ts';

type Options = Record<string, unknown>;
const layers = [
  { weight: floats(5, 1), bias: floats(5, 2) },
  { weight: floats(10, 3), bias: floats(2, 4) },
];
const makers: Record<string, (o: Options) => Tensor> = {
  alibi: (o) => alibi({ heads: 2, ...o }),
  'alibi, key': (o) => alibi({ heads: 2, form: 'key', ...o }),
  'alibi, key-last-zero': (o) => alibi({ heads: 2, form: 'key-last-zero', ...o }),
  'alibi, nonsymmetric': (o) => alibi({ heads: 2, form: 'nonsymmetric', totalHeads: 3, ...o }),
  'alibi, bfloat16': (o) => alibi({ heads: 3, slopes: 'geometric', rounding: 'bfloat16', ...o }),
  t5: (o) => t5Bias(floats(64, 5), { shape: [32, 2], ...o }),
  kerple: (o) => kerple({ p: [1.5, 0.5], a: [0.25, 2], ...o }),
  sandwich: (o) => sandwich({ heads: 2, dim: 8, ...o }),
  dynamic: (o) => dynamicBias({ layers, ...o }),
  naive: (o) => naiveRelativeBias(floats(2 * 199, 6), { shape: [199, 2], ...o }),
  'naive, heads last': (o) => naiveRelativeBias(floats(2 * 199, 6), { shape: [199, 2], layout: 'qkh', ...o }),
  expand: (o) => expandDiagonal(floats(2 * 199, 7), { shape: [2, 199], firstDistance: -99, ...o } as never),
  mask: (o) => attentionMask({ heads: 1, ...o }) as Tensor,
  fire: (o) => fire({ layers, initL: 4, ...o }),
};
const sizes = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 40 })), { minLength: 1, maxLength: 4 });
const masks = fc.record({
  causal: fc.boolean(),
  window: fc.option(fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })), { nil: undefined }),
  maskValue: fc.constantFrom(undefined, -1),
});
const ends = (list: readonly number[]) => {
  const all = [0];
  for (const n of list) all.push(all[all.length - 1] + n);
  return all;
};
const tight = createEngine({ scratchBytes: 65536 });

/** Matrices of the result, and numbers of a cell. */
function layoutOf(name: string): { heads: number; words: number } {
  if (name === 'naive, heads last') return { heads: 1, words: 2 };
  const three = name === 'alibi, nonsymmetric' || name === 'alibi, bfloat16';
  return { heads: name === 'mask' ? 1 : three ? 3 : 2, words: 1 };
}

/** The sequences one by one, in a matrix of maskValue. */
function wanted(name: string, lengths: [number, number][], mask: Options): Float32Array {
  const make = makers[name];
  const { heads, words } = layoutOf(name);
  const [queries, keys] = [ends(lengths.map(([q]) => q)), ends(lengths.map(([, k]) => k))];
  const [rows, columns] = [queries[queries.length - 1], keys[keys.length - 1]];
  const fill = (mask.maskValue as number | undefined) ?? Number.NEGATIVE_INFINITY;
  const want = new Float32Array(heads * rows * columns * words).fill(fill);
  for (const [s, [q, k]] of lengths.entries()) {
    const { data } = make({ queryLength: q, keyLength: k, ...mask });
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < q; i++) {
        const from = (h * q + i) * k * words;
        const to = ((h * rows + queries[s] + i) * columns + keys[s]) * words;
        want.set(data.subarray(from, from + k * words), to);
      }
    }
  }
  return want;
}

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: pieces, blocks of rows, scores that are there, a small arena`, () => {
    fc.assert(
      fc.property(sizes, masks, fc.nat(), fc.nat(), (lengths, mask, a, b) => {
        const [queries, keys] = [ends(lengths.map(([q]) => q)), ends(lengths.map(([, k]) => k))];
        const rows = queries[queries.length - 1];
        const packed = { cuSeqlens: queries, cuSeqlensK: keys, ...mask };
        const want = wanted(name, lengths, mask);
        const whole = make(packed);
        sameBits(whole.data, want, 'whole');
        sameBits(make({ ...packed, engine: tight }).toFloat32Array(), want, 'a small arena');
        const [from, to] = [a % (rows + 1), b % (rows + 1)].sort((x, y) => x - y);
        const block = make({ ...packed, rows: [from, to] });
        const { heads, words } = layoutOf(name);
        const row = keys[keys.length - 1] * words;
        const slices = Array.from({ length: heads }, (_, h) => [
          ...want.subarray((h * rows + from) * row, (h * rows + to) * row),
        ]);
        sameBits(block.data, Float32Array.from(slices.flat()), 'rows');
        // a function of the key alone is not added
        if (name.startsWith('alibi, key')) return;
        const scores = floats(2 * want.length, 3);
        const sums = scores.map((x, t) => x + want[t % want.length]);
        make({ ...packed, addTo: scores });
        sameBits(scores, sums, 'addTo');
      }),
      { numRuns: 12 },
    );
  });
}

test('masks as bytes; keys default to the queries; lists of every kind', () => {
  const packed = { cuSeqlens: [0, 2, 2, 5], causal: true };
  const bytes = attentionMask({ ...packed, dtype: 'uint8' });
  assert.equal([...bytes.shape], [5, 5]);
  assert.equal([...bytes.data], [1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1]);
  const lists = [BigInt64Array.of(0n, 2n, 2n, 5n), { data: [0, 2, 2, 5], shape: [4] }, new Uint8Array([0, 2, 2, 5])];
  for (const cuSeqlens of lists) {
    assert.equal([...attentionMask({ cuSeqlens, causal: true, dtype: 'uint8' }).data], [...bytes.data]);
  }
});

test('bad input names the option', () => {
  const bias = (o: object) => () => alibi({ heads: 2, ...o } as never);
  rejects(bias({ cuSeqlens: [1, 2] }), 'ERR_OPTION', 'cuSeqlens');
  rejects(bias({ cuSeqlens: [0, 3, 2] }), 'ERR_OPTION', 'cuSeqlens');
  rejects(bias({ cuSeqlens: [0] }), 'ERR_OPTION', 'cuSeqlens');
  rejects(bias({ cuSeqlens: [0, 2.5] }), 'ERR_OPTION', 'cuSeqlens[1]');
  rejects(bias({ cuSeqlens: [0, 2, 3], cuSeqlensK: [0, 3] }), 'ERR_SHAPE', 'cuSeqlensK');
  rejects(bias({ cuSeqlensK: [0, 3] }), 'ERR_OPTION', 'cuSeqlens');
  rejects(bias({ cuSeqlens: [0, 3], queryLength: 4 }), 'ERR_SHAPE', 'queryLength');
  rejects(bias({ cuSeqlens: [0, 3], queryOffset: 1 }), 'ERR_OPTION', 'queryOffset');
  rejects(bias({ cuSeqlens: [0, 3], keyPositions: [0, 1, 2] }), 'ERR_OPTION', 'keyPositions');
  rejects(bias({ cuSeqlens: [0, 3], keyLengths: [3] }), 'ERR_OPTION', 'keyLengths');
  rejects(bias({ cuSeqlens: [0, 3], diagonal: true }), 'ERR_OPTION', 'cuSeqlens');
  rejects(() => sandwich({ heads: 1, form: 'nemo-causal', cuSeqlens: [0, 3] }), 'ERR_OPTION', 'cuSeqlens');
});

test.run();
