/**
 * How wide a head is and which of its channels rotate: head_dim under its names, partial factors, rotary_dim, and the
 * decoupled rotary part of latent attention (DeepSeek-V2, arXiv 2405.04434).
 */
import type { LabelFacts, ModelClass } from './classes.ts';
import { checkNumber, refuse, type Section } from './read.ts';
import type { RopeBlock } from './ropeBlock.ts';

const HIDDEN = ['hidden_size', 'n_embd', 'n_embed', 'd_model'];
const HEADS = ['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'decoder_num_attention_heads'];
const PARTIAL = ['rotary_pct', 'rope_pct', 'rotary_emb_fraction', 'partial_rotary_factor'];
const MAX_HEAD_DIM = 8192;

export interface Width {
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly partial: number;
}

/** Channels of a head, and which of them rotate. */
export function readWidth(
  section: Section,
  cls: ModelClass,
  facts: LabelFacts,
  block: RopeBlock | undefined,
  ropeType: string,
): Width {
  const { notes } = section;
  if (cls.mla !== undefined) return latentWidth(section, cls, cls.mla, block);
  const headDim = readHeadDim(section, cls, facts);
  const honoured = cls.partial !== undefined || facts.partial !== undefined;
  const given: { path: string; value: number }[] = [];
  if (block && Object.hasOwn(block.fields, 'partial_rotary_factor') && block.fields.partial_rotary_factor !== null) {
    const path = `${block.path}.partial_rotary_factor`;
    given.push({ path, value: checkNumber(path, block.fields.partial_rotary_factor, { above: 0, max: 1 }) });
  }
  for (const key of PARTIAL) {
    const value = section.number(key, { above: 0, max: 1 });
    if (value !== undefined) given.push({ path: section.at(key), value });
  }
  for (const { path, value } of given.slice(1)) {
    if (value !== given[0].value)
      refuse(path, `${value} contradicts ${given[0].path} = ${given[0].value}; keep one of them`);
    notes.warn('no-effect', path, `repeats ${given[0].path}`);
  }
  if (!honoured && given.length > 0) {
    const { path, value } = given[0];
    if (value !== 1 && ropeType !== 'default' && ropeType !== 'mrope') {
      refuse(
        path,
        `${value} would narrow the table of rope type '${ropeType}', but model type '${cls.type}' rotates whole heads`,
      );
    }
    notes.warn('no-effect', path, `model type '${cls.type}' rotates whole heads`);
    return { headDim, rotaryDim: checkEven(section, headDim), rotaryOffset: 0, partial: 1 };
  }
  const fallback = facts.partial ?? cls.partial ?? 1;
  const partial = given[0]?.value ?? fallback;
  if (ropeType === 'proportional') {
    if (given.length === 0) notes.assume(section.at('partial_rotary_factor'), partial, `default of '${cls.type}'`);
    return { headDim, rotaryDim: checkEven(section, headDim), rotaryOffset: 0, partial };
  }
  const explicit = readRotaryDim(section, cls, headDim);
  let rotaryDim = Math.trunc(headDim * partial);
  if (explicit !== undefined) {
    if (given.length > 0 && rotaryDim !== explicit) {
      refuse(section.at('rotary_dim'), `${explicit} contradicts ${given[0].path} = ${partial} of ${headDim} channels`);
    }
    rotaryDim = explicit;
  } else if (given.length === 0 && fallback !== 1) {
    notes.assume(section.at('partial_rotary_factor'), fallback, `default of model type '${cls.type}'`);
  }
  if (rotaryDim % 2 !== 0 || rotaryDim === 0) {
    const path =
      explicit !== undefined
        ? section.at('rotary_dim')
        : (given[0]?.path ?? section.at(fallback === 1 ? 'head_dim' : 'partial_rotary_factor'));
    refuse(
      path,
      `${rotaryDim} of ${headDim} channels would rotate; channels rotate in pairs, give an even number of them`,
    );
  }
  return { headDim, rotaryDim, rotaryOffset: cls.type === 'deepseek_v4' ? headDim - rotaryDim : 0, partial };
}

function checkEven(section: Section, headDim: number): number {
  if (headDim % 2 !== 0) refuse(section.at('head_dim'), `${headDim} is odd; channels rotate in pairs`);
  return headDim;
}

/** `rotary_dim` (GPT-J, CodeGen, MiniMax), or `qk_rope_head_dim` of DeepSeek-V4. */
function readRotaryDim(section: Section, cls: ModelClass, headDim: number): number | undefined {
  const key = cls.type === 'deepseek_v4' ? 'qk_rope_head_dim' : 'rotary_dim';
  const value = section.integer(key, 1, MAX_HEAD_DIM);
  if (value !== undefined) {
    if (value > headDim) refuse(section.at(key), `${value} channels rotate, but the head has ${headDim}`);
    if (cls.partial === undefined && value !== headDim) {
      refuse(
        section.at(key),
        `${value} is not read by model type '${cls.type}', which rotates all ${headDim} channels`,
      );
    }
    return value;
  }
  if (cls.type === 'gptj' || cls.type === 'codegen') {
    assumeDefault(section, 'rotary_dim', 64, cls);
    return Math.min(64, headDim);
  }
  return undefined;
}

function assumeDefault(section: Section, key: string, value: number, cls: ModelClass): void {
  section.notes.assume(section.at(key), value, `default of model type '${cls.type}'`);
}

function readHeadDim(section: Section, cls: ModelClass, facts: LabelFacts): number {
  const sliding = facts.label === 'sliding_attention';
  const keys =
    cls.type === 'jetmoe'
      ? ['kv_channels', 'head_dim']
      : cls.type === 'zamba2'
        ? ['attention_head_dim', 'head_dim']
        : cls.type.startsWith('gemma4') || cls.type === 'diffusion_gemma_text'
          ? sliding
            ? ['head_dim']
            : ['global_head_dim', 'head_dim']
          : cls.type === 'mimo_v2_flash' && sliding
            ? ['swa_head_dim', 'head_dim']
            : ['head_dim'];
  const key = keys.find((name) => section.has(name));
  const nested = section.path !== '' && key === undefined ? cls.sizes : undefined;
  const hidden = section.integerOf(HIDDEN, 1, 2 ** 24) ?? classSize(section, cls, 'hidden_size', nested?.hidden);
  const heads = section.integerOf(HEADS, 1, 65536) ?? classSize(section, cls, 'num_attention_heads', nested?.heads);
  const keyHeads = section.integer('num_key_value_heads', 1, 65536);
  if (heads && keyHeads && heads.value % keyHeads !== 0) {
    refuse(section.at('num_key_value_heads'), `${keyHeads} does not divide ${heads.key} = ${heads.value}`);
  }
  if (heads?.key === 'decoder_num_attention_heads' && section.integer('encoder_num_attention_heads', 1, 65536)) {
    section.notes.warn('no-effect', section.at('encoder_num_attention_heads'), 'the head follows the decoder');
  }
  if (key !== undefined) {
    const value = section.integer(key, 1, MAX_HEAD_DIM) as number;
    for (const name of [hidden?.key, heads?.key]) {
      if (name) section.notes.warn('no-effect', section.at(name), `${key} is given`);
    }
    return value;
  }
  const fixed = cls.type.startsWith('gemma4') && !sliding ? 512 : cls.headDim;
  if (fixed !== undefined) {
    assumeDefault(section, keys[0], fixed, cls);
    return fixed;
  }
  if (!hidden)
    return refuse(section.at('hidden_size'), 'missing, and so is head_dim: the width of a head cannot be known');
  if (!heads)
    return refuse(
      section.at('num_attention_heads'),
      'missing, and so is head_dim: the width of a head cannot be known',
    );
  const value = (cls.type === 'zamba2' ? 2 : 1) * (hidden.value / heads.value);
  if (!Number.isInteger(value) || value > MAX_HEAD_DIM) {
    refuse(section.at(hidden.key), `${hidden.value} over ${heads.value} heads is ${value} channels; give head_dim`);
  }
  section.notes.assume(section.at('head_dim'), value, `${hidden.key} / ${heads.key}`);
  return value;
}

/** A size that a nested configuration leaves to its class; a configuration of its own must give it. */
function classSize(
  section: Section,
  cls: ModelClass,
  key: string,
  value: number | undefined,
): { key: string; value: number } | undefined {
  if (value === undefined || cls.headDim !== undefined) return undefined;
  assumeDefault(section, key, value, cls);
  return { key, value };
}

/** Latent attention: [nope | rope] with a decoupled rotary part. */
function latentWidth(section: Section, cls: ModelClass, fallback: number, block: RopeBlock | undefined): Width {
  const rope = section.integer('qk_rope_head_dim', 2, MAX_HEAD_DIM);
  const nope = section.integer('qk_nope_head_dim', 0, MAX_HEAD_DIM);
  if (rope === undefined) assumeDefault(section, 'qk_rope_head_dim', fallback, cls);
  const defaultNope = cls.type === 'minicpm3' || cls.type === 'mistral4' ? 64 : 128;
  if (nope === undefined) assumeDefault(section, 'qk_nope_head_dim', defaultNope, cls);
  const rotaryDim = rope ?? fallback;
  if (rotaryDim % 2 !== 0) refuse(section.at('qk_rope_head_dim'), `${rotaryDim} is odd; channels rotate in pairs`);
  for (const name of [...HIDDEN, ...HEADS, 'head_dim', 'partial_rotary_factor']) {
    if (!section.has(name)) continue;
    section.get(name);
    section.notes.warn('no-effect', section.at(name), 'the head is qk_nope_head_dim + qk_rope_head_dim');
  }
  if (block && Object.hasOwn(block.fields, 'partial_rotary_factor')) {
    section.notes.warn('no-effect', `${block.path}.partial_rotary_factor`, 'qk_rope_head_dim channels rotate');
  }
  const rotaryOffset = nope ?? defaultNope;
  return { headDim: rotaryOffset + rotaryDim, rotaryDim, rotaryOffset, partial: 1 };
}
