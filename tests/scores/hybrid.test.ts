/** Rotary queries and keys with a bias of this wing on top. */
import * as assert from 'uvu/assert';
import { alibi, applyRotary, hybridScores, rotaryTable, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { close, promises, random } from './content.ts';

test('scores: every shape of bias', () => {
  for (const [B, H, q, k, d] of [
    [2, 3, 5, 8, 6],
    [1, 2, 70, 99, 9],
  ]) {
    const [x, y] = [random([B, H, q, d], 1), random([B, H, k, d], 2)];
    for (const lead of [[H], [1], [B, H], [1, H], [B, 1]]) {
      const bias = random([...lead, q, k], 3);
      promises(
        `${q} x ${k}, bias [${lead}]`,
        q,
        (o) => hybridScores(x, y, bias, { causal: true, ...o }),
        (o) => reference.hybridScores(x, y, bias, { causal: true, ...o }),
      );
    }
    promises(
      'no bias',
      q,
      (o) => hybridScores(x, y, null, o),
      (o) => reference.hybridScores(x, y, null, o),
    );
  }
});

test('rotary and ALiBi, whole and in row blocks with only their rows of the bias', () => {
  const table = rotaryTable({ headDim: 8 }, { length: 12 });
  const rotated = (x: ReturnType<typeof random>, offset: number) =>
    applyRotary(Tensor.from(x.data, x.shape), table, { layout: 'BHSD', offset }) as Tensor;
  const [q, k] = [rotated(random([2, 4, 5, 8], 1), 7), rotated(random([2, 4, 12, 8], 2), 0)];
  const lengths = { heads: 4, queryLength: 5, keyLength: 12 };
  const whole = hybridScores(q, k, alibi(lengths));
  close(whole, reference.hybridScores(q, k, reference.alibi(lengths)));
  const part = hybridScores(q, k, alibi({ ...lengths, rows: [2, 4] }), { rows: [2, 4] });
  for (let m = 0; m < 8; m++) {
    const want = whole.data.subarray((m * 5 + 2) * 12, (m * 5 + 4) * 12);
    assert.equal([...part.data.subarray(m * 24, (m + 1) * 24)], [...want]);
  }
});

test('what is wrong is named', () => {
  const [q, k] = [random([1, 2, 3, 4], 1), random([1, 2, 5, 4], 2)];
  assert.throws(() => hybridScores(q, k, random([3, 3, 5], 1)), /bias: expected \[2, 3, 5\]/);
  assert.throws(() => hybridScores(q, k, random([2, 2, 5], 1)), /bias/);
  assert.throws(() => hybridScores(q, k, null, { offset: 1 } as never), /offset/);
});

test.run();
