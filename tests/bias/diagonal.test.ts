/** A diagonal of one's own expanded: every cell, every tiling, and what is refused. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandDiagonal, PosencError, Tensor } from '../../src/index.ts';

const numbers = (n: number) => Float32Array.from({ length: n }, (_, i) => ((i * 29) % 83) / 8 - 5);

test('cell (i, j) holds the entry of distance j - i, in every block of rows', () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), size, size, fc.nat(), fc.nat(), (heads, q, k, a, b) => {
      const width = q + k - 1;
      const diagonal = numbers(heads * width);
      const [from, to] = [a % (q + 1), b % (q + 1)].sort((x, y) => x - y);
      const got = expandDiagonal(Tensor.from(diagonal, [heads, width]), {
        queryLength: q,
        keyLength: k,
        rows: [from, to],
      });
      assert.equal(got.shape, [heads, to - from, k]);
      let at = 0;
      for (let h = 0; h < heads; h++)
        for (let i = from; i < to; i++)
          for (let j = 0; j < k; j++) assert.is(got.data[at++], diagonal[h * width + q - 1 - i + j]);
      got.dispose();
    }),
    { numRuns: 80 },
  );
});

test('a diagonal of another length, rows outside and unknown options are refused', () => {
  const fails = (shape: number[], options: object, code: string, text: RegExp) =>
    assert.throws(
      () => expandDiagonal(numbers(shape[0] * shape[1]), { queryLength: 3, keyLength: 5, shape, ...options }),
      (e: unknown) => e instanceof PosencError && e.code === code && text.test(e.message),
    );
  fails([2, 8], {}, 'ERR_SHAPE', /expected \[heads, 7\]/);
  fails([2, 7], { rows: [0, 4] }, 'ERR_OPTION', /rows\[1\]/);
  fails([2, 7], { causal: true }, 'ERR_OPTION', /unknown option 'causal'/);
  fails([2, 7], { queryLength: -1 }, 'ERR_SHAPE', /queryLength/);
});

test.run();
