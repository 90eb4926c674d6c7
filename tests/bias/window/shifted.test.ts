/** The mask of shifted windows: reference, tiles, kinds, heads, bytes, addTo, any arena. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, type PosencError, shiftedWindowMask } from '../../../src/index.ts';
import * as reference from '../../../src/reference/windowBias.ts';
import { test } from '../../support/test.ts';
import { floats, rejects, sameBits } from '../common.ts';

type Sizes = [number, number] | [number, number, number];

const axis = fc.record({
  cells: fc.integer({ min: 1, max: 7 }),
  side: fc.integer({ min: 1, max: 4 }),
  shift: fc.nat(3),
});
const grids = fc.array(axis, { minLength: 2, maxLength: 3 }).map((axes) => ({
  gridSize: axes.map((a) => a.cells) as Sizes,
  windowSize: axes.map((a) => a.side) as Sizes,
  shiftSize: axes.map((a) => a.shift % a.side) as Sizes,
}));

test('equal to the reference; windows and rows are slices; bytes say the same; addTo adds', () => {
  fc.assert(
    fc.property(grids, fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), (grid, at) => {
      const whole = shiftedWindowMask(grid);
      const [count, n] = whole.shape;
      sameBits(whole.data, reference.shiftedWindowMask(grid).data, 'reference');
      const bytes = shiftedWindowMask({ ...grid, dtype: 'uint8' });
      for (let t = 0; t < whole.length; t++) assert.is(bytes.data[t], whole.data[t] === 0 ? 1 : 0);
      const [first, end] = [at[0] % (count + 1), at[1] % (count + 1)].sort((x, y) => x - y);
      const [from, to] = [at[2] % (n + 1), at[3] % (n + 1)].sort((x, y) => x - y);
      const tile = { windows: [first, end], rows: [from, to], heads: 2 } as const;
      const want: number[] = [];
      for (let w = first; w < end; w++) {
        for (let h = 0; h < 2; h++) want.push(...whole.data.subarray((w * n + from) * n, (w * n + to) * n));
      }
      const part = shiftedWindowMask({ ...grid, ...tile });
      assert.equal([...part.shape], [end - first, 2, to - from, n]);
      sameBits(part.data, Float32Array.from(want), 'tile');
      const tileBytes = shiftedWindowMask({ ...grid, ...tile, dtype: 'uint8' });
      assert.equal(
        [...tileBytes.data],
        want.map((v) => (v === 0 ? 1 : 0)),
      );
      if (want.length === 0) return;
      const scores = floats(3 * want.length, 5);
      const sum = scores.map((v, t) => v + want[t % want.length]);
      shiftedWindowMask({ ...grid, ...tile, addTo: scores });
      sameBits(scores, sum, 'addTo');
    }),
    { seed: 31, numRuns: 150 },
  );
});

test('distinct: the mask of every window is that of its kind', () => {
  fc.assert(
    fc.property(grids, (grid) => {
      const whole = shiftedWindowMask(grid);
      const kinds = shiftedWindowMask({ ...grid, distinct: true });
      const windows = grid.gridSize.map((cells, a) => Math.ceil(cells / grid.windowSize[a]));
      const perAxis = windows.map((n, a) => Math.min(n, grid.shiftSize[a] > 0 ? 2 : 1));
      const cells = whole.shape[1] ** 2;
      assert.is(
        kinds.shape[0],
        perAxis.reduce((a, b) => a * b, 1),
      );
      for (let w = 0; w < whole.shape[0]; w++) {
        let [rest, kind, step] = [w, 0, 1];
        for (let a = windows.length - 1; a >= 0; a--) {
          const place = rest % windows[a];
          rest = Math.floor(rest / windows[a]);
          if (place === windows[a] - 1) kind += step * (perAxis[a] - 1);
          step *= perAxis[a];
        }
        const mask = kinds.data.subarray(kind * cells, (kind + 1) * cells);
        sameBits(mask, whole.data.subarray(w * cells, (w + 1) * cells), `window ${w}`);
      }
    }),
    { seed: 32, numRuns: 60 },
  );
});

test('a window whose rows do not fit the arena; maskValue; the default shift is half a window', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const big = { gridSize: [70, 300], windowSize: [70, 300], shiftSize: [3, 100], rows: [20880, 20920] } as const;
  const a = shiftedWindowMask(big);
  sameBits(shiftedWindowMask({ ...big, engine }).data, a.data, 'parts');
  a.dispose();
  engine.dispose();
  const grid = { gridSize: [6, 5], windowSize: [3, 4] } as const;
  const mask = shiftedWindowMask({ ...grid, maskValue: Number.NEGATIVE_INFINITY });
  sameBits(
    mask.data,
    reference.shiftedWindowMask({ ...grid, shiftSize: [1, 2], maskValue: Number.NEGATIVE_INFINITY }).data,
    'maskValue',
  );
});

test('what is refused', () => {
  const grid = { gridSize: [4, 4], windowSize: [2, 2] } as const;
  rejects(() => shiftedWindowMask({ ...grid, shiftSize: [2, 0] }), 'ERR_SHAPE', 'shiftSize[0]');
  rejects(() => shiftedWindowMask({ ...grid, windowSize: [2, 2, 2] }), 'ERR_SHAPE', 'windowSize');
  rejects(() => shiftedWindowMask({ ...grid, gridSize: [4] as never }), 'ERR_SHAPE', 'gridSize');
  rejects(() => shiftedWindowMask({ ...grid, windows: [0, 5] }), 'ERR_SHAPE', 'windows[1]');
  rejects(() => shiftedWindowMask({ ...grid, distinct: true, windows: [0, 1] }), 'ERR_OPTION', 'windows');
  rejects(() => shiftedWindowMask({ ...grid, dtype: 'uint8', maskValue: -1 }), 'ERR_OPTION', 'maskValue');
  rejects(() => shiftedWindowMask({ ...grid, maskValue: Number.NaN }), 'ERR_OPTION', 'maskValue');
  const huge = { gridSize: [2 ** 20, 2 ** 20], windowSize: [1, 1] } as const;
  assert.throws(
    () => shiftedWindowMask(huge),
    (error: PosencError) => error.code === 'ERR_SHAPE',
  );
});

test.run();
