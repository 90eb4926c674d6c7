/**
 * From a rotary specification to its frequencies: checks every option, resolves the defaults, and applies the frequency
 * rule (one file each). RoFormer, arXiv 2104.09864; transformers `ROPE_INIT_FUNCTIONS`.
 */

import { type DD, divNumber, mulNumber } from '../phase/dd.ts';
import { type Ladder, ladderFrom, ladderOf } from '../phase/ladder.ts';
import { memo } from '../phase/memo.ts';
import { finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { MAX_POSITION, numbers } from '../runtime/lists.ts';
import { type RotaryInput, specOf } from './form.ts';
import { type GgmlFrequencies, ggmlFreqFactors, ggmlFrequencies } from './ggml.ts';
import { RULES } from './rules/index.ts';
import { exactDefault, positive } from './rules/ladder.ts';
import type { Frequencies, RotaryRule, Widths } from './rules/rule.ts';
import { mropeStreams } from './sections.ts';
import type { Head, LooseSpec, Pairing, Precision, RopeType, RotaryCommon, RotarySpec } from './spec.ts';

type KeysOf<T> = T extends unknown ? keyof T : never;

/** The resolved specification. */
export interface RotaryFrequencies {
  /** The arithmetic that was asked for. */
  readonly precision: Precision;
  /** The rule. */
  readonly ropeType: RopeType;
  /** The real-valued formula, in radians per position. Its key identifies `float32` as well. */
  readonly ladder: Ladder;
  /** precision 'torch': the float32 frequencies of PyTorch. */
  readonly float32?: Float32Array;
  /** precision 'ggml': what `ggmlAngles` needs. Its `mscale` is the amplitude. */
  readonly ggml?: GgmlFrequencies;
  /** Amplitude of cos and sin. */
  readonly attentionFactor: number;
  /** undefined: heads of any width. */
  readonly headDim: number | undefined;
  /** Rotated channels: 2 * pairs. */
  readonly rotaryDim: number;
  /** Rotated pairs of a head. */
  readonly pairs: number;
  /** First rotated channel. */
  readonly rotaryOffset: number;
  /** How channels pair. */
  readonly pairing: Pairing;
  /** How they pair afterwards. */
  readonly outputPairing: Pairing;
  /** -1: every angle is turned around. */
  readonly rotationSign: 1 | -1;
  /**
   * M-RoPE: the position stream (0 = t, 1 = h, 2 = w, 3 = e) of each pair; of each channel with `partnerAngles`, the first
   * channels of all pairs before the second ones.
   */
  readonly streams?: Uint8Array;
  /** Number of position streams. */
  readonly streamCount: number;
  /** The two channels of a pair take different streams (HunYuan-VL). */
  readonly partnerAngles: boolean;
  /** torch, ggml: fl32(position * positionScale); the exact ladder contains it. */
  readonly positionScale: number;
  /** torch: fl32(position / positionDivisor); the exact ladder contains it. */
  readonly positionDivisor: number;
}

const ROPE_TYPES = Object.keys(RULES) as RopeType[];
const COMMON: Readonly<Record<keyof RotaryCommon | KeysOf<Head> | 'ropeType', true>> = {
  headDim: true,
  rotaryDim: true,
  partialRotaryFactor: true,
  rotaryOffset: true,
  pairing: true,
  outputPairing: true,
  rotationSign: true,
  ropeTheta: true,
  ropeType: true,
  invFreq: true,
  attentionFactor: true,
  precision: true,
  positionScale: true,
  maxPositionEmbeddings: true,
  originalMaxPositionEmbeddings: true,
  mropeSection: true,
  mropeLayout: true,
};
/** Made by a function, which a bundler can leave out; so can it then leave out the rules. */
const allOptions = (): string[] =>
  Object.keys(Object.assign({ ...COMMON }, ...Object.values(RULES).map((r) => r.options)));
const ALL: readonly string[] = allOptions();

/** @internal A rule whose type is known only at run time: what it is given was checked to be of that type. */
export const ruleOf = (type: RopeType) => RULES[type] as unknown as RotaryRule<LooseSpec>;

const torchFrequencies = memo<Float32Array>(64);
const ggmlLists = memo<GgmlFrequencies>(64);

/**
 * A specification with every default resolved: widths, pairing, streams, amplitude, and the frequencies in double-double. What
 * most callers need of it is `invFreq`.
 * Frequencies are exact to about 100 bits.
 * @param model the rotary specification, or a model's form that fromHF or fromGGUF returned
 * @param given `context`, for frequencies that depend on the length
 * @param given.context sequence length (highest position + 1); needed by rules that depend on it
 * @returns plain data; `ladder` holds the frequencies, in radians per position, as hi + lo in float64
 * @throws PosencError ERR_OPTION, ERR_SHAPE
 * @see Su et al., RoFormer, arXiv 2104.09864, section 3.2.2; transformers ROPE_INIT_FUNCTIONS
 * @example
 * const { rotaryDim, attentionFactor, ladder } = rotaryFrequencies({ headDim: 64 });
 * console.log(rotaryDim, attentionFactor, ladder.hi[0]); // 64 1 1
 */
export function rotaryFrequencies(model: RotaryInput, given: { readonly context?: number } = {}): RotaryFrequencies {
  const spec = specOf('rotaryFrequencies', model);
  const frequencies = frequenciesAt(spec, take('rotaryFrequencies', given, ['context']).context);
  // arrays of its own: what a caller writes into them must not change the tables of later calls
  return structuredClone(frequencies);
}

/** @internal The same of a context that was taken from the options of a call. Its arrays belong to memos: do not write into them. */
export function frequenciesAt(spec: RotarySpec, context: number | undefined): RotaryFrequencies {
  const known = memos.get(spec);
  if (known && known.context === context && unchanged(spec, known)) return known.frequencies;
  const frequencies = resolve(spec, context);
  const values = Object.values(spec);
  // lists may be written into between calls; everything else is compared
  if (values.every((value) => typeof value !== 'object')) {
    memos.set(spec, { context, keys: Object.keys(spec), values, frequencies });
  }
  return frequencies;
}

/** What an engine that makes its own angles needs of a rotary specification. */
export interface InvFreq {
  /** Radians per position, one for each rotated pair, in the order of the pairs. */
  readonly invFreq: Float64Array;
  /** Multiplied into cos and sin. */
  readonly attentionFactor: number;
}

/**
 * Frequencies and amplitude of a specification: the angle of pair i at position p is p * invFreq[i], and cos and sin of it are
 * multiplied by attentionFactor. For GPU engines, which upload these few numbers instead of a table.
 * @param model a specification, or a model's form that fromHF or fromGGUF returned
 * @param given `context`, for frequencies that depend on the length
 * @param given.context sequence length (highest position + 1); needed by rules that depend on it
 * @returns invFreq [rotaryDim / 2] in radians per position: the nearest float64 of the formula; in precision 'torch' the float32 numbers PyTorch has
 * @throws PosencError ERR_OPTION, ERR_SHAPE; precision 'ggml' has no frequencies (its angles are iterated products)
 * @see Su et al., RoFormer, arXiv 2104.09864, section 3.2.2; transformers ROPE_INIT_FUNCTIONS
 * @example
 * const { invFreq: frequencies, attentionFactor } = invFreq({ headDim: 128, ropeTheta: 500000 });
 */
export function invFreq(model: RotaryInput, given: { readonly context?: number } = {}): InvFreq {
  const spec = specOf('invFreq', model);
  const { context } = take('invFreq', given, ['context']);
  const { precision, ladder, float32, attentionFactor, positionScale, positionDivisor } = frequenciesAt(spec, context);
  if (precision === 'ggml') {
    throw new PosencError(
      'ERR_OPTION',
      "precision: 'ggml' iterates its angles from pair to pair and has no frequencies; take 'exact' or 'torch', or ggmlAngles",
    );
  }
  const single = float32 && positionScale === 1 && positionDivisor === 1;
  return { invFreq: Float64Array.from(single ? float32 : ladder.hi), attentionFactor };
}

/**
 * @internal The length that a table's frequencies are for: the call's `context`, that of the specification, or as far as the
 * table reaches.
 * @throws ERR_OPTION when both say something else, and when the table reaches beyond what the specification is fixed to
 */
export function contextOf(spec: LooseSpec, given: unknown, reached: number): number {
  const asked = integer('context', given, 1, MAX_POSITION, reached);
  const own = (spec as LooseSpec | null | undefined)?.context;
  if (given !== undefined || own === undefined) return asked;
  const fixed = integer('context', own, 1, MAX_POSITION);
  if (asked > fixed && !sameFrequencies(spec, fixed, asked)) {
    throw new PosencError(
      'ERR_OPTION',
      `context: the specification is for ${fixed} positions and the table reaches ${asked}, where ropeType '${spec.ropeType}' has others; make it for those, as in fromHF(config, { context: ${asked} })`,
    );
  }
  return fixed;
}

/** @internal Whether a length-dependent rule has the same frequencies and amplitude at two lengths. */
export function sameFrequencies(spec: LooseSpec, a: number, b: number): boolean {
  const free = { ...spec, context: undefined };
  const [x, y] = [a, b].map((context) => resolve(free, context));
  return x.ladder.key === y.ladder.key && x.attentionFactor === y.attentionFactor;
}

/** A specification that was resolved before, with what it said then: resolving costs more than a small table. */
interface SpecMemo {
  readonly context: number | undefined;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
  readonly frequencies: RotaryFrequencies;
}

const memos = new WeakMap<RotarySpec, SpecMemo>();

function unchanged(spec: RotarySpec, { keys, values }: SpecMemo): boolean {
  let count = 0;
  for (const key in spec) {
    if (key !== keys[count] || spec[key as keyof RotarySpec] !== values[count]) return false;
    count++;
  }
  return count === keys.length;
}

/** @internal A specification whose keys are all known. */
export const takeSpec = (spec: LooseSpec): LooseSpec => take('rotary specification', spec, ALL);

function resolve(specification: LooseSpec, asked: unknown): RotaryFrequencies {
  const spec = takeSpec(specification);
  const ropeType = oneOf('ropeType', spec.ropeType, ROPE_TYPES, 'default');
  rejectUnread(spec, ropeType);
  const precision = oneOf('precision', spec.precision, ['exact', 'torch', 'ggml'], 'exact');
  const pairing = oneOf('pairing', spec.pairing, ['half', 'interleaved'], 'half');
  const outputPairing = oneOf('outputPairing', spec.outputPairing, ['half', 'interleaved'], pairing);
  const rotationSign = spec.rotationSign ?? 1;
  if (rotationSign !== 1 && rotationSign !== -1) {
    throw new PosencError('ERR_OPTION', `rotationSign: expected 1 or -1, got ${String(rotationSign)}`);
  }
  const length = lengthOf(spec, asked);
  for (const option of ['maxPositionEmbeddings', 'originalMaxPositionEmbeddings'] as const) {
    if (spec[option] !== undefined) positive(option, spec[option]);
  }
  const given = spec.attentionFactor === undefined ? undefined : finite('attentionFactor', spec.attentionFactor);

  const widths = rotatedWidths(spec, ropeType);
  const { pairs } = widths;
  const rotaryDim = 2 * pairs;
  const rotaryOffset = size('rotaryOffset', spec.rotaryOffset, 0, (spec.headDim ?? 65536) - rotaryDim, 0);
  const streams = streamsOf(spec, pairs);
  const frequencies = givenFrequencies(spec, pairs);
  const positionScale = finite('positionScale', spec.positionScale, { min: -1e18, max: 1e18 }, 1);

  const rule = ruleOf(ropeType).frequencies(widths, spec, length);
  const attentionFactor = given ?? rule.attentionFactor;
  // no rotation, and the way back would divide by it
  if (attentionFactor === 0) {
    throw new PosencError('ERR_OPTION', 'attentionFactor: 0 makes zeros of every vector; leave it out for 1');
  }
  const key = `rotary ${widths.theta} ${pairs} ${widths.width} ${rule.key}`;
  const positionDivisor = rule.positionDivisor ?? 1;
  const unscaled = frequencies ? divided(ladderOf(frequencies), positionDivisor) : ladderFrom(key, rule.exact);
  // ggml scales its positions itself
  const ladder = precision === 'ggml' ? unscaled : scaled(unscaled, positionScale);
  return {
    precision,
    ropeType,
    ladder,
    ...(precision === 'torch' && {
      float32: frequencies ? Float32Array.from(frequencies) : torchFrequencies.get(key, rule.torch),
    }),
    ...(precision === 'ggml' && {
      ggml: ggmlLists.get(`${key} ${ladder.key} ${attentionFactor}`, () =>
        ggmlOf(widths, rule, ladder, attentionFactor, frequencies !== undefined),
      ),
    }),
    attentionFactor,
    headDim: spec.headDim,
    rotaryDim,
    pairs,
    rotaryOffset,
    pairing,
    outputPairing,
    rotationSign,
    ...(streams && { streams }),
    streamCount: spec.mropeSection?.length ?? 1,
    partnerAngles: spec.mropeLayout === 'hunyuan_fullwidth',
    positionScale,
    positionDivisor,
  };
}

function scaled(ladder: Ladder, by: number): Ladder {
  if (by === 1) return ladder;
  return ladderFrom(`${by} times ${ladder.key}`, () => values(ladder).map((value) => mulNumber(value, by)));
}

function divided(ladder: Ladder, by: number): Ladder {
  if (by === 1) return ladder;
  return ladderFrom(`${ladder.key} over ${by}`, () => values(ladder).map((value) => divNumber(value, by)));
}

function values(ladder: Ladder): DD[] {
  return Array.from(ladder.hi, (hi, i) => ({ hi, lo: ladder.lo[i] }));
}

function rejectUnread(spec: LooseSpec, ropeType: RopeType): void {
  const own = ruleOf(ropeType).options;
  for (const option of Object.keys(spec) as (keyof LooseSpec)[]) {
    if (spec[option] === undefined || option in COMMON || option in own) continue;
    const readers = ROPE_TYPES.filter((type) => option in ruleOf(type).options).map((type) => `'${type}'`);
    throw new PosencError(
      'ERR_OPTION',
      `${option}: has no effect with ropeType '${ropeType}'; it belongs to ${readers.join(', ')}`,
    );
  }
}

/** Widths: d = int(headDim * partialRotaryFactor), in float64 as Python computes it; an odd d rotates d + 1 channels. */
function rotatedWidths(spec: LooseSpec, ropeType: RopeType): Widths {
  const headDim = widthOf(spec, ropeType);
  const theta = positive('ropeTheta', spec.ropeTheta, 10000);
  const partial = finite('partialRotaryFactor', spec.partialRotaryFactor, { min: 0, max: 1 }, 1);
  const given = spec.rotaryDim === undefined ? undefined : size('rotaryDim', spec.rotaryDim, 1, headDim);
  if (ruleOf(ropeType).wholeHead) {
    if (headDim % 2 !== 0) {
      throw new PosencError('ERR_SHAPE', `headDim: '${ropeType}' needs an even number, got ${headDim}`);
    }
    if (given !== undefined && given !== headDim) {
      throw new PosencError('ERR_SHAPE', `rotaryDim: '${ropeType}' rotates the whole head, ${headDim}; got ${given}`);
    }
    return { theta, pairs: headDim / 2, width: headDim };
  }
  let width = Math.trunc(headDim * partial);
  if (given !== undefined && (spec.partialRotaryFactor === undefined || given === width)) {
    if (given % 2 !== 0) {
      throw new PosencError(
        'ERR_SHAPE',
        `rotaryDim: channels rotate in pairs, expected an even number, got ${given}; the odd widths of transformers come from partialRotaryFactor`,
      );
    }
    width = given;
  } else if (given !== undefined && given !== width + (width % 2)) {
    throw new PosencError(
      'ERR_SHAPE',
      `rotaryDim: got ${given}, but partialRotaryFactor ${partial} of headDim ${headDim} gives ${width}; give one of them`,
    );
  }
  const pairs = Math.ceil(width / 2);
  if (pairs === 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `partialRotaryFactor: ${partial} of headDim ${headDim} leaves no channel to rotate`,
    );
  }
  if (2 * pairs > headDim) {
    throw new PosencError(
      'ERR_SHAPE',
      `headDim: ${width} rotated channels take ${2 * pairs}, more than headDim ${headDim}; give an even rotaryDim`,
    );
  }
  return { theta, pairs, width };
}

/** The call's context, or the one that is part of the specification. */
function lengthOf(spec: LooseSpec, given: unknown): number | undefined {
  const asked = given === undefined ? undefined : integer('context', given, 0, Number.MAX_SAFE_INTEGER);
  if (spec.context === undefined) return asked;
  const fixed = integer('context', spec.context, 1, Number.MAX_SAFE_INTEGER);
  if (asked === undefined || asked === fixed) return fixed;
  throw new PosencError('ERR_OPTION', `context: ${asked}, but the specification is for ${fixed}; keep one of them`);
}

/** `headDim`; without it the rotated channels alone, and then something else has to say how many there are. */
function widthOf(spec: LooseSpec, ropeType: RopeType): number {
  if (spec.headDim !== undefined) return size('headDim', spec.headDim, 1, 65536);
  const width = spec.rotaryDim ?? (spec.invFreq === undefined ? undefined : 2 * spec.invFreq.length);
  const { wholeHead } = ruleOf(ropeType);
  if (width === undefined || spec.partialRotaryFactor !== undefined || wholeHead) {
    throw new PosencError(
      'ERR_SHAPE',
      `headDim: expected the channels of a head, got undefined; it may be left out beside rotaryDim, not beside ${wholeHead ? `ropeType '${ropeType}'` : 'partialRotaryFactor'}`,
    );
  }
  return size('rotaryDim', width, 1, 65536);
}

function givenFrequencies(spec: LooseSpec, pairs: number): ArrayLike<number> | undefined {
  if (spec.invFreq === undefined) return undefined;
  const list = numbers('invFreq', spec.invFreq, pairs);
  // float32 has to hold them, whatever the precision.
  for (let i = 0; i < pairs; i++) finite(`invFreq[${i}]`, list[i], { min: -1e30, max: 1e30 });
  return list;
}

function streamsOf(spec: LooseSpec, pairs: number): Uint8Array | undefined {
  if (spec.mropeSection === undefined) {
    if (spec.mropeLayout === undefined) return undefined;
    throw new PosencError('ERR_OPTION', 'mropeLayout: give mropeSection too, the pairs of each position stream');
  }
  return mropeStreams(spec.mropeSection, spec.mropeLayout ?? 'chunked', pairs);
}

/** ggml's own arguments where it has them; anything else as divisors of its angles. */
function ggmlOf(
  widths: Widths,
  rule: Frequencies,
  ladder: Ladder,
  attentionFactor: number,
  given: boolean,
): GgmlFrequencies {
  const { theta, pairs } = widths;
  const nDims = 2 * pairs;
  if (widths.width === nDims && rule.ggml && !given) {
    const resolved = ggmlFrequencies({ nDims, freqBase: theta, ...rule.ggml });
    // llama.cpp divides attn_factor by the magnitude that the kernel multiplies in: the amplitude is the rule's.
    return { ...resolved, mscale: Math.fround(attentionFactor) };
  }
  const plain = exactDefault({ theta, pairs, width: nDims });
  const freqFactors = ggmlFreqFactors(plain, values(ladder));
  return ggmlFrequencies({ nDims, freqBase: theta, freqFactors, attnFactor: attentionFactor });
}
