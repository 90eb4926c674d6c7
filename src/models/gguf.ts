/**
 * From the metadata of a GGUF file to its normal form: `{arch}.rope.*` keys, divisors stored as tensors, and the fact that
 * converters permute q and k of some architectures to interleaved pairs. llama.cpp src/llama-arch.cpp, src/llama-model.cpp.
 */
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import type { GgufFields } from '../rotary/rules/rule.ts';
import { ROPE_TYPES, WORDS, wordsOf } from '../rotary/rules/words.ts';
import type { LooseSpec, MropeLayout, OpenSpec, Pairing } from '../rotary/spec.ts';
import { options as checkOptions } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import { withRotary } from './hf.ts';
import type { NormalForm, RotaryLayer } from './normalForm.ts';
import { checkNumber, dropUndefined, type Fields, isFields, Notes, refuse, shorten } from './read.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Architectures whose q and k are stored for interleaved pairs (LLAMA_ROPE_TYPE_NORM); the first ones are permuted by the converter. */
const INTERLEAVED = words(`
  llama llama4 mistral3 mistral4 deci baichuan internlm2 minicpm xverse command-r cohere2 olmo arctic deepseek deepseek2 plm
  chatglm glm4 granite granitemoe granitehybrid chameleon bailingmoe neo-bert smollm3 arcee ernie4_5 ernie4_5-moe
  orion apertus`);
const PERMUTED = words(
  'llama llama4 mistral3 deci baichuan internlm2 minicpm xverse olmo granite granitemoe smollm3 arcee',
);
/** LLAMA_ROPE_TYPE_NEOX. */
const HALF = words(`
  falcon falcon-h1 grok dbrx bert jina-bert-v3 nomic-bert nomic-bert-moe stablelm bitnet qwen qwen2 qwen2moe qwen3 qwen3moe
  qwen3next olmo2 olmoe phi2 phi3 phimoe plamo plamo2 gemma gemma2 gemma3 gemma3n gemma-embedding starcoder2 openelm gptneox
  codeshell nemotron exaone exaone4 minicpm3 bailingmoe2 dots1 hunyuan-moe hunyuan-dense lfm2 lfm2moe glm4moe gpt-oss
  seed_oss smallthinker afmoe minimax-m2`);
const STREAMS: Readonly<Record<string, MropeLayout>> = {
  qwen2vl: 'chunked',
  paddleocr: 'chunked',
  qwen3vl: 'interleaved',
  qwen3vlmoe: 'interleaved',
};
const ALIBI = words('bloom mpt refact jais');
const LEARNED = words('gpt2 starcoder');
const NONE = words('mamba mamba2 jamba rwkv6 rwkv7 nemotron_h');
const T5 = words('t5 t5encoder');

/** Every `{arch}.rope.*` key that is read. */
const ROPE_KEYS = [
  'dimension_count',
  'dimension_sections',
  'freq_base',
  'freq_base_swa',
  'scale_linear',
  'scaling.type',
  'scaling.factor',
  'scaling.attn_factor',
  'scaling.original_context_length',
  'scaling.finetuned',
  'scaling.yarn_log_multiplier',
  'scaling.yarn_ext_factor',
  'scaling.yarn_attn_factor',
  'scaling.yarn_beta_fast',
  'scaling.yarn_beta_slow',
];

/** Divisors that a file stores beside its weights, float32, one for each pair. */
export interface GGUFTensors {
  /** rope_freqs.weight (Llama 3). */
  readonly ropeFreqs?: ArrayLike<number>;
  /** rope_factors_short.weight and rope_factors_long.weight (Phi-3). */
  readonly ropeFactorsShort?: ArrayLike<number>;
  readonly ropeFactorsLong?: ArrayLike<number>;
}

export interface FromGGUFOptions {
  readonly tensors?: GGUFTensors;
  /** Number of positions (highest + 1); needed by frequencies that depend on it. */
  readonly context?: number;
  /** For an architecture that is not known here. */
  readonly pairing?: Pairing;
}

/**
 * @param metadata the key-value pairs of the file's header
 * @throws PosencError ERR_CONFIG naming the key
 */
export function fromGGUF(metadata: unknown, options: FromGGUFOptions = {}): NormalForm {
  const given = checkOptions('fromGGUF', options, ['tensors', 'context', 'pairing']);
  if (!isFields(metadata)) refuse('metadata', `expected the key-value pairs of a GGUF header, got ${show(metadata)}`);
  const notes = new Notes(true);
  const arch = value(metadata, 'general.architecture', notes);
  if (typeof arch !== 'string' || arch === '') refuse('general.architecture', `expected text, got ${show(arch)}`);
  const finish = (part: Partial<NormalForm>): NormalForm =>
    withRotary(
      dropUndefined({
        ...part,
        modelType: arch,
        consumed: [...notes.consumed],
        assumed: notes.assumed,
        warnings: notes.warnings,
        source: {},
      }) as Omit<NormalForm, 'rotary'>,
      { context: given.context },
    );
  if (NONE.has(arch)) return finish({ family: 'none', note: 'this architecture has no encoding of positions' });
  const key = (name: string): string => `${arch}.${name}`;
  const number = (name: string, bounds: Parameters<typeof checkNumber>[2]): number | undefined => {
    const found = value(metadata, key(name), notes);
    return found === undefined ? undefined : checkNumber(key(name), found, bounds);
  };
  const whole = (name: string, max = 2 ** 31): number | undefined => number(name, { integer: true, min: 1, max });
  const heads = headCount(value(metadata, key('attention.head_count'), notes), key('attention.head_count'));
  const width = whole('embedding_length');
  if (ALIBI.has(arch)) {
    const max = number('attention.max_alibi_bias', { above: 0 }) ?? 8;
    return finish({
      family: 'alibi',
      parameters: { heads: heads ?? 0, slopes: arch === 'mpt' ? 'mpt' : 'press', alibiBiasMax: max },
    });
  }
  if (LEARNED.has(arch)) {
    return finish({
      family: 'learned',
      parameters: { maxPositions: whole('context_length') ?? 0, dim: width ?? 0, rowOffset: 0 },
    });
  }
  if (T5.has(arch)) {
    const numBuckets = whole('attention.relative_buckets_count') ?? 32;
    return finish({ family: 't5', parameters: { numBuckets, maxDistance: 128, heads: heads ?? 0, softmaxScale: 1 } });
  }

  for (const name of Object.keys(metadata)) {
    if (name.startsWith(`${arch}.rope.`) && !ROPE_KEYS.includes(name.slice(arch.length + 6))) {
      refuse(
        shorten(name),
        `not a known key; the known ones are ${ROPE_KEYS.map((k) => `${arch}.rope.${k}`).join(', ')}`,
      );
    }
  }
  const layout = Object.hasOwn(STREAMS, arch) ? STREAMS[arch] : undefined;
  const known: Pairing | undefined = INTERLEAVED.has(arch)
    ? 'interleaved'
    : HALF.has(arch) || layout
      ? 'half'
      : undefined;
  const pairing = given.pairing ?? known;
  if (pairing === undefined) {
    return refuse(
      'general.architecture',
      `'${shorten(arch)}' is not known, and neither is its pairing; pass pairing: 'half' or 'interleaved'`,
    );
  }
  const headDim =
    whole('attention.key_length', 8192) ?? (width !== undefined && heads !== undefined ? width / heads : undefined);
  if (headDim === undefined || !Number.isInteger(headDim)) {
    return refuse(
      key('attention.key_length'),
      'missing, and embedding_length / attention.head_count is no whole number',
    );
  }
  const rotaryDim: number = whole('rope.dimension_count', headDim) ?? headDim;
  const headWidth: number = headDim;
  const maxPositionEmbeddings = whole('context_length', Number.MAX_SAFE_INTEGER);
  const ropeTheta = number('rope.freq_base', { above: 1 });
  if (ropeTheta === undefined) notes.assume(key('rope.freq_base'), 10000, 'default of ggml');
  const base = {
    headDim,
    rotaryDim,
    // A latent head is [other | rotary] with its own key_length.
    ...(arch === 'deepseek2' ? { rotaryOffset: headDim - rotaryDim } : {}),
    pairing,
    ropeTheta: ropeTheta ?? 10000,
    precision: 'torch' as const,
    ...streams(value(metadata, key('rope.dimension_sections'), notes), key('rope.dimension_sections'), layout),
  };
  const scaling = readScaling();
  const tensors = given.tensors ?? {};
  const spec = dropUndefined({ ...base, ...scaling, ...divisors() }) as OpenSpec;
  if (PERMUTED.has(arch)) {
    notes.warn(
      'risk',
      'general.architecture',
      `q and k of '${arch}' are stored permuted: interleaved pairs here, half-split in transformers`,
    );
  }
  const swa = number('rope.freq_base_swa', { above: 1 });
  const layer = (of: OpenSpec): RotaryLayer => tableOf(of, headWidth);
  const layerTypes: Record<string, RotaryLayer> =
    swa === undefined
      ? { default: layer(spec) }
      : {
          full_attention: layer(spec),
          sliding_attention: layer(dropUndefined({ ...base, ropeTheta: swa }) as OpenSpec),
        };
  return finish({ family: 'rotary', layerTypes, maxPositionEmbeddings });

  function readScaling(): LooseSpec {
    const type = value(metadata as Fields, key('rope.scaling.type'), notes) ?? 'none';
    const original = whole('rope.scaling.original_context_length', Number.MAX_SAFE_INTEGER);
    const factor = number('rope.scaling.factor', { min: 0 }) || number('rope.scale_linear', { above: 0 });
    value(metadata as Fields, key('rope.scaling.finetuned'), notes);
    const logMultiplier = number('rope.scaling.yarn_log_multiplier', {});
    if (logMultiplier !== undefined && logMultiplier !== 0) {
      notes.warn(
        'risk',
        key('rope.scaling.yarn_log_multiplier'),
        `the softmax scale is corrected with mscale_all_dim ${10 * logMultiplier}`,
      );
    }
    const words = ROPE_TYPES.map(wordsOf).filter(({ gguf }) => gguf?.type === type);
    if (words.length === 0) {
      const known = [...new Set(ROPE_TYPES.flatMap((rope) => WORDS[rope].gguf?.type ?? []))];
      refuse(key('rope.scaling.type'), `expected ${known.join(', ')}, got ${show(type)}`);
    }
    if (type === 'none' && factor !== undefined && factor !== 1)
      refuse(key('rope.scaling.factor'), `${factor}, but rope.scaling.type is none or missing`);
    // its lists are tensors
    if (type === 'longrope') {
      const attentionFactor =
        number('rope.scaling.attn_factor', { above: 0 }) ?? number('rope.scaling.yarn_attn_factor', { above: 0 });
      return { originalMaxPositionEmbeddings: original, attentionFactor };
    }
    const header: GgufFields = {
      number: (name, bounds = {}) => number(`rope.${name}`, bounds),
      refuse: (name, message) => refuse(key(`rope.${name}`), message),
    };
    return words[0].gguf?.read?.(header) ?? {};
  }

  /** rope_freqs: one list; rope_factors: one each side of the original context. */
  function divisors(): LooseSpec {
    const pairs = rotaryDim / 2;
    const list = (name: keyof GGUFTensors): number[] | undefined => {
      const tensor = tensors[name];
      return tensor === undefined ? undefined : Array.from(numbers(`tensors.${name}`, tensor, pairs), Math.fround);
    };
    const freqs = list('ropeFreqs');
    const short = list('ropeFactorsShort');
    const long = list('ropeFactorsLong');
    if (freqs) {
      const plain = rotaryFrequencies({ headDim: headWidth, rotaryDim, ropeTheta: base.ropeTheta }).ladder.hi;
      return {
        invFreq: freqs.map((divisor, i) => plain[i] / checkNumber(`tensors.ropeFreqs[${i}]`, divisor, { above: 0 })),
      };
    }
    if (!short && !long) return {};
    if (!short || !long) refuse('tensors', 'rope_factors_short and rope_factors_long belong together; give both');
    const original = scaling.originalMaxPositionEmbeddings;
    if (original === undefined)
      refuse(key('rope.scaling.original_context_length'), 'required beside rope_factors tensors');
    return {
      ropeType: 'longrope',
      shortFactor: short,
      longFactor: long,
      maxPositionEmbeddings,
      // ggml multiplies by attn_factor alone; without one the amplitude is 1.
      attentionFactor: scaling.attentionFactor ?? 1,
    };
  }
}

function value(metadata: Fields, key: string, notes: Notes): unknown {
  if (!Object.hasOwn(metadata, key)) return undefined;
  notes.consumed.add(key);
  const found = metadata[key];
  return typeof found === 'bigint' ? Number(found) : found;
}

/** One number, or one for each layer (all equal). */
function headCount(found: unknown, key: string): number | undefined {
  if (found === undefined) return undefined;
  const list = Array.isArray(found) ? found.map(Number).filter((count) => count > 0) : [found];
  if (list.some((count) => count !== list[0])) return undefined;
  return checkNumber(key, list[0], { integer: true, min: 1, max: 65536 });
}

function streams(found: unknown, key: string, layout: MropeLayout | undefined): LooseSpec {
  if (found === undefined || layout === undefined) return {};
  if (!Array.isArray(found) || found.length < 3) refuse(key, `expected pairs of t, h, w, got ${show(found)}`);
  const section = found
    .slice(0, 3)
    .map((pairs, i) => checkNumber(`${key}[${i}]`, Number(pairs), { integer: true, min: 0 }));
  return { mropeSection: section, mropeLayout: layout };
}

function tableOf(spec: OpenSpec, headWidth: number): RotaryLayer {
  const threshold = spec.ropeType === 'longrope' ? (spec.originalMaxPositionEmbeddings as number) : undefined;
  try {
    const main = rotaryFrequencies(spec, { context: threshold ?? 1 });
    const long = threshold === undefined ? undefined : rotaryFrequencies(spec, { context: threshold + 1 });
    return dropUndefined({
      spec,
      ropeType: spec.ropeType ?? 'default',
      invFreq: Array.from(main.float32 as Float32Array),
      invFreqLong: long && Array.from(long.float32 as Float32Array),
      attentionFactor: main.attentionFactor,
      headDim: headWidth,
      rotaryDim: main.rotaryDim,
      rotaryOffset: main.rotaryOffset,
      pairing: main.pairing,
      outputPairing: main.outputPairing,
      rotationSign: main.rotationSign,
      mropeSection: spec.mropeSection,
      mropeLayout: spec.mropeLayout,
      mropeStreams: main.streams && Array.from(main.streams, (stream) => 'thw'[stream]).join(''),
      softmaxScale: 1 / Math.sqrt(headWidth),
      lengthDependent: threshold === undefined ? undefined : { rule: 'longrope' as const, threshold },
    });
  } catch (error) {
    if (!(error instanceof PosencError)) throw error;
    throw new PosencError('ERR_CONFIG', `rope: ${error.message}`, { cause: error });
  }
}
