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
    source: 'dinov3_vit/modeling_dinov3_vit.py',
    config: { ...DINOV3, ...tower(384, 6), prefixKeys: [given(0, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['eomt_dinov3'],
    source: 'eomt_dinov3/modeling_eomt_dinov3.py',
    config: { ...DINOV3, ...tower(1024, 16), prefixKeys: [given(4, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['qwen2_vl_vision'],
    source: 'qwen2_vl/modeling_qwen2_vl.py',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_vl_vision', 'qwen2_5_vit'],
    source: 'qwen2_5_vl/modeling_qwen2_5_vl.py',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_vision'],
    source: 'qwen3_vl/modeling_qwen3_vl.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_vl_moe_vision'],
    source: 'qwen3_vl_moe/modeling_qwen3_vl_moe.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_vision'],
    source: 'qwen3_5/modeling_qwen3_5.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_5_moe_vision'],
    source: 'qwen3_5_moe/modeling_qwen3_5_moe.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen4_exp_vision'],
    source: 'qwen4_exp/modeling_qwen4_exp.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['qwen2_5_omni_vision_encoder'],
    source: 'qwen2_5_omni/modeling_qwen2_5_omni.py',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['qwen3_omni_moe_vision_encoder'],
    source: 'qwen3_omni_moe/modeling_qwen3_omni_moe.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['glm4v_vision'],
    source: 'glm4v/modeling_glm4v.py',
    config: { ...AXIAL, ...tower(1536, 12) },
    gguf: null,
  },
  {
    types: ['glm4v_moe_vision'],
    source: 'glm4v_moe/modeling_glm4v_moe.py',
    config: { ...AXIAL, ...tower(1536, 12) },
    gguf: null,
  },
  {
    types: ['glm_ocr_vision'],
    source: 'glm_ocr/modeling_glm_ocr.py',
    config: { ...AXIAL, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['glm5_next_vision'],
    source: 'glm5_next/modeling_glm5_next.py',
    config: { ...AXIAL, ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['ernie4_5_vl_moe_vision'],
    source: 'ernie4_5_vl_moe/modeling_ernie4_5_vl_moe.py',
    config: { ...AXIAL, ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['paddleocr_vl_vision'],
    source: 'paddleocr_vl/modeling_paddleocr_vl.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['video_llama_3_vision'],
    source: 'video_llama_3/modeling_video_llama_3.py',
    config: { ...AXIAL, ...tower(768, 12) },
    gguf: null,
  },
  {
    types: ['exaone4_5_vision'],
    source: 'exaone4_5/modeling_exaone4_5.py',
    config: { ...AXIAL, ...tower(2048, 16) },
    gguf: null,
  },
  {
    types: ['cohere_compass_vision'],
    source: 'cohere_compass/modeling_cohere_compass.py',
    config: { ...AXIAL, ...tower(1152, 16) },
    gguf: null,
  },
  {
    types: ['mlcd_vision_model', 'mlcd'],
    source: 'mlcd/modeling_mlcd.py',
    config: { ...AXIAL, ...tower(1664, 16), prefix: 1 },
    gguf: null,
  },
  {
    types: ['kimi_k25_vision'],
    source: 'kimi_k25/modeling_kimi_k25.py',
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
    source: 'minimax_m3_vl/modeling_minimax_m3_vl.py',
    config: { ...AXIAL, variant: 'minimax_m3', ...tower(1280, 16) },
    gguf: null,
  },
  {
    types: ['llama4_vision_model'],
    source: 'llama4/modeling_llama4.py',
    config: { ...AXIAL, variant: 'llama4', prefix: 1, pairing: 'interleaved', ...tower(768, 16) },
    gguf: null,
  },
  {
    types: ['gemma4_vision'],
    source: 'gemma4/modeling_gemma4.py',
    config: { ...AXIAL, variant: 'gemma4', base: base(100), ...tower(768, 12) },
    gguf: null,
  },
  {
    types: ['pixtral'],
    source: 'pixtral/modeling_pixtral.py',
    config: { ...AXIAL, variant: 'pixtral', arrangement: 'even-odd', ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['sam3_vit_model'],
    source: 'sam3/modeling_sam3.py',
    config: { ...AXIAL, variant: 'sam2', pairing: 'interleaved', ...tower(1024, 16) },
    gguf: null,
  },
  {
    types: ['sapiens2'],
    source: 'sapiens2/modeling_sapiens2.py',
    config: { ...DINOV3, ...tower(1024, 16), prefixKeys: [given(8, 'num_register_tokens')] },
    gguf: null,
  },
  {
    types: ['vjepa2'],
    source: 'vjepa2/modeling_vjepa2.py',
    config: { ...AXIAL, variant: 'vjepa2', pairing: 'interleaved', ...tower(1024, 16) },
    gguf: null,
  },
];
