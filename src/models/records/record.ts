/**
 * What a record of an architecture says. A record is data: the readers (hf.ts for config.json, gguf.ts for GGUF) turn the
 * keys of a file into values, the record says which keys, what they mean, and what holds when they are missing. A fact that
 * is left out does not compile; `null` says that there is none. A new architecture is one record in one of the files beside
 * this one, and a golden vector.
 *
 * Where the facts come from: `source` of a record is a path below src/transformers/models of transformers 5.18, or
 * `owner/repository path` for code that lives elsewhere; `source` of the GGUF half is a path below src/ of llama.cpp.
 */
import type { MropeLayout, Pairing } from '../../rotary/spec.ts';

/** One architecture: its names, and what its two kinds of files mean. */
export interface ModelRecord {
  /**
   * Values of `model_type`, the canonical one first; the others are published names of code that computes the same. Empty
   * for an architecture of llama.cpp whose config.json no record describes.
   */
  readonly types: readonly string[];
  /** Names in `architectures`, without For..., Model, LMHeadModel, that are not a type in camel case. */
  readonly classes?: readonly string[];
  readonly source: string;
  /** What a config.json means; null: nothing is known but the GGUF half. */
  readonly config: ConfigFacts | null;
  /** What a GGUF file means; a word: the architecture of llama.cpp whose facts stand in another record; null: none. */
  readonly gguf: GgufFacts | string | null;
}

// Words that both halves use.

/** A size or number that a file gives under one of several keys, and the class's own value when it gives none of them. */
export interface Given {
  /** In the order of preference. */
  readonly keys: readonly string[];
  /** null: a file without the key cannot be read. */
  readonly fallback: number | null;
}

/** What one layer does: the label of its rotary table, attention without rotation, or no attention at all. */
export type Use = { readonly table: string } | 'nope' | 'no attention';

/**
 * Which layers use which table. A list of rules: the first one whose key the file has decides, the last one holds when the
 * file says nothing.
 */
export type Schedule = readonly LayerRule[];

export type LayerRule =
  /** A list of one word, number or flag for each layer. */
  | { readonly list: string; readonly uses: Readonly<Record<string, Use>>; readonly others: Use | null }
  /** A list of words repeated over the layers, or one text of one letter for each. */
  | { readonly cycle: string; readonly uses: Readonly<Record<string, Use>>; readonly fallback?: readonly string[] }
  /** Every n-th layer is different: (layer + 1) % n == 0 when `at` is 'last', layer % n == 0 when it is 'first'. */
  | {
      readonly every: Given;
      readonly at: 'last' | 'first';
      readonly use: Use;
      readonly others: Use;
      /** An array under the same key is passed over instead of being an error (llama.cpp reads a scalar only). */
      readonly passArrays?: true;
    }
  /** A list of layer indices. */
  | { readonly indices: string; readonly use: Use; readonly others: Use; readonly fallback?: readonly number[] }
  /** The first n layers, whatever the other rules say about the rest. */
  | { readonly first: Given; readonly use: Use; readonly others: Use }
  /** Rules that hold only under a condition. */
  | { readonly when: Condition; readonly rules: Schedule }
  /** All layers. */
  | { readonly all: Use };

/** A condition on one key of the file. */
export type Condition =
  | { readonly key: string; readonly is: readonly (string | number | boolean | null)[] }
  | { readonly key: string; readonly above: number }
  | { readonly key: string; readonly present: boolean }
  | { readonly tensor: string };

/** What the attention multiplies q.k with. */
export type Softmax =
  /** 1 / sqrt(head width) */
  | 'head'
  /** 1 / head width */
  | 'reciprocal'
  /** 1 / sqrt(rotated channels) */
  | 'rotated'
  /** A number, whatever the file says. */
  | { readonly scale: number }
  /** 1 / sqrt(a key); 'head': of the head width when the key is missing. */
  | { readonly root: readonly string[]; readonly fallback: number | 'head' }
  /** The key itself. */
  | { readonly key: string; readonly fallback: number | 'head' /** 0 means missing. */; readonly zeroIsMissing?: true }
  /** 1 / sqrt(first key / second key), rounded down */
  | { readonly rootOfRatio: readonly [string, string] }
  /** 1 / sqrt(head width * times) */
  | { readonly headTimes: number }
  /** One of two, by a condition. */
  | { readonly when: Condition; readonly holds: Softmax; readonly fails: Softmax }
  /** 1 / sqrt(head width), times the square of YaRN's mscale_all_dim amplitude: DeepSeek-V2 and its relatives. */
  | 'mscale';

// config.json

export type ConfigFacts =
  | RotaryFacts
  | AlibiFacts
  | LearnedFacts
  | SinusoidalFacts
  | T5Facts
  | RelativeFacts
  | ConvolutionalFacts
  | WindowFacts
  | TowerFacts
  | SidesFacts
  | WrapperFacts
  | ChoiceFacts
  | NoneFacts;

/** Rotary tables and what belongs to them. */
export interface RotaryFacts {
  readonly family: 'rotary';
  readonly base: BaseFacts;
  readonly head: HeadFacts;
  readonly rotated: RotatedFacts;
  /** How channels pair in the checkpoint as the hub holds it. */
  readonly pairing: PairingFacts;
  readonly softmax: Softmax;
  /** Which layers rotate; null: all of them, but those that `layer_types` calls no attention. */
  readonly layers: Schedule | null;
  /** Several tables by layer; absent: one, called 'default'. */
  readonly tables?: readonly TableFacts[];
  /** The rope block of a file without one; 'required': the class has one that must be written out. Absent: no scaling. */
  readonly block?: Readonly<Record<string, number | string | boolean>> | 'required';
  /** Keys of a rope block beyond those of its rule that the class reads. */
  readonly blockKeys?: readonly string[];
  /** Default sections of the position streams, and how they are laid over the pairs. */
  readonly mrope?: { readonly section: readonly number[]; readonly layout: MropeLayout };
  readonly queryScale?: QueryScaleFacts;
  /** -1: every angle is negated (NanoChat). */
  readonly sign?: -1;
  /** The key that says whether values are rotated too (RoFormer). */
  readonly valuesToo?: string;
  /** The amplitude of a YaRN table when the file gives none, in place of the rule's own. */
  readonly yarnAmplitude?: number;
  /** Sizes of a nested configuration that leaves them to its class. */
  readonly sizes?: SizeFacts;
  /** Rows of other encodings that are added as well. */
  readonly beside?: BesideFacts;
  /** Keys about positions that the code reads and that change neither tables nor layers: said, by this sentence. */
  readonly mentions?: Readonly<Record<string, string>>;
  /** Keys that look like positions and that this code never reads, without harm. */
  readonly ignores?: readonly string[];
}

export interface BaseFacts {
  readonly value: number;
  /** Top-level keys, also `object.key`; all that are present must agree. */
  readonly keys: readonly string[];
  /** The code has a constant: the keys have no effect. */
  readonly fixed?: true;
  /** A key that multiplies the base (ChatGLM's rope_ratio). */
  readonly times?: string;
}

export interface HeadFacts {
  /** Width of a head in a file that does not give it; null: hidden size / heads. */
  readonly dim: number | null;
  /** Keys of the width, in the order of preference. */
  readonly keys: readonly string[];
  /** hidden size / heads is multiplied by this (Zamba2: 2). */
  readonly times?: number;
}

export type RotatedFacts =
  /** The whole head, whatever a partial factor in the file says. */
  | 'head'
  /** A part, by one of the usual keys; the number is the class's own. */
  | { readonly partial: number; readonly keys?: readonly string[]; readonly place?: 'last'; readonly dim?: Given }
  /** Latent attention: [nope | rope] channels, unless the file switches it off. */
  | { readonly latent: { readonly rope: number; readonly nope: number; readonly off?: readonly Condition[] } };

export interface PairingFacts {
  readonly input: Pairing;
  /** When the code reorders channels on the way. */
  readonly output?: Pairing;
  /** A boolean key of the file that decides: true is interleaved. */
  readonly key?: string;
}

/** One of several rotary tables of a model. */
export interface TableFacts {
  readonly label: string;
  readonly base: BaseFacts;
  /** Whether a flat rope block belongs to this table. */
  readonly scaled: boolean;
  /** In place of the record's. */
  readonly head?: HeadFacts;
  readonly partial?: number;
  readonly ropeType?: 'proportional';
}

/** 1 + scale ln(1 + floor((position + shift) / length)), multiplied into queries. */
export interface QueryScaleFacts {
  readonly appliesTo: 'rotary layers' | 'nope layers';
  readonly scale: Given;
  readonly length: Given;
  readonly off?: Condition;
}

export interface SizeFacts {
  readonly hidden: number;
  readonly heads: number;
  readonly layers: number;
}

export interface AlibiFacts {
  readonly family: 'alibi';
  readonly heads: Given;
  readonly slopes: 'press' | 'mpt';
  readonly maxBias: Given;
  readonly form: string;
  readonly rounding?: 'bfloat16';
  readonly beside?: BesideFacts;
}

/** Rows of a learned table. */
export interface LearnedFacts {
  readonly family: 'learned';
  /** Tokens that have a row by the file's own count; for towers the grid says it. */
  readonly length: Given;
  readonly dim: Given;
  /** Rows before the row of position 0. */
  readonly offset: number;
  /** The table has `offset` rows more than `length` says. */
  readonly offsetIsExtra: boolean;
  /** Positions count from padding_idx + 1, padded tokens take padding_idx (fairseq's rule). */
  readonly padding: Given | null;
  /** Towers: a grid of patches and rows before it. */
  readonly grid?: GridFacts;
  readonly beside?: BesideFacts;
  readonly note?: string;
}

/** The grid of patches of a tower. */
export interface GridFacts {
  readonly image: Given;
  readonly patch: Given;
  /** Rows of class, register or detection tokens. */
  readonly prefix: number;
  /** Keys of counts of further such rows. */
  readonly prefixKeys?: readonly string[];
  /** A key that switches the rows off altogether, or replaces the grid by a count. */
  readonly count?: Given;
  /** Frames of a video that one row spans. */
  readonly frames?: { readonly count: Given; readonly tube: Given };
}

export interface SinusoidalFacts {
  readonly family: 'sinusoidal';
  readonly length: Given;
  readonly dim: Given;
  readonly arrangement: 'concat' | 'interleaved';
  readonly denominator: 'half' | 'half-1';
  readonly order?: 'cos-sin';
  /** fairseq: positions from padding_idx + 1, a zero row at padding_idx. */
  readonly padding: Given | null;
  /** 2-D tables of detectors. */
  readonly grid?: { readonly variant: string; readonly normalize: boolean; readonly queries?: Given };
  readonly beside?: BesideFacts;
  readonly note?: string;
}

export interface T5Facts {
  readonly family: 't5';
  readonly buckets: Given;
  readonly distance: Given;
  readonly heads: Given;
  /** 1 where scores are not divided by sqrt(d). */
  readonly softmaxScale?: 1;
  readonly bidirectional?: true;
  readonly beside?: BesideFacts;
  readonly note: string;
}

/** Encodings that multiply first: what each key of the encoder's options is called in the file. */
export interface RelativeFacts {
  readonly family: 'deberta' | 'xlnet' | 'transformer-xl' | 'relative';
  /** The encoder's option, and where its value stands; a constant when there are no keys. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly beside?: BesideFacts;
  readonly note?: string;
}

export interface Parameter {
  readonly keys: readonly string[];
  readonly fallback: number | string | boolean | null | readonly string[];
}

/** A convolution over the sequence that is added (wav2vec 2.0 and its relatives). */
export interface ConvolutionalFacts {
  readonly family: 'convolutional';
  readonly dim: Given;
  readonly kernel: Given;
  readonly groups: Given;
  readonly beside?: BesideFacts;
  readonly note?: string;
}

/** Biases inside windows of a grid (Swin, Swin V2, BEiT, MaxViT). */
export interface WindowFacts {
  readonly family: 'window';
  readonly kind: 'swin' | 'swinv2-cpb' | 'beit' | 'decomposed';
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly note?: string;
}

/** A tower whose rotary table lies on a grid: the preset that computes it. */
export interface TowerFacts {
  readonly family: 'tower';
  /** A preset of axialTable. */
  readonly variant: string;
  readonly base: BaseFacts;
  readonly head: HeadFacts;
  /** How the channels of a head are shared: one ladder of headDim / 4 an axis, or even and odd entries of one of headDim / 2. */
  readonly arrangement: 'axis-blocks' | 'even-odd';
  readonly prefix: number;
  readonly prefixKeys?: readonly string[];
  readonly pairing: Pairing;
  readonly coordinates?: string;
  readonly beside?: BesideFacts;
}

/** Encoder and decoder differ; the family of the whole is the encoder's. */
export interface SidesFacts {
  readonly family: 'sides';
  readonly encoder: ConfigFacts;
  readonly decoder: ConfigFacts;
}

/** A composite model: what its parts are when they do not say it themselves. */
export interface WrapperFacts {
  readonly family: 'wrapper';
  /** The type of the text part; null: it must be written. */
  readonly text: string | null;
  /** The type of the tower; null: it must be written, or there is none. */
  readonly vision: string | null;
  /** Where the parts are kept, when under other keys than the usual ones. */
  readonly textKey?: string;
  readonly visionKey?: string;
}

/** The first choice whose condition holds. */
export interface ChoiceFacts {
  readonly family: 'choice';
  readonly choices: readonly { readonly when: Condition; readonly facts: ConfigFacts }[];
  readonly otherwise: ConfigFacts;
}

export interface NoneFacts {
  readonly family: 'none';
  readonly reason: string;
}

/** Further encodings of the same model. */
export interface BesideFacts {
  readonly relativeBias?: Readonly<Record<string, Parameter>>;
  readonly spatialBias?: Readonly<Record<string, Parameter>>;
  readonly learned?: LearnedFacts;
  /** Only when the condition holds. */
  readonly when?: Condition;
}

// GGUF

/** What llama.cpp does with the files of one architecture. */
export interface GgufFacts {
  /** `general.architecture`. */
  readonly arch: string;
  /** Loader and graph, below src/ of llama.cpp. */
  readonly source: string;
  /** One, or several of which the first holds whose condition does; none holds: the file is refused. */
  readonly positions: GgufPositions | readonly GgufCase[];
}

export interface GgufCase {
  readonly when: Condition | null;
  readonly positions: GgufPositions;
}

export type GgufPositions = GgufRotary | GgufAlibi | GgufLearned | GgufT5 | GgufNone;

export interface GgufRotary {
  readonly family: 'rotary';
  /** The mode of ggml_rope that the graph uses, which is not always what llama.cpp's own switch over architectures says. */
  readonly mode: 'norm' | 'neox' | 'mrope' | 'imrope';
  /** rope.dimension_sections; 'optional': with two sections above 0 the mode is mrope, else `mode`. */
  readonly sections: 'none' | 'required' | 'optional';
  /** Whether converters reorder q and k of the hub's weights, from half to interleaved pairs. */
  readonly permuted: boolean;
  /** Keys of the width of a head before attention.key_length; else embedding_length / attention.head_count. */
  readonly head: readonly string[];
  /** Where the rotated channels are, and whether they must be the whole head. */
  readonly place: 'first' | 'last' | 'whole head';
  /** One, 'default', or several. */
  readonly tables: readonly GgufTable[];
  readonly layers: Schedule;
  readonly softmax: Softmax;
  readonly yarn: GgufYarn;
  /** Tensors of divisors that the graph reads, in the order of preference. */
  readonly factors: readonly GgufFactors[];
  /** What else the loader does to the base: `alpha` of HunYuan, a fixed value. */
  readonly base?: { readonly alpha: string } | { readonly fixed: number };
  readonly queryScale?: GgufQueryScale;
}

export interface GgufTable {
  readonly label: string;
  /** Keys below the architecture, in the order of preference. */
  readonly base: Given;
  /** Whether rope.scaling.* applies to it. */
  readonly scaled: boolean;
  /** Keys of its rotated width; none of them: the head. */
  readonly dim: readonly string[];
  /** Part of the width that rotates (Step-3.5 turns half of it in full layers, without a key). Default 1. */
  readonly part?: number;
  /** Whether the divisors of `factors` apply to it. Default true. */
  readonly divided?: boolean;
}

/** rope_freqs.weight, or the two lists of LongRoPE; with `onlyLongrope` they need rope.scaling.type 'longrope'. */
export interface GgufFactors {
  readonly tensors: 'rope_freqs' | 'rope_factors';
  readonly required?: true;
  readonly onlyLongrope?: true;
}

/**
 * How the amplitude of a YaRN table is made. 'plain': 1 + 0.1 ln(factor), times rope.scaling.attn_factor. 'none': no
 * scaling key is read. 'one': exactly 1. With `logMultiplier` the key rope.scaling.yarn_log_multiplier is read: m times
 * `unit` in the divisor (1 + 0.1 m ln factor).
 */
export type GgufYarn =
  | 'plain'
  | 'none'
  | 'one'
  | {
      readonly logMultiplier: { readonly unit: number; readonly numeratorToo: boolean } | null;
      /** rope.scaling.yarn_beta_fast and _slow are read, with these defaults; null: they are 32 and 1. */
      readonly betas: { readonly fast: number; readonly slow: number } | null;
    };

/** q times 1 + scale ln(floor((position + shift) / length) + 1). */
export interface GgufQueryScale {
  readonly appliesTo: 'rotary layers' | 'nope layers';
  readonly scale: Given;
  readonly length: Given;
  readonly shift: 0 | 1;
}

export interface GgufAlibi {
  readonly family: 'alibi';
  /** Largest bias; slopes are 2^(-maxBias (h + 1) / n). */
  readonly maxBias: Given;
  /** Not causal: |i - j| both ways (jina-bert-v2). */
  readonly symmetric: boolean;
  readonly softmax: Softmax;
  /** Rows added to the embeddings as well, when the tensor is there. */
  readonly learnedToo?: true;
}

export interface GgufLearned {
  readonly family: 'learned';
  readonly offset: number;
}

export interface GgufT5 {
  readonly family: 't5';
  readonly maxDistance: number;
  readonly sides: 'encoder and decoder' | 'encoder';
}

export interface GgufNone {
  readonly family: 'none';
  readonly reason: string;
}
