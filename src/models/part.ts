/**
 * Which part of a configuration is the text model, and which record it is read with: its model_type, the class it names in
 * `architectures`, or what a composite model around it implies.
 */
import { show } from '../runtime/errors.ts';
import { ConfigNode, isFields, refuse, shorten } from './read.ts';
import { recordOf, recordOfClass } from './records/index.ts';
import type { ConfigFacts, ModelRecord } from './records/record.ts';

/** Where a composite model keeps its text part, outermost first. */
const TEXT_KEYS = [
  ...['thinker_config', 'vlm_config', 'text_config', 'language_config', 'llm_config', 'llm_cfg', 'text_cfg'],
  ...['language_model_config', 'lm_config', 'text_model_config', 'llm_model_config', 'decoder', 'decoder_config'],
  ...['global_config', 'detector_config'],
];
/** Of a composite model without a text part. */
const PART_KEYS = ['encoder_config', 'vision_config', 'backbone_config', 'audio_config'];
const MAX_NESTING = 4;

/** Where to go on from an object: nowhere, when its own type has positions and no text part. */
function keysFrom(node: ConfigNode): readonly string[] {
  const type = node.has('model_type') ? node.fields.model_type : undefined;
  const facts = typeof type === 'string' ? recordOf(type)?.config : undefined;
  if (!facts || facts.family === 'rotary' || facts.family === 'choice') return TEXT_KEYS;
  if (facts.family !== 'wrapper') return [];
  return facts.text === null ? [...TEXT_KEYS, ...PART_KEYS] : TEXT_KEYS;
}

export interface Part {
  readonly node: ConfigNode;
  /** The objects around it, innermost first. */
  readonly around: readonly ConfigNode[];
}

/** Sizes of a model that is described where they stand. */
const SIZES = ['hidden_size', 'n_embd', 'd_model', 'num_attention_heads', 'n_head', 'embed_dim', 'dim'];
/** Parts of composite models that are no text model. */
const OTHER_PARTS =
  /vision|visual|image|vit|audio|speech|encoder|projector|align|talker|token2wav|codec|vq|sam|clip|draft/i;

/** Under a key that nobody uses but this file: the only part whose type a record knows. */
function onlyPart(node: ConfigNode): string | undefined {
  const type = node.has('model_type') ? node.fields.model_type : undefined;
  const facts = typeof type === 'string' ? recordOf(type)?.config : undefined;
  if (SIZES.some((key) => node.has(key)) || (facts && facts.family !== 'wrapper')) return undefined;
  const parts = Object.keys(node.fields).filter((key) => {
    const part = node.fields[key];
    if (OTHER_PARTS.test(key) || !isFields(part) || key === '__proto__') return false;
    return typeof part.model_type === 'string' && recordOf(part.model_type) !== undefined;
  });
  return parts.length === 1 ? parts[0] : undefined;
}

/** A part of transformers' own is an object or null: of anything else its defaults would be read, and nobody would notice. */
function checkParts(node: ConfigNode): void {
  for (const key of ['text_config', 'vision_config', 'audio_config']) {
    const part = node.has(key) ? node.fields[key] : null;
    if (part !== null && !isFields(part)) refuse(node.at(key), `expected an object, got ${show(part)}`);
  }
}

/** The part with the text model's keys, and what is around it. */
export function textPart(root: ConfigNode): Part {
  let node = root;
  const around: ConfigNode[] = [];
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    const current = node;
    checkParts(current);
    const usual = keysFrom(current).find((name) => current.has(name) && isFields(current.fields[name]));
    const key = usual ?? onlyPart(current);
    if (key === undefined) break;
    current.string('model_type');
    around.unshift(current);
    node = new ConfigNode(current.fields[key] as ConfigNode['fields'], current.at(key), current.notes);
    current.kept[key] = node.kept;
  }
  return { node, around };
}

/** A record, and the name it was found by; without a record, the names that no record has. */
export interface Found {
  readonly record: ModelRecord | undefined;
  /** model_type as the file has it, or the class it names. */
  readonly modelType: string | undefined;
  readonly architecture?: string;
}

export function typeOf(node: ConfigNode): string | undefined {
  const value = node.string('model_type');
  return value === undefined || value === '' ? undefined : value;
}

function architectureOf(node: ConfigNode): string | undefined {
  const list = node.has('architectures') ? node.fields.architectures : undefined;
  return Array.isArray(list) && typeof list[0] === 'string' ? list[0] : undefined;
}

/** A wrapper leads to the record of its text part; `null` when it has none to lead to. */
function unwrapped(record: ModelRecord | undefined): ModelRecord | undefined {
  const facts = record?.config;
  if (facts?.family !== 'wrapper') return record;
  return facts.text === null ? undefined : recordOf(facts.text);
}

/** The record of the text part. */
export function recordOfPart({ node, around }: Part): Found {
  const own = typeOf(node);
  const architecture = architectureOf(node);
  const known = own === undefined ? undefined : recordOf(own);
  if (own !== undefined && known) {
    const record = unwrapped(known) ?? known;
    checkArchitecture(node, own, record, architecture);
    return { record, modelType: own };
  }
  const named = architecture === undefined ? undefined : recordOfClass(architecture);
  if (named) return assumed(node, named, own ?? architecture, `the class of architectures[0] = '${architecture}'`);
  for (const outer of around) {
    const type = typeOf(outer);
    const record = type === undefined ? undefined : unwrapped(recordOf(type));
    if (record && own === undefined) return assumed(node, record, type, `what model type '${type}' has inside`);
  }
  const outerClass = around.map(architectureOf).find((name) => name !== undefined);
  const byOuter = outerClass === undefined || own !== undefined ? undefined : recordOfClass(outerClass);
  if (byOuter) return assumed(node, byOuter, outerClass, `the class of architectures[0] = '${outerClass}'`);
  if (own === undefined && architecture === undefined && around.every((outer) => typeOf(outer) === undefined)) {
    refuse(node.at('model_type'), 'missing, and there are no architectures: it decides how every other key is read');
  }
  return {
    record: undefined,
    modelType: own ?? around.map(typeOf).find((type) => type !== undefined),
    architecture: architecture ?? outerClass,
  };
}

function assumed(node: ConfigNode, record: ModelRecord, modelType: string | undefined, because: string): Found {
  const architectures = node.has('architectures') ? node.fields.architectures : undefined;
  if (Array.isArray(architectures)) node.kept.architectures = [String(architectures[0])];
  const inner = unwrapped(record);
  if (!inner) return { record: undefined, modelType };
  node.notes.assume(node.at('model_type'), inner.types[0], because);
  return { record: inner, modelType: modelType ?? inner.types[0] };
}

const squash = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
/** Keys that only a rotary model has. */
const ROTARY_KEYS = ['rope_theta', 'rope_scaling', 'rope_parameters'];

/** What is rotated, for a comparison of two records; undefined: the file decides. */
function rotation(facts: ConfigFacts): string | undefined {
  if (facts.family === 'choice') {
    const all = [...facts.choices.map((choice) => choice.facts), facts.otherwise].map(rotation);
    return all.every((one) => one === OTHER) ? OTHER : undefined;
  }
  if (facts.family !== 'rotary') return OTHER;
  return JSON.stringify([facts.rotated, facts.pairing, facts.tables, facts.mrope?.section, facts.mrope?.layout]);
}
const OTHER = 'not rotary';

/** `model_type` against `architectures`: two classes that rotate differently cannot both be meant. */
function checkArchitecture(
  node: ConfigNode,
  type: string,
  record: ModelRecord,
  architecture: string | undefined,
): void {
  if (architecture === undefined) return;
  const path = node.at('architectures');
  const other = recordOfClass(architecture);
  if (other === record || other?.config?.family === 'wrapper') return;
  if (other) {
    const [a, b] = [rotation(record.config), rotation(other.config)];
    if (a === b || a === undefined || b === undefined) return;
    if (a === OTHER || b === OTHER) {
      refuse(
        path,
        `'${shorten(architecture)}' and model_type '${shorten(type)}' have different positions; correct one of them, or say which: as: '${other.types[0]}'`,
      );
    }
    node.notes.warn(
      'contradiction',
      path,
      `'${shorten(architecture)}' rotates otherwise than model_type '${shorten(type)}', which is what is read`,
    );
    return;
  }
  const fits = record.types.some((name) => squash(architecture).includes(squash(name).slice(0, 6)));
  const rotary = ROTARY_KEYS.some((key) => node.has(key));
  if (!fits && rotary && record.config?.family !== 'rotary' && record.config?.family !== 'choice') {
    refuse(
      path,
      `'${shorten(architecture)}' is no class of model_type '${shorten(type)}', whose positions are not rotary, and the file has a base; the type cannot be right`,
    );
  }
}
