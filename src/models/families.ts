/**
 * Models whose positions are not (only) rotary: which family they belong to, and the options of the encoder that makes
 * their tables. Facts of the model classes of transformers; the formulas are in the encoders.
 */
import { show } from '../runtime/errors.ts';
import { modelClass } from './classes.ts';
import { type Json, refuse, type Section } from './read.ts';

export type Family =
  | 'rotary'
  | 'alibi'
  | 't5'
  | 'deberta'
  | 'xlnet'
  | 'transformer-xl'
  | 'relative'
  | 'sinusoidal'
  | 'learned'
  | 'none';

/** A family and the options of its encoder, in the names of the encoder. */
export interface FamilyFacts {
  readonly family: Exclude<Family, 'rotary'>;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly note?: string;
  /** Encoder-decoder models whose two sides differ. */
  readonly encoder?: FamilyFacts;
  readonly decoder?: FamilyFacts;
}

const HEADS = ['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'attention_heads', 'encoder_attention_heads'];
const WIDTH = ['hidden_size', 'n_embd', 'n_embed', 'd_model', 'dim', 'emb_dim'];
const LENGTH = ['max_position_embeddings', 'n_positions', 'max_encoder_position_embeddings', 'max_source_positions'];
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Learned absolute rows; the number is how many rows precede position 0. */
const LEARNED = words(`
  albert align altclip bart bert bert-generation big_bird bigbird_pegasus biogpt blenderbot blenderbot-small blip bridgetower
  camembert canine clip clip_text_model clip_vision_model clipseg convbert data2vec-text deit distilbert dpr electra ernie
  ernie_m flaubert flava fnet git gpt2 gpt_bigcode gpt_neo ibert imagegpt layoutlm layoutlmv2 layoutlmv3 led lilt longformer
  luke lxmert markuplm mbart megatron-bert mobilebert mra mvp nystromformer openai-gpt opt plbart prophetnet qdqbert
  rembert roberta roberta-prelayernorm roc_bert siglip siglip_text_model speech_to_text_2 splinter squeezebert tapas trocr
  vilt visual_bert vit vit_mae xlm-roberta xlm-roberta-xl xlm xmod yolos yoso`);
/** Rows reserved before position 0. */
const ROW_OFFSET: Readonly<Record<string, number>> = {
  opt: 2,
  bart: 2,
  mbart: 2,
  plbart: 2,
  mvp: 2,
  biogpt: 2,
  trocr: 2,
};
/** Positions count from padding_idx + 1, padded tokens use padding_idx (fairseq's rule). */
const PADDING_IDX = words(`
  roberta camembert xlm-roberta xlm-roberta-xl data2vec-text ibert longformer layoutlmv3 lilt luke markuplm xmod
  roberta-prelayernorm esm`);
const VISION = words('vit deit vit_mae yolos clip_vision_model');
const T5 = words('t5 mt5 umt5 longt5 switch_transformers pop2piano');
const ALIBI = words('bloom mpt falcon');
/** Models without any encoding of positions. */
const NONE = words(`
  falcon_mamba jamba mamba mamba2 nemotron_h rwkv xlstm zamba`);
interface SinusoidalRule {
  readonly halfMinusOne: boolean;
  readonly fairseq: boolean;
  readonly cosFirst?: boolean;
}
/** [sin | cos] tables with the offsets of fairseq (padding_idx + 1, a zero row) or none. */
const SINUSOIDAL: Readonly<Record<string, SinusoidalRule>> = {
  marian: { halfMinusOne: false, fairseq: false },
  pegasus: { halfMinusOne: false, fairseq: false },
  pegasus_x: { halfMinusOne: false, fairseq: false },
  ctrl: { halfMinusOne: false, fairseq: false },
  m2m_100: { halfMinusOne: true, fairseq: true },
  'nllb-moe': { halfMinusOne: true, fairseq: true },
  xglm: { halfMinusOne: true, fairseq: true },
  speech_to_text: { halfMinusOne: true, fairseq: true },
  fsmt: { halfMinusOne: true, fairseq: true },
  musicgen_decoder: { halfMinusOne: true, fairseq: false, cosFirst: true },
  informer: { halfMinusOne: false, fairseq: false },
  autoformer: { halfMinusOne: false, fairseq: false },
  time_series_transformer: { halfMinusOne: false, fairseq: false },
};

/** The facts of a model that has no rotary table, or undefined when the type is rotary or unknown. */
export function readFamily(section: Section, type: string): FamilyFacts | undefined {
  if (section.has('position_embedding_type')) {
    const facts = byPositionType(section, type);
    if (facts !== 'class') return facts;
  }
  if (NONE.has(type)) return none(section, 'this model has no encoding of positions');
  if (T5.has(type)) return t5(section, type);
  if (type === 'mpnet') return mpnet(section);
  if (ALIBI.has(type)) return alibi(section, type);
  if (type === 'deberta' || type === 'deberta-v2') return deberta(section, type);
  if (type === 'xlnet' || type === 'transfo-xl') return xlnet(section, type);
  if (type === 'nezha') return nezha(section);
  if (type === 'whisper') return whisper(section);
  if (type === 'distilbert' && section.boolean('sinusoidal_pos_embds')) {
    return learned(section, type, 'the learned rows start as a sinusoidal table; the checkpoint holds them');
  }
  if ((type === 'xlm' || type === 'flaubert') && section.boolean('sinusoidal_embeddings')) {
    return sinusoidal(section, { halfMinusOne: false, fairseq: false }, 'interleaved');
  }
  if (Object.hasOwn(SINUSOIDAL, type)) return sinusoidal(section, SINUSOIDAL[type], 'concat');
  if (LEARNED.has(type)) return learned(section, type);
  if (type === 'granitemoehybrid') return none(section, "position_embedding_type is not 'rope'");
  if (type === 'zamba2' && section.boolean('use_mem_rope') !== true) return none(section, 'use_mem_rope is not true');
  if (type === 'esm') return learned(section, type);
  return undefined;
}

/** `position_embedding_type`: BERT's relatives choose a family with it. 'class': the class decides as without the key. */
function byPositionType(section: Section, type: string): FamilyFacts | undefined | 'class' {
  const value = section.string('position_embedding_type');
  const path = section.at('position_embedding_type');
  if (type === 'granitemoehybrid')
    return value === 'rope' ? undefined : none(section, `position_embedding_type '${value}'`);
  if (type === 'esm') return value === 'rotary' ? undefined : learned(section, type);
  if (modelClass(type) && !ALIBI.has(type)) {
    if (value === undefined || /^(rope|rotary)/.test(value)) return 'class';
    if (value === 'absolute') {
      section.notes.warn('no-effect', path, `model type '${type}' rotates`);
      return 'class';
    }
  }
  switch (value) {
    case 'absolute':
    case 'learned_absolute':
      return 'class';
    case 'relative_key':
    case 'relative_key_query': {
      const facts = learned(section, type);
      return {
        family: 'relative',
        parameters: { ...facts.parameters, query: true, key: value === 'relative_key_query' },
        note: 'learned absolute rows and learned relative rows (Shaw et al., arXiv 1803.02155)',
      };
    }
    case undefined:
      return 'class';
    default:
      return refuse(
        path,
        `'${value}' is not read by model type '${type}' of transformers, which would use learned absolute rows in silence; this file belongs to other code`,
      );
  }
}

function none(section: Section, note: string): FamilyFacts {
  for (const key of ['rope_theta', 'partial_rotary_factor', 'rope_scaling', 'rope_parameters']) {
    if (!section.has(key)) continue;
    section.get(key);
    section.notes.warn('no-effect', section.at(key), 'no layer of this model rotates anything');
  }
  return { family: 'none', parameters: {}, note };
}

function width(section: Section): number {
  return (
    section.integerOf(WIDTH, 1, 2 ** 20)?.value ?? refuse(section.at('hidden_size'), 'missing: the width of the model')
  );
}

function heads(section: Section): number {
  return (
    section.integerOf(HEADS, 1, 65536)?.value ??
    refuse(section.at('num_attention_heads'), 'missing: the number of heads')
  );
}

/** Largest number of positions; `fallback` is the default of the class. */
function length(section: Section, fallback: number, keys: readonly string[] = LENGTH): number {
  const found = keys.map((key) => section.integer(key, 1, 2 ** 31)).find((value) => value !== undefined);
  if (found === undefined) section.notes.assume(section.at(keys[0]), fallback, 'default of the model type');
  return found ?? fallback;
}

/** Classes whose position rows have the width of the embeddings, before a projection to hidden_size. */
const EMBEDDING_SIZE = words('albert electra convbert squeezebert');

/** Vision towers have one row for each patch, and one for the class token. */
function patchRows(section: Section): number | undefined {
  const image = section.integer('image_size', 1, 2 ** 16);
  const patch = section.integer('patch_size', 1, 2 ** 16);
  if (image === undefined || patch === undefined) return undefined;
  return Math.floor(image / patch) ** 2 + 1;
}

function learned(section: Section, type: string, note?: string): FamilyFacts {
  const offset = Object.hasOwn(ROW_OFFSET, type) ? ROW_OFFSET[type] : 0;
  const padding = PADDING_IDX.has(type) ? (section.integer('pad_token_id', 0, 2 ** 31) ?? 1) : undefined;
  return {
    family: 'learned',
    parameters: {
      maxPositions: (VISION.has(type) ? patchRows(section) : undefined) ?? length(section, 512),
      dim: (EMBEDDING_SIZE.has(type) ? section.integer('embedding_size', 1, 2 ** 20) : undefined) ?? width(section),
      rowOffset: offset,
      ...(padding !== undefined ? { paddingIdx: padding } : {}),
    },
    ...(note ? { note } : {}),
  };
}

function sinusoidal(section: Section, rule: SinusoidalRule, arrangement: 'concat' | 'interleaved'): FamilyFacts {
  const padding = rule.fairseq ? (section.integer('pad_token_id', 0, 2 ** 31) ?? 1) : undefined;
  return {
    family: 'sinusoidal',
    parameters: {
      length: length(section, 512),
      dim: width(section),
      base: 10000,
      arrangement,
      denominator: rule.halfMinusOne ? 'half-1' : 'half',
      ...(rule.cosFirst ? { order: 'cos-sin' } : {}),
      ...(padding !== undefined ? { offset: padding + 1, zeroRow: padding } : {}),
    },
  };
}

function whisper(section: Section): FamilyFacts {
  const dim = width(section);
  const encoder: FamilyFacts = {
    family: 'sinusoidal',
    parameters: {
      length: length(section, 1500, ['max_source_positions']),
      dim,
      base: 10000,
      arrangement: 'concat',
      denominator: 'half-1',
    },
  };
  const decoder: FamilyFacts = {
    family: 'learned',
    parameters: { maxPositions: length(section, 448, ['max_target_positions']), dim, rowOffset: 0 },
  };
  return { family: 'sinusoidal', parameters: encoder.parameters, encoder, decoder };
}

function t5(section: Section, type: string): FamilyFacts {
  const buckets = section.integer('relative_attention_num_buckets', 2, 65536);
  const distance = section.integer('relative_attention_max_distance', 2, 2 ** 31);
  if (buckets === undefined) section.notes.assume(section.at('relative_attention_num_buckets'), 32, 'default of T5');
  if (distance === undefined) section.notes.assume(section.at('relative_attention_max_distance'), 128, 'default of T5');
  return {
    family: 't5',
    parameters: { numBuckets: buckets ?? 32, maxDistance: distance ?? 128, heads: heads(section), softmaxScale: 1 },
    note:
      type === 'umt5'
        ? 'the bias table is learned, one for each layer; scores are not divided by sqrt(d)'
        : 'the bias table is learned in layer 0 and shared by the others; scores are not divided by sqrt(d)',
  };
}

function mpnet(section: Section): FamilyFacts {
  const base = learned(section, 'roberta');
  const numBuckets = section.integer('relative_attention_num_buckets', 2, 65536) ?? 32;
  return {
    family: 't5',
    parameters: { ...base.parameters, numBuckets, maxDistance: 128, heads: heads(section), bidirectional: true },
    note: 'learned absolute rows, and a T5 bias in every layer',
  };
}

function alibi(section: Section, type: string): FamilyFacts | undefined {
  if (type === 'falcon') {
    if (section.boolean('alibi') !== true) return undefined;
    return {
      family: 'alibi',
      parameters: { heads: heads(section), slopes: 'press', alibiBiasMax: 8, form: 'key', rounding: 'bfloat16' },
    };
  }
  if (type === 'mpt') {
    const attention = section.get('attn_config');
    const path = section.at('attn_config');
    const fields = attention === undefined ? {} : attention;
    if (typeof fields !== 'object' || Array.isArray(fields)) refuse(path, `expected an object, got ${show(fields)}`);
    const config = fields as Record<string, unknown>;
    if (Object.hasOwn(config, 'rope') && config.rope === true) {
      refuse(`${path}.rope`, 'true is read by remote code only; the class of transformers would not rotate');
    }
    if (Object.hasOwn(config, 'alibi') && config.alibi === false) return learned(section, type);
    const max = Object.hasOwn(config, 'alibi_bias_max') ? config.alibi_bias_max : 8;
    if (typeof max !== 'number' || !(max > 0))
      refuse(`${path}.alibi_bias_max`, `expected a number above 0, got ${show(max)}`);
    return {
      family: 'alibi',
      parameters: { heads: heads(section), slopes: 'mpt', alibiBiasMax: max, form: 'key-last-zero' },
    };
  }
  if (type !== 'bloom') return undefined;
  return { family: 'alibi', parameters: { heads: heads(section), slopes: 'press', alibiBiasMax: 8, form: 'key' } };
}

function deberta(section: Section, type: string): FamilyFacts {
  const relative = section.boolean('relative_attention') ?? false;
  const maxPositions = length(section, 512);
  const given = section.integer('max_relative_positions', -1, 2 ** 31) ?? -1;
  const raw = section.get('pos_att_type') ?? [];
  const types = typeof raw === 'string' ? raw.split('|') : raw;
  if (!Array.isArray(types) || !types.every((word) => ['c2p', 'p2c', 'p2p'].includes(word as string))) {
    refuse(section.at('pos_att_type'), `expected a list of 'c2p' and 'p2c', got ${show(raw)}`);
  }
  const parameters = {
    relativeAttention: relative,
    posAttType: types as Json,
    positionBuckets: section.integer('position_buckets', -1, 2 ** 31) ?? -1,
    maxRelativePositions: given < 1 ? maxPositions : given,
    positionBiasedInput: section.boolean('position_biased_input') ?? true,
    shareAttKey: section.boolean('share_att_key') ?? false,
    heads: heads(section),
  };
  if (!relative) return { ...learned(section, type), note: 'relative_attention is off' };
  return { family: 'deberta', parameters };
}

function xlnet(section: Section, type: string): FamilyFacts {
  if (type === 'transfo-xl') {
    return {
      family: 'transformer-xl',
      parameters: { dModel: width(section), heads: heads(section), clampLen: section.integer('clamp_len', -1) ?? 1000 },
    };
  }
  return {
    family: 'xlnet',
    parameters: {
      dModel: width(section),
      heads: heads(section),
      clampLen: section.integer('clamp_len', -1) ?? -1,
      biData: section.boolean('bi_data') ?? false,
      attnType: section.string('attn_type') ?? 'bi',
    },
  };
}

function nezha(section: Section): FamilyFacts {
  return {
    family: 'relative',
    parameters: {
      dim: width(section),
      heads: heads(section),
      maxRelativePosition: section.integer('max_relative_position', 1) ?? 64,
    },
    note: 'sinusoidal relative rows added to keys and values (arXiv 1909.00204)',
  };
}
