/**
 * What llama.cpp does with the files of one architecture: the half of a record that reads GGUF. It stands beside the other
 * half so that reading a config.json does not carry it. Facts are those of the loader and of the graph, which decide what is
 * computed; the switch over architectures (llama_model_rope_type) says something else for a few of them.
 * `source` is a path below src/ of llama.cpp (0.4.1, as carried by llama.rn
 * 0.13.0-rc.5; build 10256, which the golden headers are from, computes the same but for lists of local layers). Keys are written without the architecture in front.
 */

export interface GgufRecord {
  /** `general.architecture`. */
  readonly arch: string;
  readonly source: string;
  /** One, or several of which the first holds whose condition does. */
  readonly positions: GgufPositions | readonly GgufCase[];
}

export interface GgufCase {
  /** null: always. */
  readonly when: GgufCondition | null;
  readonly positions: GgufPositions;
}

export type GgufCondition =
  | { readonly key: string; readonly is: readonly (number | boolean)[] }
  | { readonly key: string; readonly isNot: readonly (number | boolean)[] }
  | { readonly key: string; readonly above: number }
  | { readonly key: string; readonly present: boolean }
  /** A tensor of the file, as `tensors` gives it. */
  | { readonly tensor: 'positionEmbd' };

export type GgufPositions = GgufRotary | GgufAlibi | GgufLearned | GgufT5 | GgufNone | GgufRefused;

/** A number under one of several keys, and what the loader takes without them; null: the file is not loaded. */
export interface GgufGiven {
  readonly keys: readonly string[];
  readonly fallback: number | null;
}

export interface GgufRotary {
  readonly family: 'rotary';
  /** The mode of ggml_rope in the graph. */
  readonly mode: 'norm' | 'neox' | 'mrope' | 'imrope';
  /** rope.dimension_sections; 'optional': with two sections above 0 the mode is mrope. */
  readonly sections: 'none' | 'required' | 'optional';
  /** Converters reorder q and k of the hub's weights from half to interleaved pairs. */
  readonly permuted: boolean;
  /** Keys of the width of a head, in the order of preference; else embedding_length / attention.head_count. */
  readonly head: readonly string[];
  /** Where the rotated channels are in a head, or that they must be all of it. */
  readonly place: 'first' | 'last' | 'whole head';
  readonly tables: readonly GgufTable[];
  readonly layers: readonly GgufStep[];
  readonly softmax: GgufSoftmax;
  readonly yarn: GgufYarn;
  /** Tensors of divisors that the graph passes on. */
  readonly factors: GgufFactors;
  readonly queryScale?: GgufQueryScale;
  /** The rotation of the indexer of sparse attention. */
  readonly indexer?: { readonly pairing: 'half' | 'interleaved'; readonly place: 'first' | 'last' };
}

export interface GgufTable {
  readonly label: string;
  readonly base: GgufGiven;
  /** The loader multiplies the base by alpha^(d / (d - 2)) (HunYuan). */
  readonly alpha?: string;
  /** rope.scaling.* applies. */
  readonly scaled: boolean;
  /** The divisors apply. */
  readonly divided: boolean;
  /** Keys of the rotated width; without them the head. */
  readonly dim: readonly string[];
  /** Keys of the width of a head in these layers, before the record's own. */
  readonly head?: readonly string[];
  /** Part of that width that turns (Step-3.5: a half, without a key). */
  readonly part?: number;
}

/** What a layer does: the label of its table, attention without rotation, or no attention. */
export type GgufUse = { readonly table: string } | 'nope' | 'no attention';

/** Layers that get a use; later steps go over earlier ones. */
export type GgufStep = { readonly use: GgufUse; readonly when?: GgufCondition } & (
  | { readonly layers: 'all' }
  /**
   * 'every': the n-th of every n layers ('last': (i + 1) % n == 0, 'first': i % n == 0); 'between': all others. A number
   * under `key` takes the place of n. An array there is passed over, unless `arrays` is true: then its flags say 'between'.
   * n may be a key itself.
   */
  | {
      readonly layers: 'every' | 'between';
      readonly n: number | string;
      readonly at: 'last' | 'first';
      readonly key?: string;
      readonly arrays?: true;
      /** A file without the key is not loaded. */
      readonly needed?: true;
    }
  /** Flags of a list, one a layer (one flag for all of them is copied). `needed`: a file without the list is refused. */
  | { readonly layers: 'flags'; readonly key: string; readonly is: boolean; readonly needed: boolean }
  /** Entries of a list of counts. */
  | { readonly layers: 'zero' | 'above zero'; readonly key: string; readonly needed: boolean }
  /** The first layers, as many as the key says. */
  | { readonly layers: 'leading'; readonly key: string }
);

/** What the attention multiplies q.k with. */
export type GgufSoftmax =
  /** 1 / sqrt(width of a head) */
  | 'head'
  /** 1 / width of a head */
  | 'reciprocal'
  /** 1 / sqrt(rotated channels) */
  | 'rotated'
  | { readonly scale: number }
  /** 1 / sqrt(first key that is there); else of the head. */
  | { readonly root: readonly string[] }
  /** The key itself; a fallback when it is missing or 0. */
  | { readonly key: string; readonly fallback: number | 'head' }
  /** 1 / sqrt(embedding_length / attention.head_count, rounded down) when the condition holds, else of the head. */
  | { readonly ratioWhen: GgufCondition }
  /** 1 / sqrt(head), times the square of the amplitude that YaRN's log multiplier cancels (DeepSeek-V2 and its relatives). */
  | 'latent';

/**
 * The amplitude of a YaRN table, L = ln(factor), m = rope.scaling.yarn_log_multiplier * unit:
 * (1 + 0.1 s L) / (1 + 0.1 m L), times rope.scaling.attn_factor. Without a multiplier 1 + 0.1 L.
 */
export interface GgufYarn {
  /** null: the key is not read. s: 1, or m where it is not 1 (DeepSeek-V2). */
  readonly multiplier: { readonly unit: number; readonly numerator: 'one' | 'm' } | null;
  /** rope.scaling.yarn_beta_fast and _slow are read, with these defaults; null: they are 32 and 1. */
  readonly betas: { readonly fast: number; readonly slow: number } | null;
  /** rope.scaling.yarn_ext_factor is read. */
  readonly extFactor: boolean;
  /** The graph cancels the amplitude: it is 1. */
  readonly amplitude: 'rule' | 'one';
}

/** rope_freqs.weight, and the two lists of LongRoPE: 'longrope' only with rope.scaling.type 'longrope'. */
export interface GgufFactors {
  readonly freqs: 'none' | 'read' | 'required';
  readonly lists: 'none' | 'read' | 'longrope';
}

/** q times 1 + scale ln(floor((position + shift) / length) + 1). */
export interface GgufQueryScale {
  readonly appliesTo: 'rotary layers' | 'nope layers';
  readonly scale: GgufGiven;
  readonly length: GgufGiven;
  readonly shift: 0 | 1;
  readonly when?: GgufCondition;
}

export interface GgufAlibi {
  readonly family: 'alibi';
  /** Slopes are 2^(-maxBias (h + 1) / n), n the largest power of two, and the odd ones of 2n for further heads. */
  readonly maxBias: GgufGiven;
  /** Both ways: -m |i - j|. */
  readonly symmetric: boolean;
  readonly softmax: GgufSoftmax;
}

export interface GgufLearned {
  readonly family: 'learned';
  readonly softmax: GgufSoftmax;
}

export interface GgufT5 {
  readonly family: 't5';
  readonly maxDistance: number;
  readonly decoder: boolean;
}

export interface GgufNone {
  readonly family: 'none';
  readonly reason: string;
  /** Without it the architecture has no attention. */
  readonly attention?: {
    readonly head: readonly string[];
    readonly softmax: GgufSoftmax;
    readonly layers: readonly GgufStep[];
  };
}

/** An architecture that llama.cpp has no text graph for. */
export interface GgufRefused {
  readonly family: 'refused';
  readonly why: string;
}
