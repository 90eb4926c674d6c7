/** BERT and its relatives: a learned row a position, some with a relative bias beside it. */
import type { ConfigFacts, LearnedFacts, ModelRecord } from './record.ts';
import { fact, given, heads, length, offsetRows, PLAIN, paddedRows, rows, SINES, sizes, width } from './words.ts';

const SHAW_NOTE = 'learned absolute rows and learned relative rows (Shaw et al., arXiv 1803.02155)';
/** `position_embedding_type` of transformers 4: rows beside which keys, or queries too, meet relative rows. */
const SHAW = (facts: LearnedFacts): ConfigFacts => ({
  family: 'choice',
  choices: [
    {
      when: { key: 'position_embedding_type', is: ['relative_key'] },
      facts: { family: 'relative', parameters: { query: fact(true), key: fact(false) }, rows: facts, note: SHAW_NOTE },
    },
    {
      when: { key: 'position_embedding_type', is: ['relative_key_query'] },
      facts: { family: 'relative', parameters: { query: fact(true), key: fact(true) }, rows: facts, note: SHAW_NOTE },
    },
  ],
  otherwise: facts,
});
const ELECTRA: LearnedFacts = { ...rows(512, 256), dim: given(128, 'embedding_size') };
const LAYOUT_2D = {
  max_2d_position_embeddings: 'rows for the corners of boxes are learned as well',
} as const;
const LAYOUT_BIAS = {
  relativeBias: {
    numBuckets: fact(32, 'rel_pos_bins'),
    maxDistance: fact(128, 'max_rel_pos'),
    bidirectional: fact(true),
  },
  spatialBias: { numBuckets: fact(64, 'rel_2d_pos_bins'), maxDistance: fact(256, 'max_rel_2d_pos') },
  keys: { relativeBias: 'has_relative_attention_bias', spatialBias: 'has_spatial_attention_bias' },
} as const;

export const BERT_RECORDS: readonly ModelRecord[] = [
  {
    types: ['bert', 'bert-japanese'],
    source: 'bert/modeling_bert.py',
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['albert'],
    source: 'albert/modeling_albert.py',
    config: SHAW({ ...rows(512, 4096), dim: given(128, 'embedding_size') }),
    gguf: null,
  },
  {
    types: ['bert-generation'],
    source: 'bert_generation/modeling_bert_generation.py',
    config: rows(512, 1024),
    gguf: null,
  },
  {
    types: ['big_bird'],
    source: 'big_bird/modeling_big_bird.py',
    config: rows(4096, 768),
    gguf: null,
  },
  {
    types: ['canine'],
    source: 'canine/modeling_canine.py',
    config: rows(16384, 768),
    gguf: null,
  },
  {
    types: ['convbert'],
    source: 'convbert/modeling_convbert.py',
    config: { ...rows(512, 768), dim: given(768, 'embedding_size') },
    gguf: null,
  },
  {
    types: ['dpr'],
    source: 'dpr/modeling_dpr.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['electra'],
    source: 'electra/modeling_electra.py',
    config: SHAW(ELECTRA),
    gguf: null,
  },
  {
    types: ['ernie'],
    source: 'ernie/modeling_ernie.py',
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
    source: 'fnet/modeling_fnet.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['lxmert'],
    source: 'lxmert/modeling_lxmert.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['megatron-bert'],
    source: 'megatron_bert/modeling_megatron_bert.py',
    config: SHAW(rows(512, 1024)),
    gguf: null,
  },
  {
    types: ['mobilebert'],
    source: 'mobilebert/modeling_mobilebert.py',
    config: rows(512, 512),
    gguf: null,
  },
  {
    types: ['mra'],
    source: 'mra/modeling_mra.py',
    config: offsetRows(512, 768),
    gguf: null,
  },
  {
    types: ['nystromformer'],
    source: 'nystromformer/modeling_nystromformer.py',
    config: offsetRows(510, 768),
    gguf: null,
  },
  {
    types: ['yoso'],
    source: 'yoso/modeling_yoso.py',
    config: offsetRows(4096, 768),
    gguf: null,
  },
  {
    types: ['rembert'],
    source: 'rembert/modeling_rembert.py',
    config: { ...rows(512, 1152), dim: given(256, 'input_embedding_size') },
    gguf: null,
  },
  {
    types: ['roc_bert'],
    source: 'roc_bert/modeling_roc_bert.py',
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['splinter'],
    source: 'splinter/modeling_splinter.py',
    config: SHAW(rows(512, 768)),
    gguf: null,
  },
  {
    types: ['squeezebert'],
    source: 'squeezebert/modeling_squeezebert.py',
    config: { ...rows(512, 768), dim: given(768, 'embedding_size') },
    gguf: null,
  },
  {
    types: ['tapas'],
    source: 'tapas/modeling_tapas.py',
    config: rows(1024, 768),
    gguf: null,
  },
  {
    types: ['visual_bert'],
    source: 'visual_bert/modeling_visual_bert.py',
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
    source: 'distilbert/modeling_distilbert.py',
    config: {
      ...rows(512, 768),
      dim: width(768, 'dim'),
      mentions: { sinusoidal_pos_embds: 'the learned rows start as a sinusoidal table; the checkpoint holds them' },
    },
    gguf: null,
  },
  {
    types: ['bros'],
    source: 'bros/modeling_bros.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['layoutlm'],
    source: 'layoutlm/modeling_layoutlm.py',
    config: { ...rows(512, 768), mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['layoutlmv2', 'layoutxlm'],
    source: 'layoutlmv2/modeling_layoutlmv2.py',
    config: { ...rows(512, 768), beside: LAYOUT_BIAS, mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['layoutlmv3'],
    source: 'layoutlmv3/modeling_layoutlmv3.py',
    config: { ...paddedRows(512, 768), beside: LAYOUT_BIAS, mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['roberta', 'roberta-prelayernorm', 'bertweet'],
    source: 'roberta/modeling_roberta.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['camembert'],
    source: 'camembert/modeling_camembert.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['xlm-roberta'],
    source: 'xlm_roberta/modeling_xlm_roberta.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['xlm-roberta-xl'],
    source: 'xlm_roberta_xl/modeling_xlm_roberta_xl.py',
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
    source: 'xmod/modeling_xmod.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['ibert'],
    source: 'ibert/modeling_ibert.py',
    config: SHAW(paddedRows(512, 768)),
    gguf: null,
  },
  {
    types: ['longformer'],
    source: 'longformer/modeling_longformer.py',
    config: paddedRows(512, 768),
    gguf: null,
  },
  {
    types: ['lilt'],
    source: 'lilt/modeling_lilt.py',
    config: { ...paddedRows(512, 768, 0), mentions: LAYOUT_2D },
    gguf: null,
  },
  {
    types: ['luke', 'mluke'],
    source: 'luke/modeling_luke.py',
    config: paddedRows(512, 768),
    gguf: null,
  },
  {
    types: ['markuplm'],
    source: 'markuplm/modeling_markuplm.py',
    config: paddedRows(512, 768, 0),
    gguf: null,
  },
  {
    types: ['mpnet'],
    source: 'mpnet/modeling_mpnet.py',
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
    source: 'esm/modeling_esm.py',
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
    source: 'xlm/modeling_xlm.py',
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
    source: 'blip/modeling_blip.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['blip_2_qformer', 'instructblip_qformer', 'instructblipvideo_qformer'],
    source: 'blip_2/modeling_blip_2.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['align_text_model'],
    source: 'align/modeling_align.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['altclip_text_model'],
    source: 'altclip/modeling_altclip.py',
    config: paddedRows(514, 1024),
    gguf: null,
  },
  {
    types: ['bridgetower_text_model'],
    source: 'bridgetower/modeling_bridgetower.py',
    config: paddedRows(514, 768),
    gguf: null,
  },
  {
    types: ['chinese_clip_text_model'],
    source: 'chinese_clip/modeling_chinese_clip.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['clap_text_model'],
    source: 'clap/modeling_clap.py',
    config: paddedRows(514, 768),
    gguf: null,
  },
  {
    types: ['flava_text_model'],
    source: 'flava/modeling_flava.py',
    config: rows(512, 768),
    gguf: null,
  },
  {
    types: ['clip_text_model', 'clipseg_text_model', 'metaclip_2_text_model'],
    source: 'clip/modeling_clip.py',
    config: rows(77, 512),
    gguf: null,
  },
  {
    types: ['xclip_text_model'],
    source: 'x_clip/modeling_x_clip.py',
    config: rows(77, 512),
    gguf: null,
  },
  {
    types: ['groupvit_text_model'],
    source: 'groupvit/modeling_groupvit.py',
    config: rows(77, 256),
    gguf: null,
  },
  {
    types: ['aimv2_text_model'],
    source: 'aimv2/modeling_aimv2.py',
    config: rows(77, 768),
    gguf: null,
  },
  {
    types: ['owlvit_text_model', 'owlv2_text_model'],
    source: 'owlvit/modeling_owlvit.py',
    config: rows(16, 512),
    gguf: null,
  },
  {
    types: ['siglip_text_model', 'siglip2_text_model'],
    source: 'siglip/modeling_siglip.py',
    config: rows(64, 768),
    gguf: null,
  },
  {
    types: ['sam3_lite_text_text_model'],
    source: 'sam3_lite_text/modeling_sam3_lite_text.py',
    config: rows(77, 512),
    gguf: null,
  },
];
