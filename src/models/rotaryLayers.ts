/**
 * The rotary tables of a configuration: dimensions, base and scaling of each layer type, checked and computed from what the
 * record of the architecture says about its keys.
 */
import { type RotaryFrequencies, rotaryFrequencies, ruleOf } from '../rotary/frequencies.ts';
import type { LooseSpec, OpenSpec, Pairing, Precision, RotarySpec } from '../rotary/spec.ts';
import { PosencError, show } from '../runtime/errors.ts';
import type { ModelClass } from './classes.ts';
import { type Layers, layerCount, MAX_LAYERS, readLayers } from './layers.ts';
import type { LengthDependence, RotaryLayer } from './normalForm.ts';
import { type ConfigNode, checkNumber, dropUndefined, refuse } from './read.ts';
import type { BaseFacts, RotaryFacts, TableFacts } from './records/record.ts';
import { NAMED, type RopeBlock, type RopeBlocks, ropeBlocks, ropeTypeOf } from './ropeBlock.ts';
import { type RopeRule, ropeRule } from './ropeRule.ts';
import { tableNumbers } from './rotaryLayer.ts';
import { rotaryQueryScale, softmaxScale } from './softmaxScale.ts';
import { valueAt } from './values.ts';
import { readWidth } from './width.ts';

export interface RotaryPart {
  readonly layerTypes: Readonly<Record<string, RotaryLayer>>;
  readonly layers?: Layers;
  readonly maxPositionEmbeddings?: number;
}

/** One configuration and the record it is read with. */
export interface RotarySource {
  readonly node: ConfigNode;
  readonly facts: RotaryFacts;
  readonly cls: ModelClass;
  /** Number of positions (highest + 1), when known. */
  readonly context: number | undefined;
  /** Of every specification. */
  readonly precision: Precision;
}

/** A table to read: a label, and what it has of its own. */
interface Label {
  readonly label: string;
  readonly table: TableFacts | undefined;
  /** The base of these layers alone, from a list of one value a layer. */
  readonly base?: { readonly path: string; readonly value: number };
  readonly partial?: { readonly path: string; readonly value: number };
  /** Whether a flat block belongs to it. */
  readonly scaled: boolean;
}

const LENGTHS = ['max_position_embeddings', 'n_positions', 'max_sequence_length', 'max_seq_len', 'model_max_length'];

export function readRotary(source: RotarySource): RotaryPart {
  const { node, facts, cls } = source;
  const given = inOurWords(ropeBlocks(node), facts.blockNames);
  const blocks = facts.base.fixed ? withoutBlocks(given, source) : given;
  if (facts.block === 'required' && !blocks.flat && !blocks.byLabel) {
    refuse(
      node.at('rope_parameters'),
      `missing: model type '${cls.type}' scales its frequencies by default; write its block out`,
    );
  }
  const count = layerCount(node, facts, cls.type);
  const listed = facts.perLayer && count !== undefined && !blocks.byLabel ? perLayer(source, blocks, count) : undefined;
  const labels = listed?.labels ?? labelsOf(source, blocks);
  const found = LENGTHS.map((key) => node.integer(key, 1)).find((value) => value !== undefined);
  const maxPositionEmbeddings = node.has('max_position_embeddings') || node.has('n_positions') ? found : undefined;
  const original = node.integer('original_max_position_embeddings', 1);
  const layerTypes: Record<string, RotaryLayer> = {};
  for (const label of labels) {
    layerTypes[label.label] = readTable({
      ...source,
      label,
      block: blocks.byLabel ? blocks.byLabel.get(label.label) : label.scaled ? blocks.flat : undefined,
      flat: blocks.flat,
      maxPositionEmbeddings,
      original:
        original === undefined ? undefined : { key: node.at('original_max_position_embeddings'), value: original },
    });
  }
  const layers = listed?.layers ?? readLayers(node, facts, count, Object.keys(layerTypes));
  return { layerTypes, layers, maxPositionEmbeddings };
}

/** Why a scaling has no place in a class whose frequencies are written into its code. */
export const CONSTANT = 'a constant of the code, which reads no rope block';

/** A class with a constant base computes its frequencies without a look at the file: a scaling there is said, and not computed. */
function withoutBlocks({ flat, byLabel }: RopeBlocks, { node, cls }: RotarySource): RopeBlocks {
  for (const block of byLabel?.values() ?? (flat ? [flat] : [])) {
    if (NAMED[ropeTypeOf(block, node.notes)] === 'default') continue;
    node.notes.warn('no-effect', block.path, `the code of model type '${cls.type}' reads no rope block`);
  }
  return {};
}

/** The blocks with the names that a class has of its own replaced by the usual ones. */
function inOurWords(blocks: RopeBlocks, names: RotaryFacts['blockNames']): RopeBlocks {
  if (!names || !blocks.flat) return blocks;
  const { path } = blocks.flat;
  const fields: Record<string, unknown> = { ...blocks.flat.fields };
  for (const [theirs, ours] of Object.entries(names.keys)) {
    if (!Object.hasOwn(fields, theirs)) continue;
    const value = fields[theirs];
    delete fields[theirs];
    if (Object.hasOwn(fields, ours) && JSON.stringify(fields[ours]) !== JSON.stringify(value)) {
      refuse(`${path}.${theirs}`, `${show(value)} contradicts ${ours} = ${show(fields[ours])}; keep one of them`);
    }
    fields[ours] = value;
  }
  for (const key of ['type', 'rope_type']) {
    const word = fields[key];
    if (typeof word === 'string' && Object.hasOwn(names.types, word)) fields[key] = names.types[word];
  }
  return { flat: { path, fields } };
}

/** The tables of the record, or those the file lists by layer type. */
function labelsOf({ node, facts, cls }: RotarySource, blocks: RopeBlocks): readonly Label[] {
  const own = (facts.tables ?? []).map((table): Label => ({ label: table.label, table, scaled: table.scaled }));
  if (!blocks.byLabel) {
    return own.length > 0 ? own : [{ label: 'default', table: undefined, scaled: true }];
  }
  const types = node.list('layer_types', 'string', 4096) ?? [];
  const named: Label[] = [];
  for (const [label, block] of blocks.byLabel) {
    const known = own.find((table) => table.label === label);
    if (!known && !types.includes(label)) {
      refuse(
        node.at('layer_types'),
        `${block.path} is a block for one layer type, but ${types.length ? 'no layer is of that type' : 'there are no layer_types'}; model type '${cls.type}' would ignore it in silence`,
      );
    }
    named.push(known ?? { label, table: undefined, scaled: false });
  }
  for (const table of own) {
    if (named.some(({ label }) => label === table.label)) continue;
    if (types.length > 0 && !types.includes(table.label)) continue;
    if (!table.table?.base.keys.some((key) => node.has(key))) {
      const path = [...blocks.byLabel.values()][0].path.replace(/[^.]*$/, table.label);
      node.notes.complain(path, `missing: layers of this type exist, and nothing gives their base`);
    }
    named.push(table);
  }
  return named;
}

/**
 * A base (and a partial factor) for each layer: layers that agree share a table. A base of 0 is a layer without rotation. With
 * words for which layers a block is, one base for all still makes a table for each layer type.
 */
function perLayer(
  { node, facts }: RotarySource,
  blocks: RopeBlocks,
  count: number,
): { readonly labels: readonly Label[]; readonly layers: Layers } | undefined {
  const keys = facts.perLayer as NonNullable<RotaryFacts['perLayer']>;
  const value = node.fields[keys.base];
  const byType = keys.scaledTypes !== undefined;
  const inside = blocks.flat !== undefined && Object.hasOwn(blocks.flat.fields, 'rope_theta');
  if (!Array.isArray(value) && (!byType || inside)) return undefined;
  const bases = Array.isArray(value)
    ? (numbers(node, keys.base, count) as number[])
    : new Array<number>(count).fill(node.number(keys.base, { above: 1 }) ?? facts.base.value);
  const block = inside ? ([`${blocks.flat?.path}.rope_theta`, blocks.flat?.fields.rope_theta] as const) : undefined;
  const others = facts.base.keys.flatMap((key) =>
    key === keys.base ? [] : [[node.at(key), node.fields[key]] as const],
  );
  for (const [path, one] of block ? [block, ...others] : others) {
    if (typeof one !== 'number' || bases.includes(one)) continue;
    node.notes.warn('no-effect', path, `${one}, and ${keys.base} gives the base of every layer`);
  }
  const partials = keys.partial === undefined ? undefined : numbers(node, keys.partial, count);
  const listed = node.list('layer_types', 'string', MAX_LAYERS)?.slice(0, count);
  const types = listed ?? (byType ? new Array<string>(count).fill('full_attention') : undefined);
  const scaledTypes = byType ? (node.list(keys.scaledTypes as string, 'string', 64) ?? ['full_attention']) : undefined;
  const labels: Label[] = [];
  const rotary: Record<string, number[]> = {};
  const nope: number[] = [];
  const seen = new Map<string, string>();
  const single = new Set(bases.filter((base) => base !== 0)).size === 1 && partials === undefined && !byType;
  for (const [i, base] of bases.entries()) {
    if (base === 0) {
      nope.push(i);
      continue;
    }
    const identity = single ? 'default' : `${base} ${partials?.[i]} ${types?.[i]}`;
    let label = seen.get(identity);
    if (label === undefined) {
      const word = single ? 'default' : (types?.[i] ?? `base_${base}`);
      label = Object.hasOwn(rotary, word) ? `${word}_${base}` : word;
      seen.set(identity, label);
      rotary[label] = [];
      labels.push({
        label,
        table: undefined,
        base: { path: Array.isArray(value) ? `${node.at(keys.base)}[${i}]` : node.at(keys.base), value: base },
        ...(partials ? { partial: { path: `${node.at(keys.partial as string)}[${i}]`, value: partials[i] } } : {}),
        scaled: scaledTypes === undefined || (types !== undefined && scaledTypes.includes(types[i])),
      });
    }
    rotary[label].push(i);
  }
  return { labels, layers: { count, rotary, nope } };
}

/** A list of one number a layer; models with multi-token prediction list those layers too. */
function numbers(node: ConfigNode, key: string, count: number): number[] | undefined {
  const list = node.list(key, 'number', MAX_LAYERS);
  if (list === undefined) return undefined;
  if (list.length < count) refuse(node.at(key), `${list.length} entries for num_hidden_layers = ${count}`);
  const bad = list.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad >= 0) refuse(`${node.at(key)}[${bad}]`, `expected 0 or a number above 1, got ${show(list[bad])}`);
  return list.slice(0, count);
}

interface TableInput extends RotarySource {
  readonly label: Label;
  readonly block: RopeBlock | undefined;
  readonly flat: RopeBlock | undefined;
  readonly maxPositionEmbeddings: number | undefined;
  readonly original: { readonly key: string; readonly value: number } | undefined;
}

function readTable(input: TableInput): RotaryLayer {
  const { node, cls, facts, context, label } = input;
  const { notes } = node;
  const { table } = label;
  const preset = typeof facts.block === 'object' ? facts.block : undefined;
  const block: RopeBlock | undefined =
    input.block ??
    (label.scaled && !input.flat && preset ? { path: node.at('rope_parameters'), fields: preset } : undefined);
  if (block !== undefined && block !== input.block) {
    notes.assume(block.path, { ...preset }, `default of model type '${cls.type}'`);
  }
  const theta = label.base
    ? checkTheta(label.base.path, label.base.value)
    : readTheta(input, table?.base ?? facts.base);
  if (label.base) notes.consumed.add(`${input.flat?.path}.rope_theta`);
  const ropeType = ropeTypeOf(block, notes, table?.ropeType ?? 'default');
  const width = readWidth({ node, type: cls.type, facts, table, block, ropeType, partial: label.partial });
  const rule = readRule(input, block, theta, width.rotaryDim / 2);
  const dividing = facts.scale === undefined ? undefined : node.number(facts.scale, { above: 0 });
  const mrope = rule.mropeSection && cls.mrope;
  const spec = dropUndefined<LooseSpec & { readonly headDim: number }>({
    headDim: width.headDim,
    ...(ruleOf(rule.ropeType).wholeHead
      ? { partialRotaryFactor: width.partial }
      : { rotaryDim: width.rotaryDim, rotaryOffset: width.rotaryOffset }),
    ...pairingOf(node, facts, cls.type),
    rotationSign: facts.sign,
    ropeTheta: theta,
    ...rule.spec,
    positionScale: dividing === undefined || dividing === 1 ? undefined : 1 / dividing,
    precision: input.precision,
    ...(mrope ? { mropeSection: rule.mropeSection, mropeLayout: mrope.layout } : {}),
  }) as OpenSpec;
  const lengthDependent = rule.dependence ?? dependence(spec);
  const threshold = lengthDependent?.threshold ?? 1;
  const how = lengthDependent && ruleOf(lengthDependent.rule).dependsOnLength?.how;
  const main = frequencies(node, spec, how === 'grows' ? Math.max(context ?? 0, threshold) : threshold);
  const long = how === 'switches' ? frequencies(node, spec, threshold + 1) : undefined;
  const mscaleAllDim = block && Object.hasOwn(block.fields, 'mscale_all_dim') ? block.fields.mscale_all_dim : undefined;
  const softmax = softmaxScale(facts.softmax, {
    node,
    headDim: width.headDim,
    rule,
    mscaleAllDim: typeof mscaleAllDim === 'number' ? mscaleAllDim : undefined,
  });
  return dropUndefined({
    ...tableNumbers(spec, main, long),
    ropeType: rule.ropeType,
    softmaxScale: softmax.scale,
    softmaxScaleFactor: softmax.factor,
    queryScale: rotaryQueryScale(rule),
    lengthDependent,
  });
}

/** The rule of a block, with what the record adds: a forced amplitude, a base that grows with the length. */
function readRule(
  input: TableInput,
  block: RopeBlock | undefined,
  theta: number,
  pairs: number,
): RopeRule & { readonly dependence?: LengthDependence } {
  const { node, cls, facts, context, label } = input;
  const read = ropeRule(
    block,
    {
      node,
      cls,
      theta,
      pairs,
      maxPositionEmbeddings: input.maxPositionEmbeddings,
      originalMaxPositionEmbeddings: input.original,
    },
    label.table?.ropeType,
  );
  if (facts.yarnAmplitude !== undefined && read.ropeType === 'yarn' && read.spec.attentionFactor === undefined) {
    const path = node.at('rope_parameters.attention_factor');
    node.notes.assume(path, facts.yarnAmplitude, `forced by the class ${cls.type}`);
    return { ...read, spec: { ...read.spec, attentionFactor: facts.yarnAmplitude } };
  }
  if (facts.dynamic && node.boolean(facts.dynamic.flag)) {
    const trained = node.integer(facts.dynamic.length, 1);
    if (trained === undefined) refuse(node.at(facts.dynamic.length), `missing, and ${facts.dynamic.flag} is true`);
    // modeling_qwen.py: the base is multiplied by (2^ceil(log2(length / trained) + 1) - 1)^(d / (d - 2)).
    const alpha = context === undefined ? 1 : 2 ** (doublings(context, trained) + 1) - 1;
    const spec = alpha === 1 ? read.spec : { ...read.spec, ropeType: 'ntk' as const, alpha };
    return { ...read, ropeType: 'dynamic', spec, dependence: { rule: 'dynamic', threshold: trained } };
  }
  return read;
}

/** The smallest n with trained * 2^n >= length. */
function doublings(length: number, trained: number): number {
  let n = 0;
  for (let reach = trained; reach < length; reach *= 2) n++;
  return n;
}

/** The specification that a table for `context` positions needs: a length-dependent rule is fixed to that length. */
export function pinSpec({ spec, lengthDependent }: RotaryLayer, context: number | undefined): OpenSpec {
  // A base that the record computed from the context is fixed already.
  const reads = ruleOf(spec.ropeType ?? 'default').dependsOnLength !== undefined;
  return lengthDependent && reads && context !== undefined ? ({ ...spec, context } as OpenSpec) : spec;
}

/** The library's own checks are about options; here they are about a file. */
function frequencies(node: ConfigNode, spec: RotarySpec, length: number): RotaryFrequencies {
  try {
    // the float32 numbers of PyTorch are reported whatever the precision of the specification
    return rotaryFrequencies({ ...spec, precision: 'torch' }, { context: length });
  } catch (error) {
    if (!(error instanceof PosencError)) throw error;
    throw new PosencError('ERR_CONFIG', `${node.at('rope_scaling')}: ${error.message}`, { cause: error });
  }
}

function dependence(spec: RotarySpec): LengthDependence | undefined {
  const rule = spec.ropeType ?? 'default';
  const how = ruleOf(rule).dependsOnLength;
  return how && { rule, threshold: how.threshold(spec) };
}

/** The base: inside the block, or at one of the keys of this table; all that are present must agree. */
function readTheta({ node, cls, label, block, flat }: TableInput, base: BaseFacts): number {
  const { notes } = node;
  const inside = block ?? (base.keys.includes('rope_theta') ? flat : undefined);
  if (base.fixed) {
    if (node.has('rope_theta')) {
      node.get('rope_theta');
      notes.warn('no-effect', node.at('rope_theta'), `the base is a constant of model type '${cls.type}'`);
    }
    notes.assume(node.at('rope_theta'), base.value, CONSTANT);
    return base.value;
  }
  const given: { path: string; value: number }[] = [];
  if (inside && Object.hasOwn(inside.fields, 'rope_theta')) {
    const path = `${inside.path}.rope_theta`;
    given.push({ path, value: checkTheta(path, inside.fields.rope_theta) });
  }
  // A file by layer type may repeat the base of its main table at the top.
  for (const key of base.keys) {
    const value = valueAt(node, key);
    if (value !== undefined) given.push({ path: node.at(key), value: checkTheta(node.at(key), value) });
    else if (given.length === 0 && key === 'rope_theta' && Object.hasOwn(node.fields, key)) {
      refuse(node.at(key), 'null is not a base; give a number above 1 or remove the key');
    }
  }
  for (const { path, value } of given.slice(1)) {
    if (value !== given[0].value)
      refuse(path, `${value} contradicts ${given[0].path} = ${given[0].value}; keep one of them`);
  }
  const times = base.times === undefined ? 1 : (node.number(base.times, { above: 0 }) ?? 1);
  if (given.length > 0) return given[0].value * times;
  const suffix = label.label === 'default' ? '' : ` (${label.label})`;
  const key = base.keys.find((name) => name !== 'rotary_emb_base') ?? 'rope_theta';
  notes.assume(node.at(key) + suffix, base.value, `default of model type '${cls.type}'`);
  return base.value * times;
}

function checkTheta(path: string, value: unknown): number {
  if (value === null) refuse(path, 'null is not a base; give a number above 1 or remove the key');
  return checkNumber(path, value, { above: 1 });
}

function pairingOf(
  node: ConfigNode,
  { pairing }: RotaryFacts,
  type: string,
): { pairing: Pairing; outputPairing?: Pairing } {
  const exported = node.boolean('rope_interleaved');
  if (exported !== undefined && exported !== (pairing.input === 'interleaved')) {
    const path = node.at('rope_interleaved');
    node.notes.complain(path, `${exported} contradicts model type '${type}', whose pairing is ${pairing.input}`);
  }
  const flash = node.boolean('rotary_emb_interleaved');
  if (flash !== undefined) return { pairing: flash ? 'interleaved' : 'half' };
  if (pairing.key !== undefined && node.boolean(pairing.key) === false) return { pairing: 'half' };
  return { pairing: pairing.input, outputPairing: pairing.output };
}
