/**
 * The rotation angles of ggml (llama.cpp), bit for bit: the angle of one pair is the float32 product of the angle of the
 * pair before it and freqBase^(-2/nDims), so it is not a frequency times a position. ggml `ggml_rope_ext`, src/ggml-cpu/ops.cpp.
 */

import { div, exp, from, ln, mulNumber } from '../phase/dd.ts';
import { ddToFloat32 } from '../phase/float32.ts';
import { finite, integer, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';

/** The arguments of `ggml_rope_ext`, in its names. */
export interface GgmlParameters {
  /** Rotated channels; even. */
  readonly nDims: number;
  /** Base of the frequencies, radians per position. Default 10000. */
  readonly freqBase?: number;
  /** Multiplied into every position: 1 / factor of linear and yarn. Default 1. */
  readonly freqScale?: number;
  /** Default 0; 1 for yarn. */
  readonly extFactor?: number;
  /** Default 1. */
  readonly attnFactor?: number;
  /** Pairs that turn more often within nCtxOrig keep their frequency. Used when extFactor is not 0. Default 32. */
  readonly betaFast?: number;
  /** Pairs that turn less often take freqScale whole. Used when extFactor is not 0. Default 1. */
  readonly betaSlow?: number;
  /** Positions before the extension. Used when extFactor is not 0. */
  readonly nCtxOrig?: number;
  /** One divisor of the angle per pair; none of them 0. */
  readonly freqFactors?: ArrayLike<number>;
}

/** What `ggmlAngles` needs, computed once. */
export interface GgmlFrequencies {
  /** Rotated pairs of a head. */
  readonly pairs: number;
  /** freqBase^(-2/nDims). */
  readonly thetaScale: number;
  /** Multiplied into every position. */
  readonly freqScale: number;
  /** Weight of the unscaled angle per pair; absent when extFactor is 0. */
  readonly mix?: Float32Array;
  /** One divisor of the angle per pair. */
  readonly freqFactors?: Float32Array;
  /** Per pair the streams (bits 0-3) whose angle starts again at the position there. */
  readonly restarts?: Uint8Array;
  /** The amplitude of cos and sin. */
  readonly mscale: number;
}

const f32 = Math.fround;
const logf = (x: number) => ddToFloat32(ln(from(x)));

/** @param parameters.pairs rotated pairs when they are not nDims / 2 (mode VISION: nDims) */
export function ggmlFrequencies(parameters: GgmlParameters & { readonly pairs?: number }): GgmlFrequencies {
  const nDims = size('nDims', parameters.nDims, 2, 65536);
  if (nDims % 2 !== 0) throw new PosencError('ERR_SHAPE', `nDims: expected an even number, got ${nDims}`);
  const freqBase = f32(finite('freqBase', parameters.freqBase, { above: 0 }, 10000));
  const freqScale = f32(finite('freqScale', parameters.freqScale, { above: 0 }, 1));
  const extFactor = f32(finite('extFactor', parameters.extFactor, {}, 0));
  const attnFactor = f32(finite('attnFactor', parameters.attnFactor, {}, 1));
  const pairs = parameters.pairs ?? nDims / 2;
  let freqFactors: Float32Array | undefined;
  if (parameters.freqFactors !== undefined) {
    const list = numbers('freqFactors', parameters.freqFactors);
    if (list.length < pairs) {
      throw new PosencError(
        'ERR_SHAPE',
        `freqFactors: expected at least ${pairs} numbers, one a pair, got ${list.length}`,
      );
    }
    freqFactors = Float32Array.from({ length: pairs }, (_, i) => list[i]);
    const zero = freqFactors.indexOf(0);
    if (zero >= 0) throw new PosencError('ERR_OPTION', `freqFactors[${zero}]: expected a divisor other than 0, got 0`);
  }
  const thetaScale = ddToFloat32(exp(mulNumber(ln(from(freqBase)), f32(-2 / nDims))));
  if (extFactor === 0) return { pairs, thetaScale, freqScale, freqFactors, mscale: attnFactor };

  const nCtxOrig = integer('nCtxOrig', parameters.nCtxOrig, 1, 2 ** 31 - 1);
  const betaFast = f32(finite('betaFast', parameters.betaFast, { above: 0 }, 32));
  const betaSlow = f32(finite('betaSlow', parameters.betaSlow, { above: 0 }, 1));
  if (freqBase === 1)
    throw new PosencError('ERR_OPTION', 'freqBase: expected a number other than 1 with extFactor, got 1');
  const correction = (rotations: number) => {
    const ratio = f32(f32(nCtxOrig) / f32(f32(rotations * 2) * f32(Math.PI)));
    return f32(f32(nDims * logf(ratio)) / f32(2 * logf(freqBase)));
  };
  const low = Math.max(0, Math.floor(correction(betaFast)));
  const high = Math.min(nDims - 1, Math.ceil(correction(betaSlow)));
  const range = Math.max(f32(0.001), f32(high - low));
  const mix = Float32Array.from({ length: pairs }, (_, i) => {
    const ramp = f32(1 - Math.min(1, Math.max(0, f32(f32(i - low) / range))));
    return f32(ramp * extFactor);
  });
  const mscale = f32(attnFactor * f32(1 + f32(f32(0.1) * logf(f32(1 / freqScale)))));
  return { pairs, thetaScale, freqScale, freqFactors, mix, mscale };
}

/** The angles of all pairs at `position`, in float32 radians, into `out` (at least `frequencies.pairs` long). */
export function ggmlAngles(position: number, frequencies: GgmlFrequencies, out: Float32Array): Float32Array {
  const { pairs, thetaScale, freqScale, freqFactors, mix } = frequencies;
  let theta = f32(position);
  for (let i = 0; i < pairs; i++) {
    const extrapolated = freqFactors ? f32(theta / freqFactors[i]) : theta;
    const interpolated = f32(freqScale * extrapolated);
    out[i] = mix ? f32(f32(interpolated * f32(1 - mix[i])) + f32(extrapolated * mix[i])) : interpolated;
    theta = f32(theta * thetaScale);
  }
  return out;
}

/**
 * The divisors that turn the plain ladder into a scaled one: plain / scaled per pair, 1e30 where the scaled frequency is 0
 * (llama.cpp's way to say that a pair is not rotated).
 */
export function ggmlFreqFactors(
  plain: readonly { hi: number; lo: number }[],
  scaled: readonly { hi: number; lo: number }[],
): Float32Array {
  return Float32Array.from(scaled, (value, i) => (value.hi === 0 ? 1e30 : ddToFloat32(div(plain[i], value))));
}
