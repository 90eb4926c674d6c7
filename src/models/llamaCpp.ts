/**
 * A rotary table in the words of llama.cpp: the arguments of ggml_rope_ext, the command-line flags, and what a converted file of
 * the model holds. Sources: ggml/include/ggml.h; llama.cpp common/arg.cpp, src/llama-context.cpp (which flags are overwritten),
 * src/llama-model.cpp (llama_model_rope_type), conversion/*.py (permutation, divisors); architectures: records/gguf.
 */
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import { ggmlFreqFactors } from '../rotary/ggml.ts';
import type { LlamaCppWords } from '../rotary/rules/rule.ts';
import { wordsOf } from '../rotary/rules/words.ts';
import type { OpenSpec } from '../rotary/spec.ts';
import { take } from '../runtime/arguments.ts';
import { chooseLayer, type TableChoice } from './chooseLayer.ts';
import { type NormalForm, type RotaryLayer, readingForm } from './normalForm.ts';
import type { GgufRotary } from './records/gguf/facts.ts';
import { ggufRecord } from './records/gguf/index.ts';
import { recordOf } from './records/index.ts';
import type { ModelRecord } from './records/record.ts';

type Mode = 0 | 2 | 8 | 40;

/** ggml_rope_ext(ctx, a, pos, freqFactors, nDims, mode, nCtxOrig, freqBase, freqScale, extFactor, attnFactor, betaFast, betaSlow) */
export interface GgmlRopeArguments {
  readonly nDims: number;
  /**
   * 0 NORMAL, 2 NEOX, 8 MROPE, 40 IMROPE: for the weights as the hub holds them (of a GGUF file: as it holds them). undefined:
   * no mode of ggml pairs these channels with these sections.
   */
  readonly mode?: Mode;
  readonly nCtxOrig: number;
  readonly freqBase: number;
  readonly freqScale: number;
  readonly extFactor: number;
  readonly attnFactor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  /** One divisor for each pair, float32 values. */
  readonly freqFactors?: readonly number[];
  /** ggml_rope_multi: pairs of each stream, t h w e. */
  readonly sections?: readonly [number, number, number, number];
}

export interface LlamaCpp {
  /** `general.architecture` of a converted file; undefined: llama.cpp does not know the model, or this library does not know. */
  readonly architecture?: string;
  /** What llama.cpp runs. */
  readonly rope: GgmlRopeArguments;
  /** Arguments that give the model's own angles where those of llama.cpp differ: an untruncated YaRN ramp, as divisors. */
  readonly own?: GgmlRopeArguments;
  /** The mode llama.cpp runs for a converted file. */
  readonly fileMode?: Mode;
  /** Converters reorder the rows of the q and k weights, from half to interleaved pairs. */
  readonly permuted: boolean;
  /** Flags of llama-cli and llama-server that have the same effect, for a file that says nothing; empty when none are needed. */
  readonly flags: readonly string[];
  /** Flags needed with a file that a converter made: it holds the scaling itself. */
  readonly flagsWithFile: readonly string[];
  /** Flags that llama.cpp overwrites or ignores here. */
  readonly flagsWithoutEffect: readonly string[];
  /** Amplitude of cos and sin in the model. */
  readonly amplitude: number;
  /** What llama.cpp makes of it by the flags alone; absent without scaling. */
  readonly amplitudeByFlags?: number;
  /** What q.k is multiplied with. */
  readonly kqScale: number;
  /** Layers that llama.cpp must not rotate. */
  readonly layersWithoutRotation: readonly number[];
  /** What the flags cannot say, and what differs from transformers. */
  readonly notes: readonly string[];
}

const FILE_MODES = { norm: 0, neox: 2, mrope: 8, imrope: 40 } as const;

/**
 * What llama.cpp needs for the same rotation: the arguments of ggml_rope_ext, flags for its command line, and what they cannot
 * say.
 * @param form from fromHF or fromGGUF
 * @param choice `layerType`, `context`
 * @returns `rope`, `flags`, `notes`: plain data
 * @throws PosencError ERR_CONFIG for another family, several tables without layerType, or a missing context
 * @example
 * const form = fromHF({ model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, rope_theta: 500000 });
 * console.log(toLlamaCpp(form).rope.freqBase); // 500000
 */
export function toLlamaCpp(form: NormalForm, choice: TableChoice = {}): LlamaCpp {
  const taken = take('toLlamaCpp', choice, ['layerType', 'context']);
  return readingForm('toLlamaCpp', form, () => parametersOf(form, taken));
}

function parametersOf(form: NormalForm, choice: TableChoice): LlamaCpp {
  const { layer, context } = chooseLayer(form, choice, 'toLlamaCpp(form');
  const { spec, ropeType } = layer;
  const file = fileFacts(form);
  const common = {
    nDims: layer.rotaryDim,
    mode: modeOf(layer),
    nCtxOrig: spec.originalMaxPositionEmbeddings ?? form.maxPositionEmbeddings ?? 0,
    freqBase: spec.ropeTheta ?? 10000,
    freqScale: 1,
    extFactor: 0,
    attnFactor: layer.attentionFactor,
    betaFast: spec.betaFast ?? 32,
    betaSlow: spec.betaSlow ?? 1,
    ...(layer.mropeSection ? { sections: fourSections(layer.mropeSection, layer.mropeLayout) } : {}),
  } as const;
  const known = {
    ...(file && { architecture: file.architecture, fileMode: fileMode(file.facts, layer) }),
    permuted: isPermuted(form, layer, file?.facts),
    flagsWithFile: [],
    flagsWithoutEffect: [] as readonly string[],
    amplitude: layer.attentionFactor,
    kqScale: layer.softmaxScale,
    layersWithoutRotation: form.layers?.nope ?? [],
  };
  const notes = remarks(form, layer, file?.facts);
  const { llamaCpp } = wordsOf(ropeType);
  if (llamaCpp === 'nothing') return { ...known, rope: common, flags: [], notes };
  if (llamaCpp === 'divisors') {
    const length = context ?? layer.lengthDependent?.threshold ?? 1;
    const rope = {
      ...common,
      attnFactor: rotaryFrequencies(spec, { context: length }).attentionFactor,
      freqFactors: divisors(spec, layer, length),
    };
    return { ...known, rope, flags: [], notes: [...notes, divisorNote(layer, file?.facts)] };
  }
  const words = llamaCpp(spec as never, common.nCtxOrig);
  const { freqScale, extFactor = 0, flags, amplitude, overwritten, instead } = words;
  return {
    ...known,
    rope: { ...common, freqScale, extFactor, attnFactor: layer.attentionFactor / amplitude },
    ...(instead && { own: { ...common, freqFactors: divisors(spec, layer, 1) } }),
    flags,
    flagsWithoutEffect: overwritten,
    amplitudeByFlags: file?.facts.yarn.amplitude === 'one' ? 1 : amplitude,
    notes: [
      ...notes,
      ...words.notes,
      ...(instead ? [differenceNote(layer, instead)] : []),
      ...amplitudeNotes(layer, file?.facts, amplitude),
    ],
  };
}

/** What a converted file must hold beside the flags. */
function amplitudeNotes(layer: RotaryLayer, facts: GgufRotary | undefined, own: number): string[] {
  const { spec, attentionFactor } = layer;
  const differs = Math.abs(attentionFactor - own) > 1e-6 * own;
  const short = (value: number): number => Number(value.toPrecision(6));
  if (spec.mscaleAllDim !== undefined && (facts?.yarn.multiplier || differs)) {
    return [
      `the file must hold rope.scaling.yarn_log_multiplier (mscale_all_dim ${spec.mscaleAllDim}): flags alone give the amplitude ${short(own)} and the plain softmax scale`,
    ];
  }
  if (!differs) return [];
  return [
    `the amplitude ${short(attentionFactor)} is not ${own === 1 ? '1' : `1 + 0.1 ln(factor) = ${short(own)}`}: the file must hold rope.scaling.attn_factor ${short(attentionFactor / own)}`,
  ];
}

/** The pair whose angles differ most from those that llama.cpp computes. */
function differenceNote({ spec }: RotaryLayer, { options, why }: NonNullable<LlamaCppWords['instead']>): string {
  const of = (own: OpenSpec): Float64Array => rotaryFrequencies({ ...own, precision: 'exact' } as OpenSpec).ladder.hi;
  const [theirs, own] = [of({ ...spec, ...options } as OpenSpec), of(spec)];
  let [off, pair] = [0, 0];
  own.forEach((f, i) => {
    const error = Math.abs(theirs[i] / f - 1);
    if (error > off) [off, pair] = [error, i];
  });
  return `${why}: pair ${pair} turns ${Number((100 * off).toPrecision(2))} % otherwise than in the model; no key and no flag changes that (own holds divisors that do)`;
}

/** Divisors of the angles that express a rule for which ggml has no argument. */
function divisors(spec: OpenSpec, layer: RotaryLayer, length: number): number[] {
  const exact = (of: OpenSpec): { hi: number; lo: number }[] => {
    const { ladder } = rotaryFrequencies({ ...of, precision: 'exact' } as OpenSpec, { context: length });
    return Array.from(ladder.hi, (hi, i) => ({ hi, lo: ladder.lo[i] }));
  };
  const plain = exact({ headDim: spec.headDim, rotaryDim: layer.rotaryDim, ropeTheta: spec.ropeTheta });
  return Array.from(ggmlFreqFactors(plain, exact(spec)));
}

function divisorNote({ ropeType }: RotaryLayer, facts: GgufRotary | undefined): string {
  const stored = wordsOf(ropeType).gguf?.tensors;
  const lists = stored === 'rope_factors';
  const names = lists ? 'rope_factors_long and rope_factors_short' : 'rope_freqs';
  if (facts && facts.factors[lists ? 'lists' : 'freqs'] === 'none') {
    return `rope type '${ropeType}' has no flags, and llama.cpp reads no divisors (${names}) for this architecture`;
  }
  return stored === undefined
    ? `rope type '${ropeType}' has no flags; llama.cpp would need these divisors as a tensor ${names}, which no converter writes`
    : `rope type '${ropeType}' has no flags: a converted file holds it as divisors, the tensor ${names}`;
}

/** How the hub's weights pair, as a mode; sections exist for half pairing alone. */
function modeOf(layer: RotaryLayer): Mode | undefined {
  if (layer.mropeLayout === undefined) return layer.pairing === 'half' ? 2 : 0;
  if (layer.pairing !== 'half') return undefined;
  return layer.mropeLayout === 'chunked' ? 8 : layer.mropeLayout === 'interleaved' ? 40 : undefined;
}

/** What llama.cpp knows about the architecture; of several cases the first that rotates. */
function fileFacts(form: NormalForm): { architecture: string; facts: GgufRotary } | undefined {
  // a form of a GGUF file carries the architecture as its type
  const name = textRecord(form.modelType)?.gguf ?? assumedRecord(form)?.gguf ?? form.modelType;
  const found = typeof name === 'string' ? ggufRecord(name) : undefined;
  if (!found) return undefined;
  const cases = 'family' in found.positions ? [found.positions] : found.positions.map(({ positions }) => positions);
  const facts = cases.find((positions): positions is GgufRotary => positions.family === 'rotary');
  return facts && { architecture: found.arch, facts };
}

/** A composite model is what its text part is. */
function textRecord(type: string): ModelRecord | undefined {
  const record = recordOf(type);
  const facts = record?.config;
  return facts?.family === 'wrapper' && facts.text !== null ? recordOf(facts.text) : record;
}

/** A file under another name was read with a record that the form names as an assumption. */
function assumedRecord(form: NormalForm): ModelRecord | undefined {
  const said = form.assumed.find(({ key }) => /(^|\.)model_type$/.test(key));
  return typeof said?.value === 'string' ? textRecord(said.value) : undefined;
}

/** Weights of the hub that pair otherwise than llama.cpp rotates them must have been reordered. */
function isPermuted(form: NormalForm, layer: RotaryLayer, facts: GgufRotary | undefined): boolean {
  if (!facts) return false;
  if (isGGUF(form)) return facts.permuted;
  return (fileMode(facts, layer) === 0) !== (layer.pairing === 'interleaved');
}

/** A form of a GGUF file: of a config.json the source holds at least what names the model. */
export const isGGUF = (form: NormalForm): boolean => Object.keys(form.source).length === 0;

function fileMode({ mode, sections }: GgufRotary, layer: RotaryLayer): Mode {
  const several = (layer.mropeSection ?? []).filter((n) => n > 0).length > 1;
  return sections === 'optional' && several && mode !== 'imrope' ? 8 : FILE_MODES[mode];
}

/** ERNIE lists h, w, t. */
function fourSections(
  section: readonly number[],
  layout: string | undefined,
): readonly [number, number, number, number] {
  const [a, b, c] = section;
  return layout === 'ernie_hw_alternating' ? [c, a, b, 0] : [a, b, c, 0];
}

function remarks(form: NormalForm, layer: RotaryLayer, facts: GgufRotary | undefined): string[] {
  const notes: string[] = [];
  if (facts && isPermuted(form, layer, facts)) {
    notes.push(
      isGGUF(form)
        ? `this file holds q and k permuted: its pairs are ${layer.pairing}, and llama.cpp rotates them in mode ${fileMode(facts, layer)}; the hub's weights pair half`
        : `GGUF files of this model hold q and k permuted: the pairs of the hub's weights (${layer.pairing}) lie elsewhere, and llama.cpp rotates them in mode ${fileMode(facts, layer)}`,
    );
  }
  const nope = form.layers?.nope ?? [];
  if (nope.length > 0) notes.push(`layers without rotation: ${nope.join(', ')}`);
  if (layer.rotaryOffset > 0) notes.push(`rotate a view that starts at channel ${layer.rotaryOffset}`);
  if (layer.outputPairing !== layer.pairing) {
    notes.push(
      `transformers leaves the result ${layer.outputPairing}; ggml keeps it ${layer.pairing} (scores are equal)`,
    );
  }
  if (layer.rotationSign === -1) notes.push('angles are negated: ggml_rope_ext_back');
  if (layer.mropeLayout === 'interleaved')
    notes.push('give the fourth stream the temporal positions: left-over pairs read it');
  if (layer.mropeLayout === 'ernie_hw_alternating') notes.push('h and w alternate: ggml_rope_multi has no such layout');
  if (layer.mropeLayout !== undefined && layer.pairing === 'interleaved')
    notes.push('sections over interleaved pairs: no mode of ggml fits the weights of the hub');
  if (layer.softmaxScaleFactor !== undefined && layer.softmaxScaleFactor !== 1) {
    notes.push(`kq_scale is ${layer.softmaxScale}, not 1 / sqrt(${layer.headDim})`);
  }
  return notes;
}
