/**
 * Real numbers as BigInt fixed point with 256 fractional bits: the reference's only transcendental arithmetic.
 * Series are the textbook ones (Machin for pi, atanh for ln, Taylor for exp), so that they can be checked on reading.
 * Every function truncates in its last few bits; results are good to about 2^-245.
 */

export const BITS = 256;
const SHIFT = 256n;
export const ONE = 1n << SHIFT;

const word = new DataView(new ArrayBuffer(8));

/** x = mantissa * 2^exponent, exactly, for every finite x. */
export function decompose(x: number): { mantissa: bigint; exponent: number } {
  if (!Number.isFinite(x)) throw new RangeError(`expected a finite number, got ${x}`);
  if (Number.isSafeInteger(x)) return { mantissa: BigInt(x), exponent: 0 };
  word.setFloat64(0, x);
  const high = word.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(word.getUint32(4));
  const magnitude = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -magnitude : magnitude, exponent: Math.max(biased, 1) - 1075 };
}

/** a * 2^n, towards minus infinity. */
export function shift(a: bigint, n: number): bigint {
  return n >= 0 ? a << BigInt(n) : a >> BigInt(-n);
}

/** Exact unless x has bits below 2^-256. */
export function fixed(x: number): bigint {
  const { mantissa, exponent } = decompose(x);
  return shift(mantissa, exponent + BITS);
}

/** x * 2^k, rounded once unless the result is subnormal. */
function scaleByPowerOfTwo(x: number, k: number): number {
  for (; k > 1000; k -= 1000) x *= 2 ** 1000;
  for (; k < -1000; k += 1000) x *= 2 ** -1000;
  return x * 2 ** k;
}

/** The nearest float64 (Number(bigint) rounds to nearest even) of a * 2^(k - 256). */
export function toNumber(a: bigint, k = 0): number {
  return scaleByPowerOfTwo(Number(a), k - BITS);
}

export function mul(a: bigint, b: bigint): bigint {
  return (a * b) >> SHIFT;
}

export function div(a: bigint, b: bigint): bigint {
  return (a << SHIFT) / b;
}

/** Square root by Newton's iteration from above, which descends until it is exact. */
export function sqrt(a: bigint): bigint {
  const target = a << SHIFT;
  let root = 1n << BigInt((target.toString(2).length >> 1) + 1);
  for (;;) {
    const next = (root + target / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** sum over n of sign^n * z^(2n+1) / (2n+1): atanh for sign 1, atan for sign -1. |z| well below 1. */
function oddSeries(z: bigint, sign: 1n | -1n, bits: bigint): bigint {
  const square = (z * z) >> bits;
  let power = z;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = sign * ((power * square) >> bits);
  }
  return sum;
}

/** pi with the given number of fractional bits: 16 atan(1/5) - 4 atan(1/239) (Machin 1706), with 32 guard bits. */
export function piWithBits(bits: number): bigint {
  const guarded = BigInt(bits + 32);
  const one = 1n << guarded;
  const value = 16n * oddSeries(one / 5n, -1n, guarded) - 4n * oddSeries(one / 239n, -1n, guarded);
  return value >> 32n;
}

let piValue: bigint | undefined;
export function pi(): bigint {
  return (piValue ??= piWithBits(BITS));
}

let ln2Value: bigint | undefined;
function ln2(): bigint {
  return (ln2Value ??= 2n * oddSeries(ONE / 3n, 1n, SHIFT));
}

/** ln(a * 2^exponent) for a positive integer a; by default the logarithm of a fixed-point number. */
export function ln(a: bigint, exponent = -BITS): bigint {
  if (a <= 0n) throw new RangeError('ln: expected a positive number');
  const length = a.toString(2).length;
  let m = shift(a, BITS + 1 - length);
  let k = exponent + length - 1;
  if (2n * m > 3n * ONE) {
    m >>= 1n;
    k += 1;
  }
  return 2n * oddSeries(div(m - ONE, m + ONE), 1n, SHIFT) + BigInt(k) * ln2();
}

export function lnOf(x: number): bigint {
  const { mantissa, exponent } = decompose(x);
  return ln(mantissa, exponent);
}

/** exp(a) = mantissa * 2^(exponent - 256) with the mantissa near one: nothing is lost however small the result. */
export function expParts(a: bigint): { mantissa: bigint; exponent: number } {
  const k = (a + ln2() / 2n) / ln2();
  const r = (a - k * ln2()) >> 8n;
  let term = ONE;
  let sum = 0n;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = mul(term, r) / n;
  }
  for (let i = 0; i < 8; i++) sum = mul(sum, sum);
  return { mantissa: sum, exponent: Number(k) };
}

export function exp(a: bigint): bigint {
  const { mantissa, exponent } = expParts(a);
  return shift(mantissa, exponent);
}
