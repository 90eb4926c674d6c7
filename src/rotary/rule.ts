/**
 * What a frequency rule (linear, yarn, llama3, ...) hands to `rotaryFrequencies`, and the plain rule every other one
 * starts from: theta^(-2i/d). RoFormer, arXiv 2104.09864, equation 15.
 */

import type { DD } from '../phase/dd.ts';
import { from } from '../phase/dd.ts';
import { reciprocals, torchPowers } from '../phase/float32.ts';
import { powers } from '../phase/ladder.ts';
import { finite } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { GgmlParameters } from './ggml.ts';

/** The unscaled ladder: theta^(-2i / width) for `pairs` pairs. */
export interface Rotation {
  readonly theta: number;
  readonly pairs: number;
  /** The denominator d: rotated channels, or all channels of the head (proportional). Odd for odd partial widths. */
  readonly width: number;
}

export interface Rule {
  /** Everything the frequencies depend on besides the rotation, as text. */
  readonly key: string;
  /** The real-valued formula. */
  exact(): readonly DD[];
  /** The operations of PyTorch in float32, in their order. */
  torch(): Float32Array;
  /** The amplitude of cos and sin. */
  readonly attentionFactor: number;
  /** torch: the rule divides the position, not the frequency. */
  readonly positionDivisor?: number;
  /** The parameters of ggml_rope_ext that express the rule; without them it goes through `freqFactors`. */
  readonly ggml?: Partial<GgmlParameters>;
}

/** A base or a factor: a positive number whose float32 value is neither 0 nor infinite, with room to multiply two. */
export function positive(option: string, value: unknown, fallback?: number): number {
  return finite(option, value, { min: 1e-18, max: 1e18 }, fallback);
}

/** theta^(-2i/d). `base` replaces theta. */
export function exactDefault({ theta, pairs, width }: Rotation, base: DD = from(theta)): DD[] {
  return powers({ base, count: pairs, denominator: width / 2 });
}

/** theta^(2i/d) in float32. `base` replaces theta. */
export function torchPeriods({ theta, pairs, width }: Rotation, base = theta): Float32Array {
  return torchPowers({ base, count: pairs, denominator: width });
}

export function defaultRule(rotation: Rotation): Rule {
  return {
    key: 'default',
    exact: () => exactDefault(rotation),
    torch: () => reciprocals(torchPeriods(rotation)),
    attentionFactor: 1,
    ggml: {},
  };
}

/** The sequence length that a length-dependent rule cannot do without. */
export function neededLength(ropeType: string, length: number | undefined): number {
  if (length === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      `ropeType: '${ropeType}' frequencies depend on the length of the sequence; pass context: the highest position + 1`,
    );
  }
  return length;
}
