/**
 * The options that every rotary specification has, whatever its frequency rule. Names are the camelCase of the Hugging Face
 * and ONNX configuration keys. RoFormer, arXiv 2104.09864.
 */

export type Pairing = 'half' | 'interleaved';
export type Precision = 'exact' | 'torch' | 'ggml';

/** Which position stream a pair takes: sections.ts. 'hunyuan_fullwidth' gives the two channels of a pair different ones. */
export type MropeLayout = 'chunked' | 'interleaved' | 'ernie_hw_alternating' | 'hunyuan_fullwidth';

/** Heads of a known width. */
export interface WholeHead {
  /** Channels of one head, D. Left out, the table rotates heads of any width, and `rotaryDim` is needed. */
  readonly headDim: number;
  /** Rotated channels, d <= headDim. Default: int(headDim * partialRotaryFactor). */
  readonly rotaryDim?: number;
  /** Default 1. */
  readonly partialRotaryFactor?: number;
}

/** The rotated channels of heads of any width. */
export interface AnyHead {
  readonly headDim?: undefined;
  /** Rotated channels, d. */
  readonly rotaryDim: number;
  readonly partialRotaryFactor?: undefined;
}

export type Head = WholeHead | AnyHead;

export interface RotaryCommon {
  /** First rotated channel. Default 0; trailing slices (DeepSeek-V4) use headDim - rotaryDim. */
  readonly rotaryOffset?: number;
  /** How channels pair: 'half' (i with i + d/2: NeoX, Llama in transformers) or 'interleaved' (2i with 2i + 1: GPT-J, Meta, ggml NORMAL). Default 'half'. */
  readonly pairing?: Pairing;
  /** Pairing of the result when it differs from the input's (DeepSeek-V3: interleaved in, half out). Default: `pairing`. */
  readonly outputPairing?: Pairing;
  /** -1 turns every angle around (NanoChat). Default 1. */
  readonly rotationSign?: 1 | -1;
  /** Base of the frequencies. Default 10000. */
  readonly ropeTheta?: number;
  /** Frequencies in radians per position, one per pair, instead of `ropeTheta`; taken as exact. */
  readonly invFreq?: ArrayLike<number>;
  /** Amplitude multiplied into cos and sin. Default: what the frequency rule says, else 1. */
  readonly attentionFactor?: number;
  /** 'exact': the real-valued formula, rounded once. 'torch': float32 frequencies and products, as checkpoints were trained. 'ggml': iterated float32. Default 'exact'. */
  readonly precision?: Precision;
  /** Multiplied into every position, in torch and ggml precision in float32 (mlx `scale`, jquesnelle dynamic linear). Default 1. */
  readonly positionScale?: number;
  /** Positions the model was configured for. */
  readonly maxPositionEmbeddings?: number;
  /** Positions before the extension. Default: maxPositionEmbeddings. */
  readonly originalMaxPositionEmbeddings?: number;
  /** Multimodal sections in pairs, one per position stream: [t, h, w], or [t, h, w, e] for ggml's rules. */
  readonly mropeSection?: readonly number[];
  /** How the sections lie: one after another, or pair by pair (docs/rotary.md). Default 'chunked'. */
  readonly mropeLayout?: MropeLayout;
}

/** The length before a context extension in positions: `originalMaxPositionEmbeddings`, or without it `maxPositionEmbeddings`. */
export type OriginalLength =
  | { readonly originalMaxPositionEmbeddings: number }
  | { readonly originalMaxPositionEmbeddings?: undefined; readonly maxPositionEmbeddings: number };

/** A context extension by a factor. */
interface ByFactor {
  /** How many times longer the context is than the original length. Default: maxPositionEmbeddings / the original length. */
  readonly factor: number;
}

/** A context extension: by a factor from the original length, or from one length to another. */
export type ContextFactor =
  | (ByFactor & OriginalLength)
  | {
      readonly factor?: undefined;
      /** Positions before the extension. */
      readonly originalMaxPositionEmbeddings: number;
      /** Positions after it. */
      readonly maxPositionEmbeddings: number;
    };

/** Of rules whose frequencies depend on the length of the sequence. */
export interface FixedContext {
  /**
   * The sequence length (highest position + 1) that the frequencies are for, once and for all. A table that reaches further,
   * where the frequencies would be others, is refused. Default: that of the call.
   */
  readonly context?: number;
}

type KeysOf<T> = T extends unknown ? keyof T : never;

/** The options that a rule alone reads: given under another rule they would do nothing, which is an error. */
export type OwnOption<S> = Exclude<KeysOf<S>, keyof RotaryCommon | KeysOf<Head> | 'ropeType'>;
