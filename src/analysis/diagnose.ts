/**
 * From vectors before and after a rotary embedding to what rotated them: pairing, width, direction, amplitude, base and
 * offset. A rotation keeps the length of every pair, which tells the pairs; it turns pair i by sign * f_i * (position +
 * offset), which tells the rest. RoFormer, arXiv 2104.09864 eq. 34.
 *
 * A diagnosis is an estimate to be read by a person, so this file, unlike the encoders, uses Math.atan2, Math.log and Math.exp.
 */
import { oneOf, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type NumberList, numberList, positionList } from '../runtime/lists.ts';
import { checkShape, elementsOf } from '../runtime/shapes.ts';
import { type Ladder, measure, type Spectrum } from './spectrum.ts';

/** How the two channels of a pair lie, in the words of the rotary wing, which no other wing imports. */
type Pairing = 'half' | 'interleaved';

export interface DiagnoseOptions {
  /** The vectors before. */
  readonly x: NumberList;
  /** The vectors after, of the same shape. */
  readonly rotated: NumberList;
  /** [S] or [B * S]: the position of every token. */
  readonly positions: NumberList;
  /** [S, D], [S, H, D] or [B, S, H, D] ('BHSD': [H, S, D] or [B, H, S, D]). Needed for plain arrays. */
  readonly shape?: readonly number[];
  /** Order of the axes. Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD';
}

export interface Diagnosis {
  /**
   * 'rotation': everything below describes what was done. 'unchanged': nothing moved. 'other': pairs do not keep their
   * length under any pairing, or do not turn in proportion to positions; the description is then the closest one.
   */
  readonly kind: 'rotation' | 'unchanged' | 'other';
  /** How channels pair. */
  readonly pairing: Pairing;
  /** How they pair afterwards; another word than `pairing` where the rotation permuted them. */
  readonly outputPairing: Pairing;
  /** Rotated channels. The slowest pairs may not have moved visibly: then a lower bound. */
  readonly rotaryDim: number;
  /** First rotated channel. */
  readonly rotaryOffset: number;
  /** 1, or -1: turned backwards (the transposed rotation). */
  readonly sign: 1 | -1;
  /** Length after over length before: the attention factor. */
  readonly amplitude: number;
  /** Added to every given position; 1 is a table that starts at position 1. */
  readonly offset: number;
  /** Base of the frequencies when they are a geometric ladder base^(-2i / rotaryDim); undefined for a scaled one. */
  readonly base?: number;
  /** Frequency of pair 0 in radians per position when the ladder is geometric: 1, or 1 / factor of a linear scaling. */
  readonly firstFrequency?: number;
  /** Measured, radians per position, one for each pair; NaN where the data do not tell. */
  readonly frequencies: readonly number[];
  /** Root mean square of rotated minus what this description gives, relative to rotated. */
  readonly residual: number;
}

/** Below this a pair's length counts as kept: 16-bit results have errors of about 4e-3. */
const KEPT = 2e-2;
/** Below this the description explains the data; float32 angles at 131072 positions are off by 1e-2. */
const EXPLAINED = 3e-2;

/** Vectors in float64, token by token. */
interface Vectors {
  readonly count: number;
  readonly width: number;
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Position of each vector. */
  readonly at: Float64Array;
}

interface Frame {
  readonly pairing: Pairing;
  readonly outputPairing: Pairing;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
}

/**
 * Which rotation turned x into `rotated`. Several tokens with different, not too distant positions tell most; a single
 * token tells its pairing, and the base if nothing was added to its position.
 * An estimate in float64, with its residual.
 * @param given x and `rotated`, flat, their `shape` [S, D], [S, H, D] or [B, S, H, D], and the `positions`
 * @returns what was found, as plain data: pairing, width, sign, offset, base, residual
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION
 * @see Su et al., RoFormer, arXiv 2104.09864, eq. 34
 * @example
 * const x = Float32Array.from({ length: 8 * 64 }, (_, i) => ((i * 37) % 101) / 50 - 1);
 * const rotated = applyRotary(x.slice(), rotaryTable({ headDim: 64 }, { length: 8 }), { shape: [1, 8, 1, 64] });
 * const found = diagnose({ x, rotated, positions: [0, 1, 2, 3, 4, 5, 6, 7], shape: [8, 64] });
 * console.log(found.pairing, found.base); // half 10000
 */
export function diagnose(given: DiagnoseOptions): Diagnosis {
  const o = take('diagnose', given, ['x', 'rotated', 'positions', 'shape', 'layout']);
  const vectors = read(o);
  const { width } = vectors;
  const changed = changedChannels(vectors);
  if (changed === undefined) {
    const frame = { pairing: 'half', outputPairing: 'half', rotaryDim: 0, rotaryOffset: 0 } as const;
    return { kind: 'unchanged', ...frame, sign: 1, amplitude: 1, offset: 0, frequencies: [], residual: 0 };
  }
  const scored = frames(changed, width).map((frame) => ({ frame, ...lengths(vectors, frame) }));
  const best = Math.min(...scored.map(({ error }) => error));
  const near = scored.filter(({ error }) => error <= Math.max(2 * best, best + 1e-7));
  let found: Diagnosis | undefined;
  // the narrowest comes first: a wider one must explain clearly more
  for (const { frame, amplitude } of near.slice(0, 64)) {
    const next = describe(vectors, frame, amplitude, best);
    if (found === undefined || rank(next) < 0.8 * rank(found)) found = next;
  }
  return found as Diagnosis;
}

/** Residual, less for a ladder whose base is a number that people write. */
function rank({ residual, base }: Diagnosis): number {
  return (residual + 1e-6) * (base !== undefined && isRound(base) ? 0.1 : 1);
}

function read(o: DiagnoseOptions): Vectors {
  const layout = oneOf('layout', o.layout, ['BSHD', 'BHSD'], 'BSHD');
  const x = numberList('x', o.x);
  const rotated = numberList('rotated', o.rotated);
  const known = [x, rotated].find((list) => list.shape.length > 1)?.shape;
  const shape = o.shape === undefined ? known : checkShape('shape', o.shape);
  if (shape === undefined || shape.length < 2 || shape.length > 4) {
    throw new PosencError('ERR_SHAPE', `shape: expected [S, D], [S, H, D] or [B, S, H, D], got ${show(o.shape)}`);
  }
  const total = elementsOf(shape);
  for (const [name, { data }] of Object.entries({ x, rotated })) {
    if (data.length === total) continue;
    throw new PosencError(
      'ERR_SHAPE',
      `${name}: expected ${total} numbers for [${shape.join(', ')}], got ${data.length}`,
    );
  }
  const before = x.data;
  const after = rotated.data;
  const width: number = shape[shape.length - 1];
  const four = [...new Array<number>(4 - shape.length).fill(1), ...shape];
  if (shape.length === 2) [four[1], four[2]] = layout === 'BSHD' ? [shape[0], 1] : [1, shape[0]];
  const [batch, second, third] = four;
  const [sequence, heads] = layout === 'BSHD' ? [second, third] : [third, second];
  const given = positionList('positions', o.positions).data;
  if (total === 0 || (given.length !== sequence && given.length !== batch * sequence)) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${sequence}${batch > 1 ? ` or ${batch * sequence}` : ''} for shape [${shape.join(', ')}], got ${given.length}`,
    );
  }
  const count = batch * sequence * heads;
  const at = Float64Array.from({ length: count }, (_, v) => {
    const [b, inner] = [Math.floor(v / (sequence * heads)), v % (sequence * heads)];
    const token = layout === 'BSHD' ? Math.floor(inner / heads) : inner % sequence;
    return given[given.length === sequence ? token : b * sequence + token];
  });
  return { count, width, before, after, at };
}

/** First and last channel that differ anywhere. */
function changedChannels({ before, after, width }: Vectors): { first: number; last: number } | undefined {
  let [first, last] = [width, -1];
  for (let i = 0; i < before.length; i++) {
    if (Math.abs(after[i] - before[i]) <= 1e-6 * Math.abs(before[i])) continue;
    first = Math.min(first, i % width);
    last = Math.max(last, i % width);
  }
  return last < 0 ? undefined : { first, last };
}

/** Every way to pair the channels that covers what changed, narrow ones first. */
function frames({ first, last }: { first: number; last: number }, width: number): Frame[] {
  const list: Frame[] = [];
  const kinds: readonly Pairing[] = ['half', 'interleaved'];
  for (
    let rotaryDim = Math.max(2, last + 1 - first + ((last + 1 - first) % 2));
    first + rotaryDim <= width;
    rotaryDim += 2
  ) {
    for (const pairing of kinds)
      for (const outputPairing of [pairing, ...kinds.filter((kind) => kind !== pairing)])
        list.push({ pairing, outputPairing, rotaryDim, rotaryOffset: first });
  }
  // nothing fits when an odd number of channels up to the end changed: then the pair begins one channel earlier
  return list.length > 0 ? list : frames({ first: first - 1, last }, width);
}

function partners(pairing: Pairing, i: number, { rotaryDim, rotaryOffset }: Frame): [number, number] {
  return pairing === 'half'
    ? [rotaryOffset + i, rotaryOffset + i + rotaryDim / 2]
    : [rotaryOffset + 2 * i, rotaryOffset + 2 * i + 1];
}

/** How well the lengths of the pairs are kept, up to one amplitude: relative error. */
function lengths({ before, after, count, width }: Vectors, frame: Frame): { amplitude: number; error: number } {
  const pairs = frame.rotaryDim / 2;
  let [long, short, product] = [0, 0, 0];
  for (let i = 0; i < pairs; i++) {
    const [a, b] = partners(frame.pairing, i, frame);
    const [c, d] = partners(frame.outputPairing, i, frame);
    for (let v = 0; v < count * width; v += width) {
      const z = Math.sqrt(before[v + a] ** 2 + before[v + b] ** 2);
      const w = Math.sqrt(after[v + c] ** 2 + after[v + d] ** 2);
      long += w * w;
      short += z * z;
      product += z * w;
    }
  }
  const amplitude = short === 0 ? 0 : product / short;
  const rest = Math.max(0, long - amplitude * product);
  return { amplitude, error: long === 0 ? 1 : Math.sqrt(rest / long) };
}

/** Turns of every pair at every distinct position, as complex sums over the vectors there. */
function turns(vectors: Vectors, frame: Frame): { at: number[]; re: Float64Array[]; im: Float64Array[] } {
  const { before, after, count, width } = vectors;
  const at = [...new Set(vectors.at)].sort((p, q) => p - q);
  const index = new Map(at.map((p, k) => [p, k]));
  const pairs = frame.rotaryDim / 2;
  const re = Array.from({ length: pairs }, () => new Float64Array(at.length));
  const im = Array.from({ length: pairs }, () => new Float64Array(at.length));
  for (let i = 0; i < pairs; i++) {
    const [a, b] = partners(frame.pairing, i, frame);
    const [c, d] = partners(frame.outputPairing, i, frame);
    for (let v = 0; v < count; v++) {
      const [za, zb] = [before[v * width + a], before[v * width + b]];
      const [wa, wb] = [after[v * width + c], after[v * width + d]];
      const k = index.get(vectors.at[v]) as number;
      re[i][k] += wa * za + wb * zb;
      im[i][k] += wb * za - wa * zb;
    }
  }
  return { at, re, im };
}

function describe(vectors: Vectors, frame: Frame, amplitude: number, lengthError: number): Diagnosis {
  const spectrum = measure(turns(vectors, frame), frame.rotaryDim);
  const residual = residualOf(vectors, frame, amplitude, spectrum);
  const ladder: Ladder | undefined = spectrum.ladder;
  const { sign, offset, frequencies } = spectrum;
  return {
    kind: lengthError < KEPT && residual < EXPLAINED ? 'rotation' : 'other',
    ...frame,
    sign,
    amplitude: Math.abs(amplitude - 1) < 1e-5 ? 1 : amplitude,
    offset,
    ...(ladder && { base: ladder.base, firstFrequency: ladder.first }),
    frequencies,
    residual,
  };
}

function residualOf(
  { before, after, at, count, width }: Vectors,
  frame: Frame,
  amplitude: number,
  spectrum: Spectrum,
): number {
  const { used, sign, offset } = spectrum;
  let [wrong, all] = [0, 0];
  for (let i = 0; i < used.length; i++) {
    const [a, b] = partners(frame.pairing, i, frame);
    const [c, d] = partners(frame.outputPairing, i, frame);
    for (let v = 0; v < count; v++) {
      const angle = sign * used[i] * (at[v] + offset);
      const [cos, sin] = [amplitude * Math.cos(angle), amplitude * Math.sin(angle)];
      const [za, zb] = [before[v * width + a], before[v * width + b]];
      const [wa, wb] = [after[v * width + c], after[v * width + d]];
      wrong += (za * cos - zb * sin - wa) ** 2 + (zb * cos + za * sin - wb) ** 2;
      all += wa * wa + wb * wb;
    }
  }
  return all === 0 ? 0 : Math.sqrt(wrong / all);
}

/** At most two significant digits, as bases are usually written. */
function isRound(value: number): boolean {
  return Math.abs(Number(value.toPrecision(2)) - value) <= 1e-9 * value;
}
