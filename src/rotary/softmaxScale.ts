/**
 * Factors that belong to the logits or the query, not into the cos and sin tables: DeepSeek's softmax correction for YaRN
 * and Llama 4's query temperature on layers without positions (transformers modeling_deepseek_v3, modeling_llama4).
 */
import { addNumber, from, ln, mulNumber } from '../phase/dd.ts';
import { finite, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type RotaryInput, specOf } from './form.ts';
import { takeSpec } from './frequencies.ts';
import { contextFactor } from './rules/ladder.ts';
import { yarnMscale } from './rules/yarn.ts';
import type { LooseSpec } from './spec.ts';

/**
 * What multiplies the usual softmax scale 1 / sqrt(headDim): (0.1 mscaleAllDim ln factor + 1)^2 for YaRN with mscaleAllDim
 * (DeepSeek-V2/V3, Kimi, Mistral 4), else 1. Models that have mscaleAllDim but not this rule must not apply it.
 * @param model a specification, ropeType, factor and mscaleAllDim of it, or a model's form that fromHF or fromGGUF returned
 * @returns the factor, float64
 * @throws ERR_OPTION
 * @see transformers modeling_deepseek_v3; DeepSeek-AI, arXiv 2405.04434
 * @example
 * console.log(softmaxScale({ ropeType: 'yarn', factor: 40, mscaleAllDim: 1 }).toFixed(4)); // 1.8739
 */
export function softmaxScale(
  model:
    | RotaryInput
    | Pick<
        LooseSpec,
        'ropeType' | 'mscaleAllDim' | 'factor' | 'maxPositionEmbeddings' | 'originalMaxPositionEmbeddings'
      >,
): number {
  const spec = takeSpec(specOf('softmaxScale', model as RotaryInput));
  const coefficient = finite('mscaleAllDim', spec.mscaleAllDim, {}, 0);
  if (spec.ropeType !== 'yarn' || coefficient === 0) return 1;
  const mscale = yarnMscale(contextFactor(spec), coefficient);
  return mscale * mscale;
}

/**
 * Llama 4's temperature: 1 + attnScale ln(1 + floor((position + 1) / floorScale)).
 * Defaults: floorScale 8192, attnScale 0.1. `position` >= 0.
 * @param position from 0
 * @param given floorScale, in positions (default 8192), and attnScale (default 0.1)
 * @returns the factor, float64
 * @throws ERR_OPTION, ERR_POSITION
 * @see transformers modeling_llama4, attn_temperature_tuning
 * @example
 * console.log(queryScale(0), queryScale(8191)); // 1 1.0693147180559945
 */
export function queryScale(position: number, given: { floorScale?: number; attnScale?: number } = {}): number {
  const o = take('queryScale', given, ['floorScale', 'attnScale']);
  const floorScale = finite('floorScale', o.floorScale, { above: 0 }, 8192);
  const attnScale = finite('attnScale', o.attnScale, {}, 0.1);
  if (typeof position !== 'number' || !(position >= 0 && position <= 2 ** 53)) {
    throw new PosencError('ERR_POSITION', `position: expected a number from 0 to 2^53, got ${show(position)}`);
  }
  const steps = Math.floor((position + 1) / floorScale);
  return addNumber(mulNumber(ln(from(1 + steps)), attnScale), 1).hi;
}
