/** Towers whose rotary table lies on a grid. */
import type { ModelRecord, TowerFacts } from './record.ts';
import { base, given } from './words.ts';

/** Rows and columns of patches. */
const PLANE: TowerFacts = {
  family: 'tower',
  preset: 'qwen2-vl',
  base: base(1e4),
  prefix: 0,
  prefixKeys: [],
  width: given(null),
  heads: given(null),
};
/** Qwen2-VL: patches come in blocks that will be merged. */
const MERGED: TowerFacts = { ...PLANE, merge: given(2, 'spatial_merge_size') };
/** Qwen3-VL. */
const WITH_ROWS: TowerFacts = {
  ...MERGED,
  note: 'and learned rows (num_position_embeddings, a square), resized to the grid of the image and added to the patches',
};
/** The grid of images of one size. */
const patches = (image: number | null, patch: number): Pick<TowerFacts, 'grid'> => ({
  grid: { image: given(image, 'image_size'), patch: given(patch, 'patch_size') },
});
const tower = (hidden: number, count: number): Pick<TowerFacts, 'width' | 'heads'> => ({
  width: given(hidden, 'embed_dim', 'hidden_size'),
  heads: given(count, 'num_heads', 'num_attention_heads'),
});
/** Coordinates of patch centres; the class and register tokens before them stand still. */
const DINOV3: TowerFacts = {
  ...PLANE,
  preset: 'dinov3',
  base: base(100),
  prefix: 1,
  coordinates: 'patch centres scaled to -1..1, times 2 pi',
  ignores: ['pos_embed_rescale', 'pos_embed_jitter', 'pos_embed_shift'],
};

export const gridsRecords = (): readonly ModelRecord[] => [
  {
    types: ['dinov3_vit'],
    source: null,
    config: { ...DINOV3, ...tower(384, 6), ...patches(224, 16), prefixKeys: [given(0, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['eomt_dinov3'],
    source: null,
    config: { ...DINOV3, ...tower(1024, 16), ...patches(640, 16), prefixKeys: [given(4, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['qwen2_vl_vision'],
    source: 'qwen2_vl',
    config: { ...MERGED, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_vl_vision', 'qwen2_5_vit'],
    source: 'qwen2_5_vl',
    config: { ...MERGED, rate: given(4, 'tokens_per_second'), ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_vision'],
    source: 'qwen3_vl',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_moe_vision'],
    source: 'qwen3_vl_moe',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_vision'],
    source: 'qwen3_5',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_moe_vision'],
    source: 'qwen3_5_moe',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen4_exp_vision'],
    source: 'qwen4_exp',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_omni_vision_encoder'],
    source: 'qwen2_5_omni',
    config: { ...MERGED, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_omni_moe_vision_encoder'],
    source: 'qwen3_omni_moe',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['glm4v_vision'],
    source: 'glm4v',
    config: {
      ...MERGED,
      ...tower(1536, 12),
      note: 'and learned rows, resized to the grid of the image by cubic interpolation and added to the patches',
    },
    gguf: null,
  },
  {
    types: ['glm4v_moe_vision'],
    source: 'glm4v_moe',
    config: {
      ...MERGED,
      ...tower(1536, 12),
      note: 'and learned rows, resized to the grid of the image by cubic interpolation and added to the patches',
    },
    gguf: null,
  },
  {
    types: ['glm_ocr_vision'],
    source: 'glm_ocr',
    config: { ...MERGED, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['glm5_next_vision'],
    source: 'glm5_next',
    config: { ...MERGED, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['ernie4_5_vl_moe_vision'],
    source: 'ernie4_5_vl_moe',
    config: { ...MERGED, frames: given(2, 'temporal_merge_size'), ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['paddleocr_vl_vision'],
    source: 'paddleocr_vl',
    config: {
      ...PLANE,
      ...tower(1152, 16),
      note: 'and learned rows, resized to the grid of the image and added to the patches',
    },
    gguf: null,
  },
  {
    types: ['video_llama_3_vision'],
    source: 'video_llama_3',
    config: { ...MERGED, ...tower(768, 12) },
    gguf: null,
  },
  {
    types: ['exaone4_5_vision'],
    source: 'exaone4_5',
    config: { ...MERGED, ...tower(2048, 16) },
    gguf: null,
  },
  {
    types: ['cohere_compass_vision'],
    source: 'cohere_compass',
    config: { ...WITH_ROWS, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['mlcd_vision_model', 'mlcd'],
    source: 'mlcd',
    config: { ...PLANE, ...tower(1664, 16), ...patches(336, 14), prefix: 1 },
    gguf: null,
  },
  {
    types: ['kimi_k25_vision', 'moonvit'],
    source: 'kimi_k25',
    config: {
      ...PLANE,
      preset: 'kimi-k2.5',
      ignores: ['init_pos_emb_height', 'init_pos_emb_width', 'init_pos_emb_time', 'pos_emb_type'],
      note: 'and learned rows, resized to the grid of the image and added to the patches',
      width: given(1152, 'vt_hidden_size', 'hidden_size'),
      heads: given(16, 'vt_num_attention_heads', 'num_attention_heads'),
    },
    gguf: null,
  },
  {
    types: ['minimax_m3_vl_vision'],
    source: 'minimax_m3_vl',
    config: { ...PLANE, preset: 'minimax-m3', ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['llama4_vision_model'],
    source: 'llama4',
    config: {
      ...PLANE,
      preset: 'llama-4',
      suffix: 1,
      ...tower(768, 16),
      ...patches(448, 14),
      note: 'and a learned row for every patch and the class token, which stands last',
    },
    gguf: null,
  },
  {
    types: ['gemma4_vision'],
    source: 'gemma4',
    config: {
      ...PLANE,
      preset: 'gemma-4',
      ignores: ['position_embedding_size'],
      base: base(100),
      ...tower(768, 12),
      note: 'one table an axis; and learned rows of x and y, added to the patches',
    },
    gguf: null,
  },
  {
    types: ['pixtral'],
    source: null,
    config: { ...PLANE, preset: 'pixtral', ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['sam3_vit_model'],
    source: 'sam3',
    config: {
      ...PLANE,
      preset: 'sam-2',
      ...tower(1024, 16),
      ...patches(1008, 14),
      note: 'the grid is that of the global layers, whose referenceGrid is the window: [window_size, window_size]; the other layers have one table of the grid of a window',
    },
    gguf: null,
  },
  {
    types: ['sapiens2'],
    source: null,
    config: { ...DINOV3, ...tower(1024, 16), ...patches(null, 16), prefixKeys: [given(8, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['vjepa2'],
    source: null,
    config: {
      ...PLANE,
      preset: 'v-jepa-2',
      ...tower(1024, 16),
      grid: {
        image: given(256, 'crop_size', 'image_size'),
        patch: given(16, 'patch_size'),
        frames: { count: given(64, 'frames_per_clip'), tube: given(2, 'tubelet_size') },
      },
    },
    gguf: null,
  },
];
