/**
 * Tables of sines and cosines of position times frequency: from the numbers to frequencies and positions, and back to numbers.
 * What is found is a hypothesis until every number of the table was made again from it, within its rounding.
 */
import {
  BASES,
  type Candidate,
  dividedLadders,
  type Ladder,
  ladderCandidates,
  listedLadders,
  plainLadder,
  type Scaling,
  scaledLadders,
} from './ladders.ts';
import type { Layout } from './layouts.ts';
import { angleError, type Grid, halfUlp, line, type Stored, tidy } from './numbers.ts';
import { at, positionsOf, settled, starts, type Table } from './rowPositions.ts';

export interface Wave {
  readonly layout: Layout;
  readonly ladder: Ladder;
  readonly scaling?: Scaling;
  /** What the ladder is divided by, pair by pair. */
  readonly divisors?: readonly number[];
  /** Frequencies that were measured: no ladder gives them. */
  readonly own?: readonly number[];
  readonly amplitude: number;
  /** Of each row, in steps of the frequencies; NaN for rows of zeros. */
  readonly positions: readonly number[];
  readonly maxError: number;
  /** Pairs whose frequency these rows tell; slower ones do not move visibly. */
  readonly told: number;
}

/** A row may be all zero: fairseq's padding row, MAE's class token. */
function zeroRows({ rows, columns, data }: Grid): boolean[] {
  return Array.from({ length: rows }, (_, r) => data.subarray(r * columns, (r + 1) * columns).every((v) => v === 0));
}

/** Every wave that makes these numbers, the roundest first; `divisors`: what their ladder was divided by. */
export function waves(grid: Grid, layout: Layout, stored: Stored, divisors?: readonly number[]): Wave[] {
  const table: Table = { grid, layout, stored, empty: zeroRows(grid) };
  if (layout.pairs < 2 || table.empty.every(Boolean)) return [];
  const both = layout.sin !== undefined && layout.cos !== undefined;
  const amplitude = both ? amplitudeOf(table) : largest(grid);
  if (amplitude === undefined || !(amplitude > 0)) return [];
  if (!both) {
    if (divisors) return [];
    const told = fromRecurrence(table, amplitude);
    return told.length > 0 ? told : ofPublicBases(table, amplitude);
  }
  const phases = phasesOf(table);
  if (divisors) {
    const { frequencies, errors } = fittedSteps(table, phases);
    return fromFrequencies(table, amplitude, phases, dividedLadders(layout, frequencies, errors, divisors));
  }
  const plain = fromTails(table, amplitude, phases);
  return plain.length > 0 ? plain : fromSteps(table, amplitude, phases);
}

/**
 * Consecutive rows of frequencies that no ladder gives, scaled or not: a ladder divided by a list of decimals, else the
 * frequencies as they are.
 */
export function wavesOfTheirOwn(grid: Grid, layout: Layout, stored: Stored): Wave[] {
  const table: Table = { grid, layout, stored, empty: zeroRows(grid) };
  if (layout.pairs < 2 || grid.rows < 4 || table.empty.some(Boolean) || layout.zeroColumn) return [];
  const amplitude = amplitudeOf(table);
  if (amplitude === undefined || !(amplitude > 0)) return [];
  const phases = phasesOf(table);
  const { frequencies, errors } = fittedSteps(table, phases);
  // pairs may stand still (proportional)
  if (!frequencies.every((f) => f >= 0) || frequencies.filter((f) => f > 0).length < 2) return [];
  const listed = fromFrequencies(table, amplitude, phases, listedLadders(layout, frequencies, errors));
  if (listed.length > 0) return listed;
  const ladder = { base: Number.NaN, denominator: layout.pairs };
  return fromFrequencies(table, amplitude, phases, [{ ladder, own: frequencies, frequencies, digits: 9 }]);
}

/** A wave of frequencies that are known already, in rows that may not tell them. */
export function waveWith(grid: Grid, layout: Layout, stored: Stored, ladder: Ladder): Wave | undefined {
  const table: Table = { grid, layout, stored, empty: zeroRows(grid) };
  const amplitude = amplitudeOf(table);
  if (amplitude === undefined) return undefined;
  const frequencies = plainLadder(ladder, layout.pairs);
  const raw = positionsOf(table, phasesOf(table), frequencies);
  for (const positions of settled(raw, stored)) {
    const wave = verify(table, { ladder, frequencies, positions, amplitude }, 0);
    if (wave) return wave;
  }
  return undefined;
}

/** Length of every pair, if all agree. */
function amplitudeOf(table: Table): number | undefined {
  const { layout, stored, empty } = table;
  const [sin, cos] = [layout.sin as readonly number[], layout.cos as readonly number[]];
  let [sum, count] = [0, 0];
  const [low, high] = [new Float64Array(2), new Float64Array(2)];
  [low[0], high[0]] = [Number.POSITIVE_INFINITY, 0];
  for (let r = 0; r < table.grid.rows; r++) {
    if (empty[r]) continue;
    for (let k = 0; k < layout.pairs; k++) {
      if (sin[k] < 0 || cos[k] < 0) continue;
      const [s, c] = [at(table, r, sin[k]), at(table, r, cos[k])];
      const square = s * s + c * c;
      if (!Number.isFinite(square)) return undefined;
      const slack = 3 * (Math.abs(s) * halfUlp(s, stored) + Math.abs(c) * halfUlp(c, stored));
      if (square < low[0]) low.set([square, slack]);
      if (square > high[0]) high.set([square, slack]);
      sum += square;
      count++;
    }
  }
  if (count === 0) return undefined;
  const mean = sum / count;
  if (high[0] - low[0] > low[1] + high[1] + 8e-6 * mean) return undefined;
  const amplitude = Math.sqrt(mean);
  return Math.abs(amplitude - 1) < 2 ** -9 && stored !== 'float32' ? 1 : Math.abs(amplitude - 1) < 3e-7 ? 1 : amplitude;
}

function largest({ data }: Grid): number | undefined {
  let top = 0;
  for (const value of data) {
    if (!Number.isFinite(value)) return undefined;
    top = Math.max(top, Math.abs(value));
  }
  // sines alone may not reach their amplitude
  return top > 1 + 1e-6 ? top : 1;
}

/** Angle of every pair, in (-pi, pi]; NaN where one of the two is missing. */
function phasesOf(table: Table): Float64Array {
  const { layout, grid, empty } = table;
  const phases = new Float64Array(grid.rows * layout.pairs).fill(Number.NaN);
  const [sin, cos] = [layout.sin as readonly number[], layout.cos as readonly number[]];
  for (let r = 0; r < grid.rows; r++) {
    if (empty[r]) continue;
    for (let k = 0; k < layout.pairs; k++) {
      if (sin[k] < 0 || cos[k] < 0) continue;
      phases[r * layout.pairs + k] = Math.atan2(at(table, r, sin[k]), at(table, r, cos[k]));
    }
  }
  return phases;
}

/** Rows that are looked at for the ladder; more say no more. */
const LOOKED_AT = 12;

/**
 * Slow pairs have not made a full turn, so their angles are known, and from pair to pair they grow by one factor; that
 * predicts the next pair well enough to know its full turns, and so on up to the fastest. Rows need not be consecutive.
 */
function fromTails(table: Table, amplitude: number, phases: Float64Array): Wave[] {
  const { layout, grid } = table;
  const growths: { growth: number; error: number }[] = [];
  const step = Math.max(1, Math.floor(grid.rows / LOOKED_AT));
  for (let r = grid.rows - 1; r >= 0; r -= step) {
    const found = growthOf(phases.subarray(r * layout.pairs, (r + 1) * layout.pairs), table.stored);
    if (found) growths.push(found);
  }
  growths.sort((a, b) => a.error - b.error);
  const tries = [...growths.slice(0, 3)];
  const candidates = tries.flatMap(({ growth, error }) => ladderCandidates(layout, growth, error));
  return firstThatFit(table, candidates, (ladder) => {
    const frequencies = plainLadder(ladder, layout.pairs);
    const raw = positionsOf(table, phases, frequencies);
    return settled(raw, table.stored).map((positions) => ({ frequencies, positions, amplitude, ladder }));
  });
}

/** How ln(angle) grows from a pair to the next faster one, in one row. */
function growthOf(row: Float64Array, stored: Stored): { growth: number; error: number } | undefined {
  const known: number[] = [];
  const unwrapped: number[] = [];
  const logs: number[] = [];
  const weights: number[] = [];
  let last = row.length - 1;
  while (last >= 0 && Number.isNaN(row[last])) last--;
  const sign = row[last] < 0 ? -1 : 1;
  for (let k = last; k >= 0; k--) {
    if (Number.isNaN(row[k])) continue;
    let angle = sign * row[k];
    const count = known.length;
    if (count < 3) {
      if (angle <= 0 || (count > 0 && angle < unwrapped[count - 1])) {
        if (count < 2 || angle > 0) return undefined;
      }
    }
    if (count >= 2) {
      const fit = line(known, logs, weights);
      const predicted = Math.exp(fit.at0 + fit.slope * k);
      angle += 2 * Math.PI * Math.round((predicted - angle) / (2 * Math.PI));
      // a prediction that is off by a good part of a turn tells nothing: what was found so far counts
      if (Math.abs(predicted - angle) > 1.2 || !(angle > 0)) break;
    }
    known.push(k);
    unwrapped.push(angle);
    logs.push(Math.log(angle));
    const error = (halfUlp(Math.min(angle, 1), stored) + 1e-9) / angle + 1.5e-7;
    weights.push(1 / error ** 2);
  }
  if (known.length < 2) return undefined;
  const fit = line(known, logs, weights);
  // what rounding alone leaves open, also where the points lie on a line by chance
  const mean = known.reduce((sum, k, i) => sum + k * weights[i], 0) / weights.reduce((sum, w) => sum + w, 0);
  const spread = Math.sqrt(known.reduce((sum, k, i) => sum + weights[i] * (k - mean) ** 2, 0));
  return { growth: -fit.slope, error: Math.max(fit.error, 1.5 / spread) };
}

/** Angle from a row to the next one: frequencies of consecutive rows, also of a scaled ladder. */
function fromSteps(table: Table, amplitude: number, phases: Float64Array): Wave[] {
  const { layout, grid, empty } = table;
  if (grid.rows < 3) return [];
  const measured = Array.from({ length: layout.pairs }, (_, k) => {
    let [x, y] = [0, 0];
    for (let r = 0; r + 1 < grid.rows; r++) {
      if (empty[r] || empty[r + 1]) continue;
      const turn = phases[(r + 1) * layout.pairs + k] - phases[r * layout.pairs + k];
      x += Math.cos(turn);
      y += Math.sin(turn);
    }
    return Math.atan2(y, x);
  });
  if (!measured.every((f) => Number.isNaN(f) || f > 0)) return [];
  const errors = measured.map((f) => {
    // an angle per row, off by the rounding over all rows
    const reach = Math.min(1, f * grid.rows);
    return (2 * halfUlp(reach, table.stored) + 4e-7 * reach) / (f * grid.rows);
  });
  return fromFrequencies(table, amplitude, phases, scaledLadders(layout, measured, errors));
}

/** Rows that follow one another, of frequencies that are candidates. */
function fromFrequencies(
  table: Table,
  amplitude: number,
  phases: Float64Array,
  candidates: readonly (Candidate & { readonly own?: readonly number[] })[],
): Wave[] {
  return firstThatFit(table, candidates, (candidate) => {
    const raw = positionsOf(table, phases, candidate.frequencies);
    const start = raw.findIndex((p) => !Number.isNaN(p));
    const first = Math.round(raw[start] - start);
    const positions = raw.map((p, r) => (Number.isNaN(p) ? Number.NaN : first + r));
    return [{ ...candidate, positions, amplitude }];
  });
}

/** The slope of every pair's angle over the rows, and how far it is known. */
function fittedSteps(
  { layout, grid, stored }: Table,
  phases: Float64Array,
): { readonly frequencies: number[]; readonly errors: number[] } {
  const rows = Array.from({ length: grid.rows }, (_, r) => r);
  const frequencies = Array.from({ length: layout.pairs }, (_, k) => {
    const angles = rows.map((r) => phases[r * layout.pairs + k]);
    let [x, y] = [0, 0];
    for (let r = 1; r < angles.length; r++) {
      x += Math.cos(angles[r] - angles[r - 1]);
      y += Math.sin(angles[r] - angles[r - 1]);
    }
    const rough = Math.atan2(y, x);
    for (let r = 1; r < angles.length; r++) {
      const wanted = angles[r - 1] + rough;
      angles[r] += 2 * Math.PI * Math.round((wanted - angles[r]) / (2 * Math.PI));
    }
    return line(
      rows,
      angles,
      rows.map(() => 1),
    ).slope;
  });
  // a slope of n points whose angles are off by the rounding each: sqrt(12 / n^3) of it, and its share of float32 code
  const spread = Math.sqrt(12 / Math.max(2, grid.rows) ** 3);
  const errors = frequencies.map((f) => {
    const reach = Math.min(1, Math.abs(f) * grid.rows);
    return (3 * spread * halfUlp(reach, stored)) / Math.abs(f) + 2.5e-7;
  });
  return { frequencies, errors };
}

/**
 * Sines or cosines alone, of consecutive rows: v(r + 1) + v(r - 1) = 2 cos(f) v(r). Pairs that hardly turn in these rows tell
 * nothing, and are believed when the others are right.
 */
function fromRecurrence(table: Table, amplitude: number): Wave[] {
  const { layout, grid, stored } = table;
  const columns = (layout.sin ?? layout.cos) as readonly number[];
  if (grid.rows < 4) return [];
  const measured = columns.map((column) => {
    let [both, own] = [0, 0];
    for (let r = 1; r + 1 < grid.rows; r++) {
      const value = at(table, r, column);
      both += (at(table, r - 1, column) + at(table, r + 1, column)) * value;
      own += value * value;
    }
    const f = Math.acos(Math.min(1, Math.max(-1, both / (2 * own))));
    // the curvature must stand out from the rounding
    return f * f * amplitude > 60 * halfUlp(amplitude, stored) + 1e-5 && own > 0 ? f : Number.NaN;
  });
  const errors = measured.map((f) => (1.5 * halfUlp(amplitude, stored) + 3e-7 * amplitude) / (f * f * amplitude));
  return firstThatFit(table, scaledLadders(layout, measured, errors), (candidate) =>
    starts(table, candidate.frequencies, amplitude).map((first) => ({
      ...candidate,
      positions: Array.from({ length: grid.rows }, (_, r) => first + r),
      amplitude,
    })),
  );
}

/** Eight bits tell the curvature of one function too roughly for its base: those of published models are tried. */
function ofPublicBases(table: Table, amplitude: number): Wave[] {
  const { layout, grid, stored } = table;
  if (grid.rows < 4) return [];
  // whatever the base is, the fastest pair turns one radian a row
  const [fastest] = (layout.sin ?? layout.cos) as readonly number[];
  for (let r = 1; r + 1 < grid.rows; r++) {
    const sum = at(table, r - 1, fastest) + at(table, r + 1, fastest);
    if (Math.abs(sum - 2 * Math.cos(1) * at(table, r, fastest)) > 4 * halfUlp(amplitude, stored) + 1e-5) return [];
  }
  const candidates = BASES.map((base) => ({ ladder: { base, denominator: layout.pairs }, digits: 1 }));
  return firstThatFit(table, candidates, ({ ladder }) => {
    const frequencies = plainLadder(ladder, layout.pairs);
    return starts(table, frequencies, amplitude).map((first) => ({
      ladder,
      frequencies,
      positions: Array.from({ length: grid.rows }, (_, r) => first + r),
      amplitude,
    }));
  });
}

interface Try {
  readonly ladder: Ladder;
  readonly scaling?: Scaling;
  readonly divisors?: readonly number[];
  readonly own?: readonly number[];
  readonly frequencies: readonly number[];
  readonly positions: readonly number[];
  readonly amplitude: number;
}

/** Candidates come roundest first; those as round as the first that fits are kept beside it. */
function firstThatFit<C extends { readonly digits: number }>(
  table: Table,
  candidates: readonly C[],
  tries: (candidate: C) => readonly Try[],
): Wave[] {
  const found: Wave[] = [];
  let digits = Number.POSITIVE_INFINITY;
  for (const candidate of [...candidates].sort((a, b) => a.digits - b.digits)) {
    if (candidate.digits > digits) break;
    for (const attempt of tries(candidate)) {
      const wave = verify(table, attempt);
      if (!wave) continue;
      digits = candidate.digits;
      if (
        !found.some(
          (other) => other.ladder.base === wave.ladder.base && other.ladder.denominator === wave.ladder.denominator,
        )
      )
        found.push(wave);
      break;
    }
  }
  return found;
}

/** Every number made again. */
function verify(
  table: Table,
  { ladder, scaling, divisors, own, frequencies, positions, amplitude }: Try,
  fewest = 2,
): Wave | undefined {
  const { layout, grid, stored, empty } = table;
  const trial = amplitude === 1 ? 1 : bestAmplitude(table, frequencies, positions, amplitude, scaling);
  // positions that were fitted are known to a part of the rounding only
  const whole = positions.every((p) => Number.isNaN(p) || Number.isInteger(p));
  const fitted = own ? halfUlp(trial, stored) : whole ? 0 : 0.4 * halfUlp(trial, stored);
  let [maxError, furthest] = [0, 0];
  for (let r = 0; r < grid.rows; r++) {
    if (empty[r]) continue;
    furthest = Math.max(furthest, Math.abs(positions[r]));
    for (let k = 0; k < layout.pairs; k++) {
      const angle = positions[r] * frequencies[k];
      for (const [columns, wave] of [
        [layout.sin, Math.sin],
        [layout.cos, Math.cos],
      ] as const) {
        if (columns === undefined || columns[k] < 0) continue;
        const want = trial * wave(angle);
        const got = at(table, r, columns[k]);
        const error = Math.abs(got - want);
        const rounding = Math.max(halfUlp(want, stored), halfUlp(got, stored));
        if (!(error <= 1.01 * rounding + fitted + trial * angleError(angle))) return undefined;
        maxError = Math.max(maxError, error);
      }
    }
  }
  const told = frequencies.filter((f) => {
    const angle = Math.min(1, furthest * f);
    const moves = layout.sin ? angle : angle * angle;
    return 0.02 * moves > halfUlp(layout.sin ? angle : 1, stored) + angleError(angle);
  }).length;
  if (told < fewest) return undefined;
  return { layout, ladder, scaling, divisors, own, amplitude: tidy(trial), positions, maxError, told };
}

/** The amplitudes that every number allows: their middle, or YaRN's own where it is among them. */
function bestAmplitude(
  table: Table,
  frequencies: readonly number[],
  positions: readonly number[],
  rough: number,
  scaling: Scaling | undefined,
): number {
  const { layout, grid, empty, stored } = table;
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  for (let r = 0; r < grid.rows; r++) {
    if (empty[r]) continue;
    for (let k = 0; k < layout.pairs; k++) {
      const angle = positions[r] * frequencies[k];
      for (const [columns, wave] of [
        [layout.sin, Math.sin],
        [layout.cos, Math.cos],
      ] as const) {
        if (columns === undefined || columns[k] < 0) continue;
        const unit = Math.abs(wave(angle));
        // near a zero nothing is told
        if (unit < 0.1) continue;
        const got = Math.abs(at(table, r, columns[k]));
        const slack = halfUlp(got, stored) + rough * angleError(angle);
        low = Math.max(low, (got - slack) / unit);
        high = Math.min(high, (got + slack) / unit);
      }
    }
  }
  const own = scaling?.ropeType === 'yarn' ? 1 + 0.1 * Math.log(scaling.factor) : Number.NaN;
  if (own >= low && own <= high) return own;
  return low <= high ? (low + high) / 2 : rough;
}
