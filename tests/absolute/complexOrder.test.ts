import * as assert from 'uvu/assert';
import { complexOrder, complexOrderFrequency, createEngine } from '../../src/index.ts';
import { complexOrder as reference } from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, noise, worst } from './support.ts';

const [words, dim] = [6, 5];
const ids = [1, 5, 0, 2, 2, 3];
const positions = [1, 2, 3, 4, 5, 100000];
const table = (rows: number, columns: number, seed: number) => ({
  data: noise(rows * columns, seed),
  shape: [rows, columns],
});

test('own, shared and absent frequencies and phases equal the reference in every form', () => {
  const amplitude = table(words, dim, 1);
  for (const [rows, columns] of [
    [words, dim],
    [words, 1],
    [1, dim],
  ]) {
    const frequency = table(rows, columns, 2);
    for (const phase of [undefined, table(words, dim, 3), table(1, dim, 3), table(words, 1, 3)]) {
      const want = reference({ ids, positions, amplitude, frequency, phase });
      const given = {
        ids,
        positions,
        amplitude: amplitude.data,
        amplitudeShape: amplitude.shape,
        frequency: frequency.data,
        frequencyShape: frequency.shape,
        ...(phase ? { phase: phase.data, phaseShape: phase.shape } : {}),
      };
      const planar = complexOrder(given);
      assert.equal(planar.shape, [2, ids.length, dim]);
      assert.ok(worst(planar.data, [...want.real, ...want.imaginary]) <= 1.3e-7);
      const n = ids.length * dim;
      const pairs = complexOrder({ ...given, form: 'interleaved' });
      assert.equal(pairs.shape, [ids.length, dim, 2]);
      assert.equal(
        [...pairs.data],
        Array.from({ length: 2 * n }, (_, i) => planar.data[(i % 2) * n + (i >> 1)]),
      );
      const sum = complexOrder({ ...given, form: 'sum' });
      assert.equal(
        [...sum.data],
        Array.from({ length: n }, (_, i) => Math.fround(planar.data[i] + planar.data[n + i])),
      );
    }
  }
});

test('long lists are cut into blocks without changing a bit', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const n = 10000;
  const given = {
    ids: Int32Array.from({ length: n }, (_, i) => i % words),
    positions: Int32Array.from({ length: n }, (_, i) => i),
    amplitude: noise(words * dim, 1),
    amplitudeShape: [words, dim],
    frequency: noise(words * dim, 2),
    frequencyShape: [words, dim],
  };
  assert.equal(complexOrder({ ...given, engine }).toFloat32Array(), complexOrder(given).toFloat32Array());
  engine.dispose();
});

test('initial frequencies: v base^(-2k/d)', () => {
  const got = complexOrderFrequency({ vocabulary: 4, dim: 8, base: 16 });
  assert.equal(got.shape, [4, 8]);
  const want = Array.from({ length: 32 }, (_, i) => (i >> 3) * 2 ** -(i % 8));
  assert.equal([...got.data], want);
});

test('bad input is refused by name', () => {
  const given = {
    ids,
    positions,
    amplitude: noise(words * dim, 1),
    amplitudeShape: [words, dim],
    frequency: noise(words * dim, 2),
    frequencyShape: [words, dim],
  };
  fails('ERR_POSITION', /ids\[1\]/, () => complexOrder({ ...given, ids: [0, 6, 0, 0, 0, 0] }));
  fails('ERR_SHAPE', /positions/, () => complexOrder({ ...given, positions: [1] }));
  fails('ERR_SHAPE', /frequency/, () => complexOrder({ ...given, frequencyShape: [dim, words] }));
});

test.run();
