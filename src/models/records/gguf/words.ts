/** Facts that many architectures of llama.cpp share; what differs is written beside the spread. */
import type { GgufFactors, GgufPositions, GgufRecord, GgufRotary, GgufStep, GgufTable, GgufYarn } from './facts.ts';

/** A record for each architecture: its name, and its file below models/. */
export const records = (positions: GgufPositions, files: Readonly<Record<string, string>>): GgufRecord[] =>
  Object.entries(files).map(([arch, file]) => ({ arch, source: `models/${file}.cpp`, positions }));

const BASE = { keys: ['rope.freq_base'], fallback: 1e4 };
const DIM = ['rope.dimension_count'];
export const HEAD = ['attention.key_length'];

/** rope.freq_base, the scaling of the file, its divisors. */
export const TABLE: GgufTable = { label: 'default', base: BASE, scaled: true, divided: true, dim: DIM };
export const FULL: GgufTable = { ...TABLE, label: 'full_attention' };
/** Local layers whose base is 10000 where the file says nothing, and which no scaling reaches. */
export const LOCAL: GgufTable = {
  ...TABLE,
  label: 'sliding_attention',
  base: { keys: ['rope.freq_base_swa'], fallback: 1e4 },
  scaled: false,
};
/** Local layers with the base and the scaling of the others, unless the file gives them a base. */
export const ALIKE: GgufTable = {
  ...TABLE,
  label: 'sliding_attention',
  base: { keys: ['rope.freq_base_swa', 'rope.freq_base'], fallback: 1e4 },
};
/** Local layers with the base of the others and no scaling. */
export const UNSCALED: GgufTable = { ...TABLE, label: 'sliding_attention', scaled: false };

const DEFAULT = { table: 'default' };
const FULL_USE = { table: 'full_attention' };
const SLIDING = { table: 'sliding_attention' };
export const ALL: readonly GgufStep[] = [{ layers: 'all', use: DEFAULT }];
export const WINDOW = { key: 'attention.sliding_window', above: 0 } as const;
const PATTERN = 'attention.sliding_window_pattern';

/** Full attention in the last (or first) of every n layers, the others local; with `when` only then. */
export const fullEvery = (
  n: number,
  more: { readonly at?: 'first'; readonly when?: GgufStep['when']; readonly arrays?: true } = {},
): readonly GgufStep[] => [
  { layers: 'all', use: FULL_USE },
  { layers: 'between', n, at: 'last', key: PATTERN, use: SLIDING, ...more },
];
/** Local layers that may rotate another number of channels. */
export const DIM_SWA = ['rope.dimension_count_swa', 'rope.dimension_count'];
/** The pattern is a list of flags, true for local layers. */
export const FLAGS: readonly GgufStep[] = [
  { layers: 'all', use: FULL_USE },
  { layers: 'flags', key: PATTERN, is: true, needed: true, use: SLIDING },
];
/** The same list, and only local layers rotate. */
export const LOCAL_FLAGS: readonly GgufStep[] = [
  { layers: 'all', use: 'nope' },
  { layers: 'flags', key: PATTERN, is: true, needed: true, use: SLIDING },
];
/** The last (or first) of every n layers attends without rotation. */
export const nopeEvery = (n: number, more: Pick<GgufStep, 'when'> & { readonly at?: 'first' } = {}): GgufStep => ({
  layers: 'every',
  n,
  at: 'last',
  use: 'nope',
  ...more,
});
/** Local layers rotate, the others do not. */
export const localOnly = (
  more: Pick<GgufStep, 'when'> & { readonly arrays?: true; readonly at?: 'first'; readonly needed?: true } = {},
): GgufStep => ({ layers: 'every', n: 4, at: 'last', key: PATTERN, use: 'nope', ...more });
/** No attention where a layer has no key heads. */
export const NO_HEADS: GgufStep = {
  layers: 'zero',
  key: 'attention.head_count_kv',
  needed: false,
  use: 'no attention',
};
/** Attention in every n-th layer, unless a list says which are recurrent. */
export const mostlyLinear = (n: number): readonly GgufStep[] => [
  ...ALL,
  {
    layers: 'between',
    n,
    at: 'last',
    key: 'full_attention_interval',
    use: 'no attention',
    when: { key: 'attention.recurrent_layers', present: false },
  },
  { layers: 'flags', key: 'attention.recurrent_layers', is: true, needed: false, use: 'no attention' },
];

export const YARN: GgufYarn = { multiplier: null, betas: null, extFactor: false, amplitude: 'rule' };
const NO_FACTORS: GgufFactors = { freqs: 'none', lists: 'none' };
export const FREQS: GgufFactors = { freqs: 'read', lists: 'none' };
export const FREQS_AND_LISTS: GgufFactors = { freqs: 'read', lists: 'longrope' };
export const LISTS: GgufFactors = { freqs: 'none', lists: 'read' };

/** Half pairs over the first channels, one table, every layer. */
export const NEOX: GgufRotary = {
  family: 'rotary',
  mode: 'neox',
  sections: 'none',
  permuted: false,
  head: HEAD,
  place: 'first',
  tables: [TABLE],
  layers: ALL,
  softmax: 'head',
  yarn: YARN,
  factors: NO_FACTORS,
};
/** Interleaved pairs. */
export const NORM: GgufRotary = { ...NEOX, mode: 'norm' };
/** The graph asserts that the whole head turns. */
export const NEOX_WHOLE: GgufRotary = { ...NEOX, place: 'whole head' };
export const NORM_WHOLE: GgufRotary = { ...NORM, place: 'whole head' };
