/**
 * Which position each row of a table of sines and cosines stands at, once its frequencies are known: as measured, and as people
 * count (whole numbers, halves, equal steps).
 */
import type { Layout } from './layouts.ts';
import { type Grid, halfUlp, line, roundest, type Stored } from './numbers.ts';

export interface Table {
  readonly grid: Grid;
  readonly layout: Layout;
  readonly stored: Stored;
  readonly empty: readonly boolean[];
}

export const at = ({ grid }: Table, row: number, column: number): number => grid.data[row * grid.columns + column];

/** Position of every row: the slowest pair tells it roughly, every faster one more exactly. */
export function positionsOf(table: Table, phases: Float64Array, frequencies: readonly number[]): number[] {
  const { layout, grid } = table;
  return Array.from({ length: grid.rows }, (_, r) => {
    let position = Number.NaN;
    for (let k = layout.pairs - 1; k >= 0; k--) {
      const angle = phases[r * layout.pairs + k];
      if (Number.isNaN(angle) || frequencies[k] === 0) continue;
      const turns = Number.isNaN(position) ? 0 : Math.round((position * frequencies[k] - angle) / (2 * Math.PI));
      position = (angle + 2 * Math.PI * turns) / frequencies[k];
    }
    return position;
  });
}

/** Positions as people count: whole numbers, equal steps, halves; else as they were found. */
export function settled(raw: readonly number[], stored: Stored): number[][] {
  const known = raw.filter((p) => !Number.isNaN(p));
  const snapped = (unit: number): number[] | undefined =>
    known.every((p) => Math.abs(p / unit - Math.round(p / unit)) < 0.05)
      ? raw.map((p) => Math.round(p / unit) * unit + 0)
      : undefined;
  const whole = snapped(1);
  if (whole) return [whole];
  const list: number[][] = [];
  const steps = evenSteps(raw, stored);
  if (steps) list.push(...steps);
  const quarters = snapped(0.25);
  if (quarters) list.push(quarters);
  const unit = unitOf(known);
  if (unit !== undefined) {
    const units = roundNear(unit, (1e-7 + halfUlp(1, stored) / 2) * unit);
    for (const value of units) list.push(raw.map((p) => Math.round(p / value) * value));
  }
  return [...list, [...raw]];
}

/** A step, as round as it or its inverse can be within what is known about it. */
function roundNear(step: number, slack: number): number[] {
  const [low, high] = [Math.max(step - slack, 1e-300), step + slack];
  const inverse = roundest(1 / high, 1 / low).map(({ value, digits }) => ({ value: 1 / value, digits }));
  const all = [...roundest(low, high), ...inverse].sort((a, b) => a.digits - b.digits);
  return all.slice(0, 3).map(({ value }) => value);
}

/** What all positions are whole multiples of: coordinates of a grid that was made larger or smaller. */
function unitOf(known: readonly number[]): number | undefined {
  const sorted = [...new Set(known)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((p, i) => p - sorted[i]);
  const largest = Math.max(...gaps, 0);
  let unit = Math.min(...gaps.filter((gap) => gap > 0.1 * largest));
  if (!Number.isFinite(unit) || !(unit > 1e-9)) return undefined;
  for (let step = 0; step < 2; step++) {
    const counts = known.map((p) => Math.round(p / unit));
    if (known.some((p, i) => Math.abs(p / unit - counts[i]) > 0.2)) return undefined;
    const own = counts.reduce((sum, n) => sum + n * n, 0);
    if (own === 0) return undefined;
    unit = counts.reduce((sum, n, i) => sum + n * known[i], 0) / own;
  }
  return unit;
}

/** Equal steps from row to row, rounded where the numbers leave room. */
function evenSteps(raw: readonly number[], stored: Stored): number[][] | undefined {
  const rows = raw.flatMap((p, r) => (Number.isNaN(p) ? [] : [r]));
  if (rows.length < 3) return undefined;
  const values = rows.map((r) => raw[r]);
  const { slope, at0 } = line(
    rows,
    values,
    rows.map(() => 1),
  );
  const worst = Math.max(...rows.map((r) => Math.abs(raw[r] - at0 - slope * r)));
  if (!(Math.abs(slope) > 1e-9) || worst > 0.05 * Math.abs(slope)) return undefined;
  const slack = (2 * worst) / rows.length + (1e-7 + halfUlp(1, stored) / 2) * Math.abs(slope);
  const steps = roundNear(Math.abs(slope), slack);
  return steps.map((value) => {
    const step = Math.sign(slope) * value;
    const first = Math.round((raw[rows[0]] - rows[0] * step) / step);
    return raw.map((p, r) => (Number.isNaN(p) ? Number.NaN : (first + r) * step));
  });
}

/** Tables go to millions of positions, not further. */
const MOST_POSITION = 2 ** 26;

/** First positions that agree with the first and the last row of all pairs, tried from the slowest pairs upwards. */
export function starts(table: Table, frequencies: readonly number[], amplitude: number): number[] {
  const { layout, grid } = table;
  const columns = (layout.sin ?? layout.cos) as readonly number[];
  const wave = layout.sin ? Math.sin : Math.cos;
  const list = new Set<number>([0, 1]);
  const last = frequencies.length - 1;
  for (const k of [last, Math.ceil(last / 2), Math.ceil(last / 3), Math.ceil(last / 4)]) {
    const value = Math.min(1, Math.max(-1, at(table, grid.rows - 1, columns[k]) / amplitude));
    const angle = layout.sin ? Math.asin(value) : Math.acos(value);
    const rough = angle / frequencies[k] - (grid.rows - 1);
    if (!(Math.abs(rough) < MOST_POSITION)) continue;
    // candidates around it, ranked by a few faster pairs of the first row
    const scale = Math.min(4096, Math.ceil(1 / frequencies[k]));
    let [best, error] = [0, Number.POSITIVE_INFINITY];
    for (let first = Math.max(0, Math.floor(rough - scale)); first <= rough + scale; first++) {
      let sum = 0;
      for (let j = 0; j <= k; j++) {
        sum += Math.abs(wave(first * frequencies[j]) * amplitude - at(table, 0, columns[j]));
        if (sum > error) break;
      }
      if (sum < error) [best, error] = [first, sum];
    }
    list.add(best);
  }
  return [...list];
}
