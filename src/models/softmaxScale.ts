/**
 * Factors that belong to positions but not to the tables: the softmax scale of a class, DeepSeek's mscale correction
 * (modeling_deepseek_v3.py), and the position-dependent query scales of Llama 4 and Ministral 3.
 */
import { softmaxScale as mscaleCorrection } from '../rotary/softmaxScale.ts';
import type { ConfigNode } from './read.ts';
import type { QueryScaleFacts, Softmax } from './records/record.ts';
import type { RopeRule } from './ropeRule.ts';
import { holds, numberAt, readGiven } from './values.ts';

export interface QueryScale {
  /** Which layers do it. */
  readonly appliesTo: 'rotary layers' | 'nope layers';
  /** What queries are multiplied by, as text. */
  readonly formula: string;
  /** The numbers in the formula, by name. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** What the scale of a record is made from. */
export interface SoftmaxInput {
  readonly node: ConfigNode;
  readonly headDim: number;
  readonly rule: RopeRule;
  readonly mscaleAllDim: number | undefined;
}

/** 1 / sqrt(n) */
const inverseRoot = (n: number): number => 1 / Math.sqrt(n);

/** What the attention multiplies q.k with. */
export function softmaxScale(softmax: Softmax, input: SoftmaxInput): { scale: number; factor?: number } {
  const { node, headDim, rule } = input;
  const plain = inverseRoot(headDim);
  if (softmax === 'head') return { scale: plain };
  if (softmax === 'mscale') {
    const factor = mscaleCorrection({
      ropeType: rule.ropeType,
      factor: rule.spec.factor,
      mscaleAllDim: input.mscaleAllDim,
    });
    return { scale: plain * factor, factor };
  }
  if ('scale' in softmax) return { scale: softmax.scale };
  if ('headTimes' in softmax) return { scale: inverseRoot(headDim * softmax.headTimes) };
  if ('when' in softmax) return softmaxScale(holds(node, softmax.when) ? softmax.holds : softmax.fails, input);
  const keys = 'root' in softmax ? softmax.root : 'over' in softmax ? [softmax.over] : [softmax.key];
  const given = numberAt(node, keys, { above: 0 })?.value;
  if (given === undefined) {
    if (softmax.fallback === 'head') return { scale: plain };
    node.assume(keys, softmax.fallback, 'default of the model type');
  }
  const value = given ?? (softmax.fallback as number);
  if ('root' in softmax) return { scale: inverseRoot(value) };
  return { scale: 'over' in softmax ? value / headDim : value };
}

/** Llama 4 scales the queries of its NoPE layers, unless attn_temperature_tuning is off. */
export function nopeQueryScale(node: ConfigNode, facts: QueryScaleFacts | undefined): QueryScale | undefined {
  if (!facts || holds(node, facts.off)) return undefined;
  const parameters = {
    floorScale: readGiven(node, facts.length, { above: 0 }, 'the length of a step of the query scale'),
    attnScale: readGiven(node, facts.scale, { above: 0 }, 'the coefficient of the query scale'),
  };
  return {
    appliesTo: 'nope layers',
    formula: '1 + attnScale * ln(1 + floor((position + 1) / floorScale))',
    parameters,
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
