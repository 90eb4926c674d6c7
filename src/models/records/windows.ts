/** Towers with biases inside windows, convolutions over audio, and the sinusoidal planes of detectors. */
import type { ModelRecord, SinusoidalFacts, WindowFacts } from './record.ts';
import { CONVOLUTION, fact, given, SINES, width } from './words.ts';

const SWIN: WindowFacts = {
  family: 'window',
  kind: 'swin',
  parameters: {
    window: fact(7, 'window_size'),
    heads: fact([3, 6, 12, 24], 'num_heads'),
    layersPerStage: fact([2, 2, 6, 2], 'depths'),
    image: fact(224, 'image_size'),
    patch: fact(4, 'patch_size'),
    absolute: fact(false, 'use_absolute_embeddings'),
  },
};
const BEIT: WindowFacts = {
  family: 'window',
  kind: 'beit',
  parameters: {
    image: fact(224, 'image_size'),
    patch: fact(16, 'patch_size'),
    heads: fact(12, 'num_attention_heads'),
    dim: fact(768, 'hidden_size'),
    absolute: fact(false, 'use_absolute_position_embeddings'),
    relative: fact(false, 'use_relative_position_bias'),
    shared: fact(false, 'use_shared_relative_position_bias'),
  },
};
const SAM: WindowFacts = {
  family: 'window',
  kind: 'decomposed',
  parameters: {
    image: fact(1024, 'image_size'),
    patch: fact(16, 'patch_size'),
    window: fact(14, 'window_size'),
    heads: fact(12, 'num_attention_heads'),
    dim: fact(768, 'hidden_size'),
    relative: fact(true, 'use_rel_pos'),
    absolute: fact(true, 'use_abs_pos'),
  },
  note: 'scores of height and width, from learned rows that meet the queries; rows of another size are resized to the grid',
};
const PLANE = {
  variant: 'detr',
  normalize: true,
  queries: given(100, 'num_queries'),
  temperature: given(10000),
} as const;
const DETR: SinusoidalFacts = {
  ...SINES,
  length: given(0),
  dim: width(256),
  plane: { ...PLANE, queries: given(100, 'num_queries') },
};

export const windowsRecords = (): readonly ModelRecord[] => [
  {
    types: ['swin', 'maskformer-swin'],
    source: null,
    config: SWIN,
    gguf: null,
  },
  {
    types: ['donut-swin'],
    source: 'donut/modeling_donut_swin.py',
    config: SWIN,
    gguf: null,
  },
  {
    types: ['swinv2'],
    source: null,
    config: {
      ...SWIN,
      kind: 'swinv2-cpb',
      parameters: { ...SWIN.parameters, pretrainedWindows: fact([0, 0, 0, 0], 'pretrained_window_sizes') },
    },
    gguf: null,
  },
  {
    types: ['swin2sr'],
    source: null,
    config: {
      ...SWIN,
      kind: 'swinv2-cpb',
      sameGrid: true,
      parameters: {
        ...SWIN.parameters,
        image: fact(64, 'image_size'),
        patch: fact(1, 'patch_size'),
        window: fact(8, 'window_size'),
        heads: fact([6, 6, 6, 6, 6, 6], 'num_heads'),
        layersPerStage: fact([6, 6, 6, 6, 6, 6], 'depths'),
      },
    },
    gguf: null,
  },
  {
    types: ['clap_audio_model'],
    source: 'clap',
    config: {
      ...SWIN,
      parameters: {
        ...SWIN.parameters,
        image: fact(256, 'spec_size'),
        patch: fact(4, 'patch_stride', 'patch_size'),
        window: fact(8, 'window_size'),
        heads: fact([4, 8, 16, 32], 'num_attention_heads'),
      },
    },
    gguf: null,
  },
  {
    types: ['beit'],
    source: null,
    config: BEIT,
    gguf: null,
  },
  {
    types: ['data2vec-vision'],
    source: 'data2vec/modeling_data2vec_vision.py',
    config: BEIT,
    gguf: null,
  },
  {
    types: ['sam_vision_model'],
    source: 'sam',
    config: SAM,
    gguf: null,
  },
  {
    types: ['sam_hq_vision_model'],
    source: 'sam_hq',
    config: SAM,
    gguf: null,
  },
  {
    types: ['deepseek_ocr2_sam_vision_model'],
    source: 'deepseek_ocr2',
    config: SAM,
    gguf: null,
  },
  {
    types: ['vitdet'],
    source: null,
    config: {
      ...SAM,
      parameters: {
        ...SAM.parameters,
        pretrained: fact(224, 'pretrain_image_size'),
        image: fact(224, 'image_size'),
        window: fact(0, 'window_size'),
        relative: fact(false, 'use_relative_position_embeddings'),
        absolute: fact(true, 'use_absolute_position_embeddings'),
      },
    },
    gguf: null,
  },
  {
    types: ['seggpt'],
    source: null,
    config: {
      ...SAM,
      parameters: {
        ...SAM.parameters,
        pretrained: fact(224, 'pretrain_image_size'),
        image: fact([896, 448], 'image_size'),
        relative: fact(true, 'use_relative_position_embeddings'),
        window: fact(0),
        heads: fact(16, 'num_attention_heads'),
        dim: fact(1024, 'hidden_size'),
      },
    },
    gguf: null,
  },
  {
    types: ['wav2vec2', 'wav2vec2_phoneme'],
    source: null,
    config: CONVOLUTION,
    gguf: null,
  },
  {
    types: ['hubert'],
    source: null,
    config: CONVOLUTION,
    gguf: null,
  },
  {
    types: ['unispeech', 'unispeech-sat'],
    source: null,
    config: CONVOLUTION,
    gguf: null,
  },
  {
    types: ['sew'],
    source: null,
    config: {
      ...CONVOLUTION,
      stride: given(2, 'squeeze_factor'),
      note: 'the convolution takes every squeeze_factor-th frame: no function here computes it',
    },
    gguf: null,
  },
  {
    types: ['data2vec-audio'],
    source: 'data2vec/modeling_data2vec_audio.py',
    config: {
      ...CONVOLUTION,
      kernel: given(19, 'conv_pos_kernel_size'),
      layers: given(5, 'num_conv_pos_embeddings'),
      note: 'several convolutions one after the other, each followed by a layer normalisation without weights and a GELU',
    },
    gguf: null,
  },
  {
    types: ['wavlm'],
    source: null,
    config: {
      ...CONVOLUTION,
      beside: {
        by: 'gatedRelativeBias',
        relativeBias: {
          numBuckets: fact(320, 'num_buckets'),
          maxDistance: fact(800, 'max_bucket_distance'),
          bidirectional: fact(true),
          gated: fact(true),
          heads: fact(12, 'num_attention_heads'),
        },
      },
    },
    gguf: null,
  },
  {
    types: ['speecht5'],
    source: null,
    config: {
      ...CONVOLUTION,
      note: 'the speech encoder, with sinusoidal rows and learned relative rows (Shaw) up to encoder_max_relative_position',
    },
    gguf: null,
  },
  {
    types: ['detr', 'maskformer_detr'],
    source: null,
    config: DETR,
    gguf: null,
  },
  {
    types: ['conditional_detr'],
    source: null,
    config: { ...DETR, plane: { ...PLANE, queries: given(300, 'num_queries') } },
    gguf: null,
  },
  {
    types: ['deformable_detr'],
    source: null,
    config: { ...DETR, plane: { ...PLANE, positionOffset: -0.5, queries: given(300, 'num_queries') } },
    gguf: null,
  },
  {
    types: ['table-transformer'],
    source: null,
    config: DETR,
    gguf: null,
  },
  {
    types: ['grounding-dino', 'mm-grounding-dino'],
    source: null,
    config: {
      ...DETR,
      plane: {
        ...PLANE,
        queries: given(900, 'num_queries'),
        temperature: given(20, 'positional_embedding_temperature'),
      },
    },
    gguf: null,
  },
];
