/** Waves in the words of the library: the same numbers are a sinusoidal table, a rotary cache or embedded time steps. */
import type { Identification, Identified } from './found.ts';
import type { Scaling } from './ladders.ts';
import { type Stored, tidy } from './numbers.ts';
import type { Wave } from './waves.ts';

interface Rows {
  /** Position of the first row that is not empty. */
  readonly start: number;
  /** Equal steps between rows; undefined for arbitrary positions. */
  readonly step?: number;
  /** Position, in steps, of a row of zeros. */
  readonly zeroRow?: number;
}

function runOf(positions: readonly number[]): Rows {
  const known = positions.flatMap((p, r) => (Number.isNaN(p) ? [] : [r]));
  const [first, second] = known;
  const start = positions[first];
  const step = second === undefined ? undefined : (positions[second] - start) / (second - first);
  const near = (p: number, r: number): boolean =>
    Math.abs(p - start - (r - first) * (step as number)) <= 1e-6 * Math.abs(p) + 1e-9;
  if (step === undefined || step === 0 || !known.every((r) => near(positions[r], r))) return { start };
  const empty = positions.findIndex(Number.isNaN);
  return {
    start: start - first * step,
    step: tidy(step),
    ...(empty >= 0 && { zeroRow: tidy(start / step) + empty - first }),
  };
}

/** Denominators in the words of sinusoidal. */
function denominatorOf({ layout, ladder }: Wave): 'half' | 'half-1' | number {
  const { width } = layout;
  if (ladder.denominator === Math.floor(width / 2) - 1) return 'half-1';
  return ladder.denominator === width / 2 || (width % 2 === 1 && ladder.denominator === (width + 1) / 2)
    ? 'half'
    : ladder.denominator;
}

export function readingsOf(
  found: readonly Wave[],
  stored: Stored,
  { complex }: { readonly complex: boolean },
): Identification {
  // whole positions are likelier than steps of something, plain scalings likelier than others
  const ranked = [...found].sort((a, b) => oddity(a) - oddity(b));
  const [wave, ...others] = ranked;
  if (!wave) return { found: [], also: [], reason: 'no sines and cosines of position times frequency' };
  const readings = readingsOfOne(wave, stored, complex);
  const [best, ...same] = readings;
  const also = same.map(sentence);
  for (const other of others.slice(0, 3)) also.push(`or ${sentence(readingsOfOne(other, stored, complex)[0])}`);
  return { found: [best], also: [...new Set(also)], reason: 'sines and cosines of position times frequency' };
}

function oddity(wave: Wave): number {
  const rows = runOf(wave.positions);
  const digits = String(wave.ladder.base).replace(/[^1-9]/g, '').length;
  return digits + (rows.step === 1 ? 0 : rows.step === undefined ? 4 : 2) + (wave.scaling ? 1 : 0);
}

function sentence({ encoding, options }: Identified): string {
  const words = Object.entries(options).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${encoding}: ${words.join(', ')}`;
}

const defined = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** A ladder divided pair by pair, or frequencies that no ladder gives. */
function listedReading(wave: Wave, stored: Stored, complex: boolean): Identified {
  const { layout, ladder, divisors, own, amplitude, maxError, told } = wave;
  const { start, step = 1 } = runOf(wave.positions);
  const { ropeTheta: _, ...options } = rotaryOptions(wave, { start, step }, complex);
  const unknown: string[] = [];
  if (own) {
    unknown.push(
      'the rule of these frequencies: a ladder of any base times a list of per-pair factors gives them (LongRoPE); given as divisors, the list tells the base',
    );
  } else {
    unknown.push('which of its two lists a LongRoPE model was asked for, and its original length');
  }
  if (told < layout.pairs) unknown.push(`pairs from ${told} on hardly move in these rows: their frequencies are rough`);
  return {
    encoding: 'rotary',
    options: defined({
      ...options,
      ...(own ? { invFreq: own.map((f) => Number(f.toPrecision(7))) } : { ropeTheta: ladder.base, divisors }),
      ...(amplitude === 1 ? {} : { attentionFactor: amplitude }),
    }),
    stored,
    maxError,
    sure: own ? 'likely' : told < layout.pairs ? 'likely' : 'certain',
    unknown,
  };
}

function readingsOfOne(wave: Wave, stored: Stored, complex: boolean): Identified[] {
  if (wave.own || wave.divisors) return [listedReading(wave, stored, complex)];
  const { layout, ladder, scaling, amplitude, maxError, told } = wave;
  const rows = runOf(wave.positions);
  const even = rows.step !== undefined;
  const unknown: string[] = [];
  if (told < layout.pairs) {
    unknown.push(`pairs from ${told} on hardly move in these rows: a scaling of them alone cannot be excluded`);
  }
  const round = Number(ladder.base.toPrecision(5)) === ladder.base;
  if (!round) unknown.push('the base is not round: it may have been raised (NTK), or the width be another');
  const sure: Identified['sure'] = unknown.length === 0 && told >= 3 ? 'certain' : 'likely';
  const make = (encoding: Identified['encoding'], options: Record<string, unknown>): Identified => ({
    encoding,
    options: defined(options),
    stored,
    maxError,
    sure,
    unknown,
  });
  const rotary = (): Identified => make('rotary', rotaryOptions(wave, rows, complex));
  const joint = layout.name === 'interleaved' || layout.name === 'concat';
  if (!joint || complex || scaling) return [rotary()];
  const sinusoidal = make('sinusoidal', {
    dim: layout.width + (layout.zeroColumn && layout.width % 2 === 0 ? 1 : 0),
    base: ladder.base,
    arrangement: layout.name,
    order: layout.order,
    denominator: denominatorOf(wave),
    oddRule: oddRuleOf(wave),
    ...placeOf(rows),
    amplitude: amplitude === 1 ? undefined : amplitude,
    zeroRow: rows.zeroRow,
    positions: even ? undefined : wave.positions.map(tidy),
  });
  const couldBeRotary = layout.width % 2 === 0 && denominatorOf(wave) === 'half' && even && rows.zeroRow === undefined;
  const list = [sinusoidal];
  if (couldBeRotary) list.push(rotary());
  if (layout.name === 'concat' && amplitude === 1 && rows.zeroRow === undefined)
    list.push(timestepOf(wave, rows, make));
  // rotary caches begin with the cosine; time steps are no run of whole numbers
  const first =
    !even || (rows.step !== 1 && Number(rows.step) > 1)
      ? 'timestep'
      : amplitude !== 1 || layout.order === 'cos-sin'
        ? 'rotary'
        : 'sinusoidal';
  return list.sort((a, b) => Number(b.encoding === first) - Number(a.encoding === first));
}

/** First position, and what multiplies it. */
function placeOf({ start, step }: Rows): Record<string, unknown> {
  if (step === undefined) return {};
  return { offset: tidy(start / step) || undefined, scale: step === 1 ? undefined : step };
}

function oddRuleOf(wave: Wave): string | undefined {
  const { layout, ladder } = wave;
  if (layout.zeroColumn) return 'zero';
  if (layout.width % 2 === 0) return undefined;
  return ladder.denominator === (layout.width + 1) / 2 ? 'truncate' : 'ceil';
}

function timestepOf(
  { layout, ladder, positions }: Wave,
  rows: Rows,
  make: (encoding: 'timestep', options: Record<string, unknown>) => Identified,
): Identified {
  const largest = Math.max(...positions.filter((p) => !Number.isNaN(p)).map(Math.abs));
  const scale = rows.step !== undefined && rows.step % 1000 === 0 ? 1000 : 1;
  return make('timestep', {
    dim: layout.width + (layout.zeroColumn ? 1 : 0),
    flipSinToCos: layout.order === 'cos-sin',
    downscaleFreqShift: tidy(Math.floor(layout.width / 2) - ladder.denominator),
    maxPeriod: ladder.base,
    scale: scale === 1 ? undefined : scale,
    steps: positions.length <= 64 ? positions.map((p) => tidy(p / scale)) : `up to ${tidy(largest / scale)}`,
  });
}

const LAYOUTS: Readonly<Record<string, string>> = {
  'interleaved sin-cos': 'sin_cos_interleaved',
  'interleaved cos-sin': 'cos_sin_interleaved',
  'concat sin-cos': 'sin_cos_concat',
  'concat cos-sin': 'cos_sin_concat',
};

function rotaryOptions(
  { layout, ladder, scaling, amplitude }: Wave,
  rows: Rows,
  complex: boolean,
): Record<string, unknown> {
  const joined = LAYOUTS[`${layout.name} ${layout.order}`];
  const linear: Scaling | undefined =
    scaling ??
    (rows.step !== undefined && rows.step < 1 ? { ropeType: 'linear', factor: tidy(1 / rows.step) } : undefined);
  const step = rows.step ?? 1;
  return {
    rotaryDim: 2 * layout.pairs,
    ropeTheta: ladder.base,
    ...linear,
    tableLayout: complex ? 'complex' : (joined ?? layout.name),
    holds: layout.sin && layout.cos ? undefined : layout.sin ? 'sin' : 'cos',
    offset: tidy(rows.start / step) || undefined,
    attentionFactor: amplitude === 1 ? undefined : amplitude,
  };
}
