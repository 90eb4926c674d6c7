/**
 * float16 and bfloat16 conversion kernels: every code there is, and every place where rounding changes its mind. Narrowing is
 * held to the bits, those of NaN included, by scalar twins written on integers.
 */
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

function narrowBfloat16Bits(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

function narrowFloat16Bits(word: number): number {
  bits32[0] = word;
  return toFloat16Bits(float32[0]) | (Number.isNaN(float32[0]) ? (word >>> 16) & 0x8000 : 0);
}

type Format = {
  readonly name: 'float16' | 'bfloat16';
  readonly widen: (out: number, codes: number, rows: number, n: number, width: number) => void;
  readonly narrow: (out: number, x: number, n: number) => void;
  readonly toNumber: (code: number) => number;
  readonly toCode: (x: number) => number;
  readonly narrowBits: (word: number) => number;
  /** Code of the largest number, and the float32 bits from which on infinity is nearer. */
  readonly largest: number;
  readonly overflow: number;
};
const FORMATS: readonly Format[] = [
  {
    name: 'float16',
    widen: (out, codes, rows, n, width) => kernels.widenFloat16(out, codes, rows, n, width, 2 ** 112, 2 ** 16),
    narrow: kernels.narrowFloat16,
    toNumber: fromFloat16Bits,
    toCode: toFloat16Bits,
    narrowBits: narrowFloat16Bits,
    largest: 0x7bff,
    overflow: bitsOf(65520),
  },
  {
    name: 'bfloat16',
    widen: kernels.widenBfloat16,
    narrow: kernels.narrowBfloat16,
    toNumber: fromBfloat16Bits,
    toCode: (x) => bitsOf(roundToBfloat16(x)) >>> 16,
    narrowBits: narrowBfloat16Bits,
    largest: 0x7f7f,
    overflow: 0x7f7f8000,
  },
];

/** Codes of float32 numbers given by their bits, which start `from` numbers after an aligned address. */
function narrowed(format: Format, bits: Uint32Array, from = 0): Uint16Array {
  const n = bits.length;
  const x = Tensor.zeros([n + from + 1], { engine });
  const codes = Tensor.zeros([n + from + 1], { dtype: 'float16', engine });
  new Uint32Array(x.data.buffer, x.byteOffset + 4 * from, n).set(bits);
  codes.data.fill(0x5555);
  format.narrow(codes.byteOffset + 2 * from, x.byteOffset + 4 * from, n);
  const result = codes.data.slice(from, from + n);
  assert.ok(codes.data.every((code, i) => code === 0x5555 || (i >= from && i < from + n)));
  x.dispose();
  codes.dispose();
  return result;
}

function same(got: ArrayLike<number>, bits: Uint32Array, twin: (word: number) => number): void {
  assert.is(got.length, bits.length);
  for (let i = 0; i < bits.length; i++) {
    const want = twin(bits[i]);
    if (got[i] !== want) assert.is(got[i].toString(16), want.toString(16), `bits ${bits[i].toString(16)} at ${i}`);
  }
}

/** 32 random bits at a time (splitmix32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
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

  test(`${format.name}: bits round to nearest even, at, below and above every code and every midpoint`, () => {
    const words: number[] = [];
    for (let code = 0; code < COUNT; code++) {
      const at = bitsOf(format.toNumber(code));
      // the midpoint to the next code, by its bits: also beyond the largest number, where infinity begins
      const between = code === format.largest || code === format.largest + 0x8000 ? format.overflow : 0;
      const next = format.toNumber(code + 1);
      const middle = between ? between + 2 ** 31 * (code >>> 15) : bitsOf((format.toNumber(code) + next) / 2);
      for (const word of [at, middle]) words.push(word - 1, word, word + 1);
    }
    const bits = Uint32Array.from(words);
    same(narrowed(format, bits), bits, format.narrowBits);
  });

  test(`${format.name}: random bits, NaN among numbers and numbers among NaN`, () => {
    const random = generator(7);
    const bits = Uint32Array.from({ length: 2 ** 18 }, random);
    same(narrowed(format, bits), bits, format.narrowBits);
    for (let i = 0; i < bits.length; i += 1 + (random() % 40)) bits[i] |= 0x7f800000;
    same(narrowed(format, bits), bits, format.narrowBits);
    const exponents = bits.map((word) => word | 0x7f800000);
    for (let i = 0; i < bits.length; i += 1 + (random() % 40)) exponents[i] = bits[i] & 0xbfffffff;
    same(narrowed(format, exponents), exponents, format.narrowBits);
  });

  test(`${format.name}: every length and every place, and nothing is written past the end`, () => {
    const random = generator(9);
    for (let length = 0; length < 70; length++) {
      for (let from = 0; from < 4; from++) {
        const bits = Uint32Array.from({ length }, (_, i) => (i % 9 === from ? 0x7f800000 | random() : random()));
        same(narrowed(format, bits, from), bits, format.narrowBits);
      }
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

test('bfloat16: rounding in place is narrowing and widening again', () => {
  const random = generator(11);
  for (const length of [...Array.from({ length: 20 }, (_, n) => n), 4096]) {
    const bits = Uint32Array.from({ length }, (_, i) => (i % 5 === 1 ? 0x7f800000 | random() : random()));
    const x = Tensor.zeros([length + 1], { engine });
    const words = new Uint32Array(x.data.buffer, x.byteOffset, length + 1);
    words.set(bits);
    words[length] = 0x12345678;
    kernels.roundBfloat16(x.byteOffset, length);
    same(words.subarray(0, length), bits, (word) => (narrowBfloat16Bits(word) << 16) >>> 0);
    assert.is(words[length], 0x12345678);
    x.dispose();
  }
});

test.run();
