/**
 * From the configuration of a model on the Hugging Face hub (`config.json`, transformers 4 and 5) to its normal form.
 * What transformers does with each key is the specification; what it ignores in silence is said aloud here.
 */
import { options as checkOptions, integer } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { chooseLayer, type TableChoice } from './chooseLayer.ts';
import { classOfArchitecture, type ModelClass, modelClass } from './classes.ts';
import { readFamily } from './families.ts';
import type { NormalForm } from './normalForm.ts';
import { dropUndefined, isFields, type Json, Notes, refuse, Section, shorten } from './read.ts';
import { pinSpec, readRotary, sayUnread } from './rotaryLayers.ts';
import { nopeQueryScale } from './softmaxScale.ts';
import { readVision } from './vision.ts';

export interface FromHFOptions {
  /** Which of several rotary tables `.rotary` is: a key of `layerTypes`. */
  readonly layerType?: string;
  /** Number of positions (highest + 1) the table is for; needed by frequencies that depend on it. */
  readonly context?: number;
  /** Default true: unknown keys and contradictions are errors. false: warnings. Dangerous values stay errors. */
  readonly strict?: boolean;
}

/** Where a composite model keeps its text part, outermost first. */
const TEXT_KEYS = ['thinker_config', 'text_config', 'language_config', 'llm_config', 'decoder', 'decoder_config'];
const MAX_NESTING = 4;

/**
 * @param config a parsed config.json; it is not changed
 * @throws PosencError ERR_CONFIG naming the key, its value, what is allowed and the fix
 */
export function fromHF(config: unknown, options: FromHFOptions = {}): NormalForm {
  checkOptions('fromHF', options, ['layerType', 'context', 'strict']);
  const { layerType, strict = true } = options;
  if (layerType !== undefined && typeof layerType !== 'string') {
    throw new PosencError('ERR_OPTION', `layerType: expected a layer type, got ${show(layerType)}`);
  }
  if (typeof strict !== 'boolean')
    throw new PosencError('ERR_OPTION', `strict: expected true or false, got ${show(strict)}`);
  const context =
    options.context === undefined ? undefined : integer('context', options.context, 1, Number.MAX_SAFE_INTEGER);
  if (!isFields(config)) refuse('config', `expected the object of a config.json, got ${show(config)}`);

  const notes = new Notes(strict);
  const source: Record<string, Json> = {};
  const root = new Section(config, '', notes, source);
  const { section, parent } = textPart(root);
  const read = readPart(section, parent, context);
  if (parent !== section && read.family === 'rotary') sayUnread(parent);
  const vision = readVision(parent, typeOf(parent) ?? '');
  const result = dropUndefined({
    ...read,
    vision,
    consumed: [...notes.consumed],
    assumed: notes.assumed,
    warnings: notes.warnings,
    source,
  });
  return withRotary(result as Omit<NormalForm, 'rotary'>, { layerType, context });
}

/** The configuration that was read: the keys about positions, in their own spelling. */
export function toHF(form: NormalForm): Record<string, Json> {
  return structuredClone(form.source) as Record<string, Json>;
}

function typeOf(section: Section): string | undefined {
  const value = section.has('model_type') ? section.fields.model_type : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The part with the text model's keys, and its parent (itself when nothing is nested). */
function textPart(root: Section): { section: Section; parent: Section } {
  let section = root;
  let parent = root;
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    const current = section;
    const key = TEXT_KEYS.find((name) => current.has(name) && isFields(current.fields[name]));
    if (key === undefined) break;
    current.string('model_type');
    parent = current;
    section = new Section(current.fields[key] as Section['fields'], current.at(key), current.notes);
    current.kept[key] = section.kept;
  }
  return { section, parent };
}

function readPart(section: Section, parent: Section, context: number | undefined): Partial<NormalForm> {
  const own = section.string('model_type');
  const outer = parent === section ? undefined : parent.string('model_type');
  const architecture = architectureOf(section) ?? architectureOf(parent);
  const modelType = own ?? outer;
  if (modelType === undefined && architecture === undefined) {
    refuse(section.at('model_type'), 'missing, and there are no architectures: it decides how every other key is read');
  }
  const shown = modelType ?? (architecture as string);
  if (section.has('mla_use_nope') && section.fields.mla_use_nope !== false) {
    refuse(
      section.at('mla_use_nope'),
      `the attention of '${shorten(shown)}' does not rotate; there is no table to make`,
    );
  }
  const facts = modelType === undefined ? undefined : readFamily(section, modelType);
  if (facts) return { modelType: shown, ...facts };
  const cls =
    (modelType === undefined ? undefined : modelClass(modelType)) ?? byArchitecture(architecture, section, shown);
  const part = readRotary(section, cls, context);
  return {
    family: 'rotary',
    modelType: shown,
    ...part,
    queryScale: nopeQueryScale(section, cls),
    rotaryValue: cls.type === 'roformer' ? (section.boolean('rotary_value') ?? false) : undefined,
  };
}

function architectureOf(section: Section): string | undefined {
  const list = section.has('architectures') ? section.fields.architectures : undefined;
  return Array.isArray(list) && typeof list[0] === 'string' ? list[0] : undefined;
}

function byArchitecture(architecture: string | undefined, section: Section, modelType: string): ModelClass {
  const cls = architecture === undefined ? undefined : classOfArchitecture(architecture);
  if (!cls) {
    const path = section.at('model_type');
    if (section.notes.strict) {
      refuse(
        path,
        `'${shorten(modelType)}' is not a known model type, so its defaults and pairing cannot be known; write a RotarySpec by hand, or set model_type to one that computes the same (llama: half pairing, whole head)`,
      );
    }
    section.notes.warn('risk', path, `'${shorten(modelType)}' is not a known model type; read as llama`);
    return modelClass('llama') as ModelClass;
  }
  section.kept.architectures = [architecture as string];
  section.notes.assume(section.at('model_type'), cls.type, `the class of architectures[0] = '${architecture}'`);
  return cls;
}

/** Adds `rotary`: the specification itself, or a property that throws with what to pass. */
export function withRotary(form: Omit<NormalForm, 'rotary'>, choice: TableChoice): NormalForm {
  try {
    const { layer, context } = chooseLayer(form, choice);
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
