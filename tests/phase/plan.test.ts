/** A value is a pure function of (position, frequency): every path to a row gives the bits of the whole table. */
import * as assert from 'uvu/assert';
import { createEngine, rotaryTable, sinusoidal, type Tensor } from '../../src/index.ts';
import { sinusoidal as twin } from '../../src/reference/index.ts';
import { test } from '../support/test.ts';

const engine = createEngine();
const bits = (tensor: Tensor) => new Uint32Array(tensor.data.buffer, tensor.byteOffset, tensor.length);

/** Fails at the first differing element of a and b[from ..]. */
function sameBits(a: Tensor, b: Tensor, from: number, what: string): number {
  const x = bits(a);
  const y = bits(b);
  for (let i = 0; i < x.length; i++) if (x[i] !== y[from + i]) assert.unreachable(`${what}: element ${i}`);
  return x.length;
}

const STARTS = [0, 2 ** 17 - 700, 2 ** 24 - 700, 2 ** 31 - 4096, -900];
const ROWS = 1500;
const DIMS = [64, 130, 256, 514];

test('offset, positions and single steps equal slices of the whole, over more than 5e7 values', () => {
  let compared = 0;
  let seed = 12345;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  for (const precision of ['exact', 'torch'] as const) {
    for (const start of STARTS) {
      for (const dim of DIMS) {
        const base = [10000, 500000, 1e6][random(3)];
        const arrangement = random(2) ? 'concat' : 'interleaved';
        const how = { dim, base, arrangement, precision, engine } as const;
        const whole = sinusoidal({ length: ROWS, offset: start, ...how });
        for (const [from, length] of [
          [0, ROWS - 1],
          [1, ROWS - 1],
          [random(500), 900],
          [random(1400), 33],
          [31, 2],
          [511, 700],
        ]) {
          const part = sinusoidal({ length, offset: start + from, ...how });
          compared += sameBits(part, whole, from * dim, `${precision} dim ${dim} from ${start} + ${from}`);
          part.dispose();
        }
        const order = Float64Array.from({ length: ROWS }, (_, i) => start + ((i * 37) % ROWS));
        const scattered = sinusoidal({ positions: order, ...how });
        const x = bits(scattered);
        const y = bits(whole);
        for (let i = 0; i < ROWS; i++) {
          const row = (i * 37) % ROWS;
          for (let c = 0; c < dim; c++) {
            if (x[i * dim + c] !== y[row * dim + c])
              assert.unreachable(`${precision} position ${start + row} column ${c}`);
          }
        }
        compared += x.length;
        for (let step = 0; step < 8; step++) {
          const row = random(ROWS);
          const one = sinusoidal({ length: 1, offset: start + row, ...how });
          compared += sameBits(one, whole, row * dim, `step ${row}`);
          one.dispose();
        }
        scattered.dispose();
        whole.dispose();
      }
    }
  }
  assert.ok(compared >= 5e7, `${compared} values compared`);
});

test('rotary tables: offset and positions equal slices of the whole', () => {
  const spec = { headDim: 128, ropeTheta: 500000, attentionFactor: 1.25 };
  for (const precision of ['exact', 'torch'] as const) {
    for (const start of STARTS) {
      const whole = rotaryTable({ ...spec, precision }, { length: 600, offset: start, engine });
      const part = rotaryTable({ ...spec, precision }, { length: 123, offset: start + 400, engine });
      const listed = rotaryTable(
        { ...spec, precision },
        { positions: Array.from({ length: 123 }, (_, i) => start + 400 + i), engine },
      );
      for (const [a, b] of [
        [part.cos, whole.cos],
        [part.sin, whole.sin],
        [listed.cos, whole.cos],
        [listed.sin, whole.sin],
      ]) {
        sameBits(a, b, 400 * 64, `${precision} start ${start}`);
      }
      assert.is(whole.start, start);
      assert.is(listed.start, undefined);
      for (const table of [whole, part, listed]) table.dispose();
    }
  }
});

test('a fractional offset continues by whole steps', () => {
  const a = sinusoidal({ length: 50, offset: 0.25, dim: 10, engine });
  const b = sinusoidal({ positions: Array.from({ length: 50 }, (_, i) => 0.25 + i), dim: 10, engine });
  sameBits(a, b, 0, 'fractional');
});

test("fractional, negative and huge positions are the reference's to one ulp", () => {
  const positions = [
    0.5,
    -0.5,
    1e-7,
    -3.75,
    1234.5678,
    -99999.125,
    2 ** 40 + 3,
    2 ** 52 + 1,
    -(2 ** 45),
    65536.0000001,
  ];
  const got = sinusoidal({ positions, dim: 64, engine }).data;
  const want = twin({ positions, dim: 64 }).data;
  const steps = (x: Float32Array) =>
    new Int32Array(x.buffer, x.byteOffset, x.length).map((b) => (b < 0 ? 0x80000000 - b : b));
  const g = steps(Float32Array.from(got));
  const w = steps(Float32Array.from(want));
  for (let i = 0; i < g.length; i++) assert.ok(Math.abs(g[i] - w[i]) <= 1, `element ${i}: ${got[i]} for ${want[i]}`);
});

test('one plan is not mistaken for another', () => {
  const a = sinusoidal({ length: 8, dim: 16, engine }).toFloat32Array();
  sinusoidal({ length: 8, dim: 16, base: 500, engine });
  sinusoidal({ length: 8, dim: 32, engine });
  rotaryTable({ headDim: 16 }, { length: 8, engine });
  assert.equal(sinusoidal({ length: 8, dim: 16, engine }).toFloat32Array(), a);
});

test.run();
