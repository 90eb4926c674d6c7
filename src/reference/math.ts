/**
 * Scalar functions that are the same in every JavaScript engine: + - * / and BigInt only, no Math.sin/exp/log/pow.
 * sin and cos: argument reduction exact (BigInt), Taylor polynomial on [-pi/4, pi/4] in float64, within 2 ulp.
 * exp, log, pow, tanh, erf: from 256-bit fixed point, rounded once (tiny arguments of tanh and erf: within 1 ulp).
 */
import {
  BITS,
  decompose,
  div,
  exp as expFixed,
  expParts,
  fixed,
  lnOf,
  mul,
  ONE,
  pi,
  piWithBits,
  shift,
  sqrt,
  toNumber,
} from './fixed.ts';

export interface SinCos {
  readonly sin: number;
  readonly cos: number;
}

const HALF_PI = 1.5707963267948966;
const QUARTER_PI = 0.7853981633974483;

/** Taylor to r^19; the first term left out is below 2e-22 for |r| <= pi/4. */
function sinNearZero(r: number): number {
  const z = r * r;
  let tail = 0;
  for (let n = 19; n >= 3; n -= 2) tail = (z / -((n - 1) * n)) * (1 + tail);
  return r + r * tail;
}

/** Taylor to r^20. */
function cosNearZero(r: number): number {
  const z = r * r;
  let tail = 0;
  for (let n = 20; n >= 4; n -= 2) tail = (z / -((n - 1) * n)) * (1 + tail);
  return 1 - (z / 2) * (1 + tail);
}

function turn(quadrant: number, r: number): SinCos {
  const s = sinNearZero(r);
  const c = cosNearZero(r);
  if (quadrant === 0) return { sin: s, cos: c };
  if (quadrant === 1) return { sin: c, cos: -s };
  if (quadrant === 2) return { sin: -s, cos: -c };
  return { sin: -c, cos: s };
}

/** sin and cos of an angle given in quarter turns (fixed point): whole turns fall away exactly. */
function sincosOfQuarterTurns(quarters: bigint): SinCos {
  const whole = (quarters + (ONE >> 1n)) >> BigInt(BITS);
  const rest = quarters - (whole << BigInt(BITS));
  return turn(Number(whole & 3n), toNumber(rest) * HALF_PI);
}

/** A frequency (fixed-point radians per position) as quarter turns per position, for `sincosAt`. */
export function quarterTurnRate(frequency: bigint): bigint {
  return div(2n * frequency, pi());
}

/** sin and cos of the real product position * frequency, for any float64 position: an integer product, then the rest of a turn. */
export function sincosAt(position: number, rate: bigint): SinCos {
  const { mantissa, exponent } = decompose(position);
  return sincosOfQuarterTurns(shift(mantissa * rate, exponent));
}

const twoOverPi = new Map<number, bigint>();

function twoOverPiWithBits(bits: number): bigint {
  let value = twoOverPi.get(bits);
  if (value === undefined) {
    value = (1n << BigInt(2 * bits + 1)) / piWithBits(bits);
    twoOverPi.set(bits, value);
  }
  return value;
}

/** sin and cos of a float64 angle in radians, any magnitude. */
export function sincos(angle: number): SinCos {
  if (Math.abs(angle) <= QUARTER_PI) return turn(0, angle);
  const bits = Math.abs(angle) < 2 ** 64 ? BITS + 64 : BITS + 1024;
  const { mantissa, exponent } = decompose(angle);
  return sincosOfQuarterTurns(shift(mantissa * twoOverPiWithBits(bits), exponent + BITS - bits));
}

export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 710) return Number.POSITIVE_INFINITY;
  if (x < -746) return 0;
  const { mantissa, exponent } = expParts(fixed(x));
  return toNumber(mantissa, exponent);
}

/** Natural logarithm. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  return toNumber(lnOf(x));
}

/** x^y for finite x >= 0 and finite y. */
export function pow(x: number, y: number): number {
  if (!(x >= 0) || !Number.isFinite(x) || !Number.isFinite(y)) {
    throw new RangeError(`pow: expected finite x >= 0 and finite y, got ${x} and ${y}`);
  }
  if (y === 0 || x === 1) return 1;
  if (x === 0) return y > 0 ? 0 : Number.POSITIVE_INFINITY;
  const exponentOfE = mul(fixed(y), lnOf(x));
  if (exponentOfE > fixed(710)) return Number.POSITIVE_INFINITY;
  if (exponentOfE < fixed(-746)) return 0;
  const { mantissa, exponent } = expParts(exponentOfE);
  return toNumber(mantissa, exponent);
}

export function tanh(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -30) return x - (x * x * x) / 3;
  if (magnitude > 20) return x < 0 ? -1 : 1;
  const decay = expFixed(fixed(-2 * magnitude));
  const value = toNumber(div(ONE - decay, ONE + decay));
  return x < 0 ? -value : value;
}

/** 2/sqrt(pi) e^(-x^2) * sum of 2^n x^(2n+1) / (1*3*5*...*(2n+1)): every term positive, nothing cancels. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -30) return x * 1.1283791670955126;
  if (magnitude > 6) return x < 0 ? -1 : 1;
  const argument = fixed(magnitude);
  const square = mul(argument, argument);
  let term = argument;
  let sum = 0n;
  for (let n = 3n; term !== 0n; n += 2n) {
    sum += term;
    term = mul(term, 2n * square) / n;
  }
  const value = toNumber(div(2n * mul(expFixed(-square), sum), sqrt(pi())));
  return x < 0 ? -value : value;
}

const bits32 = new Uint32Array(1);
const float32 = new Float32Array(bits32.buffer);

/** The nearest bfloat16 (ties to even) of fl32(x), as a number. */
export function roundToBfloat16(x: number): number {
  if (Number.isNaN(x)) return x;
  float32[0] = x;
  const word = bits32[0];
  bits32[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return float32[0];
}

/** The bit pattern of the nearest float16 (ties to even) of x. */
export function toFloat16Bits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  if (Number.isNaN(x)) return 0x7e00;
  const magnitude = Math.abs(x);
  if (magnitude >= 65520) return sign | 0x7c00;
  // The spacing of float16 numbers around x is 2^(e - 10), and 2^-24 below 2^-14.
  let exponent = -14;
  while (magnitude >= 2 ** (exponent + 1)) exponent++;
  const steps = magnitude * 2 ** (10 - exponent);
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A mantissa that rounds up to the next power of two carries into the exponent field by itself.
  return sign | (rounded + (exponent + 14) * 1024);
}

export function fromFloat16Bits(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
