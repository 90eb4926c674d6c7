/** Rotary encoders: text (BERT with rotation), audio and codecs. */
import type { ModelRecord } from './record.ts';
import { base, head, INTERLEAVED, PLAIN, sizes } from './words.ts';

export const encodersRecords = (): readonly ModelRecord[] => [
  {
    types: ['nomic_bert'],
    source: null,
    config: { ...PLAIN, base: base(1000), rotated: { partial: 1 }, sizes: sizes(768, 12, 12) },
    gguf: 'nomic-bert',
  },
  {
    types: ['jina_embeddings_v3'],
    source: null,
    config: { ...PLAIN, base: base(2e4), sizes: sizes(1024, 16, 24) },
    gguf: 'jina-bert-v3',
  },
  {
    types: ['gte'],
    source: null,
    config: { ...PLAIN, base: base(1.6e5), sizes: sizes(768, 12, 12) },
    gguf: null,
  },
  {
    types: ['eurobert'],
    source: null,
    config: { ...PLAIN, sizes: sizes(768, 12, 12) },
    gguf: 'eurobert',
  },
  {
    types: ['esmc'],
    source: null,
    config: { ...PLAIN, sizes: sizes(2560, 40, 80) },
    gguf: null,
  },
  {
    types: ['roformer'],
    source: null,
    config: {
      ...PLAIN,
      base: { value: 1e4, keys: ['rope_theta'], fixed: true },
      pairing: INTERLEAVED,
      valuesToo: 'rotary_value',
      sizes: sizes(768, 12, 12),
    },
    gguf: null,
  },
  {
    types: ['dia_encoder'],
    source: 'dia',
    config: { ...PLAIN, head: head(128), sizes: sizes(1024, 16, 12) },
    gguf: null,
  },
  {
    types: ['dia_decoder'],
    source: 'dia',
    config: { ...PLAIN, head: head(128), sizes: sizes(2048, 16, 18) },
    gguf: null,
  },
  {
    types: ['mimi'],
    source: null,
    config: { ...PLAIN, sizes: sizes(512, 8, 8) },
    gguf: null,
  },
  {
    types: ['moshi'],
    source: null,
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
  {
    types: ['moshi_depth'],
    source: 'moshi',
    config: { family: 'none', reason: 'the depth decoder does not rotate' },
    gguf: null,
  },
  {
    types: ['kyutai_speech_to_text'],
    source: null,
    config: { ...PLAIN, sizes: sizes(2048, 32, 48) },
    gguf: null,
  },
  {
    types: ['neucodec', 'xcodec2'],
    source: null,
    config: { ...PLAIN, head: head(64), sizes: sizes(1024, 16, 12) },
    gguf: null,
  },
  {
    types: ['pe_audio_encoder', 'pe_video_encoder', 'pe_audio_video_encoder'],
    source: 'pe_audio',
    config: { ...PLAIN, base: base(2e4), head: head(128), pairing: INTERLEAVED, sizes: sizes(1792, 14, 6) },
    gguf: null,
  },
  {
    types: ['timesfm2_5'],
    source: null,
    config: { ...PLAIN, head: head(80), sizes: sizes(1280, 16, 20) },
    gguf: null,
  },
  {
    types: ['moonshine'],
    source: null,
    config: {
      ...PLAIN,
      rotated: { partial: 0.9 },
      pairing: INTERLEAVED,
      counts: { heads: 'decoder_num_attention_heads', layers: 'decoder_num_hidden_layers' },
    },
    gguf: null,
  },
  {
    types: ['moonshine_streaming'],
    source: null,
    config: { ...PLAIN, rotated: { partial: 0.8 }, pairing: INTERLEAVED, sizes: sizes(320, 8, 6) },
    gguf: null,
  },
  {
    types: ['moonshine_streaming_encoder'],
    source: 'moonshine_streaming',
    config: { family: 'none', reason: 'windows of frames without positions' },
    gguf: null,
  },
  {
    types: ['voxtral_realtime_encoder'],
    source: 'voxtral_realtime',
    config: { ...PLAIN, head: head(64), sizes: sizes(1280, 32, 32) },
    gguf: null,
  },
  {
    types: ['lasr_encoder'],
    source: 'lasr',
    config: { ...PLAIN, sizes: sizes(512, 8, 17) },
    gguf: null,
  },
  {
    types: ['nemotron3_diarization_audio'],
    source: 'nemotron3_diarization',
    config: { ...PLAIN, rotated: { partial: 1 }, sizes: sizes(512, 8, 31) },
    gguf: null,
  },
  {
    types: ['deepseek_ocr2_text', 'deepseek_ocr2_encoder'],
    source: 'deepseek_ocr2',
    config: { ...PLAIN, sizes: sizes(4096, 32, 32) },
    gguf: null,
  },
];
