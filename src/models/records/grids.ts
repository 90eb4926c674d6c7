/** Towers whose rotary table lies on a grid. */
import type { ModelRecord, TowerFacts } from './record.ts';
import { base, given } from './words.ts';

/** One ladder of a quarter of the head for each axis. */
const AXIAL: TowerFacts = {
  family: 'tower',
  variant: 'qwen2_vl',
  base: base(1e4),
  arrangement: 'axis-blocks',
  prefix: 0,
  prefixKeys: [],
  pairing: 'half',
  width: given(null),
  heads: given(null),
};
const tower = (hidden: number, count: number): Pick<TowerFacts, 'width' | 'heads'> => ({
  width: given(hidden, 'embed_dim', 'hidden_size'),
  heads: given(count, 'num_heads', 'num_attention_heads'),
});
/** Coordinates of patch centres; the class and register tokens before them stand still. */
const DINOV3: TowerFacts = {
  ...AXIAL,
  variant: 'dinov3',
  base: base(100),
  prefix: 1,
  coordinates: 'patch centres scaled to -1..1, times 2 pi',
  ignores: ['pos_embed_rescale', 'pos_embed_jitter', 'pos_embed_shift'],
};

export const GRIDS_RECORDS: readonly ModelRecord[] = [
  {
    types: ['dinov3_vit'],
    source: 'dinov3_vit',
    config: { ...DINOV3, ...tower(384, 6), prefixKeys: [given(0, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['eomt_dinov3'],
    source: 'eomt_dinov3',
    config: { ...DINOV3, ...tower(1024, 16), prefixKeys: [given(4, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['qwen2_vl_vision'],
    source: 'qwen2_vl',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_vl_vision', 'qwen2_5_vit'],
    source: 'qwen2_5_vl',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_vision'],
    source: 'qwen3_vl',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_moe_vision'],
    source: 'qwen3_vl_moe',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_vision'],
    source: 'qwen3_5',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_moe_vision'],
    source: 'qwen3_5_moe',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen4_exp_vision'],
    source: 'qwen4_exp',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_omni_vision_encoder'],
    source: 'qwen2_5_omni',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_omni_moe_vision_encoder'],
    source: 'qwen3_omni_moe',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['glm4v_vision'],
    source: 'glm4v',
    config: { ...AXIAL, ...tower(1536, 12) },
    gguf: null,
  },
  {
    types: ['glm4v_moe_vision'],
    source: 'glm4v_moe',
    config: { ...AXIAL, ...tower(1536, 12) },
    gguf: null,
  },
  {
    types: ['glm_ocr_vision'],
    source: 'glm_ocr',
    config: { ...AXIAL, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['glm5_next_vision'],
    source: 'glm5_next',
    config: { ...AXIAL, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['ernie4_5_vl_moe_vision'],
    source: 'ernie4_5_vl_moe',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['paddleocr_vl_vision'],
    source: 'paddleocr_vl',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['video_llama_3_vision'],
    source: 'video_llama_3',
    config: { ...AXIAL, ...tower(768, 12) },
    gguf: null,
  },
  {
    types: ['exaone4_5_vision'],
    source: 'exaone4_5',
    config: { ...AXIAL, ...tower(2048, 16) },
    gguf: null,
  },
  {
    types: ['cohere_compass_vision'],
    source: 'cohere_compass',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['mlcd_vision_model', 'mlcd'],
    source: 'mlcd',
    config: { ...AXIAL, ...tower(1664, 16), prefix: 1 },
    gguf: null,
  },
  {
    types: ['kimi_k25_vision', 'moonvit'],
    source: 'kimi_k25',
    config: {
      ...AXIAL,
      variant: 'kimi_k25',
      width: given(1152, 'vt_hidden_size', 'hidden_size'),
      heads: given(16, 'vt_num_attention_heads', 'num_attention_heads'),
    },
    gguf: null,
  },
  {
    types: ['minimax_m3_vl_vision'],
    source: 'minimax_m3_vl',
    config: { ...AXIAL, variant: 'minimax_m3', ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['llama4_vision_model'],
    source: 'llama4',
    config: { ...AXIAL, variant: 'llama4', prefix: 1, pairing: 'interleaved', ...tower(768, 16) },
    gguf: null,
  },
  {
    types: ['gemma4_vision'],
    source: 'gemma4',
    config: { ...AXIAL, variant: 'gemma4', base: base(100), ...tower(768, 12) },
    gguf: null,
  },
  {
    types: ['pixtral'],
    source: 'pixtral',
    config: { ...AXIAL, variant: 'pixtral', arrangement: 'even-odd', ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['sam3_vit_model'],
    source: 'sam3',
    config: { ...AXIAL, variant: 'sam2', pairing: 'interleaved', ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['sapiens2'],
    source: 'sapiens2',
    config: { ...DINOV3, ...tower(1024, 16), prefixKeys: [given(8, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['vjepa2'],
    source: 'vjepa2',
    config: { ...AXIAL, variant: 'vjepa2', pairing: 'interleaved', ...tower(1024, 16) },
    gguf: null,
  },
];
