/**
 * Axial rotary embeddings as they are published, one row a model: what the vision towers of transformers, timm and
 * rotary-embedding-torch do beyond RoFormer (arXiv 2104.09864), in the vocabulary of axialTable.
 */
import type { PrecisionOption } from '../runtime/options.ts';
import type { Pairing } from './spec.ts';

/** How the frequencies of an axis are laid out. n = axisDim / 2, j = 0 .. n-1. */
export type AxialFrequencies =
  /** ropeTheta^(-2j / axisDim), the same for every axis. */
  | 'language'
  /** One ladder ropeTheta^(-2i / (axes axisDim)); axis a takes i = a, a + axes, a + 2 axes ... */
  | 'split'
  /** pi linspace(1, maxFreq / 2, n). */
  | 'pixel'
  /** pi 2^linspace(0, log2(maxFreq) - 1, n). */
  | 'pixel-exponential'
  /** 1. */
  | 'constant';

/** Coordinates of a grid of n cells along an axis. */
export type AxialCoordinates =
  /** i */
  | 'index'
  /** 2 (i + 1/2) / n - 1 */
  | 'centered'
  /** linspace(-1, 1, n) */
  | 'unit';

export interface AxialSpec extends PrecisionOption {
  /** A row of AXIAL_PRESETS; the other options override it. */
  readonly preset?: AxialPreset;
  /** Channels of a head, D. */
  readonly headDim: number;
  /** Number of axes. Default 2. */
  readonly axes?: number;
  /**
   * Channels of an axis; what is left of the head passes through. Default 2 floor(floor(headDim / axes) / 2), of two axes the whole
   * head, which must then be a multiple of 4.
   */
  readonly axisDim?: number;
  /**
   * Channels of every axis where they differ, each with a ladder of its own width: [16, 56, 56] (Flux). 'sixths': the last two take
   * 2 floor(headDim / 6), the first the rest (Wan); 'eighths': headDim / 4 and twice 3 headDim / 8 (CogVideoX).
   */
  readonly axesDim?: readonly number[] | 'sixths' | 'eighths';
  /** First rotated channel. Default 0. */
  readonly rotaryOffset?: number;
  /** Default 10000. */
  readonly ropeTheta?: number;
  /** Default 'language'. */
  readonly frequencies?: AxialFrequencies;
  /** 'pixel', 'pixel-exponential': default 10 (lucidrains max_freq); timm calls it max_res, 224. */
  readonly maxFreq?: number;
  /** Frequencies in radians per unit instead: axisDim / 2 for every axis, or those of all axes, axis after axis. */
  readonly invFreq?: ArrayLike<number>;
  /** Multiplied into every coordinate (DINOv3: 2 pi). Default 1. */
  readonly coordinateScale?: number;
  /** Coordinates of a grid. Default 'index'. */
  readonly coordinates?: AxialCoordinates;
  /** Which coordinate the 1st, 2nd ... axis of the table goes by. Default [0, 1 ...]. */
  readonly axisOrder?: readonly number[];
  /** Which side of the grid the 1st, 2nd ... coordinate counts along (timm 'xy': [1, 0]). Default [0, 1 ...]. */
  readonly gridOrder?: readonly number[];
  /** Added to the indices of a grid. Default 0. */
  readonly gridOffset?: number | readonly number[];
  /** 'blocks': the pairs of an axis side by side. 'alternating': one pair of each axis in turn. Default 'blocks'. */
  readonly order?: 'blocks' | 'alternating';
  /** Default 'interleaved'. */
  readonly pairing?: Pairing;
  /** 'half' pairing over all rotated channels ('head'), or within the channels of each axis ('axis'). Default 'head'. */
  readonly pairingBlocks?: 'head' | 'axis';
  /**
   * Channels of an axis take its frequencies as [f0 .. fn-1, f0 .. fn-1] although pairs are adjacent, so that the two channels
   * of a pair have different angles (V-JEPA 2). Default false.
   */
  readonly tiled?: boolean;
}

type Row = Omit<AxialSpec, 'preset' | 'headDim'>;

const TURN = 2 * Math.PI;

const ROWS = {
  /** Qwen2-VL, Qwen2.5-VL, Qwen3-VL and GLM-4V vision towers. Coordinates h, w. */
  'qwen2-vl': { pairing: 'half' },
  /** Pixtral: even frequencies go by h, odd ones by w. */
  pixtral: { pairing: 'half', frequencies: 'split' },
  /** Kimi-K2.5: coordinates h, w; pairs w0 h0 w1 h1 ... */
  'kimi-k2.5': { pairing: 'half', order: 'alternating', axisOrder: [1, 0] },
  /** Gemma 4: each axis rotates a block of its own. One table an axis: give `axis`. */
  'gemma-4': { pairing: 'half', pairingBlocks: 'axis', ropeTheta: 100 },
  /** Llama 4: coordinates x + 1, y + 1; the class token comes last (suffixTokens: 1). */
  'llama-4': { gridOrder: [1, 0], gridOffset: 1 },
  /** SAM 2 and SAM 3 memory attention: coordinates x, y; keys may repeat the table (repeat) and end unrotated (suffixTokens). */
  'sam-2': { gridOrder: [1, 0] },
  /** DINOv3: normalized centres of the patches, whole turns; class and register tokens come first (prefixTokens). */
  dinov3: { pairing: 'half', ropeTheta: 100, coordinates: 'centered', coordinateScale: TURN },
  /** EVA-02 and timm RotaryEmbeddingCat, in_pixels=False. */
  'eva-02': {},
  /** timm RotaryEmbeddingCat, in_pixels=True, linear_bands=True. */
  'eva-02-pixel': { frequencies: 'pixel', maxFreq: 224, coordinates: 'unit' },
  /** timm RotaryEmbedding and RotaryEmbeddingCat, in_pixels=True with logarithmic bands (linear_bands=False). */
  'timm-pixel': { frequencies: 'pixel-exponential', maxFreq: 224, coordinates: 'unit' },
  /** Flux.1, Chroma, Bria FIBO: coordinates index, y, x; text tokens at 0 0 0 (axialPositions). */
  flux: { axesDim: [16, 56, 56] },
  /** Flux.2: coordinates t, y, x and the place in the text. */
  'flux-2': { axesDim: [32, 32, 32, 32], ropeTheta: 2000 },
  /** Wan 2.1, 2.2, SkyReels-V2: coordinates t, y, x. */
  wan: { axesDim: 'sixths' },
  /** HunyuanVideo: coordinates t, y, x. */
  'hunyuan-video': { axesDim: [16, 56, 56], ropeTheta: 256 },
  /** Qwen-Image, Qwen-Image-Edit: coordinates frame, y, x from the centre; text behind the images (axialPositions). */
  'qwen-image': { axesDim: [16, 56, 56] },
  /** CogVideoX: coordinates t, y, x; those of 1.0 are points of a crop (axialPositions). */
  cogvideox: { axesDim: 'eighths' },
  /** Z-Image: coordinates index or t, y, x. */
  'z-image': { axesDim: [32, 48, 48], ropeTheta: 256 },
  /** Lumina-Image 2.0: coordinates index, y, x. */
  'lumina-2': { axesDim: [32, 32, 32] },
  /** MiniMax-M3 vision: coordinates t, h, w. */
  'minimax-m3': { pairing: 'half', axes: 3 },
  /** V-JEPA 2: coordinates frame, row, column. Not a rotation: kept for its checkpoints. */
  'v-jepa-2': { axes: 3, tiled: true },
  /** EfficientLoFTR: over the whole hidden size, coordinates row + 1, column + 1 in turn. */
  efficientloftr: { order: 'alternating', gridOffset: 1 },
  /** rotary-embedding-torch get_axial_freqs, freqs_for 'lang', 'pixel', 'constant'; axes and axisDim are yours. */
  'lucidrains-lang': {},
  'lucidrains-pixel': { frequencies: 'pixel', maxFreq: 10, coordinates: 'unit' },
  'lucidrains-constant': { frequencies: 'constant' },
} as const satisfies Record<string, Row>;

/** Everybody who imports the package reads the same rows: nobody changes them for the others. */
function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object') frozen(part);
  return Object.freeze(value);
}

/**
 * The axial embeddings of published models, one row a model: what `axialTable({ preset })` stands for.
 * @example
 * console.log(Object.keys(AXIAL_PRESETS).includes('qwen2-vl')); // true
 */
export const AXIAL_PRESETS: typeof ROWS = frozen(ROWS);

export type AxialPreset = keyof typeof AXIAL_PRESETS;
