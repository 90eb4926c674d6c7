/**
 * BigInt fixed-point arithmetic with 300 fractional bits: the independent reference of the double-double tests. Shares
 * nothing with src/: exp by plain Taylor series after halving, ln by Newton's iteration on it.
 */
export const BITS = 300n;
export const UNIT = 1n << BITS;

/** The exact value of a double as fixed point (doubles of magnitude >= 2^-240). */
export function fixed(x: number): bigint {
  let shift = 0n;
  let y = x;
  while (!Number.isInteger(y)) {
    y *= 2;
    shift += 1n;
  }
  return (BigInt(y) << BITS) >> shift;
}

export const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
export const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;

export function expFixed(x: bigint): bigint {
  const halvings = 40n;
  const small = x >> halvings;
  let sum = UNIT;
  let term = UNIT;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = times(term, small) / n;
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = times(sum, sum);
  return sum;
}

export function lnFixed(x: bigint): bigint {
  let y = fixed(Math.log(Number(x >> (BITS - 60n)) / 2 ** 60));
  for (let i = 0; i < 4; i++) y += over(x, expFixed(y)) - UNIT;
  return y;
}

/** log2 of the relative error of hi + lo against a fixed-point value. */
export function errorBits(got: { hi: number; lo: number }, want: bigint): number {
  const difference = fixed(got.hi) + fixed(got.lo) - want;
  const size = difference < 0n ? -difference : difference;
  const scale = want < 0n ? -want : want;
  return size === 0n ? Number.NEGATIVE_INFINITY : Math.log2(Number((size << 200n) / scale)) - 200;
}
