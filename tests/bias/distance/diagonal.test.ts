/** A diagonal of one's own expanded: every cell, every tiling, and what is refused. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, expandDiagonal, PosencError, Tensor } from '../../../src/index.ts';
import { kernelsOf } from '../../../src/kernels.ts';
import { test } from '../../support/test.ts';

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
  fails([2, 7], { diagonal: true }, 'ERR_OPTION', /unknown option 'diagonal'/);
  fails([2, 7], { queryLength: -1 }, 'ERR_OPTION', /queryLength/);
});

test('a diagonal may end where the memory does', () => {
  const engine = createEngine({ fixed: true });
  const { kernels } = kernelsOf(engine);
  const memory = new Float32Array(engine.memory.buffer);
  const out = Tensor.zeros([4, 64], { engine });
  for (let columns = 1; columns <= 64; columns++) {
    const from = memory.length - columns - 3;
    for (let i = from; i < memory.length; i++) memory[i] = i - from;
    // four rows, so that the windows begin at every place in a vector; the first ends with the memory
    kernels.expandRows(out.byteOffset, 0, 4 * columns, 4 * (from + 3), 0, 1, 4, 4, columns, 0);
    const wanted = Float32Array.from({ length: 4 * columns }, (_, i) => 3 - Math.floor(i / columns) + (i % columns));
    assert.equal(out.data.slice(0, 4 * columns), wanted);
  }
  engine.dispose();
});

test.run();
