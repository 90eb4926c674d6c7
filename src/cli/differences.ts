/** In words: how a rotation, a table or a bias differs from the expected one. */
import { type Diagnosis, diagnose, rotaryFrequencies } from '../index.ts';
import type { Preset } from './presets.ts';
import { streamMistake } from './streams.ts';
import { largestDifference, type Numbers, type Vector, vectorOf } from './vectors.ts';

type RotaryPreset = Extract<Preset, { kind: 'rotary' }>;

/** Three significant digits at least, whole numbers whole. */
const say = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));

export function rotationDifferences(vector: Vector, rotated: Float32Array, tolerance: number): string[] {
  const preset = vector.preset as RotaryPreset;
  if (preset.spec.mropeSection) {
    return [
      streamMistake(vector, 'rotated', rotated, tolerance) ??
        'pairs take several position streams here; check cos and sin first, then pairing with equal streams',
    ];
  }
  const x = vector.x as Numbers;
  const positions = vector.positions as readonly number[];
  const found = diagnose({ x: x.data, rotated, positions, shape: x.shape });
  if (found.kind === 'unchanged') return ['your output equals x: nothing was rotated'];
  if (found.kind === 'other') return [classicMistake(vector, rotated, tolerance) ?? noRotation(found)];
  return against(found, vector);
}

/** cos and sin are what a rotation makes of the pair (1, 0). */
export function tableDifferences(name: string, vector: Vector, got: Readonly<Record<string, Numbers>>): string[] {
  const preset = vector.preset as RotaryPreset;
  const { data } = got[name];
  if (name === 'inv_freq') return frequencyWords(Array.from(data), vector) ?? ['frequencies differ'];
  const expected = vector.outputs;
  const { cos, sin } = got;
  if (data.length === expected[name].data.length * 2) {
    const other =
      preset.spec.pairing === 'interleaved' ? ['[f, f]', 'every value twice'] : ['every value twice', '[f, f]'];
    const [n, h] = expected[name].shape;
    const swapped = Float32Array.from({ length: data.length }, (_, i) => {
      const [row, column] = [Math.floor(i / (2 * h)), i % (2 * h)];
      return expected[name].data[row * h + (preset.spec.pairing === 'interleaved' ? column % h : column >> 1)];
    });
    if (largestDifference(data, swapped) <= vector.tolerance.cos) {
      return [`your rows hold ${other[0]}, expected ${other[1]} for ${preset.spec.pairing ?? 'half'} pairing`];
    }
    return [`compare the first ${h} of each of the ${n} rows: give cos and sin [${n}, ${h}] for a diagnosis`];
  }
  const swap = expected[name === 'cos' ? 'sin' : 'cos'].data;
  if (largestDifference(data, swap) <= vector.tolerance.cos) return ['cos and sin are exchanged'];
  if (preset.spec.mropeSection) {
    const mistake = streamMistake(vector, name, Float32Array.from(data), vector.tolerance.cos);
    if (mistake !== undefined) return [mistake];
  }
  if (!cos || !sin || cos.data.length !== sin.data.length || preset.spec.mropeSection)
    return ['give cos and sin both for a diagnosis'];
  const [tokens, pairs] = expected.cos.shape;
  const interleave = (even: (i: number) => number, odd: (i: number) => number) =>
    Float32Array.from({ length: 2 * tokens * pairs }, (_, i) => (i % 2 === 0 ? even(i >> 1) : odd(i >> 1)));
  const found = diagnose({
    x: interleave(
      () => 1,
      () => 0,
    ),
    rotated: interleave(
      (i) => cos.data[i],
      (i) => sin.data[i],
    ),
    positions: vector.positions as readonly number[],
    shape: [tokens, 2 * pairs],
  });
  if (found.kind !== 'rotation') return ['cos and sin are not those of position times frequency'];
  // a table tells no channels: those are taken as expected
  const { pairing = 'half', outputPairing = pairing, rotaryOffset = 0, rotationSign = 1 } = preset.spec;
  const sign = found.sign === 1 ? rotationSign : rotationSign === 1 ? -1 : 1;
  return against({ ...found, pairing, outputPairing, rotaryOffset, sign }, vector, 2 * pairs);
}

/** What was found against what was expected, the most telling first. */
function against(found: Diagnosis, vector: Vector, width?: number): string[] {
  const { spec, context } = vector.preset as RotaryPreset;
  const positions = vector.positions as readonly number[];
  const length = context ?? Math.max(1, Math.floor(Math.max(...positions)) + 1);
  const wanted = rotaryFrequencies(spec, { context: length });
  const list: string[] = [];
  const yours = (what: string, expected: string) => list.push(`your output is ${what}, expected ${expected}`);
  const { pairing, outputPairing, rotationSign, attentionFactor } = wanted;
  if (found.pairing !== pairing) yours(found.pairing, pairing);
  if (found.outputPairing !== outputPairing && (found.pairing === pairing || pairing !== outputPairing)) {
    list.push(`your channels leave in ${found.outputPairing} order, expected ${outputPairing}`);
  }
  if (found.rotaryOffset !== wanted.rotaryOffset) {
    yours(`rotated from channel ${found.rotaryOffset}`, `from channel ${wanted.rotaryOffset}`);
  }
  const rotaryDim = width ?? wanted.rotaryDim;
  // the slowest pairs may not move visibly
  if (found.rotaryDim > rotaryDim || (found.rotaryDim < rotaryDim && found.pairing === 'half')) {
    yours(`rotated in ${found.rotaryDim} channels`, `${rotaryDim}`);
  }
  if (found.sign !== rotationSign) {
    const direction = (sign: number) => (sign === 1 ? 'forwards' : 'backwards');
    yours(
      `turned ${direction(found.sign)} (sin has the other sign, or the matrix is transposed)`,
      direction(rotationSign),
    );
  }
  if (found.offset !== 0) {
    list.push(
      `your positions are off by ${say(found.offset)}: position p was rotated as p ${found.offset > 0 ? '+' : '-'} ${say(Math.abs(found.offset))}`,
    );
  }
  list.push(...(frequencyWords(found.frequencies, vector, found) ?? []));
  if (Math.abs(found.amplitude - attentionFactor) > 1e-4 * attentionFactor) {
    const why = found.amplitude === 1 ? ' (the attention factor is missing)' : '';
    yours(`${say(found.amplitude)} times as long as x`, `${say(attentionFactor)} times${why}`);
  }
  if (list.length === 0)
    list.push(`the expected rotation, but inexact: angles rounded more than float32 rounds them, or a 16-bit result`);
  return list;
}

/** Frequencies against the expected ones; undefined when they agree as far as they are known. */
function frequencyWords(got: readonly number[], vector: Vector, found?: Diagnosis): string[] | undefined {
  const { spec, context } = vector.preset as RotaryPreset;
  const positions = vector.positions as readonly number[];
  const last = Math.max(...positions.map(Math.abs));
  const length = context ?? Math.max(1, Math.floor(last) + 1);
  const wanted = rotaryFrequencies(spec, { context: length });
  const plain = rotaryFrequencies({ headDim: wanted.rotaryDim, ropeTheta: spec.ropeTheta });
  // a measured frequency is known to about a hundred-thousandth of a radian over the longest distance
  const off = (want: ArrayLike<number>) =>
    Array.from(want).findIndex((f, i) => !(Math.abs(got[i] - f) <= 1e-4 * f + (found ? 2e-4 / Math.max(1, last) : 0)));
  const first = got.length === wanted.pairs ? off(wanted.ladder.hi) : 0;
  if (first < 0) return undefined;
  const scaling = wanted.ropeType;
  const base = spec.ropeTheta ?? 10000;
  if (scaling !== 'default' && got.length === wanted.pairs && off(plain.ladder.hi) < 0) {
    return [`your frequencies are those of base ${say(base)} without scaling; the ${scaling} scaling is missing`];
  }
  if (found?.base !== undefined && found.firstFrequency !== undefined) {
    const factor = found.firstFrequency === 1 ? '' : `, divided by ${say(1 / found.firstFrequency)}`;
    const want = `base ${say(base)}${scaling === 'default' ? '' : ` with ${scaling} scaling`}`;
    const over = (pairs: number) => (got.length === wanted.pairs ? '' : ` over ${2 * pairs} channels`);
    return [
      `your frequencies are a ladder of base ${say(found.base)}${factor}${over(got.length)}; expected ${want}${over(wanted.pairs)}`,
    ];
  }
  return [
    `your frequencies differ from pair ${first} on: ${say(got[first])} radians per position, expected ${say(wanted.ladder.hi[first])}`,
  ];
}

const noRotation = ({ residual, pairing }: Diagnosis): string =>
  `your output is no rotation of pairs by position times frequency (closest: ${pairing}, relative error ${residual.toPrecision(2)})`;

/** Products of cos and sin that are no rotation, but that people write. */
function classicMistake(vector: Vector, rotated: Float32Array, tolerance: number): string | undefined {
  const { spec } = vector.preset as RotaryPreset;
  const [x, cos, sin] = [vector.x as Numbers, vector.outputs.cos, vector.outputs.sin];
  const { headDim, rotaryOffset = 0 } = spec;
  const [tokens, h] = cos.shape;
  const heads = x.data.length / (tokens * headDim);
  const mistakes: [
    string,
    (half: boolean) => { half: boolean; c: 'cos' | 'sin'; s: 'cos' | 'sin'; angles: 'half' | 'twice'; minus?: boolean },
  ][] = [
    ['cos and sin are exchanged', (half) => ({ half, c: 'sin', s: 'cos', angles: half ? 'half' : 'twice' })],
    [
      'your channels pair half (rotate_half), but every angle is repeated for neighbours (interleaved): repeat the row instead, [f, f]',
      () => ({ half: true, c: 'cos', s: 'sin', angles: 'twice' }),
    ],
    [
      'your channels pair interleaved, but the row of angles is repeated ([f, f]): repeat every angle instead',
      () => ({ half: false, c: 'cos', s: 'sin', angles: 'half' }),
    ],
    [
      'the minus sign of the rotation is missing',
      (half) => ({ half, c: 'cos', s: 'sin', angles: half ? 'half' : 'twice', minus: false }),
    ],
  ];
  for (const [message, how] of mistakes) {
    const { half, c, s, angles, minus = true } = how(spec.pairing !== 'interleaved');
    const made = Float32Array.from(x.data);
    const tables = { cos: cos.data, sin: sin.data };
    for (let t = 0; t < tokens; t++) {
      for (let n = 0; n < heads; n++) {
        const at = (t * heads + n) * headDim + rotaryOffset;
        for (let j = 0; j < 2 * h; j++) {
          const first = half ? j < h : j % 2 === 0;
          const partner = half ? (first ? j + h : j - h) : j ^ 1;
          const angle = t * h + (angles === 'half' ? j % h : j >> 1);
          const sine = tables[s][angle] * (first && minus ? -1 : 1);
          made[at + j] = x.data[at + j] * tables[c][angle] + x.data[at + partner] * sine;
        }
      }
    }
    if (largestDifference(made, rotated) <= 2 * tolerance) return message;
  }
  return undefined;
}

/** Sinusoidal tables and biases: the public variants, one difference at a time. */
export function alternatives(vector: Vector, got: Float32Array, tolerance: number): string[] {
  const { preset } = vector;
  if (preset.kind === 'rotary') return [];
  const variants: Readonly<Record<string, readonly unknown[]>> =
    preset.kind === 'sinusoidal'
      ? {
          arrangement: ['interleaved', 'concat'],
          order: ['sin-cos', 'cos-sin'],
          denominator: ['half', 'half-1'],
          offset: [0, 1, -1, 2],
        }
      : {
          form: ['distance', 'tril', 'key', 'key-last-zero'],
          slopes: ['press', 'geometric'],
          causal: [false, true],
          alibiBiasMax: [8, 16],
        };
  const names = Object.keys(variants);
  const standard = Object.fromEntries(names.map((name) => [name, variants[name][0]]));
  const expected: Readonly<Record<string, unknown>> = { ...standard, ...preset.options };
  let tries: Record<string, unknown>[] = [{}];
  for (const name of names)
    tries = tries.flatMap((some) => variants[name].map((value) => ({ ...some, [name]: value })));
  const changes = (some: Record<string, unknown>) => names.filter((name) => some[name] !== expected[name]);
  for (const some of tries.sort((a, b) => changes(a).length - changes(b).length)) {
    const other = vectorOf(vector.name, { ...preset, options: { ...preset.options, ...some } } as Preset);
    const [{ data }] = Object.values(other.outputs);
    if (largestDifference(data, got) > tolerance) continue;
    return changes(some).map(
      (name) => `your output has ${name} ${String(some[name])}, expected ${String(expected[name])}`,
    );
  }
  return ['your output is none of the public variants'];
}
