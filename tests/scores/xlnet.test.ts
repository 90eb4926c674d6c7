/** XLNet: positions of the table, scores in both attention types, segments, bi_data. */
import * as assert from 'uvu/assert';
import { xlnetPositions, xlnetScores } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { close, promises, random } from './content.ts';

test('positions', () => {
  for (const attnType of ['bi', 'uni'] as const) {
    for (const clampLen of [-1, 0, 2, 100]) {
      for (const direction of ['forward', 'backward'] as const) {
        for (const [queryLength, keyLength] of [
          [3, 5],
          [4, 4],
        ]) {
          const options = { queryLength, keyLength, attnType, clampLen, direction };
          assert.equal([...xlnetPositions(options)], [...reference.xlnetPositions(options)], JSON.stringify(options));
        }
      }
    }
  }
  assert.equal([...xlnetPositions({ queryLength: 2, keyLength: 3 })], [3, 2, 1, 0, -1]);
  assert.equal([...xlnetPositions({ queryLength: 2, keyLength: 3, attnType: 'uni', clampLen: 2 })], [2, 2, 1, 0]);
  assert.throws(() => xlnetPositions({ queryLength: 4, keyLength: 3 }), /keyLength/);
});

test('scores', () => {
  for (const [B, H, q, k, d] of [
    [2, 3, 5, 5, 6],
    [2, 2, 4, 11, 3],
    [2, 1, 70, 139, 8],
  ]) {
    const [x, y] = [random([B, H, q, d], 1), random([B, H, k, d], 2)];
    const [rWBias, rRBias, rSBias] = [random([H, d], 3), random([H, d], 4), random([H, d], 5)];
    const segEmbed = random([2, H, d], 6);
    const bits = (batch: number) => ({
      data: Int32Array.from({ length: batch * q * k }, (_, n) => Number((n * 5) % 7 > 3)),
      shape: [batch, q, k],
    });
    for (const attnType of ['bi', 'uni'] as const) {
      const rows = attnType === 'bi' ? q + k : k + 1;
      for (const [how, r] of [
        [{}, random([H, rows, d], 7)],
        [{ rWBias, rRBias }, random([B, H, rows, d], 8)],
        [{ rWBias, rRBias, rSBias, segEmbed, segMat: bits(B) }, random([H, rows, d], 9)],
        [{ segEmbed, segMat: bits(1), content: false, causal: false, scale: 1 }, random([H, rows, d], 10)],
      ] as const) {
        promises(
          `${attnType} ${q} of ${k}, ${Object.keys(how)}`,
          q,
          (o) => xlnetScores(x, y, r, { attnType, ...how, ...o }),
          (o) => reference.xlnetScores(x, y, r, { attnType, ...how, ...o }),
        );
      }
    }
  }
});

test('a mask of a permutation language model', () => {
  const [q, k, r] = [random([2, 2, 5, 4], 1), random([2, 2, 5, 4], 2), random([2, 10, 4], 3)];
  const mask = { data: Array.from({ length: 50 }, (_, n) => Number((n * 3) % 4 > 0)), shape: [2, 5, 5] };
  close(xlnetScores(q, k, r, { mask }), reference.xlnetScores(q, k, r, { mask }));
});

test('what is wrong is named', () => {
  const [q, k, r] = [random([1, 2, 3, 4], 1), random([1, 2, 5, 4], 2), random([2, 8, 4], 3)];
  assert.throws(() => xlnetScores(q, k, r, { attnType: 'uni' }), /r: expected \[2, 6, 4\]/);
  assert.throws(() => xlnetScores(q, k, r, { segEmbed: random([2, 2, 4], 1) }), /segMat/);
  const segMat = { data: [1, 0, 1], shape: [3] };
  assert.throws(() => xlnetScores(q, k, r, { segEmbed: random([2, 2, 4], 1), segMat }), /segMat: expected \[1, 3, 5\]/);
  assert.throws(() => xlnetScores(k, q, r), /k: /);
  assert.throws(() => xlnetScores(q, k, r, { attnType: 'both' as never }), /attnType/);
});

test.run();
