/**
 * The numbers that are to be identified: their shape, the precision they were stored in, and how far a number of that precision
 * may lie from the real value.
 */

export type Stored = 'float32' | 'float16' | 'bfloat16';

/** Rows of numbers. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** Bits of a significand, the leading one included, and the exponent of the smallest normal number. */
const FORMATS: Readonly<Record<Stored, readonly [bits: number, smallest: number]>> = {
  float32: [24, -126],
  float16: [11, -14],
  bfloat16: [8, -126],
};

const exponent = (value: number, smallest: number): number =>
  value === 0 ? smallest : Math.max(smallest, Math.floor(Math.log2(Math.abs(value))));

/** Half a unit in the last place of a stored number. */
export function halfUlp(value: number, stored: Stored): number {
  const [bits, smallest] = FORMATS[stored];
  return 2 ** (exponent(value, smallest) - bits);
}

/** The coarsest format that holds every number. Infinities are in all of them. */
export function storedAs(data: ArrayLike<number>): Stored {
  const holds = (stored: Stored): boolean => {
    const [bits, smallest] = FORMATS[stored];
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (!Number.isFinite(value)) continue;
      const units = value / 2 ** (exponent(value, smallest) + 1 - bits);
      if (units !== Math.round(units) || (stored === 'float16' && Math.abs(value) > 65504)) return false;
    }
    return true;
  };
  return holds('bfloat16') ? 'bfloat16' : holds('float16') ? 'float16' : 'float32';
}

/** What float32 code may lose: the product of position and frequency is rounded, then its sine. */
export const angleError = (angle: number): number => 4e-7 + 2e-7 * Math.abs(angle);

/** 12 significant digits: enough to tell 500000 from 500000.5, without the noise behind. */
export const tidy = (value: number): number => Number(value.toPrecision(12));

/**
 * Round numbers from `low` to `high`, the roundest first: those of one significant digit, else of two ... else the middle
 * itself, to the digits that the range is known to.
 */
export function roundest(low: number, high: number): { readonly value: number; readonly digits: number }[] {
  const middle = (low + high) / 2;
  const list: { value: number; digits: number }[] = [];
  for (let digits = 1; digits <= 5 && list.length === 0; digits++) {
    const step = 10 ** (Math.floor(Math.log10(middle)) + 1 - digits);
    const around = Math.round(middle / step);
    for (const units of [around, around - 1, around + 1]) {
      const value = tidy(units * step);
      if (value >= low && value <= high) list.push({ value, digits });
    }
  }
  list.push({ value: tidy(middle), digits: 9 });
  return list;
}

/** Slope and intercept of weighted points, and how far the slope is known. */
export function line(
  x: readonly number[],
  y: readonly number[],
  weights: readonly number[],
): { readonly slope: number; readonly at0: number; readonly error: number } {
  let [w, wx, wy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) [w, wx, wy] = [w + weights[i], wx + weights[i] * x[i], wy + weights[i] * y[i]];
  const [mx, my] = [wx / w, wy / w];
  let [xx, xy] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    xx += weights[i] * (x[i] - mx) ** 2;
    xy += weights[i] * (x[i] - mx) * (y[i] - my);
  }
  const slope = xy / xx;
  let rest = 0;
  for (let i = 0; i < x.length; i++) rest += weights[i] * (y[i] - my - slope * (x[i] - mx)) ** 2;
  const error = Math.sqrt(rest / Math.max(1, x.length - 2) / xx);
  return { slope, at0: my - slope * mx, error };
}
