/**
 * Rotary tables of a GGUF file: base, scaling, divisors and amplitude as llama.cpp puts them together. llama-model.cpp
 * (load_hparams), llama-context.cpp (the factors of YaRN), ggml ops.cpp (rope_yarn).
 */
import { rotaryFrequencies, ruleOf } from '../rotary/frequencies.ts';
import type { GgufFields, GgufLists } from '../rotary/rules/rule.ts';
import { ROPE_TYPES, WORDS, wordsOf } from '../rotary/rules/words.ts';
import { yarnMscale } from '../rotary/rules/yarn.ts';
import type { LooseSpec, MropeLayout, OpenSpec, Pairing, Precision } from '../rotary/spec.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { numberList } from '../runtime/lists.ts';
import type { Header } from './ggufHeader.ts';
import { headWidth, softmaxScale } from './ggufWidth.ts';
import type { RotaryLayer } from './normalForm.ts';
import { checkNumber, dropUndefined, refuse, shorten } from './read.ts';
import type { GgufRotary, GgufTable } from './records/gguf/facts.ts';
import { tableNumbers } from './rotaryLayer.ts';
import type { QueryScale } from './softmaxScale.ts';

type ScalingType = NonNullable<(typeof WORDS)[keyof typeof WORDS]['gguf']>['type'];

/** rope.scaling.* of a file. */
interface Scaling {
  readonly word: ScalingType;
  readonly factor: number;
  readonly original: number | undefined;
  readonly attnFactor: number;
  /** yarn_log_multiplier in units of mscale_all_dim; 0: none. */
  readonly multiplier: number;
  readonly mscale: number;
  readonly betaFast?: number;
  readonly betaSlow?: number;
  readonly extFactor?: number;
}

/*
 * Three lists from the words of all rope types. Each is the result of a call without arguments: a bundler that leaves the reader of
 * GGUF out leaves out such calls, and the words with them.
 */
const TYPES = scalingTypes();
const COMPUTED = computedTypes();
const LISTED = listWords();

/** The words of rope.scaling.type. */
function scalingTypes(): readonly ScalingType[] {
  return [...new Set(ROPE_TYPES.flatMap((rope) => (WORDS[rope].gguf ? [WORDS[rope].gguf.type] : [])))];
}

/** Those whose amplitude llama.cpp computes from the factor. */
function computedTypes(): ReadonlySet<ScalingType> {
  return new Set(ROPE_TYPES.flatMap((rope) => (WORDS[rope].gguf?.computesAmplitude ? [WORDS[rope].gguf.type] : [])));
}

interface ListWords {
  readonly type: ScalingType;
  fromLists(lists: GgufLists): LooseSpec;
}
/** The rule of two lists of divisors. */
function listWords(): ListWords {
  return ROPE_TYPES.map(wordsOf).find(({ gguf }) => gguf?.fromLists)?.gguf as ListWords;
}

export function readScaling(header: Header, { yarn }: GgufRotary): Scaling {
  const named = header.value('rope.scaling.type');
  const word = TYPES.find((known) => known === (named ?? 'linear'));
  if (word === undefined) {
    return refuse(shorten(header.key('rope.scaling.type')), `expected ${TYPES.join(', ')}, got ${show(named)}`);
  }
  const written = header.number('rope.scaling.factor', { min: 0 });
  const old = header.number('rope.scale_linear', { min: 0 });
  // 0 means: not scaled
  const factor = (written ?? old) || 1;
  if (word === 'none' && factor !== 1) {
    header.notes.warn('no-effect', header.key('rope.scaling.factor'), `${factor}, but rope.scaling.type is none`);
  }
  const log = yarn.multiplier && (header.number('rope.scaling.yarn_log_multiplier', {}) ?? 0);
  const multiplier = yarn.multiplier && log ? inUnits(log, yarn.multiplier.unit) : 0;
  const ext = yarn.extFactor ? header.number('rope.scaling.yarn_ext_factor', {}) : undefined;
  return {
    word,
    factor: word === 'none' ? 1 : factor,
    original:
      header.whole('rope.scaling.original_context_length', Number.MAX_SAFE_INTEGER) ??
      header.whole('context_length', Number.MAX_SAFE_INTEGER),
    attnFactor: header.number('rope.scaling.attn_factor', { above: 0 }) ?? 1,
    multiplier,
    mscale: yarn.multiplier?.numerator === 'm' && multiplier !== 0 ? multiplier : 1,
    ...(yarn.betas && {
      betaFast: header.number('rope.scaling.yarn_beta_fast', { above: 0 }) ?? yarn.betas.fast,
      betaSlow: header.number('rope.scaling.yarn_beta_slow', { above: 0 }) ?? yarn.betas.slow,
    }),
    ...(ext !== undefined && ext >= 0 && { extFactor: ext }),
  };
}

/** The loader divides in float32; a number that no file can hold is taken as it stands. */
function inUnits(log: number, unit: number): number {
  return Math.fround(log) === log ? Math.fround(log / Math.fround(1 / unit)) : log * unit;
}

/**
 * The square of what the softmax scale of a latent head is multiplied by: the amplitude before the multiplier divides it,
 * 1 + 0.1 s ln(factor), times rope.scaling.attn_factor; without YaRN the graph multiplies 1 + 0.1 ln(factor) all the same.
 */
function latentMscale({ word, factor, multiplier, mscale, attnFactor }: Scaling): number {
  const { amplitude } = COMPUTED.has(word)
    ? { amplitude: yarnMscale(factor, multiplier === 0 ? 1 : mscale) }
    : { amplitude: yarnMscale(factor, 1) * yarnMscale(factor, multiplier) };
  return (amplitude * attnFactor) ** 2;
}

/** The specification of one table. */
export function specOf(
  header: Header,
  facts: GgufRotary,
  table: GgufTable,
  scaling: Scaling,
  precision: Precision,
): OpenSpec {
  const whole = headWidth(header, [...(table.head ?? []), ...facts.head]);
  const width = table.dim.map((name) => header.whole(name, 65536)).find((dim) => dim !== undefined) ?? whole;
  const rotaryDim = width * (table.part ?? 1);
  const key = shorten(header.key(table.dim[0] ?? 'rope.dimension_count'));
  if (facts.place === 'whole head' && rotaryDim !== whole) {
    refuse(key, `${rotaryDim}, but the graph of '${shorten(header.arch)}' turns whole heads, ${whole} channels`);
  }
  if (rotaryDim > whole) refuse(key, `${rotaryDim} channels of a head of ${whole}`);
  const { mode, ...sections } = streamsOf(header, facts, rotaryDim / 2);
  const pairing: Pairing = mode === 'norm' ? 'interleaved' : 'half';
  const alpha = table.alpha === undefined ? undefined : header.number(table.alpha, { min: 0 });
  const base: LooseSpec = {
    headDim: whole,
    rotaryDim,
    ...(facts.place === 'last' && rotaryDim < whole && { rotaryOffset: whole - rotaryDim }),
    pairing,
    ropeTheta: header.given(table.base, { above: 1 }),
    precision,
    ...sections,
    ...(alpha && { ropeType: 'ntk' as const, alpha }),
  };
  return dropUndefined(divided(header, facts, table, base, table.scaled ? scaling : undefined)) as OpenSpec;
}

function streamsOf(
  header: Header,
  { mode, sections }: GgufRotary,
  pairs: number,
): { mode: GgufRotary['mode']; mropeSection?: readonly number[]; mropeLayout?: MropeLayout } {
  if (sections === 'none') return { mode };
  const name = 'rope.dimension_sections';
  const list = header.list(name)?.values;
  const path = shorten(header.key(name));
  if (list === undefined) {
    if (sections === 'required') refuse(path, `missing: '${shorten(header.arch)}' is not loaded without its sections`);
    return { mode };
  }
  if (list.length < 3 || list.length > 4) refuse(path, `expected 3 or 4 numbers of pairs, got ${list.length}`);
  const four = [...list, 0]
    .slice(0, 4)
    .map((n, i) => checkNumber(`${path}[${i}]`, n, { integer: true, min: 0, max: 65536 }));
  if (sections === 'optional' && !(four[0] > 0 && four[1] > 0)) return { mode };
  const used = sections === 'optional' ? 'mrope' : mode;
  const layout: MropeLayout = used === 'imrope' ? 'interleaved' : 'chunked';
  // three sections that fill the pairs are the models' own; anything else is the rule of ggml, which repeats four
  const sum = four.reduce((a, b) => a + b, 0);
  if (sum !== pairs) {
    const effect =
      sum < pairs
        ? `${sum} of ${pairs} pairs have a section: from pair ${sum} on ggml begins again with the first one`
        : `${sum} pairs have a section and the head has ${pairs}: those beyond are left out`;
    header.notes.warn('risk', header.key(name), `[${four.join(', ')}]: ${effect}`);
  }
  const fills = four[3] === 0 && (layout === 'interleaved' || sum === pairs);
  return { mode: used, mropeSection: fills ? four.slice(0, 3) : four, mropeLayout: layout };
}

/** Adds scaling, divisors and amplitude. */
function divided(
  header: Header,
  facts: GgufRotary,
  table: GgufTable,
  base: LooseSpec,
  scaling: Scaling | undefined,
): LooseSpec {
  const scaled: LooseSpec = scaling === undefined ? base : { ...base, ...rule(header, facts, base, scaling) };
  const amplitude = scaled.attentionFactor;
  const pairs = (base.rotaryDim as number) / 2;
  const lists = table.divided ? divisors(header, facts, scaling?.word === LISTED.type, pairs) : undefined;
  if (lists === undefined) return scaled;
  if ('freqs' in lists) {
    const { ladder, attentionFactor } = rotaryFrequencies({ ...scaled, precision: 'exact' } as OpenSpec);
    const { headDim, rotaryDim, rotaryOffset, pairing, precision, mropeSection, mropeLayout, ropeTheta } = base;
    return {
      ...dropUndefined({ headDim, rotaryDim, rotaryOffset, pairing, precision, mropeSection, mropeLayout, ropeTheta }),
      invFreq: lists.freqs.map((divisor, i) => ladder.hi[i] / divisor),
      ...(attentionFactor !== 1 && { attentionFactor }),
    };
  }
  // a linear factor multiplies the lists, any other rule is a second one
  if (scaled.ropeType !== undefined && scaled.ropeType !== 'linear') {
    refuse('tensors', `rope_factors beside the scaling '${scaled.ropeType}': two rules for one table`);
  }
  const original = scaling?.original;
  if (original === undefined) {
    return refuse(
      shorten(header.key('rope.scaling.original_context_length')),
      'required beside rope_factors tensors: it says where the long list begins',
    );
  }
  const { factor = 1 } = scaled;
  const own: LooseSpec = LISTED.fromLists({
    short: lists.short.map((divisor) => divisor * factor),
    long: lists.long.map((divisor) => divisor * factor),
    original,
    maxPositionEmbeddings: header.whole('context_length', Number.MAX_SAFE_INTEGER),
    // ggml multiplies by attn_factor alone; without one the amplitude is 1
    attentionFactor: amplitude ?? 1,
  });
  return dropUndefined({ ...base, ...own });
}

/** What the type of scaling makes of the keys that the architecture reads. */
function rule(header: Header, { yarn }: GgufRotary, base: LooseSpec, scaling: Scaling): LooseSpec {
  const { word, factor, attnFactor, multiplier, mscale } = scaling;
  if (factor === 1) return attnFactor === 1 ? {} : { attentionFactor: attnFactor };
  if (base.ropeType === 'ntk') {
    refuse(shorten(header.key('rope.scaling.factor')), `${factor} beside rope.scaling.alpha: two rules for one base`);
  }
  const cancelled = yarn.amplitude === 'one';
  const values: Readonly<Record<string, number | undefined>> = {
    'scaling.factor': factor,
    'scaling.original_context_length': scaling.original,
    'scaling.yarn_beta_fast': scaling.betaFast,
    'scaling.yarn_beta_slow': scaling.betaSlow,
    'scaling.yarn_ext_factor': scaling.extFactor,
    'scaling.attn_factor': cancelled || attnFactor === 1 ? undefined : attnFactor,
  };
  const fields: GgufFields = {
    number: (name) => values[name],
    refuse: (name, message) => refuse(shorten(header.key(`rope.${name}`)), message),
  };
  // without a reader of its own a type scales as the linear one does: its lists are tensors
  const words = ROPE_TYPES.map(wordsOf).find(({ gguf }) => gguf?.type === word && gguf.read) ?? wordsOf('linear');
  const read: LooseSpec = words.gguf?.read?.(fields) ?? {};
  if (!COMPUTED.has(word)) return attnFactor === 1 ? read : { ...read, attentionFactor: attnFactor };
  if (cancelled) return { ...read, attentionFactor: 1 };
  return multiplier === 0 ? read : { ...read, mscale, mscaleAllDim: multiplier };
}

type Divisors = { readonly freqs: number[] } | { readonly short: number[]; readonly long: number[] };

/** rope_freqs goes before the lists; tensors that the graph does not read are said. */
function divisors(header: Header, { factors }: GgufRotary, listed: boolean, pairs: number): Divisors | undefined {
  const { tensors, notes } = header;
  const list = (name: 'ropeFreqs' | 'ropeFactorsShort' | 'ropeFactorsLong'): number[] | undefined => {
    const tensor = tensors[name];
    if (tensor === undefined) return undefined;
    const { data } = numberList(`tensors.${name}`, tensor);
    // a table that turns a part of the head takes the first of them (Step-3.5)
    if (data.length < pairs) {
      throw new PosencError('ERR_SHAPE', `tensors.${name}: expected ${pairs} numbers, one a pair, got ${data.length}`);
    }
    return Array.from(data.subarray(0, pairs), (divisor, i) =>
      Math.fround(checkNumber(`tensors.${name}[${i}]`, divisor, { above: 0 })),
    );
  };
  const unread = (name: keyof typeof tensors, why: string): void => {
    if (tensors[name] !== undefined) notes.warn('no-effect', `tensors.${name}`, `'${shorten(header.arch)}' ${why}`);
  };
  if (factors.freqs === 'none') unread('ropeFreqs', 'passes no divisors to its rotation');
  else {
    const freqs = list('ropeFreqs');
    if (freqs !== undefined) return { freqs };
    if (factors.freqs === 'required') {
      notes.warn(
        'risk',
        'tensors.ropeFreqs',
        `'${shorten(header.arch)}' has rope_freqs.weight, which sets channels still; pass it, or the table turns all of them`,
      );
    }
  }
  if (factors.lists === 'none' || (factors.lists !== 'read' && !listed)) {
    const why =
      factors.lists === 'none'
        ? 'passes no lists of divisors to its rotation'
        : `reads them with rope.scaling.type '${LISTED.type}' only`;
    unread('ropeFactorsShort', why);
    unread('ropeFactorsLong', why);
    return undefined;
  }
  const [short, long] = [list('ropeFactorsShort'), list('ropeFactorsLong')];
  if (short === undefined && long === undefined) return undefined;
  if (short === undefined || long === undefined) {
    return refuse('tensors', 'rope_factors_short and rope_factors_long belong together; give both');
  }
  return { short, long };
}

/** The table of a specification, as every reader gives it. */
export function layerOf(
  header: Header,
  facts: GgufRotary,
  spec: OpenSpec,
  scaling: Scaling,
  queryScale: QueryScale | undefined,
): RotaryLayer {
  const ropeType = spec.ropeType ?? 'default';
  const threshold = ruleOf(ropeType).dependsOnLength?.threshold(spec);
  const width = spec.headDim;
  const mscale = facts.softmax === 'latent' ? latentMscale(scaling) : undefined;
  try {
    const main = rotaryFrequencies({ ...spec, precision: 'torch' } as OpenSpec, { context: threshold ?? 1 });
    const long =
      threshold === undefined
        ? undefined
        : rotaryFrequencies({ ...spec, precision: 'torch' } as OpenSpec, { context: threshold + 1 });
    return dropUndefined({
      ...tableNumbers(spec, main, long),
      softmaxScale: softmaxScale(header, facts.softmax, width, main.rotaryDim) * (mscale ?? 1),
      softmaxScaleFactor: mscale,
      queryScale,
      lengthDependent: threshold === undefined ? undefined : { rule: ropeType, threshold },
    });
  } catch (error) {
    if (!(error instanceof PosencError) || error.code === 'ERR_CONFIG') throw error;
    throw new PosencError('ERR_CONFIG', `rope: ${error.message}`, { cause: error });
  }
}
