/**
 * Frequencies, direction and offset from the phases of rotating pairs: phase_i(p) = sign * f_i * (p + offset), known only
 * modulo a turn. Short distances between positions give frequencies roughly and without ambiguity, longer ones refine
 * them; slow pairs give the offset roughly, faster ones refine it.
 */

/** Sums of turns, z conjugate times w: for each pair one complex number a position, positions ascending. */
export interface Turns {
  readonly at: readonly number[];
  readonly re: readonly Float64Array[];
  readonly im: readonly Float64Array[];
}

/** f_i = first * base^(-2i / rotaryDim). */
export interface Ladder {
  readonly base: number;
  readonly first: number;
}

export interface Spectrum {
  readonly sign: 1 | -1;
  readonly offset: number;
  /** Measured; NaN where the data do not tell. */
  readonly frequencies: number[];
  /** The ladder where there is one, else the measured ones: what residuals are computed with. */
  readonly used: readonly number[];
  readonly ladder?: Ladder;
}

const TURN = 2 * Math.PI;
/** Assumed error of a phase, radians, besides the rounding of a float32 angle. */
const PHASE_ERROR = 2e-5;
const FLOAT32_ROUNDING = 1.2e-7;
/** Errors are larger in 16-bit results: how much larger, when a whole turn is at stake. */
const CAUTION = 50;
/** Positions that distances are taken between. */
const MOST_POSITIONS = 160;

const wrap = (angle: number): number => angle - TURN * Math.round(angle / TURN);

export function measure(turns: Turns, rotaryDim: number): Spectrum {
  // one position alone: the turn from position 0, where a rotation does nothing
  const alone = turns.at.length === 1 && turns.at[0] !== 0;
  const data = alone ? withOrigin(turns) : turns;
  const gaps = distances(data);
  const farthest = Math.max(...data.at.map(Math.abs));
  const signed = frequenciesOf(data, gaps, rotaryDim, FLOAT32_ROUNDING * farthest);
  const sign = signed.reduce((sum, f) => sum + (Number.isNaN(f) ? 0 : Math.sign(f)), 0) < 0 ? -1 : 1;
  const frequencies = signed.map((f) => sign * f);
  const span = data.at[data.at.length - 1] - data.at[0];
  const ladder = fitLadder(frequencies, rotaryDim, span, FLOAT32_ROUNDING * farthest);
  const used = ladder
    ? frequencies.map((_, i) => ladder.first * Math.exp((-2 * i * Math.log(ladder.base)) / rotaryDim))
    : frequencies.map((f) => (Number.isNaN(f) ? 0 : f));
  return { sign, offset: alone ? 0 : offsetOf(data, used, sign), frequencies, used, ...(ladder && { ladder }) };
}

function withOrigin({ at, re, im }: Turns): Turns {
  const put = (list: Float64Array, value: number) => Float64Array.from(at[0] > 0 ? [value, list[0]] : [list[0], value]);
  return {
    at: at[0] > 0 ? [0, at[0]] : [at[0], 0],
    re: re.map((list) => put(list, 1)),
    im: im.map((list) => put(list, 0)),
  };
}

interface Gap {
  readonly distance: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Pairs of positions by distance, shortest first. */
function distances({ at }: Turns): Gap[] {
  const step = Math.ceil(at.length / MOST_POSITIONS);
  const gaps = new Map<number, { from: number[]; to: number[] }>();
  const add = (a: number, b: number): void => {
    const distance = at[b] - at[a];
    const entry = gaps.get(distance) ?? { from: [], to: [] };
    if (entry.from.length < MOST_POSITIONS) {
      entry.from.push(a);
      entry.to.push(b);
    }
    gaps.set(distance, entry);
  };
  for (let k = 1; k < at.length; k++) add(k - 1, k);
  for (let a = 0; a < at.length; a += step) for (let b = a + step; b < at.length; b += step) if (b > a + 1) add(a, b);
  return [...gaps].map(([distance, lists]) => ({ distance, ...lists })).sort((p, q) => p.distance - q.distance);
}

/** Mean phase of pair i over a distance. */
function phase({ re, im }: Turns, i: number, { from, to }: Gap): number {
  let [x, y] = [0, 0];
  for (let n = 0; n < from.length; n++) {
    const [a, b, c, d] = [re[i][from[n]], im[i][from[n]], re[i][to[n]], im[i][to[n]]];
    const size = Math.sqrt((a * a + b * b) * (c * c + d * d));
    if (size === 0) continue;
    x += (c * a + d * b) / size;
    y += (d * a - c * b) / size;
  }
  return x === 0 && y === 0 ? Number.NaN : Math.atan2(y, x);
}

function frequenciesOf(turns: Turns, gaps: readonly Gap[], rotaryDim: number, rounding: number): number[] {
  const pairs = turns.re.length;
  const found = new Array<number>(pairs).fill(Number.NaN);
  if (gaps.length === 0) return found;
  const [shortest] = gaps;
  // frequencies are at most 1: up to this distance the first phase has no turns left out
  const plain = shortest.distance < Math.PI;
  for (let i = pairs - 1; i >= 0; i--) {
    const first = phase(turns, i, shortest);
    let rough = first / shortest.distance;
    if (!plain && i < pairs - 1) {
      const expected = extrapolate(found, i, rotaryDim);
      rough += (TURN * Math.round((expected * shortest.distance - first) / TURN)) / shortest.distance;
    }
    found[i] = refine(turns, gaps, i, rough, CAUTION * PHASE_ERROR + rounding);
  }
  return found;
}

/** The next faster pair of a geometric ladder whose first frequency is 1. */
function extrapolate(found: readonly number[], i: number, rotaryDim: number): number {
  const next = Math.abs(found[i + 1]);
  const exponent = (2 * (i + 1)) / rotaryDim;
  return Math.sign(found[i + 1]) * Math.exp((Math.log(next) * (exponent - 2 / rotaryDim)) / exponent);
}

function refine(turns: Turns, gaps: readonly Gap[], i: number, rough: number, error: number): number {
  let [f, reached] = [rough, gaps[0].distance];
  for (const gap of gaps) {
    // a jump too far could miss a whole turn
    if ((gap.distance / reached) * error > 0.5) break;
    if (gap.distance < 1.5 * reached && gap !== gaps[gaps.length - 1]) continue;
    const rest = wrap(phase(turns, i, gap) - f * gap.distance);
    if (Number.isNaN(rest)) continue;
    f += rest / gap.distance;
    reached = gap.distance;
  }
  return f;
}

/** Least squares of ln f over the pair's index, if it fits every pair whose frequency is measured well. */
function fitLadder(
  frequencies: readonly number[],
  rotaryDim: number,
  span: number,
  rounding: number,
): Ladder | undefined {
  // relative error of a frequency: error of a phase over the phase of the longest distance
  const error = (f: number): number => PHASE_ERROR / Math.min(1, f * span) + rounding / span + 1e-7;
  const points = frequencies.flatMap((f, i) =>
    f > 0 && error(f) < 1e-2 ? [{ i, ln: Math.log(f), weight: 1 / error(f) ** 2 }] : [],
  );
  if (points.length < 2) {
    const alone = points.length === 1 && rotaryDim === 2;
    return alone ? { base: 10000, first: snap(frequencies[0], 1e-4) } : undefined;
  }
  let [w, wi, wl, wii, wil] = [0, 0, 0, 0, 0];
  for (const { i, ln, weight } of points) {
    w += weight;
    wi += weight * i;
    wl += weight * ln;
    wii += weight * i * i;
    wil += weight * i * ln;
  }
  const slope = (w * wil - wi * wl) / (w * wii - wi * wi);
  const start = (wl - slope * wi) / w;
  const off = points.map(({ i, ln, weight }) => Math.abs(start + slope * i - ln) * Math.sqrt(weight));
  if (Math.max(...off) > 50) return undefined;
  // three standard errors of the two coefficients
  const scale = w * wii - wi * wi;
  const [ofSlope, ofStart] = [3 * Math.sqrt(w / scale), 3 * Math.sqrt(wii / scale)];
  return {
    base: snap(Math.exp((-slope * rotaryDim) / 2), Math.max(2e-4, (ofSlope * rotaryDim) / 2)),
    first: snap(Math.exp(start), Math.max(1e-5, ofStart)),
  };
}

/** The number with the fewest digits within the tolerance. */
function snap(value: number, tolerance: number): number {
  for (let digits = 1; digits <= 6; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.abs(short - value) <= tolerance * Math.abs(value)) return short;
    // factors are written as whole numbers: 1 / 3
    const inverse = 1 / Number((1 / value).toPrecision(digits));
    if (Math.abs(inverse - value) <= tolerance * Math.abs(value)) return inverse;
  }
  return value;
}

function offsetOf(turns: Turns, used: readonly number[], sign: 1 | -1): number {
  const rest = used.map((f, i) => {
    let [x, y] = [0, 0];
    turns.at.forEach((p, k) => {
      const angle = -sign * f * p;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const size = Math.hypot(turns.re[i][k], turns.im[i][k]) || 1;
      x += (turns.re[i][k] * c - turns.im[i][k] * s) / size;
      y += (turns.re[i][k] * s + turns.im[i][k] * c) / size;
    });
    return sign * Math.atan2(y, x);
  });
  const agreement = (offset: number): number =>
    used.reduce((sum, f, i) => sum + Math.cos(rest[i] - f * offset), 0) / used.length;
  let offset = rest[rest.length - 1] / used[used.length - 1];
  for (let i = used.length - 2; i >= 0; i--) offset += wrap(rest[i] - used[i] * offset) / used[i];
  const whole = Math.round(offset);
  const near = Math.abs(offset - whole) < 2e-2 ? whole : offset;
  // nothing added is the answer unless another offset is clearly better
  return Number.isFinite(near) && agreement(near) > agreement(0) + 1e-9 ? near : 0;
}
