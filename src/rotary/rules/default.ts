/** No scaling: theta^(-2i/d). RoFormer, arXiv 2104.09864. */
import { extendByYarn } from './extend.ts';
import { plainFrequencies } from './ladder.ts';
import type { ConfigWords, RotaryRule, RuleWords } from './rule.ts';

/** `ropeType: 'default'`, or none. */
export interface PlainSpec {
  readonly ropeType?: 'default';
}

export const plain: RotaryRule<PlainSpec> = {
  options: {},
  frequencies: plainFrequencies,
};

export const plainConfig: ConfigWords<PlainSpec> = {
  names: ['default', 'mrope'],
  keys: {},
  read: () => ({ ropeType: 'default' }),
};

export const plainWords: RuleWords<PlainSpec> = {
  docs: { frequencies: 'θ^(-2i/d)', options: '', source: 'arXiv 2104.09864' },
  about: 'RoFormer as Llama 2 has it: half pairing, the whole head',
  example: { headDim: 64, ropeTheta: 10000, pairing: 'half' },
  gguf: { type: 'none' },
  llamaCpp: 'nothing',
  stretched: () => ({}),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: undefined,
  extend: extendByYarn,
};
