/**
 * Factors beside the tables, and the memory of rules that depend on the length: YaRN's magnitude (arXiv 2309.00071),
 * DeepSeek's softmax correction, Llama 4's query temperature, transformers' dynamic_rope_update.
 */
import type { LooseSpec } from '../rotary/spec.ts';
import { log } from './math.ts';
import { positiveNumber } from './result.ts';

/** 0.1 coefficient ln(scale) + 1, and 1 up to scale 1. */
export function yarnMscale(scale: number, coefficient = 1): number {
  return scale <= 1 ? 1 : 0.1 * coefficient * log(scale) + 1;
}

/** What multiplies the softmax scale of a model with YaRN and mscaleAllDim (DeepSeek-V2/V3). */
export function softmaxScale(spec: Pick<LooseSpec, 'ropeType' | 'factor' | 'mscaleAllDim'>): number {
  if (spec.ropeType !== 'yarn' || !spec.mscaleAllDim) return 1;
  return yarnMscale(positiveNumber('factor', spec.factor), spec.mscaleAllDim) ** 2;
}

/** Llama 4's temperature of a query without rotation: 1 + attnScale ln(1 + floor((position + 1) / floorScale)). */
export function queryScale(position: number, options: { floorScale?: number; attnScale?: number } = {}): number {
  const { floorScale = 8192, attnScale = 0.1 } = options;
  return 1 + attnScale * log(1 + Math.floor((position + 1) / floorScale));
}

/** Which length a stateful implementation computes its frequencies for, call after call. */
export function dynamicState(spec: LooseSpec): { next(length: number): number; reset(): void } {
  const trained = spec.maxPositionEmbeddings ?? spec.originalMaxPositionEmbeddings ?? 0;
  let longest = trained;
  return {
    next(length) {
      if (spec.ropeType === 'longrope') return length;
      if (length > longest) longest = length;
      else if (spec.ropeType === 'dynamic' && length < trained) longest = trained;
      return longest;
    },
    reset() {
      longest = trained;
    },
  };
}
