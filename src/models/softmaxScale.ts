/**
 * Factors that belong to positions but not to the tables: the softmax scale of a class, DeepSeek's mscale correction
 * (modeling_deepseek_v3.py), and the position-dependent query scales of Llama 4 and Ministral 3.
 */
import { softmaxScale as mscaleCorrection } from '../rotary/softmaxScale.ts';
import type { ModelClass } from './classes.ts';
import type { Section } from './read.ts';
import type { RopeRule } from './ropeRule.ts';

export interface QueryScale {
  readonly appliesTo: 'rotary layers' | 'nope layers';
  readonly formula: string;
  readonly parameters: Readonly<Record<string, number>>;
}

const QUERY_PRE_ATTN = ['gemma2', 'gemma3_text', 't5_gemma_module', 't5gemma2_text', 't5gemma2_decoder', 'vaultgemma'];
const UNSCALED = ['gemma3n_text', 'gemma4_text', 'gemma4_unified_text', 'diffusion_gemma_text'];

/** 1 / sqrt(n) */
const inverseRoot = (n: number): number => 1 / Math.sqrt(n);

/** What the attention of the class multiplies q.k with. */
export function softmaxScale(
  section: Section,
  cls: ModelClass,
  headDim: number,
  rule: RopeRule,
  mscaleAllDim: number | undefined,
): { scale: number; factor?: number } {
  const { notes } = section;
  if (UNSCALED.includes(cls.type)) return { scale: 1 };
  if (QUERY_PRE_ATTN.includes(cls.type)) {
    const scalar = section.number('query_pre_attn_scalar', { above: 0 });
    if (scalar === undefined) notes.assume(section.at('query_pre_attn_scalar'), 256, `default of '${cls.type}'`);
    return { scale: inverseRoot(scalar ?? 256) };
  }
  if (cls.type.startsWith('granite')) {
    const multiplier = section.number('attention_multiplier', { above: 0 });
    if (multiplier === undefined) notes.assume(section.at('attention_multiplier'), 1, `default of '${cls.type}'`);
    return { scale: multiplier ?? 1 };
  }
  if (cls.type === 'hyperclovax') {
    return { scale: section.number('attention_multiplier', { above: 0 }) ?? inverseRoot(headDim) };
  }
  if (cls.type === 'zamba2') return { scale: inverseRoot(headDim / 2) };
  const plain = inverseRoot(headDim);
  if (!cls.softmaxMscale) return { scale: plain };
  const factor = mscaleCorrection({ ropeType: rule.ropeType, factor: rule.spec.factor, mscaleAllDim });
  return { scale: plain * factor, factor };
}

/** Llama 4 scales the queries of its NoPE layers, unless attn_temperature_tuning is off. */
export function nopeQueryScale(section: Section, cls: ModelClass): QueryScale | undefined {
  if (cls.type !== 'llama4_text') return undefined;
  const tuning = section.get('attn_temperature_tuning');
  if (tuning === false || tuning === 0) return undefined;
  const floorScale = section.number('floor_scale', { above: 0 });
  const attnScale = section.number('attn_scale', { above: 0 });
  if (floorScale === undefined) section.notes.assume(section.at('floor_scale'), 8192, 'default of llama4_text');
  if (attnScale === undefined) section.notes.assume(section.at('attn_scale'), 0.1, 'default of llama4_text');
  return {
    appliesTo: 'nope layers',
    formula: '1 + attnScale * ln(1 + floor((position + 1) / floorScale))',
    parameters: { floorScale: floorScale ?? 8192, attnScale: attnScale ?? 0.1 },
  };
}

/** Ministral 3 and Mistral 4. */
export function rotaryQueryScale(rule: RopeRule): QueryScale | undefined {
  const original = rule.spec.originalMaxPositionEmbeddings;
  if (rule.llama4ScalingBeta === undefined || original === undefined) return undefined;
  return {
    appliesTo: 'rotary layers',
    formula: '1 + beta * ln(1 + floor(position / originalMaxPositionEmbeddings))',
    parameters: { beta: rule.llama4ScalingBeta, originalMaxPositionEmbeddings: original },
  };
}
