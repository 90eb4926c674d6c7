/**
 * Everything about every rope type that is neither numbers nor the spelling of a config.json: GGUF, what a longer context asks of it,
 * flags, an example. Apart from `index.ts` and `configWords.ts`, so that a bundle that rotates or reads a config.json does not carry it.
 */
import type { HeadSpec, LooseSpec, RopeType, SpecOf } from '../spec.ts';
import { plainWords } from './default.ts';
import { dynamicWords } from './dynamic.ts';
import { dynamicYarnWords } from './dynamicYarn.ts';
import { linearWords } from './linear.ts';
import { llama3Words } from './llama3.ts';
import { longropeWords } from './longrope.ts';
import { ntkWords } from './ntk.ts';
import { ntkByPartsWords } from './ntkByParts.ts';
import { proportionalWords } from './proportional.ts';
import type { RuleWords } from './rule.ts';
import { yarnWords } from './yarn.ts';

export const WORDS: { readonly [T in RopeType]: RuleWords<SpecOf<T>> } = {
  default: plainWords,
  linear: linearWords,
  dynamic: dynamicWords,
  ntk: ntkWords,
  'ntk-by-parts': ntkByPartsWords,
  yarn: yarnWords,
  'dynamic-yarn': dynamicYarnWords,
  longrope: longropeWords,
  llama3: llama3Words,
  proportional: proportionalWords,
};

/** In the order of the table of docs/rotary.md. */
export const ROPE_TYPES = Object.keys(WORDS) as readonly RopeType[];

/** The words of a rope type known only at run time. */
export const wordsOf = (type: RopeType): RuleWords<never> => WORDS[type] as unknown as RuleWords<never>;

/** A specification of one rope type, to try it, to test against, to draw. */
export interface RopeExample {
  /** What it is, in a few words. */
  readonly about: string;
  readonly spec: HeadSpec;
  /** The sequence length it is for, when its frequencies depend on that. */
  readonly context?: number;
  /**
   * The options that public code gives the rule for a context `factor` times as long as `original` positions; absent where
   * lengths do not give them (lists of divisors).
   */
  readonly stretched?: (factor: number, original: number) => LooseSpec;
}

/**
 * One example of each rope type, by its name: a specification, and what its config.json and GGUF file say.
 * @example
 * console.log(Object.keys(ROPE_EXAMPLES).join(' ')); // default linear dynamic ntk ntk-by-parts yarn dynamic-yarn longrope llama3 proportional
 */
export const ROPE_EXAMPLES: Readonly<Record<RopeType, RopeExample>> = /* @__PURE__ */ examples();

function examples(): Record<RopeType, RopeExample> {
  const entries = ROPE_TYPES.map((type) => {
    const { about, example, exampleContext: context, stretched } = WORDS[type];
    return [type, { about, spec: example, ...(context !== undefined && { context }), ...(stretched && { stretched }) }];
  });
  return Object.fromEntries(entries) as Record<RopeType, RopeExample>;
}
