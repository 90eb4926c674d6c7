/**
 * Double-double arithmetic: a number is the unevaluated sum hi + lo of two float64, |lo| <= ulp(hi) / 2, about 106 bits.
 * Everything is built from + - * / on doubles, so each result has the same bits on every JavaScript engine; Math.exp,
 * Math.log and Math.pow would not. Speed is no concern here: ladders are kept by a memo.
 *
 * Dekker, Numerische Mathematik 18 (1971); Hida, Li, Bailey, "Algorithms for quad-double precision arithmetic" (2001).
 *
 * Relative error: add, sub, mul, div, ln and atan below 2^-100; exp and pow below 2^-98 while |ln(result)| <= 64 (the argument's own
 * rounding is what is left). Results below 2^-960 or above 2^990 lose the low part.
 */

export interface DD {
  readonly hi: number;
  readonly lo: number;
}

export const PI: DD = { hi: Math.PI, lo: 1.2246467991473532e-16 };
export const TWO_PI: DD = { hi: 2 * Math.PI, lo: 2.4492935982947064e-16 };
export const LN2: DD = { hi: Math.LN2, lo: 2.3190468138462996e-17 };
export const LN10: DD = { hi: Math.LN10, lo: -2.1707562233822494e-16 };
export const ZERO: DD = { hi: 0, lo: 0 };
export const ONE: DD = { hi: 1, lo: 0 };

export function from(x: number): DD {
  return { hi: x, lo: 0 };
}

/** hi + lo of the exact a + b. */
export function twoSum(a: number, b: number): DD {
  const hi = a + b;
  const t = hi - a;
  return { hi, lo: a - (hi - t) + (b - t) };
}

/** Like twoSum, for |a| >= |b| or a = 0. */
function quickTwoSum(a: number, b: number): DD {
  const hi = a + b;
  return { hi, lo: b - (hi - a) };
}

/** hi + lo of the exact a * b. */
export function twoProduct(a: number, b: number): DD {
  const hi = a * b;
  const aBig = a * 134217729;
  const aHi = aBig - (aBig - a);
  const aLo = a - aHi;
  const bBig = b * 134217729;
  const bHi = bBig - (bBig - b);
  const bLo = b - bHi;
  return { hi, lo: aHi * bHi - hi + aHi * bLo + aLo * bHi + aLo * bLo };
}

export function neg(a: DD): DD {
  return { hi: -a.hi, lo: -a.lo };
}

export function add(a: DD, b: DD): DD {
  const s = twoSum(a.hi, b.hi);
  const t = twoSum(a.lo, b.lo);
  const u = quickTwoSum(s.hi, s.lo + t.hi);
  return quickTwoSum(u.hi, u.lo + t.lo);
}

export function sub(a: DD, b: DD): DD {
  return add(a, neg(b));
}

export function addNumber(a: DD, b: number): DD {
  const s = twoSum(a.hi, b);
  return quickTwoSum(s.hi, s.lo + a.lo);
}

export function mul(a: DD, b: DD): DD {
  const p = twoProduct(a.hi, b.hi);
  return quickTwoSum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

export function mulNumber(a: DD, b: number): DD {
  const p = twoProduct(a.hi, b);
  return quickTwoSum(p.hi, p.lo + a.lo * b);
}

export function div(a: DD, b: DD): DD {
  const q1 = a.hi / b.hi;
  let r = sub(a, mulNumber(b, q1));
  const q2 = r.hi / b.hi;
  r = sub(r, mulNumber(b, q2));
  return addNumber(quickTwoSum(q1, q2), r.hi / b.hi);
}

export function divNumber(a: DD, b: number): DD {
  return div(a, from(b));
}

/** The square root of a >= 0: one Newton step on the correctly rounded Math.sqrt. */
export function sqrt(a: DD): DD {
  if (a.hi === 0) return ZERO;
  const x = Math.sqrt(a.hi);
  const rest = sub(a, twoProduct(x, x));
  return quickTwoSum(x, rest.hi / (2 * x));
}

/** Negative, zero or positive as a - b is. */
export function compare(a: DD, b: DD): number {
  return a.hi - b.hi || a.lo - b.lo;
}

/** The largest integer not above a, as a double (|a| < 2^53). */
export function floor(a: DD): number {
  const f = Math.floor(a.hi);
  return f === a.hi && a.lo < 0 ? f - 1 : f;
}

/** The smallest integer not below a, as a double (|a| < 2^53). */
export function ceil(a: DD): number {
  return -floor(neg(a));
}

/** 2^n by exact products: `2 ** n` is left to the engine's pow. |n| <= 1023 + 52. */
export function powerOfTwo(n: number): number {
  let result = 1;
  let square = n < 0 ? 0.5 : 2;
  for (let bits = Math.abs(n); bits > 0; bits = Math.floor(bits / 2)) {
    if (bits % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

// 1/n!, n = 0..10. The Taylor series is summed on |r| <= ln(2) / 1024, where r^11 / 11! is below 2^-140.
const INVERSE_FACTORIAL: DD[] = [ONE];
for (let n = 1; n <= 10; n++) INVERSE_FACTORIAL.push(divNumber(INVERSE_FACTORIAL[n - 1], n));

/** e^a. Below -708 the result is 0, above 709 it is Infinity. */
export function exp(a: DD): DD {
  if (a.hi < -708) return ZERO;
  if (a.hi > 709) return { hi: Number.POSITIVE_INFINITY, lo: 0 };
  const k = Math.round(a.hi / LN2.hi);
  // r = (a - k ln 2) / 512; e^r - 1 is doubled nine times as (1 + s)^2 - 1 = 2s + s^2, which keeps the small part.
  const reduced = sub(a, mulNumber(LN2, k));
  const r = { hi: reduced.hi / 512, lo: reduced.lo / 512 };
  let s = INVERSE_FACTORIAL[10];
  for (let n = 9; n >= 1; n--) s = add(mul(s, r), INVERSE_FACTORIAL[n]);
  s = mul(s, r);
  for (let i = 0; i < 9; i++) s = add({ hi: 2 * s.hi, lo: 2 * s.lo }, mul(s, s));
  const e = addNumber(s, 1);
  const scale = powerOfTwo(k);
  return { hi: e.hi * scale, lo: e.lo * scale };
}

// 1 / (2n + 1), n = 0..20, and 2^512, 2^256, ... 2 for `ln`.
const INVERSE_ODD = Array.from({ length: 21 }, (_, n) => divNumber(ONE, 2 * n + 1));
const STEPS = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1].map((step) => ({ step, up: powerOfTwo(step) }));

/** ln a for a > 0. */
export function ln(a: DD): DD {
  // a = m 2^k with m in [sqrt(1/2), sqrt(2)): ln m = 2 atanh((m - 1) / (m + 1)) keeps full relative accuracy near 1.
  let k = 0;
  let { hi, lo } = a;
  if (!(hi > 0) || hi === Number.POSITIVE_INFINITY) throw new RangeError(`ln of ${hi}: expected a finite number > 0`);
  for (const { step, up } of STEPS) {
    while (hi >= up) {
      hi /= up;
      lo /= up;
      k += step;
    }
    while (hi < 1 / up) {
      hi *= up;
      lo *= up;
      k -= step;
    }
  }
  // Here 1/2 <= hi < 2.
  if (hi >= Math.SQRT2) {
    hi /= 2;
    lo /= 2;
    k += 1;
  } else if (hi < Math.SQRT1_2) {
    hi *= 2;
    lo *= 2;
    k -= 1;
  }
  const m = { hi, lo };
  const s = div(addNumber(m, -1), addNumber(m, 1));
  const square = mul(s, s);
  // |s| <= 0.1716: s^43 / 43 is below 2^-114.
  let sum = INVERSE_ODD[20];
  for (let n = 19; n >= 0; n--) sum = add(mul(sum, square), INVERSE_ODD[n]);
  const lnM = mul({ hi: 2 * s.hi, lo: 2 * s.lo }, sum);
  return add(mulNumber(LN2, k), lnM);
}

/** a^b for a > 0. */
export function pow(a: DD, b: DD): DD {
  return exp(mul(b, ln(a)));
}

/** The angle in [0, pi / 2] whose tangent is a >= 0. */
export function atan(a: DD): DD {
  if (a.hi > 1) return sub({ hi: PI.hi / 2, lo: PI.lo / 2 }, atan(div(ONE, a)));
  // atan x = 2 atan(x / (1 + sqrt(1 + x^2))): three times, then |x| is below 0.099 and x^41 / 41 below 2^-142
  let x = a;
  for (let i = 0; i < 3; i++) x = div(x, addNumber(sqrt(addNumber(mul(x, x), 1)), 1));
  const square = neg(mul(x, x));
  let sum = INVERSE_ODD[20];
  for (let n = 19; n >= 0; n--) sum = add(mul(sum, square), INVERSE_ODD[n]);
  return mulNumber(mul(x, sum), 8);
}
