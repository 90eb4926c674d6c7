/**
 * The angles of ggml_rope_ext, a float32 step at a time: the angle of a pair is the angle of the pair before it times
 * freqBase^(-2/nDims). ggml src/ggml-cpu/ops.cpp, ggml_rope_cache_init and ggml_mrope_cache_init.
 */
import type { LooseSpec } from '../rotary/spec.ts';
import { exp, fixed, lnOf, mul, div as quotient, toNumber } from './fixed.ts';
import { attentionFactor, changedBase, rotaryDims, ruleFrequencies } from './frequencies.ts';
import { log, pow } from './math.ts';
import { onlyKeys } from './result.ts';

const fl = Math.fround;

/** The arguments of ggml_rope_ext in its names; docs/rotary.md. */
export interface GgmlArguments {
  readonly nDims: number;
  readonly freqBase?: number;
  readonly freqScale?: number;
  readonly extFactor?: number;
  readonly attnFactor?: number;
  readonly betaFast?: number;
  readonly betaSlow?: number;
  readonly nCtxOrig?: number;
  readonly freqFactors?: ArrayLike<number>;
}

/** Weight of the unscaled angle of pair i, and the ends it comes from, in float32. */
function mixOf(p: GgmlArguments, i: number): number {
  const base = fl(p.freqBase ?? 10000);
  const end = (turns: number): number => {
    const ratio = fl((p.nCtxOrig ?? 0) / fl(fl(turns * 2) * fl(Math.PI)));
    return fl(fl(p.nDims * fl(log(ratio))) / fl(2 * fl(log(base))));
  };
  const low = Math.max(0, Math.floor(end(fl(p.betaFast ?? 32))));
  const high = Math.min(p.nDims - 1, Math.ceil(end(fl(p.betaSlow ?? 1))));
  const y = fl((i - low) / Math.max(fl(0.001), high - low));
  return fl(fl(1 - Math.min(1, Math.max(0, y))) * fl(p.extFactor ?? 0));
}

/** The same weight in float64. */
function realMix(p: GgmlArguments, i: number): number {
  const end = (turns: number) =>
    (p.nDims * log((p.nCtxOrig ?? 0) / (turns * 2 * Math.PI))) / (2 * log(p.freqBase ?? 10000));
  const low = Math.max(0, Math.floor(end(p.betaFast ?? 32)));
  const high = Math.min(p.nDims - 1, Math.ceil(end(p.betaSlow ?? 1)));
  const y = (i - low) / Math.max(0.001, high - low);
  return (1 - Math.min(1, Math.max(0, y))) * (p.extFactor ?? 0);
}

/**
 * The angle of every pair. positions: one per stream; streams: the stream of each pair; restart: the pairs where a stream
 * begins again (VISION).
 */
export function ggmlAngles(
  p: GgmlArguments,
  positions: readonly number[],
  streams: readonly number[],
  restart: (i: number) => number | undefined = () => undefined,
): number[] {
  const step = fl(pow(fl(p.freqBase ?? 10000), fl(-2 / p.nDims)));
  const theta = positions.map(fl);
  return streams.map((stream, i) => {
    const again = restart(i);
    if (again !== undefined && again < theta.length) theta[again] = fl(positions[again]);
    const extrapolated = fl(theta[positions.length > 1 ? stream : 0] / fl(p.freqFactors?.[i] ?? 1));
    const interpolated = fl(fl(p.freqScale ?? 1) * extrapolated);
    for (let s = 0; s < theta.length; s++) theta[s] = fl(theta[s] * step);
    if (!p.extFactor) return interpolated;
    const mix = mixOf(p, i);
    return fl(fl(interpolated * fl(1 - mix)) + fl(extrapolated * mix));
  });
}

/** The amplitude of cos and sin, in float32. */
export function ggmlAmplitude({ attnFactor = 1, extFactor = 0, freqScale = 1 }: GgmlArguments): number {
  if (extFactor === 0) return fl(attnFactor);
  return fl(fl(attnFactor) * fl(1 + fl(fl(0.1) * fl(log(fl(1 / fl(freqScale)))))));
}

/** The same amplitude in float64. */
export function realAmplitude({ attnFactor = 1, extFactor = 0, freqScale = 1 }: GgmlArguments): number {
  return extFactor === 0 ? attnFactor : attnFactor * (1 - 0.1 * log(freqScale));
}

/** The arguments that express a specification, and the amplitude that replaces the kernel's own. */
export function ggmlArguments(spec: LooseSpec, context: number): { ggml: GgmlArguments; amplitude: number } {
  const { pairs, denominator } = rotaryDims(spec);
  const nDims = 2 * pairs;
  const freqBase = spec.ropeTheta ?? 10000;
  const amplitude = fl(attentionFactor(spec, context));
  const plainWidth = denominator === nDims && spec.invFreq === undefined;
  const own = plainWidth ? ownArguments(spec, context) : undefined;
  if (own) return { ggml: { nDims, freqBase, ...own }, amplitude };
  const lnBase = lnOf(freqBase);
  const freqFactors = ruleFrequencies(spec, context).map((w, i) =>
    w === 0n ? 1e30 : fl(toNumber(quotient(exp((-2n * BigInt(i) * lnBase) / BigInt(nDims)), w))),
  );
  return { ggml: { nDims, freqBase, freqFactors }, amplitude };
}

/** What ggml_rope_ext has an argument for; undefined: divisors of the angles. */
function ownArguments(spec: LooseSpec, context: number): Partial<GgmlArguments> | undefined {
  const type = spec.ropeType ?? 'default';
  const length = spec.context ?? context;
  const original = spec.originalMaxPositionEmbeddings ?? spec.maxPositionEmbeddings!;
  const ramp = (factor: number): Partial<GgmlArguments> | undefined => {
    if (spec.truncate === false) return undefined;
    const { betaFast, betaSlow, extrapolationFactor: extFactor = 1 } = spec;
    return { freqScale: 1 / factor, extFactor, betaFast, betaSlow, nCtxOrig: original };
  };
  switch (type) {
    case 'default':
      return {};
    case 'linear':
      return { freqScale: 1 / spec.factor! };
    case 'yarn':
      return ramp(spec.factor ?? spec.maxPositionEmbeddings! / original);
    case 'dynamic-yarn':
      return length > (spec.maxPositionEmbeddings ?? original) ? ramp(length / original) : {};
    case 'dynamic':
    case 'ntk': {
      const changed = changedBase(spec, context);
      return changed === undefined ? undefined : { freqBase: changed };
    }
    case 'ntk-by-parts':
    case 'longrope':
    case 'llama3':
    case 'proportional':
      return undefined;
    default:
      return type satisfies never;
  }
}

/** The same formula in real numbers: radians per position of every pair, fixed point. */
export function ggmlFrequencies(p: GgmlArguments, steps: readonly number[]): bigint[] {
  const lnBase = lnOf(p.freqBase ?? 10000);
  return steps.map((k, i) => {
    const plain = exp((-2n * BigInt(k) * lnBase) / BigInt(p.nDims));
    const turned = quotient(plain, fixed(p.freqFactors?.[i] ?? 1));
    const mix = p.extFactor ? realMix(p, i) : 0;
    return mul(turned, fixed((p.freqScale ?? 1) * (1 - mix) + mix));
  });
}

const GGML_KEYS: readonly string[] = [
  'nDims',
  'freqBase',
  'freqScale',
  'extFactor',
  'attnFactor',
  'betaFast',
  'betaSlow',
  'nCtxOrig',
  'freqFactors',
  'mode',
  'sections',
  'nOffs',
  'precision',
];

export const checkGgml = (parameters: object): void => onlyKeys('ggml parameters', parameters, GGML_KEYS);
