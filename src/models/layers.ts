/**
 * Which layers rotate, with which table: `layer_types`, NoPE patterns and the intervals of hybrid models, as the model
 * code of transformers reads them. The result lists layer indices; a layer in no list has no self-attention.
 */
import { show } from '../runtime/errors.ts';
import type { ModelClass } from './classes.ts';
import { refuse, type Section, shorten } from './read.ts';

export interface Layers {
  readonly count: number;
  /** Layer indices by the label of their rotary table ('default' when there is one). */
  readonly rotary: Readonly<Record<string, readonly number[]>>;
  /** Attention layers without rotation. */
  readonly nope: readonly number[];
}

export const MAX_LAYERS = 4096;
/** What every class accepts in `layer_types`; attention or not. */
const ATTENTION = ['full_attention', 'sliding_attention', 'chunked_attention', 'attention', 'hybrid', 'hybrid_sliding'];
const OTHER = ['linear_attention', 'conv', 'mamba', 'mamba2', 'recurrent', 'moe', 'mlp', 'cross_attention', 'linear'];

/** The label of each layer's table; null: attention without rotation; undefined: no attention. */
type Pattern = (layer: number) => string | null | undefined;

const COUNT_KEYS = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers', 'decoder_num_hidden_layers'];

function layerCount(section: Section, cls: ModelClass): number | undefined {
  const given = section.integerOf(COUNT_KEYS, 1, MAX_LAYERS)?.value;
  // Nested configurations are published as differences from their class.
  if (given !== undefined || section.path === '' || cls.sizes === undefined) return given;
  section.notes.assume(section.at('num_hidden_layers'), cls.sizes.layers, `default of model type '${cls.type}'`);
  return cls.sizes.layers;
}

/** `layer_types`, one word for each layer, or undefined. */
function layerTypes(section: Section, count: number, labels: readonly string[]): readonly string[] | undefined {
  const types = section.list('layer_types', 'string', MAX_LAYERS);
  if (!types || types.length === 0) return undefined;
  const path = section.at('layer_types');
  // Step-3.5 lists its multi-token-prediction layers too.
  if (types.length < count || (types.length > count && !section.has('num_nextn_predict_layers'))) {
    section.notes.complain(path, `${types.length} entries for num_hidden_layers = ${count}`);
  }
  const known = new Set([
    ...ATTENTION,
    ...OTHER,
    ...labels,
    'compressed_sparse_attention',
    'heavily_compressed_attention',
  ]);
  types.forEach((type, i) => {
    if (!known.has(type)) {
      section.notes.complain(`${path}[${i}]`, `unknown layer type ${show(type)}; known: ${[...known].join(', ')}`);
    }
  });
  return types.slice(0, count);
}

const isAttention = (type: string): boolean => !OTHER.includes(type);
/** Every n-th layer (counted from 1) is different. */
const everyNth =
  (n: number, special: string | null, rest: string | null | undefined): Pattern =>
  (layer) =>
    (layer + 1) % n === 0 ? special : rest;

/** The layer pattern of a class. `labels` are the labels of its rotary tables. */
export function readLayers(section: Section, cls: ModelClass, labels: readonly string[]): Layers | undefined {
  const count = layerCount(section, cls);
  if (count === undefined) return undefined;
  const pattern = patternOf(section, cls, count, labels);
  const rotary: Record<string, number[]> = Object.fromEntries(labels.map((label) => [label, []]));
  const nope: number[] = [];
  for (let layer = 0; layer < count; layer++) {
    const label = pattern(layer);
    if (label === null) nope.push(layer);
    else if (label !== undefined) {
      if (!Object.hasOwn(rotary, label)) {
        refuse(
          section.at('layer_types'),
          `layer ${layer} is '${shorten(label)}', but the rope blocks are for ${labels.join(', ')}; add its block`,
        );
      }
      rotary[label].push(layer);
    }
  }
  return { count, rotary, nope };
}

function patternOf(section: Section, cls: ModelClass, count: number, labels: readonly string[]): Pattern {
  if (labels.length > 1 || labels[0] !== 'default') return labelPattern(section, cls, count, labels);
  switch (cls.type) {
    case 'llama4_text':
    case 'smollm3': {
      if (cls.type === 'smollm3' && section.has('layer_types')) {
        section.get('layer_types');
        section.notes.warn('no-effect', section.at('layer_types'), 'rotation follows no_rope_layers here');
      }
      const list = section.list('no_rope_layers', 'number', MAX_LAYERS);
      const interval = section.integer('no_rope_layer_interval', 1, MAX_LAYERS);
      if (list && list.length > 0) {
        const path = section.at('no_rope_layers');
        if (list.length !== count) refuse(path, `${list.length} entries for num_hidden_layers = ${count}`);
        list.forEach((flag, i) => {
          if (flag !== 0 && flag !== 1)
            refuse(`${path}[${i}]`, `expected 1 (rotary) or 0 (no rotation), got ${show(flag)}`);
        });
        if (interval !== undefined) {
          section.notes.warn('no-effect', section.at('no_rope_layer_interval'), 'no_rope_layers is given and wins');
        }
        return (layer) => (list[layer] === 1 ? 'default' : null);
      }
      if (interval === undefined)
        section.notes.assume(section.at('no_rope_layer_interval'), 4, `default of '${cls.type}'`);
      return everyNth(interval ?? 4, null, 'default');
    }
    case 'cohere2':
    case 'cohere2_moe':
    case 'exaone4':
    case 'exaone_moe':
    case 'afmoe': {
      // Only sliding-window layers rotate. Without a window EXAONE rotates all; Cohere-2 needs the window.
      if (cls.type.startsWith('exaone') && !section.has('sliding_window')) return () => 'default';
      section.integer('sliding_window', 1);
      const types = layerTypes(section, count, labels);
      if (types) return (layer) => (types[layer] === 'sliding_attention' ? 'default' : null);
      if (cls.type === 'afmoe') return everyNth(interval(section, 'global_attn_every_n_layers', 4), null, 'default');
      const word = section.has('sliding_window_pattern') ? section.fields.sliding_window_pattern : undefined;
      if (typeof word === 'string') {
        section.get('sliding_window_pattern');
        if (!/^[LG]{1,64}$/.test(word)) {
          refuse(section.at('sliding_window_pattern'), `expected a number or a word of L and G, got ${show(word)}`);
        }
        return (layer) => (word[layer % word.length] === 'L' ? 'default' : null);
      }
      return everyNth(interval(section, 'sliding_window_pattern', 4), null, 'default');
    }
    case 'qwen3_next':
    case 'qwen3_5_text':
    case 'qwen3_5_moe_text':
    case 'qwen4_exp_text': {
      const types = layerTypes(section, count, labels);
      if (types) return (layer) => (isAttention(types[layer]) ? 'default' : undefined);
      return everyNth(interval(section, 'full_attention_interval', 4), 'default', undefined);
    }
    case 'minimax': {
      const flags = section.list('attn_type_list', 'number', MAX_LAYERS);
      if (flags) return (layer) => (flags[layer] === 1 ? 'default' : undefined);
      if (!section.has('layer_types')) return (layer) => (layer % 2 === 0 ? 'default' : undefined);
      break;
    }
    case 'bamba': {
      const indices = section.list('attn_layer_indices', 'number', MAX_LAYERS);
      if (indices) return (layer) => (indices.includes(layer) ? 'default' : undefined);
      break;
    }
    case 'lfm2':
    case 'lfm2_moe': {
      const indices = section.list('full_attn_idxs', 'number', MAX_LAYERS);
      if (indices && !section.has('layer_types')) return (layer) => (indices.includes(layer) ? 'default' : undefined);
      break;
    }
    case 'recurrent_gemma': {
      const cycle = section.list('block_types', 'string', 64) ?? ['recurrent', 'recurrent', 'attention'];
      return (layer) => (cycle[layer % cycle.length] === 'attention' ? 'default' : undefined);
    }
    case 'granitemoehybrid':
    case 'zamba2': {
      const kinds = section.list('layers_block_type', 'string', MAX_LAYERS);
      if (kinds) return (layer) => (kinds[layer] === 'attention' || kinds[layer] === 'hybrid' ? 'default' : undefined);
      const hybrid = section.list('hybrid_layer_ids', 'number', MAX_LAYERS);
      if (hybrid) return (layer) => (hybrid.includes(layer) ? 'default' : undefined);
      break;
    }
    case 'mllama_text_model': {
      const cross = section.list('cross_attention_layers', 'number', MAX_LAYERS) ?? [3, 8, 13, 18, 23, 28, 33, 38];
      return (layer) => (cross.includes(layer) ? undefined : 'default');
    }
  }
  const types = layerTypes(section, count, labels);
  return (layer) => (!types || isAttention(types[layer] ?? '') ? 'default' : undefined);
}

/** Which of several tables each layer uses. */
function labelPattern(section: Section, cls: ModelClass, count: number, labels: readonly string[]): Pattern {
  switch (cls.type) {
    case 'mimo_v2_flash': {
      const flags = section.list('hybrid_layer_pattern', 'number', MAX_LAYERS);
      if (!flags) break;
      if (flags.length < count)
        refuse(section.at('hybrid_layer_pattern'), `${flags.length} entries for ${count} layers`);
      return (layer) => (flags[layer] === 1 ? 'sliding_attention' : 'full_attention');
    }
    case 'deepseek_v4': {
      const ratios = section.list('compress_ratios', 'number', MAX_LAYERS);
      if (ratios) {
        if (ratios.length < count)
          refuse(section.at('compress_ratios'), `${ratios.length} entries for ${count} layers`);
        return (layer) => (ratios[layer] === 0 ? 'main' : 'compress');
      }
      const types = layerTypes(section, count, labels);
      if (types) return (layer) => (types[layer] === 'sliding_attention' ? 'main' : 'compress');
      return (layer) => (layer < 2 ? 'main' : 'compress');
    }
  }
  const types = layerTypes(section, count, labels);
  if (types) return (layer) => (isAttention(types[layer] ?? '') ? types[layer] : undefined);
  switch (cls.type) {
    case 'modernbert':
    case 'modernbert-decoder': {
      const n = interval(section, 'global_attn_every_n_layers', 3);
      return (layer) => (layer % n === 0 ? 'full_attention' : 'sliding_attention');
    }
    case 'gemma3_text':
    case 'gemma4_text':
    case 'gemma4_unified_text':
    case 'diffusion_gemma_text':
    case 't5gemma2_text':
    case 't5gemma2_decoder':
      return everyNth(interval(section, 'sliding_window_pattern', 6), 'full_attention', 'sliding_attention');
    case 'gemma3n_text':
      return everyNth(5, 'full_attention', 'sliding_attention');
    case 'olmo3':
      return everyNth(4, 'full_attention', 'sliding_attention');
  }
  return refuse(
    section.at('layer_types'),
    `missing: which layers are ${labels.join(', ')} cannot be known; list one word for each of the ${count} layers`,
  );
}

function interval(section: Section, key: string, fallback: number): number {
  const value = section.integer(key, 1, MAX_LAYERS);
  if (value === undefined) section.notes.assume(section.at(key), fallback, 'default of the model type');
  return value ?? fallback;
}
