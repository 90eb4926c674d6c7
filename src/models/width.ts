/**
 * How wide a head is and which of its channels rotate: head_dim under its names, partial factors, rotary_dim, and the
 * decoupled rotary part of latent attention (DeepSeek-V2, arXiv 2405.04434).
 */
import { ruleOf } from '../rotary/frequencies.ts';
import { type ConfigNode, checkNumber, refuse } from './read.ts';
import type { HeadFacts, RotaryFacts, TableFacts } from './records/record.ts';
import { NAMED, type RopeBlock } from './ropeBlock.ts';
import { numberAt } from './values.ts';

const HIDDEN = ['hidden_size', 'n_embd', 'n_embed', 'd_model', 'dim'];
const HEADS = ['num_attention_heads', 'n_head', 'n_heads', 'num_heads'];
const PARTIAL = ['rotary_pct', 'rope_pct', 'rotary_emb_fraction', 'partial_rotary_factor'];
const MAX_HEAD_DIM = 8192;

export interface Width {
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly partial: number;
}

export interface WidthInput {
  readonly node: ConfigNode;
  readonly type: string;
  readonly facts: RotaryFacts;
  /** The table it is for, when the record has several. */
  readonly table: TableFacts | undefined;
  readonly block: RopeBlock | undefined;
  readonly ropeType: string;
  /** A partial factor of these layers alone. */
  readonly partial?: { readonly path: string; readonly value: number };
}

/** Channels of a head, and which of them rotate. */
export function readWidth(input: WidthInput): Width {
  const { node, type, facts, table, block, ropeType } = input;
  const { notes } = node;
  const { rotated } = facts;
  if (rotated !== 'head' && 'latent' in rotated) return latentWidth(node, type, rotated.latent, block);
  const headDim = readHeadDim(node, type, facts, table?.head ?? facts.head);
  const honoured = rotated !== 'head' || table?.partial !== undefined;
  const given: { path: string; value: number }[] = input.partial ? [input.partial] : [];
  if (block && Object.hasOwn(block.fields, 'partial_rotary_factor') && block.fields.partial_rotary_factor !== null) {
    const path = `${block.path}.partial_rotary_factor`;
    given.push({ path, value: checkNumber(path, block.fields.partial_rotary_factor, { above: 0, max: 1 }) });
  }
  const keys = rotated !== 'head' && rotated.keys ? [...rotated.keys, ...PARTIAL] : PARTIAL;
  for (const key of keys) {
    const value = node.number(key, { above: 0, max: 1 });
    if (value !== undefined) given.push({ path: node.at(key), value });
  }
  for (const { path, value } of given.slice(1)) {
    if (value !== given[0].value)
      refuse(path, `${value} contradicts ${given[0].path} = ${given[0].value}; keep one of them`);
  }
  if (!honoured && given.length > 0) {
    const { path, value } = given[0];
    if (value !== 1 && ropeType !== 'default' && ropeType !== 'mrope') {
      refuse(
        path,
        `${value} would narrow the table of rope type '${ropeType}', but model type '${type}' rotates whole heads`,
      );
    }
    if (value !== 1) notes.warn('no-effect', path, `model type '${type}' rotates whole heads`);
    return { headDim, rotaryDim: checkEven(node, headDim), rotaryOffset: 0, partial: 1 };
  }
  const fallback = table?.partial ?? (rotated === 'head' ? 1 : rotated.partial);
  const partial = given[0]?.value ?? fallback;
  if (ruleOf(NAMED[ropeType]).wholeHead) {
    if (given.length === 0) node.assume(['partial_rotary_factor'], partial, `default of '${type}'`);
    return { headDim, rotaryDim: checkEven(node, headDim), rotaryOffset: 0, partial };
  }
  const explicit = readRotaryDim(node, type, facts, headDim);
  let rotaryDim = Math.trunc(headDim * partial);
  if (explicit !== undefined) {
    if (given.length > 0 && rotaryDim !== explicit) {
      refuse(node.at('rotary_dim'), `${explicit} contradicts ${given[0].path} = ${partial} of ${headDim} channels`);
    }
    rotaryDim = explicit;
  } else if (given.length === 0 && fallback !== 1) {
    node.assume(['partial_rotary_factor', ...keys], fallback, `default of model type '${type}'`);
  }
  if (rotaryDim % 2 !== 0 || rotaryDim === 0) {
    const path =
      explicit !== undefined
        ? node.at('rotary_dim')
        : (given[0]?.path ?? node.at(fallback === 1 ? 'head_dim' : 'partial_rotary_factor'));
    refuse(
      path,
      `${rotaryDim} of ${headDim} channels would rotate; channels rotate in pairs, give an even number of them`,
    );
  }
  const last = rotated !== 'head' && rotated.place === 'last';
  return { headDim, rotaryDim, rotaryOffset: last ? headDim - rotaryDim : 0, partial };
}

function checkEven(node: ConfigNode, headDim: number): number {
  if (headDim % 2 !== 0) refuse(node.at('head_dim'), `${headDim} is odd; channels rotate in pairs`);
  return headDim;
}

/** The rotated width itself: rotary_dim (GPT-J, MiniMax), qk_rope_head_dim (DeepSeek-V4). */
function readRotaryDim(node: ConfigNode, type: string, facts: RotaryFacts, headDim: number): number | undefined {
  const dim = facts.rotated !== 'head' && 'partial' in facts.rotated ? facts.rotated.dim : undefined;
  const found = numberAt(node, dim?.keys ?? ['rotary_dim'], { integer: true, min: 1, max: MAX_HEAD_DIM });
  if (found !== undefined) {
    const { key, value } = found;
    if (value > headDim) refuse(node.at(key), `${value} channels rotate, but the head has ${headDim}`);
    if (facts.rotated === 'head' && value !== headDim) {
      refuse(node.at(key), `${value} is not read by model type '${type}', which rotates all ${headDim} channels`);
    }
    return value;
  }
  if (dim === undefined || dim.fallback === null) return undefined;
  assumeDefault(node, dim.keys[0], dim.fallback, type);
  return Math.min(dim.fallback, headDim);
}

function assumeDefault(node: ConfigNode, key: string, value: number, type: string): void {
  node.assume([key], value, `default of model type '${type}'`);
}

function readHeadDim(node: ConfigNode, type: string, facts: RotaryFacts, head: HeadFacts): number {
  const key = head.keys.find((name) => node.has(name));
  const nested = node.path !== '' && key === undefined ? facts.sizes : undefined;
  const headKeys = facts.counts ? [...HEADS, facts.counts.heads] : HEADS;
  const hidden = node.integerOf(HIDDEN, 1, 2 ** 24) ?? classSize(node, type, head, 'hidden_size', nested?.hidden);
  const heads = node.integerOf(headKeys, 1, 65536) ?? classSize(node, type, head, 'num_attention_heads', nested?.heads);
  const keyHeads = node.integer('num_key_value_heads', 1, 65536);
  if (heads && keyHeads && heads.value % keyHeads !== 0) {
    refuse(node.at('num_key_value_heads'), `${keyHeads} does not divide ${heads.key} = ${heads.value}`);
  }
  if (key !== undefined) return node.integer(key, 1, MAX_HEAD_DIM) as number;
  if (head.dim !== null) {
    assumeDefault(node, head.keys[0], head.dim, type);
    return head.dim;
  }
  if (!hidden)
    return refuse(node.at('hidden_size'), 'missing, and so is head_dim: the width of a head cannot be known');
  if (!heads)
    return refuse(node.at('num_attention_heads'), 'missing, and so is head_dim: the width of a head cannot be known');
  const value = (head.times ?? 1) * (hidden.value / heads.value);
  if (!Number.isInteger(value) || value > MAX_HEAD_DIM) {
    refuse(node.at(hidden.key), `${hidden.value} over ${heads.value} heads is ${value} channels; give head_dim`);
  }
  node.notes.assume(node.at('head_dim'), value, `${hidden.key} / ${heads.key}`);
  return value;
}

/** A size that a nested configuration leaves to its class; a configuration of its own must give it. */
function classSize(
  node: ConfigNode,
  type: string,
  head: HeadFacts,
  key: string,
  value: number | undefined,
): { key: string; value: number } | undefined {
  if (value === undefined || head.dim !== null) return undefined;
  assumeDefault(node, key, value, type);
  return { key, value };
}

/** Latent attention: [nope | rope] with a decoupled rotary part. */
function latentWidth(
  node: ConfigNode,
  type: string,
  latent: { readonly rope: number; readonly nope: number },
  block: RopeBlock | undefined,
): Width {
  const rope = node.integer('qk_rope_head_dim', 2, MAX_HEAD_DIM);
  const nope = node.integer('qk_nope_head_dim', 0, MAX_HEAD_DIM);
  if (rope === undefined) assumeDefault(node, 'qk_rope_head_dim', latent.rope, type);
  if (nope === undefined) assumeDefault(node, 'qk_nope_head_dim', latent.nope, type);
  const rotaryDim = rope ?? latent.rope;
  if (rotaryDim % 2 !== 0) refuse(node.at('qk_rope_head_dim'), `${rotaryDim} is odd; channels rotate in pairs`);
  node.notes.consumed.add(node.at('partial_rotary_factor'));
  if (block && Object.hasOwn(block.fields, 'partial_rotary_factor')) {
    node.notes.warn('no-effect', `${block.path}.partial_rotary_factor`, 'qk_rope_head_dim channels rotate');
  }
  const rotaryOffset = nope ?? latent.nope;
  return { headDim: rotaryOffset + rotaryDim, rotaryDim, rotaryOffset, partial: 1 };
}
