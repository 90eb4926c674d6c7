/**
 * The normal form: what a model does with positions, as plain data. Equal after a round trip through JSON.
 */

import type { MropeLayout, OpenSpec, Pairing, RopeType } from '../rotary/spec.ts';
import { object } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import type { Family, FamilyFacts } from './families.ts';
import type { Layers } from './layers.ts';
import type { Assumption, ConfigWarning, Json } from './read.ts';
import type { QueryScale } from './softmaxScale.ts';
import type { TowerEncoder } from './towers.ts';
import type { VisionRotary } from './vision.ts';

/** A rule whose frequencies depend on the length of the sequence. */
export interface LengthDependence {
  /** The rope type whose rule it is: its base grows beyond `threshold` (dynamic), or other divisors are used (LongRoPE). */
  readonly rule: RopeType;
  /** Up to this many positions (max position + 1) nothing changes. */
  readonly threshold: number;
}

/** One rotary table: the layers of one layer type share it. */
export interface RotaryLayer {
  /** For rotaryTable, in the precision that was asked for. */
  readonly spec: OpenSpec;
  /** As the model's own code names it. */
  readonly ropeType: RopeType;
  /** float32 values in radians per position, one for each pair; up to `lengthDependent.threshold`, or at `context`. */
  readonly invFreq: readonly number[];
  /** LongRoPE: the frequencies beyond the threshold, in radians per position. */
  readonly invFreqLong?: readonly number[];
  /** Amplitude of cos and sin; it belongs to the table. */
  readonly attentionFactor: number;
  /** Channels of a head. */
  readonly headDim: number;
  /** Rotated channels. */
  readonly rotaryDim: number;
  /** First rotated channel. */
  readonly rotaryOffset: number;
  /** How channels pair. */
  readonly pairing: Pairing;
  /** How they pair afterwards. */
  readonly outputPairing: Pairing;
  /** -1 where every angle is turned around. */
  readonly rotationSign: 1 | -1;
  /** Pairs of each position stream (M-RoPE). */
  readonly mropeSection?: readonly number[];
  /** How the sections lie. */
  readonly mropeLayout?: MropeLayout;
  /** One letter for each pair: the position stream it takes (t, h, w). */
  readonly mropeStreams?: string;
  /** What the attention multiplies q.k with. */
  readonly softmaxScale: number;
  /** softmaxScale * sqrt(headDim), for classes that correct it with mscale_all_dim (DeepSeek). */
  readonly softmaxScaleFactor?: number;
  /** What queries are multiplied by, by position. */
  readonly queryScale?: QueryScale;
  /** How the frequencies depend on the length of the sequence, if they do. */
  readonly lengthDependent?: LengthDependence;
}

export interface NormalForm {
  /** What kind of positions the model has. */
  readonly family: Family;
  /** model_type of the part that was read. */
  readonly modelType: string;
  /**
   * The specification for rotaryTable, when there is exactly one: a single layer type (or the one asked for), and a
   * `context` if the frequencies depend on it. Otherwise reading it throws ERR_CONFIG, with what to pass.
   */
  readonly rotary: OpenSpec;
  /** Rotary tables by layer type; 'default' when all rotated layers share one. */
  readonly layerTypes?: Readonly<Record<string, RotaryLayer>>;
  /** Which layers use which table, and which have none. */
  readonly layers?: Layers;
  /** Scaling of the queries of layers without rotation (Llama 4). */
  readonly queryScale?: QueryScale;
  /** Rotated layers see the keys of their own chunk of so many positions only, the others all of them (Llama 4). */
  readonly attentionChunk?: number;
  /** The rotation of the indexer of sparse attention, with the frequencies of the table (the compressed one of DeepSeek-V4). */
  readonly indexer?: {
    /** Channels of a head of the indexer. */
    readonly headDim: number;
    /** Rotated channels. */
    readonly rotaryDim: number;
    /** First rotated channel. */
    readonly rotaryOffset: number;
    /** How channels pair. */
    readonly pairing: Pairing;
  };
  /** RoFormer: values are rotated too. */
  readonly rotaryValue?: boolean;
  /** The table of a model that is a rotary tower itself. */
  readonly axial?: VisionRotary;
  /** The rotary table of the vision tower of a composite model. */
  readonly vision?: VisionRotary;
  /** The positions of a vision tower that has other ones. */
  readonly visionEncoder?: TowerEncoder;
  /** The same of an audio tower. */
  readonly audioEncoder?: TowerEncoder;
  /** Other families: what the file says, by name. */
  readonly parameters?: FamilyFacts['parameters'];
  /** Other families: the functions that compute them, with the options that the file determines. */
  readonly calls?: FamilyFacts['calls'];
  /** Encoder-decoder models whose two sides differ: the encoder. */
  readonly encoder?: FamilyFacts;
  /** The decoder. */
  readonly decoder?: FamilyFacts;
  /** What no key says. */
  readonly note?: string;
  /** Positions that the file says the model has. */
  readonly maxPositionEmbeddings?: number;
  /** Paths of the keys that were read. */
  readonly consumed: readonly string[];
  /** Values that the file does not give. */
  readonly assumed: readonly Assumption[];
  /** What the model's own code ignores or prefers. */
  readonly warnings: readonly ConfigWarning[];
  /** The part of the configuration that was read, in its own spelling: what toHF returns. */
  readonly source: Readonly<Record<string, Json>>;
}

/** A list of remarks; one of billions of holes is none of ours, and would take minutes to walk. */
const isNotes = (value: unknown): boolean => Array.isArray(value) && value.length < 2 ** 16;

/**
 * Fails unless the value is what fromHF or fromGGUF returns, as far as its head tells; `read` may still meet a part that is not.
 * @throws ERR_OPTION
 */
export function readingForm<T>(name: string, form: NormalForm, read: () => T): T {
  const { modelType, family, warnings, assumed } = object(name, form) as Partial<NormalForm>;
  const whole = typeof modelType === 'string' && typeof family === 'string' && isNotes(warnings) && isNotes(assumed);
  let cause: unknown;
  try {
    if (whole) return read();
  } catch (error) {
    if (error instanceof PosencError) throw error;
    cause = error;
  }
  const got = 'model_type' in form ? `a config.json; read it first: ${name}(fromHF(config), ...)` : show(form);
  throw new PosencError('ERR_OPTION', `${name}: expected what fromHF or fromGGUF returns, got ${got}`, { cause });
}
