/** Towers with a learned row a patch, and rows of class tokens before them. */
import type { ModelRecord } from './record.ts';
import { given, patches, rows, SINES, width } from './words.ts';

export const PATCHES_RECORDS: readonly ModelRecord[] = [
  {
    types: ['vit', 'ijepa_vit'],
    source: 'vit/modeling_vit.py',
    config: patches(224, 16, 768, 1),
  },
  {
    types: ['vit_mae', 'vit_msn', 'vit_hybrid'],
    source: 'vit_mae/modeling_vit_mae.py',
    config: patches(224, 16, 768, 1),
  },
  {
    types: ['deit'],
    source: 'deit/modeling_deit.py',
    config: patches(224, 16, 768, 2),
  },
  {
    types: ['ijepa'],
    source: 'ijepa/modeling_ijepa.py',
    config: patches(224, 16, 768, 0),
  },
  {
    types: ['dinov2'],
    source: 'dinov2/modeling_dinov2.py',
    config: patches(224, 14, 768, 1),
  },
  {
    types: ['dinov2_with_registers'],
    source: 'dinov2_with_registers/modeling_dinov2_with_registers.py',
    config: patches(224, 16, 768, 1),
  },
  {
    types: ['rf_detr_dinov2'],
    source: 'rf_detr/modeling_rf_detr.py',
    config: patches(224, 14, 768, 1),
  },
  {
    types: ['dpt'],
    source: 'dpt/modeling_dpt.py',
    config: patches(384, 16, 768, 1),
  },
  {
    types: ['pixio'],
    source: 'pixio/modeling_pixio.py',
    config: patches(256, 16, 1280, 0, given(8, 'n_cls_tokens')),
  },
  {
    types: ['yolos'],
    source: 'yolos/modeling_yolos.py',
    config: {
      ...patches(512, 16, 768, 1),
      grid: {
        image: { keys: ['image_size'], fallback: [512, 864] },
        patch: given(16, 'patch_size'),
        prefix: 1,
        prefixKeys: [given(100, 'num_detection_tokens')],
      },
    },
  },
  {
    types: ['clip_vision_model', 'clipseg_vision_model', 'metaclip_2_vision_model'],
    source: 'clip/modeling_clip.py',
    config: patches(224, 32, 768, 1),
  },
  {
    types: ['xclip_vision_model'],
    source: 'x_clip/modeling_x_clip.py',
    config: patches(224, 32, 768, 1),
  },
  {
    types: ['altclip_vision_model', 'chinese_clip_vision_model'],
    source: 'altclip/modeling_altclip.py',
    config: patches(224, 32, 768, 1),
  },
  {
    types: ['kosmos_2_vision_model'],
    source: 'kosmos2/modeling_kosmos2.py',
    config: patches(224, 14, 1024, 1),
  },
  {
    types: ['git_vision_model'],
    source: 'git/modeling_git.py',
    config: patches(224, 16, 768, 1),
  },
  {
    types: ['blip_vision_model'],
    source: 'blip/modeling_blip.py',
    config: patches(384, 16, 768, 1),
  },
  {
    types: ['blip_2_vision_model', 'instructblip_vision_model', 'instructblipvideo_vision_model'],
    source: 'blip_2/modeling_blip_2.py',
    config: patches(224, 14, 1408, 1),
  },
  {
    types: ['bridgetower_vision_model'],
    source: 'bridgetower/modeling_bridgetower.py',
    config: patches(288, 16, 768, 1),
  },
  {
    types: ['groupvit_vision_model'],
    source: 'groupvit/modeling_groupvit.py',
    config: patches(224, 16, 384, 0),
  },
  {
    types: ['owlvit_vision_model'],
    source: 'owlvit/modeling_owlvit.py',
    config: patches(768, 32, 768, 1),
  },
  {
    types: ['owlv2_vision_model'],
    source: 'owlv2/modeling_owlv2.py',
    config: patches(768, 16, 768, 1),
  },
  {
    types: ['flava_image_model'],
    source: 'flava/modeling_flava.py',
    config: patches(224, 16, 768, 1),
  },
  {
    types: ['siglip_vision_model'],
    source: 'siglip/modeling_siglip.py',
    config: patches(224, 16, 768, 0),
  },
  {
    types: ['siglip2_vision_model'],
    source: 'siglip2/modeling_siglip2.py',
    config: {
      ...patches(224, 16, 768, 0),
      grid: {
        image: given(0),
        patch: given(16, 'patch_size'),
        prefix: 0,
        prefixKeys: [],
        count: given(256, 'num_patches'),
      },
    },
  },
  {
    types: ['idefics_vision'],
    source: 'idefics/modeling_idefics.py',
    config: patches(224, 14, 768, 1),
  },
  {
    types: ['idefics2_vision', 'idefics3_vision', 'smolvlm_vision'],
    source: 'idefics2/modeling_idefics2.py',
    config: patches(224, 32, 768, 0),
  },
  {
    types: ['minicpmv4_6_vision', 'minicpmv4_7_vision'],
    source: 'minicpmv4_6/modeling_minicpmv4_6.py',
    config: patches(224, 16, 768, 0),
  },
  {
    types: ['janus_vision_model'],
    source: 'janus/modeling_janus.py',
    config: patches(384, 16, 1024, 0),
  },
  {
    types: ['internvl_vision', 'intern_vit_6b', 'qianfan_ocr_vision'],
    source: 'internvl/modeling_internvl.py',
    config: patches(448, 14, 1024, 1),
  },
  {
    types: ['aimv2_vision_model'],
    source: 'aimv2/modeling_aimv2.py',
    config: patches(224, 14, 1024, 0),
  },
  {
    types: ['eomt'],
    source: 'eomt/modeling_eomt.py',
    config: patches(640, 16, 1024, 0),
  },
  {
    types: ['mgp-str'],
    source: 'mgp_str/modeling_mgp_str.py',
    config: {
      ...patches(32, 4, 768, 1),
      grid: {
        image: { keys: ['image_size'], fallback: [32, 128] },
        patch: given(4, 'patch_size'),
        prefix: 1,
        prefixKeys: [],
      },
    },
  },
  {
    types: ['vitpose_backbone'],
    source: 'vitpose_backbone/modeling_vitpose_backbone.py',
    config: {
      ...patches(256, 16, 768, 1),
      grid: {
        image: { keys: ['image_size'], fallback: [256, 192] },
        patch: given(16, 'patch_size'),
        prefix: 1,
        prefixKeys: [],
      },
    },
  },
  {
    types: ['tipsv2_vision_model'],
    source: 'tipsv2/modeling_tipsv2.py',
    config: patches(448, 14, 768, 1),
  },
  {
    types: ['vivit'],
    source: 'vivit/modeling_vivit.py',
    config: {
      ...patches(224, 16, 768, 1),
      grid: {
        image: given(224, 'image_size'),
        patch: given(16, 'tubelet_size.1'),
        prefix: 1,
        prefixKeys: [],
        frames: { count: given(32, 'num_frames'), tube: given(2, 'tubelet_size.0') },
      },
    },
  },
  {
    types: ['timesformer'],
    source: 'timesformer/modeling_timesformer.py',
    config: { ...patches(224, 16, 768, 1), note: 'and a learned row a frame' },
  },
  {
    types: ['audio-spectrogram-transformer'],
    source: 'audio_spectrogram_transformer/modeling_audio_spectrogram_transformer.py',
    config: {
      ...patches(0, 16, 768, 2),
      grid: {
        image: given(0),
        patch: given(16, 'patch_size'),
        prefix: 2,
        prefixKeys: [],
        spectrogram: {
          bins: given(128, 'num_mel_bins'),
          frames: given(1024, 'max_length'),
          strides: [given(10, 'frequency_stride'), given(10, 'time_stride')],
        },
      },
    },
  },
  {
    types: ['videomae'],
    source: 'videomae/modeling_videomae.py',
    config: {
      ...SINES,
      length: given(0),
      dim: width(768),
      arrangement: 'interleaved',
      grid: {
        image: given(224, 'image_size'),
        patch: given(16, 'patch_size'),
        prefix: 0,
        prefixKeys: [],
        frames: { count: given(16, 'num_frames'), tube: given(2, 'tubelet_size') },
      },
    },
  },
  {
    types: ['glm_image_vision'],
    source: 'glm_image/modeling_glm_image.py',
    config: rows(2304, 1536),
  },
];
