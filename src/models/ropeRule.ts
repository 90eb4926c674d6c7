/**
 * One rope block, translated: every key is consumed or refused by name, and values that would make a dangerous table are
 * refused with the value they have. The meaning of each key: transformers, src/transformers/modeling_rope_utils.py.
 */
import type { RopeType, RotarySpec } from '../rotary/spec.ts';
import { show } from '../runtime/errors.ts';
import type { ModelClass } from './classes.ts';
import { checkNumber, dropUndefined, type Fields, refuse, type Section, shorten } from './read.ts';
import { present, ROPE_TYPES, type RopeBlock, ropeTypeOf } from './ropeBlock.ts';

/** Keys each rule reads, besides those every block may have. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  linear: ['factor'],
  dynamic: ['factor'],
  yarn: [
    'factor',
    'original_max_position_embeddings',
    'attention_factor',
    'beta_fast',
    'beta_slow',
    'mscale',
    'mscale_all_dim',
    'truncate',
  ],
  longrope: [
    'factor',
    'original_max_position_embeddings',
    'attention_factor',
    'short_factor',
    'long_factor',
    'short_mscale',
    'long_mscale',
  ],
  llama3: ['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'],
  proportional: ['factor'],
};
const COMMON_KEYS = ['rope_type', 'type', 'rope_theta', 'partial_rotary_factor'];
/** Published keys that no rule reads: named in a warning, not refused. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  dynamic: ['original_max_position_embeddings'],
  yarn: ['finetuned'],
};
/** HunYuan's dynamic block: `alpha` alone decides, the rest was copied from a yarn block. */
const ALPHA_KEYS = ['alpha', 'beta_fast', 'beta_slow', 'mscale', 'mscale_all_dim'];

/** Published beside sections; model code does not look at them. */
const LAYOUT_KEYS = ['mrope_interleaved', 'interleaved'];
const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

/** What a block says about frequencies and amplitude, as fields of a RotarySpec, and its raw numbers. */
export interface RopeRule {
  /** The type as the model's own code calls it. */
  readonly ropeType: RopeType;
  readonly spec: Partial<RotarySpec>;
  readonly mropeSection?: readonly number[];
  /** Coefficient of the position-dependent query scale (Ministral-3, Mistral-4). */
  readonly llama4ScalingBeta?: number;
}

export interface RuleContext {
  readonly section: Section;
  readonly cls: ModelClass;
  readonly theta: number;
  /** Rotated pairs, for the lists of longrope. */
  readonly pairs: number;
  readonly maxPositionEmbeddings?: number;
  readonly originalMaxPositionEmbeddings?: { readonly key: string; readonly value: number };
}

/** Checks one block completely and translates it. */
export function ropeRule(block: RopeBlock | undefined, context: RuleContext, fallbackType = 'default'): RopeRule {
  const { cls, section } = context;
  const { notes } = section;
  const path = block?.path ?? section.at('rope_scaling');
  const fields: Fields = block?.fields ?? {};
  const named = ropeTypeOf(block, notes, fallbackType);
  if (block && !present(fields, 'rope_type') && !present(fields, 'type') && present(fields, 'factor')) {
    refuse(`${path}.rope_type`, `missing beside a factor: without it nothing would be scaled; name the rule`);
  }
  const ropeType = ROPE_TYPES[named];
  if (named === 'su') notes.warn('legacy', `${path}.type`, "'su' is the old name of 'longrope'");
  if (cls.mrope && present(fields, 'type') && fields.type === 'mrope') {
    notes.warn('no-effect', `${path}.type`, "'mrope' is the default rule; the sections make it multimodal");
  }
  const alpha = ropeType === 'dynamic' && cls.type.startsWith('hunyuan_v1') && present(fields, 'alpha');

  const allowed = new Set([...COMMON_KEYS, ...KEYS[ropeType]]);
  if (alpha) for (const key of ALPHA_KEYS) allowed.add(key);
  if (cls.mrope) for (const key of ['mrope_section', ...LAYOUT_KEYS]) allowed.add(key);
  if (cls.type === 'ministral3' || cls.type === 'mistral4') allowed.add('llama_4_scaling_beta');
  const harmless = Object.hasOwn(HARMLESS, ropeType) ? HARMLESS[ropeType] : [];
  for (const key of Object.keys(fields)) {
    if (allowed.has(key)) continue;
    const where = `${path}.${shorten(key)}`;
    if (harmless.includes(key)) notes.warn('no-effect', where, `not used by rope type '${ropeType}'`);
    else if (present(fields, key)) {
      notes.complain(where, `not a key of rope type '${named}'; it reads ${[...allowed].join(', ')}`);
    }
  }

  const number = (key: string, bounds: Parameters<typeof checkNumber>[2] = {}): number | undefined =>
    present(fields, key) ? checkNumber(`${path}.${key}`, fields[key], bounds) : undefined;
  const required = (key: string, bounds?: Parameters<typeof checkNumber>[2]): number =>
    number(key, bounds) ?? refuse(`${path}.${key}`, `required by rope type '${named}'`);
  const original = (): number => {
    const inside = number('original_max_position_embeddings', { integer: true, min: 1, max: MAX_LENGTH });
    const outside = context.originalMaxPositionEmbeddings;
    if (inside !== undefined && outside !== undefined && inside !== outside.value) {
      refuse(`${path}.original_max_position_embeddings`, `${inside} contradicts ${outside.key} = ${outside.value}`);
    }
    return (
      inside ??
      outside?.value ??
      refuse(
        `${path}.original_max_position_embeddings`,
        `required by rope type '${named}': the length the model was trained on before scaling`,
      )
    );
  };
  const { maxPositionEmbeddings, theta } = context;
  const implied = (trained: number, key: string): number => {
    if (maxPositionEmbeddings === undefined) {
      return refuse(`${path}.${key}`, 'missing, and max_position_embeddings to derive it from is missing too');
    }
    notes.assume(`${path}.${key}`, maxPositionEmbeddings / trained, 'max_position_embeddings / original length');
    return maxPositionEmbeddings / trained;
  };

  let spec: Partial<RotarySpec>;
  switch (ropeType) {
    case 'linear':
      spec = { ropeType, factor: required('factor', { min: 1 }) };
      break;
    case 'proportional':
      spec = { ropeType, factor: number('factor', { min: 1 }) };
      break;
    case 'dynamic': {
      const factor = required('factor', { min: 1 });
      if (context.pairs < 2) refuse(`${path}.rope_type`, 'dynamic scaling needs at least two rotated pairs');
      if (alpha) {
        spec = { ropeType: 'ntk', alpha: required('alpha', { above: 0 }) };
        for (const key of [...ALPHA_KEYS.slice(1), 'factor']) {
          if (present(fields, key)) notes.warn('no-effect', `${path}.${key}`, `alpha alone sets the base here`);
        }
      } else {
        if (maxPositionEmbeddings === undefined) {
          refuse(section.at('max_position_embeddings'), "required by rope type 'dynamic'");
        }
        spec = { ropeType, factor, maxPositionEmbeddings };
      }
      break;
    }
    case 'llama3': {
      const low = required('low_freq_factor', { above: 0 });
      const high = required('high_freq_factor', { above: 0 });
      if (low > high) {
        refuse(`${path}.low_freq_factor`, `${low} is above high_freq_factor ${high}; the band would be reversed`);
      }
      const trained = original();
      if (maxPositionEmbeddings !== undefined && trained > maxPositionEmbeddings) {
        notes.warn(
          'risk',
          `${path}.original_max_position_embeddings`,
          `${trained} is above max_position_embeddings ${maxPositionEmbeddings}`,
        );
      }
      spec = {
        ropeType,
        factor: required('factor', { min: 1 }),
        lowFreqFactor: low,
        highFreqFactor: high,
        originalMaxPositionEmbeddings: trained,
      };
      break;
    }
    case 'yarn':
      spec = yarn();
      break;
    case 'longrope':
      spec = longrope();
      break;
    default:
      spec = { ropeType: 'default' };
  }
  const beta = number('llama_4_scaling_beta', { min: 0 });
  if (beta === 0) notes.warn('no-effect', `${path}.llama_4_scaling_beta`, '0 switches the query scaling off');
  else if (beta !== undefined) {
    notes.warn(
      'no-effect',
      `${path}.llama_4_scaling_beta`,
      'scales queries by position (queryScale); the tables do not change',
    );
  }
  return {
    ropeType,
    spec: dropUndefined(spec),
    mropeSection: mropeSection(),
    llama4ScalingBeta: beta === 0 ? undefined : beta,
  };

  function yarn(): Partial<RotarySpec> {
    const trained = original();
    const factor = number('factor', { min: 1 }) ?? implied(trained, 'factor');
    if (factor < 1) refuse(`${path}.factor`, `max_position_embeddings / original length is ${factor}, below 1`);
    const ratio = maxPositionEmbeddings === undefined ? factor : maxPositionEmbeddings / trained;
    if (ratio !== 1 && ratio !== factor) {
      notes.warn(
        'contradiction',
        `${path}.factor`,
        `${factor}, but max_position_embeddings / original_max_position_embeddings is ${ratio}; the model uses ${factor}`,
      );
    }
    if (theta === 1)
      refuse(section.at('rope_theta'), "1 has no logarithm to divide by; rope type 'yarn' needs a base above 1");
    const fast = number('beta_fast', { min: 0 }) || undefined;
    const slow = number('beta_slow', { min: 0 }) || undefined;
    if ((fast ?? 32) < (slow ?? 1)) {
      refuse(`${path}.beta_fast`, `${fast ?? 32} is below beta_slow ${slow ?? 1}; the ramp would be reversed`);
    }
    const attentionFactor = number('attention_factor', { above: 0 });
    const mscale = number('mscale', { min: 0 }) || undefined;
    const mscaleAllDim = number('mscale_all_dim', { min: 0 }) || undefined;
    if (attentionFactor !== undefined && (mscale || mscaleAllDim)) {
      notes.warn('no-effect', `${path}.mscale`, 'attention_factor is given and wins');
    } else if (mscale !== undefined && mscaleAllDim === undefined) {
      notes.warn(
        'no-effect',
        `${path}.mscale`,
        'a lone mscale is ignored: without mscale_all_dim the amplitude is 0.1 ln(factor) + 1',
      );
    } else if (mscale === undefined && mscaleAllDim !== undefined) {
      notes.warn(
        'no-effect',
        `${path}.mscale_all_dim`,
        'without mscale it does not change the amplitude, which is 0.1 ln(factor) + 1',
      );
    }
    const truncate = present(fields, 'truncate') ? fields.truncate : undefined;
    if (truncate !== undefined && typeof truncate !== 'boolean') {
      refuse(`${path}.truncate`, `expected true or false, got ${show(truncate)}`);
    }
    return {
      ropeType,
      factor,
      originalMaxPositionEmbeddings: trained,
      betaFast: fast,
      betaSlow: slow,
      attentionFactor,
      ...(mscale !== undefined && mscaleAllDim !== undefined ? { mscale, mscaleAllDim } : {}),
      truncate,
    };
  }

  function longrope(): Partial<RotarySpec> {
    const list = (key: string): number[] => {
      if (!present(fields, key)) return refuse(`${path}.${key}`, `required by rope type '${named}'`);
      const value = fields[key];
      if (!Array.isArray(value) || value.length !== context.pairs) {
        return refuse(
          `${path}.${key}`,
          `expected ${context.pairs} numbers, one for each rotated pair, got ${show(value)}`,
        );
      }
      return value.map((item, i) => checkNumber(`${path}.${key}[${i}]`, item, { above: 0 }));
    };
    const trained = original();
    const factor = number('factor', { min: 1 });
    if (factor === undefined && maxPositionEmbeddings === undefined) implied(trained, 'factor');
    const ratio = maxPositionEmbeddings === undefined ? 1 : maxPositionEmbeddings / trained;
    if (ratio < 1) {
      const where = `${path}.original_max_position_embeddings`;
      notes.warn('risk', where, `${trained} is above max_position_embeddings ${maxPositionEmbeddings}`);
    } else if (factor !== undefined && ratio !== 1 && ratio !== factor) {
      notes.warn(
        'contradiction',
        `${path}.factor`,
        `${factor}, but max_position_embeddings / original_max_position_embeddings is ${ratio}; the model uses ${factor}`,
      );
    }
    return {
      ropeType,
      shortFactor: list('short_factor'),
      longFactor: list('long_factor'),
      factor,
      originalMaxPositionEmbeddings: trained,
      maxPositionEmbeddings,
      attentionFactor: number('attention_factor', { above: 0 }),
      shortMscale: number('short_mscale', { above: 0 }),
      longMscale: number('long_mscale', { above: 0 }),
    };
  }

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
    if (!Array.isArray(value) || value.length !== 3) {
      return refuse(where, `expected three numbers of pairs, got ${show(value)}`);
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
