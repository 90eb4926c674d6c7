/** What pictures in the terminal and in SVG share: the range of values, colours, averaging of cells, ticks. */
import type { Picture } from './picture.ts';

/** Smallest and largest finite value. */
export function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Blue through near white to red, for t from 0 to 1. */
export function colourOf(t: number): [number, number, number] {
  const stops: readonly [number, number, number][] = [
    [33, 71, 161],
    [120, 170, 222],
    [245, 243, 238],
    [229, 140, 110],
    [160, 28, 45],
  ];
  const at = Math.min(0.999999, Math.max(0, t)) * (stops.length - 1);
  const k = Math.floor(at);
  return stops[k].map((from, c) => Math.round(from + (at - k) * (stops[k + 1][c] - from))) as [number, number, number];
}

/** The picture with at most so many rows and columns: means over cells; NaN where a cell holds nothing finite. */
export function reduced(picture: Picture, rows: number, columns: number): Picture {
  const [r, c] = [Math.min(rows, picture.rows), Math.min(columns, picture.columns)];
  const data = new Float32Array(r * c);
  for (let i = 0; i < r; i++) {
    const [top, bottom] = [Math.floor((i * picture.rows) / r), Math.floor(((i + 1) * picture.rows) / r)];
    for (let j = 0; j < c; j++) {
      const [left, right] = [Math.floor((j * picture.columns) / c), Math.floor(((j + 1) * picture.columns) / c)];
      let [sum, count] = [0, 0];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const value = picture.data[y * picture.columns + x];
          if (Number.isFinite(value)) [sum, count] = [sum + value, count + 1];
        }
      }
      data[i * c + j] = count === 0 ? Number.NaN : sum / count;
    }
  }
  return { ...picture, rows: r, columns: c, data };
}

/** Powers of ten that span the values. */
export function decades([low, high]: readonly [number, number]): [number, number] {
  const from = Math.floor(Math.log10(low));
  return [from, Math.max(from + 1, Math.ceil(Math.log10(high)))];
}

export const short = (value: number): string =>
  value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
