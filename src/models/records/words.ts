/** Facts that many architectures share, to be spread into a record: what differs is written beside the spread. */
import type {
  BaseFacts,
  ConvolutionalFacts,
  Given,
  HeadFacts,
  LayerRule,
  LearnedFacts,
  NoneFacts,
  PairingFacts,
  Parameter,
  RotaryFacts,
  SinusoidalFacts,
  SizeFacts,
  T5Facts,
  TableFacts,
  Use,
} from './record.ts';

/** A base at its usual keys, and under those given. */
export const base = (value: number, ...keys: string[]): BaseFacts => ({
  value,
  keys: ['rotary_emb_base', 'rope_theta', ...keys],
});
/** A base at keys of its own. */
export const baseAt = (value: number, ...keys: string[]): BaseFacts => ({ value, keys });
/** A head of `dim` channels, unless the file says otherwise. */
export const head = (dim: number | null, ...keys: string[]): HeadFacts => ({ dim, keys: [...keys, 'head_dim'] });
export const sizes = (hidden: number, heads: number, layers: number): SizeFacts => ({ hidden, heads, layers });
export const given = (fallback: number | null, ...keys: string[]): Given => ({ keys, fallback });

export const INTERLEAVED: PairingFacts = { input: 'interleaved' };
/** Interleaved channels go in, halves come out (DeepSeek-V3), unless rope_interleave is false. */
export const TO_HALF: PairingFacts = { input: 'interleaved', output: 'half', key: 'rope_interleave' };

/** Llama: base 10000, half pairing, the whole head, every layer. */
export const PLAIN: RotaryFacts = {
  family: 'rotary',
  base: base(1e4),
  head: head(null),
  rotated: 'head',
  pairing: { input: 'half' },
  softmax: 'head',
  layers: null,
};

const ROTATES: Use = { table: 'default' };
/** Every attention layer rotates; the words say which layers are attention. */
export const attentionIn = (list: string): LayerRule => ({ list, uses: {}, others: ROTATES });
/** Only layers with a window rotate. */
export const SLIDING_ROTATES: LayerRule = {
  list: 'layer_types',
  uses: { sliding_attention: ROTATES },
  others: 'nope',
};
/** The last of every n layers does not rotate. */
export const nopeEvery = (n: number, ...keys: string[]): LayerRule => ({
  every: given(n, ...keys),
  at: 'last',
  use: 'nope',
  others: ROTATES,
});
/** The last of every n layers is attention, the others are not. */
export const attentionEvery = (n: number, ...keys: string[]): LayerRule => ({
  every: given(n, ...keys),
  at: 'last',
  use: ROTATES,
  others: 'no attention',
});
/** A list of the layers that are attention. */
export const attentionAt = (indices: string): LayerRule => ({ indices, use: ROTATES, others: 'no attention' });
export const ALL: LayerRule = { all: ROTATES };
/** Flags of one a layer: 1 rotates. */
export const FLAGS_ROTATE = (list: string, off: Use): LayerRule => ({
  list,
  uses: { 1: ROTATES, 0: off },
  others: null,
});

/** `layer_types` with a table for each of its two words. */
export const FULL_AND_SLIDING: LayerRule = {
  list: 'layer_types',
  uses: { full_attention: { table: 'full_attention' }, sliding_attention: { table: 'sliding_attention' } },
  others: null,
};
/** The last (or first) of every n layers attends to everything. */
export const fullEvery = (n: number, keys: readonly string[], at: 'last' | 'first' = 'last'): LayerRule => ({
  every: { keys, fallback: n },
  at,
  use: { table: 'full_attention' },
  others: { table: 'sliding_attention' },
});
export const fullTable = (facts: BaseFacts): TableFacts => ({ label: 'full_attention', base: facts, scaled: true });
export const slidingTable = (facts: BaseFacts): TableFacts => ({
  label: 'sliding_attention',
  base: facts,
  scaled: false,
});

const LENGTH = ['max_position_embeddings', 'n_positions'] as const;
const WIDTH = ['hidden_size', 'd_model', 'n_embd', 'emb_dim', 'dim', 'n_embed'] as const;
const HEADS = [
  'num_attention_heads',
  'n_head',
  'n_heads',
  'num_heads',
  'attention_heads',
  'encoder_attention_heads',
] as const;

/** The width of the embeddings. */
export const width = (fallback: number | null, ...keys: string[]): Given => given(fallback, ...keys, ...WIDTH);
/** The number of heads. */
export const heads = (fallback: number | null, ...keys: string[]): Given => given(fallback, ...keys, ...HEADS);
/** The number of positions by the file's own count. */
export const length = (fallback: number | null, ...keys: string[]): Given => given(fallback, ...keys, ...LENGTH);

/** BERT: one learned row a position. */
export const rows = (positions: number, dim: number): LearnedFacts => ({
  family: 'learned',
  length: length(positions),
  dim: width(dim),
  offset: 0,
  offsetIsExtra: false,
  padding: null,
});
/** RoBERTa: positions count from padding_idx + 1. */
export const paddedRows = (positions: number, dim: number, padding = 1): LearnedFacts => ({
  ...rows(positions, dim),
  padding: given(padding, 'pad_token_id'),
});
/** OPT, BART: two rows more than positions, before them. */
export const offsetRows = (positions: number, dim: number): LearnedFacts => ({
  ...rows(positions, dim),
  offset: 2,
  offsetIsExtra: true,
});
/** ViT: a row a patch, and rows of class and register tokens before them. */
export const patches = (
  image: number,
  patch: number,
  dim: number,
  prefix: number,
  ...prefixKeys: Given[]
): LearnedFacts => ({
  ...rows(0, dim),
  grid: {
    image: given(image, 'image_size', 'input_size'),
    patch: given(patch, 'patch_size'),
    prefix,
    prefixKeys,
  },
});

/** Marian: [sin | cos], angle p / base^(i / (d / 2)). */
export const SINES: SinusoidalFacts = {
  family: 'sinusoidal',
  length: length(null),
  dim: width(null),
  arrangement: 'concat',
  denominator: 'half',
  padding: null,
};
/** fairseq: the denominator is d / 2 - 1, positions count from padding_idx + 1, a zero row at padding_idx. */
export const FAIRSEQ: SinusoidalFacts = { ...SINES, denominator: 'half-1', padding: given(1, 'pad_token_id') };

/** A fact of an encoder that has a fixed value, or stands under a key. */
export const fact = (fallback: Parameter['fallback'], ...keys: string[]): Parameter => ({ keys, fallback });

/** T5: 32 buckets up to distance 128, scores not divided by sqrt(d). */
export const T5: T5Facts = {
  family: 't5',
  buckets: given(32, 'relative_attention_num_buckets'),
  distance: given(128, 'relative_attention_max_distance'),
  heads: heads(null),
  softmaxScale: 1,
  note: 'the bias table is learned in layer 0 and shared by the others; scores are not divided by sqrt(d)',
};

/** wav2vec 2.0: a grouped convolution over the frames. */
export const CONVOLUTION: ConvolutionalFacts = {
  family: 'convolutional',
  dim: width(768),
  kernel: given(128, 'num_conv_pos_embeddings'),
  groups: given(16, 'num_conv_pos_embedding_groups'),
};

export const none = (reason: string): NoneFacts => ({ family: 'none', reason });
