/**
 * Which layers rotate, with which table: the schedule of a record, applied to the lists and intervals of a file. The result
 * lists layer indices; a layer in no list has no self-attention.
 */
import { show } from '../runtime/errors.ts';
import { type ConfigNode, checkNumber, isFields, type Json, refuse, shorten } from './read.ts';
import type { LayerRule, RotaryFacts, Schedule, Use } from './records/record.ts';
import { holds, numberAt } from './values.ts';

export interface Layers {
  /** Layers of the model. */
  readonly count: number;
  /** Layer indices by the label of their rotary table ('default' when there is one). */
  readonly rotary: Readonly<Record<string, readonly number[]>>;
  /** Attention layers without rotation. */
  readonly nope: readonly number[];
}

export const MAX_LAYERS = 4096;
/** Words of `layer_types` for attention, of transformers 5 and of its older names. */
const ATTENTION = new Set([
  ...['full_attention', 'sliding_attention', 'chunked_attention', 'attention', 'hybrid', 'hybrid_sliding'],
  ...['window_attention', 'indexed_attention', 'compressed_sparse_attention', 'heavily_compressed_attention'],
  ...['minimax_m3_sparse', 'deepseek_sparse_attention', 'qwen_sparse_attention', 'sparse_attention'],
]);
/** Words for layers without self-attention. */
const OTHER = new Set([
  ...['linear_attention', 'conv', 'mamba', 'mamba2', 'recurrent', 'moe', 'mlp', 'cross_attention', 'linear'],
]);
const COUNT_KEYS = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'];

/** What one layer does, by its index. */
type Pattern = (layer: number) => Use;

export function layerCount(node: ConfigNode, facts: RotaryFacts, type: string): number | undefined {
  const keys = facts.counts ? [...COUNT_KEYS, facts.counts.layers] : COUNT_KEYS;
  const given = node.integerOf(keys, 1, MAX_LAYERS)?.value;
  // Nested configurations are published as differences from their class.
  if (given !== undefined || node.path === '' || facts.sizes === undefined) return given;
  node.assume(['num_hidden_layers'], facts.sizes.layers, `default of model type '${type}'`);
  return facts.sizes.layers;
}

/** @param labels the labels of the rotary tables */
export function readLayers(
  node: ConfigNode,
  facts: RotaryFacts,
  count: number | undefined,
  labels: readonly string[],
): Layers | undefined {
  if (count === undefined) return undefined;
  const pattern = patternOf(node, facts, count, labels);
  const rotary: Record<string, number[]> = Object.fromEntries(labels.map((label) => [label, []]));
  const nope: number[] = [];
  for (let layer = 0; layer < count; layer++) {
    const use = pattern(layer);
    if (use === 'nope') nope.push(layer);
    else if (typeof use === 'object') {
      if (!Object.hasOwn(rotary, use.table)) {
        refuse(
          node.at('layer_types'),
          `layer ${layer} is '${shorten(use.table)}', but the rope blocks are for ${labels.join(', ')}; add its block`,
        );
      }
      rotary[use.table].push(layer);
    }
  }
  return { count, rotary, nope };
}

function patternOf(node: ConfigNode, facts: RotaryFacts, count: number, labels: readonly string[]): Pattern {
  const single = labels.length === 1 && labels[0] === 'default';
  const own = facts.tables === undefined || facts.tables.some(({ label }) => labels.includes(label));
  const schedule: Schedule | null = single || own ? facts.layers : null;
  const found = schedule && (single || facts.tables) ? applySchedule(node, schedule, count) : undefined;
  if (found) return found;
  const types = wordsOf(node, 'layer_types', count, labels);
  if (single) return (layer) => (types && !isAttention(types[layer]) ? 'no attention' : { table: 'default' });
  if (types) return (layer) => (isAttention(types[layer]) ? { table: types[layer] } : 'no attention');
  return refuse(
    node.at('layer_types'),
    `missing: which layers are ${labels.join(', ')} cannot be known; list one word for each of the ${count} layers`,
  );
}

const isAttention = (word: string): boolean => !OTHER.has(word);

/** One word for each layer, or undefined. */
function wordsOf(
  node: ConfigNode,
  key: string,
  count: number,
  labels: readonly string[],
): readonly string[] | undefined {
  const words = node.list(key, 'string', MAX_LAYERS);
  if (!words || words.length === 0) return undefined;
  checkLength(node, key, words.length, count);
  words.forEach((word, i) => {
    if (!ATTENTION.has(word) && !OTHER.has(word) && !labels.includes(word)) unknownWord(node, key, i, word);
  });
  return words.slice(0, count);
}

function unknownWord(node: ConfigNode, key: string, i: number, word: unknown): void {
  const known = [...ATTENTION, ...OTHER].join(', ');
  node.notes.complain(`${node.at(key)}[${i}]`, `unknown layer type ${show(word)}; known: ${known}`);
}

/** Models with multi-token prediction list those layers too. */
function checkLength(node: ConfigNode, key: string, length: number, count: number): void {
  if (length === count) return;
  const more = ['num_nextn_predict_layers', 'mtp_num_hidden_layers'].some((name) => node.get(name) !== undefined);
  if (length < count || !more) {
    node.notes.complain(node.at(key), `${length} entries for num_hidden_layers = ${count}`);
  }
}

/** The first rule whose key the file has; the last one holds without any. */
function applySchedule(node: ConfigNode, schedule: Schedule, count: number): Pattern | undefined {
  for (const [i, rule] of schedule.entries()) {
    const pattern = applyRule(node, rule, count, i === schedule.length - 1);
    if (pattern) return pattern;
  }
  return undefined;
}

function applyRule(node: ConfigNode, rule: LayerRule, count: number, last: boolean): Pattern | undefined {
  if ('all' in rule) return () => rule.all;
  if ('when' in rule) return holds(node, rule.when) ? applySchedule(node, rule.rules, count) : undefined;
  if ('first' in rule) return firstLayers(node, rule, count);
  if ('list' in rule) return listed(node, rule, count);
  if ('cycle' in rule) return cycled(node, rule);
  if ('indices' in rule) return indexed(node, rule);
  return every(node, rule, count, last);
}

function firstLayers(
  node: ConfigNode,
  rule: Extract<LayerRule, { first: unknown }>,
  count: number,
): Pattern | undefined {
  const first = numberAt(node, rule.first.keys, { integer: true, min: 0 })?.value ?? rule.first.fallback ?? 0;
  const rest = applyRule(node, rule.rest, count, true);
  return rest && ((layer) => (layer < first ? rule.use : rest(layer)));
}

function listed(node: ConfigNode, rule: Extract<LayerRule, { list: unknown }>, count: number): Pattern | undefined {
  const raw = node.has(rule.list) ? node.get(rule.list) : undefined;
  if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) return undefined;
  const path = node.at(rule.list);
  if (!Array.isArray(raw)) return refuse(path, `expected a list of one entry for each layer, got ${show(raw)}`);
  checkLength(node, rule.list, raw.length, count);
  const numbers = Object.keys(rule.uses).length > 0 && Object.keys(rule.uses).every((word) => /^\d+$/.test(word));
  const uses = raw.slice(0, count).map((item, i): Use => {
    const word = rule.field
      ? String(rule.field.some((field) => fieldOf(item, field) === true))
      : wordOf(`${path}[${i}]`, item, numbers);
    if (Object.hasOwn(rule.uses, word)) return rule.uses[word];
    if (OTHER.has(word)) return 'no attention';
    if (rule.others === null) {
      if (typeof item !== 'string') {
        return refuse(`${path}[${i}]`, `expected ${Object.keys(rule.uses).join(' or ')}, got ${show(item)}`);
      }
      if (ATTENTION.has(word)) return { table: word };
      unknownWord(node, rule.list, i, word);
      return { table: word };
    }
    if (typeof item === 'string' && !rule.field && !ATTENTION.has(word)) unknownWord(node, rule.list, i, word);
    return rule.others;
  });
  return (layer) => uses[layer] ?? 'no attention';
}

/** Where numbers are expected a flag counts as 0 or 1, and text is refused: to Python '0' is as true as '1'. */
function wordOf(path: string, item: Json, numbers: boolean): string {
  if (numbers) return String(typeof item === 'boolean' ? Number(item) : checkNumber(path, item, {}));
  if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') return String(item);
  return refuse(path, `expected a word, a number or a flag, got ${show(item)}`);
}

function fieldOf(item: Json, field: string): Json | undefined {
  let value: Json | undefined = item;
  for (const step of field.split('.')) value = isFields(value) ? (value[step] as Json | undefined) : undefined;
  return value;
}

function cycled(node: ConfigNode, rule: Extract<LayerRule, { cycle: unknown }>): Pattern | undefined {
  const raw = node.has(rule.cycle) ? node.fields[rule.cycle] : rule.fallback;
  const path = node.at(rule.cycle);
  // Under the same key a number may stand: an interval, for another rule.
  if (raw === undefined || typeof raw === 'number') return undefined;
  node.get(rule.cycle);
  const words = typeof raw === 'string' ? [...raw] : raw;
  if (!Array.isArray(words) || words.length === 0 || words.length > 64) {
    return refuse(path, `expected a number, or a word of ${Object.keys(rule.uses).join(' and ')}, got ${show(raw)}`);
  }
  const uses = words.map((word) => {
    if (typeof word === 'string' && Object.hasOwn(rule.uses, word)) return rule.uses[word];
    return refuse(path, `expected ${Object.keys(rule.uses).join(' or ')}, got ${show(raw)}`);
  });
  return (layer) => uses[layer % uses.length];
}

function indexed(node: ConfigNode, rule: Extract<LayerRule, { indices: unknown }>): Pattern | undefined {
  const indices = node.list(rule.indices, 'number', MAX_LAYERS) ?? rule.fallback;
  return indices && ((layer) => (indices.includes(layer) ? rule.use : rule.others));
}

function every(
  node: ConfigNode,
  rule: Extract<LayerRule, { every: unknown }>,
  count: number,
  last: boolean,
): Pattern | undefined {
  const { keys, fallback } = rule.every;
  const given = numberAt(node, keys, { integer: true, min: 1, max: MAX_LAYERS })?.value;
  if (given === undefined && (fallback === null || !last)) return undefined;
  if (given === undefined && keys.length > 0) {
    node.assume(keys, fallback, 'default of the model type');
  }
  const n = given ?? (fallback as number);
  return (layer) => {
    const k = rule.at === 'last' ? layer + 1 : rule.at === 'first' ? layer : count - 1 - layer;
    return k % n === 0 ? rule.use : rule.others;
  };
}

/** The keys of a schedule: which of them a file has tells models apart. */
export function scheduleKeys(schedule: Schedule): string[] {
  return schedule.flatMap((rule) => {
    if ('when' in rule) return [...('key' in rule.when ? [rule.when.key] : []), ...scheduleKeys(rule.rules)];
    if ('list' in rule) return [rule.list];
    if ('cycle' in rule) return [rule.cycle];
    if ('indices' in rule) return [rule.indices];
    if ('every' in rule) return [...rule.every.keys];
    if ('first' in rule) return [...rule.first.keys, ...scheduleKeys([rule.rest])];
    return [];
  });
}
