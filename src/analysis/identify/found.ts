/** What identify answers. */

/** One formula that gives these numbers. */
export interface Identified {
  /** The function of this library that makes them, or what they are when none returns them alone. */
  readonly encoding:
    | 'sinusoidal'
    | 'rotary'
    | 'timestep'
    | 'sincos2d'
    | 'sincos3d'
    | 'invFreq'
    | 'alibiSlopes'
    | 'alibi'
    | 'kerple'
    | 't5Buckets';
  /** In the words of that function. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The format the numbers were rounded to. */
  readonly stored: 'float32' | 'float16' | 'bfloat16' | 'int32';
  /** Largest difference from the real-valued formula. */
  readonly maxError: number;
  /** 'certain': nothing else fits. 'likely': the numbers leave something open, named in `unknown`. */
  readonly sure: 'certain' | 'likely';
  /** What the numbers leave open; empty when nothing. */
  readonly unknown: readonly string[];
}

export interface Identification {
  /** The likeliest first; empty when it is none of these. */
  readonly found: readonly Identified[];
  /** The same numbers under other names, and what else could have made them. */
  readonly also: readonly string[];
  /** Why nothing was found, or a sentence about what was. */
  readonly reason: string;
}
