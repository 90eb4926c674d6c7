/**
 * How a config.json says every rope type, apart from `words.ts`: a bundle that reads one carries no line of docs, no flag of other
 * engines and no advice.
 */
import type { RopeType, SpecOf } from '../spec.ts';
import { plainConfig } from './default.ts';
import { dynamicConfig } from './dynamic.ts';
import { linearConfig } from './linear.ts';
import { llama3Config } from './llama3.ts';
import { longropeConfig } from './longrope.ts';
import { ntkConfig } from './ntk.ts';
import { proportionalConfig } from './proportional.ts';
import type { ConfigWords } from './rule.ts';
import { yarnConfig } from './yarn.ts';

/** null: in no config.json. */
export const CONFIG_WORDS: { readonly [T in RopeType]: ConfigWords<SpecOf<T>> | null } = {
  default: plainConfig,
  linear: linearConfig,
  dynamic: dynamicConfig,
  ntk: ntkConfig,
  'ntk-by-parts': null,
  yarn: yarnConfig,
  'dynamic-yarn': null,
  longrope: longropeConfig,
  llama3: llama3Config,
  proportional: proportionalConfig,
};

/** Rope types by the words of files; `mrope` is the default rule with sections. */
export const ropeNames = (): Readonly<Record<string, RopeType>> =>
  Object.fromEntries(
    (Object.keys(CONFIG_WORDS) as RopeType[]).flatMap((type) =>
      (CONFIG_WORDS[type]?.names ?? []).map((name) => [name, type] as const),
    ),
  );

/** The words of a rope type known only at run time. */
export const configWordsOf = (type: RopeType): ConfigWords<never> | null =>
  CONFIG_WORDS[type] as unknown as ConfigWords<never> | null;
