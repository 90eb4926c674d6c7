/**
 * One rope block, translated: every key is consumed or refused by name, and values that would make a dangerous table are
 * refused with the value they have. What the keys of a rope type mean is said in its file, src/rotary/rules/; here is what all
 * blocks have in common. transformers, src/transformers/modeling_rope_utils.py.
 */

import { configWordsOf } from '../rotary/rules/configWords.ts';
import type { RopeFields } from '../rotary/rules/rule.ts';
import type { LooseSpec, RopeType } from '../rotary/spec.ts';
import { show } from '../runtime/errors.ts';
import type { ModelClass } from './classes.ts';
import { type ConfigNode, checkNumber, dropUndefined, type Fields, refuse, shorten } from './read.ts';
import { NAMED, present, type RopeBlock, ropeTypeOf } from './ropeBlock.ts';

const COMMON_KEYS = ['rope_type', 'type', 'rope_theta', 'partial_rotary_factor'];
/** Published beside sections; model code does not look at them. */
const LAYOUT_KEYS = ['mrope_interleaved', 'interleaved'];
const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

/** What a block says about frequencies and amplitude, as options of a specification, and its raw numbers. */
export interface RopeRule {
  /** The type as the model's own code calls it. */
  readonly ropeType: RopeType;
  readonly spec: LooseSpec;
  readonly mropeSection?: readonly number[];
  /** Coefficient of the position-dependent query scale (Ministral-3, Mistral-4). */
  readonly llama4ScalingBeta?: number;
}

export interface RuleContext {
  readonly node: ConfigNode;
  readonly cls: ModelClass;
  readonly theta: number;
  /** Rotated pairs, for lists of divisors. */
  readonly pairs: number;
  readonly maxPositionEmbeddings?: number;
  readonly originalMaxPositionEmbeddings?: { readonly key: string; readonly value: number };
}

/** Checks one block completely and translates it. */
export function ropeRule(block: RopeBlock | undefined, context: RuleContext, fallbackType = 'default'): RopeRule {
  const { cls, node } = context;
  const { notes } = node;
  const path = block?.path ?? node.at('rope_scaling');
  const fields: Fields = block?.fields ?? {};
  const named = ropeTypeOf(block, notes, fallbackType);
  if (block && !present(fields, 'rope_type') && !present(fields, 'type') && present(fields, 'factor')) {
    refuse(`${path}.rope_type`, `missing beside a factor: without it nothing would be scaled; name the rule`);
  }
  const ropeType = NAMED[named];
  // HunYuan's code reads an alpha inside a 'dynamic' block as a fixed base
  const alpha = ropeType === 'dynamic' && cls.alpha && present(fields, 'alpha');
  const words = configWordsOf(alpha ? 'ntk' : ropeType);
  if (!words) return refuse(`${path}.rope_type`, `'${named}' is in no config.json`);
  const old = words.legacy?.[named];
  if (old !== undefined) notes.warn('legacy', `${path}.type`, old);
  const oldWord = present(fields, 'type') ? fields.type : undefined;
  if (cls.mrope && oldWord === 'mrope') {
    notes.warn('no-effect', `${path}.type`, "'mrope' is the default rule; the sections make it multimodal");
  }

  const allowed = new Set([...COMMON_KEYS, ...Object.keys(words.keys), ...cls.blockKeys]);
  if (cls.mrope) for (const key of ['mrope_section', ...LAYOUT_KEYS]) allowed.add(key);
  for (const key of Object.keys(fields)) {
    if (allowed.has(key)) continue;
    const where = `${path}.${shorten(key)}`;
    if (words.harmless?.includes(key)) notes.warn('no-effect', where, `not used by rope type '${ropeType}'`);
    else if (present(fields, key)) {
      notes.complain(where, `not a key of rope type '${named}'; it reads ${[...allowed].join(', ')}`);
    }
  }

  const number: RopeFields['number'] = (key, bounds) =>
    present(fields, key) ? checkNumber(`${path}.${key}`, fields[key], bounds) : undefined;
  const { maxPositionEmbeddings } = context;
  const reader: RopeFields = {
    named,
    theta: context.theta,
    pairs: context.pairs,
    maxPositionEmbeddings,
    has: (key) => present(fields, key),
    number,
    required: (key, bounds) => number(key, bounds) ?? refuse(`${path}.${key}`, `required by rope type '${named}'`),
    boolean(key) {
      if (!present(fields, key)) return undefined;
      const value = fields[key];
      return typeof value === 'boolean'
        ? value
        : refuse(`${path}.${key}`, `expected true or false, got ${show(value)}`);
    },
    divisors(key) {
      if (!present(fields, key)) return refuse(`${path}.${key}`, `required by rope type '${named}'`);
      const value = fields[key];
      if (!Array.isArray(value) || value.length !== context.pairs) {
        return refuse(
          `${path}.${key}`,
          `expected ${context.pairs} numbers, one for each rotated pair, got ${show(value)}`,
        );
      }
      return value.map((item, i) => checkNumber(`${path}.${key}[${i}]`, item, { above: 0 }));
    },
    original() {
      const key = 'original_max_position_embeddings';
      const inside = number(key, { integer: true, min: 1, max: MAX_LENGTH });
      const outside = context.originalMaxPositionEmbeddings;
      if (inside !== undefined && outside !== undefined && inside !== outside.value) {
        refuse(`${path}.${key}`, `${inside} contradicts ${outside.key} = ${outside.value}`);
      }
      const needed = `required by rope type '${named}': the length the model was trained on before scaling`;
      return inside ?? outside?.value ?? refuse(`${path}.${key}`, needed);
    },
    impliedFactor(original) {
      if (maxPositionEmbeddings === undefined) {
        return refuse(`${path}.factor`, 'missing, and max_position_embeddings to derive it from is missing too');
      }
      const factor = maxPositionEmbeddings / original;
      notes.assume(`${path}.factor`, factor, 'max_position_embeddings / original length');
      return factor;
    },
    warn: (code, key, message) => notes.warn(code, `${path}.${key}`, message),
    refuse: (key, message) => refuse(`${path}.${key}`, message),
    refuseOutside: (key, message) => refuse(node.at(key), message),
  };
  const spec: LooseSpec = words.read(reader);

  const beta = number('llama_4_scaling_beta', { min: 0 });
  if (beta !== undefined) {
    const effect =
      beta === 0
        ? '0 switches the query scaling off'
        : 'scales queries by position (queryScale); the tables do not change';
    notes.warn('no-effect', `${path}.llama_4_scaling_beta`, effect);
  }
  return {
    ropeType,
    spec: dropUndefined(spec),
    mropeSection: mropeSection(),
    llama4ScalingBeta: beta === 0 ? undefined : beta,
  };

  function mropeSection(): readonly number[] | undefined {
    if (!cls.mrope) {
      if (named === 'mrope') refuse(`${path}.type`, `'mrope' is not read by model type '${cls.type}'`);
      return undefined;
    }
    for (const key of LAYOUT_KEYS) {
      if (!present(fields, key)) continue;
      if (typeof fields[key] !== 'boolean')
        refuse(`${path}.${key}`, `expected true or false, got ${show(fields[key])}`);
      const fixed = `the layout is fixed by model type '${cls.type}': ${cls.mrope.layout}`;
      notes.warn('no-effect', `${path}.${key}`, fixed);
    }
    const where = `${path}.mrope_section`;
    if (!present(fields, 'mrope_section')) {
      if (named === 'mrope') refuse(where, "required by rope type 'mrope': pairs for each of t, h, w");
      notes.assume(where, [...cls.mrope.section], `default of model type '${cls.type}'`);
      return checkSection(where, cls.mrope.section);
    }
    const value = fields.mrope_section;
    const streams = cls.mrope.layout === 'hunyuan_fullwidth' ? [3, 4] : [3];
    if (!Array.isArray(value) || !streams.includes(value.length)) {
      return refuse(where, `expected ${streams.join(' or ')} numbers of pairs, got ${show(value)}`);
    }
    return checkSection(
      where,
      value.map((item, i) => checkNumber(`${where}[${i}]`, item, { integer: true, min: 0, max: context.pairs })),
    );
  }

  function checkSection(where: string, section: readonly number[]): readonly number[] {
    const sum = section.reduce((a, b) => a + b, 0);
    if (sum === context.pairs) return section;
    const text = `[${section.join(', ')}] sums to ${sum}, but ${context.pairs} pairs rotate`;
    if (sum > context.pairs || cls.mrope?.layout !== 'interleaved') refuse(where, text);
    notes.warn('risk', where, `${text}; the rest stays on the temporal stream`);
    return section;
  }
}
