/**
 * The rotary tables of a configuration: dimensions, base and scaling of each layer type, checked and computed.
 */
import { type RotaryFrequencies, rotaryFrequencies, ruleOf } from '../rotary/frequencies.ts';
import type { LooseSpec, OpenSpec, Pairing, RotarySpec } from '../rotary/spec.ts';
import { PosencError } from '../runtime/errors.ts';
import type { LabelFacts, ModelClass } from './classes.ts';
import { type Layers, readLayers } from './layers.ts';
import type { LengthDependence, RotaryLayer } from './normalForm.ts';
import { checkNumber, dropUndefined, isFields, refuse, type Section } from './read.ts';
import { type RopeBlock, type RopeBlocks, ropeBlocks, ropeTypeOf } from './ropeBlock.ts';
import { ropeRule } from './ropeRule.ts';
import { rotaryQueryScale, softmaxScale } from './softmaxScale.ts';
import { readWidth } from './width.ts';

/** Classes whose base is a constant of the code. */
const FIXED_THETA = ['gptj', 'codegen', 'roformer', 'esm'];

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
      section.notes.complain(path, `missing: layers of this type exist, and nothing gives their base`);
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
  const width = readWidth(section, cls, facts, block, ropeType);
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

  const spec = dropUndefined<LooseSpec & { readonly headDim: number }>({
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
  }) as OpenSpec;
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

/** The specification that a table for `context` positions needs: a length-dependent rule is fixed to that length. */
export function pinSpec({ spec, lengthDependent }: RotaryLayer, context: number | undefined): OpenSpec {
  return lengthDependent && context !== undefined ? ({ ...spec, context } as OpenSpec) : spec;
}

/** The library's own checks are about options; here they are about a file. */
function frequencies(section: Section, spec: RotarySpec, length: number): RotaryFrequencies {
  try {
    return rotaryFrequencies(spec, { context: length });
  } catch (error) {
    if (!(error instanceof PosencError)) throw error;
    throw new PosencError('ERR_CONFIG', `${section.at('rope_scaling')}: ${error.message}`, { cause: error });
  }
}

function dependence(spec: RotarySpec): LengthDependence | undefined {
  const rule = spec.ropeType ?? 'default';
  const how = ruleOf(rule).dependsOnLength;
  return how && { rule, threshold: how.threshold(spec) };
}

function readsMaxPosition(spec: LooseSpec, block: RopeBlock | undefined): boolean {
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

function pairingOf(section: Section, cls: ModelClass): { pairing: Pairing; outputPairing?: Pairing } {
  const exported = section.boolean('rope_interleaved');
  if (exported !== undefined) {
    const path = section.at('rope_interleaved');
    if (exported !== (cls.pairing === 'interleaved')) {
      section.notes.complain(path, `${exported} contradicts model type '${cls.type}', whose pairing is ${cls.pairing}`);
    }
    section.notes.warn('no-effect', path, `the pairing is fixed by model type '${cls.type}'`);
  }
  const flash = section.boolean('rotary_emb_interleaved');
  if (flash !== undefined) return { pairing: flash ? 'interleaved' : 'half' };
  if (cls.outputPairing && section.boolean('rope_interleave') === false) return { pairing: 'half' };
  return { pairing: cls.pairing, outputPairing: cls.outputPairing };
}
