/** What another library brings to a comparison. */

export interface Competitor {
  readonly name: string;
  readonly run: () => unknown;
  readonly asynchronous?: boolean;
  readonly before?: () => unknown;
  /** The numbers of a call, in our layout. */
  readonly read: () => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Largest difference from ours; relative above 1. */
  readonly tolerance: number;
  /** Operations in a row within a call. Default 1. */
  readonly nodes?: number;
  readonly dispose?: () => unknown;
}

/** Vectors [length, heads, dim] and the rows [length, dim / 2] that turn them. */
export interface RotaryProblem {
  readonly length: number;
  readonly heads: number;
  readonly dim: number;
  readonly x: Float32Array;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly pairing: 'half' | 'interleaved';
}

/** A table [length, dim], all sines of a row before its cosines. */
export interface SinusoidalProblem {
  readonly length: number;
  readonly dim: number;
}

/** A bias [heads, length, length], heads a power of two or the first of one. */
export interface AlibiProblem {
  readonly length: number;
  readonly slopes: Float32Array;
}

/** Tokens [batch, length] with one picture for every row of `grid` (t, h, w in patches), as Qwen2-VL numbers them. */
export interface MropeProblem {
  readonly inputIds: Int32Array;
  readonly shape: readonly number[];
  readonly grid: Int32Array;
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly visionStartTokenId: number;
}

/** A mask [batch, length] of 0 and 1, padded on the left. */
export interface MaskProblem {
  readonly mask: Int32Array;
  readonly shape: readonly number[];
}

/**
 * How far float32 pipelines are from the exact table: the frequency and the angle are both rounded, to half a unit in the last
 * place of an angle of `length` radians each, and the sine has an error of its own.
 */
export function angleTolerance(length: number): number {
  return 2 ** (Math.ceil(Math.log2(length)) - 23);
}

/** Float32 frequencies 10000^(-2k / dim), which every float32 pipeline begins with. */
export function frequencies(dim: number): Float32Array {
  return Float32Array.from({ length: dim / 2 }, (_, k) => 10000 ** ((-2 * k) / dim));
}
