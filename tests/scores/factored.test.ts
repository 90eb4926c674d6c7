/** Kitaev and Klein's factored scores, whole and with one half left out. */
import * as assert from 'uvu/assert';
import { factoredScores } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { promises, random, same, tight } from './content.ts';

test('scores', () => {
  for (const [B, H, q, k, c, p] of [
    [2, 3, 5, 5, 6, 6],
    [1, 2, 70, 99, 9, 4],
  ]) {
    const [qc, kc] = [random([B, H, q, c], 1), random([B, H, k, c], 2)];
    for (const lead of [[B, H], [H], []]) {
      const [qp, kp] = [random([...lead, q, p], 3), random([...lead, k, p], 4)];
      const mask = { data: Array.from({ length: k }, (_, j) => Number(j % 3 > 0)), shape: [1, k] };
      for (const how of [{}, { content: false }, { position: false }, { scale: 0.25, mask }, { causal: true }]) {
        promises(
          `${q} x ${k}, ${Object.keys(how)}`,
          q,
          (o) => factoredScores(qc, kc, qp, kp, { ...how, ...o }),
          (o) => reference.factoredScores(qc, kc, qp, kp, { ...how, ...o }),
        );
      }
    }
  }
});

test('long rows are cut to fit the smallest arena', () => {
  const [q, k] = [random([1, 1, 3, 4], 1), random([1, 1, 40000, 4], 2)];
  same(factoredScores(q, k, q, k, { engine: tight }), factoredScores(q, k, q, k).data, '64 KiB arena');
});

test('what is wrong is named', () => {
  const [q, k] = [random([1, 2, 3, 4], 1), random([1, 2, 5, 4], 2)];
  assert.throws(() => factoredScores(q, k, k, q), /qPosition: expected \[3, 4\] or \[2, 3, 4\]/);
  assert.throws(() => factoredScores(q, k, q, k, { position: 1 as never }), /position/);
});

test.run();
