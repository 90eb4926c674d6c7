/**
 * What a file of this folder says about its rope type. A rope type is one file: its options (a member of `RotarySpec`), its
 * numbers (`RotaryRule`), how a config.json says it (`ConfigWords`) and everything else that is known about it (`RuleWords`); a
 * bundle carries those of the three that it uses. Lists of rope types elsewhere are derived from `index.ts`, `configWords.ts` and
 * `words.ts`, or are Records over `RopeType` (../spec.ts).
 */
import type { DD } from '../../phase/dd.ts';
import type { GgmlParameters } from '../ggml.ts';
import type { OwnOption, RotaryCommon } from './options.ts';

/** The unscaled ladder: theta^(-2i / width) for `pairs` pairs. */
export interface Widths {
  readonly theta: number;
  readonly pairs: number;
  /** The denominator d: rotated channels, or all channels of the head (proportional). Odd for odd partial widths. */
  readonly width: number;
}

/** The frequencies of a specification, in every precision. */
export interface Frequencies {
  /** Everything they depend on besides the widths, as text. */
  readonly key: string;
  /** The real-valued formula. */
  exact(): readonly DD[];
  /** The operations of PyTorch in float32, in their order. */
  torch(): Float32Array;
  /** The amplitude of cos and sin. */
  readonly attentionFactor: number;
  /** torch: the rule divides the position, not the frequency. */
  readonly positionDivisor?: number;
  /** The parameters of ggml_rope_ext that express the rule; without them it goes through `freqFactors`. */
  readonly ggml?: Partial<GgmlParameters>;
}

/** A specification of one rope type as its rule reads it, with the options every specification has. */
export type Given<S> = S & RotaryCommon & { readonly headDim?: number; readonly partialRotaryFactor?: number };

/** How the frequencies depend on the length of the sequence. */
export interface LengthDependence<S> {
  /** 'grows': every longer sequence has frequencies of its own. 'switches': there is one other set, beyond the threshold. */
  readonly how: 'grows' | 'switches';
  /** Up to this many positions nothing changes. */
  threshold(spec: Given<S>): number;
  /**
   * The length whose frequencies the reference implementation uses for a call of `length`, after calls of which the longest
   * was `longest` (at first the threshold).
   */
  next(length: number, longest: number, threshold: number): number;
}

/** The numbers of a rope type. */
export interface RotaryRule<S> {
  /** The options that this rule reads and others may not have. */
  readonly options: Readonly<Record<OwnOption<S>, true>>;
  /** `length`: sequence length, for rules that depend on it. */
  frequencies(widths: Widths, spec: Given<S>, length: number | undefined): Frequencies;
  readonly dependsOnLength?: LengthDependence<S>;
  /** All channels of a head are paired, and `partialRotaryFactor` says something else than their number. */
  readonly wholeHead?: true;
}

// ---------------------------------------------------------------- words

/** A key's allowed values, as the readers of model files check them. */
export interface NumberBounds {
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}

/** A rope block of a config.json, as a rule reads it: what is wrong is refused by the path of its key. */
export interface RopeFields {
  /** The rope type as the file spells it. */
  readonly named: string;
  readonly theta: number;
  /** Rotated pairs. */
  readonly pairs: number;
  readonly maxPositionEmbeddings: number | undefined;
  /** Present, and not null. */
  has(key: string): boolean;
  number(key: string, bounds?: NumberBounds): number | undefined;
  required(key: string, bounds?: NumberBounds): number;
  boolean(key: string): boolean | undefined;
  /** A positive number for each rotated pair. */
  divisors(key: string): number[];
  /** original_max_position_embeddings, inside the block or beside it. */
  original(): number;
  /** max_position_embeddings / the original length, noted as an assumption. */
  impliedFactor(original: number): number;
  warn(code: 'no-effect' | 'contradiction' | 'risk', key: string, message: string): void;
  refuse(key: string, message: string): never;
  /** Refuses a key beside the block. */
  refuseOutside(key: string, message: string): never;
}

/** The `{arch}.rope.*` keys of a GGUF header, as a rule reads them; keys without that prefix. */
export interface GgufFields {
  number(key: string, bounds?: NumberBounds): number | undefined;
  refuse(key: string, message: string): never;
}

/** What a longer context asks of a specification. */
export type Extension = {
  /** Positions before any scaling, when they are known. */
  readonly trained?: number;
  /** Positions that the specification serves as it is. */
  readonly supported: number;
  /** Why, in a sentence. */
  readonly reason: string;
  /** What stays as it is though one may not expect it. */
  readonly note?: string;
} & (
  | {
      /** Nothing has to change, or no options would help. */
      readonly outcome: 'covered' | 'unsupported';
      readonly options?: undefined;
    }
  | {
      readonly outcome: 'rescaled';
      /** The options that change; all others stay as they are. */
      readonly options: {
        /** The rope type, where it is another one. */
        readonly ropeType?: string;
        /** The factor for the longer context. */
        readonly factor: number;
        /** The length the factor counts from. */
        readonly originalMaxPositionEmbeddings?: number;
      };
    }
);

/** The arguments of ggml_rope_ext that a rule sets, and the flags of llama.cpp that have the same effect. */
export interface LlamaCppWords {
  readonly freqScale: number;
  readonly extFactor?: number;
  readonly flags: readonly string[];
  /** What the kernel multiplies into cos and sin by itself; attn_factor goes on top of it. */
  readonly amplitude: number;
  /** Flags of the same matter that llama.cpp computes itself, whatever is given. */
  readonly overwritten: readonly string[];
  /** Options whose angles llama.cpp computes instead of the specification's, and why. */
  readonly instead?: { readonly options: object; readonly why: string };
  readonly notes: readonly string[];
}

/** What is said to a person, and what he can do. */
export interface Advice {
  readonly message: string;
  readonly fix: string;
}

/** Of a rule that changes texts within the trained length as well. */
export interface ShortTexts {
  /** extend: why nothing is to be set for a length that was trained. */
  readonly covered: string;
  /** To those who set it for an engine. */
  readonly engines: string;
  /** explain, of a context within the trained length; `where`: which table, or ''. */
  warning(trained: string, where: string): Advice;
}

/** rope_factors of a GGUF file. */
export interface GgufLists {
  readonly short: readonly number[];
  readonly long: readonly number[];
  readonly original: number;
  readonly maxPositionEmbeddings: number | undefined;
  readonly attentionFactor: number;
}

/** The values of rope_type and type in a config.json, and the keys it reads beside rope_theta. */
export interface ConfigWords<S> {
  readonly names: readonly string[];
  /** Keys and the options they become; null: read, and only checked. */
  readonly keys: Readonly<Record<string, OwnOption<S> | keyof RotaryCommon | null>>;
  /** Published keys without effect: named in a warning, not refused. */
  readonly harmless?: readonly string[];
  /** Names that only old code writes, with what to say. */
  readonly legacy?: Readonly<Record<string, string>>;
  read(block: RopeFields): S & RotaryCommon;
}

/** Everything else that is known about a rope type. */
export interface RuleWords<S> {
  /** A line of the table in docs/rotary.md. */
  readonly docs: {
    /** The formula, in the signs of the page. */
    readonly frequencies: string;
    /** The options, with their defaults. */
    readonly options: string;
    readonly source: string;
  };
  /** A specification of this type, and the sequence length it is for when that matters. */
  readonly example: Given<S> & { readonly headDim: number };
  readonly exampleContext?: number;
  /** What the example is, in a few words. */
  readonly about: string;
  /** How a GGUF file says it. Absent: not at all. */
  readonly gguf?: {
    /** rope.scaling.type. */
    readonly type: 'none' | 'linear' | 'yarn' | 'longrope';
    /** Divisors stored beside the weights. */
    readonly tensors?: 'rope_freqs' | 'rope_factors';
    /** The options that keys (not tensors) give; undefined: the file scales nothing. */
    read?(header: GgufFields): (S & RotaryCommon) | undefined;
    /** The specification that lists of divisors make. */
    fromLists?(lists: GgufLists): S & RotaryCommon;
    /** llama.cpp multiplies the amplitude 1 + 0.1 ln(factor) in, whatever the file says. */
    readonly computesAmplitude?: true;
  };
  /** llama.cpp: nothing to say; divisors of the angles, in the file; or arguments and flags. `original`: n_ctx_orig. */
  readonly llamaCpp: 'nothing' | 'divisors' | ((spec: Given<S>, original: number) => LlamaCppWords);
  /** The options that public code gives it for a context `factor` times the original one; undefined: nothing gives them. */
  readonly stretched: ((factor: number, original: number) => Given<S>) | undefined;
  /** Whether max_position_embeddings counts the positions before the scaling; 'unsaid': files differ. */
  readonly maxCounts: 'before' | 'unsaid';
  /** undefined: short texts stay as they are, or are what it was trained for. */
  readonly shortTexts: ShortTexts | undefined;
  /** What becomes of cached keys beyond `last` positions, from `next` on, where frequencies depend on the length. */
  readonly cachedKeys: ((where: string, last: string, next: string) => Advice) | undefined;
  /** explain: pairs may be divided by exactly `factor`. */
  readonly dividesBy?: 'factor';
  /**
   * What serving `target` positions means. `length`: max_position_embeddings of the model, or, for a rule that counts from a
   * length the specification does not hold, the positions before scaling.
   */
  extend(spec: Given<S>, length: number, target: number): Extension;
}
