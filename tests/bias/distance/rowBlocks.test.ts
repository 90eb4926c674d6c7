/** A matrix far larger than memory (64 heads x 32768 x 32768, 256 GiB) in row blocks through one reused 64 MiB output. */
import * as assert from 'uvu/assert';
import { alibi, createEngine, kerple, sandwich, Tensor, t5Bias } from '../../../src/index.ts';
import * as reference from '../../../src/reference/index.ts';
import { test } from '../../support/test.ts';
import { floats } from '../common.ts';

const HEADS = 64;
const LENGTH = 32768;
const ROWS = (64 * 2 ** 20) / (4 * HEADS * LENGTH);

const table = floats(32 * HEADS, 1);
const p = Array.from({ length: HEADS }, (_, h) => 0.02 + h / 32);
const a = Array.from({ length: HEADS }, (_, h) => 0.01 + h / 64);
const t5 = { shape: [32, HEADS], bidirectional: false, causal: true };

type Block = { keyLength: number; rows: readonly [number, number] };
const subjects = [
  {
    name: 't5',
    ranges: 200,
    make: (o: Block, out: Tensor) => t5Bias(table, { ...t5, ...o, out }),
    reference: (o: object) => reference.t5Bias(table, { ...t5, ...o }),
    rel: 0,
  },
  {
    name: 'alibi',
    ranges: 200,
    make: (o: Block, out: Tensor) => alibi({ heads: HEADS, ...o, out }),
    reference: (o: object) => reference.alibi({ heads: HEADS, ...o }),
    rel: 0,
  },
  {
    name: 'kerple',
    ranges: 20,
    make: (o: Block, out: Tensor) => kerple({ p, a, window: [20000, 0], ...o, out }),
    reference: (o: object) => reference.kerple({ p, a, window: [20000, 0], ...o }),
    rel: 1e-7,
  },
  {
    name: 'sandwich',
    ranges: 20,
    make: (o: Block, out: Tensor) => sandwich({ heads: HEADS, dim: 32, causal: true, ...o, out }),
    reference: (o: object) => reference.sandwich({ heads: HEADS, dim: 32, causal: true, ...o }),
    rel: 3e-7,
  },
];

test('64 x 32768 x 32768 streams through a 64 MiB block', () => {
  assert.is(ROWS, 8);
  const engine = createEngine();
  const out = Tensor.from(new Float32Array(HEADS * ROWS * LENGTH), [HEADS, ROWS, LENGTH], { engine });
  const bytes = engine.memory.buffer.byteLength;
  let state = 7;
  const random = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (const { name, ranges, make, reference: twin, rel } of subjects) {
    for (let r = 0; r < ranges; r++) {
      const from = r === 0 ? 0 : r === 1 ? LENGTH - ROWS : random(LENGTH - ROWS + 1);
      const block = make({ keyLength: LENGTH, rows: [from, from + ROWS] }, out);
      assert.is(block, out);
      // the reference states the cells of the block: a few of every range, at positions of their own
      const rows = Array.from({ length: 3 }, () => random(ROWS));
      const columns = [
        0,
        LENGTH - 1,
        from,
        ...Array.from({ length: 5 }, () => random(LENGTH)),
        ...rows.map((i) => from + i),
      ];
      const queryPositions = rows.map((i) => from + i);
      const want = twin({ queryPositions, keyPositions: columns });
      for (let h = 0; h < HEADS; h++) {
        rows.forEach((row, i) => {
          columns.forEach((column, j) => {
            const w = want.data[(h * rows.length + i) * columns.length + j];
            const g = out.data[(h * ROWS + row) * LENGTH + column];
            const fits = g === w || Math.abs(g - w) <= rel * Math.max(1, Math.abs(w));
            if (!fits) assert.unreachable(`${name}[${h}, ${from + row}, ${column}]: ${g}, want ${w}`);
          });
        });
      }
    }
  }
  assert.is(engine.memory.buffer.byteLength, bytes, 'nothing was allocated');
});

test.run();
