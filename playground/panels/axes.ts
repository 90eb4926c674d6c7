/** Linear and logarithmic axes of a drawing: where a value stands, and which values are written. */
import { show } from '../text.ts';
import type { Axis } from '../view.ts';

export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
}

export function scale(axis: Axis, values: readonly ArrayLike<number>[], from: number, to: number): Scale {
  let low = axis.min ?? Number.POSITIVE_INFINITY;
  let high = axis.max ?? Number.NEGATIVE_INFINITY;
  for (const list of values) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (!Number.isFinite(value) || (axis.log && value <= 0)) continue;
      if (axis.min === undefined && value < low) low = value;
      if (axis.max === undefined && value > high) high = value;
    }
  }
  if (!(low <= high)) [low, high] = axis.log ? [1, 10] : [0, 1];
  if (axis.log) {
    if (low === high) [low, high] = [low / 2, high * 2];
    const [a, b] = [Math.log10(low), Math.log10(high)];
    const first = Math.ceil(a - 1e-9);
    const count = Math.floor(b + 1e-9) - first + 1;
    const every = Math.max(1, Math.ceil(count / (Math.abs(to - from) / (from > to ? 26 : 46))));
    const ticks = Array.from({ length: Math.max(0, Math.ceil(count / every)) }, (_, i) => 10 ** (first + i * every));
    return { low, high, ticks, at: (v) => from + ((Math.log10(v) - a) / (b - a)) * (to - from) };
  }
  if (low === high) [low, high] = [low - 1, high + 1];
  if (axis.min === undefined && axis.max === undefined && from > to) {
    const margin = (high - low) * 0.04;
    low -= margin;
    high += margin;
  }
  const rough = (high - low) / (Math.abs(to - from) / (from > to ? 42 : 80));
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough * 0.999) as number;
  const ticks = [];
  for (let k = Math.ceil(low / every - 1e-9); k * every <= high + 1e-9 * every; k++) ticks.push(k * every);
  return { low, high, ticks, at: (v) => from + ((v - low) / (high - low)) * (to - from) };
}

export function label(tick: number, axis: Axis): string {
  if (!axis.log) return show(tick, 4);
  const power = Math.round(Math.log10(tick));
  if (power >= 0 && power <= 3) return String(tick);
  return `10${String(power).replace(/./g, (c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻')}`;
}
