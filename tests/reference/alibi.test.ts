import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AlibiOptions, alibi, alibiSlopes } from '../../src/reference/index.ts';
import { close, golden } from './golden.ts';

/** Options for each output of a golden record, by the record's parameters. */
function calls(record: ReturnType<typeof golden>[number]): Record<string, AlibiOptions> {
  const { params, inputs } = record;
  const { heads } = params;
  if (params.variant === 'bloom') {
    const mask = inputs.attention_mask;
    return { bloom: { heads, mask }, falcon_bf16: { heads, mask, rounding: 'bfloat16' } };
  }
  if (params.variant === 'flash-attention') {
    const { seqlen_q: queryLength, seqlen_k: keyLength } = params;
    const given = { heads, queryLength, keyLength, slopes: inputs.slopes.data };
    return {
      noncausal: { ...given, queryLengths: [queryLength] },
      causal_k_only: { ...given, queryLength: 1, form: 'key-last-zero', keyLengths: [keyLength] },
      noncausal_padded: { ...given, queryLengths: inputs.q_lens.data, keyLengths: inputs.k_lens.data },
    };
  }
  if (params.variant === 'gpt-neox') {
    const given = { heads, keyLength: params.L, form: 'tril' } as const;
    return { bias: given, bias_last_query: { ...given, queryLength: 1 } };
  }
  if (params.total_heads) {
    const given = { heads, totalHeads: params.total_heads, queryLength: params.q_len };
    const positions = { queryPositions: inputs.pos_i.data, keyPositions: inputs.pos_j.data };
    return { bias: { ...given, keyLength: params.k_len }, bias_custom: { ...given, ...positions } };
  }
  const given = { heads, keyLength: params.L };
  return {
    press_k_only: { ...given, form: 'key', queryLength: 1 },
    symmetric: given,
    nonsym_mask: { ...given, form: 'nonsymmetric' },
    mpt_k_only: { ...given, form: 'key-last-zero', slopes: 'mpt', queryLength: 1 },
    mpt_full: { ...given, slopes: 'mpt' },
  };
}

for (const record of golden('bias', 'alibi-')) {
  test(`golden ${record.name}`, () => {
    for (const [key, want] of Object.entries(record.outputs)) {
      const slope = /^(press|mpt|geometric)_h(\d+)$/.exec(key);
      const got = slope
        ? alibiSlopes({ heads: Number(slope[2]), slopes: slope[1] as 'press' })
        : alibi(calls(record)[key]);
      // Some sources carry a batch dimension of one, which ours has only where the batch entries differ.
      const shape = got.shape.length < want.shape.length ? [1, ...got.shape] : got.shape;
      close({ shape, data: got.data }, want, record.tolerance, `${record.name}.${key}`);
    }
  });
}

const shapes = fc.record({
  heads: fc.integer({ min: 1, max: 5 }).map((n) => 2 * n),
  queryLength: fc.integer({ min: 1, max: 7 }),
  keyLength: fc.integer({ min: 1, max: 9 }),
  form: fc.constantFrom('distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric') as fc.Arbitrary<
    AlibiOptions['form']
  >,
  causal: fc.boolean(),
  window: fc.tuple(fc.integer({ min: -1, max: 4 }), fc.integer({ min: -1, max: 4 })),
});

test('any block of rows equals that slice of the whole', () => {
  fc.assert(
    fc.property(shapes, fc.nat(), fc.nat(), (given, a, b) => {
      const from = a % (given.queryLength + 1);
      const to = from + (b % (given.queryLength + 1 - from));
      const whole = alibi(given);
      const part = alibi({ ...given, rows: [from, to] });
      assert.equal([...part.shape], [given.heads, to - from, given.keyLength]);
      for (let h = 0; h < given.heads; h++) {
        const at = (h * given.queryLength + from) * given.keyLength;
        const rows = (to - from) * given.keyLength;
        assert.equal(part.data.slice(h * rows, (h + 1) * rows), whole.data.slice(at, at + rows));
      }
    }),
  );
});

test('causal and window mask exactly the cells outside', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: -5, max: 5 }), ({ window: [left, right], causal, ...given }, queryOffset) => {
      const form = given.form === 'nonsymmetric' ? 'distance' : given.form;
      const { data } = alibi({ ...given, form, causal, window: [left, right], queryOffset, maskValue: 77 });
      const plain = alibi({ ...given, form, queryOffset }).data;
      data.forEach((v, at) => {
        const j = at % given.keyLength;
        const i = queryOffset + (Math.floor(at / given.keyLength) % given.queryLength);
        const allowed = !(causal && j > i) && (left < 0 || i - j <= left) && (right < 0 || j - i <= right);
        assert.is(v, allowed ? plain[at] : 77);
      });
    }),
  );
});

test('a value is its slope times a distance, rounded once, and diagonals are constant', () => {
  const heads = 6;
  const { data } = alibi({ heads, keyLength: 300, slopes: 'geometric' });
  const slopes = alibiSlopes({ heads, slopes: 'geometric' }).data;
  for (let h = 0; h < heads; h++) {
    for (let d = 0; d < 300; d += 7) {
      assert.is(data[(h * 300 + d) * 300], Math.fround(slopes[h] * -d) + 0);
      assert.is(data[(h * 300 + 299 - d) * 300 + 299], data[(h * 300 + d) * 300]);
    }
  }
});

test('wrong options are refused by name', () => {
  assert.throws(() => alibi({ heads: 2, keyLength: 2, casual: true } as AlibiOptions), /unknown option 'casual'/);
  assert.throws(() => alibi({ heads: 2, mask: [[1]], causal: true }), /with a mask: unknown option 'causal'/);
  assert.throws(() => alibi({ heads: 3, keyLength: 2, form: 'nonsymmetric' }), /heads/);
  assert.throws(() => alibi({ heads: 2 }), /keyLength/);
  assert.throws(() => alibi({ heads: 2, keyLength: 3, rows: [1, 4] }), /rows/);
  assert.throws(() => alibi({ heads: 2, keyLength: 3, totalHeads: 1 }), /totalHeads/);
  assert.throws(() => alibi({ heads: 2, mask: [[0, 2]] }), /mask/);
  assert.throws(() => alibi({ heads: 2, keyLength: 2, queryLengths: [1, 2], keyLengths: [1] }), /keyLengths/);
});

test.run();
