/**
 * The functions that compute the positions of a model which is not rotary, each with the options that its file determines. What the
 * input says (lengths, positions, masks, grids of images) and what the checkpoint holds (learned tables) is the caller's.
 */
import type { ConvPositionalOptions } from '../absolute/convPositional.ts';
import type { SinusoidalTableOptions } from '../absolute/sinusoidal.ts';
import type { AlibiOptions } from '../bias/distance/alibi.ts';
import type { MropeIndexOptions } from '../positions/mrope.ts';
import type { Json } from './read.ts';

/** A side of windows or grids in tokens: height and width. */
type Sides = readonly [number, number];
interface Buckets {
  readonly numBuckets: number;
  readonly maxDistance: number;
  /** Absent: the sides differ, true in the encoder and false in the decoder. */
  readonly bidirectional?: boolean;
}

/** By the name of the function; a list where layers differ: stage by stage, or windows before the whole grid. */
export interface Calls {
  /** The positions of a rotary model with several streams: beside token types or ids, and the grids of pictures and videos. */
  readonly mropeIndex?: Pick<
    MropeIndexOptions,
    'model' | 'spatialMergeSize' | 'temporalMergeSize' | 'tokensPerSecond' | 'secondsPerChunk' | 'axes'
  >;
  readonly alibi?: Pick<AlibiOptions, 'heads' | 'alibiBiasMax' | 'form'> & {
    readonly slopes: 'press' | 'mpt';
    readonly rounding?: 'bfloat16';
  };
  readonly t5Bias?: Buckets & { readonly shape?: Sides };
  /** Buckets whose numbers the model computes from its states. */
  readonly t5Buckets?: Buckets;
  /** Which row a token takes: beside a mask, inputIds or a length. */
  readonly positionIds?: { readonly rowOffset?: number; readonly paddingIdx?: number };
  /** `length`: every row, in order (patches). Else the ids of positionIds. */
  readonly learnedPositions?: { readonly shape: Sides; readonly length?: number };
  /** `length`: as many rows as the model has; left out where another function says the positions. */
  readonly sinusoidal?: Pick<
    SinusoidalTableOptions,
    'dim' | 'base' | 'arrangement' | 'order' | 'zeroRow' | 'denominator'
  > & { readonly length?: number; readonly offset?: number };
  readonly sincos2d?:
    | {
        readonly variant: 'mae';
        readonly dim: number;
        readonly base: number;
        readonly grid: Sides;
        readonly prefixTokens: number;
      }
    | {
        readonly variant: 'detr';
        readonly dim: number;
        readonly base: number;
        readonly normalize: boolean;
        readonly positionOffset?: number;
      };
  readonly convPositional?: Pick<ConvPositionalOptions, 'activation'> & {
    readonly groups: number;
    readonly weightShape: readonly [number, number, number];
  };
  readonly swinBias?: readonly { readonly windowSize: Sides; readonly shape: Sides }[];
  readonly swinV2Bias?: readonly { readonly windowSize: Sides; readonly pretrainedWindowSize?: Sides }[];
  readonly beitBias?: { readonly windowSize: Sides; readonly shape: Sides };
  readonly decomposedRelativeScores?: readonly { readonly querySize: Sides }[];
  readonly gatedRelativeBias?: Readonly<Record<string, never>>;
  readonly debertaScores?: {
    readonly posAttType: readonly ('c2p' | 'p2c' | 'p2p')[];
    readonly positionBuckets: number;
    readonly maxRelativePositions: number;
  };
  readonly xlnetPositions?: { readonly attnType: 'bi' | 'uni'; readonly clampLen: number };
  readonly xlnetScores?: { readonly attnType: 'bi' | 'uni' };
  readonly transformerXlTable?: { readonly dim: number; readonly clampLen: number };
  readonly transformerXlScores?: Readonly<Record<string, never>>;
  readonly nezhaTable?: { readonly dim: number; readonly maxRelativePosition: number };
  readonly nezhaScores?: Readonly<Record<string, never>>;
  readonly nezhaValues?: Readonly<Record<string, never>>;
  readonly shawScores?: {
    readonly centre?: number;
    readonly beyond?: 'clip' | 'zero' | 'error';
    readonly direction?: 'key-query' | 'query-key';
    readonly keyPosition?: boolean;
  };
  readonly shawValues?: { readonly beyond?: 'clip' | 'zero' | 'error' };
  readonly conformerScores?: Readonly<Record<string, never>>;
  readonly localRelativeScores?: {
    readonly contextLeft: number;
    readonly contextRight: number;
    readonly chunkSize: number;
    readonly softcap: number;
  };
}

/** A record's word for an encoding that multiplies first; null: no function here computes it. */
export type RelativeKind =
  | 'deberta'
  | 'xlnet'
  | 'transformer-xl'
  | 'nezha'
  | 'conformer'
  | 'local'
  /** Learned relative rows as BERT counts them, one for every distance. */
  | 'shaw-bert'
  /** Clipped, query minus key. */
  | 'shaw-blocks'
  /** Clipped differently on the two sides. */
  | 'shaw-asymmetric'
  /** Nothing outside the window; values too. */
  | 'shaw-window'
  | null;

type Parameters = Readonly<Record<string, Json>>;

/** The calls of an encoding that multiplies first, from the parameters that its record reads. */
export function relativeCalls(kind: RelativeKind, given: Parameters): Calls | undefined {
  // the record has read and checked every value; its words are those of the functions
  const p = given as Readonly<Record<string, never>>;
  switch (kind) {
    case 'deberta': {
      const { posAttType, positionBuckets, maxRelativePositions } = p;
      return { debertaScores: { posAttType, positionBuckets, maxRelativePositions } };
    }
    case 'xlnet':
      return {
        xlnetPositions: { attnType: p.attnType, clampLen: p.clampLen },
        sinusoidal: { dim: p.dModel, arrangement: 'concat' },
        xlnetScores: { attnType: p.attnType },
      };
    case 'transformer-xl':
      return { transformerXlTable: { dim: p.dModel, clampLen: p.clampLen }, transformerXlScores: {} };
    case 'nezha':
      return {
        nezhaTable: { dim: p.dim, maxRelativePosition: p.maxRelativePosition },
        nezhaScores: {},
        nezhaValues: {},
      };
    case 'conformer':
      return { sinusoidal: { dim: p.dim, arrangement: 'interleaved' }, conformerScores: {} };
    case 'local': {
      const { contextLeft, contextRight, chunkSize, softcap } = p;
      return { localRelativeScores: { contextLeft, contextRight, chunkSize, softcap } };
    }
    case 'shaw-bert':
      return { shawScores: { direction: 'query-key', beyond: 'error', keyPosition: p.key } };
    case 'shaw-blocks':
      return { shawScores: { direction: 'query-key' } };
    case 'shaw-asymmetric':
      return { shawScores: { centre: p.leftMaxPosition } };
    case 'shaw-window':
      return { shawScores: { beyond: 'zero' }, shawValues: { beyond: 'zero' } };
    case null:
      return undefined;
  }
}
