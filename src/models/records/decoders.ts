/** Decoders and encoder-decoders with learned or sinusoidal rows, and ALiBi. */
import type { AlibiFacts, LearnedFacts, ModelRecord } from './record.ts';
import {
  FAIRSEQ,
  fact,
  given,
  heads,
  length,
  offsetRows,
  PLAIN,
  paddedRows,
  rows,
  SINES,
  sizes,
  width,
} from './words.ts';

const ALIBI_PRESS: AlibiFacts = {
  family: 'alibi',
  heads: heads(null),
  slopes: 'press',
  maxBias: given(8),
  form: 'key',
};
const BART: LearnedFacts = offsetRows(1024, 1024);
/** Keys of fairseq's files that the classes do not read. */
const STATIC = ['static_position_embeddings', 'extra_pos_embeddings'] as const;
const SPEECH: LearnedFacts = rows(1500, 1280);

export const decodersRecords = (): readonly ModelRecord[] => [
  {
    types: ['gpt2', 'gpt_sw3'],
    source: null,
    config: rows(1024, 768),
    gguf: 'gpt2',
  },
  {
    types: ['gpt_bigcode'],
    source: null,
    config: rows(1024, 768),
    gguf: 'starcoder',
  },
  {
    types: ['gpt_neo'],
    source: null,
    config: rows(2048, 2048),
    gguf: null,
  },
  {
    types: ['imagegpt'],
    source: null,
    config: rows(1024, 512),
    gguf: null,
  },
  {
    types: ['openai-gpt'],
    source: 'openai',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['decision_transformer'],
    source: null,
    config: rows(1024, 128),
    gguf: null,
  },
  {
    types: ['biogpt'],
    source: null,
    config: offsetRows(1024, 1024),
    gguf: null,
  },
  {
    types: ['opt'],
    source: null,
    config: offsetRows(2048, 768),
    gguf: null,
  },
  {
    types: ['bart', 'barthez', 'bartpho'],
    source: null,
    config: { ...BART, ignores: STATIC },
    gguf: null,
  },
  {
    types: ['mbart', 'mbart50'],
    source: null,
    config: BART,
    gguf: null,
  },
  {
    types: ['plbart'],
    source: null,
    config: offsetRows(1024, 768),
    gguf: null,
  },
  {
    types: ['mvp'],
    source: null,
    config: BART,
    gguf: null,
  },
  {
    types: ['bigbird_pegasus'],
    source: null,
    config: rows(4096, 1024),
    gguf: null,
  },
  {
    types: ['blenderbot'],
    source: null,
    config: rows(128, 2560),
    gguf: null,
  },
  {
    types: ['blenderbot-small'],
    source: null,
    config: rows(512, 512),
    gguf: null,
  },
  {
    types: ['led'],
    source: null,
    config: {
      family: 'sides',
      encoder: { ...rows(16384, 1024), length: given(16384, 'max_encoder_position_embeddings') },
      decoder: { ...rows(1024, 1024), length: given(1024, 'max_decoder_position_embeddings') },
    },
    gguf: null,
  },
  {
    types: ['prophetnet', 'xlm-prophetnet'],
    source: null,
    config: {
      ...paddedRows(512, 1024, 0),
      beside: {
        by: 't5Buckets',
        relativeBias: {
          numBuckets: fact(32, 'num_buckets'),
          maxDistance: fact(128, 'relative_max_distance'),
          side: fact('decoder'),
          bidirectional: fact(false),
        },
      },
    },
    gguf: null,
  },
  {
    types: ['trocr'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'use_learned_position_embeddings', is: [false] },
          facts: { ...FAIRSEQ, length: length(512), dim: width(1024) },
        },
      ],
      otherwise: offsetRows(512, 1024),
    },
    gguf: null,
  },
  {
    types: ['pp_formulanet'],
    source: null,
    config: offsetRows(2560, 512),
    gguf: null,
  },
  {
    types: ['git'],
    source: null,
    config: rows(1024, 768),
    gguf: null,
  },
  {
    types: ['tvp'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['vilt'],
    source: null,
    config: rows(40, 768),
    gguf: null,
  },
  {
    types: ['clvp_decoder'],
    source: 'clvp',
    config: rows(608, 1024),
    gguf: null,
  },
  {
    types: ['semantic', 'coarse_acoustics', 'fine_acoustics'],
    source: 'bark',
    config: { ...rows(1024, 768), length: given(1024, 'block_size') },
    gguf: null,
  },
  {
    types: ['bloom'],
    source: null,
    config: ALIBI_PRESS,
    gguf: 'bloom',
  },
  {
    types: ['falcon', 'refinedweb', 'refinedwebmodel', 'RefinedWeb', 'RefinedWebModel'],
    source: null,
    config: {
      family: 'choice',
      choices: [{ when: { key: 'alibi', is: [true] }, facts: { ...ALIBI_PRESS, rounding: 'bfloat16' } }],
      otherwise: { ...PLAIN, sizes: sizes(4544, 71, 32) },
    },
    gguf: 'falcon',
  },
  {
    types: ['mpt'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'attn_config.alibi', is: [false] },
          facts: rows(2048, 2048),
        },
      ],
      otherwise: {
        ...ALIBI_PRESS,
        slopes: 'mpt',
        maxBias: given(8, 'attn_config.alibi_bias_max'),
        form: 'key-last-zero',
        ignores: ['learned_pos_emb'],
        refused: { 'attn_config.rope': 'true is read by remote code only; the class of transformers would not rotate' },
      },
    },
    gguf: 'mpt',
  },
  {
    // The 7B file has max_position_embeddings and rotates, the 13B file has model_max_length alone and ALiBi.
    types: ['baichuan'],
    source: 'baichuan-inc/Baichuan2-13B-Base modeling_baichuan.py',
    config: {
      family: 'choice',
      choices: [{ when: { key: 'max_position_embeddings', present: true }, facts: PLAIN }],
      otherwise: ALIBI_PRESS,
    },
    gguf: 'baichuan',
  },
  {
    types: ['jais'],
    source: 'inceptionai/jais-13b modeling_jais.py',
    config: {
      family: 'choice',
      choices: [{ when: { key: 'position_embedding_type', is: ['alibi'] }, facts: ALIBI_PRESS }],
      otherwise: rows(1024, 768),
    },
    gguf: 'jais',
  },
  {
    types: ['marian'],
    source: null,
    config: { ...SINES, length: length(1024), dim: width(1024), ignores: STATIC },
    gguf: null,
  },
  {
    types: ['pegasus'],
    source: null,
    config: { ...SINES, length: length(1024), dim: width(1024), ignores: STATIC },
    gguf: null,
  },
  {
    types: ['pegasus_x'],
    source: null,
    config: { ...SINES, length: length(16384), dim: width(1024), denominator: 'half-1', ignores: STATIC },
    gguf: null,
  },
  {
    types: ['ctrl'],
    source: null,
    config: { ...SINES, length: length(256), dim: width(1280) },
    gguf: null,
  },
  {
    types: ['m2m_100', 'nllb'],
    source: null,
    config: { ...FAIRSEQ, length: length(1024), dim: width(1024) },
    gguf: null,
  },
  {
    types: ['nllb-moe'],
    source: null,
    config: { ...FAIRSEQ, length: length(1024), dim: width(1024) },
    gguf: null,
  },
  {
    types: ['xglm'],
    source: null,
    config: { ...FAIRSEQ, length: length(2048), dim: width(1024) },
    gguf: null,
  },
  {
    types: ['fsmt'],
    source: null,
    config: { ...FAIRSEQ, length: length(1024), dim: width(1024) },
    gguf: null,
  },
  {
    types: ['speech_to_text'],
    source: null,
    config: { ...FAIRSEQ, length: given(6000, 'max_source_positions'), dim: width(256) },
    gguf: null,
  },
  {
    types: ['speech_to_text_2'],
    source: 'huggingface/transformers@v4.40 models/speech_to_text_2/modeling_speech_to_text_2.py',
    config: { ...FAIRSEQ, length: given(1024, 'max_target_positions'), dim: width(256) },
    gguf: null,
  },
  {
    types: ['musicgen_decoder', 'musicgen_melody_decoder'],
    source: 'musicgen',
    config: { ...SINES, length: length(2048), dim: width(1024), denominator: 'half-1', order: 'cos-sin' },
    gguf: null,
  },
  {
    types: ['kosmos_2_text_model'],
    source: 'kosmos2',
    config: { ...FAIRSEQ, length: length(2048), dim: width(2048, 'embed_dim') },
    gguf: null,
  },
  {
    types: ['kosmos_2_5_text_model'],
    source: 'kosmos2_5',
    config: { ...FAIRSEQ, length: length(4096), dim: width(1536, 'embed_dim') },
    gguf: null,
  },
  {
    types: ['informer', 'autoformer', 'time_series_transformer'],
    source: null,
    config: {
      ...SINES,
      length: given(null, 'context_length'),
      dim: width(64),
      note: 'the decoder continues after context_length',
    },
    gguf: null,
  },
  {
    types: ['whisper'],
    source: null,
    config: {
      family: 'sides',
      encoder: { ...SINES, length: given(1500, 'max_source_positions'), dim: width(384), denominator: 'half-1' },
      decoder: { ...rows(448, 384), length: given(448, 'max_target_positions') },
    },
    gguf: null,
  },
  {
    types: ['qwen2_audio_encoder', 'audioflamingo3_encoder'],
    source: 'qwen2_audio',
    config: { ...SPEECH, length: given(1500, 'max_source_positions') },
    gguf: null,
  },
  {
    types: ['voxtral_encoder'],
    source: 'voxtral',
    config: { ...SPEECH, length: given(1500, 'max_source_positions') },
    gguf: null,
  },
  {
    types: ['qwen2_5_omni_audio_encoder', 'qwen3_omni_moe_audio_encoder'],
    source: 'qwen2_5_omni',
    config: { ...SINES, length: given(1500, 'max_source_positions'), dim: width(1280), denominator: 'half-1' },
    gguf: null,
  },
];
