/**
 * The rotary tables of a configuration: dimensions, base and scaling of each layer type, checked and computed.
 */
import { type RotaryFrequencies, rotaryFrequencies } from '../rotary/frequencies.ts';
import type { Pairing, RotarySpec } from '../rotary/spec.ts';
import { PosencError } from '../runtime/errors.ts';
import type { LabelFacts, ModelClass } from './classes.ts';
import { type Layers, readLayers } from './layers.ts';
import type { LengthDependence, RotaryLayer } from './normalForm.ts';
import { checkNumber, isFields, refuse, type Section } from './read.ts';
import { dropUndefined, type RopeBlock, type RopeBlocks, ropeBlocks, ropeRule, ropeTypeOf } from './ropeBlock.ts';
import { rotaryQueryScale, softmaxScale } from './scales.ts';

const HIDDEN = ['hidden_size', 'n_embd', 'n_embed', 'd_model'];
const HEADS = ['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'decoder_num_attention_heads'];
const PARTIAL = ['rotary_pct', 'rope_pct', 'rotary_emb_fraction', 'partial_rotary_factor'];
/** Classes whose base is a constant of the code. */
const FIXED_THETA = ['gptj', 'codegen', 'roformer', 'esm'];
const MAX_HEAD_DIM = 8192;

export interface RotaryPart {
  readonly layerTypes: Readonly<Record<string, RotaryLayer>>;
  readonly layers?: Layers;
  readonly maxPositionEmbeddings?: number;
}

/** @param context number of positions (highest + 1), when known */
export function readRotary(section: Section, cls: ModelClass, context: number | undefined): RotaryPart {
  const { notes } = section;
  const blocks = ropeBlocks(section);
  if (cls.needsBlock && !blocks.flat && !blocks.byLabel) {
    refuse(
      section.at('rope_parameters'),
      `missing: model type '${cls.type}' scales its frequencies by default; write its block out`,
    );
  }
  const labels = labelsOf(section, cls, blocks);
  const maxPositionEmbeddings = section.integerOf(
    ['max_position_embeddings', 'n_positions'],
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const original = section.integer('original_max_position_embeddings', 1);
  const readers = new Set<string>();
  const layerTypes: Record<string, RotaryLayer> = {};
  for (const facts of labels) {
    const block = blockOf(blocks, facts);
    layerTypes[facts.label] = readTable({
      section,
      cls,
      facts,
      block,
      flat: blocks.flat,
      context,
      readers,
      maxPositionEmbeddings: maxPositionEmbeddings?.value,
      original:
        original === undefined ? undefined : { key: section.at('original_max_position_embeddings'), value: original },
    });
  }
  if (maxPositionEmbeddings && !readers.has('max_position_embeddings')) {
    notes.warn('no-effect', section.at(maxPositionEmbeddings.key), 'the frequencies do not depend on it');
  }
  if (original !== undefined && !readers.has('original_max_position_embeddings')) {
    notes.warn('no-effect', section.at('original_max_position_embeddings'), 'no scaling uses it');
  }
  const layers = readLayers(section, cls, Object.keys(layerTypes));
  sayUnread(section);
  return { layerTypes, layers, maxPositionEmbeddings: maxPositionEmbeddings?.value };
}

/** Keys that look as if they were about rotation, and that nothing reads. */
export function sayUnread(section: Section): void {
  for (const key of Object.keys(section.fields)) {
    if (!/rope|rotary|yarn|ntk/i.test(key) || !section.has(key) || section.notes.consumed.has(section.at(key)))
      continue;
    section.get(key);
    section.notes.warn('no-effect', section.at(key), 'looks like a rotary setting, and nothing reads it');
  }
}

/** The tables of the class, or those the file lists by layer type. */
function labelsOf(section: Section, cls: ModelClass, blocks: RopeBlocks): readonly LabelFacts[] {
  const own = cls.labels ?? [];
  if (!blocks.byLabel) {
    return own.length > 0
      ? own
      : [{ label: 'default', theta: cls.theta, thetaKeys: ['rotary_emb_base', 'rope_theta'], scaled: true }];
  }
  const types = section.list('layer_types', 'string', 4096) ?? [];
  const named: LabelFacts[] = [];
  for (const [label, block] of blocks.byLabel) {
    const known = own.find((facts) => facts.label === label);
    if (!known && !types.includes(label)) {
      refuse(
        section.at('layer_types'),
        `${block.path} is a block for one layer type, but ${types.length ? 'no layer is of that type' : 'there are no layer_types'}; model type '${cls.type}' would ignore it in silence`,
      );
    }
    named.push(known ?? { label, theta: cls.theta, thetaKeys: [], scaled: false });
  }
  for (const facts of own) {
    if (named.some(({ label }) => label === facts.label)) continue;
    if (types.length > 0 && !types.includes(facts.label)) continue;
    if (!facts.thetaKeys.some((key) => section.has(key))) {
      const path = [...blocks.byLabel.values()][0].path.replace(/[^.]*$/, facts.label);
      section.notes.object(path, `missing: layers of this type exist, and nothing gives their base`);
    }
    named.push(facts);
  }
  return named;
}

function blockOf(blocks: RopeBlocks, facts: LabelFacts): RopeBlock | undefined {
  return blocks.byLabel ? blocks.byLabel.get(facts.label) : facts.scaled ? blocks.flat : undefined;
}

interface TableInput {
  readonly section: Section;
  readonly cls: ModelClass;
  readonly facts: LabelFacts;
  readonly block: RopeBlock | undefined;
  readonly flat: RopeBlock | undefined;
  readonly context: number | undefined;
  /** Length keys that some table used. */
  readonly readers: Set<string>;
  readonly maxPositionEmbeddings: number | undefined;
  readonly original: { readonly key: string; readonly value: number } | undefined;
}

function readTable(input: TableInput): RotaryLayer {
  const { section, cls, facts, context } = input;
  const { notes } = section;
  const block: RopeBlock | undefined =
    input.block ??
    (facts.scaled && !input.flat && cls.defaultBlock
      ? { path: section.at('rope_parameters'), fields: cls.defaultBlock }
      : undefined);
  if (block !== undefined && block !== input.block) {
    notes.assume(block.path, { ...cls.defaultBlock }, `default of model type '${cls.type}'`);
  }
  const theta = readTheta(input);
  const ropeType = ropeTypeOf(block, notes, facts.ropeType ?? 'default');
  const width = readWidth(input, block, ropeType);
  const read = ropeRule(
    block,
    {
      section,
      cls,
      theta,
      pairs: width.rotaryDim / 2,
      maxPositionEmbeddings: input.maxPositionEmbeddings,
      originalMaxPositionEmbeddings: input.original,
    },
    facts.ropeType,
  );
  const forced = cls.type === 'deepseek_v4' && read.ropeType === 'yarn' && read.spec.attentionFactor === undefined;
  const rule = forced ? { ...read, spec: { ...read.spec, attentionFactor: 1 } } : read;
  if (forced) notes.assume(section.at('rope_parameters.attention_factor'), 1, 'forced by the class deepseek_v4');
  if (rule.spec.originalMaxPositionEmbeddings !== undefined) input.readers.add('original_max_position_embeddings');
  if (readsMaxPosition(rule.spec, block)) input.readers.add('max_position_embeddings');

  const spec: RotarySpec = dropUndefined({
    headDim: width.headDim,
    ...(rule.ropeType === 'proportional'
      ? { partialRotaryFactor: width.partial }
      : { rotaryDim: width.rotaryDim, rotaryOffset: width.rotaryOffset }),
    ...pairingOf(section, cls),
    ...(cls.type === 'nanochat' ? { rotationSign: -1 as const } : {}),
    ropeTheta: theta,
    ...rule.spec,
    precision: 'torch' as const,
    ...(rule.mropeSection && cls.mrope ? { mropeSection: rule.mropeSection, mropeLayout: cls.mrope.layout } : {}),
  });
  const lengthDependent = dependence(spec);
  const threshold = lengthDependent?.threshold ?? 1;
  const main = frequencies(
    section,
    spec,
    lengthDependent?.rule === 'dynamic' ? Math.max(context ?? 0, threshold) : threshold,
  );
  const long = lengthDependent?.rule === 'longrope' ? frequencies(section, spec, threshold + 1) : undefined;
  const mscaleAllDim = block && Object.hasOwn(block.fields, 'mscale_all_dim') ? block.fields.mscale_all_dim : undefined;
  const softmax = softmaxScale(
    section,
    cls,
    width.headDim,
    rule,
    typeof mscaleAllDim === 'number' ? mscaleAllDim : undefined,
  );
  return dropUndefined({
    spec,
    ropeType: rule.ropeType,
    invFreq: Array.from(main.float32 as Float32Array),
    invFreqLong: long && Array.from(long.float32 as Float32Array),
    attentionFactor: main.attentionFactor,
    headDim: width.headDim,
    rotaryDim: main.rotaryDim,
    rotaryOffset: main.rotaryOffset,
    pairing: main.pairing,
    outputPairing: main.outputPairing,
    rotationSign: main.rotationSign,
    mropeSection: spec.mropeSection,
    mropeLayout: spec.mropeLayout,
    mropeStreams: main.streams && Array.from(main.streams, (stream) => 'thw'[stream]).join(''),
    softmaxScale: softmax.scale,
    softmaxScaleFactor: softmax.factor,
    queryScale: rotaryQueryScale(rule),
    lengthDependent,
  });
}

/** The specification that a table for `context` positions needs: a length-dependent rule becomes its frequencies. */
export function pinSpec(layer: RotaryLayer, context: number | undefined): RotarySpec {
  const { spec, lengthDependent } = layer;
  if (!lengthDependent || context === undefined) return spec;
  const found = rotaryFrequencies(spec, { length: context });
  return dropUndefined({
    headDim: spec.headDim,
    rotaryDim: layer.rotaryDim,
    rotaryOffset: layer.rotaryOffset,
    pairing: layer.pairing,
    outputPairing: layer.outputPairing,
    rotationSign: layer.rotationSign,
    invFreq: Array.from(found.float32 as Float32Array),
    attentionFactor: found.attentionFactor,
    precision: 'torch' as const,
    mropeSection: spec.mropeSection,
    mropeLayout: spec.mropeLayout,
  });
}

/** The library's own checks are about options; here they are about a file. */
function frequencies(section: Section, spec: RotarySpec, length: number): RotaryFrequencies {
  try {
    return rotaryFrequencies(spec, { length });
  } catch (error) {
    if (!(error instanceof PosencError)) throw error;
    throw new PosencError('ERR_CONFIG', `${section.at('rope_scaling')}: ${error.message}`, { cause: error });
  }
}

function dependence(spec: RotarySpec): LengthDependence | undefined {
  if (spec.ropeType === 'dynamic') return { rule: 'dynamic', threshold: spec.maxPositionEmbeddings as number };
  if (spec.ropeType === 'longrope')
    return { rule: 'longrope', threshold: spec.originalMaxPositionEmbeddings as number };
  return undefined;
}

function readsMaxPosition(spec: Partial<RotarySpec>, block: RopeBlock | undefined): boolean {
  if (spec.ropeType === 'dynamic') return true;
  const factorGiven = block !== undefined && typeof block.fields.factor === 'number';
  return (
    (spec.ropeType === 'longrope' || spec.ropeType === 'yarn') && !factorGiven && spec.attentionFactor === undefined
  );
}

/** The base: inside the block, or at one of the keys of this table; all that are present must agree. */
function readTheta({ section, cls, facts, block, flat }: TableInput): number {
  const { notes } = section;
  const inside = block ?? (facts.thetaKeys.includes('rope_theta') ? flat : undefined);
  if (FIXED_THETA.includes(cls.type)) {
    if (section.has('rope_theta')) {
      section.get('rope_theta');
      notes.warn('no-effect', section.at('rope_theta'), `the base is a constant of model type '${cls.type}'`);
    }
    return cls.theta;
  }
  const given: { path: string; value: number }[] = [];
  if (inside && Object.hasOwn(inside.fields, 'rope_theta')) {
    const path = `${inside.path}.rope_theta`;
    given.push({ path, value: checkTheta(path, inside.fields.rope_theta) });
  }
  if (cls.type === 'dbrx' && section.has('attn_config')) {
    const attention = section.get('attn_config');
    const path = section.at('attn_config.rope_theta');
    if (isFields(attention) && Object.hasOwn(attention, 'rope_theta')) {
      given.push({ path, value: checkTheta(path, attention.rope_theta) });
    }
  }
  // A file by layer type may repeat the base of its main table at the top.
  for (const key of facts.thetaKeys) {
    if (section.has(key)) given.push({ path: section.at(key), value: checkTheta(section.at(key), section.get(key)) });
    else if (given.length === 0 && key === 'rope_theta' && Object.hasOwn(section.fields, key)) {
      refuse(section.at(key), 'null is not a base; give a number above 1 or remove the key');
    }
  }
  for (const { path, value } of given.slice(1)) {
    if (value !== given[0].value)
      refuse(path, `${value} contradicts ${given[0].path} = ${given[0].value}; keep one of them`);
    notes.warn('no-effect', path, `repeats ${given[0].path}`);
  }
  if (given.length > 0) return given[0].value;
  const suffix = facts.label === 'default' ? '' : ` (${facts.label})`;
  notes.assume(
    section.at(facts.thetaKeys[0] === 'rotary_emb_base' ? 'rope_theta' : (facts.thetaKeys[0] ?? 'rope_theta')) + suffix,
    facts.theta,
    `default of model type '${cls.type}'`,
  );
  return facts.theta;
}

function checkTheta(path: string, value: unknown): number {
  if (value === null) refuse(path, 'null is not a base; give a number above 1 or remove the key');
  return checkNumber(path, value, { above: 1 });
}

interface Width {
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly partial: number;
}

/** Channels of a head, and which of them rotate. */
function readWidth({ section, cls, facts }: TableInput, block: RopeBlock | undefined, ropeType: string): Width {
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
      explicit !== undefined ? section.at('rotary_dim') : (given[0]?.path ?? section.at('partial_rotary_factor'));
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
    notes(section, 'rotary_dim', 64, cls);
    return Math.min(64, headDim);
  }
  return undefined;
}

function notes(section: Section, key: string, value: number, cls: ModelClass): void {
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
  const hidden = section.integerOf(HIDDEN, 1, 2 ** 24);
  const heads = section.integerOf(HEADS, 1, 65536);
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
    notes(section, keys[0], fixed, cls);
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

/** Latent attention: [nope | rope] with a decoupled rotary part. */
function latentWidth(section: Section, cls: ModelClass, fallback: number, block: RopeBlock | undefined): Width {
  const rope = section.integer('qk_rope_head_dim', 2, MAX_HEAD_DIM);
  const nope = section.integer('qk_nope_head_dim', 0, MAX_HEAD_DIM);
  if (rope === undefined) notes(section, 'qk_rope_head_dim', fallback, cls);
  const defaultNope = cls.type === 'minicpm3' || cls.type === 'mistral4' ? 64 : 128;
  if (nope === undefined) notes(section, 'qk_nope_head_dim', defaultNope, cls);
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

function pairingOf(section: Section, cls: ModelClass): { pairing: Pairing; outputPairing?: Pairing } {
  const exported = section.boolean('rope_interleaved');
  if (exported !== undefined) {
    const path = section.at('rope_interleaved');
    if (exported !== (cls.pairing === 'interleaved')) {
      section.notes.object(path, `${exported} contradicts model type '${cls.type}', whose pairing is ${cls.pairing}`);
    }
    section.notes.warn('no-effect', path, `the pairing is fixed by model type '${cls.type}'`);
  }
  const flash = section.boolean('rotary_emb_interleaved');
  if (flash !== undefined) return { pairing: flash ? 'interleaved' : 'half' };
  if (cls.outputPairing && section.boolean('rope_interleave') === false) return { pairing: 'half' };
  return { pairing: cls.pairing, outputPairing: cls.outputPairing };
}
