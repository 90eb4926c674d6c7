/**
 * What a rotary embedding is, as plain data: dimensions, pairing, a frequency rule and an amplitude.
 * Names are the camelCase of the Hugging Face and ONNX configuration keys. RoFormer, arXiv 2104.09864.
 */

export type Pairing = 'half' | 'interleaved';
export type Precision = 'exact' | 'torch' | 'ggml';

/** Frequency rules by their Hugging Face `rope_type`, and the public ones that have no such type. */
export type RopeType =
  | 'default'
  | 'linear'
  | 'dynamic'
  | 'ntk'
  | 'ntk-by-parts'
  | 'yarn'
  | 'dynamic-yarn'
  | 'longrope'
  | 'llama3'
  | 'proportional';

/** Which position stream a pair takes: sections.ts. 'hunyuan_fullwidth' gives the two channels of a pair different ones. */
export type MropeLayout = 'chunked' | 'interleaved' | 'ernie_hw_alternating' | 'hunyuan_fullwidth';

export interface RotarySpec {
  /** Channels of one head, D. Without it the table rotates heads of any width, and `rotaryDim` (or `invFreq`) gives d. */
  readonly headDim?: number;
  /** Rotated channels, d <= headDim. Default: int(headDim * partialRotaryFactor). */
  readonly rotaryDim?: number;
  /** Default 1. */
  readonly partialRotaryFactor?: number;
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
  /** Frequency rule. Default 'default'. */
  readonly ropeType?: RopeType;
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
  /**
   * dynamic, dynamic-yarn, longrope: the sequence length (highest position + 1) the frequencies are for, fixed. A table of
   * more positions, whose frequencies would be others, is refused. Default: that of the call.
   */
  readonly context?: number;
  /** linear, dynamic, ntk (kexue.fm/archives/9706), ntk-by-parts, yarn, llama3, longrope, proportional. */
  readonly factor?: number;
  /**
   * linear, in torch precision: what `factor` divides and rounds. 'frequency' (transformers) or 'position' (vLLM,
   * jquesnelle/yarn). The same in exact precision. Default 'frequency'.
   */
  readonly linearRounding?: 'frequency' | 'position';
  /** ntk: base is multiplied by alpha^(d/(d-2)). */
  readonly alpha?: number;
  /** ntk: kexue.fm/archives/9706 mixed base. */
  readonly mixedB?: number;
  /** yarn. Default 32. */
  readonly betaFast?: number;
  /** yarn. Default 1. */
  readonly betaSlow?: number;
  readonly mscale?: number;
  readonly mscaleAllDim?: number;
  /** yarn: round the ramp's ends to whole pairs. Default true. */
  readonly truncate?: boolean;
  /** yarn, dynamic-yarn: multiplied into the amplitude of the rule (jquesnelle/yarn, vLLM `attn_factor`). Default 1. */
  readonly attnFactor?: number;
  /** yarn, ntk-by-parts: weight of the unscaled frequencies inside the ramp. Default 1. */
  readonly extrapolationFactor?: number;
  /** llama3. */
  readonly lowFreqFactor?: number;
  readonly highFreqFactor?: number;
  /** longrope: one divisor per pair. */
  readonly shortFactor?: ArrayLike<number>;
  readonly longFactor?: ArrayLike<number>;
  readonly shortMscale?: number;
  readonly longMscale?: number;

  /** Multimodal sections in pairs, one per position stream: [t, h, w], or [t, h, w, e] for ggml's rules. */
  readonly mropeSection?: readonly number[];
  readonly mropeLayout?: MropeLayout;
}

/** A specification for heads of a known width. */
export type HeadSpec = RotarySpec & { readonly headDim: number };
