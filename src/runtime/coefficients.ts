/**
 * The coefficient block: constants of the kernels, written once per engine and passed by pointer, because a v128 literal
 * inside a loop is rebuilt by the engine in every turn. Offsets are those of assembly/math/sincos.ts and diagonal.ts.
 */

/** sin and cos on [-pi/4, pi/4]: fdlibm __kernel_sin and __kernel_cos. */
const SIN = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6, -2.5050760253406863e-8,
  1.58969099521155e-10,
];
const COS = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7, 2.087572321298175e-9,
  -1.1359647557788195e-11,
];

const FLOATS = [Math.PI / 2, ...SIN, ...COS, 1, 0.5, 1.5, 0.7, 2 ** 52];
const WORDS = [
  0x4330000000000000n, // bits of 2^52
  0x8000000000000000n, // sign
  0x2000000000000000n, // an eighth of a turn
  0x00000000ffffffffn, // low half
  0x28be60db9391054an, // 2^64 / (2 pi), the next 64 bits below
  0x7f09d5f47d4d3770n,
];
/** float32 lane numbers 0 1 2 3. */
const IOTA = [0, 1, 2, 3];

export const COEFFICIENT_BYTES = 8 * (FLOATS.length + WORDS.length) + 16;

export function writeCoefficients(buffer: ArrayBuffer, byteOffset: number): void {
  new Float64Array(buffer, byteOffset, FLOATS.length).set(FLOATS);
  const words = byteOffset + 8 * FLOATS.length;
  new BigUint64Array(buffer, words, WORDS.length).set(WORDS);
  new Float32Array(buffer, words + 8 * WORDS.length, 4).set(IOTA);
}
