/** float16 and bfloat16 conversion kernels: every code there is, and every place where rounding changes its mind. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromFloat16Bits, roundToBfloat16, toFloat16Bits } from '../../src/reference/math.ts';
import { createEngine } from '../../src/runtime/engine.ts';
import { Tensor } from '../../src/runtime/tensor.ts';

const engine = createEngine();
const { kernels } = engine;
const COUNT = 65536;
const bits32 = new Uint32Array(1);
const float32 = new Float32Array(bits32.buffer);
const fromBfloat16Bits = (code: number): number => {
  bits32[0] = code << 16;
  return float32[0];
};
const bitsOf = (x: number): number => {
  float32[0] = x;
  return bits32[0];
};

type Format = {
  readonly name: 'float16' | 'bfloat16';
  readonly widen: (out: number, codes: number, rows: number, n: number, width: number) => void;
  readonly narrow: (out: number, x: number, n: number) => void;
  readonly toNumber: (code: number) => number;
  readonly toCode: (x: number) => number;
};
const FORMATS: readonly Format[] = [
  {
    name: 'float16',
    widen: (out, codes, rows, n, width) => kernels.widenFloat16(out, codes, rows, n, width, 2 ** 112, 2 ** 16),
    narrow: kernels.narrowFloat16,
    toNumber: fromFloat16Bits,
    toCode: toFloat16Bits,
  },
  {
    name: 'bfloat16',
    widen: kernels.widenBfloat16,
    narrow: kernels.narrowBfloat16,
    toNumber: fromBfloat16Bits,
    toCode: (x) => bitsOf(roundToBfloat16(x)) >>> 16,
  },
];

function narrowed(format: Format, values: ArrayLike<number>): Uint16Array {
  const x = Tensor.from(values, [values.length], { engine });
  const codes = Tensor.zeros([values.length], { dtype: 'float16', engine });
  format.narrow(codes.byteOffset, x.byteOffset, values.length);
  const result = codes.data.slice();
  x.dispose();
  codes.dispose();
  return result;
}

for (const format of FORMATS) {
  test(`${format.name}: every code becomes its number`, () => {
    const codes = Tensor.zeros([COUNT], { dtype: 'float16', engine });
    codes.data.set(Uint16Array.from({ length: COUNT }, (_, code) => code));
    // an odd width has a tail of every length over the rows
    for (const width of [COUNT, 4099]) {
      const n = Math.floor(COUNT / width);
      const out = Tensor.zeros([n * width], { engine });
      format.widen(out.byteOffset, codes.byteOffset, 0, n, width);
      const got = out.data;
      for (let code = 0; code < n * width; code++) {
        const want = format.toNumber(code);
        if (Number.isNaN(want)) assert.ok(Number.isNaN(got[code]), `code ${code}`);
        else if (!Object.is(got[code], want)) assert.is(got[code], want, `code ${code}`);
      }
      out.dispose();
    }
    codes.dispose();
  });

  test(`${format.name}: numbers round to nearest even, at, below and above every midpoint`, () => {
    const values: number[] = [];
    for (let code = 0; code < COUNT; code++) {
      const x = format.toNumber(code);
      const next = format.toNumber(code + 1);
      values.push(x);
      if (Number.isFinite(x) && Number.isFinite(next) && (code & 0x7fff) !== 0x7fff) {
        const middle = (x + next) / 2;
        const bits = bitsOf(middle);
        values.push(middle);
        for (const near of [bits - 1, bits + 1]) {
          bits32[0] = near;
          values.push(float32[0]);
        }
      }
    }
    values.push(
      65519.99609375,
      65520,
      -65520,
      1e30,
      3.4e38,
      -3.4e38,
      2 ** -149,
      -(2 ** -149),
      2 ** -25,
      2 ** -24 * 1.5,
    );
    const got = narrowed(format, values);
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) assert.ok(Number.isNaN(format.toNumber(got[i])), 'NaN stays NaN');
      else if (got[i] !== format.toCode(values[i])) assert.is(got[i], format.toCode(values[i]), `${values[i]}`);
    }
  });

  test(`${format.name}: rows are taken by their indices, negative ones left out`, () => {
    const codes = Tensor.zeros([3, 5], { dtype: 'float16', engine });
    codes.data.set(Uint16Array.from({ length: 15 }, (_, i) => format.toCode(i + 1)));
    const rows = Tensor.zeros([4], { dtype: 'int32', engine });
    rows.data.set([2, -1, 0, 2]);
    const out = Tensor.from(new Float32Array(20).fill(-7), [4, 5], { engine });
    format.widen(out.byteOffset, codes.byteOffset, rows.byteOffset, 4, 5);
    const row = (r: number) => Array.from({ length: 5 }, (_, i) => 5 * r + i + 1);
    assert.equal(Array.from(out.data), [...row(2), -7, -7, -7, -7, -7, ...row(0), ...row(2)]);
    for (const tensor of [codes, rows, out]) tensor.dispose();
  });
}

test.run();
