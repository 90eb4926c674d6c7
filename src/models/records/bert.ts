/** BERT and its relatives: a learned row a position, some with a relative bias beside it. */
import type { ConfigFacts, LearnedFacts, ModelRecord } from './record.ts';
import { fact, given, heads, length, offsetRows, PLAIN, paddedRows, rows, SINES, sizes, width } from './words.ts';

const BERT_SHAW = {
  family: 'relative',
  kind: 'shaw-bert',
  note: 'learned absolute rows and learned relative rows (Shaw et al., arXiv 1803.02155)',
} as const;
/** `position_embedding_type` of transformers 4: rows beside which keys, or queries too, meet relative rows. */
const SHAW = (facts: LearnedFacts): ConfigFacts => ({
  family: 'choice',
  choices: [
    {
      when: { key: 'position_embedding_type', is: ['relative_key'] },
      facts: { ...BERT_SHAW, parameters: { query: fact(true), key: fact(false) }, rows: facts },
    },
    {
      when: { key: 'position_embedding_type', is: ['relative_key_query'] },
      facts: { ...BERT_SHAW, parameters: { query: fact(true), key: fact(true) }, rows: facts },
    },
  ],
  otherwise: facts,
});
const ELECTRA: LearnedFacts = { ...rows(512, 256), dim: given(128, 'embedding_size') };
const LAYOUT_2D = {
  max_2d_position_embeddings: 'rows for the corners of boxes are learned as well',
} as const;
const LAYOUT_BIAS = {
  by: 't5Bias',
  relativeBias: {
    numBuckets: fact(32, 'rel_pos_bins'),
    maxDistance: fact(128, 'max_rel_pos'),
    bidirectional: fact(true),
  },
  spatialBias: { numBuckets: fact(64, 'rel_2d_pos_bins'), maxDistance: fact(256, 'max_rel_2d_pos') },
  keys: { relativeBias: 'has_relative_attention_bias', spatialBias: 'has_spatial_attention_bias' },
} as const;

export const bertRecords = (): readonly ModelRecord[] => [
  {
    types: ['bert', 'bert-japanese'],
    source: null,
    config: SHAW(rows(512, 768)),
    gguf: 'bert',
  },
  {
    types: ['albert'],
    source: null,
    config: SHAW({ ...rows(512, 4096), dim: given(128, 'embedding_size') }),
    gguf: null,
  },
  {
    types: ['bert-generation'],
    source: null,
    config: rows(512, 1024),
    gguf: null,
  },
  {
    types: ['big_bird'],
    source: null,
    config: rows(4096, 768),
    gguf: null,
  },
  {
    types: ['canine'],
    source: null,
    config: rows(16384, 768),
    gguf: null,
  },
  {
    types: ['convbert'],
    source: null,
    config: { ...rows(512, 768), dim: given(768, 'embedding_size') },
    gguf: null,
  },
  {
    types: ['dpr'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['electra'],
    source: null,
    config: SHAW(ELECTRA),
    gguf: null,
  },
  {
    types: ['ernie'],
    source: null,
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['ernie_m'],
    source: 'huggingface/transformers@v4.40 models/ernie_m/modeling_ernie_m.py',
    config: { ...rows(514, 768), offset: 2 },
    gguf: null,
  },
  {
    types: ['fnet'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['lxmert'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['megatron-bert'],
    source: null,
    config: SHAW(rows(512, 1024)),
    gguf: null,
  },
  {
    types: ['mobilebert'],
    source: null,
    config: rows(512, 512),
    gguf: null,
  },
  {
    types: ['mra'],
    source: null,
    config: offsetRows(512, 768),
    gguf: null,
  },
  {
    types: ['nystromformer'],
    source: null,
    config: offsetRows(510, 768),
    gguf: null,
  },
  {
    types: ['yoso'],
    source: null,
    config: offsetRows(4096, 768),
    gguf: null,
  },
  {
    types: ['rembert'],
    source: null,
    config: { ...rows(512, 1152), dim: given(256, 'input_embedding_size') },
    gguf: null,
  },
  {
    types: ['roc_bert'],
    source: null,
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['splinter'],
    source: null,
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['squeezebert'],
    source: null,
    config: { ...rows(512, 768), dim: given(768, 'embedding_size') },
    gguf: null,
  },
  {
    types: ['tapas'],
    source: null,
    config: rows(1024, 768),
    gguf: null,
  },
  {
    types: ['visual_bert'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['qdqbert', 'realm', 'retribert'],
    source: 'huggingface/transformers@v4.40 models/deprecated',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['distilbert'],
    source: null,
    config: {
      ...rows(512, 768),
      dim: width(768, 'dim'),
      mentions: { sinusoidal_pos_embds: 'the learned rows start as a sinusoidal table; the checkpoint holds them' },
    },
    gguf: 'bert',
  },
  {
    types: ['bros'],
    source: null,
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['layoutlm'],
    source: null,
    config: { ...rows(512, 768), mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['layoutlmv2', 'layoutxlm'],
    source: null,
    config: { ...rows(512, 768), beside: LAYOUT_BIAS, mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['layoutlmv3'],
    source: null,
    config: { ...paddedRows(512, 768), beside: LAYOUT_BIAS, mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['roberta', 'roberta-prelayernorm', 'bertweet'],
    source: null,
    config: SHAW(paddedRows(512, 768)),
    gguf: 'bert',
  },
  {
    types: ['camembert'],
    source: null,
    config: SHAW(paddedRows(512, 768)),
    gguf: 'bert',
  },
  {
    types: ['xlm-roberta'],
    source: null,
    config: SHAW(paddedRows(512, 768)),
    gguf: 'bert',
  },
  {
    types: ['xlm-roberta-xl'],
    source: null,
    config: SHAW(paddedRows(514, 2560)),
    gguf: null,
  },
  {
    types: ['data2vec-text'],
    source: 'data2vec/modeling_data2vec_text.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['xmod'],
    source: null,
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['ibert'],
    source: null,
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['longformer'],
    source: null,
    config: paddedRows(512, 768),
    gguf: null,
  },
  {
    types: ['lilt'],
    source: null,
    config: { ...paddedRows(512, 768, 0), mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['luke', 'mluke'],
    source: null,
    config: paddedRows(512, 768),
    gguf: null,
  },
  {
    types: ['markuplm'],
    source: null,
    config: paddedRows(512, 768, 0),
    gguf: null,
  },
  {
    types: ['mpnet'],
    source: null,
    config: {
      family: 't5',
      buckets: given(32, 'relative_attention_num_buckets'),
      distance: given(128),
      heads: heads(12),
      bidirectional: true,
      rows: paddedRows(512, 768),
      note: 'learned absolute rows, and a T5 bias in every layer',
    },
    gguf: null,
  },
  {
    types: ['esm'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'position_embedding_type', is: ['rotary'] },
          facts: { ...PLAIN, base: { value: 1e4, keys: ['rope_theta'], fixed: true }, sizes: sizes(768, 12, 12) },
        },
      ],
      otherwise: paddedRows(1026, 768),
    },
    gguf: null,
  },
  {
    types: ['flaubert', 'xlm'],
    source: 'xlm',
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'sinusoidal_embeddings', is: [true] },
          facts: { ...SINES, length: length(512), dim: width(2048), arrangement: 'interleaved' },
        },
      ],
      otherwise: rows(512, 2048),
    },
    gguf: null,
  },
  {
    types: ['blip_text_model'],
    source: 'blip',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['blip_2_qformer', 'instructblip_qformer', 'instructblipvideo_qformer'],
    source: 'blip_2',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['align_text_model'],
    source: 'align',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['altclip_text_model'],
    source: 'altclip',
    config: paddedRows(514, 1024),
    gguf: null,
  },
  {
    types: ['bridgetower_text_model'],
    source: 'bridgetower',
    config: paddedRows(514, 768),
    gguf: null,
  },
  {
    types: ['chinese_clip_text_model'],
    source: 'chinese_clip',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['clap_text_model'],
    source: 'clap',
    config: paddedRows(514, 768),
    gguf: null,
  },
  {
    types: ['flava_text_model'],
    source: 'flava',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['clip_text_model', 'clipseg_text_model', 'metaclip_2_text_model'],
    source: 'clip',
    config: rows(77, 512),
    gguf: null,
  },
  {
    types: ['xclip_text_model'],
    source: 'x_clip',
    config: rows(77, 512),
    gguf: null,
  },
  {
    types: ['groupvit_text_model'],
    source: 'groupvit',
    config: rows(77, 256),
    gguf: null,
  },
  {
    types: ['aimv2_text_model'],
    source: 'aimv2',
    config: rows(77, 768),
    gguf: null,
  },
  {
    types: ['owlvit_text_model', 'owlv2_text_model'],
    source: 'owlvit',
    config: rows(16, 512),
    gguf: null,
  },
  {
    types: ['siglip_text_model', 'siglip2_text_model'],
    source: 'siglip',
    config: rows(64, 768),
    gguf: null,
  },
  {
    types: ['sam3_lite_text_text_model'],
    source: 'sam3_lite_text',
    config: rows(77, 512),
    gguf: null,
  },
];
