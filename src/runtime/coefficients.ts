/**
 * The coefficient block: constants of the kernels, written once per engine and passed by pointer, because a v128 literal
 * inside a loop is rebuilt by the engine in every turn. Offsets are those of assembly/math/sincos.ts and diagonal.ts.
 */

/** sin and cos on [-pi/4, pi/4]: fdlibm __kernel_sin and __kernel_cos. */
const SIN = [
  -1.66666666666666324348e-1, 8.33333333332248946124e-3, -1.98412698298579493134e-4, 2.75573137070700676789e-6,
  -2.50507602534068634195e-8, 1.58969099521155010221e-10,
];
const COS = [
  4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5, -2.75573143513906633035e-7,
  2.08757232129817482790e-9, -1.13596475577881948265e-11,
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
