/** The test vectors that `posenc vectors` prints and `posenc check` knows: parameters only, numbers are computed. */

import { type AlibiOptions, type HeadSpec, ROPE_EXAMPLES, type SinusoidalOptions } from '../index.ts';

export type Preset = { readonly about: string } & (
  | {
      readonly kind: 'rotary';
      readonly spec: HeadSpec;
      /** One for each token; with mropeSection [t..., h..., w...]. Default: POSITIONS. */
      readonly positions?: readonly number[];
      readonly context?: number;
    }
  | { readonly kind: 'sinusoidal'; readonly options: Extract<SinusoidalOptions, { readonly length: number }> }
  | { readonly kind: 'alibi'; readonly options: Omit<AlibiOptions, 'out' | 'engine'> }
);

/** Neighbours, a gap, and a position where a wrong base or a missing scaling cannot hide. */
export const POSITIONS: readonly number[] = [0, 1, 2, 3, 10, 100, 1000, 4095];

const rotary = (
  about: string,
  spec: HeadSpec,
  more: { positions?: readonly number[]; context?: number } = {},
): Preset => ({
  kind: 'rotary',
  about,
  spec,
  ...more,
});

/** One of each rope type, as its own file has it. */
const RULES = Object.fromEntries(
  Object.entries(ROPE_EXAMPLES).map(([type, { about, spec, context }]) => [
    type,
    rotary(about, spec, context === undefined ? {} : { context }),
  ]),
);

export const PRESETS: Readonly<Record<string, Preset>> = {
  ...RULES,
  interleaved: rotary('GPT-J, Meta, ggml NORMAL: neighbouring channels', {
    headDim: 64,
    ropeTheta: 10000,
    pairing: 'interleaved',
  }),
  partial: rotary('GPT-NeoX, Phi-2: the first quarter of the head', {
    headDim: 64,
    rotaryDim: 16,
    ropeTheta: 10000,
    pairing: 'half',
  }),
  deepseek: rotary('DeepSeek-V3: YaRN on a trailing slice of 64, interleaved in, half out', {
    headDim: 192,
    rotaryDim: 64,
    rotaryOffset: 128,
    pairing: 'interleaved',
    outputPairing: 'half',
    ropeTheta: 10000,
    ropeType: 'yarn',
    factor: 40,
    originalMaxPositionEmbeddings: 4096,
    mscale: 1,
    mscaleAllDim: 1,
  }),
  mrope: rotary(
    'Qwen2-VL: pairs take the positions of time, height or width',
    { headDim: 128, ropeTheta: 1000000, mropeSection: [16, 24, 24], mropeLayout: 'chunked' },
    { positions: [...[0, 1, 2, 2, 2, 2, 4, 5], ...[0, 1, 2, 2, 3, 3, 4, 5], ...[0, 1, 2, 3, 2, 3, 4, 5]] },
  ),
  sinusoidal: {
    kind: 'sinusoidal',
    about: 'arXiv 1706.03762: sine, cosine, sine, cosine',
    options: { length: 16, dim: 32, arrangement: 'interleaved' },
  },
  'sinusoidal-concat': {
    kind: 'sinusoidal',
    about: 'fairseq, Whisper: all sines, then all cosines; exponent over dim / 2 - 1',
    options: { length: 16, dim: 32, arrangement: 'concat', denominator: 'half-1' },
  },
  alibi: {
    kind: 'alibi',
    about: 'arXiv 2108.12409: -slope * distance',
    options: { heads: 8, queryLength: 6, keyLength: 6 },
  },
  'alibi-12': {
    kind: 'alibi',
    about: 'a number of heads that is no power of two: which slopes come first',
    options: { heads: 12, queryLength: 4, keyLength: 6 },
  },
};
