/**
 * Rotary frequencies by rule: RoFormer (arXiv 2104.09864), position interpolation (2306.15595), NTK-aware and its kin,
 * YaRN (2309.00071), LongRoPE (2402.13753), Llama 3.1, p-RoPE (2410.06205); rules as transformers' ROPE_INIT_FUNCTIONS.
 * Each rule is written twice: in 256-bit arithmetic (the formula itself) and in the float32 steps that PyTorch takes.
 */
import type { LooseSpec, RopeType, RotarySpec } from '../rotary/spec.ts';
import { BITS, div, exp, fixed, ln, lnOf, mul, ONE, pi, toNumber } from './fixed.ts';
import { log, pow } from './math.ts';
import { integerAtLeast, onlyKeys, positiveNumber, word } from './result.ts';
import { yarnMscale } from './scale.ts';

export interface RotaryDims {
  /** Number of pairs. */
  readonly pairs: number;
  /** d of the exponent -2i/d: the width that rotates, the odd number itself where int(headDim * factor) is odd. */
  readonly denominator: number;
  /** Leading pairs with a frequency; the others stand still (proportional). */
  readonly moving: number;
}

/** Every option of every rule: one that is forgotten does not compile. */
const SPEC_KEYS: Readonly<Record<keyof LooseSpec, true>> = {
  context: true,
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
  linearRounding: true,
  attnFactor: true,
  maxPositionEmbeddings: true,
  originalMaxPositionEmbeddings: true,
  factor: true,
  alpha: true,
  mixedB: true,
  betaFast: true,
  betaSlow: true,
  mscale: true,
  mscaleAllDim: true,
  truncate: true,
  extrapolationFactor: true,
  ntkFactor: true,
  lowFreqFactor: true,
  highFreqFactor: true,
  shortFactor: true,
  longFactor: true,
  shortMscale: true,
  longMscale: true,
  mropeSection: true,
  mropeLayout: true,
};

const RULES: Readonly<Record<RopeType, true>> = {
  default: true,
  linear: true,
  dynamic: true,
  ntk: true,
  'ntk-by-parts': true,
  yarn: true,
  'dynamic-yarn': true,
  longrope: true,
  llama3: true,
  proportional: true,
};

const fl = Math.fround;

export function rotaryDims(spec: LooseSpec): RotaryDims {
  onlyKeys('spec', spec, Object.keys(SPEC_KEYS));
  const headDim = integerAtLeast('headDim', spec.headDim ?? spec.rotaryDim, 1);
  const fraction = spec.partialRotaryFactor ?? 1;
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`partialRotaryFactor: expected 0 to 1, got ${fraction}`);
  if (spec.ropeType === 'proportional') {
    if (headDim % 2 === 1) throw new RangeError(`headDim: ${headDim} is odd; proportional needs an even number`);
    return { pairs: headDim / 2, denominator: headDim, moving: Math.floor((fraction * headDim) / 2) };
  }
  if (
    spec.rotaryDim !== undefined &&
    (integerAtLeast('rotaryDim', spec.rotaryDim, 2) % 2 === 1 || spec.rotaryDim > headDim)
  ) {
    throw new RangeError(`rotaryDim: expected an even number up to headDim ${headDim}, got ${spec.rotaryDim}`);
  }
  const denominator = spec.rotaryDim ?? Math.trunc(headDim * fraction);
  const pairs = Math.ceil(denominator / 2);
  if (pairs === 0 || 2 * pairs > headDim) {
    throw new RangeError(
      `partialRotaryFactor: ${fraction} of headDim ${headDim} leaves no pair, or more than there are`,
    );
  }
  return { pairs, denominator, moving: pairs };
}

/** What the rules read from a spec, defaults in place. `context` is the length served, the last position + 1. */
function parameters(spec: LooseSpec, context: number) {
  const need = (option: keyof LooseSpec): number => positiveNumber(option, spec[option]);
  const named = word('ropeType', spec.ropeType ?? 'default', Object.keys(RULES) as RopeType[]);
  const length = spec.context ?? context;
  const maximum = () => need('maxPositionEmbeddings');
  const original = () =>
    spec.originalMaxPositionEmbeddings === undefined ? maximum() : need('originalMaxPositionEmbeddings');
  const trained = () => (spec.maxPositionEmbeddings === undefined ? original() : maximum());
  // nothing is scaled up to the trained length
  const type = named === 'dynamic-yarn' && length <= trained() ? 'default' : named;
  const factor = (): number => {
    if (type === 'dynamic-yarn') return length / original();
    if (spec.factor !== undefined) return need('factor');
    return type === 'yarn' || type === 'longrope' ? maximum() / original() : need('factor');
  };
  return {
    type,
    need,
    maximum,
    original,
    factor,
    theta: positiveNumber('ropeTheta', spec.ropeTheta ?? 10000),
    context: length,
  };
}

type Parameters = ReturnType<typeof parameters>;

/** Divisors of longrope: the long ones only beyond the original length. */
function extension(spec: LooseSpec, p: Parameters, pairs: number): ArrayLike<number> {
  const option = p.context > p.original() ? 'longFactor' : 'shortFactor';
  const list = spec[option];
  if (list?.length !== pairs) throw new RangeError(`${option}: expected ${pairs} numbers, got ${list?.length}`);
  for (let i = 0; i < pairs; i++) positiveNumber(`${option}[${i}]`, list[i]);
  return list;
}

/** Amplitude of cos and sin. */
export function attentionFactor(spec: LooseSpec, context: number): number {
  const p = parameters(spec, context);
  if (spec.attentionFactor !== undefined) return positiveNumber('attentionFactor', spec.attentionFactor);
  if (p.type === 'yarn' || p.type === 'dynamic-yarn') {
    const s = p.factor();
    const weight = spec.attnFactor ?? 1;
    if (spec.mscale && spec.mscaleAllDim)
      return (yarnMscale(s, spec.mscale) / yarnMscale(s, spec.mscaleAllDim)) * weight;
    return yarnMscale(s, 1) * weight;
  }
  if (p.type === 'longrope') {
    const fixedScale = p.context > p.original() ? spec.longMscale : spec.shortMscale;
    if (fixedScale !== undefined) return fixedScale;
    return p.factor() <= 1 ? 1 : Math.sqrt(1 + log(p.factor()) / log(p.original()));
  }
  return 1;
}

// ---------------------------------------------------------------- the formulas, in 256-bit fixed point

/** base^(-2i/d), given ln(base). */
function ladder(lnBase: bigint, { moving, pairs, denominator }: RotaryDims): bigint[] {
  return Array.from({ length: pairs }, (_, i) =>
    i < moving ? exp((-2n * BigInt(i) * lnBase) / BigInt(denominator)) : 0n,
  );
}

/** ln of the base after NTK-aware growth: theta * growth^(d/(d-2)). */
function lnGrownBase(theta: number, growth: bigint, { denominator }: RotaryDims): bigint {
  if (denominator === 2) throw new RangeError('rotaryDim: the exponent d/(d-2) has no value for d = 2');
  return lnOf(theta) + (BigInt(denominator) * ln(growth)) / BigInt(denominator - 2);
}

/** Dynamic NTK: how much the base grows for a context beyond the trained length. */
function dynamicGrowth(p: Parameters): bigint {
  const length = Math.max(p.context, p.maximum());
  return div(mul(fixed(p.factor()), fixed(length)), fixed(p.maximum())) - fixed(p.factor()) + ONE;
}

/** The base that a rule changes (dynamic, ntk with alpha), which ggml takes as its freqBase; else undefined. */
export function changedBase(spec: LooseSpec, context: number): number | undefined {
  const p = parameters(spec, context);
  const growth =
    p.type === 'dynamic'
      ? dynamicGrowth(p)
      : p.type === 'ntk' && spec.alpha !== undefined
        ? fixed(spec.alpha)
        : undefined;
  return growth === undefined ? undefined : toNumber(exp(lnGrownBase(p.theta, growth, rotaryDims(spec))));
}

/** Weight of the interpolated frequency, 0 to 1 along the pairs; ends where a wavelength fits beta times into the trained length. */
function ramp(
  betaFast: number,
  betaSlow: number,
  truncate: boolean,
  p: Parameters,
  { denominator, pairs }: RotaryDims,
): bigint[] {
  const whole = (a: bigint): bigint => (a >> BigInt(BITS)) << BigInt(BITS);
  const end = (beta: number): bigint => {
    const turns = lnOf(p.original()) - lnOf(beta) - ln(2n * pi());
    return div((BigInt(denominator) * turns) / 2n, lnOf(p.theta));
  };
  let low = truncate ? whole(end(betaFast)) : end(betaFast);
  let high = truncate ? -whole(-end(betaSlow)) : end(betaSlow);
  if (low < 0n) low = 0n;
  if (high > fixed(denominator - 1)) high = fixed(denominator - 1);
  if (low === high) high += ONE / 1000n;
  return Array.from({ length: pairs }, (_, i) => {
    const at = div(fixed(i) - low, high - low);
    if (at > ONE) return ONE;
    if (at < 0n) return 0n;
    return at;
  });
}

function mix(weights: bigint[], whereOne: bigint[], whereZero: bigint[]): bigint[] {
  return weights.map((w, i) => mul(w, whereOne[i]) + mul(ONE - w, whereZero[i]));
}

/** Radians per position and pair as the real-valued formula gives them, fixed point; positionScale is in them. */
export function exactFrequencies(spec: LooseSpec, context: number): bigint[] {
  const scale = fixed(spec.positionScale ?? 1);
  return ruleFrequencies(spec, context).map((w) => mul(w, scale));
}

/** The frequencies of the rule, without positionScale. */
export function ruleFrequencies(spec: LooseSpec, context: number): bigint[] {
  const dims = rotaryDims(spec);
  if (spec.invFreq !== undefined) {
    const divisor = fixed(divisorOfPositions(spec));
    return Array.from(givenFrequencies(spec, dims), (w) => div(fixed(w), divisor));
  }
  const p = parameters(spec, context);
  const plain = ladder(lnOf(p.theta), dims);
  const divided = (by: bigint): bigint[] => plain.map((w) => div(w, by));
  switch (p.type) {
    case 'default':
      return plain;
    case 'linear':
      return divided(fixed(p.factor()));
    case 'proportional':
      return divided(fixed(spec.factor === undefined ? 1 : p.factor()));
    case 'dynamic':
      return ladder(lnGrownBase(p.theta, dynamicGrowth(p), dims), dims);
    case 'ntk': {
      if (spec.alpha !== undefined) return ladder(lnGrownBase(p.theta, fixed(p.need('alpha')), dims), dims);
      const lnFactor = lnOf(p.factor());
      const d = BigInt(dims.denominator);
      if (spec.mixedB === undefined) {
        const shrink = exp((2n * lnFactor) / d);
        return ladder(lnOf(p.theta) + lnFactor, dims).map((w) => div(w, shrink));
      }
      const b = fixed(p.need('mixedB'));
      // a (i+1)^b with a = ln(factor) / (d/2)^b
      return plain.map((w, i) => mul(w, exp(-mul(lnFactor, exp(mul(b, lnOf(2 * (i + 1)) - lnOf(dims.denominator)))))));
    }
    case 'ntk-by-parts': {
      const grown = ladder(lnGrownBase(p.theta, fixed(p.factor()), dims), dims);
      const keep = (fast: number, slow: number, weight = 1) =>
        ramp(fast, slow, true, p, dims).map((r) => mul(ONE - r, fixed(weight)));
      const inner = mix(keep(1.25, 0.75, spec.ntkFactor), grown, divided(fixed(p.factor())));
      return mix(keep(16, 2, spec.extrapolationFactor), plain, inner);
    }
    case 'yarn':
    case 'dynamic-yarn': {
      const weight = fixed(spec.extrapolationFactor ?? 1);
      const keep = ramp(spec.betaFast || 32, spec.betaSlow || 1, spec.truncate ?? true, p, dims).map((r) =>
        mul(ONE - r, weight),
      );
      return mix(keep, plain, divided(fixed(p.factor())));
    }
    case 'longrope': {
      const ext = extension(spec, p, dims.pairs);
      return plain.map((w, i) => div(w, fixed(ext[i])));
    }
    case 'llama3': {
      const [factor, lowFactor, highFactor] = [p.factor(), p.need('lowFreqFactor'), p.need('highFreqFactor')].map(
        fixed,
      );
      return plain.map((w) => {
        // How often the pair turns within the original length: orig / wavelength.
        const turns = div(mul(fixed(p.original()), w), 2n * pi());
        if (turns > highFactor) return w;
        if (turns < lowFactor) return div(w, factor);
        const s = div(turns - lowFactor, highFactor - lowFactor);
        return div(mul(ONE - s, w), factor) + mul(s, w);
      });
    }
    default:
      return p.type satisfies never;
  }
}

function givenFrequencies(spec: LooseSpec, { pairs }: RotaryDims): ArrayLike<number> {
  const list = spec.invFreq!;
  if (list.length !== pairs)
    throw new RangeError(`invFreq: expected ${pairs} numbers, one per pair, got ${list.length}`);
  return list;
}

// ---------------------------------------------------------------- the float32 steps of PyTorch

/** fl32(base^e), e = fl32(2i/d): torch's `base ** (arange(0, d, 2) / d)`. */
function torchPowers(base: number, { moving, denominator }: RotaryDims): number[] {
  return Array.from({ length: moving }, (_, i) => fl(pow(fl(base), fl((2 * i) / denominator))));
}

function torchRamp(
  betaFast: number,
  betaSlow: number,
  truncate: boolean,
  p: Parameters,
  { denominator, pairs }: RotaryDims,
): number[] {
  const end = (beta: number): number => (denominator * log(p.original() / (beta * 2 * Math.PI))) / (2 * log(p.theta));
  const low = Math.max(truncate ? Math.floor(end(betaFast)) : end(betaFast), 0);
  let high = Math.min(truncate ? Math.ceil(end(betaSlow)) : end(betaSlow), denominator - 1);
  if (low === high) high += 0.001;
  return Array.from({ length: pairs }, (_, i) => {
    const at = fl(fl(i - fl(low)) / fl(high - low));
    return Math.min(Math.max(at, 0), 1);
  });
}

function torchMix(weights: number[], whereOne: number[], whereZero: number[]): number[] {
  return weights.map((w, i) => fl(fl(whereZero[i] * fl(1 - w)) + fl(whereOne[i] * w)));
}

/** What a linear rule that divides positions divides them by. */
function divisorOfPositions(spec: LooseSpec): number {
  const byPosition = spec.ropeType === 'linear' && spec.linearRounding === 'position';
  return byPosition ? positiveNumber('factor', spec.factor) : 1;
}

/** The float32 position that float32 frequencies are multiplied with. */
export function torchPosition(spec: LooseSpec, position: number): number {
  return fl(fl(fl(position) / fl(divisorOfPositions(spec))) * fl(spec.positionScale ?? 1));
}

/** Radians per position and pair as PyTorch computes them on a CPU with a correctly rounded pow. */
export function torchFrequencies(spec: LooseSpec, context: number): Float32Array {
  const dims = rotaryDims(spec);
  if (spec.invFreq !== undefined) return Float32Array.from(givenFrequencies(spec, dims));
  const p = parameters(spec, context);
  const result = new Float32Array(dims.pairs);
  result.set(torchRule(spec, p, dims));
  return result;
}

function torchRule(spec: LooseSpec, p: Parameters, dims: RotaryDims): number[] {
  const d = dims.denominator;
  const powers = torchPowers(p.theta, dims);
  const plain = powers.map((P) => fl(1 / P));
  const fromBase = (base: number): number[] => torchPowers(base, dims).map((P) => fl(1 / P));
  const grownBase = (growth: number): number => {
    if (d === 2) throw new RangeError('rotaryDim: the exponent d/(d-2) has no value for d = 2');
    return p.theta * pow(growth, d / (d - 2));
  };
  switch (p.type) {
    case 'default':
      return plain;
    case 'linear':
      return spec.linearRounding === 'position' ? plain : plain.map((w) => fl(w / fl(p.factor())));
    case 'proportional':
      return plain.map((w) => fl(w / fl(spec.factor === undefined ? 1 : p.factor())));
    case 'dynamic': {
      const length = Math.max(p.context, p.maximum());
      return fromBase(grownBase((p.factor() * length) / p.maximum() - (p.factor() - 1)));
    }
    case 'ntk': {
      if (spec.alpha !== undefined) return fromBase(grownBase(p.need('alpha')));
      if (spec.mixedB === undefined) {
        const shrink = fl(pow(p.factor(), 2 / d));
        return fromBase(p.theta * p.factor()).map((w) => fl(w / shrink));
      }
      const b = p.need('mixedB');
      // a float32 logarithm over a scalar that torch takes as float32
      const a = fl(fl(log(p.factor())) / fl(pow(d / 2, b)));
      return plain.map((w, i) => fl(w / fl(pow(Math.E, fl(a * fl(pow(i + 1, b)))))));
    }
    case 'ntk-by-parts': {
      const factor = fl(p.factor());
      const linear = powers.map((P) => fl(1 / fl(factor * P)));
      const keep = (fast: number, slow: number, weight = 1) =>
        torchRamp(fast, slow, true, p, dims).map((r) => fl(fl(1 - r) * fl(weight)));
      const inner = torchMix(keep(1.25, 0.75, spec.ntkFactor), fromBase(grownBase(p.factor())), linear);
      return torchMix(keep(16, 2, spec.extrapolationFactor), plain, inner);
    }
    case 'yarn':
    case 'dynamic-yarn': {
      const factor = fl(p.factor());
      const weight = fl(spec.extrapolationFactor ?? 1);
      const linear = powers.map((P) => fl(1 / fl(factor * P)));
      const keep = torchRamp(spec.betaFast || 32, spec.betaSlow || 1, spec.truncate ?? true, p, dims);
      return torchMix(
        keep.map((r) => fl(fl(1 - r) * weight)),
        plain,
        linear,
      );
    }
    case 'longrope': {
      const ext = extension(spec, p, dims.pairs);
      return powers.map((P, i) => fl(1 / fl(fl(ext[i]) * P)));
    }
    case 'llama3': {
      const [factor, lowFactor, highFactor] = [p.factor(), p.need('lowFreqFactor'), p.need('highFreqFactor')];
      return plain.map((w) => {
        const wavelength = fl(fl(2 * Math.PI) / w);
        const long = wavelength > fl(p.original() / lowFactor);
        const slow = long ? fl(w / fl(factor)) : w;
        if (long || wavelength < fl(p.original() / highFactor)) return slow;
        const s = fl(fl(fl(fl(p.original()) / wavelength) - fl(lowFactor)) / fl(highFactor - lowFactor));
        return fl(fl(fl(fl(1 - s) * slow) / fl(factor)) + fl(s * slow));
      });
    }
    default:
      return p.type satisfies never;
  }
}

export interface InvFreq {
  /** Radians per position, one per pair: nearest float64 of the exact value, or torch's float32. */
  readonly invFreq: Float64Array;
  readonly attentionFactor: number;
}

/** Frequencies and amplitude of a spec; `context` (default 1) is the length served, for dynamic, dynamic-yarn and longrope. */
export function invFreq(spec: RotarySpec, { context = 1 }: { context?: number } = {}): InvFreq {
  const list =
    spec.precision === 'torch'
      ? Float64Array.from(torchFrequencies(spec, context))
      : Float64Array.from(exactFrequencies(spec, context), (w) => toNumber(w));
  return { invFreq: list, attentionFactor: attentionFactor(spec, context) };
}
