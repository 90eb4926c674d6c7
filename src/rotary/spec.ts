/**
 * What a rotary embedding is, as plain data: dimensions, pairing, a frequency rule and an amplitude. A specification is a union
 * over `ropeType`: each rule has its own options (rules/). RoFormer, arXiv 2104.09864.
 */
import type { PlainSpec } from './rules/default.ts';
import type { DynamicSpec } from './rules/dynamic.ts';
import type { DynamicYarnSpec } from './rules/dynamicYarn.ts';
import type { LinearSpec } from './rules/linear.ts';
import type { Llama3Spec } from './rules/llama3.ts';
import type { LongropeSpec } from './rules/longrope.ts';
import type { NtkSpec } from './rules/ntk.ts';
import type { NtkByPartsSpec } from './rules/ntkByParts.ts';
import type { Head, OwnOption, RotaryCommon, WholeHead } from './rules/options.ts';
import type { ProportionalSpec } from './rules/proportional.ts';
import type { YarnSpec } from './rules/yarn.ts';

export type { Head, MropeLayout, Pairing, Precision, RotaryCommon } from './rules/options.ts';

/** The rules that scale. */
type ScaledSpec =
  | LinearSpec
  | DynamicSpec
  | NtkSpec
  | NtkByPartsSpec
  | YarnSpec
  | DynamicYarnSpec
  | LongropeSpec
  | Llama3Spec
  | ProportionalSpec;

/** Without a ropeType no option of a rule may be given. */
type DefaultSpec = PlainSpec & { readonly [K in OwnOption<ScaledSpec>]?: undefined };

type RuleSpec = DefaultSpec | ScaledSpec;

/** Frequency rules by their Hugging Face `rope_type`, and the public ones that have no such type. */
export type RopeType = NonNullable<RuleSpec['ropeType']>;

/**
 * A rotary embedding. Which options there are depends on `ropeType`: docs/rotary.md has the table. 'proportional' stands apart,
 * for it needs headDim: a member of the union that no object can be would make the compiler print all of them for the name.
 */
export type RotarySpec =
  | (Head & RotaryCommon & Exclude<RuleSpec, ProportionalSpec>)
  | (WholeHead & RotaryCommon & ProportionalSpec);

/** A specification for heads of a known width. */
export type HeadSpec = WholeHead & RotaryCommon & RuleSpec;

/** The options of one rope type. */
export type SpecOf<T extends RopeType> = T extends 'default'
  ? PlainSpec
  : Extract<ScaledSpec, { readonly ropeType: T }>;

type ValueOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** All options of all rules, each optional: what a specification may hold before its type (`ropeType`) is known. */
export type LooseSpec = {
  readonly [K in
    | keyof RotaryCommon
    | 'headDim'
    | 'rotaryDim'
    | 'partialRotaryFactor'
    | OwnOption<ScaledSpec>]?: Exclude<ValueOf<Head & RotaryCommon & ScaledSpec, K>, undefined>;
} & { readonly ropeType?: RopeType };

/** A specification whose options can be read without asking for its type. */
export type OpenSpec = HeadSpec & LooseSpec;
