/**
 * The authority of the accuracy gauge: elementary functions in BigInt fixed point with 320 fractional bits, of which at
 * least 256 are right for arguments below 2^32. Built from + - * / and shifts only, by textbook series (Abramowitz &
 * Stegun 4.1, 4.2, 4.3, 7.1), and sharing no code and no constant with the library or with `Math`.
 */

/** A real number x as the integer floor(x * 2^320). */
export type Fixed = bigint;

export const BITS = 320n;
export const ONE: Fixed = 1n << BITS;
const UNIT = 2 ** -320;
/** Extra bits of pi, so that reducing an angle of 2^64 quarter turns still leaves all 320. */
const GUARD = 128n;

/** Exact for every double that is a multiple of 2^-320; smaller bits are cut off. */
export function fromNumber(x: number): Fixed {
  if (!Number.isFinite(x)) throw new RangeError(`not a finite number: ${x}`);
  let value = x;
  let shift = BITS;
  while (!Number.isInteger(value)) {
    value *= 2;
    shift--;
  }
  return shift >= 0n ? BigInt(value) << shift : BigInt(value) >> -shift;
}

/** The nearest double (BigInt to Number rounds to nearest, ties to even). */
export function toNumber(x: Fixed): number {
  return Number(x) * UNIT;
}

/** x as hi + lo, hi the nearest double, lo the nearest double of the rest: relative error at most 2^-106. */
export function toDoubleDouble(x: Fixed): [hi: number, lo: number] {
  const hi = Number(x);
  return [hi * UNIT, Number(x - BigInt(hi)) * UNIT];
}

/** x rounded once to float32 (normal range), ties to even. */
export function toFloat32(x: Fixed): number {
  const [hi, lo] = toDoubleDouble(x);
  const near = Math.fround(hi);
  const other = hi + (hi - near);
  // hi is exactly between two float32 values: rounding it would ignore lo.
  if (other !== near && Math.fround(other) === other && lo !== 0) {
    return lo > 0 ? Math.max(near, other) : Math.min(near, other);
  }
  return near;
}

export function mul(a: Fixed, b: Fixed): Fixed {
  return (a * b) >> BITS;
}

export function div(a: Fixed, b: Fixed): Fixed {
  return (a << BITS) / b;
}

/** Square root by Newton's iteration on integers. */
export function sqrt(x: Fixed): Fixed {
  if (x < 0n) throw new RangeError('sqrt of a negative number');
  const n = x << BITS;
  if (n === 0n) return 0n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Sum of sign^i / ((2i + 1) n^(2i+1)): atan(1/n) for sign -1, atanh(1/n) for +1, with `bits` fractional bits. */
function arcInverse(n: bigint, sign: 1n | -1n, bits: bigint): bigint {
  let power = (1n << bits) / n;
  let sum = power;
  for (let i = 1n; power !== 0n; i++) {
    power = (power / (n * n)) * sign;
    sum += power / (2n * i + 1n);
  }
  return sum;
}

/** Machin: pi/4 = 4 atan(1/5) - atan(1/239). */
const WIDE_PI = 4n * (4n * arcInverse(5n, -1n, BITS + GUARD) - arcInverse(239n, -1n, BITS + GUARD));
/** ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749). */
const WIDE_LN2 =
  18n * arcInverse(26n, 1n, BITS + GUARD) -
  2n * arcInverse(4801n, 1n, BITS + GUARD) +
  8n * arcInverse(8749n, 1n, BITS + GUARD);

export const PI: Fixed = WIDE_PI >> GUARD;
export const LN2: Fixed = WIDE_LN2 >> GUARD;

/** floor(a / b) for b > 0. */
function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a < 0n && q * b !== a ? q - 1n : q;
}

/** [sin x, cos x], any x: reduced to |r| <= pi/4, then the Taylor series. */
export function sincos(x: Fixed): [sin: Fixed, cos: Fixed] {
  const wide = x << GUARD;
  const halfPi = WIDE_PI >> 1n;
  const quadrant = floorDiv(wide + (halfPi >> 1n), halfPi);
  const r = (wide - quadrant * halfPi) >> GUARD;
  const square = mul(r, r);
  let sin = r;
  let cos = ONE;
  let term = r;
  for (let n = 2n; term !== 0n && term !== -1n; n += 2n) {
    term = -mul(term, square) / (n * (n + 1n));
    sin += term;
  }
  term = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n += 2n) {
    term = -mul(term, square) / (n * (n + 1n));
    cos += term;
  }
  const turn = ((quadrant % 4n) + 4n) % 4n;
  if (turn === 1n) return [cos, -sin];
  if (turn === 2n) return [-sin, -cos];
  if (turn === 3n) return [-cos, sin];
  return [sin, cos];
}

/** e^x: x = k ln 2 + r, the Taylor series of r / 2^16, squared 16 times. */
export function exp(x: Fixed): Fixed {
  const k = floorDiv((x << GUARD) + (WIDE_LN2 >> 1n), WIDE_LN2);
  const halvings = 16n;
  // The guard bits pay for the squarings.
  const r = ((x << GUARD) - k * WIDE_LN2) >> halvings;
  let term = 1n << (BITS + GUARD);
  let sum = term;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = ((term * r) >> (BITS + GUARD)) / n;
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> (BITS + GUARD);
  const shift = k - GUARD;
  return shift >= 0n ? sum << shift : sum >> -shift;
}

/** ln x for x > 0: x = 2^k m with m in [3/4, 3/2), ln m = 2 atanh((m - 1) / (m + 1)). */
export function ln(x: Fixed): Fixed {
  if (x <= 0n) throw new RangeError('ln of a number that is not positive');
  let k = BigInt(x.toString(2).length) - 1n - BITS;
  let m = k >= 0n ? (x << GUARD) >> k : (x << GUARD) << -k;
  const one = 1n << (BITS + GUARD);
  if (2n * m >= 3n * one) {
    m >>= 1n;
    k++;
  }
  const z = ((m - one) << (BITS + GUARD)) / (m + one);
  const square = (z * z) >> (BITS + GUARD);
  let power = z;
  let sum = z;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    power = (power * square) >> (BITS + GUARD);
    sum += power / n;
  }
  return (2n * sum + k * WIDE_LN2) >> GUARD;
}

/** x^y for x > 0. */
export function pow(x: Fixed, y: Fixed): Fixed {
  return exp(mul(y, ln(x)));
}

/** tanh x = (e^2x - 1) / (e^2x + 1), by symmetry for negative x. */
export function tanh(x: Fixed): Fixed {
  if (x < 0n) return -tanh(-x);
  // e^-2x stays below 1 whatever x.
  const e = exp(-2n * x);
  return div(ONE - e, ONE + e);
}

/** erf x = 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!! (A&S 7.1.6): no cancellation. */
export function erf(x: Fixed): Fixed {
  if (x < 0n) return -erf(-x);
  if (x >= 16n * ONE) return ONE; // 1 - erf(16) < 2^-370
  const square = mul(x, x);
  let term = x;
  let sum = x;
  for (let n = 1n; term !== 0n; n++) {
    term = (2n * mul(term, square)) / (2n * n + 1n);
    sum += term;
  }
  return div(mul(2n * exp(-square), sum), sqrt(PI));
}
