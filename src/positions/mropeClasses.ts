/**
 * What each model class does with the positions of pictures, videos and sound: one row a class, nothing computed.
 * Sources: get_rope_index of transformers 5.18 (models/<type>/modeling_<type>.py); the value of a published config.json
 * where it differs from the default of the class.
 */

export interface MropeClass {
  /**
   * How the tokens of a video lie. 'run': all frames in one run. 'apart': every frame is a run of its own, with text (a
   * timestamp) between. 'image': apart, and written with the token of pictures between the start and the end of a video.
   * 'none': the class takes no videos.
   */
  readonly frames: 'run' | 'apart' | 'image' | 'none';
  /** Temporal positions per second; without it a frame is one step. */
  readonly tokensPerSecond?: number;
  /** float32 order of frame x seconds x rate: 'rate' multiplies the last two first, 'seconds' the first two. */
  readonly timeOrder?: 'rate' | 'seconds';
  /** Seconds between frames when the caller does not say; without it they are required. */
  readonly secondPerGrid?: number;
  /** Pictures take the rate as well: frame t stands at t * tokensPerSecond (their t is 1 in practice). */
  readonly timedImages?: true;
  /** Frames merged into one along time. */
  readonly temporalMerge?: number;
  /** The audio encoder, which decides how many tokens a sound takes and how it lies inside its video. */
  readonly audio?: 'qwen2_5_omni' | 'qwen3_omni';
  /** Positions are float32: time is not truncated. */
  readonly float?: true;
  /** Where text goes on after a block, if the class has one rule only. */
  readonly advance?: 'maximum';
  /** HunYuan's own rule: width, height and number of the picture, and the plain index everywhere else. */
  readonly plain?: true;
  /** Position of padding in a batch with pictures or videos, and in one without. Default 0 and 0. */
  readonly padding?: readonly [vision: number, none: number];
  /** Token ids of the one tokenizer all checkpoints of the class share; without them the caller must say them. */
  readonly tokens?: { readonly image: number; readonly video: number; readonly audio?: number };
}

const QWEN2_TOKENS = { image: 151655, video: 151656 };
const QWEN2_VL = { frames: 'run' } as const;
const QWEN3_VL = { frames: 'apart' } as const;
const GLM = { frames: 'image' } as const;

export const MROPE_CLASSES = {
  qwen2_vl: { ...QWEN2_VL, tokens: QWEN2_TOKENS },
  qwen2_5_vl: { ...QWEN2_VL, tokensPerSecond: 2, timeOrder: 'rate', secondPerGrid: 1, tokens: QWEN2_TOKENS },
  qwen3_vl: { ...QWEN3_VL, tokens: QWEN2_TOKENS },
  qwen3_vl_moe: { ...QWEN3_VL, tokens: QWEN2_TOKENS },
  qwen3_5: QWEN3_VL,
  qwen3_5_moe: QWEN3_VL,
  qwen4_exp: QWEN3_VL,
  cosmos3_edge: QWEN3_VL,
  cosmos3_omni: QWEN3_VL,
  cohere_compass: QWEN3_VL,
  qwen2_5_omni: {
    frames: 'run',
    tokensPerSecond: 25,
    timeOrder: 'seconds',
    timedImages: true,
    audio: 'qwen2_5_omni',
    advance: 'maximum',
    padding: [1, 1],
    tokens: { ...QWEN2_TOKENS, audio: 151646 },
  },
  qwen3_omni_moe: {
    frames: 'run',
    tokensPerSecond: 13,
    timeOrder: 'seconds',
    timedImages: true,
    audio: 'qwen3_omni',
    float: true,
    advance: 'maximum',
    padding: [0, 1],
  },
  glm4v: GLM,
  glm4v_moe: GLM,
  glm46v: GLM,
  glmga: GLM,
  glm_ocr: GLM,
  paddleocr_vl: { frames: 'none' },
  ernie4_5_vl_moe: { frames: 'run', temporalMerge: 2 },
  hunyuan_vl: { frames: 'none', plain: true },
} as const satisfies Readonly<Record<string, MropeClass>>;

export type MropeModel = keyof typeof MROPE_CLASSES;
/** The class whose positions are no integers. */
export type FloatMropeModel = {
  [M in MropeModel]: (typeof MROPE_CLASSES)[M] extends { float: true } ? M : never;
}[MropeModel];

/** Classes with position streams whose rule is none of these: asking for one says why. */
export const MROPE_OTHERS: Readonly<Record<string, string>> = {
  glm_image: 'its prompt says where the pictures to be made will lie, a rule of its own',
  minicpmv4_6: 'its pictures count like text in all streams: positionIds',
  minicpmv4_7: 'its pictures are tiles on a common canvas, a rule of its own',
};
