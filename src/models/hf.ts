/**
 * From the configuration of a model on the Hugging Face hub (`config.json`, transformers 4 and 5) to its normal form.
 * What transformers does with each key is the specification; what it ignores in silence is said aloud here.
 */
import type { Precision } from '../rotary/spec.ts';
import { integer, nearest, oneOf, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { chooseLayer, type TableChoice } from './chooseLayer.ts';
import type { ModelClass } from './classes.ts';
import { type Family, readFamily } from './families.ts';
import { type NormalForm, readingForm } from './normalForm.ts';
import { type Found, type Part, recordOfPart, textPart } from './part.ts';
import { listKeys, misspelt, unreadKeys } from './positionKeys.ts';
import { ConfigNode, dropUndefined, isFields, type Json, Notes, refuse, shorten } from './read.ts';
import { modelRecords, recordOf } from './records/index.ts';
import type { ConfigFacts, ModelRecord, RotaryFacts } from './records/record.ts';
import { pinSpec, readRotary } from './rotaryLayers.ts';
import { nopeQueryScale } from './softmaxScale.ts';
import { streamsOf } from './streams.ts';
import { readTowers } from './towers.ts';
import { refuseUnknown, tellingKeys } from './unknown.ts';
import { choose, readCount, valueAt } from './values.ts';
import { readTower } from './vision.ts';

export interface FromHFOptions<LayerType extends string = string> {
  /** Which of several rotary tables `.rotary` is: a key of `layerTypes`. */
  readonly layerType?: LayerType;
  /** Number of positions (highest + 1) the table is for; needed by frequencies that depend on it. */
  readonly context?: number;
  /** Precision of every specification. Default 'torch': what PyTorch computes; 'exact': the formula, also at long contexts. */
  readonly precision?: Precision;
  /** Default true: unknown keys and contradictions are errors. false: warnings. Dangerous values stay errors. */
  readonly strict?: boolean;
  /** A model type whose code computes the same: the file is read with its record, and every key about positions must be read. */
  readonly as?: string;
}

/** Tables of a class that layer_types need not name. */
type ClassLayerType = 'default' | 'main' | 'compress';

/** T, without a vote in what T is; TypeScript has it by itself from 5.4, and older ones are used. */
type NotInferred<T> = [T][T extends unknown ? 0 : never];

/** The layer types a configuration can ask for, where its type tells them (a literal with layer_types); else any text. */
export type LayerTypeOf<C> = C extends { readonly layer_types: readonly (infer L extends string)[] }
  ? string extends L
    ? string
    : L | ClassLayerType
  : C extends { readonly text_config: infer T }
    ? LayerTypeOf<T>
    : string;

/**
 * The positions of a model from its config.json, as the model's own code reads it.
 * @param config a parsed config.json; it is not changed
 * @param options `layerType`, `context`, `precision`, `strict`, `as`
 * @returns the normal form: plain data, equal after a round trip through JSON
 * @throws PosencError ERR_CONFIG naming the key, its value, what is allowed and the fix
 * @example
 * const form = fromHF({ model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, rope_theta: 500000 });
 * console.log(form.family, form.rotary.headDim); // rotary 128
 */
export function fromHF<const C extends object>(
  config: C,
  options: FromHFOptions<NotInferred<LayerTypeOf<C>>> = {},
): NormalForm {
  const o = take('fromHF', options, ['layerType', 'context', 'precision', 'strict', 'as']);
  const { layerType, strict = true, as } = o;
  if (layerType !== undefined && typeof layerType !== 'string') {
    throw new PosencError('ERR_OPTION', `layerType: expected a layer type, got ${show(layerType)}`);
  }
  if (typeof strict !== 'boolean')
    throw new PosencError('ERR_OPTION', `strict: expected true or false, got ${show(strict)}`);
  const context = o.context === undefined ? undefined : integer('context', o.context, 1, Number.MAX_SAFE_INTEGER);
  const precision = oneOf('precision', o.precision, ['exact', 'torch', 'ggml'], 'torch');
  if (as !== undefined) checkAs(as);
  if (!isFields(config)) {
    const fix = typeof config === 'string' ? '; parse the text of the file: fromHF(JSON.parse(text))' : '';
    refuse('config', `expected the object of a config.json, got ${show(config)}${fix}`);
  }
  return withRotary(readForm(config, { strict, as, context, precision }), { layerType, context }, 'fromHF(config');
}

/** `as` names a record that reads something itself. */
function checkAs(as: unknown): void {
  const record = typeof as === 'string' ? recordOf(as) : undefined;
  if (record?.config) return;
  const near =
    typeof as === 'string'
      ? nearest(
          as,
          modelRecords().flatMap(({ types }) => types),
        )
      : undefined;
  const hint = near === undefined ? '' : `; did you mean '${near}'`;
  throw new PosencError(
    'ERR_OPTION',
    `as: expected a known model type (posenc models lists them), got ${show(as)}${hint}`,
  );
}

interface Reading {
  readonly strict: boolean;
  readonly as: string | undefined;
  readonly context: number | undefined;
  readonly precision: Precision;
}

function readForm(config: ConfigNode['fields'], reading: Reading): Omit<NormalForm, 'rotary'> {
  const notes = new Notes(reading.strict);
  const source: Record<string, Json> = {};
  const part = textPart(new ConfigNode(config, '', notes, source));
  const found = reading.as === undefined ? recordOfPart(part) : readAs(part, reading.as);
  if (!found.record) {
    const probe = (as: string): string | undefined => readAgain(config, { ...reading, as });
    return refuseUnknown(part.node, found.modelType, found.architecture, probe);
  }
  const read = readPart(part, found.record, found.modelType ?? found.record.types[0], reading);
  const towers = readTowers(part, reading.precision);
  const streams = streamsOf(
    part,
    Object.values(read.layerTypes ?? {})[0],
    streamsIn(part, found.record),
    towers.vision,
  );
  const ignored = ignoredBy(found.record.config);
  sayUnread(part, ignored, reading.as, read.family);
  return dropUndefined({
    ...read,
    ...streams,
    ...towers,
    consumed: [...notes.consumed],
    assumed: notes.assumed,
    warnings: notes.warnings,
    source,
  }) as Omit<NormalForm, 'rotary'>;
}

/** What the file says when it is read as another type; undefined when it is refused. */
function readAgain(config: ConfigNode['fields'], reading: Reading): string | undefined {
  try {
    const { layerTypes, layers, parameters, family, queryScale, axial } = readForm(config, reading);
    return JSON.stringify([family, layerTypes, layers, parameters, queryScale, axial]);
  } catch (error) {
    if (error instanceof PosencError) return undefined;
    throw error;
  }
}

function readAs({ node }: Part, as: string): Found {
  const record = recordOf(as) as ModelRecord;
  const inner = record.config?.family === 'wrapper' && record.config.text ? recordOf(record.config.text) : record;
  node.notes.consumed.add(node.at('model_type'));
  node.notes.consumed.add(node.at('architectures'));
  return { record: inner, modelType: node.string('model_type') ?? as };
}

/**
 * The configuration that was read: the keys about positions, in their own spelling.
 * @param form from fromHF
 * @returns a plain object; fromHF of it equals the form
 * @throws PosencError ERR_CONFIG for a form that no config.json was read for
 * @example
 * console.log(toHF(fromHF({ model_type: 'llama', hidden_size: 64, num_attention_heads: 4, rope_theta: 10000 })).rope_theta); // 10000
 */
export function toHF(form: NormalForm): Record<string, Json> {
  return readingForm('toHF', form, () => structuredClone(form.source) as Record<string, Json>);
}

function ignoredBy(facts: ConfigFacts | null): readonly string[] {
  if (!facts) return [];
  const inner = facts.family === 'choice' ? [...facts.choices.map((choice) => choice.facts), facts.otherwise] : [];
  return [...(facts.ignores ?? []), ...inner.flatMap(ignoredBy)];
}

function readPart(part: Part, record: ModelRecord, modelType: string, asked: Reading): Partial<NormalForm> {
  const { node } = part;
  const facts = choose(node, record.config as ConfigFacts);
  if (node.has('mla_use_nope') && node.get('mla_use_nope') !== false) {
    const reason = 'mla_use_nope: the attention of this model does not rotate, and has no other positions';
    return { modelType, ...readFamily(node, { family: 'none', reason }) };
  }
  checkPositionType(node, facts, modelType);
  for (const [key, why] of Object.entries(facts.refused ?? {})) {
    if (valueAt(node, key) === true) refuse(node.at(key), why);
  }
  for (const [key, sentence] of Object.entries(facts.mentions ?? {})) {
    const value = valueAt(node, key);
    if (value !== undefined && value !== false) node.notes.warn('no-effect', node.at(key), sentence);
  }
  switch (facts.family) {
    case 'wrapper':
      return refuse(
        node.at('model_type'),
        `'${shorten(modelType)}' is a composite model, and the part with the text model's keys was not found`,
      );
    case 'tower': {
      if (asked.precision === 'ggml') {
        refuse('precision', `'ggml' is of text; the axial table of '${shorten(modelType)}' is 'exact' or 'torch'`);
      }
      return { family: 'rotary', modelType, axial: readTower(node, facts, modelType, asked.precision) };
    }
    case 'rotary': {
      const { context, precision } = asked;
      const read = readRotary({ node, facts, cls: classOf(node, record, facts), context, precision });
      return {
        family: 'rotary',
        modelType,
        ...read,
        queryScale: nopeQueryScale(node, facts.queryScale),
        attentionChunk: facts.chunk && readCount(node, facts.chunk, 'the length of a chunk of attention', 1),
        rotaryValue: facts.valuesToo === undefined ? undefined : (node.boolean(facts.valuesToo) ?? false),
        note: facts.note,
      };
    }
    default:
      return { modelType, ...readFamily(node, facts) };
  }
}

function streamsIn({ node }: Part, record: ModelRecord): RotaryFacts['mrope'] {
  const facts = choose(node, record.config as ConfigFacts);
  return facts.family === 'rotary' ? mropeOf(node, facts) : undefined;
}

/** Streams of the class, or of the model that a draft head is for. */
function mropeOf(node: ConfigNode, facts: RotaryFacts): RotaryFacts['mrope'] {
  const target = facts.drafts === undefined ? undefined : node.string(facts.drafts);
  const drafted = target === undefined ? undefined : recordOf(target);
  const text = drafted?.config?.family === 'wrapper' && drafted.config.text ? recordOf(drafted.config.text) : drafted;
  return facts.mrope ?? (text?.config?.family === 'rotary' ? text.config.mrope : undefined);
}

/** What the rope rules need of a record. A draft head takes the sections of the model it is for. */
function classOf(node: ConfigNode, record: ModelRecord, facts: RotaryFacts): ModelClass {
  const mrope = mropeOf(node, facts);
  const listed = ['rope_scaling', 'rope_parameters'].some((key) => {
    const block = node.fields[key];
    const names = ['mrope_section', ...Object.keys(facts.blockNames?.keys ?? {})];
    return isFields(block) && names.some((name) => Object.hasOwn(block, name));
  });
  const used = mrope && (facts.mrope?.section || listed) ? { ...mrope, section: mrope.section ?? [] } : undefined;
  return {
    type: record.types[0],
    mrope: used,
    alpha: facts.alpha === true,
    blockKeys: facts.blockKeys ?? [],
  };
}

/** Words of `position_embedding_type` that a class takes without a choice of its own. */
const PLAIN_TYPES = new Set(['absolute', 'learned', 'learned_absolute', 'sine', 'sinusoidal', 'default']);

function checkPositionType(node: ConfigNode, facts: ConfigFacts, modelType: string): void {
  const value = node.string('position_embedding_type');
  if (value === undefined || facts.family === 'none' || /^(rope|rotary|relative)/.test(value)) return;
  const path = node.at('position_embedding_type');
  if (facts.family === 'rotary' && value === 'absolute') {
    node.notes.warn('no-effect', path, `model type '${shorten(modelType)}' rotates`);
    return;
  }
  if (facts.family === 'alibi' || (facts.family !== 'rotary' && PLAIN_TYPES.has(value))) return;
  refuse(
    path,
    `'${shorten(value)}' is not read by model type '${shorten(modelType)}' of transformers, which would use its own positions in silence; this file belongs to other code`,
  );
}

/** Keys that look like positions, and that nothing reads: said, or refused when the file is read as another type. */
function sayUnread(
  { node, around }: Part,
  ignored: readonly string[],
  as: string | undefined,
  family: Family | undefined,
): void {
  const own = unreadKeys(node, ignored);
  if (as !== undefined) {
    const { consumed } = node.notes;
    const missed = [...own, ...tellingKeys(node).filter((key) => !consumed.has(node.at(key)))];
    const listed = listKeys([...new Set(missed)]);
    if (missed.length > 0) {
      refuse(node.at(missed[0]), `looks like a setting of positions, and nothing of '${as}' reads it: ${listed}`);
    }
  }
  for (const key of own) {
    // MosaicBERT calls itself bert: biases by distance in place of rows.
    if (/alibi/.test(key) && family !== 'alibi') {
      node.notes.complain(node.at(key), `ALiBi, but the positions of this model type are '${family}'`);
    }
    const meant = misspelt(node, key);
    if (meant !== undefined) {
      node.notes.complain(node.at(key), `nothing reads it, and there is no ${meant}; is it '${meant}'?`);
    }
    node.get(key);
    node.notes.warn('no-effect', node.at(key), 'looks like a setting of positions, and nothing reads it');
  }
  for (const outer of around) {
    for (const key of unreadKeys(outer, ignored)) {
      // A composite file often repeats what its text part says.
      if (JSON.stringify(outer.fields[key]) === JSON.stringify(node.fields[key])) continue;
      outer.get(key);
      outer.notes.warn('no-effect', outer.at(key), `looks like a setting of positions; ${node.path} is what is read`);
    }
  }
}

/** Adds `rotary`: the specification itself, or a property that throws with what to pass. */
export function withRotary(form: Omit<NormalForm, 'rotary'>, choice: TableChoice, call: string): NormalForm {
  try {
    const { layer, context } = chooseLayer(form, choice, call);
    return { ...form, rotary: pinSpec(layer, context) };
  } catch (error) {
    const unknown = choice.layerType !== undefined && !Object.hasOwn(form.layerTypes ?? {}, choice.layerType);
    if (!(error instanceof PosencError) || unknown) throw error;
    const { code, message } = error;
    return Object.defineProperty({ ...form }, 'rotary', {
      enumerable: false,
      get(): never {
        throw new PosencError(code, message);
      },
    }) as NormalForm;
  }
}
