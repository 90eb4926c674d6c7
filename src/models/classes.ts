/**
 * What the model classes of transformers (5.18) do when a configuration is silent: base, partial factor, pairing,
 * sections, layer types. Grouped by value; a model type that is in no group has the plain value written at its group.
 * These are facts about code, not about checkpoints: a key in the file always wins.
 */
import type { MropeLayout, Pairing } from '../rotary/spec.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);
const sets = new Map<string, Set<string>>();
/** Whether `type` is one of the words of `text`. */
function isIn(text: string, type: string): boolean {
  let set = sets.get(text);
  if (!set) sets.set(text, (set = new Set(words(text))));
  return set.has(type);
}

/** Classes with one rotary table whose only facts are the base 10000, half pairing and the whole head. */
const PLAIN = `
  afmoe arcee aria_text chameleon dbrx deepseek_ocr2_encoder deepseek_ocr2_text dia_decoder dia_encoder diffllama doge
  dots1 esm esmc eurobert exaone4 exaone_moe falcon falcon_h1 gemma gemma2 granite granite4_vision_text granite_swa
  granitemoe granitemoe_swa granitemoehybrid granitemoeshared hrm_text hunyuan_v1_dense hunyuan_v1_moe hyperclovax idefics
  jais2 jetmoe kyutai_speech_to_text llama mimi ministral mistral moshi muse_glimmer_text nanochat neucodec olmo olmo2
  olmo_hybrid olmoe qwen2 qwen2_5_omni_dit qwen2_moe qwen3 qwen3_moe seed_oss starcoder2 t5_gemma_module timesfm2_5
  vaultgemma voxtral_realtime_encoder voxtral_realtime_text xcodec2 zamba2 lasr_encoder`;

const THETA: readonly (readonly [number, string])[] = [
  [1e3, 'nomic_bert'],
  [2e4, 'jina_embeddings_v3 pe_audio_encoder'],
  [1e5, 'helium'],
  [1.5e5, 'gpt_oss openai_privacy_filter'],
  [1.6e5, 'gte'],
  [
    5e5,
    `EvollaModel evolla bitnet blt_global_transformer blt_local_decoder blt_local_encoder cohere csm
     csm_depth_decoder_model ernie4_5 ernie4_5_moe ernie4_5_vl_moe_text flex_olmo higgs_audio_v2 llama4_text
     mllama_text_model muse_glimmer_assistant paddleocr_vl_text qwen3_vl_moe_text qwen3_vl_text`,
  ],
  [
    1e6,
    `cwm emu3_text_model lfm2 lfm2_moe minimax ministral3 mixtral phimoe qwen2_5_omni_talker qwen2_5_omni_text
     qwen2_5_vl_text qwen2_vl_text qwen3_omni_moe_text solar_open`,
  ],
  [2e6, 'smollm3'],
  [5e6, 'minimax_m2 minimax_m3_vl_text zaya'],
  [1e7, 'longcat_flash'],
  [11158840, 'hy_v3'],
  [1.2e7, 'apertus'],
  [1e8, 'cosmos3_edge_text'],
];

/** Classes that rotate a part of the head, with the factor they assume; in every other class the key has no effect. */
const PARTIAL: readonly (readonly [number, string])[] = [
  [0.125, 'deepseek_v4'],
  [0.25, 'gpt_neox qwen3_5_moe_text qwen3_5_text qwen3_next stablelm'],
  [0.334, 'mimo_v2_flash'],
  [0.5, 'bamba glm glm4 glm4_moe glm4v_moe_text glmasr_encoder nemotron persimmon phi recurrent_gemma zaya'],
  [0.8, 'moonshine_streaming'],
  [0.9, 'moonshine'],
  [
    1,
    `gpt_neox_japanese nemotron3_diarization_audio phi3 phi4_multimodal glm4v_text glm_image_text glm_ocr_text
     minimax_m2 minimax minimax_m3_vl_text laguna neomme nomic_bert qwen4_exp_text gptj codegen mellum step3p5
     diffusion_gemma_text gemma4_text gemma4_unified_text`,
  ],
];

/** Classes whose head_dim default is a number, not hidden_size / num_attention_heads. */
const HEAD_DIM: readonly (readonly [number, string])[] = [
  [64, 'gpt_oss openai_privacy_filter'],
  [
    128,
    `afmoe cosmos3_edge_text cwm ernie4_5 glm glm4 helium higgs_audio_v2 hy_v3 laguna llama4_text mellum minimax_m2
     minimax_m3_vl_text ministral3 paddleocr_vl_text qwen3 qwen3_vl_moe_text qwen3_vl_text seed_oss solar_open step3p5 zaya`,
  ],
  [192, 'mimo_v2_flash'],
  [
    256,
    `gemma gemma2 gemma3_text gemma3n_text gemma4_text gemma4_unified_text diffusion_gemma_text qwen3_5_moe_text
     qwen3_5_text qwen3_next qwen4_exp_text t5_gemma_module t5gemma2_decoder t5gemma2_text vaultgemma`,
  ],
  [512, 'deepseek_v4'],
];

/**
 * Sizes of classes whose nested configurations are published as differences from their defaults (LLaVA, Idefics, ...):
 * hidden_size, num_attention_heads, num_hidden_layers.
 */
const SIZES: readonly (readonly [readonly [number, number, number], string])[] = [
  [[4096, 32, 32], 'llama mistral mixtral qwen2 qwen3 chameleon olmo olmo2'],
  [[3072, 16, 28], 'gemma'],
  [[2304, 8, 26], 'gemma2 gemma3_text'],
  [[3072, 32, 32], 'phi3'],
  [[4096, 64, 36], 'persimmon'],
  [[4096, 32, 40], 'mllama_text_model'],
];

const INTERLEAVED = `
  blt_global_transformer blt_local_decoder blt_local_encoder blt_patcher codegen cohere cohere2 cohere2_moe deepseek_v2
  deepseek_v4 ernie4_5 ernie4_5_moe ernie4_5_vl_moe_text glm glm4 glm4v_text glm_image_text glm_ocr_text gptj helium
  llama4_text moonshine moonshine_streaming openai_privacy_filter pe_audio_encoder roformer`;

/** Interleaved input, half-split output, unless the file says rope_interleave: false. */
const INTERLEAVED_TO_HALF = 'axk1 axk2 deepseek_v3 deepseek_v32 glm4_moe_lite glm_moe_dsa longcat_flash mistral4 youtu';

/** Multi-head latent attention: a decoupled rotary part of qk_rope_head_dim channels after qk_nope_head_dim others. */
const MLA: readonly (readonly [number, string])[] = [
  [32, 'axk2 minicpm3'],
  [64, 'axk1 deepseek_v2 deepseek_v3 deepseek_v32 glm4_moe_lite glm_moe_dsa hy_v4 longcat_flash mistral4 youtu'],
];

/** MLA classes that multiply the softmax scale by (0.1 mscale_all_dim ln factor + 1)^2. */
const SOFTMAX_MSCALE =
  'axk1 axk2 deepseek_v2 deepseek_v3 deepseek_v32 glm4_moe_lite glm_moe_dsa longcat_flash mistral4 youtu';

const MROPE: readonly (readonly [readonly number[], MropeLayout, string])[] = [
  [[8, 12, 12], 'chunked', 'glm4v_moe_text glm4v_text glm_image_text glm_ocr_text'],
  [[16, 24, 24], 'chunked', 'paddleocr_vl_text qwen2_5_omni_talker qwen2_5_omni_text qwen2_5_vl_text qwen2_vl_text'],
  [[22, 22, 20], 'ernie_hw_alternating', 'ernie4_5_vl_moe_text'],
  [
    [24, 20, 20],
    'interleaved',
    `cosmos3_edge_text qwen3_omni_moe_talker_code_predictor qwen3_omni_moe_talker_text qwen3_omni_moe_text
     qwen3_vl_moe_text qwen3_vl_text`,
  ],
  [[11, 11, 10], 'interleaved', 'qwen3_5_moe_text qwen3_5_text qwen4_exp_text'],
];

/** One of several rotary tables of a model: which layers use it, where its base is written, whether scaling applies. */
export interface LabelFacts {
  readonly label: string;
  readonly theta: number;
  /** Top-level keys of the base, first found wins. */
  readonly thetaKeys: readonly string[];
  /** A flat rope_scaling block belongs to this table. */
  readonly scaled: boolean;
  readonly partial?: number;
  readonly ropeType?: 'proportional';
}

const fullAndSliding = (
  full: number,
  sliding: number,
  slidingKeys: readonly string[],
  fullKeys: readonly string[] = ['rope_theta'],
): readonly LabelFacts[] => [
  { label: 'full_attention', theta: full, thetaKeys: fullKeys, scaled: true },
  { label: 'sliding_attention', theta: sliding, thetaKeys: slidingKeys, scaled: false },
];

const GEMMA3 = fullAndSliding(1e6, 1e4, ['rope_local_base_freq']);
const GEMMA4 = GEMMA3.map((facts) =>
  facts.scaled ? { ...facts, partial: 0.25, ropeType: 'proportional' as const } : facts,
);
const MODERNBERT = fullAndSliding(1.6e5, 1e4, ['local_rope_theta'], ['global_rope_theta', 'rope_theta']);

const LABELS: Readonly<Record<string, readonly LabelFacts[]>> = {
  gemma3_text: GEMMA3,
  gemma3n_text: GEMMA3,
  t5gemma2_text: GEMMA3,
  t5gemma2_decoder: GEMMA3,
  gemma4_text: GEMMA4,
  gemma4_unified_text: GEMMA4,
  diffusion_gemma_text: GEMMA4,
  modernbert: MODERNBERT,
  'modernbert-decoder': MODERNBERT,
  olmo3: fullAndSliding(5e5, 5e5, ['rope_theta']),
  mimo_v2_flash: fullAndSliding(5e6, 1e4, ['swa_rope_theta']),
  deepseek_v4: [
    { label: 'main', theta: 1e4, thetaKeys: ['rope_theta'], scaled: false },
    { label: 'compress', theta: 1.6e5, thetaKeys: ['compress_rope_theta'], scaled: true },
  ],
  laguna: [
    { label: 'full_attention', theta: 5e5, thetaKeys: ['rope_theta'], scaled: true, partial: 0.5 },
    { label: 'sliding_attention', theta: 1e4, thetaKeys: ['swa_rope_theta'], scaled: false },
  ],
  mellum: fullAndSliding(5e5, 5e5, ['rope_local_base_freq', 'rope_theta']),
  neomme: [
    { label: 'full_attention', theta: 1e6, thetaKeys: ['rope_theta'], scaled: true, partial: 0.25 },
    { label: 'sliding_attention', theta: 1e4, thetaKeys: ['rope_local_base_freq'], scaled: false },
  ],
};

/** Rope blocks of classes whose default is a scaled table. */
const DEFAULT_BLOCK: Readonly<Record<string, Readonly<Record<string, number | string | boolean>>>> = {
  gpt_oss: {
    rope_type: 'yarn',
    factor: 32,
    beta_fast: 32,
    beta_slow: 1,
    truncate: false,
    original_max_position_embeddings: 4096,
  },
  apertus: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};
/** Classes whose default is a scaled table that is not written here: a file without a block cannot be read. */
const SCALED_BY_DEFAULT = 'cwm higgs_audio_v2 ministral3 mistral4 openai_privacy_filter';

/** Names under which a class is also published: remote code that computes the same, and wrappers without a text type. */
const ALIASES: Readonly<Record<string, string>> = {
  internlm: 'llama',
  internlm2: 'llama',
  internlm3: 'llama',
  exaone: 'llama',
  mimo: 'qwen2',
  phi3_v: 'phi3',
  minimax_text_01: 'minimax',
  minimax_m1: 'minimax',
  kimi_k2: 'deepseek_v3',
  kimi_k25: 'deepseek_v3',
  deepseek_vl_v2: 'deepseek_v2',
  stablelm_epoch: 'stablelm',
  llava: 'llama',
  llava_next: 'llama',
  vipllava: 'llama',
  paligemma: 'gemma',
  mistral3: 'mistral',
  voxtral: 'llama',
  aya_vision: 'cohere2',
  cohere2_vision: 'cohere2',
  internvl: 'qwen2',
  got_ocr2: 'qwen2',
  llava_onevision: 'qwen2',
  qwen2_audio: 'qwen2',
  smolvlm: 'llama',
  idefics3: 'llama',
  idefics2: 'mistral',
  mllama: 'mllama_text_model',
  llama4: 'llama4_text',
  emu3: 'emu3_text_model',
  fuyu: 'persimmon',
  t5gemma: 't5_gemma_module',
  t5gemma2: 't5gemma2_text',
  blt: 'blt_global_transformer',
  qwen2_5_omni: 'qwen2_5_omni_text',
  qwen2_5_omni_thinker: 'qwen2_5_omni_text',
  qwen3_omni_moe: 'qwen3_omni_moe_text',
  qwen3_omni_moe_thinker: 'qwen3_omni_moe_text',
};

export interface ModelClass {
  readonly type: string;
  readonly theta: number;
  /** Default partial factor; undefined when the class rotates the whole head whatever the file says. */
  readonly partial?: number;
  readonly headDim?: number;
  readonly pairing: Pairing;
  readonly outputPairing?: Pairing;
  /** Default qk_rope_head_dim of a latent-attention class. */
  readonly mla?: number;
  readonly softmaxMscale: boolean;
  readonly mrope?: { readonly section: readonly number[]; readonly layout: MropeLayout };
  readonly labels?: readonly LabelFacts[];
  readonly defaultBlock?: Readonly<Record<string, number | string | boolean>>;
  readonly needsBlock: boolean;
  readonly sizes?: { readonly hidden: number; readonly heads: number; readonly layers: number };
}

const KNOWN = new Set([
  ...words(PLAIN),
  ...[THETA, PARTIAL, HEAD_DIM, MLA].flatMap((table) => table.flatMap(([, text]) => words(text))),
  ...MROPE.flatMap(([, , text]) => words(text)),
  ...words(INTERLEAVED),
  ...words(INTERLEAVED_TO_HALF),
  ...Object.keys(LABELS),
]);

const lookup = (table: readonly (readonly [number, string])[], type: string): number | undefined =>
  table.find(([, text]) => isIn(text, type))?.[0];

/** The rotary class of a model type, directly, as `<type>_text`, or under another name it is published by. */
export function modelClass(modelType: string): ModelClass | undefined {
  const type = [modelType, `${modelType}_text`, Object.hasOwn(ALIASES, modelType) ? ALIASES[modelType] : ''].find(
    (name) => KNOWN.has(name),
  );
  if (type === undefined) return undefined;
  const mrope = MROPE.find(([, , text]) => isIn(text, type));
  const sizes = SIZES.find(([, text]) => isIn(text, type))?.[0];
  const toHalf = isIn(INTERLEAVED_TO_HALF, type);
  return {
    type,
    theta: lookup(THETA, type) ?? 10000,
    partial: lookup(PARTIAL, type),
    headDim: lookup(HEAD_DIM, type),
    pairing: toHalf || isIn(INTERLEAVED, type) ? 'interleaved' : 'half',
    outputPairing: toHalf ? 'half' : undefined,
    mla: lookup(MLA, type),
    softmaxMscale: isIn(SOFTMAX_MSCALE, type),
    mrope: mrope && { section: mrope[0], layout: mrope[1] },
    labels: Object.hasOwn(LABELS, type) ? LABELS[type] : undefined,
    defaultBlock: Object.hasOwn(DEFAULT_BLOCK, type) ? DEFAULT_BLOCK[type] : undefined,
    needsBlock: isIn(SCALED_BY_DEFAULT, type),
    sizes: sizes && { hidden: sizes[0], heads: sizes[1], layers: sizes[2] },
  };
}

const squash = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
const BY_ARCHITECTURE = new Map([...KNOWN].map((type) => [squash(type), type]));

/** The class named by `architectures[0]` (DeepseekV3ForCausalLM -> deepseek_v3): many a fork keeps it under a new model_type. */
export function classOfArchitecture(architecture: string): ModelClass | undefined {
  const name = squash(architecture.slice(0, 80).replace(/(For[A-Z]\w*|Model|LMHeadModel)$/, ''));
  const type = BY_ARCHITECTURE.get(name) ?? BY_ARCHITECTURE.get(`${name}text`);
  return type === undefined ? undefined : modelClass(type);
}
