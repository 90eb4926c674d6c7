/** Positions that meet queries and keys: T5 biases, DeBERTa, Transformer-XL, XLNet, Shaw and conformers. */
import type { ModelRecord, RelativeFacts } from './record.ts';
import { baseAt, FAIRSEQ, fact, given, length, none, PLAIN, rows, sizes, T5, width } from './words.ts';

const DEBERTA: RelativeFacts = {
  family: 'deberta',
  kind: 'deberta',
  needs: 'relative_attention',
  rows: rows(512, 768),
  parameters: {
    relativeAttention: fact(false, 'relative_attention'),
    posAttType: { ...fact([], 'pos_att_type'), words: ['c2p', 'p2c', 'p2p'] },
    positionBuckets: fact(-1, 'position_buckets'),
    maxRelativePositions: { ...fact(-1, 'max_relative_positions'), below1: 'maxPositions' },
    positionBiasedInput: fact(true, 'position_biased_input'),
    shareAttKey: fact(false, 'share_att_key'),
    heads: fact(12, 'num_attention_heads'),
    maxPositions: fact(512, 'max_position_embeddings'),
  },
};
/** Sinusoidal rows of relative distances, Transformer-XL scores: conformers. */
const CONFORMER = (dim: number, count: number): RelativeFacts => ({
  family: 'relative',
  kind: 'conformer',
  parameters: {
    kind: fact('conformer'),
    dim: fact(dim, 'hidden_size', 'd_model'),
    heads: fact(count, 'num_attention_heads', 'encoder_attention_heads'),
  },
  note: 'sinusoidal rows of relative distances with two learned biases (Transformer-XL), shifted',
});

export const relativeRecords = (): readonly ModelRecord[] => [
  {
    types: ['t5', 'byt5', 'myt5', 'flan-t5'],
    source: null,
    config: T5,
    gguf: 't5',
  },
  {
    types: ['mt5'],
    source: null,
    config: T5,
    gguf: 't5',
  },
  {
    types: ['umt5'],
    source: null,
    config: { ...T5, note: 'the bias table is learned, one for each layer; scores are not divided by sqrt(d)' },
    gguf: 't5',
  },
  {
    types: ['longt5'],
    source: null,
    config: T5,
    gguf: null,
  },
  {
    types: ['switch_transformers'],
    source: null,
    config: T5,
    gguf: null,
  },
  {
    types: ['pop2piano'],
    source: null,
    config: T5,
    gguf: null,
  },
  {
    types: ['pix2struct_text_model'],
    source: 'pix2struct',
    config: { ...T5, bidirectional: false },
    gguf: null,
  },
  {
    types: ['udop'],
    source: null,
    config: { ...T5, note: 'a T5 bias for tokens and biases for the horizontal and vertical distance of boxes' },
    gguf: null,
  },
  {
    types: ['cpmant'],
    source: null,
    config: {
      ...T5,
      buckets: given(512, 'position_bias_num_buckets'),
      distance: given(2048, 'position_bias_max_distance'),
      more: true,
      note: 'buckets between segments and inside them: t5Buckets gives those inside, no function here the others',
    },
    gguf: null,
  },
  {
    types: ['deberta'],
    source: null,
    config: DEBERTA,
    gguf: null,
  },
  {
    types: ['deberta-v2'],
    source: null,
    config: DEBERTA,
    gguf: null,
  },
  {
    types: ['sew-d'],
    source: null,
    config: {
      family: 'deberta',
      kind: 'deberta',
      parameters: {
        ...DEBERTA.parameters,
        relativeAttention: fact(true, 'relative_attention'),
        posAttType: { ...fact(['p2c', 'c2p'], 'pos_att_type'), words: ['c2p', 'p2c', 'p2p'] },
        positionBuckets: fact(256, 'position_buckets'),
        shareAttKey: fact(true, 'share_att_key'),
      },
      note: 'and a convolution that takes every squeeze_factor-th frame, which no function here computes',
    },
    gguf: null,
  },
  {
    types: ['xlnet'],
    source: null,
    config: {
      family: 'xlnet',
      kind: 'xlnet',
      parameters: {
        dModel: fact(1024, 'd_model', 'hidden_size'),
        heads: fact(16, 'n_head', 'num_attention_heads'),
        clampLen: fact(-1, 'clamp_len'),
        biData: fact(false, 'bi_data'),
        attnType: fact('bi', 'attn_type'),
      },
    },
    gguf: null,
  },
  {
    types: ['transfo-xl'],
    source: 'huggingface/transformers@v4.40 models/deprecated/transfo_xl/modeling_transfo_xl.py',
    config: {
      family: 'transformer-xl',
      kind: 'transformer-xl',
      parameters: {
        dModel: fact(1024, 'd_model', 'hidden_size'),
        heads: fact(16, 'n_head', 'num_attention_heads'),
        clampLen: fact(1000, 'clamp_len'),
      },
    },
    gguf: null,
  },
  {
    types: ['funnel'],
    source: null,
    config: {
      family: 'transformer-xl',
      kind: null,
      parameters: {
        dModel: fact(768, 'd_model', 'hidden_size'),
        heads: fact(12, 'n_head', 'num_attention_heads'),
        attentionType: fact('relative_shift', 'attention_type'),
      },
      note: 'relative attention between pooled sequences: no function here computes it',
    },
    gguf: null,
  },
  {
    types: ['nezha'],
    source: 'huggingface/transformers@v4.40 models/nezha/modeling_nezha.py',
    config: {
      family: 'relative',
      kind: 'nezha',
      parameters: {
        dim: fact(null, 'hidden_size / num_attention_heads'),
        heads: fact(12, 'num_attention_heads'),
        maxRelativePosition: fact(64, 'max_relative_position'),
      },
      note: 'sinusoidal relative rows of the width of a head, added to keys and values (arXiv 1909.00204)',
    },
    gguf: null,
  },
  {
    types: ['wav2vec2-conformer'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'position_embeddings_type', is: ['rotary'] },
          facts: { ...PLAIN, base: baseAt(1e4, 'rotary_embedding_base'), sizes: sizes(768, 12, 12) },
        },
        { when: { key: 'position_embeddings_type', is: ['relative'] }, facts: CONFORMER(768, 12) },
        {
          when: { key: 'position_embeddings_type', present: true },
          facts: none('position_embeddings_type names no encoding'),
        },
      ],
      otherwise: CONFORMER(768, 12),
    },
    gguf: null,
  },
  {
    types: ['wav2vec2-bert'],
    source: null,
    config: {
      family: 'choice',
      choices: [
        {
          when: { key: 'position_embeddings_type', is: ['rotary'] },
          facts: { ...PLAIN, base: baseAt(1e4, 'rotary_embedding_base'), sizes: sizes(1024, 16, 24) },
        },
        { when: { key: 'position_embeddings_type', is: ['relative'] }, facts: CONFORMER(1024, 16) },
      ],
      otherwise: {
        family: 'relative',
        kind: 'shaw-asymmetric',
        parameters: {
          query: fact(true),
          leftMaxPosition: fact(64, 'left_max_position_embeddings'),
          rightMaxPosition: fact(8, 'right_max_position_embeddings'),
        },
        note: 'learned relative rows for keys, clipped differently on the two sides (Shaw et al., arXiv 1803.02155)',
      },
    },
    gguf: null,
  },
  {
    types: ['seamless_m4t'],
    source: null,
    config: {
      ...FAIRSEQ,
      length: length(1024),
      dim: width(1024),
      note: 'text; the speech encoder is a conformer with relative positions',
    },
    gguf: null,
  },
  {
    types: ['seamless_m4t_v2'],
    source: null,
    config: {
      ...FAIRSEQ,
      length: length(4096),
      dim: width(1024),
      note: 'text; the speech encoder has learned relative rows',
    },
    gguf: null,
  },
  {
    types: ['fastspeech2_conformer'],
    source: null,
    config: CONFORMER(384, 2),
    gguf: null,
  },
  {
    types: ['parakeet_encoder', 'nemotron_asr_streaming_encoder'],
    source: 'parakeet',
    config: CONFORMER(1024, 8),
    gguf: null,
  },
  {
    types: ['vits'],
    source: null,
    config: {
      family: 'relative',
      kind: 'shaw-window',
      parameters: { query: fact(true), value: fact(true), window: fact(4, 'window_size') },
      note: 'learned relative rows for keys and values inside a window (Shaw et al., arXiv 1803.02155)',
    },
    gguf: null,
  },
  {
    types: ['granite_speech_encoder', 'granite_speech_plus_encoder'],
    source: 'granite_speech',
    config: {
      family: 'relative',
      kind: 'shaw-blocks',
      parameters: {
        query: fact(true),
        maxRelativePosition: fact(512, 'max_pos_emb'),
        context: fact(200, 'context_size'),
      },
      note: 'learned relative rows for keys inside blocks (Shaw et al., arXiv 1803.02155)',
    },
    gguf: null,
  },
  {
    types: ['gemma3n_audio', 'gemma4_audio'],
    source: 'gemma3n',
    config: {
      family: 'relative',
      kind: 'local',
      parameters: {
        kind: fact('local'),
        chunkSize: fact(12, 'conf_attention_chunk_size', 'attention_chunk_size'),
        contextLeft: fact(13, 'conf_attention_context_left', 'attention_context_left'),
        contextRight: fact(0, 'conf_attention_context_right', 'attention_context_right'),
        softcap: fact(50, 'conf_attention_logit_cap', 'attention_logit_cap'),
      },
      note: 'sinusoidal rows of relative distances inside chunks, projected: localRelativeScores',
    },
    gguf: null,
  },
  {
    types: ['inkling_text'],
    source: 'inkling',
    config: {
      family: 'relative',
      kind: null,
      parameters: { kind: fact('distance-profiles'), extent: fact(null, 'rel_extent'), width: fact(null, 'd_rel') },
      note: 'each token weighs a learned bank of profiles over the distance; no rotation, and no function here computes it',
    },
    gguf: null,
  },
];
