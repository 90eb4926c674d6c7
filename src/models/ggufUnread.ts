/** Keys about positions that the record of an architecture does not read: said, refused, or a reason to read it as another. */

import { nearest } from '../runtime/arguments.ts';
import type { Header } from './ggufHeader.ts';
import { refuse, shorten } from './read.ts';
import type { GgufPositions, GgufRecord } from './records/gguf/facts.ts';
import { ggufRecords } from './records/gguf/index.ts';

/** Every key of rotation that llama.cpp knows, for one architecture or another. */
const ROPE_KEYS = [
  'rope.dimension_count',
  'rope.dimension_count_swa',
  'rope.dimension_sections',
  'rope.freq_base',
  'rope.freq_base_swa',
  'rope.scale_linear',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scaling.alpha',
  'rope.scaling.attn_factor',
  'rope.scaling.original_context_length',
  'rope.scaling.finetuned',
  'rope.scaling.yarn_log_multiplier',
  'rope.scaling.yarn_ext_factor',
  'rope.scaling.yarn_attn_factor',
  'rope.scaling.yarn_beta_fast',
  'rope.scaling.yarn_beta_slow',
];
/** Further keys that say where or how positions act. */
const OTHER_KEYS = [
  'attention.compress_ratios',
  'attention.compress_rope_freq_base',
  'attention.key_length_mla',
  'attention.key_length_swa',
  'attention.max_alibi_bias',
  'attention.output_scale',
  'attention.recurrent_layers',
  'attention.relative_buckets_count',
  'attention.scale',
  'attention.sliding_window_pattern',
  'attention.temperature_scale',
  'full_attention_interval',
];
/** What a key without effect says when it says nothing new: its value is what is computed anyway. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  'rope.scaling.type': ['none', 'linear'],
  'rope.scaling.factor': [0, 1],
  'rope.scaling.attn_factor': [1],
  'rope.scaling.yarn_log_multiplier': [0],
  'rope.scaling.yarn_ext_factor': [-1, 0, 1],
  'rope.scaling.yarn_attn_factor': [1],
  'rope.scaling.yarn_beta_fast': [32],
  'rope.scaling.yarn_beta_slow': [1],
  'rope.scaling.alpha': [0],
  'attention.max_alibi_bias': [0],
  'attention.temperature_scale': [0],
};
/** About the making of the file, not about what is computed. */
const INFORMATION = ['rope.scaling.finetuned', 'rope.scaling.original_context_length'];

const isPositional = (name: string): boolean => name.startsWith('rope.') || OTHER_KEYS.includes(name);

/** `exact`: the file is read as another architecture, whose record must know every key. */
export function unreadKeys(header: Header, positions: GgufPositions, exact: boolean): void {
  const arch = shorten(header.arch);
  for (const name of header.names()) {
    if (!isPositional(name) || header.wasRead(name)) continue;
    const path = shorten(header.key(name));
    if (name.startsWith('rope.') && !ROPE_KEYS.includes(name)) {
      refuse(path, `not a key that llama.cpp knows; it knows ${ROPE_KEYS.map((key) => header.key(key)).join(', ')}`);
    }
    if (INFORMATION.includes(name)) continue;
    const value = header.fields[header.key(name)];
    if (HARMLESS[name]?.some((harmless) => harmless === value)) continue;
    if (exact) refuse(path, 'looks like positions, and is not read by the architecture that as names');
    // a file without rotation says it once, in its family
    if (positions.family !== 'rotary' && name.startsWith('rope.')) continue;
    if (sameAsRead(header, name, value)) continue;
    header.notes.warn('no-effect', header.key(name), `not read for '${arch}' by llama.cpp`);
  }
}

/** A value for local layers that says what all layers have. */
function sameAsRead(header: Header, name: string, value: unknown): boolean {
  if (!name.endsWith('_swa')) return false;
  return value === header.fields[header.key(name.slice(0, -'_swa'.length))];
}

/** The names that a record mentions: keys are its texts with a dot in them, or known ones without. */
function keysOf(value: unknown, into: Set<string>): Set<string> {
  if (typeof value === 'string') into.add(value);
  else if (Array.isArray(value)) for (const item of value) keysOf(item, into);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) keysOf(item, into);
  return into;
}

/** Keys that the reader of rotary tables takes without a record saying so. */
const ALWAYS = ['rope.scaling.type', 'rope.scaling.factor', 'rope.scaling.attn_factor', 'rope.scale_linear'];

function reads({ positions }: GgufRecord): Set<string> {
  const keys = keysOf(positions, new Set([...ALWAYS, ...INFORMATION]));
  for (const facts of 'family' in positions ? [positions] : positions.map((choice) => choice.positions)) {
    if (facts.family === 't5') keys.add('attention.relative_buckets_count');
    if (facts.family !== 'rotary') continue;
    if (facts.sections !== 'none') keys.add('rope.dimension_sections');
    if (facts.yarn.multiplier) keys.add('rope.scaling.yarn_log_multiplier');
    if (facts.yarn.betas) for (const beta of ['fast', 'slow']) keys.add(`rope.scaling.yarn_beta_${beta}`);
    if (facts.yarn.extFactor) keys.add('rope.scaling.yarn_ext_factor');
  }
  return keys;
}

/** Architectures whose records read every positional key of a file, the plainest first; the keys that none reads. */
export function fitting(header: Header): { names: string[]; unread: string[] } {
  const keys = header
    .names()
    .filter((name) => isPositional(name) && !HARMLESS[name]?.includes(header.fields[header.key(name)]));
  const all = ggufRecords().map((record) => ({ name: record.arch, keys: reads(record) }));
  const fits = all.filter((candidate) => keys.every((key) => candidate.keys.has(key)));
  const unread = keys.filter((key) => !all.some((candidate) => candidate.keys.has(key)));
  const near = nearest(
    header.arch,
    fits.map(({ name }) => name),
  );
  // the nearest name, then the least that reads the same keys: a plain model of each pairing
  const order: readonly (string | undefined)[] = [
    near,
    'llama',
    'qwen2',
    ...fits.sort((a, b) => a.keys.size - b.keys.size).map(({ name }) => name),
  ];
  const names = order.filter((name, i): name is string => {
    return name !== undefined && order.indexOf(name) === i && fits.some((fit) => fit.name === name);
  });
  return { names: names.slice(0, near === undefined ? 2 : 3), unread };
}
