/**
 * What a configuration does, in numbers a person can check: which pairs a scaling keeps, blends or divides, how far each
 * turns, and how far float32 angles are off at the length asked for. Wavelengths and turns: YaRN, arXiv 2309.00071, section 3.
 */
import * as dd from '../phase/dd.ts';
import { type RotaryFrequencies, rotaryFrequencies } from '../rotary/frequencies.ts';
import { ggmlAngles } from '../rotary/ggml.ts';
import { wordsOf } from '../rotary/rules/words.ts';
import type { Precision } from '../rotary/spec.ts';
import { integer, take } from '../runtime/arguments.ts';
import type { TableChoice } from './chooseLayer.ts';
import { type Extension, extensionOf } from './extension.ts';
import { type FromHFOptions, fromHF } from './hf.ts';
import { type NormalForm, type RotaryLayer, readingForm } from './normalForm.ts';
import type { Assumption } from './read.ts';
import { grouped } from './words.ts';

/** Neighbouring pairs that a scaling treats alike. */
export interface PairGroup {
  /** 'still': the pair does not turn at all. 'own': a divisor of its own (a list of them, a grown base). */
  readonly change: 'kept' | 'blended' | 'divided' | 'own' | 'still';
  /** Pairs of this kind, in a row. */
  readonly count: number;
  /** Index of the first pair. */
  readonly first: number;
  /** Index of the last pair. */
  readonly last: number;
  /** Unscaled frequency over the one used: smallest and largest. */
  readonly divisor: readonly [number, number];
  /** Positions for one full turn: shortest and longest; empty for 'still'. */
  readonly wavelength: readonly number[];
  /** Full turns over the trained context: fewest and most; empty when unknown. */
  readonly turnsTrained: readonly number[];
  /** The same over the requested context. */
  readonly turnsRequested: readonly number[];
}

export interface TableExplanation {
  /** A key of the form's `layerTypes`. */
  readonly label: string;
  /** The table as the form has it. */
  readonly layer: RotaryLayer;
  /** Rotated pairs of a head. */
  readonly pairs: number;
  /** Positions that frequencies and errors are given for: the requested context, else the largest of the model. */
  readonly length: number;
  /** Context before scaling. */
  readonly trained?: number;
  /** The pairs by what the scaling did to them, first to last. */
  readonly groups: readonly PairGroup[];
  /** Largest error of an angle, radians, over all pairs and the last positions of the context. */
  readonly angleError: Readonly<Record<Precision, number>>;
}

export interface Finding {
  /** What is the matter, in a sentence. */
  readonly message: string;
  /** What to write instead, where there is one answer. */
  readonly fix?: string;
}

export interface Explanation {
  /** What fromHF or fromGGUF made of the file. */
  readonly form: NormalForm;
  /** Positions the file serves as it is; undefined: any number. Of learned rows those that tokens take. */
  readonly supported?: number;
  /** Positions of pre-training, before any scaling, where the file tells them. */
  readonly trained?: number;
  /** The context that was asked for. */
  readonly requested?: number;
  /** What the requested context asks for. */
  readonly extension?: Extension;
  /** One entry for each rotary table. */
  readonly tables: readonly TableExplanation[];
  /** Values that the file does not give. */
  readonly assumed: readonly Assumption[];
  /** What a reader should know. */
  readonly warnings: readonly Finding[];
}

/** Positions near the end of the context that angle errors are looked for at. */
const SAMPLES = 40;
/** An angle error above this changes logits visibly (about 5e-3 on q.k / sqrt(128)). */
const VISIBLE_ERROR = 1e-2;
const FLOAT32_INTEGERS = 2 ** 24;
const BFLOAT16_INTEGERS = 2 ** 8;

/**
 * What a configuration does with positions, in numbers: contexts, and of each table the pairs a scaling keeps, blends and
 * divides.
 * @param config a parsed config.json
 * @param options the `context` asked for, and what fromHF takes
 * @returns plain data; describeExplanation makes text of it
 * @throws PosencError as fromHF
 * @example
 * const config = { model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, max_position_embeddings: 4096 };
 * console.log(explain(config).form.family); // rotary
 */
export function explain(config: object, options: Omit<FromHFOptions, 'precision'> = {}): Explanation {
  const { layerType, strict, as, ...o } = take('explain', options, ['layerType', 'context', 'strict', 'as']);
  const context = o.context === undefined ? undefined : integer('context', o.context, 1, Number.MAX_SAFE_INTEGER);
  return explainForm(fromHF(config, { layerType, context, strict, as }), { layerType, context });
}

/**
 * What a normal form that is there already does with positions, in numbers, as explain says it of a configuration.
 * @param form from fromHF or fromGGUF
 * @param choice the `context` asked for
 * @returns plain data; describeExplanation makes text of it
 * @throws PosencError ERR_CONFIG
 * @example
 * const form = fromHF({ model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, max_position_embeddings: 4096 });
 * console.log(explainForm(form, { context: 8192 }).warnings.length > 0); // true
 */
export function explainForm(form: NormalForm, choice: TableChoice = {}): Explanation {
  return readingForm('explainForm', form, () => explained(form, choice));
}

function explained(form: NormalForm, choice: TableChoice): Explanation {
  const o = take('explainForm', choice, ['layerType', 'context']);
  const context = o.context === undefined ? undefined : integer('context', o.context, 1, Number.MAX_SAFE_INTEGER);
  const labels = Object.entries(form.layerTypes ?? {});
  const { maxPositionEmbeddings } = form;
  if (maxPositionEmbeddings !== undefined)
    integer('maxPositionEmbeddings', maxPositionEmbeddings, 1, Number.MAX_SAFE_INTEGER);
  const tables = labels
    .filter(([label]) => o.layerType === undefined || label === o.layerType)
    .map(([label, layer]) => explainTable(label, layer, maxPositionEmbeddings, context));
  const extension = extensionOf(form, context ?? 1);
  const supported = extension.supportedLength;
  return {
    form,
    ...(supported === undefined ? {} : { supported }),
    ...(extension.trainedLength === undefined ? {} : { trained: extension.trainedLength }),
    ...(context === undefined ? {} : { requested: context, extension }),
    tables,
    assumed: form.assumed,
    warnings: findings(form, tables, context === undefined ? undefined : extension, context),
  };
}

function explainTable(
  label: string,
  layer: RotaryLayer,
  maxPositionEmbeddings: number | undefined,
  context: number | undefined,
): TableExplanation {
  const { spec } = layer;
  const length = context ?? maxPositionEmbeddings ?? spec.originalMaxPositionEmbeddings ?? 1;
  const used = rotaryFrequencies({ ...spec, precision: 'exact' }, { context: length });
  const { ropeTheta, headDim, rotaryDim } = spec;
  const plain = rotaryFrequencies({ headDim, rotaryDim: rotaryDim ?? layer.rotaryDim, ropeTheta });
  const { maxCounts, dividesBy } = wordsOf(layer.ropeType);
  const trained = spec.originalMaxPositionEmbeddings ?? (maxCounts === 'before' ? maxPositionEmbeddings : undefined);
  const factor = dividesBy === 'factor' ? spec.factor : undefined;
  return {
    label,
    layer,
    pairs: used.pairs,
    length,
    ...(trained === undefined ? {} : { trained }),
    groups: groupsOf(plain.ladder.hi, used.ladder.hi, factor, trained, context),
    angleError: angleErrors(layer, length),
  };
}

function groupsOf(
  plain: Float64Array,
  used: Float64Array,
  factor: number | undefined,
  trained: number | undefined,
  context: number | undefined,
): PairGroup[] {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * b;
  const divisors = Array.from(used, (frequency, i) =>
    frequency === 0 ? Number.POSITIVE_INFINITY : plain[i] / frequency,
  );
  const kinds = divisors.map((divisor): PairGroup['change'] => {
    if (divisor === Number.POSITIVE_INFINITY) return 'still';
    if (near(divisor, 1)) return 'kept';
    if (factor === undefined || divisor > factor * (1 + 1e-9)) return 'own';
    return near(divisor, factor) ? 'divided' : divisor > 1 ? 'blended' : 'own';
  });
  const order: readonly PairGroup['change'][] = ['kept', 'blended', 'divided', 'own', 'still'];
  return order.flatMap((change) => {
    const members = kinds.flatMap((kind, i) => (kind === change ? [i] : []));
    if (members.length === 0) return [];
    const wavelengths = members.map((i) => (2 * Math.PI) / used[i]);
    const range = (list: readonly number[]): [number, number] => [Math.min(...list), Math.max(...list)];
    const turns = (positions: number | undefined): number[] =>
      positions === undefined || change === 'still' ? [] : range(wavelengths.map((length) => positions / length));
    return [
      {
        change,
        count: members.length,
        first: members[0],
        last: members[members.length - 1],
        divisor: range(members.map((i) => divisors[i])),
        wavelength: change === 'still' ? [] : range(wavelengths),
        turnsTrained: turns(trained),
        turnsRequested: turns(context),
      },
    ];
  });
}

/** Against the real-valued angle, position x frequency in double-double. */
function angleErrors(layer: RotaryLayer, length: number): Record<Precision, number> {
  const exact = rotaryFrequencies({ ...layer.spec, precision: 'exact' }, { context: length });
  const torch = rotaryFrequencies({ ...layer.spec, precision: 'torch' }, { context: length });
  const ggml = rotaryFrequencies({ ...layer.spec, precision: 'ggml' }, { context: length });
  const angles = new Float32Array(exact.pairs);
  const worst = { exact: 0, torch: 0, ggml: 0 };
  // counted, so that it ends where the length of a file is beyond the integers of a double
  for (let back = 1; back <= Math.min(SAMPLES, length); back++) {
    const position = length - back;
    const float = torch.float32 as Float32Array;
    for (let i = 0; i < exact.pairs; i++) {
      worst.torch = Math.max(worst.torch, offBy(exact, i, position, Math.fround(Math.fround(position) * float[i])));
    }
    ggmlAngles(position, ggml.ggml as NonNullable<typeof ggml.ggml>, angles);
    for (let i = 0; i < exact.pairs; i++) worst.ggml = Math.max(worst.ggml, offBy(exact, i, position, angles[i]));
  }
  return worst;
}

function offBy({ ladder }: RotaryFrequencies, i: number, position: number, angle: number): number {
  const real = dd.mulNumber({ hi: ladder.hi[i], lo: ladder.lo[i] }, position);
  return Math.abs(dd.addNumber(real, -angle).hi);
}

function findings(
  form: NormalForm,
  tables: readonly TableExplanation[],
  extension: Extension | undefined,
  context: number | undefined,
): Finding[] {
  const list: Finding[] = form.warnings.filter(({ code }) => code !== 'no-effect').map(({ message }) => ({ message }));
  if (context !== undefined) list.push(...otherFamilies(form, context));
  for (const { layer, label, angleError, trained } of tables) {
    const where = label === 'default' ? '' : ` (${label})`;
    const { lengthDependent, ropeType } = layer;
    if (lengthDependent !== undefined && (context === undefined || context > lengthDependent.threshold)) {
      const { rule, threshold } = lengthDependent;
      const said = wordsOf(rule).cachedKeys?.(where, grouped(threshold), grouped(threshold + 1));
      if (said) list.push(said);
    }
    if (context !== undefined && trained !== undefined && context <= trained) {
      const said = wordsOf(ropeType).shortTexts?.warning(grouped(trained), where);
      if (said) list.push(said);
    }
    if (layer.softmaxScaleFactor !== undefined && layer.softmaxScaleFactor !== 1) {
      list.push({
        message: `the softmax scale is corrected by ${round(layer.softmaxScaleFactor)}${where}; tables alone do not reproduce this model`,
        fix: `multiply q.k by ${round(layer.softmaxScale)}, not by 1 / sqrt(${layer.headDim}) = ${round(1 / Math.sqrt(layer.headDim))}`,
      });
    }
    if (layer.outputPairing !== layer.pairing) {
      list.push({
        message: `channels come in ${layer.pairing} and leave ${layer.outputPairing}${where}: caches of code that keeps the order are not interchangeable`,
      });
    }
    if (context !== undefined && angleError.torch > VISIBLE_ERROR) {
      list.push({
        message: `float32 angles are off by up to ${round(angleError.torch)} rad at ${grouped(context)} positions${where}`,
        fix: "keep precision 'torch' to match PyTorch, use 'exact' for relative positions that hold at this length",
      });
    }
  }
  if (extension !== undefined && context !== undefined && extension.outcome !== 'covered')
    list.push(longer(form, extension, context), ...(extension.notes ?? []).map((message) => ({ message })));
  if (context !== undefined && context > FLOAT32_INTEGERS) {
    list.push({
      message: `positions above ${grouped(FLOAT32_INTEGERS)} are not float32 integers: PyTorch merges neighbours`,
      fix: "use precision 'exact', which holds to 2^53",
    });
  }
  return list;
}

/** More positions than the file serves: the keys that change, or that none do. */
function longer(
  form: NormalForm,
  { outcome, reason, supportedLength, trainedLength, changes, tables }: Extension,
  context: number,
): Finding {
  const made = supportedLength === undefined ? '' : `, the model is made for ${grouped(supportedLength)}`;
  const trained =
    trainedLength === undefined || trainedLength === supportedLength
      ? ''
      : ` (trained on ${grouped(trainedLength)} before scaling)`;
  const message = `${grouped(context)} positions are asked for${made}${trained}: ${reason}`;
  if (outcome === 'unsupported') {
    const grid = form.axial !== undefined || form.family === 'window';
    if (grid) return { message, fix: 'leave context out: tables follow the grid of the image' };
    return { message, fix: 'stay within that, or train at the length wanted: no key and no flag does it' };
  }
  if (changes) {
    const keys = Object.entries(changes).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
    return { message, fix: `set ${keys.join('; ')}` };
  }
  // a GGUF file: llama.cpp scales by flags
  const flags = Object.entries(tables ?? {}).map(([label, options]) => {
    const { ropeType, factor, originalMaxPositionEmbeddings: original } = options;
    const type = ropeType === undefined ? '' : `--rope-scaling ${ropeType} `;
    const from = original === undefined ? '' : ` --yarn-orig-ctx ${original}`;
    return `${label === 'default' ? '' : `${label}: `}${type}--rope-scale ${factor}${from}`;
  });
  return { message, fix: `llama.cpp: ${flags.join('; ')}` };
}

/** What a context means for positions that are not rotary. */
function otherFamilies(form: NormalForm, context: number): Finding[] {
  const list: Finding[] = [];
  if (form.family === 't5' && context > Number(form.parameters?.maxDistance)) {
    list.push({
      message: `keys farther away than ${form.parameters?.maxDistance} positions share one bucket: at ${grouped(context)} their order is lost`,
      fix: 'nothing to configure: the model tells far keys apart by content alone',
    });
  }
  if (form.family === 'alibi' && context > BFLOAT16_INTEGERS) {
    list.push({
      message: `rounded to bfloat16, biases of neighbouring keys beyond ${BFLOAT16_INTEGERS} positions are equal`,
      fix: 'keep the bias in float32 until it is added to the scores',
    });
  }
  return list;
}

/** Three significant digits, without the noise of more; large numbers in groups. */
export function round(value: number): string {
  if (value === 0) return '0';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return grouped(value);
  const short = Number(value.toPrecision(Math.abs(value) >= 1000 ? 4 : 3));
  return Math.abs(short) < 1e21 ? grouped(short) : String(short);
}
