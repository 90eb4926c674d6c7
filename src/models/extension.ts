/**
 * A longer context asked of a model: nothing to change, the same rule with a larger factor, or no drop-in extension. What
 * a rope type becomes is said by its own file (src/rotary/rules/<type>.ts); here it is found in the file, and written back in the
 * file's own spelling: `rope_scaling` or `rope_parameters`, `type` or `rope_type`, flat or by layer type.
 */

import { ruleOf } from '../rotary/frequencies.ts';
import type { Extension as RuleExtension } from '../rotary/rules/rule.ts';
import { wordsOf } from '../rotary/rules/words.ts';
import { integer, take } from '../runtime/arguments.ts';
import { fromHF } from './hf.ts';
import { isGGUF } from './llamaCpp.ts';
import type { NormalForm, RotaryLayer } from './normalForm.ts';
import { readingForm } from './normalForm.ts';
import { textPart } from './part.ts';
import { ConfigNode, type Fields, isFields, type Json, Notes, refuse } from './read.ts';
import { recordOf } from './records/index.ts';
import { CONSTANT } from './rotaryLayers.ts';
import { grouped } from './words.ts';

/** What a longer context asks of a model, from a config.json or a GGUF file. */
export interface Extension {
  /** 'covered': nothing to change. 'rescaled': see `changes`. 'unsupported': see `reason`. */
  readonly outcome: 'covered' | 'rescaled' | 'unsupported';
  /** Why, in a sentence. */
  readonly reason: string;
  /** Positions of pre-training, before any scaling; undefined where the file does not tell. */
  readonly trainedLength?: number;
  /** Positions the file serves as it is; undefined: any number. */
  readonly supportedLength?: number;
  /** What stays as it is though one may not expect it. */
  readonly notes?: readonly string[];
  /** 'rescaled': the options of a RotarySpec that change, by label of `layerTypes`. */
  readonly tables?: Readonly<Record<string, NonNullable<RuleExtension['options']>>>;
  /** 'rescaled', of a config.json: path of every key that changes, and its new value. */
  readonly changes?: Readonly<Record<string, Json>>;
}

/** Tables of layers that see a window only: distance ends there, whatever the context. */
const LOCAL = /sliding|local|chunked|window/;

/**
 * What a longer context asks of a normal form, from fromHF or fromGGUF.
 * @param form from fromHF or fromGGUF
 * @param options `context` in positions
 * @returns the outcome, its reason, the lengths
 * @throws ERR_OPTION for the context
 * @example
 * const form = fromHF({ model_type: 'qwen2', hidden_size: 3584, num_attention_heads: 28, max_position_embeddings: 32768 });
 * console.log(extendForm(form, { context: 131072 }).outcome); // rescaled
 */
export function extendForm(form: NormalForm, options: { readonly context: number }): Extension {
  const { context } = take('extendForm', options, ['context']);
  return readingForm('extendForm', form, () =>
    extensionOf(form, integer('context', context, 1, Number.MAX_SAFE_INTEGER)),
  );
}

/** @internal The context is checked. */
export function extensionOf(form: NormalForm, context: number): Extension {
  const entries = Object.entries(form.layerTypes ?? {});
  if (entries.length === 0) return otherFamily(form, context);
  const far = entries.filter(([label]) => !LOCAL.test(label));
  // where some tables are scaled, the class leaves the others as they are: their layers see near (DeepSeek-V4)
  const scaled = far.filter(([, { ropeType }]) => ropeType !== 'default');
  const seen = scaled.length > 0 ? scaled : far.length > 0 ? far : entries;
  const answers = seen.map(([label, layer]) => [label, tableExtension(form, layer, context)] as const);
  const worst = (['unsupported', 'rescaled', 'covered'] as const).find((outcome) =>
    answers.some(([, answer]) => answer.outcome === outcome),
  ) as Extension['outcome'];
  const [, told] = answers.find(([, answer]) => answer.outcome === worst) as (typeof answers)[number];
  const supported = Math.min(...answers.map(([, answer]) => answer.supported));
  const trained = answers.flatMap(([, answer]) => (answer.trained === undefined ? [] : [answer.trained]));
  // an amplitude that the class forces is no key of the file
  const forced = form.assumed.some(({ key }) => key.endsWith('.attention_factor'));
  const notes = forced ? [] : [...new Set(answers.flatMap(([, { note }]) => note ?? []))];
  const known = {
    outcome: worst,
    reason: told.reason,
    ...(notes.length > 0 && { notes }),
    ...(trained.length > 0 && { trainedLength: Math.min(...trained) }),
    ...(Number.isFinite(supported) && { supportedLength: supported }),
  };
  if (worst !== 'rescaled') return known;
  const tables = Object.fromEntries(answers.flatMap(([label, { options }]) => (options ? [[label, options]] : [])));
  if (isGGUF(form)) return { ...known, tables };
  return { ...known, tables, changes: write(form.source as Fields, form, tables, context).changes };
}

/** @internal The form that the changes make. */
export function changedForm(form: NormalForm, extension: Extension, context: number): NormalForm {
  const { config } = write(form.source as Fields, form, extension.tables ?? {}, context);
  return fromHF(config, { strict: false });
}

/** Of one table; supported Infinity where the file says nothing about lengths. */
function tableExtension(form: NormalForm, layer: RotaryLayer, context: number): RuleExtension {
  const { spec, ropeType } = layer;
  // the spec's own type: a 'dynamic' block with an alpha is the rule ntk
  const words = wordsOf(spec.ropeType ?? ropeType);
  const ruleExtension = words.extend as (spec: unknown, length: number, target: number) => RuleExtension;
  const max = form.maxPositionEmbeddings ?? spec.maxPositionEmbeddings;
  const original = spec.originalMaxPositionEmbeddings;
  const factor = spec.factor ?? 1;
  if (form.assumed.some(({ because }) => because === CONSTANT)) {
    const supported = max ?? Number.POSITIVE_INFINITY;
    if (context <= supported) return { supported, outcome: 'covered', reason: 'it already serves this many positions' };
    return { supported, outcome: 'unsupported', reason: `the base is ${CONSTANT}: no key scales it` };
  }
  if (max === undefined && original === undefined) {
    return {
      supported: Number.POSITIVE_INFINITY,
      outcome: 'unsupported',
      reason:
        'the file does not say how many positions it was trained for (max_position_embeddings); a factor counts from there',
    };
  }
  if (layer.lengthDependent && !ruleOf(spec.ropeType ?? 'default').dependsOnLength) {
    // Qwen: a flag, no block; the code raises the base at every doubling
    const known = {
      trained: layer.lengthDependent.threshold,
      supported: Math.max(max ?? 0, layer.lengthDependent.threshold),
    };
    return context <= known.supported
      ? { ...known, outcome: 'covered', reason: 'the base grows by itself with the sequence' }
      : {
          ...known,
          outcome: 'unsupported',
          reason: 'the base grows by itself with the sequence, and no key says for how long the model was made',
        };
  }
  const after = words.maxCounts === 'unsaid' && countsAfter(form);
  const length = (after ? (max as number) / factor : max) ?? (original as number);
  const answer = ruleExtension(spec, length, context);
  if (after) {
    const { trained: _, ...rest } = answer;
    const reason = 'files of this class count max_position_embeddings after scaling, so it grows with the factor';
    return rest.outcome === 'rescaled' ? { ...rest, reason } : rest;
  }
  const { outcome, trained } = answer;
  return words.shortTexts && outcome === 'covered' && trained !== undefined && context <= trained
    ? { ...answer, reason: words.shortTexts.covered }
    : answer;
}

/** Positions that are not rotary: rows end, biases do not. */
function otherFamily(form: NormalForm, context: number): Extension {
  const usable = usableLength(form);
  if (form.family === 'none') return { outcome: 'covered', reason: 'nothing depends on positions' };
  if (form.family === 'learned' || form.family === 'sinusoidal' || usable !== undefined) {
    if (usable === undefined)
      return { outcome: 'unsupported', reason: 'the file does not say how many positions there are' };
    const known = { trainedLength: usable, supportedLength: usable };
    if (context <= usable) return { ...known, outcome: 'covered', reason: 'it already serves this many positions' };
    const reason =
      form.parameters?.rows !== undefined || form.family === 'learned'
        ? `the learned rows end (${numberOf(form.parameters?.rows) ?? usable} rows for ${usable} tokens); a longer table must be trained, and resizePositionTable gives a start`
        : `the table can be computed further, but the model was trained to ${grouped(usable)} positions; no published extension`;
    return { ...known, outcome: 'unsupported', reason };
  }
  // a tower of images: its tables are made for a grid of patches, of which a number of positions says nothing
  if (form.family === 'rotary' || form.family === 'window')
    return {
      outcome: 'unsupported',
      reason: 'positions are places in a grid of patches: another image size is another grid, not a longer context',
    };
  return {
    outcome: 'covered',
    reason:
      'a bias by distance has a value for every distance; how well the model does beyond the lengths of its training is another matter',
  };
}

/** Tokens that fit: the rows of a table, without those that no token takes. undefined: any number. */
function usableLength(form: NormalForm): number | undefined {
  const sides = form.encoder && form.decoder ? [form.encoder, form.decoder] : [form];
  const lengths = sides.flatMap(({ family, parameters }) => {
    // the record says it, also of absolute rows beside relative ones
    const said = numberOf(parameters?.usableLength);
    if (said !== undefined) return [said];
    if (family !== 'learned' && family !== 'sinusoidal') return [];
    const rows = numberOf(parameters?.maxPositions) ?? numberOf(parameters?.length);
    if (rows === undefined) return [];
    return [rows];
  });
  return lengths.length > 0 ? Math.min(...lengths) : undefined;
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function copyOf(config: Fields): Record<string, Json> {
  try {
    return structuredClone(config) as Record<string, Json>;
  } catch {
    return refuse('config', 'holds a value that JSON has no form for; give what JSON.parse returns');
  }
}

/** @internal A copy of the file with the new blocks. */
export function write(
  config: Fields,
  form: NormalForm,
  tables: NonNullable<Extension['tables']>,
  context: number,
): { config: Record<string, Json>; changes: Record<string, Json> } {
  const copy = copyOf(config);
  const { text, path } = textObject(copy);
  const changes: Record<string, Json> = {};
  const key =
    isFields(text.rope_parameters) && Object.keys(text.rope_parameters).length > 0 ? 'rope_parameters' : 'rope_scaling';
  const whole = isFields(text[key]) ? (text[key] as Record<string, Json>) : {};
  const byLabel = Object.values(whole).some(isFields);
  for (const [label, options] of Object.entries(tables)) {
    const old = byLabel ? ((whole[label] ?? {}) as Record<string, Json>) : whole;
    const block = blockOf(old, options);
    if (byLabel) {
      whole[label] = block;
      // engines replace a block as a whole: the tables that stay belong to it
      changes[`${path}${key}`] = whole;
    } else {
      text[key] = block;
      changes[`${path}${key}`] = block;
      // the same block under its other name must not contradict it
      if (key === 'rope_parameters' && isFields(text.rope_scaling)) {
        text.rope_scaling = blockOf(text.rope_scaling as Record<string, Json>, options);
        changes[`${path}rope_scaling`] = text.rope_scaling;
      }
    }
  }
  const max = text.max_position_embeddings;
  if (typeof max === 'number' && max < context && countsScaling(form, max, Object.keys(tables))) {
    text.max_position_embeddings = context;
    changes[`${path}max_position_embeddings`] = context;
  }
  return { config: copy, changes };
}

/** What the record of the model's text says of max_position_embeddings beside a linear scaling. */
function countsAfter({ modelType }: NormalForm): boolean {
  const facts = recordOf(modelType)?.config;
  const text = facts?.family === 'wrapper' && facts.text ? recordOf(facts.text)?.config : facts;
  return text?.family === 'rotary' && text.maxCounts === 'after';
}

/**
 * max_position_embeddings is the length after scaling, and grows with the factor: always in these classes, and in a file where it
 * is the factor times the original length (DeepSeek, gpt-oss), of which loaders complain otherwise.
 */
function countsScaling(form: NormalForm, max: number, labels: readonly string[]): boolean {
  const { layerTypes = {} } = form;
  if (countsAfter(form))
    return Object.values(layerTypes).some(({ ropeType }) => wordsOf(ropeType).maxCounts === 'unsaid');
  return labels.every((label) => {
    const { factor = 1, originalMaxPositionEmbeddings: original = 0 } = layerTypes[label].spec;
    return factor > 1 && Math.abs(max - factor * original) <= 1e-9 * max;
  });
}

/** Every key of the old block stays; the rule is named as the file names it. */
function blockOf(
  old: Readonly<Record<string, Json>>,
  options: NonNullable<RuleExtension['options']>,
): Record<string, Json> {
  const { ropeType, factor, originalMaxPositionEmbeddings } = options;
  const named: Record<string, Json> = {};
  if (ropeType !== undefined) {
    const spelt = ['type', 'rope_type'].filter((key) => typeof old[key] === 'string');
    for (const key of spelt.length > 0 ? spelt : ['rope_type']) named[key] = ropeType;
  }
  const block: Record<string, Json> = { ...old, ...named, factor };
  if (originalMaxPositionEmbeddings !== undefined)
    block.original_max_position_embeddings = originalMaxPositionEmbeddings;
  return block;
}

/** The object that holds the text model's keys, and how its keys are called from the top. */
function textObject(config: Record<string, Json>): { text: Record<string, Json>; path: string } {
  const { node } = textPart(new ConfigNode(config, '', new Notes(false)));
  // a node holds the object itself: what is written there is written into the copy
  return { text: node.fields as Record<string, Json>, path: node.path === '' ? '' : `${node.path}.` };
}
