/**
 * The truth of the elementary gauge: exp, log, tanh, erf and their relatives in double-double, to a relative error below
 * 2^-85 (gauge.test.ts holds them against highPrecision.ts), by textbook series that share nothing with the kernels.
 */
import * as dd from '../../src/phase/dd.ts';

type DD = dd.DD;

const TWO: DD = dd.from(2);
const ROOT_PI = dd.sqrt(dd.PI);
const ROOT_HALF = dd.sqrt(dd.from(0.5));

export const exp = (x: number): DD => dd.exp(dd.from(x));
export const log = (x: number): DD => dd.ln(dd.from(x));
/** 1 + x as an unevaluated sum is exact. */
export const log1p = (x: number): DD => dd.ln(dd.twoSum(1, x));
export const pow = (x: number, y: number): DD => dd.pow(dd.from(x), dd.from(y));

/** Taylor near 0, where e^x - 1 would cancel. */
export function expm1(x: number): DD {
  if (Math.abs(x) > 0.5) return dd.addNumber(exp(x), -1);
  let term = dd.from(x);
  let sum = term;
  for (let n = 2; Math.abs(term.hi) > Math.abs(sum.hi) * 2 ** -110; n++) {
    term = dd.divNumber(dd.mulNumber(term, x), n);
    sum = dd.add(sum, term);
  }
  return sum;
}

export function tanh(x: number): DD {
  if (x < 0) return dd.neg(tanh(-x));
  const t = expm1(2 * x);
  return dd.div(t, dd.addNumber(t, 2));
}

export function sigmoid(x: number): DD {
  const z = exp(-Math.abs(x));
  return dd.div(x < 0 ? z : dd.ONE, dd.addNumber(z, 1));
}

export const silu = (x: number): DD => dd.mulNumber(sigmoid(x), x);

export function softplus(x: number): DD {
  const z = exp(-Math.abs(x));
  // ln(1 + z) = z - z^2/2 + ... where 1 + z would lose z
  const log = z.hi < 2 ** -60 ? dd.sub(z, dd.divNumber(dd.mul(z, z), 2)) : dd.ln(dd.addNumber(z, 1));
  return dd.addNumber(log, Math.max(x, 0));
}

/** A&S 7.1.6: 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, for x as double-double and its square. */
function erfSeries(x: DD, square: DD): DD {
  let term = x;
  let sum = x;
  for (let n = 1; term.hi > sum.hi * 2 ** -110; n++) {
    term = dd.divNumber(dd.mulNumber(dd.mul(term, square), 2), 2 * n + 1);
    sum = dd.add(sum, term);
  }
  return dd.div(dd.mul(dd.mul(TWO, dd.exp(dd.neg(square))), sum), ROOT_PI);
}

/** A&S 7.1.14: e^(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))), evaluated backwards; x >= 2. */
function erfcFraction(x: DD, square: DD): DD {
  let y = x;
  for (let n = Math.ceil(700 / square.hi) + 12; n >= 1; n--) y = dd.add(x, dd.div(dd.from(n / 2), y));
  return dd.div(dd.exp(dd.neg(square)), dd.mul(ROOT_PI, y));
}

export function erf(x: number): DD {
  if (x < 0) return dd.neg(erf(-x));
  const square = dd.twoProduct(x, x);
  return x < 2 ? erfSeries(dd.from(x), square) : dd.sub(dd.ONE, erfcFraction(dd.from(x), square));
}

/** x/2 (1 + erf(x / sqrt 2)) */
export function gelu(x: number): DD {
  const u = dd.mulNumber(ROOT_HALF, Math.abs(x));
  const square = dd.divNumber(dd.twoProduct(x, x), 2);
  const far = u.hi >= 2;
  const erfc = far ? erfcFraction(u, square) : dd.sub(dd.ONE, erfSeries(u, square));
  return dd.mulNumber(x < 0 ? erfc : dd.sub(TWO, erfc), x / 2);
}
