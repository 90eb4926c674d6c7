/**
 * What a record of an architecture says. A record is data: the reader (hf.ts) turns the keys of a config.json into values, the record says which keys, what they mean, and what holds when they are missing. A fact that
 * is left out does not compile; `null` says that there is none. A new architecture is one record in one of the files beside
 * this one, and a golden vector.
 *
 * Where the facts come from: `source` of a record is a folder below src/transformers/models of transformers 5.18 (its
 * configuration and modeling files), or `owner/repository path` for code that lives elsewhere.
 */
import type { MropeModel } from '../../positions/mropeClasses.ts';
import type { AxialPreset } from '../../rotary/axialPresets.ts';
import type { MropeLayout, Pairing } from '../../rotary/spec.ts';
import type { RelativeKind } from '../calls.ts';

/** One architecture: its names, and what its files mean. */
export interface ModelRecord {
  /** Values of `model_type`, the canonical one first; the others are published names of code that computes the same. */
  readonly types: readonly string[];
  /** Names in `architectures`, without For..., Model, LMHeadModel, that are not a type in camel case. */
  readonly classes?: readonly string[];
  /** null: the folder of transformers that is called like the first type, with _ for -. */
  readonly source: string | null;
  /** What a config.json means. */
  readonly config: ConfigFacts;
  /**
   * The architecture of llama.cpp that a converted file names; null: it has none. One serves many types ('llama' is Mistral
   * and Mixtral too), so what loader and graph make of a file stands once, in gguf/.
   */
  readonly gguf: string | null;
}

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
  /** A list of one word, number or flag for each layer, or of one object, of which the first true one of `field` counts. */
  | {
      readonly list: string;
      readonly field?: readonly string[];
      readonly uses: Readonly<Record<string, Use>>;
      /** null: another word is an error. Words for layers without attention need no mention. */
      readonly others: Use | null;
    }
  /** A list of words repeated over the layers, or one text of one letter for each. */
  | { readonly cycle: string; readonly uses: Readonly<Record<string, Use>>; readonly fallback?: readonly string[] }
  /** Every n-th layer is different: the last or the first of each n, or every n-th counted backward from the last layer. */
  | {
      readonly every: Given;
      readonly at: 'last' | 'first' | 'end';
      readonly use: Use;
      readonly others: Use;
    }
  /** A list of layer indices. */
  | { readonly indices: string; readonly use: Use; readonly others: Use; readonly fallback?: readonly number[] }
  /** The first n layers; another rule says about the rest. */
  | { readonly first: Given; readonly use: Use; readonly rest: LayerRule }
  /** Rules that hold only under a condition. */
  | { readonly when: Condition; readonly rules: Schedule }
  /** All layers. */
  | { readonly all: Use };

/** A condition on one key of the file. */
export type Condition =
  | { readonly key: string; readonly is: readonly (string | number | boolean | null)[] }
  | { readonly key: string; readonly present: boolean };

/** What the attention multiplies q.k with. */
export type Softmax =
  /** 1 / sqrt(head width) */
  | 'head'
  /** A number, whatever the file says. */
  | { readonly scale: number }
  /** 1 / sqrt(a key); 'head': of the head width when the key is missing. */
  | { readonly root: readonly string[]; readonly fallback: number | 'head' }
  /** The key itself. */
  | { readonly key: string; readonly fallback: number | 'head' }
  /** A multiplier over the head width (muP). */
  | { readonly over: string; readonly fallback: number }
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

/** What every family may have besides. */
export interface CommonFacts {
  /** Keys about positions that the code reads and that change neither tables nor rows: said, by this sentence. */
  readonly mentions?: Readonly<Record<string, string>>;
  /** Keys whose value true belongs to other code of the same name: an error, with this sentence. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Keys that look like positions and that this code never reads, without harm. */
  readonly ignores?: readonly string[];
  readonly note?: string;
}

/** Rotary tables and what belongs to them. */
export interface RotaryFacts extends CommonFacts {
  readonly family: 'rotary';
  /** Base of the frequencies when the file gives none, and its keys. */
  readonly base: BaseFacts;
  readonly head: HeadFacts;
  /** Rotated channels. */
  readonly rotated: RotatedFacts;
  /** How channels pair in the checkpoint as the hub holds it. */
  readonly pairing: PairingFacts;
  readonly softmax: Softmax;
  /** Which layers rotate; null: all of them, but those that `layer_types` calls no attention. */
  readonly layers: Schedule | null;
  /** Several tables by layer; absent: one, called 'default'. */
  readonly tables?: readonly TableFacts[];
  /** Keys of one value a layer: bases (0: no rotation), partial factors; words of `layer_types` that a rope block is for. */
  readonly perLayer?: { readonly base: string; readonly partial?: string; readonly scaledTypes?: string };
  /** The rope block of a file without one; 'required': the class has one that must be written out. Absent: no scaling. */
  readonly block?: Readonly<Record<string, number | string | boolean>> | 'required';
  /** Keys of a rope block beyond those of its rule that the class reads. */
  readonly blockKeys?: readonly string[];
  /** What the class calls otherwise inside a rope block: types of rules, and keys. */
  readonly blockNames?: {
    readonly types: Readonly<Record<string, string>>;
    readonly keys: Readonly<Record<string, string>>;
  };
  /** A dynamic block with `alpha` is a fixed base: base * alpha ** (d / (d - 2)). HunYuan. */
  readonly alpha?: true;
  /** Qwen: beyond `length` the base grows with the next power of two, when `flag` is true. */
  readonly dynamic?: { readonly flag: string; readonly length: string };
  /** The key that divides every position (Phi-3-small). */
  readonly scale?: string;
  /**
   * Sections of the position streams in a file without them (null: one stream), how they are laid over the pairs, the class of
   * mropeIndex that makes the positions (null: no function here does), and keys of positions a second and seconds in a chunk in
   * the model around it.
   */
  readonly mrope?: {
    readonly section: readonly number[] | null;
    readonly layout: MropeLayout;
    readonly ids: MropeModel | null;
    readonly rate?: string;
    readonly chunk?: string;
  };
  /** The key that names the model a draft head is for: sections of position streams are that model's. */
  readonly drafts?: string;
  readonly queryScale?: QueryScaleFacts;
  /** The length of the chunks that rotated layers attend within. */
  readonly chunk?: Given;
  /** -1: every angle is negated (NanoChat). */
  readonly sign?: -1;
  /** The key that says whether values are rotated too (RoFormer). */
  readonly valuesToo?: string;
  /** The amplitude of a YaRN table when the file gives none, in place of the rule's own. */
  readonly yarnAmplitude?: number;
  /**
   * max_position_embeddings counts positions after a linear scaling, where other classes count them before ("don't update
   * max_position_embeddings", documentation of rope_scaling).
   */
  readonly maxCounts?: 'after';
  /** Sizes of a nested configuration that leaves them to its class. */
  readonly sizes?: SizeFacts;
  /** Keys of the head and layer counts besides the usual ones. */
  readonly counts?: { readonly heads: string; readonly layers: string };
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
  /** A part, by one of the usual keys or those given; the number is the class's own. `dim`: the width itself. */
  | { readonly partial: number; readonly keys?: readonly string[]; readonly place?: 'last'; readonly dim?: Given }
  /** Latent attention: [nope | rope] channels. */
  | { readonly latent: { readonly rope: number; readonly nope: number } };

export interface PairingFacts {
  readonly input: Pairing;
  /** When the code reorders channels on the way. */
  readonly output?: Pairing;
  /** A boolean key of the file: false keeps the halves. */
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

/** 1 + scale ln(1 + floor((position + 1) / length)), multiplied into queries of layers without rotation. */
export interface QueryScaleFacts {
  readonly scale: Given;
  readonly length: Given;
  readonly off: Condition;
}

export interface SizeFacts {
  readonly hidden: number;
  readonly heads: number;
  readonly layers: number;
}

export interface AlibiFacts extends CommonFacts {
  readonly family: 'alibi';
  readonly heads: Given;
  readonly slopes: 'press' | 'mpt';
  readonly maxBias: Given;
  /** A form of the encoder `alibi`. */
  readonly form: 'key' | 'key-last-zero';
  readonly rounding?: 'bfloat16';
}

/** Rows of a learned table. */
export interface LearnedFacts extends CommonFacts {
  readonly family: 'learned';
  /** The number of positions by the file's own count; a grid says it itself. */
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
}

/** The grid of patches of a tower. */
export interface GridFacts {
  /** Pixels of a side, or height and width. */
  readonly image: Given | { readonly keys: readonly string[]; readonly fallback: readonly [number, number] };
  readonly patch: Given;
  /** Rows of class or register tokens, and keys of counts of further ones. */
  readonly prefix: number;
  readonly prefixKeys: readonly Given[];
  /** The number of patches itself, a square. */
  readonly count?: Given;
  /** A video: frames, and how many of them one row spans. */
  readonly frames?: { readonly count: Given; readonly tube: Given };
  /** A spectrogram: bins and frames, and the strides of overlapping patches. */
  readonly spectrogram?: { readonly bins: Given; readonly frames: Given; readonly strides: readonly [Given, Given] };
}

export interface SinusoidalFacts extends CommonFacts {
  readonly family: 'sinusoidal';
  readonly length: Given;
  readonly dim: Given;
  readonly arrangement: 'concat' | 'interleaved';
  readonly denominator: 'half' | 'half-1';
  readonly order?: 'cos-sin';
  /** fairseq: positions from padding_idx + 1, a zero row at padding_idx. */
  readonly padding: Given | null;
  /** 2-D tables: of detectors over the feature map, of MAE over the patches of `grid`. */
  readonly plane?: {
    readonly variant: 'detr' | 'mae';
    readonly normalize: boolean;
    /** Added to every count of cells (Deformable DETR). */
    readonly positionOffset?: number;
    readonly queries: Given;
    readonly temperature: Given;
  };
  /** One row a patch. */
  readonly grid?: GridFacts;
}

export interface T5Facts extends CommonFacts {
  readonly family: 't5';
  readonly buckets: Given;
  readonly distance: Given;
  readonly heads: Given;
  /** Scores are not divided by sqrt(d). */
  readonly softmaxScale?: 1;
  /** Absent: an encoder that looks both ways, and a decoder that does not. */
  readonly bidirectional?: boolean;
  /** More rows than buckets: t5Bias does not compute the whole. */
  readonly more?: true;
  /** Learned rows besides. */
  readonly rows?: LearnedFacts;
  readonly note: string;
}

/** Encodings that multiply first: what each option of the encoder is called in the file. */
export interface RelativeFacts extends CommonFacts {
  readonly family: 'deberta' | 'xlnet' | 'transformer-xl' | 'relative';
  readonly kind: RelativeKind;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Learned rows besides. */
  readonly rows?: LearnedFacts;
  /** A key that must be true; else the rows alone. */
  readonly needs?: string;
}

/** A value of any kind: keys in the order of preference (`a / b` divides two), and what holds without them; null: required. */
export interface Parameter {
  readonly keys: readonly string[];
  readonly fallback: number | string | boolean | null | readonly (number | string)[];
  /** A number below 1 means the value of this parameter. */
  readonly below1?: string;
  /** A list of these words, or one text that joins them with |. */
  readonly words?: readonly string[];
}

/** A convolution over the sequence that is added (wav2vec 2.0 and its relatives). */
export interface ConvolutionalFacts extends CommonFacts {
  readonly family: 'convolutional';
  readonly dim: Given;
  readonly kernel: Given;
  readonly groups: Given;
  /** Several convolutions, one after the other, with a normalisation between convolution and GELU (data2vec). */
  readonly layers?: Given;
  /** The key of the stride of the convolution (SEW): no function here computes that. */
  readonly stride?: Given;
  readonly beside?: BesideFacts;
}

/** Biases inside windows of a grid (Swin, Swin V2, BEiT) or over a whole one (SAM). */
export interface WindowFacts extends CommonFacts {
  readonly family: 'window';
  readonly kind: 'swin' | 'swinv2-cpb' | 'beit' | 'decomposed';
  /** All stages have the grid of the first (Swin2SR): patches are not merged between them. */
  readonly sameGrid?: true;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** A tower whose rotary table lies on a grid: the preset of axialTable that computes it. */
export interface TowerFacts extends CommonFacts {
  readonly family: 'tower';
  readonly preset: AxialPreset;
  readonly base: BaseFacts;
  /** Rows of class and register tokens before and behind the patches, which do not rotate. */
  readonly prefix: number;
  readonly prefixKeys: readonly Given[];
  readonly suffix?: number;
  readonly coordinates?: string;
  readonly width: Given;
  readonly heads: Given;
  /** Images have one size: pixels and patches, and for a video frames and how many of them one patch spans. A file without the size has no grid. */
  readonly grid?: Pick<GridFacts, 'image' | 'patch' | 'frames'>;
  /** Patches come in blocks of so many times so many: visionPositions. */
  readonly merge?: Given;
  /** Frames merged into one, and temporal positions a second: mropeIndex. */
  readonly frames?: Given;
  readonly rate?: Given;
}

/** Encoder and decoder differ; the family of the whole is the encoder's. */
export interface SidesFacts extends CommonFacts {
  readonly family: 'sides';
  readonly encoder: SinusoidalFacts | LearnedFacts;
  readonly decoder: SinusoidalFacts | LearnedFacts;
}

/** A composite model: the types of its parts when they do not say it themselves; null: they must, or there is none. */
export interface WrapperFacts extends CommonFacts {
  readonly family: 'wrapper';
  readonly text: string | null;
  readonly vision: string | null;
  /** Why mropeIndex does not make the positions, although the text part has streams. */
  readonly ids?: string;
}

/** The first choice whose condition holds. */
export interface ChoiceFacts extends CommonFacts {
  readonly family: 'choice';
  readonly choices: readonly { readonly when: Condition; readonly facts: ConfigFacts }[];
  readonly otherwise: ConfigFacts;
}

export interface NoneFacts extends CommonFacts {
  readonly family: 'none';
  readonly reason: string;
  /** A key that gives some layers attention, which may rotate: a file that has it is refused. */
  readonly unless?: string;
}

/** Biases of the same model beside its rows. */
export interface BesideFacts {
  /** What computes the relative bias: a table of buckets, one that a gate multiplies (WavLM), or buckets of the states. */
  readonly by: 't5Bias' | 'gatedRelativeBias' | 't5Buckets';
  readonly relativeBias: Readonly<Record<string, Parameter>>;
  readonly spatialBias?: Readonly<Record<string, Parameter>>;
  /** Boolean keys that switch them on; absent: they are always there. */
  readonly keys?: { readonly relativeBias: string; readonly spatialBias: string };
}
